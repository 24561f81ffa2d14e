//! The orders of the listing.

/// What comes first. Equal keys stand in the order of their record ids, unknown values last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The most recently updated first.
    #[default]
    Updated,
    /// The best match of the search first.
    Relevance,
    /// The latest arrival in stock first.
    Newest,
    /// The lowest final price first.
    PriceAsc,
    /// The highest final price first.
    PriceDesc,
    /// The oldest model year first.
    YearAsc,
    /// The newest model year first.
    YearDesc,
    /// The lowest mileage first.
    MileageAsc,
    /// The highest mileage first.
    MileageDesc,
}

impl Order {
    /// Every value of `orderby`; `default` means: by relevance with a search, else by update.
    pub const NAMED: [(&'static str, Option<Self>); 9] = [
        ("price-asc", Some(Self::PriceAsc)),
        ("price-desc", Some(Self::PriceDesc)),
        ("year-asc", Some(Self::YearAsc)),
        ("year-desc", Some(Self::YearDesc)),
        ("mileage-asc", Some(Self::MileageAsc)),
        ("mileage-desc", Some(Self::MileageDesc)),
        ("newest", Some(Self::Newest)),
        ("relevance", Some(Self::Relevance)),
        ("default", None),
    ];
}
