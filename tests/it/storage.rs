//! What is stored is what was read, to the last column.

use serde_json::{Value, json};
use vitrina::simulator::{FieldKind, Operation};

use crate::{
    fields,
    support::{Setting, World},
};

/// Every column filled with something of its own: it must come back from the database and out of the API as it went in.
#[tokio::test]
async fn every_column_survives_the_way_to_the_database_and_back() {
    let world = World::start().await;
    let id = world
        .known(fields! {
            "AutoMarca": "Citroën", "AutoSubmarcaVersion": "C3 🚗", "AutoAno": "2021", "Precio": "$329,900.50", "Oferta": [299_900],
            "Con Oferta": true, "autokilometraje": "45,000 km", "autotransmision": "automática ", "autocombustible": ["Gasolina"],
            "ClasificacionID": ["SUV", "Familiar"], "Ubicacion": "MTY, GPE", "Garantia": "12 meses", "descripcion": "Línea 1\nLínea \"2\" \\",
            "TituloMeta": "Citroën C3 en Monterrey", "EngancheMin": 66_000, "EngancheRecomendado": 99_000, "MensualidadMinima": 5_499.99,
            "MensualidadRecomendada": 6_100, "PlazoMax": 60, "AutoCilindros": 4, "NumeroDuenos": 1, "AutoMotor": "1.6 L",
            "OrdenCompra": "OC-1", "OrdenStatus": "Comprado", "Separado": true, "Rezago": true, "En Reparación": true, "Utilitario": true,
            "Promociones": ["Buen Fin", "Sin comisión"], "IngresoInventario": "2026-05-01",
            "feature_image": "https://img.example/1.jpg", "fotos_exterior_url": "https://img.example/1.jpg, https://img.example/2.jpg",
            "fotos_interior_url": ["https://img.example/3.jpg"], "Notas": { "deep": [1, 2.5, null, { "x": "y" }] }
        })
        .await;

    let vehicle = world.get("/vehicles").await.ok()["vehicles"][0].clone();

    let expected = json!({
        "title": "Citroën C3 🚗", "titulo": "Citroën C3 🚗", "titulometa": "Citroën C3 en Monterrey", "descripcion": "Línea 1\nLínea \"2\" \\",
        "marca": "Citroën", "modelo": "C3 🚗", "autoano": 2021, "precio": 329_900.5, "oferta": 299_900, "con_oferta": true,
        "kilometraje": 45_000, "transmision": "automática", "combustible": "Gasolina", "carroceria": "SUV",
        "clasificacionid": ["SUV", "Familiar"], "AutoMotor": "1.6 L", "cilindros": 4, "enganchemin": 66_000, "enganche_recomendado": 99_000,
        "mensualidad_minima": 5_499.99, "mensualidad_recomendada": 6_100, "plazomax": 60, "garantia": "12 meses",
        "ubicacion": ["MTY", "GPE"], "sucursal": ["Monterrey", "Guadalupe"], "ordencompra": "OC-1", "ordenstatus": "Comprado",
        "separado": true, "vendido": false, "rezago": true, "en_reparacion": true, "utilitario": true, "numero_duenos": 1,
        "promociones": ["Buen Fin", "Sin comisión"], "ingreso_inventario": "2026-05-01T00:00:00+00:00",
        "feature_image": "https://img.example/1.jpg", "fotos_exterior_url": ["https://img.example/1.jpg", "https://img.example/2.jpg"],
        "fotos_interior_url": ["https://img.example/3.jpg"]
    });
    for (column, value) in expected.as_object().unwrap() {
        assert_eq!(&vehicle[column], value, "{column}");
    }
    assert_eq!(vehicle.get("data"), None, "what Airtable has besides is nobody's business");

    let row = world.row(&id).await.unwrap();
    assert_eq!(row["data"]["Notas"], json!({ "deep": [1, 2.5, null, { "x": "y" }] }));
    assert_eq!(
        world.webhook(&id).await.ok()["action"],
        "unchanged",
        "read back, it equals what Airtable has"
    );
    assert_eq!(world.row(&id).await.unwrap(), row);
}

#[tokio::test]
async fn texts_that_break_others_are_stored_as_they_are() {
    let world = World::start().await;
    let long = "ñ🚗\u{301}".repeat(20_000);
    for text in ["a\u{0}b", "'; drop table inventario_cache; --", "\u{202e}\u{feff}", "{\"a\":1}", &long] {
        let id =
            world.airtable.create(fields! { "Auto": "X", "descripcion": text, "OrdenStatus": "Comprado" });
        assert_eq!(world.webhook(&id).await.ok()["action"], "created");
        assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    }
}

#[tokio::test]
async fn a_note_in_an_unmapped_field_is_stored_and_does_not_reorder_the_listing() {
    let world = World::start().await;
    let first = world.known(fields! { "Auto": "First", "OrdenStatus": "Comprado" }).await;
    world.known(fields! { "Auto": "Second", "OrdenStatus": "Comprado" }).await;
    world.airtable.add_field("Nota interna", FieldKind::SingleLineText);
    world.airtable.edit(&first, fields! { "Nota interna": "llamar al cliente" });

    assert_eq!(world.webhook(&first).await.ok()["action"], "updated");

    assert_eq!(world.listed_titles().await, ["Second", "First"]);
    let data: Value = world.row(&first).await.unwrap()["data"].clone();
    assert!(data.to_string().contains("llamar al cliente"), "{data}");
}

#[tokio::test]
async fn the_first_start_loads_the_whole_inventory_and_the_next_does_not() {
    let vehicles =
        (0..250).map(|number| fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" });
    let mut world = Setting::default().vehicles(vehicles).start().await;
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 250);
    let run: Value =
        sqlx::query_scalar("select to_jsonb(r) from sync_runs r").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(
        (&run["kind"], &run["trigger"], &run["status"], &run["pages"], &run["seen"], &run["created"]),
        (&json!("full"), &json!("bulk"), &json!("succeeded"), &json!(3), &json!(250), &json!(250))
    );
    world.airtable.requests_clear();

    world.restart().await;

    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 250);
    assert!(world.airtable.requests().iter().all(|seen| seen.operation != Operation::List));
}

#[tokio::test]
async fn names_longer_than_any_index_takes_are_stored_and_found_by_the_others() {
    let world = World::start().await;
    let long = |seed: u64| {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..9_000).map(|_| random.alphanumeric()).collect::<String>()
    };
    let id = world.airtable.create(fields! {
        "AutoMarca": long(1), "autotransmision": long(2), "autocombustible": long(3), "Garantia": long(4),
        "ClasificacionID": [long(5), "SUV"], "Ubicacion": [long(6)], "Promociones": [long(7)], "OrdenStatus": "Comprado"
    });
    assert_eq!(world.webhook(&id).await.ok()["action"], "created");
    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    assert_eq!(world.get("/vehicles?carroceria=suv").await.ok()["vehicles"][0]["marca"], json!(long(1)));
    assert_eq!(world.get("/vehicles/facets").await.status, 200);
}
