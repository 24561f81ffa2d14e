//! Every column of a vehicle, once: the Rust type, the kind of cell it is read as, who sees it, its meaning and an example.
//!
//! [`Content`], [`Column`], the statement that stores vehicles, the public JSON, its OpenAPI schema, the comparison with what is
//! stored and the keeping of columns whose fields are gone all follow from this table. To add a column that is read from
//! Airtable: an entry here, its line in `config/fields.toml`, an `alter table inventario_cache add column` in `migrations/`, and
//! its field in `samples::mazda_fields` with the value that `normalize`'s first test expects of it. Other tests find it by themselves.
//!
//! **Invariants:** a column has one name in `config/fields.toml`, in Rust, in SQL and in JSON (`AutoMotor` included), so a vehicle
//! travels as JSON between all of them. Unknown is `None`, a list is never absent.
//!
//! **Units:** pesos, kilometres, months (`plazomax`), UTC.
//!
//! **Not here:** which fields feed a column ([`super::mapping`]); derived columns are filled by [`super::normalize()`].

mod define;
mod value;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::value::Held;
pub use self::value::{ColumnValue, JsonType};
use super::{Fields, Kind, Money, RecordId};

/// Who sees a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: it is in the public JSON of a vehicle.
    Public,
    /// Operators only.
    Internal,
}

/// What a column or member of the public JSON is called, holds and means.
#[derive(Debug)]
pub struct Described {
    /// Its name in SQL and JSON.
    pub name: &'static str,
    /// Its type in JSON.
    pub json: JsonType,
    /// Whether it may be null.
    pub nullable: bool,
    /// Who sees it.
    pub audience: Audience,
    /// Its meaning: one or more sentences.
    pub meaning: &'static str,
    /// An example, or none.
    pub examples: &'static [fn() -> serde_json::Value],
}

define::columns! {
    // field: Rust type = Column(kind in `config/fields.toml`), audience [example];
    // Without `= Column(kind)`, it is derived from others.

    /// The headline, such as `Mazda 3 Sport 2.5`; never empty.
    title: String = Title(Text), Public "Mazda 3 Sport 2.5";
    /// The page's title for search engines.
    titulometa: Option<String> = Titulometa(Text), Public "Mazda 3 Sport 2020 seminuevo en Monterrey";
    /// The description, possibly long and with line breaks.
    descripcion: Option<String> = Descripcion(Text), Public "Único dueño.\nServicios de agencia.";
    /// The brand.
    marca: Option<String> = Marca(Text), Public "Mazda";
    /// The model with its version.
    modelo: Option<String> = Modelo(Text), Public "3 Sport 2.5";
    /// The model year.
    autoano: Option<i32> = Autoano(Year), Public 2020;
    /// The price in pesos.
    precio: Option<Money> = Precio(Money), Public 329_900;
    /// The reduced price in pesos.
    oferta: Option<Money> = Oferta(Money), Public 309_900.5;
    /// Whether the reduced price is on.
    con_oferta: bool = ConOferta(Checkbox), Public;
    /// The mileage in kilometres.
    kilometraje: Option<i32> = Kilometraje(Whole), Public 45_000;
    /// The gearbox.
    transmision: Option<String> = Transmision(Text), Public "Automática";
    /// The fuel.
    combustible: Option<String> = Combustible(Text), Public "Gasolina";
    /// The first body type.
    carroceria: Option<String>, Public "Hatchback";
    /// The body types.
    clasificacionid: Vec<String> = Clasificacionid(List), Public;
    /// The engine.
    AutoMotor: Option<String> = AutoMotor(Text), Public "2.5 L";
    /// The number of cylinders.
    cilindros: Option<i32> = Cilindros(Whole), Public 4;
    /// The lowest down payment in pesos.
    enganchemin: Option<Money> = Enganchemin(Money), Public 65_980;
    /// The recommended down payment in pesos.
    enganche_recomendado: Option<Money> = EngancheRecomendado(Money), Public 98_970;
    /// The lowest monthly payment in pesos.
    mensualidad_minima: Option<Money> = MensualidadMinima(Money), Public 5_999.5;
    /// The monthly payment that goes with the recommended down payment, in pesos.
    mensualidad_recomendada: Option<Money> = MensualidadRecomendada(Money), Public 7_250;
    /// The longest term in months.
    plazomax: Option<i32> = Plazomax(Whole), Public 60;
    /// The warranty.
    garantia: Option<String> = Garantia(Text), Public "3 meses";
    /// The codes of the branches where it stands.
    ubicacion: Vec<String> = Ubicacion(List), Public;
    /// The purchase order.
    ordencompra: Option<String> = Ordencompra(Text), Public "OC-1042";
    /// The state of the order, as Airtable has it; it decides whether the vehicle is listed.
    ordenstatus: Option<String> = Ordenstatus(Text), Public "Comprado";
    /// Whether somebody has reserved it.
    separado: bool = Separado(Checkbox), Public;
    /// Whether it is sold: its state is not the listed one, or Airtable's `vendido` is checked.
    vendido: bool = Vendido(Checkbox), Public;
    /// Whether it has been in stock for long.
    rezago: bool = Rezago(Checkbox), Public;
    /// Whether it is in the workshop.
    en_reparacion: bool = EnReparacion(Checkbox), Public;
    /// Whether it is a utility vehicle.
    utilitario: bool = Utilitario(Checkbox), Public;
    /// The number of former owners.
    numero_duenos: Option<i32> = NumeroDuenos(Whole), Public 1;
    /// The promotions it takes part in.
    promociones: Vec<String> = Promociones(List), Public;
    /// When it came into stock.
    ingreso_inventario: Option<DateTime<Utc>> = IngresoInventario(Time), Public "2024-05-01T00:00:00Z";
    /// The main photo: its own, else the first from outside.
    feature_image: Option<String> = FeatureImage(Url), Public "https://fotos.mx/a/frente.jpg";
    /// Photos from outside.
    fotos_exterior_url: Vec<String> = FotosExteriorUrl(Urls), Public;
    /// Photos from inside.
    fotos_interior_url: Vec<String> = FotosInteriorUrl(Urls), Public;
    /// Whether `GET /vehicles` shows it.
    listed: bool, Internal;
    /// The address that Airtable asks for, as a slug; `None`: made from title and year when the vehicle is first stored.
    slug_wanted: Option<String> = SlugWanted(Slug), Internal;
}

