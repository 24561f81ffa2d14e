//! From an Airtable record to a vehicle.
//!
//! **Invariants:** pure and total: the same record, mapping and rules give the same content, and no record is refused. What cannot
//! be read costs its own column and what is derived from it, and is told in one warning for that column. Whether a vehicle is shown is
//! never guessed: what cannot be read of it is [`Normalized::undecided`].
//!
//! **Not here:** which field feeds which column, see [`Mapping`]; how a value is read, see [`super::value`].

use serde_json::Value;

use super::{
    Column, ColumnValue, Content, Fields, Kind, Mapping, Record, Warning,
    cell::{Unreadable, fields_without_nul, is_being_computed},
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
    /// Columns that keep their former value: Airtable is still computing what stands in them, or gives something unreadable for one that
    /// decides whether and how the vehicle is shown.
    pub undecided: Vec<Column>,
    /// Whether the checkbox that decides on listing, if there is one, is ticked; `None`: it cannot be read.
    pub visible: Option<bool>,
    /// What it is called: its title, else what there is of brand and model; `None`: nothing yet.
    pub name: Option<String>,
}

/// Columns that decide whether and how a vehicle is shown: a broken formula must not sell a car.
const DECIDING: [Column; 3] = [Column::Ordenstatus, Column::Separado, Column::Vendido];

/// Reads a record. See the module for what is promised.
pub fn normalize(record: &Record, mapping: &Mapping, rules: &Rules) -> Normalized {
    let data = fields_without_nul(&record.fields);
    let mut warnings = Vec::new();
    let mut cells = Cells { fields: &data, mapping, warnings: &mut warnings };

    let mut content = Content::empty(record.id.clone(), value::as_stored(record.created_time));
    for column in Column::ALL {
        content.set(*column, cells.read(*column, rules));
    }
    let status = content.ordenstatus.as_deref();
    let in_stock = status.is_some_and(|status| same_word(status, &rules.listed_status));
    let visible = rules.visible_field.as_deref().map_or(Some(true), |field| cells.visible(field));
    content.listed = in_stock && visible != Some(false);
    content.vendido |= !in_stock;
    content.follow_lists();
    content.data = data;

    let mut undecided = late(&content, mapping);
    let unreadable = |column: &Column| warnings.iter().any(|warning| warning.column == column.as_str());
    undecided.extend(DECIDING.into_iter().filter(unreadable));
    let is_titled = Some(content.title.as_str()) != mapping.fallback(Column::Title);
    let name = if is_titled {
        Some(content.title.clone())
    } else {
        content.marca.clone().or_else(|| content.modelo.clone())
    };
    Normalized { content, warnings, undecided, visible, name }
}

fn late(content: &Content, mapping: &Mapping) -> Vec<Column> {
    let computing = |field: &str| content.data.get(field).is_some_and(is_being_computed);
    let awaited = |column: &Column| {
        mapping.fields_of(*column).any(computing) && (*column == Column::Title || content.is_empty(*column))
    };
    mapping.columns().filter(awaited).collect()
}

