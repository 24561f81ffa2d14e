//! The columns that are read from Airtable fields, and the kind of value each holds.
//!
//! **Invariants:** one column, one kind: what `config/fields.toml` says under `as` must be [`Column::kind`]. The name of a
//! column is that of [`Content`](super::Content) in SQL and JSON.
//!
//! **Not here:** columns that follow from others (`carroceria`, `listed`, …), see [`super::normalize()`].

use std::{fmt, str::FromStr};

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Words.
    Text,
    /// Several words, each once.
    List,
    /// A whole number from 0.
    Whole,
    /// A model year.
    Year,
    /// An amount in pesos.
    Money,
    /// Yes or no; absent is no.
    Checkbox,
    /// A date or a time.
    Time,
    /// An `http(s)` address.
    Url,
    /// Several `http(s)` addresses, each once.
    Urls,
    /// The address of a page, as a slug.
    Slug,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::List,
        Self::Whole,
        Self::Year,
        Self::Money,
        Self::Checkbox,
        Self::Time,
        Self::Url,
        Self::Urls,
        Self::Slug,
    ];

    /// The word for it in `config/fields.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::List => "list",
            Self::Whole => "whole",
            Self::Year => "year",
            Self::Money => "money",
            Self::Checkbox => "checkbox",
            Self::Time => "time",
            Self::Url => "url",
            Self::Urls => "urls",
            Self::Slug => "slug",
        }
    }
}

/// What was given is not a mapped column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a column that is read from Airtable")]
pub struct UnknownColumn {
    /// What was given.
    pub given: String,
}

macro_rules! columns {
    ($($column:ident = $name:literal: $kind:ident,)+) => {
        /// A column that is read from Airtable fields.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $(#[doc = concat!("`", $name, "`.")] $column,)+
        }

        impl Column {
            /// Every mapped column, in the order of [`Content`](super::Content).
            pub const ALL: &[Self] = &[$(Self::$column,)+];

            /// Its name in `config/fields.toml`, SQL and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// The kind of value it holds.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$column => Kind::$kind,)+ }
            }
        }
    };
}

columns! {
    Title = "title": Text,
    Titulometa = "titulometa": Text,
    Descripcion = "descripcion": Text,
    Marca = "marca": Text,
    Modelo = "modelo": Text,
    Autoano = "autoano": Year,
    Precio = "precio": Money,
    Oferta = "oferta": Money,
    ConOferta = "con_oferta": Checkbox,
    Kilometraje = "kilometraje": Whole,
    Transmision = "transmision": Text,
    Combustible = "combustible": Text,
    Clasificacionid = "clasificacionid": List,
    AutoMotor = "AutoMotor": Text,
    Cilindros = "cilindros": Whole,
    Enganchemin = "enganchemin": Money,
    EngancheRecomendado = "enganche_recomendado": Money,
    MensualidadMinima = "mensualidad_minima": Money,
    MensualidadRecomendada = "mensualidad_recomendada": Money,
    Plazomax = "plazomax": Whole,
    Garantia = "garantia": Text,
    Ubicacion = "ubicacion": List,
    Ordencompra = "ordencompra": Text,
    Ordenstatus = "ordenstatus": Text,
    Separado = "separado": Checkbox,
    Vendido = "vendido": Checkbox,
    Rezago = "rezago": Checkbox,
    EnReparacion = "en_reparacion": Checkbox,
    Utilitario = "utilitario": Checkbox,
    NumeroDuenos = "numero_duenos": Whole,
    Promociones = "promociones": List,
    IngresoInventario = "ingreso_inventario": Time,
    FeatureImage = "feature_image": Url,
    FotosExteriorUrl = "fotos_exterior_url": Urls,
    FotosInteriorUrl = "fotos_interior_url": Urls,
    SlugWanted = "slug_wanted": Slug,
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

impl fmt::Display for Kind {
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
}
