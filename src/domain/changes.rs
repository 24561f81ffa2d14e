//! What differs between two contents of one vehicle, and what is kept of the former one.
//!
//! **Invariants:** a content has no changes from itself, nor from what PostgreSQL gives back of it. Derived columns follow what
//! was kept: `carroceria`, `vendido`, `listed`, `title` and `feature_image` never contradict their sources.
//!
//! **Not here:** which columns lost their fields, see [`Mapping::columns_without`](super::Mapping::columns_without).

use std::cell::LazyCell;

use serde_json::Value;

use super::{
    Column, Content, Fields,
    photos::{Attachments, attachment_id},
};

/// `(column, differs)` for the fields that are compared as they are. Does not compile when a field of [`Content`] is missing
/// from both lists.
macro_rules! compare {
    ($new:ident with $former:ident: [$($plain:ident),+ $(,)?], apart from [$($apart:ident),+]) => {{
        let Content { $($plain,)+ $($apart: _,)+ } = $new;
        [$((stringify!($plain), *$plain != $former.$plain)),+]
    }};
}

impl Content {
    /// The columns in which the two differ in substance; empty means there is nothing to write.
    ///
    /// Airtable's attachment addresses change without an edit: two photos that are the same attachment, each in its own
    /// content's `data`, are equal, and an attachment's `url` and `thumbnails` inside `data` do not count.
    pub fn changes_from(&self, former: &Self) -> Vec<&'static str> {
        let attachments = LazyCell::new(|| (Attachments::of(&self.data), Attachments::of(&former.data)));
        let same_photo =
            |new: &str, old: &str| new == old || attachments.0.identity(new) == attachments.1.identity(old);
        let same_photos = |new: &[String], old: &[String]| {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| same_photo(new, old))
        };
        let plain = compare!(self with former: [
            record_id, created_at, title, titulometa, descripcion, marca, modelo, autoano, precio, oferta, con_oferta,
            kilometraje, transmision, combustible, carroceria, clasificacionid, auto_motor, cilindros, enganchemin,
            enganche_recomendado, mensualidad_minima, mensualidad_recomendada, plazomax, garantia, ubicacion, ordencompra,
            ordenstatus, separado, vendido, rezago, en_reparacion, utilitario, numero_duenos, promociones,
            ingreso_inventario, listed, slug_wanted,
        ], apart from [feature_image, fotos_exterior_url, fotos_interior_url, data]);
        let by_substance = [
            ("feature_image", !same_photos(self.feature_image.as_slice(), former.feature_image.as_slice())),
            ("fotos_exterior_url", !same_photos(&self.fotos_exterior_url, &former.fotos_exterior_url)),
            ("fotos_interior_url", !same_photos(&self.fotos_interior_url, &former.fotos_interior_url)),
            ("data", !same_members(&self.data, &former.data, &[])),
        ];
        let changed = plain.into_iter().chain(by_substance).filter(|(_, differs)| *differs);
        changed.map(|(field, _)| if field == "auto_motor" { "AutoMotor" } else { field }).collect()
    }

    /// Takes `columns`, those whose fields vanished from the base, from the former content, and lets what is derived follow.
    ///
    /// Without its field `ordenstatus` stays as it was, and with it `vendido` and `listed`. A title made of brand and model is
    /// made again when one of them was kept.
    pub fn keep(&mut self, columns: &[Column], former: &Self) {
        for column in columns {
            self.keep_one(*column, former);
        }
        let kept = |column| columns.contains(&column);
        if (kept(Column::Marca) || kept(Column::Modelo))
            && !kept(Column::Title)
            && former.brand_and_model().as_ref() == Some(&former.title)
            && let Some(title) = self.brand_and_model()
        {
            self.title = title;
        }
        if kept(Column::Ordenstatus) {
            self.vendido = former.vendido;
            self.listed = former.listed;
        }
        self.carroceria = self.clasificacionid.first().cloned();
        if self.feature_image.is_none() {
            self.feature_image = self.fotos_exterior_url.first().cloned();
        }
    }

    fn keep_one(&mut self, column: Column, former: &Self) {
        match column {
            Column::Title => self.title.clone_from(&former.title),
            Column::Titulometa => self.titulometa.clone_from(&former.titulometa),
            Column::Descripcion => self.descripcion.clone_from(&former.descripcion),
            Column::Marca => self.marca.clone_from(&former.marca),
            Column::Modelo => self.modelo.clone_from(&former.modelo),
            Column::Autoano => self.autoano = former.autoano,
            Column::Precio => self.precio = former.precio,
            Column::Oferta => self.oferta = former.oferta,
            Column::ConOferta => self.con_oferta = former.con_oferta,
            Column::Kilometraje => self.kilometraje = former.kilometraje,
            Column::Transmision => self.transmision.clone_from(&former.transmision),
            Column::Combustible => self.combustible.clone_from(&former.combustible),
            Column::Clasificacionid => self.clasificacionid.clone_from(&former.clasificacionid),
            Column::AutoMotor => self.auto_motor.clone_from(&former.auto_motor),
            Column::Cilindros => self.cilindros = former.cilindros,
            Column::Enganchemin => self.enganchemin = former.enganchemin,
            Column::EngancheRecomendado => self.enganche_recomendado = former.enganche_recomendado,
            Column::MensualidadMinima => self.mensualidad_minima = former.mensualidad_minima,
            Column::MensualidadRecomendada => self.mensualidad_recomendada = former.mensualidad_recomendada,
            Column::Plazomax => self.plazomax = former.plazomax,
            Column::Garantia => self.garantia.clone_from(&former.garantia),
            Column::Ubicacion => self.ubicacion.clone_from(&former.ubicacion),
            Column::Ordencompra => self.ordencompra.clone_from(&former.ordencompra),
            Column::Ordenstatus => self.ordenstatus.clone_from(&former.ordenstatus),
            Column::Separado => self.separado = former.separado,
            // While it was listed, only the checkbox can have made it sold; otherwise the state says enough.
            Column::Vendido => self.vendido |= former.vendido && former.listed,
            Column::Rezago => self.rezago = former.rezago,
            Column::EnReparacion => self.en_reparacion = former.en_reparacion,
            Column::Utilitario => self.utilitario = former.utilitario,
            Column::NumeroDuenos => self.numero_duenos = former.numero_duenos,
            Column::Promociones => self.promociones.clone_from(&former.promociones),
            Column::IngresoInventario => self.ingreso_inventario = former.ingreso_inventario,
            // What was only the first photo goes on following the photos.
            Column::FeatureImage if former.feature_image.as_ref() == former.fotos_exterior_url.first() => {
                self.feature_image = None;
            }
            Column::FeatureImage => self.feature_image.clone_from(&former.feature_image),
            Column::FotosExteriorUrl => self.fotos_exterior_url.clone_from(&former.fotos_exterior_url),
            Column::FotosInteriorUrl => self.fotos_interior_url.clone_from(&former.fotos_interior_url),
            Column::SlugWanted => self.slug_wanted.clone_from(&former.slug_wanted),
        }
    }

    fn brand_and_model(&self) -> Option<String> {
        Some(format!("{} {}", self.marca.as_ref()?, self.modelo.as_ref()?))
    }
}

