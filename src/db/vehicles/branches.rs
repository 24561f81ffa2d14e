//! The display names of branches.

use std::collections::{BTreeMap, HashSet};

use crate::domain::text::fold;

/// Branch codes and their display names.
pub type Locations = BTreeMap<String, String>;

/// Maps a folded code or a folded display name to the display name; codes win.
#[derive(Debug)]
pub struct BranchNames(BTreeMap<String, String>);

impl From<&Locations> for BranchNames {
    fn from(locations: &Locations) -> Self {
        let mut names = BTreeMap::new();
        for name in locations.values() {
            names.entry(fold(name)).or_insert_with(|| name.clone());
        }
        // Display names that differ only in spelling are one name.
        let of_codes =
            locations.iter().filter_map(|(code, name)| Some((fold(code), names.get(&fold(name))?.clone())));
        let of_codes: Vec<_> = of_codes.collect();
        names.extend(of_codes);
        Self(names)
    }
}

impl BranchNames {
    /// The display name of a branch; an unknown one is itself.
    pub fn shown<'a>(&'a self, branch: &'a str) -> &'a str {
        self.0.get(&fold(branch)).map_or(branch, String::as_str)
    }

    /// The display names of branches in their order, each once.
    pub fn all_shown<'a>(&'a self, branches: &'a [String]) -> Vec<&'a str> {
        let mut known = HashSet::new();
        branches.iter().map(|branch| self.shown(branch)).filter(|shown| known.insert(fold(shown))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(locations: &[(&str, &str)]) -> BranchNames {
        let locations: Locations =
            locations.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect();
        BranchNames::from(&locations)
    }

    #[test]
    fn a_branch_has_one_name_by_whatever_it_is_called() {
        let names = names(&[("MTY", "Monterrey"), ("MTY2", "MONTERREY"), ("MÉR", "Mérida")]);
        for (called, name) in [
            ("mty", "Monterrey"),
            ("MTY", "Monterrey"),
            ("mty2", "Monterrey"),
            ("monterrey", "Monterrey"),
            ("MONTERREY", "Monterrey"),
            ("mer", "Mérida"),
            ("merida", "Mérida"),
            ("otra", "otra"),
        ] {
            assert_eq!(names.shown(called), name, "{called}");
        }
        let stands = ["Otra", "mty", "OTRA", "Monterréy"].map(str::to_owned);
        assert_eq!(names.all_shown(&stands), ["Otra", "Monterrey"]);
    }

    #[test]
    fn a_code_is_never_another_branchs_name() {
        let names = names(&[("GPE", "Guadalupe"), ("MTY", "gpe")]);
        assert_eq!(
            (names.shown("gpe"), names.shown("GPE"), names.shown("mty")),
            ("Guadalupe", "Guadalupe", "gpe")
        );
    }
}
