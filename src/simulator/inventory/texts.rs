//! What a dealer writes about a car, in Spanish: descriptions, warranties, promotions, page titles, addresses.
//!
//! **Invariants:** descriptions have two to five sentences and say nothing that the other fields contradict.

use fastrand::Rng;

use super::{car::Car, chance, pick, picture::Body, prices::NEWEST_YEAR};

const OPENERS: &[&str] = &[
    "Estrena este {auto} {año} en color {color}, listo para salir hoy mismo.",
    "{auto} {año} con {km} km reales y servicios al corriente.",
    "🚗 {auto} {año} seleccionado e inspeccionado en 150 puntos.",
    "Impecable {auto} modelo {año}, color {color}, con motor {motor} y transmisión {caja}.",
    "¡Recién llegado! ✨ {auto} {año} en excelentes condiciones.",
    "Si buscas un {tipo} confiable, este {auto} {año} es para ti.",
    "{auto} {año}: rendidor, cómodo y con la confianza de un seminuevo certificado.",
];
const OPENER_FOR_FEW_KM: &str = "Aprovecha este {auto} {año} con apenas {km} km recorridos.";
const FEW_KM: i32 = 40_000;
const CONDITION: &[&str] = &[
    "Factura original y todos los servicios de agencia comprobables.",
    "Llantas con más del 70 % de vida y frenos revisados.",
    "Interiores en muy buen estado, sin olores ni desgaste.",
    "Tenencias pagadas y verificación vigente.",
    "Pintura original en excelente estado; solo detalles propios del uso.",
    "Cuenta con duplicado de llaves y manual del propietario.",
    "Inspección mecánica completa y prueba de manejo sin compromiso.",
    "Nunca chocado, con reporte de historial a la vista.",
];
const PLAIN: &[&str] = &[
    "Equipado con aire acondicionado, dirección asistida y bolsas de aire.",
    "Incluye radio con Bluetooth, USB y controles al volante.",
    "Vidrios y seguros eléctricos, alarma e inmovilizador.",
];
const EQUIPPED: &[&str] = &[
    "Trae pantalla táctil con Apple CarPlay y Android Auto, cámara de reversa y sensores.",
    "Asientos en piel, quemacocos y clima automático de doble zona.",
    "Encendido por botón, faros LED y monitoreo de punto ciego.",
    "Control crucero adaptativo, asistente de carril y seis bolsas de aire.",
];
const FAMILY: &[&str] = &[
    "Espacio de sobra para la familia y el equipaje. 👨‍👩‍👧‍👦",
    "Ideal para carretera y fines de semana largos.",
    "Cajuela amplia y segunda fila abatible para lo que haga falta.",
];
const WORK: &[&str] = &[
    "Lista para el trabajo: gran capacidad de carga y motor probado. 💪",
    "Caja en buen estado, ideal para rancho, obra o reparto.",
    "Fuerte para el trabajo y cómoda para el fin de semana.",
];
const CITY: &[&str] = &[
    "Perfecto para la ciudad: fácil de estacionar y con gran rendimiento de combustible. ⛽",
    "Gasta poco y se mantiene con poco.",
    "Ágil, compacto y con muy buen valor de reventa.",
];
const SPORT: &[&str] = &[
    "Manejo deportivo y un sonido que enamora. 🏁",
    "Pocas unidades como esta: hay que manejarla para entenderla.",
];
const CLOSERS: &[&str] = &[
    "Tomamos tu auto a cuenta al mejor valor.",
    "Agenda tu prueba de manejo por WhatsApp. 📲",
    "Crédito con respuesta el mismo día y plazos de hasta {plazo} meses.",
    "Aceptamos bancos, financieras y pago de contado.",
    "Visítanos: abrimos todos los días, también domingos.",
    "Sepáralo en línea y recógelo en la sucursal que prefieras.",
    "Entrega inmediata. ✅",
];
const PROMOTIONS: &[&str] = &[
    "Sin comisión por apertura",
    "Buen Fin",
    "Primer servicio gratis",
    "Seguro gratis el primer año",
    "Bono de 10 mil pesos por tu auto",
    "Tasa preferencial",
    "Placas y tenencia incluidas",
    "Garantía extendida sin costo",
    "Meses sin intereses en el enganche",
];

