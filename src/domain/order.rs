//! The orders of the listing.

/// What comes first; equal ones stand in the order of their record ids, unknown values last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The most recently updated first.
    #[default]
    Updated,
    /// What fits the search best first.
    Relevance,
    /// The latest to come into stock first.
    Newest,
    /// The cheapest first.
    PriceAsc,
    /// The dearest first.
    PriceDesc,
    /// The oldest model first.
    YearAsc,
    /// The newest model first.
    YearDesc,
    /// The least driven first.
    MileageAsc,
    /// The most driven first.
    MileageDesc,
}

impl Order {
    /// Those that `orderby` may name.
    pub const NAMED: [Self; 8] = [
        Self::PriceAsc,
        Self::PriceDesc,
        Self::YearAsc,
        Self::YearDesc,
        Self::MileageAsc,
        Self::MileageDesc,
        Self::Newest,
        Self::Relevance,
    ];

    /// Its name in URLs and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::PriceAsc => "price-asc",
            Self::PriceDesc => "price-desc",
            Self::YearAsc => "year-asc",
            Self::YearDesc => "year-desc",
            Self::MileageAsc => "mileage-asc",
            Self::MileageDesc => "mileage-desc",
        }
    }

    /// The order that a URL names.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|order| order.name() == name)
    }
}
