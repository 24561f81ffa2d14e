//! The direction of dependencies and the documentation of every file, read from the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// Who may use whom: a module may use those that stand after it, and some of those in [`BESIDE`].
const ORDER: [&str; 11] =
    ["cli", "app", "http", "alerts", "monitor", "sync", "catalog", "airtable", "db", "config", "domain"];

/// What stands beside the others, with what it may use of them.
const BESIDE: [(&str, &[&str]); 6] = [
    ("lifecycle", &[]),
    ("telemetry", &["config"]),
    ("clock", &[]),
    ("signals", &["clock"]),
    ("private_pg", &["config"]),
    ("simulator", &["clock"]),
];

/// Tests that stand in files of their own beside the code.
fn is_test(path: &Path) -> bool {
    let in_tests = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .is_ok_and(|path| path.components().any(|part| part.as_os_str() == "tests"));
    in_tests || path.file_stem().is_some_and(|stem| stem == "tests" || stem == "properties")
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("src"), &mut found);
    assert!(found.len() > 50);
    found
        .into_iter()
        .map(|path| (path.strip_prefix(root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

fn module(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn may_use(user: &str, target: &str) -> bool {
    if user == target || user == "main" || user == "lib" {
        return true;
    }
    if let Some((_, allowed)) = BESIDE.iter().find(|(name, _)| *name == user) {
        return allowed.contains(&target);
    }
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    match (place(user), place(target)) {
        (Some(from), Some(to)) => from < to && !(user == "airtable" && target == "db"),
        // The clock may be asked by whoever is not told; the others serve those who start things.
        (Some(_), None) => match target {
            "clock" | "signals" => user != "domain",
            "lifecycle" | "telemetry" | "private_pg" | "simulator" => ["cli", "app"].contains(&user),
            _ => false,
        },
        _ => false,
    }
}

#[test]
fn no_arrow_points_outward() {
    let uses = Regex::new(r"crate::(?:\{|([a-z_]+))").unwrap();
    let group = Regex::new(r"crate::\{([^;]*)\};").unwrap();
    let nested = Regex::new(r"\{[^{}]*\}").unwrap();
    let member = Regex::new(r"(?:^|,)\s*([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap();
        let singles = uses.captures_iter(code).filter_map(|found| Some(found.get(1)?.as_str().to_owned()));
        let grouped = group.captures_iter(code).flat_map(|found| {
            let mut members = found[1].to_owned();
            while nested.is_match(&members) {
                members = nested.replace_all(&members, "").into_owned();
            }
            member.captures_iter(&members).map(|name| name[1].to_owned()).collect::<Vec<_>>()
        });
        for used in singles.chain(grouped) {
            if !may_use(&module(&path), &used) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_knows_no_machinery() {
    let machinery =
        Regex::new(r"\b(axum|sqlx|reqwest|tokio|std::env|std::fs|Utc::now|SystemTime|Instant)\b").unwrap();
    for (path, text) in sources() {
        if module(&path) == "domain" {
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            assert!(!machinery.is_match(&code), "{}: {:?}", path.display(), machinery.find(&code));
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} has no module doc", path.display());
    }
}

#[test]
fn files_have_one_purpose_and_are_short() {
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().count();
        assert!(lines <= 360, "{}: {lines} lines", path.display());
    }
}
