//! A believable record for the tests of this module.

use serde_json::Value;

use super::{Fields, Mapping, Normalized, Record, Rules, normalize};

pub(super) fn rules() -> Rules {
    Rules { listed_status: "Comprado".to_owned(), visible_field: None, this_year: 2026 }
}

/// A record with these fields.
pub(super) fn record(fields: Value) -> Record {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    Record {
        id: "recA1b2C3d4E5f6G7".parse().unwrap(),
        created_time: "2024-04-30T18:05:11.000Z".parse().unwrap(),
        fields,
    }
}

/// The fields of a Mazda 3 in stock, one for every column, each under the first name of the mapping.
pub(super) fn mazda_fields() -> Fields {
    let fields = r#"{
        "Auto": "Mazda 3 2020",
        "AutoMarca": ["Mazda"],
        "AutoSubmarcaVersion": "3 Sport s Grand Touring",
        "AutoAno": 2020,
        "TituloMeta": "Mazda 3 Sport 2020 seminuevo en Monterrey",
        "descripcion": "Único dueño.\nServicios de agencia. 🚗\n",
        "Precio": 329900,
        "Oferta": "$319,900.00",
        "Con Oferta": true,
        "autokilometraje": "45,000 km",
        "autotransmision": "automática ",
        "autocombustible": ["Gasolina"],
        "ClasificacionID": ["Hatchback", "Sedán"],
        "Ubicacion": "MTY, GPE",
        "Garantia": "3 meses",
        "EngancheMin": 65980,
        "EngancheRecomendado": "98,970 MXN",
        "MensualidadMinima": [5999.5],
        "MensualidadRecomendada": 7250,
        "PlazoMax": "60 meses",
        "AutoCilindros": "4 cil.",
        "NumeroDuenos": 1.0,
        "AutoMotor": 2.5,
        "OrdenCompra": "OC-1042",
        "OrdenStatus": " comprado",
        "Separado": true,
        "Rezago": [true],
        "En Reparación": "sí",
        "Utilitario": 1,
        "Promociones": "[\"Bono de $10,000\", \"Seguro gratis\"]",
        "IngresoInventario": "2024-05-01",
        "feature_image": "https://fotos.mx/a/frente.jpg",
        "fotos_exterior_url": "https://fotos.mx/a/1.jpg, https://fotos.mx/a/2.jpg",
        "fotos_interior_url": [
            {"id": "attA1b2C3d4E5f6G7", "url": "https://v5.airtableusercontent.com/a", "filename": "t.jpg", "size": 9,
             "thumbnails": {"small": {"url": "https://v5.airtableusercontent.com/s", "width": 54, "height": 36}}}
        ],
        "ligawp": "https://trefa.mx/autos/mazda-3-sport-2020/",
        "Notas internas": {"libre": [1, null]}
    }"#;
    serde_json::from_str(fields).unwrap()
}

/// [`mazda_fields`], normalized with the built-in mapping.
pub(crate) fn mazda() -> Normalized {
    normalized(mazda_fields().into())
}

/// A record with these fields, normalized with the built-in mapping.
pub(super) fn normalized(fields: Value) -> Normalized {
    normalize(&record(fields), Mapping::builtin(), &rules())
}
