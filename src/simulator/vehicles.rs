//! The table of a dealership's vehicles, with every field name that the default mapping knows.
//!
//! **Not here:** the vehicles.

use super::{
    ids::Ids,
    options::{FieldSpec, TableSpec},
    store::FieldKind::{
        self, Checkbox, Currency, DateTime, MultilineText, MultipleAttachments, MultipleSelects, Number,
        SingleLineText, SingleSelect, Url,
    },
};

const FIELDS: [(&str, FieldKind); 65] = [
    ("Auto", SingleLineText),
    ("OrdenCompra", SingleLineText),
    ("OrdenStatus", SingleSelect),
    ("AutoMarca", SingleSelect),
    ("AutoSubmarcaVersion", SingleLineText),
    ("AutoAno", Number),
    ("autoano", Number),
    ("Precio", Currency),
    ("Oferta", Currency),
    ("oferta", Currency),
    ("Con Oferta", Checkbox),
    ("autokilometraje", Number),
    ("kilometraje", Number),
    ("autotransmision", SingleSelect),
    ("transmision", SingleLineText),
    ("autocombustible", SingleSelect),
    ("combustible", SingleLineText),
    ("ClasificacionID", MultipleSelects),
    ("Ubicacion", MultipleSelects),
    ("Garantia", SingleSelect),
    ("garantia", SingleLineText),
    ("descripcion", MultilineText),
    ("description", MultilineText),
    ("TituloMeta", SingleLineText),
    ("metadescripcion", MultilineText),
    ("EngancheMin", Currency),
    ("enganchemin", Currency),
    ("EngancheRecomendado", Currency),
    ("enganche_recomendado", Currency),
    ("MensualidadMinima", Currency),
    ("mensualidad_minima", Currency),
    ("MensualidadRecomendada", Currency),
    ("mensualidad_recomendada", Currency),
    ("PlazoMax", Number),
    ("plazomax", Number),
    ("AutoCilindros", Number),
    ("cilindros", Number),
    ("NumeroDuenos", Number),
    ("numero_duenos", Number),
    ("AutoMotor", SingleLineText),
    ("motor", SingleLineText),
    ("Separado", Checkbox),
    ("separado", Checkbox),
    ("Rezago", Checkbox),
    ("rezago", Checkbox),
    ("En Reparación", Checkbox),
    ("Utilitario", Checkbox),
    ("vendido", Checkbox),
    ("Promociones", MultipleSelects),
    ("promociones", MultipleSelects),
    ("IngresoInventario", DateTime),
    ("ingreso_inventario", DateTime),
    ("feature_image", Url),
    ("featured_image_url", Url),
    ("feature_image_url", Url),
    ("fotos_exterior_url", MultipleAttachments),
    ("fotos_interior_url", MultipleAttachments),
    ("ligawp", Url),
    ("slug", SingleLineText),
    ("Notas", MultilineText),
    ("Proveedor", SingleLineText),
    ("FacturaNumero", SingleLineText),
    ("CostoCompra", Currency),
    ("Placas", SingleLineText),
    ("NumeroSerie", SingleLineText),
];

pub(super) fn table(ids: &mut Ids) -> TableSpec {
    let fields = FIELDS
        .iter()
        .map(|(name, kind)| FieldSpec { id: ids.next("fld"), name: (*name).to_owned(), kind: *kind })
        .collect();
    TableSpec { id: ids.next("tbl"), name: "Vehículos".to_owned(), fields }
}