/// Whether two cells say the same, whatever an attachment's passing addresses are.
fn same(new: &Value, former: &Value) -> bool {
    match (new, former) {
        (Value::Array(new), Value::Array(former)) => {
            new.len() == former.len() && new.iter().zip(former).all(|(new, former)| same(new, former))
        }
        (Value::Object(new), Value::Object(former)) => {
            let attachments = attachment_id(new).is_some() && attachment_id(former).is_some();
            same_members(new, former, if attachments { &["url", "thumbnails"] } else { &[] })
        }
        (Value::Number(new), Value::Number(former)) => same_number(new, former),
        (new, former) => new == former,
    }
}

fn same_members(new: &Fields, former: &Fields, passing: &[&str]) -> bool {
    let lasting = |members: &Fields| members.keys().filter(|name| !passing.contains(&name.as_str())).count();
    lasting(new) == lasting(former)
        && new
            .iter()
            .filter(|(name, _)| !passing.contains(&name.as_str()))
            .all(|(name, value)| former.get(name).is_some_and(|former| same(value, former)))
}

/// `jsonb` writes a number otherwise than it was sent (`1e3` comes back as `1000`), and reading a long decimal may differ in
/// its last binary digits.
fn same_number(new: &serde_json::Number, former: &serde_json::Number) -> bool {
    if new == former {
        return true;
    }
    match (new.as_f64(), former.as_f64()) {
        (Some(a), Some(b)) if new.is_f64() || former.is_f64() => {
            (a - b).abs() <= a.abs().max(b.abs()) * 4.0 * f64::EPSILON
        }
        _ => false,
    }
}
