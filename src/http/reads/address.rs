//! The addresses of public reads.
//!
//! **Invariants:** an address is found from the path alone, once for each request, without an allocation. Everything below a public folder
//! is public, also what does not exist, so that a browser of another origin may read that there is nothing.
//!
//! **Not here:** what is answered ([`super`]).

use crate::{catalog::Shape, http::openapi};

/// Where Supabase had its functions.
pub(in crate::http) const FUNCTIONS: &str = "/functions/v1";

/// A folder of vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folder {
    Vehicles,
    RapidProcessor,
    FunctionsRapidProcessor,
}

/// What a public address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address<'a> {
    List(Folder),
    Facets,
    Slugs,
    /// A vehicle: the rest of the path, which may be another spelling of its slug.
    Vehicle(Folder, &'a str),
    CacheStats,
    OldCacheStats(Folder),
    Description,
    /// Below a folder, and nothing.
    Unknown(Folder),
}

impl Folder {
    const ALL: [Self; 3] = [Self::Vehicles, Self::RapidProcessor, Self::FunctionsRapidProcessor];

    /// Its path, without a slash at the end.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Vehicles => "/vehicles",
            Self::RapidProcessor => "/rapid-processor",
            Self::FunctionsRapidProcessor => "/functions/v1/rapid-processor",
        }
    }

    /// How vehicles look there.
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Vehicles => Shape::Plain,
            Self::RapidProcessor | Self::FunctionsRapidProcessor => Shape::Old,
        }
    }
}

impl<'a> Address<'a> {
    /// The address of a path, if it is public; `old`: whether the old system's are there.
    pub(super) fn find(path: &'a str, old: bool) -> Option<Self> {
        match path {
            "/cache-stats" => return Some(Self::CacheStats),
            openapi::PATH => return Some(Self::Description),
            _ => {}
        }
        let below = |folder: Folder| Some((folder, path.strip_prefix(folder.path())?));
        let folders = if old { &Folder::ALL[..] } else { &Folder::ALL[..1] };
        let (folder, rest) = folders.iter().find_map(|folder| below(*folder))?;
        if rest.is_empty() {
            return Some(Self::List(folder));
        }
        let rest = rest.strip_prefix('/')?;
        Some(match (folder.shape(), rest) {
            (Shape::Plain, "facets") => Self::Facets,
            (Shape::Plain, "slugs") => Self::Slugs,
            (Shape::Old, "cache-stats") => Self::OldCacheStats(folder),
            // For operators.
            (Shape::Old, "invalidate-cache") => return None,
            _ => match rest.strip_suffix('/').unwrap_or(rest) {
                "" => Self::Unknown(folder),
                slug if slug.contains('/') => Self::Unknown(folder),
                _ => Self::Vehicle(folder, rest),
            },
        })
    }

    /// The folder that it is below.
    pub(super) fn folder(self) -> Option<Folder> {
        match self {
            Self::List(folder)
            | Self::Vehicle(folder, _)
            | Self::OldCacheStats(folder)
            | Self::Unknown(folder) => Some(folder),
            Self::Facets | Self::Slugs => Some(Folder::Vehicles),
            Self::CacheStats | Self::Description => None,
        }
    }

    /// The pattern that the description has, for the metrics.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::List(folder) => folder.path(),
            Self::Facets => "/vehicles/facets",
            Self::Slugs => "/vehicles/slugs",
            Self::Vehicle(Folder::Vehicles, _) => "/vehicles/{slug}",
            Self::Vehicle(Folder::RapidProcessor, _) => "/rapid-processor/{slug}",
            Self::Vehicle(Folder::FunctionsRapidProcessor, _) => "/functions/v1/rapid-processor/{slug}",
            Self::CacheStats => "/cache-stats",
            Self::OldCacheStats(Folder::FunctionsRapidProcessor) => {
                "/functions/v1/rapid-processor/cache-stats"
            }
            Self::OldCacheStats(_) => "/rapid-processor/cache-stats",
            Self::Description => openapi::PATH,
            Self::Unknown(_) => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_below_a_public_folder_is_found_and_nothing_else() {
        for (path, found) in [
            ("/vehicles", Some(Address::List(Folder::Vehicles))),
            ("/vehicles/facets", Some(Address::Facets)),
            ("/vehicles/slugs", Some(Address::Slugs)),
            ("/vehicles/cache-stats", Some(Address::Vehicle(Folder::Vehicles, "cache-stats"))),
            ("/vehicles/Kia_Rio/", Some(Address::Vehicle(Folder::Vehicles, "Kia_Rio/"))),
            ("/vehicles/", Some(Address::Unknown(Folder::Vehicles))),
            ("/vehicles//", Some(Address::Unknown(Folder::Vehicles))),
            ("/vehicles/a//", Some(Address::Unknown(Folder::Vehicles))),
            ("/vehicles/a/b", Some(Address::Unknown(Folder::Vehicles))),
            ("/vehiclesx", None),
            ("/cache-stats", Some(Address::CacheStats)),
            ("/cache-stats/", None),
            ("/rapid-processor", Some(Address::List(Folder::RapidProcessor))),
            ("/rapid-processor/facets", Some(Address::Vehicle(Folder::RapidProcessor, "facets"))),
            ("/rapid-processor/cache-stats", Some(Address::OldCacheStats(Folder::RapidProcessor))),
            ("/rapid-processor/invalidate-cache", None),
            ("/functions/v1/rapid-processor/a", Some(Address::Vehicle(Folder::FunctionsRapidProcessor, "a"))),
            ("/functions/v1/airtable-sync", None),
            ("/", None),
        ] {
            assert_eq!(Address::find(path, true), found, "{path}");
        }
        assert_eq!(Address::find("/rapid-processor", false), None);
    }
}
