//! The shape of a vehicle, and of one with its old names.
//!
//! **Invariants:** members, meanings and examples come from the table of columns in `domain`, as the select list of
//! `db::vehicles` does, so the description has every member that is sent and no other.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{SchemaType, Type},
    },
};

use crate::domain::{Described, JsonType};

/// A vehicle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vehicle(Map<String, Value>);

impl ToSchema for Vehicle {
    fn name() -> Cow<'static, str> {
        "Vehicle".into()
    }
}

impl PartialSchema for Vehicle {
    fn schema() -> RefOr<Schema> {
        let about = "A vehicle. Unknown is null; lists are always lists; money is in pesos.";
        Described::public()
            .fold(ObjectBuilder::new().description(Some(about)), |vehicle, member| {
                vehicle.property(member.name, schema_of(member)).required(member.name)
            })
            .into()
    }
}

fn schema_of(member: &Described) -> Schema {
    let format = SchemaFormat::KnownFormat;
    let (kind, format) = match member.json {
        JsonType::Texts => {
            let text = ObjectBuilder::new().schema_type(Type::String);
            return ArrayBuilder::new().items(text).description(Some(member.meaning)).into();
        }
        JsonType::Text => (Type::String, None),
        JsonType::Whole => (Type::Integer, Some(format(KnownFormat::Int32))),
        JsonType::Money => (Type::Number, Some(format(KnownFormat::Double))),
        JsonType::Flag => (Type::Boolean, None),
        JsonType::Time => (Type::String, Some(format(KnownFormat::DateTime))),
    };
    let kind = if member.nullable { SchemaType::from_iter([kind, Type::Null]) } else { kind.into() };
    ObjectBuilder::new()
        .schema_type(kind)
        .format(format)
        .description(Some(member.meaning))
        .examples(member.examples.iter().map(|example| example()))
        .into()
}

/// A vehicle with the names it had in the old system too.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OldVehicle {
    /// The vehicle.
    #[serde(flatten)]
    pub vehicle: Vehicle,
    /// The main photo.
    #[schema(required)]
    pub thumbnail: Option<String>,
    /// Photos from outside.
    #[serde(rename = "galeriaExterior")]
    pub galeria_exterior: Vec<String>,
    /// Photos from inside.
    #[serde(rename = "galeriaInterior")]
    pub galeria_interior: Vec<String>,
    /// The photos once more.
    pub public_urls: PublicUrls,
    /// The main photo.
    #[schema(required)]
    pub raw_feature_image: Option<String>,
    /// Photos from outside.
    pub raw_fotos_exterior: Vec<String>,
    /// Photos from inside.
    pub raw_fotos_interior: Vec<String>,
}

/// Photos under their old names.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicUrls {
    /// The main photo.
    #[schema(required)]
    pub feature_image: Option<String>,
    /// Photos from outside.
    #[serde(rename = "galeriaExterior")]
    pub galeria_exterior: Vec<String>,
    /// Photos from inside.
    #[serde(rename = "galeriaInterior")]
    pub galeria_interior: Vec<String>,
}
