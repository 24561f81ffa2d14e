//! The untidiness of a real base: values in the shapes that people, lookups and formulas leave behind.
//!
//! **Invariants:** a pure change of shape, or a loss such as really happens; one kind per record, all kinds in turn.

use serde_json::{Map, Value, json};

use super::texts::with_thousands;

/// One record in so many is untidy.
pub(super) const ONE_IN: usize = 20;
/// How many kinds of untidiness there are.
pub(super) const KINDS: usize = 8;

/// Makes the cells untidy in one way.
pub(super) fn make(kind: usize, fields: &mut Map<String, Value>) {
    let mut reshape = |field: &str, new: fn(&Value) -> Option<Value>| {
        if let Some(cell) = fields.get_mut(field)
            && let Some(value) = new(cell)
        {
            *cell = value;
        }
    };
    match kind % KINDS {
        0 => reshape("Precio", |price| Some(json!(format!("${}.00", with_thousands(price.as_i64()?))))),
        1 => reshape("autokilometraje", |km| Some(json!(format!("{} km", with_thousands(km.as_i64()?))))),
        2 => {
            for lookup in ["AutoMarca", "AutoAno", "autocombustible", "AutoMotor"] {
                reshape(lookup, |value| Some(json!([value])));
            }
        }
        3 => reshape("autotransmision", |gearbox| {
            Some(json!(format!("{} ", gearbox.as_str()?.to_lowercase())))
        }),
        4 => {
            reshape("ClasificacionID", joined);
            reshape("Promociones", joined);
        }
        5 => reshape("MensualidadMinima", |_| Some(json!({"error": "#ERROR!"}))),
        6 => reshape("MensualidadRecomendada", |_| Some(json!({"specialValue": "NaN"}))),
        _ => {
            for emptied in [
                "Precio",
                "EngancheMin",
                "EngancheRecomendado",
                "MensualidadMinima",
                "MensualidadRecomendada",
            ] {
                fields.remove(emptied);
            }
        }
    }
}

fn joined(list: &Value) -> Option<Value> {
    let items: Vec<_> = list.as_array()?.iter().filter_map(Value::as_str).collect();
    Some(json!(items.join(", ")))
}