/// A description of two to five sentences, some with line breaks.
pub(super) fn description(rng: &mut Rng, car: &Car) -> String {
    let character = match car.model.body {
        Body::Pickup => WORK,
        Body::Suv | Body::Minivan => FAMILY,
        Body::Coupe => SPORT,
        Body::Sedan | Body::Hatchback => CITY,
    };
    let equipment = if car.equipment > 0.5 && car.year > 2015 { EQUIPPED } else { PLAIN };
    let mut middle = [pick(rng, CONDITION), pick(rng, equipment), pick(rng, character)];
    rng.shuffle(&mut middle);
    let few_km = car.km < FEW_KM && chance(rng, 30);
    let mut sentences = vec![if few_km { OPENER_FOR_FEW_KM } else { pick(rng, OPENERS) }];
    sentences.extend(middle.iter().take(rng.usize(1..=3)));
    if chance(rng, 70) {
        sentences.push(pick(rng, CLOSERS));
    }
    let between = pick(rng, &[" ", " ", "\n\n", "\n"]);
    sentences
        .join(between)
        .replace("{auto}", &format!("{} {}", car.model.brand, car.model_and_version()))
        .replace("{año}", &car.year.to_string())
        .replace("{color}", car.look.paint)
        .replace("{km}", &with_thousands(car.km.into()))
        .replace("{motor}", car.model.engine)
        .replace("{caja}", &car.gearbox.replace("Automática", "automática").replace("Manual", "manual"))
        .replace("{plazo}", &super::prices::longest_term(car.year).to_string())
        .replace(
            "{tipo}",
            match car.model.body {
                Body::Sedan => "sedán",
                Body::Hatchback => "hatchback",
                Body::Suv => "SUV",
                Body::Pickup => "vehículo de trabajo",
                Body::Minivan => "vehículo familiar",
                Body::Coupe => "coupé",
            },
        )
}

/// The warranty that goes with the car's age.
pub(super) fn warranty(rng: &mut Rng, car: &Car) -> &'static str {
    match NEWEST_YEAR - car.year {
        ..=2 => "Garantía de agencia vigente",
        3..=6 => pick(
            rng,
            &["12 meses o 20,000 km", "Garantía blindada 12 meses", "6 meses en motor y transmisión"],
        ),
        7..=10 => pick(rng, &["6 meses en motor y transmisión", "3 meses en motor y transmisión"]),
        _ => pick(rng, &["3 meses en motor y transmisión", "Sin garantía"]),
    }
}

/// None for about half of the cars, else up to three.
pub(super) fn promotions(rng: &mut Rng) -> Vec<&'static str> {
    let count = if rng.bool() { 0 } else { rng.usize(1..=3) };
    let mut all = PROMOTIONS.to_vec();
    rng.shuffle(&mut all);
    all.truncate(count);
    all
}

/// A promotion that is not among `present`; `None` if the car has three already.
pub(super) fn another_promotion(rng: &mut Rng, present: &[&str]) -> Option<&'static str> {
    let absent: Vec<_> =
        PROMOTIONS.iter().copied().filter(|promotion| !present.contains(promotion)).collect();
    if present.len() < 3 { rng.choice(absent) } else { None }
}

/// A sentence to end a description with that is not in `text` yet.
pub(super) fn another_closer(rng: &mut Rng, text: &str) -> Option<&'static str> {
    rng.choice(
        CLOSERS
            .iter()
            .copied()
            .filter(|closer| !closer.contains('{') && !text.contains(closer))
            .collect::<Vec<_>>(),
    )
}

/// A title for search engines.
pub(super) fn meta_title(rng: &mut Rng, car: &Car) -> String {
    let name = format!("{} {} {}", car.model.brand, car.model.name, car.year);
    match rng.u8(0..3) {
        0 => format!("{name} seminuevo en Monterrey"),
        1 => format!("{name} usado en venta: precio, fotos y crédito"),
        _ => format!("{name} | Seminuevos certificados"),
    }
}

/// The address of the car's page on the former website.
pub(super) fn address(car: &Car, order: usize) -> String {
    let name =
        deunicode::deunicode(&format!("{} {} {}", car.model.brand, car.model.name, car.year)).to_lowercase();
    let words: Vec<_> =
        name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("{}-{order}", words.join("-"))
}

/// `1234567` as `1,234,567`.
pub(super) fn with_thousands(number: i64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", with_thousands(number / 1_000), number % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_leaves_no_place_unfilled_and_has_two_to_five_sentences() {
        let mut rng = Rng::with_seed(5);
        for _ in 0..2_000 {
            let car = Car::new(&mut rng);
            let text = description(&mut rng, &car);
            assert!(!text.contains(['{', '}']), "{text}");
            let lists = [OPENERS, CONDITION, PLAIN, EQUIPPED, FAMILY, WORK, CITY, SPORT, CLOSERS];
            let longest = lists.iter().flat_map(|list| list.iter()).map(|text| text.len()).max().unwrap();
            assert!((60..5 * (longest + 40)).contains(&text.len()), "{text}");
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (45_007, "45,007"), (1_234_567, "1,234,567")]
        {
            assert_eq!(with_thousands(number), text);
        }
    }

    #[test]
    fn an_address_is_made_of_plain_words() {
        let mut rng = Rng::with_seed(6);
        for order in 0..500 {
            let car = Car::new(&mut rng);
            let address = address(&car, order);
            assert!(
                address.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')),
                "{address}"
            );
            assert!(!address.contains("--"), "{address}");
        }
    }
}
