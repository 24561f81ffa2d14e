//! Every filter of the listing, once: its parameters, the column that it looks at, its facet, and what the API description says of it.
//!
//! [`FILTERS`] is the table. Parsing and the canonical form ([`Filter`](super::Filter)) follow from it here, the SQL condition and the facet in `db::vehicles`, the
//! columns of the table `listing` in [`super::listing`], the OpenAPI parameters in `http::schema`.
//!
//! **To add a filter**, add an entry here and a test. A column that stands in [`INDEXED`] has a column and an index of its own in `listing`, which
//! takes a migration; any other column of a vehicle can be filtered by without one.
//!
//! **Units:** money in centavos here, in pesos in URLs.

/// One filter of the listing.
#[derive(Debug, Clone, Copy)]
pub struct Criterion {
    /// The column of the vehicle that it looks at, see [`super::listing`].
    pub column: &'static str,
    /// How it compares.
    pub test: Test,
    /// Its parameters in URLs: one, or the lower and the upper bound of a range.
    pub parameters: &'static [Parameter],
    /// What `GET /vehicles/facets` says of it under all other filters.
    pub facet: Facet,
}

/// A parameter of a URL.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its description in the API.
    pub about: &'static str,
    /// Which bound of a range it is.
    pub bound: Bound,
}

/// A bound of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The lowest value that passes, and what is no range.
    Low,
    /// The highest value that passes.
    High,
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The text is one of those given.
    Text,
    /// The text begins with the whole words of one of those given.
    Beginning,
    /// One of the texts of a list is one of those given.
    List,
    /// The same with branches, each by its code or its display name.
    Branches,
    /// The whole number is one of those given.
    Year,
    /// The number lies between the bounds.
    Range(Unit),
    /// The checkbox has this value.
    Flag(bool),
    /// The words are found.
    Search,
}

/// The unit of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Pesos with at most two decimals, compared in centavos.
    Pesos,
    /// A whole number.
    Whole,
}

/// The part of a filter in `GET /vehicles/facets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// Nothing.
    None,
    /// Its options with their counts, under this name.
    Options(&'static str),
    /// The lowest and the highest value, under these names.
    Range(&'static str, &'static str),
}

/// Columns that the table `listing` has as such; values of all others stand in its column `more`.
pub const INDEXED: [&str; 15] = [
    "precio_final",
    "enganchemin",
    "mensualidad_minima",
    "autoano",
    "kilometraje",
    "con_oferta",
    "separado",
    "marca",
    "modelo",
    "transmision",
    "combustible",
    "garantia",
    "carroceria",
    "ubicacion",
    "promociones",
];

/// Every filter, in the order of the API description.
pub const FILTERS: [Criterion; 17] = [
    any("marca", Test::Text, &[only("marca", "Brands, such as `Mazda`.")], "marcas"),
    any(
        "modelo",
        Test::Beginning,
        &[only("modelo", "Models, by whole words from the beginning: `Corolla` finds Corolla LE.")],
        "models",
    ),
    any("autoano", Test::Year, &[only("autoano", "Model years.")], "years"),
    any("transmision", Test::Text, &[only("transmision", "Gearboxes.")], "transmissions"),
    any("combustible", Test::Text, &[only("combustible", "Fuels.")], "combustibles"),
    any("garantia", Test::Text, &[only("garantia", "Warranties.")], "warranties"),
    any(
        "carroceria",
        Test::List,
        &[only("carroceria", "Body types: `carroceria` or any of `clasificacionid`.")],
        "classifications",
    ),
    any(
        "ubicacion",
        Test::Branches,
        &[only("ubicacion", "Branches, by code or display name: `MTY` or `Monterrey`.")],
        "sucursales",
    ),
    any("promociones", Test::List, &[only("promociones", "Promotions.")], "promotions"),
    range(
        "precio_final",
        Unit::Pesos,
        &[
            only("minPrice", "The lowest `precio_final`, in pesos."),
            most("maxPrice", "The highest `precio_final`, in pesos."),
        ],
        Facet::Range("minPrice", "maxPrice"),
    ),
    range(
        "autoano",
        Unit::Whole,
        &[only("minYear", "The oldest model year."), most("maxYear", "The newest model year.")],
        Facet::Range("minYear", "maxYear"),
    ),
    range(
        "kilometraje",
        Unit::Whole,
        &[only("minMileage", "The lowest `kilometraje`."), most("maxMileage", "The highest `kilometraje`.")],
        Facet::Range("minMileage", "maxMileage"),
    ),
    range(
        "enganchemin",
        Unit::Pesos,
        &[
            only("enganchemin", "The lowest `enganchemin`, in pesos."),
            most("maxEnganche", "The highest `enganchemin`, in pesos."),
        ],
        Facet::Range("minEnganche", "maxEnganche"),
    ),
    range(
        "mensualidad_minima",
        Unit::Pesos,
        &[most("maxMonthly", "The highest `mensualidad_minima`, in pesos.")],
        Facet::None,
    ),
    flag("con_oferta", true, &[only("conOferta", "Only vehicles whose reduced price is on.")]),
    flag("separado", false, &[only("hideSeparado", "Leaves reserved vehicles out.")]),
    Criterion {
        column: "words",
        test: Test::Search,
        parameters: &[only(
            "search",
            "Words that all must be found in title, brand, model, year or description; beginnings suffice, a typo is forgiven, and `cx-5` is CX5 too. \
             The first 12 count; nothing is found by signs alone.",
        )],
        facet: Facet::None,
    },
];

const fn any(
    column: &'static str,
    test: Test,
    parameters: &'static [Parameter],
    facet: &'static str,
) -> Criterion {
    Criterion { column, test, parameters, facet: Facet::Options(facet) }
}

const fn range(
    column: &'static str,
    unit: Unit,
    parameters: &'static [Parameter],
    facet: Facet,
) -> Criterion {
    Criterion { column, test: Test::Range(unit), parameters, facet }
}

const fn flag(column: &'static str, value: bool, parameters: &'static [Parameter]) -> Criterion {
    Criterion { column, test: Test::Flag(value), parameters, facet: Facet::None }
}

const fn only(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, bound: Bound::Low }
}

const fn most(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, bound: Bound::High }
}