/// The cells of one record, read column by column.
struct Cells<'a> {
    fields: &'a Fields,
    mapping: &'a Mapping,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Cells<'a> {
    /// The value of a column, as its kind says.
    fn read(&mut self, column: Column, rules: &Rules) -> ColumnValue<'static> {
        match column.kind() {
            Kind::Text => self.text(column).into(),
            Kind::List => self.all(column, value::list).into(),
            Kind::Whole => self.first(column, value::whole).into(),
            Kind::Year => {
                self.first(column, |cell| value::year(cell, rules.this_year.saturating_add(2))).into()
            }
            Kind::Money => self.first(column, value::money).into(),
            Kind::Checkbox => self.first(column, value::checkbox).into(),
            Kind::Time => self.first(column, value::time).into(),
            Kind::Url => self.first(column, photos::url).into(),
            Kind::Urls => self.all(column, photos::urls).into(),
            Kind::Slug => self.first(column, value::page).into(),
        }
    }

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

    fn visible(&mut self, field: &str) -> Option<bool> {
        match self.fields.get(field).map_or(Ok(None), value::checkbox) {
            Ok(visible) => Some(visible.unwrap_or(false)),
            Err(what) => {
                self.warn(field, "listed", what);
                None
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{
        Money,
        samples::{mazda, mazda_fields, normalized, record, rules},
    };

    #[test]
    fn every_row_of_the_table_is_read_from_a_believable_record() {
        let Normalized { content, warnings, .. } = mazda();
        let expected = Content {
            record_id: "recA1b2C3d4E5f6G7".parse().unwrap(),
            created_at: "2024-04-30T18:05:11Z".parse().unwrap(),
            title: "Mazda 3 Sport s Grand Touring".to_owned(),
            titulometa: Some("Mazda 3 Sport 2020 seminuevo en Monterrey".to_owned()),
            descripcion: Some("Único dueño.\nServicios de agencia. 🚗".to_owned()),
            marca: Some("Mazda".to_owned()),
            modelo: Some("3 Sport s Grand Touring".to_owned()),
            autoano: Some(2020),
            precio: Money::from_pesos(329_900.0),
            oferta: Money::from_pesos(319_900.0),
            con_oferta: true,
            kilometraje: Some(45_000),
            transmision: Some("automática".to_owned()),
            combustible: Some("Gasolina".to_owned()),
            carroceria: Some("Hatchback".to_owned()),
            clasificacionid: vec!["Hatchback".to_owned(), "Sedán".to_owned()],
            AutoMotor: Some("2.5".to_owned()),
            cilindros: Some(4),
            enganchemin: Money::from_pesos(65_980.0),
            enganche_recomendado: Money::from_pesos(98_970.0),
            mensualidad_minima: Money::from_pesos(5_999.5),
            mensualidad_recomendada: Money::from_pesos(7_250.0),
            plazomax: Some(60),
            garantia: Some("3 meses".to_owned()),
            ubicacion: vec!["MTY".to_owned(), "GPE".to_owned()],
            ordencompra: Some("OC-1042".to_owned()),
            ordenstatus: Some("comprado".to_owned()),
            separado: true,
            vendido: false,
            rezago: true,
            en_reparacion: true,
            utilitario: true,
            numero_duenos: Some(1),
            promociones: vec!["Bono de $10,000".to_owned(), "Seguro gratis".to_owned()],
            ingreso_inventario: Some("2024-05-01T00:00:00Z".parse().unwrap()),
            feature_image: Some("https://fotos.mx/a/frente.jpg".to_owned()),
            fotos_exterior_url: vec![
                "https://fotos.mx/a/1.jpg".to_owned(),
                "https://fotos.mx/a/2.jpg".to_owned(),
            ],
            fotos_interior_url: vec!["https://v5.airtableusercontent.com/a".to_owned()],
            listed: true,
            slug_wanted: Some("mazda-3-sport-2020".to_owned()),
            data: mazda_fields(),
        };
        assert_eq!(content, expected);
        assert_eq!(warnings, []);
    }

    #[test]
    fn every_alias_of_the_table_is_read_when_the_first_name_is_empty() {
        for (column, aliases, cell, expected) in [
            ("titulometa", &["TituloMeta", "metadescripcion"][..], json!("x"), json!("x")),
            ("descripcion", &["descripcion", "description"], json!("x"), json!("x")),
            ("marca", &["AutoMarca"], json!("x"), json!("x")),
            ("modelo", &["AutoSubmarcaVersion"], json!("x"), json!("x")),
            ("autoano", &["AutoAno", "autoano"], json!(2020), json!(2020)),
            ("precio", &["Precio"], json!(5), json!(5)),
            ("oferta", &["Oferta", "oferta"], json!(5), json!(5)),
            ("con_oferta", &["Con Oferta"], json!(true), json!(true)),
            ("kilometraje", &["autokilometraje", "kilometraje"], json!(5), json!(5)),
            ("transmision", &["autotransmision", "transmision"], json!("x"), json!("x")),
            ("combustible", &["autocombustible", "combustible"], json!("x"), json!("x")),
            ("clasificacionid", &["ClasificacionID"], json!("x"), json!(["x"])),
            ("carroceria", &["ClasificacionID"], json!("x"), json!("x")),
            ("AutoMotor", &["AutoMotor", "motor"], json!("x"), json!("x")),
            ("cilindros", &["AutoCilindros", "cilindros"], json!(5), json!(5)),
            ("enganchemin", &["EngancheMin", "enganchemin"], json!(5), json!(5)),
            ("enganche_recomendado", &["EngancheRecomendado", "enganche_recomendado"], json!(5), json!(5)),
            ("mensualidad_minima", &["MensualidadMinima", "mensualidad_minima"], json!(5), json!(5)),
            (
                "mensualidad_recomendada",
                &["MensualidadRecomendada", "mensualidad_recomendada"],
                json!(5),
                json!(5),
            ),
            ("plazomax", &["PlazoMax", "plazomax"], json!(5), json!(5)),
            ("garantia", &["Garantia", "garantia"], json!("x"), json!("x")),
            ("ubicacion", &["Ubicacion"], json!("x"), json!(["x"])),
            ("ordencompra", &["OrdenCompra"], json!("x"), json!("x")),
            ("ordenstatus", &["OrdenStatus"], json!("x"), json!("x")),
            ("separado", &["Separado", "separado"], json!(true), json!(true)),
            ("rezago", &["Rezago", "rezago"], json!(true), json!(true)),
            ("en_reparacion", &["En Reparación"], json!(true), json!(true)),
            ("utilitario", &["Utilitario"], json!(true), json!(true)),
            ("numero_duenos", &["NumeroDuenos", "numero_duenos"], json!(5), json!(5)),
            ("promociones", &["Promociones", "promociones"], json!("x"), json!(["x"])),
            (
                "ingreso_inventario",
                &["IngresoInventario", "ingreso_inventario"],
                json!("2024-05-01"),
                json!("2024-05-01T00:00:00Z"),
            ),
            (
                "feature_image",
                &["feature_image", "featured_image_url", "feature_image_url"],
                json!("https://a.mx"),
                json!("https://a.mx"),
            ),
            ("fotos_exterior_url", &["fotos_exterior_url"], json!("https://a.mx"), json!(["https://a.mx"])),
            ("fotos_interior_url", &["fotos_interior_url"], json!("https://a.mx"), json!(["https://a.mx"])),
            ("slug_wanted", &["ligawp", "slug"], json!("x"), json!("x")),
        ] {
            for (at, alias) in aliases.iter().enumerate() {
                let mut fields = Fields::new();
                fields.extend(aliases[..at].iter().map(|name| ((*name).to_owned(), json!([null, " "]))));
                fields.insert((*alias).to_owned(), cell.clone());
                fields.extend(aliases[at + 1..].iter().map(|name| ((*name).to_owned(), json!("later"))));
                let Normalized { content, warnings, .. } = normalized(fields.into());
                let content = serde_json::to_value(content).unwrap();
                assert_eq!(content[column], expected, "{column} from {alias}");
                assert_eq!(warnings, [], "{column} from {alias}");
            }
        }
    }

    #[test]
    fn a_text_that_is_still_being_written_is_awaited() {
        let loading = json!({"state": "loading", "isStale": true, "value": null});
        let read = normalized(json!({"descripcion": loading, "Precio": 5, "Garantia": [loading]}));
        assert_eq!(read.undecided, [Column::Descripcion, Column::Garantia]);
        assert_eq!(read.warnings, []);
        let stale = json!({"state": "loading", "isStale": true, "value": "La anterior"});
        let read = normalized(json!({"descripcion": stale}));
        assert_eq!((read.content.descripcion.as_deref(), read.undecided), (Some("La anterior"), vec![]));
        assert_eq!(normalized(json!({"descripcion": loading, "description": "x"})).undecided, []);
    }

    #[test]
    fn an_empty_record_is_a_vehicle_that_is_not_listed() {
        let Normalized { content, warnings, .. } = normalized(json!({}));
        assert_eq!(content.title, "Auto sin título");
        assert!(content.vendido && !content.listed);
        assert_eq!((content.precio, content.feature_image), (None, None));
        assert_eq!(content.promociones, Vec::<String>::new());
        assert_eq!(warnings, []);
    }

    #[test]
    fn the_title_is_brand_and_model_else_auto_else_what_there_is() {
        let broken = json!({"error": "#ERROR!"});
        for (brand, model, auto, title) in [
            (json!("Mazda"), json!("3 Sport"), json!("Otro"), "Mazda 3 Sport"),
            (json!("Mazda"), json!(3), json!(null), "Mazda 3"),
            (json!("Mazda"), json!(null), json!("Mazda 3"), "Mazda 3"),
            (json!("Mazda"), json!(""), json!(" "), "Mazda"),
            (json!(null), json!("3 Sport"), json!(null), "3 Sport"),
            (json!(null), json!(null), json!(null), "Auto sin título"),
            (broken.clone(), json!("3 Sport"), json!("Mazda 3"), "Mazda 3"),
            (broken.clone(), broken.clone(), broken, "Auto sin título"),
        ] {
            let read = normalized(json!({"AutoMarca": brand, "AutoSubmarcaVersion": model, "Auto": auto}));
            assert_eq!(read.content.title, title);
            assert!(read.warnings.iter().filter(|warning| warning.column == "title").count() <= 1);
        }
    }

    #[test]
    fn a_vehicle_is_listed_by_its_state_and_the_visible_field_and_sold_by_state_or_checkbox() {
        for (state, sold, visible, (listed, vendido)) in [
            (json!("Comprado"), json!(null), None, (true, false)),
            (json!(" COMPRADO\n"), json!(null), None, (true, false)),
            (json!(["Comprado"]), json!(null), None, (true, false)),
            (json!("Comprado"), json!(true), None, (true, true)),
            (json!("Vendido"), json!(null), None, (false, true)),
            (json!("No comprado"), json!(null), None, (false, true)),
            (json!(null), json!(null), None, (false, true)),
            (json!({"error": "#ERROR!"}), json!(null), None, (false, true)),
            (json!("Comprado"), json!(null), Some(json!(true)), (true, false)),
            (json!("Comprado"), json!(null), Some(json!(false)), (false, false)),
            (json!("Comprado"), json!(null), Some(json!(null)), (false, false)),
            // Unreadable: the plan keeps what is stored.
            (json!("Comprado"), json!(null), Some(json!("quizá")), (true, false)),
            (json!("Vendido"), json!(null), Some(json!(true)), (false, true)),
        ] {
            let rules = Rules { visible_field: visible.as_ref().map(|_| "Visible".to_owned()), ..rules() };
            let record = record(json!({"OrdenStatus": state, "vendido": sold, "Visible": visible}));
            let content = normalize(&record, Mapping::builtin(), &rules).content;
            assert_eq!((content.listed, content.vendido), (listed, vendido), "{state} {sold} {visible:?}");
        }
    }

    #[test]
    fn an_unreadable_visible_field_is_told() {
        let rules = Rules { visible_field: Some("Visible".to_owned()), ..rules() };
        let record = record(json!({"OrdenStatus": "Comprado", "Visible": "quizá"}));
        let warnings = normalize(&record, Mapping::builtin(), &rules).warnings;
        assert_eq!((warnings[0].field.as_str(), warnings[0].column.as_str()), ("Visible", "listed"));
    }

    #[test]
    fn a_warning_names_field_column_value_and_problem() {
        let read = normalized(json!({"Oferta": "consultar precio", "oferta": 5}));
        assert_eq!(read.content.oferta, None);
        assert_eq!(
            read.warnings,
            [Warning {
                field: "Oferta".to_owned(),
                column: "oferta".to_owned(),
                value: "\"consultar precio\"".to_owned(),
                problem: "there is no number in it".to_owned(),
            }]
        );
    }

    #[test]
    fn an_alias_does_not_stand_in_for_a_broken_text() {
        let read = normalized(json!({"Garantia": {"error": "#ERROR!"}, "garantia": "1 mes"}));
        assert_eq!(read.content.garantia, None);
        assert_eq!(read.warnings.len(), 1);
    }

    #[test]
    fn the_listed_state_is_compared_without_case_and_spaces_on_both_sides() {
        let rules = Rules { listed_status: " En Piso ".to_owned(), ..rules() };
        for (state, listed) in [("en  piso", true), ("ENPISO", true), ("en pis", false)] {
            let record = record(json!({"OrdenStatus": state}));
            assert_eq!(normalize(&record, Mapping::builtin(), &rules).content.listed, listed, "{state}");
        }
    }

    #[test]
    fn the_time_of_creation_is_kept_to_the_microsecond_as_postgresql_does() {
        let mut record = record(json!({}));
        record.created_time = "2024-04-30T18:05:11.123456789Z".parse().unwrap();
        let content = normalize(&record, Mapping::builtin(), &rules()).content;
        assert_eq!(
            content.created_at,
            "2024-04-30T18:05:11.123456Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        );
    }

    #[test]
    fn the_main_photo_is_the_first_exterior_one_unless_another_is_given() {
        let exterior = "https://a.mx/1 https://a.mx/2";
        for (given, image, warned) in [
            (json!("https://a.mx/0"), Some("https://a.mx/0"), 0),
            (json!(null), Some("https://a.mx/1"), 0),
            (json!("ftp://a.mx/0"), Some("https://a.mx/1"), 1),
        ] {
            let read = normalized(json!({"feature_image": given, "fotos_exterior_url": exterior}));
            assert_eq!(read.content.feature_image.as_deref(), image);
            assert_eq!(read.warnings.len(), warned);
        }
    }

    #[test]
    fn the_year_after_next_is_the_last_model_year() {
        for (year, kept) in [(2028, Some(2028)), (2029, None)] {
            assert_eq!(normalized(json!({"AutoAno": year})).content.autoano, kept);
        }
    }

    #[test]
    fn nul_reaches_no_column() {
        let read =
            normalized(json!({"Auto\0": "a\0b", "Promociones": "[\"c\\u0000\"]", "x": [{"y\0": "\0"}]}));
        assert!(!serde_json::to_string(&read.content).unwrap().contains("\\u0000\""));
        assert_eq!(read.content.title, "ab");
        assert_eq!(read.content.promociones, ["c"]);
    }
}
