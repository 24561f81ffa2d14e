//! From an Airtable record to a vehicle.
//!
//! **Invariants:** pure and total: the same record, mapping and rules give the same content, and no record is refused. What cannot
//! be read costs its own column and what is derived from it, and is told in one warning for that column.
//!
//! **Not here:** which field feeds which column, see [`Mapping`]; how a value is read, see [`super::value`].

use serde_json::Value;

use super::{
    Column, Content, Fields, Mapping, Record, Warning,
    cell::{Unreadable, fields_without_nul},
    photos,
    value::{self, Several, Single},
};

/// What a record is judged by, besides the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The `ordenstatus` of a listed vehicle; case and spaces do not count.
    pub listed_status: String,
    /// A checkbox that must be checked too, by the name under which records carry it.
    pub visible_field: Option<String>,
    /// The year in which this is, for what a model year may be.
    pub this_year: i32,
}

/// A vehicle, and what could not be read of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalized {
    /// The vehicle.
    pub content: Content,
    /// At most one for each column.
    pub warnings: Vec<Warning>,
}

/// Reads a record. See the module for what is promised.
pub fn normalize(record: &Record, mapping: &Mapping, rules: &Rules) -> Normalized {
    let data = fields_without_nul(&record.fields);
    let mut warnings = Vec::new();
    let mut cells = Cells { fields: &data, mapping, warnings: &mut warnings };

    let ordenstatus = cells.text(Column::Ordenstatus);
    let in_stock = ordenstatus.as_deref().is_some_and(|status| same_word(status, &rules.listed_status));
    let visible = rules.visible_field.as_deref().is_none_or(|field| cells.visible(field));
    let clasificacionid = cells.all(Column::Clasificacionid, value::list);
    let fotos_exterior_url = cells.all(Column::FotosExteriorUrl, photos::urls);
    let given_image = cells.first(Column::FeatureImage, photos::url);

    let content = Content {
        record_id: record.id.clone(),
        created_at: value::as_stored(record.created_time),
        title: cells.text(Column::Title).unwrap_or_default(),
        titulometa: cells.text(Column::Titulometa),
        descripcion: cells.text(Column::Descripcion),
        marca: cells.text(Column::Marca),
        modelo: cells.text(Column::Modelo),
        autoano: cells.first(Column::Autoano, |cell| value::year(cell, rules.this_year.saturating_add(2))),
        precio: cells.first(Column::Precio, value::money),
        oferta: cells.first(Column::Oferta, value::money),
        con_oferta: cells.checked(Column::ConOferta),
        kilometraje: cells.first(Column::Kilometraje, value::whole),
        transmision: cells.text(Column::Transmision),
        combustible: cells.text(Column::Combustible),
        carroceria: clasificacionid.first().cloned(),
        clasificacionid,
        auto_motor: cells.text(Column::AutoMotor),
        cilindros: cells.first(Column::Cilindros, value::whole),
        enganchemin: cells.first(Column::Enganchemin, value::money),
        enganche_recomendado: cells.first(Column::EngancheRecomendado, value::money),
        mensualidad_minima: cells.first(Column::MensualidadMinima, value::money),
        mensualidad_recomendada: cells.first(Column::MensualidadRecomendada, value::money),
        plazomax: cells.first(Column::Plazomax, value::whole),
        garantia: cells.text(Column::Garantia),
        ubicacion: cells.all(Column::Ubicacion, value::list),
        ordencompra: cells.text(Column::Ordencompra),
        ordenstatus,
        separado: cells.checked(Column::Separado),
        vendido: cells.checked(Column::Vendido) || !in_stock,
        rezago: cells.checked(Column::Rezago),
        en_reparacion: cells.checked(Column::EnReparacion),
        utilitario: cells.checked(Column::Utilitario),
        numero_duenos: cells.first(Column::NumeroDuenos, value::whole),
        promociones: cells.all(Column::Promociones, value::list),
        ingreso_inventario: cells.first(Column::IngresoInventario, value::time),
        feature_image: given_image.or_else(|| fotos_exterior_url.first().cloned()),
        fotos_exterior_url,
        fotos_interior_url: cells.all(Column::FotosInteriorUrl, photos::urls),
        listed: in_stock && visible,
        slug_wanted: cells.first(Column::SlugWanted, value::page),
        data,
    };
    Normalized { content, warnings }
}

/// The cells of one record, read column by column.
struct Cells<'a> {
    fields: &'a Fields,
    mapping: &'a Mapping,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Cells<'a> {
    /// The value of the first field that is not empty.
    fn first<T>(&mut self, column: Column, read: impl Fn(&Value) -> Single<T>) -> Option<T> {
        for (field, cell) in self.filled(column) {
            match read(cell) {
                Ok(None) => {}
                Ok(found) => return found,
                Err(what) => {
                    self.warn(field, column.as_str(), what);
                    return None;
                }
            }
        }
        None
    }

    fn checked(&mut self, column: Column) -> bool {
        self.first(column, value::checkbox).unwrap_or(false)
    }

    /// All that is readable in the first field that is not empty.
    fn all(&mut self, column: Column, read: impl Fn(&Value) -> Several) -> Vec<String> {
        for (field, cell) in self.filled(column) {
            let (found, unreadable) = read(cell);
            let empty = found.is_empty() && unreadable.is_none();
            if let Some(what) = unreadable {
                self.warn(field, column.as_str(), what);
            }
            if !empty {
                return found;
            }
        }
        Vec::new()
    }

    /// The text of the first source of which every field is filled, else the fallback. A column with a fallback passes over
    /// what is unreadable.
    fn text(&mut self, column: Column) -> Option<String> {
        let mapping = self.mapping;
        let fallback = mapping.fallback(column);
        let mut warned = false;
        for source in mapping.sources(column) {
            let mut words = Vec::with_capacity(source.len());
            for field in source {
                match self.fields.get(field).map_or(Ok(None), value::text) {
                    Ok(text) => words.extend(text),
                    Err(what) => {
                        if !warned {
                            self.warn(field, column.as_str(), what);
                        }
                        warned = true;
                    }
                }
            }
            if words.len() == source.len() {
                return Some(words.join(" "));
            }
            if warned && fallback.is_none() {
                return None;
            }
        }
        fallback.map(str::to_owned)
    }

    fn visible(&mut self, field: &str) -> bool {
        match self.fields.get(field).map_or(Ok(None), value::checkbox) {
            Ok(visible) => visible.unwrap_or(false),
            Err(what) => {
                self.warn(field, "listed", what);
                false
            }
        }
    }

    /// The cells of a column's fields that the record has, in order of preference.
    fn filled(&self, column: Column) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let fields = self.fields;
        let names = self.mapping.sources(column).iter().flatten();
        names.filter_map(|name| Some((name.as_str(), fields.get(name)?)))
    }

    fn warn(&mut self, field: &str, column: &str, what: Unreadable) {
        let Unreadable { value, problem } = what;
        self.warnings.push(Warning { field: field.to_owned(), column: column.to_owned(), value, problem });
    }
}

/// Whether two texts are equal but for case and spaces.
fn same_word(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<char> {
        text.chars().filter(|mark| !mark.is_whitespace()).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}