/// Members of the public JSON that the record itself, the database or the configuration gives.
const BESIDE: [Described; 9] = [
    Described::given("id", JsonType::Text, "The Airtable id.", &[|| "recA1b2C3d4E5f6G7".into()]),
    Described::given(
        "record_id",
        JsonType::Text,
        "The Airtable id, like `id`.",
        &[|| "recA1b2C3d4E5f6G7".into()],
    ),
    Described::given(
        "slug",
        JsonType::Text,
        "The last part of its address.",
        &[|| "mazda-3-sport-2-5-2020".into()],
    ),
    Described::given(
        "titulo",
        JsonType::Text,
        "The headline, like `title`.",
        &[|| "Mazda 3 Sport 2.5".into()],
    ),
    Described {
        nullable: true,
        ..Described::given(
            "precio_final",
            JsonType::Money,
            "The price to pay: `oferta` while it is on and below `precio`, else `precio`.",
            &[|| 309_900.5.into()],
        )
    },
    Described::given("sucursal", JsonType::Texts, "The display names of the branches in `ubicacion`.", &[]),
    Described::given("created_at", JsonType::Time, "When the record was created in Airtable.", &[]),
    Described::given(
        "updated_at",
        JsonType::Time,
        "When something that the website shows last changed.",
        &[],
    ),
    Described::given("last_synced_at", JsonType::Time, "When the row was last written.", &[]),
];

/// Members of the public JSON that are no columns.
const MADE_WHEN_SHOWN: [&str; 3] = ["id", "sucursal", "precio_final"];

impl Described {
    const fn given(
        name: &'static str,
        json: JsonType,
        meaning: &'static str,
        examples: &'static [fn() -> serde_json::Value],
    ) -> Self {
        Self { name, json, nullable: false, audience: Audience::Public, meaning, examples }
    }

    /// The columns of `inventario_cache` that the public may see: the members of the public JSON that are stored, not made when shown.
    pub fn public_columns() -> impl Iterator<Item = &'static str> {
        Self::public().map(|member| member.name).filter(|name| !MADE_WHEN_SHOWN.contains(name))
    }

    /// The members of a vehicle's public JSON.
    pub fn public() -> impl Iterator<Item = &'static Self> {
        BESIDE.iter().chain(COLUMNS).filter(|member| member.audience == Audience::Public)
    }
}

impl Content {
    /// All columns as JSON, without `data` and what the database gives.
    pub fn json(&self) -> serde_json::Map<String, serde_json::Value> {
        self.values().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The names of everything in a content, as in SQL and JSON.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ["record_id", "created_at", "data"].into_iter().chain(COLUMNS.iter().map(|column| column.name))
    }

    /// Whether only operators see the column of this name: a change in it shows nowhere on the website.
    pub fn is_internal(name: &str) -> bool {
        let hidden = |column: &Described| column.name == name && column.audience == Audience::Internal;
        // Whether a vehicle is listed shows by its being there.
        name == "data" || name != "listed" && COLUMNS.iter().any(hidden)
    }
}

/// The text is not the name of a column that is read from Airtable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a column that is read from Airtable")]
pub struct UnknownColumn {
    /// The text.
    pub given: String,
}

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|column| column.as_str() == name);
        found.copied().ok_or_else(|| UnknownColumn { given: name.to_owned() })
    }
}

impl fmt::Display for Column {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_its_exact_name() {
        for column in Column::ALL {
            assert_eq!(column.as_str().parse(), Ok(*column));
        }
        for wrong in ["", "Precio", "automotor", "carroceria", "listed", "data"] {
            assert_eq!(wrong.parse::<Column>(), Err(UnknownColumn { given: wrong.to_owned() }));
        }
    }

    #[test]
    fn what_only_operators_see_is_internal() {
        for name in ["data", "slug_wanted"] {
            assert!(Content::is_internal(name), "{name}");
            assert!(Described::public().all(|member| member.name != name));
        }
        for name in ["precio", "AutoMotor", "listed", "deleted_at", "slug"] {
            assert!(!Content::is_internal(name), "{name}");
        }
    }

    #[test]
    fn every_example_is_of_its_columns_type() {
        for member in Described::public() {
            assert!(member.meaning.ends_with('.') && !member.meaning.starts_with(' '), "{}", member.meaning);
            for example in member.examples {
                let example = example();
                assert!(member.json.is_type_of(&example), "{}: {example}", member.name);
            }
        }
    }
}
