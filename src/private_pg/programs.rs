//! Finding PostgreSQL's programs: the folder of the settings, `PATH`, the usual places, what was fetched before.
//!
//! **Invariants:** a folder counts only if `initdb`, `pg_ctl` and `postgres` are in it and the server's user can run them; its
//! version is what `postgres --version` says, never what its path says. A cluster is only ever run by its own major version.
//!
//! **Not here:** fetching them where none are installed (`fetch`).

use std::{
    cmp::Reverse,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{error::PrivatePgError, identity::Identity};

/// The oldest major version that vitrina's SQL runs on.
const OLDEST: u32 = 14;

/// What must be in the folder.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put the programs; `*` begins with the major version.
const USUAL: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/lib/postgresql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin",
];

/// A folder of programs that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    dir: PathBuf,
    /// The major version.
    pub(super) major: u32,
}

impl Programs {
    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Where to look.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The folder that the settings name: then only this one counts.
    pub(super) programs_dir: Option<PathBuf>,
    /// As the environment's `PATH`.
    pub(super) path: OsString,
    /// Folders with one `*`, as [`USUAL`].
    pub(super) patterns: Vec<String>,
}

impl Places {
    /// This machine's places.
    pub(super) fn usual(programs_dir: Option<PathBuf>, cache: &Path) -> Self {
        let fetched = cache.join("postgresql-*").join("bin").display().to_string();
        Self {
            programs_dir,
            path: std::env::var_os("PATH").unwrap_or_default(),
            patterns: USUAL.iter().map(|&pattern| pattern.to_owned()).chain([fetched]).collect(),
        }
    }

    /// The folders in the order of preference: `PATH` first, then the newest.
    fn folders(&self) -> Vec<PathBuf> {
        if let Some(dir) = &self.programs_dir {
            return vec![dir.clone()];
        }
        let on_path = std::env::split_paths(&self.path).map(|dir| dir.join("postgres"));
        let on_path = on_path.filter_map(|program| Some(program.canonicalize().ok()?.parent()?.to_owned()));
        let mut usual: Vec<_> = self.patterns.iter().flat_map(|pattern| expand(pattern)).collect();
        usual.sort_by_key(|(version, _)| Reverse(*version));

        let mut folders = Vec::new();
        for dir in on_path.chain(usual.into_iter().map(|(_, dir)| dir)) {
            if !folders.contains(&dir) {
                folders.push(dir);
            }
        }
        folders
    }
}

/// Finds programs for a new cluster, or for the existing one of major version `cluster`. If there are none, `fetch` gets them
/// and answers with their folder, or says why it cannot.
pub(super) async fn find(
    places: &Places,
    cluster: Option<u32>,
    identity: &Identity,
    fetch: impl AsyncFnOnce(Option<u32>) -> Result<PathBuf, String>,
) -> Result<Programs, PrivatePgError> {
    let problems = match look(places, cluster, identity).await {
        Ok(programs) => return Ok(programs),
        Err(problems) => problems,
    };
    if places.programs_dir.is_some() {
        return Err(PrivatePgError::ProgramsDir { problem: problems, wanted: wanted(cluster) });
    }
    let not_found =
        |fetch| PrivatePgError::ProgramsNotFound { wanted: wanted(cluster), looked_in: problems, fetch };
    let dir = match fetch(cluster).await {
        Ok(dir) => dir,
        Err(problem) => return Err(not_found(problem)),
    };
    inspect(&dir, identity).await.map_err(not_found)
}

/// Looks without fetching; the error says what was found in each folder.
pub(super) async fn look(
    places: &Places,
    cluster: Option<u32>,
    identity: &Identity,
) -> Result<Programs, String> {
    let mut problems = Vec::new();
    for dir in places.folders() {
        match inspect(&dir, identity).await {
            Ok(programs) if fits(programs.major, cluster) => return Ok(programs),
            Ok(programs) => problems.push(format!("{} has version {}", dir.display(), programs.major)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        problems.push("neither on PATH nor in the usual folders".to_owned());
    }
    Err(problems.join("; "))
}

/// Whether a version can run the cluster, or make a new one.
fn fits(major: u32, cluster: Option<u32>) -> bool {
    cluster.map_or(major >= OLDEST, |cluster| major == cluster)
}

fn wanted(cluster: Option<u32>) -> String {
    cluster.map_or_else(
        || format!("{OLDEST} or newer"),
        |major| format!("{major} (the version that made the existing cluster)"),
    )
}

async fn inspect(dir: &Path, identity: &Identity) -> Result<Programs, String> {
    if let Some(missing) = NEEDED.iter().find(|name| !dir.join(name).is_file()) {
        return Err(format!("{} has no {missing}", dir.display()));
    }
    let output = identity.command(&dir.join("postgres")).arg("--version").output().await;
    let output = output.map_err(|error| {
        format!("{} cannot be run by {}: {error}", dir.join("postgres").display(), identity.server_user())
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let major = major_version(&text)
        .ok_or_else(|| format!("{} does not tell its version", dir.join("postgres").display()))?;
    Ok(Programs { dir: dir.to_owned(), major })
}

/// The major version in what `postgres --version` prints, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_version(text: &str) -> Option<u32> {
    leading_number(text.split_once("(PostgreSQL) ")?.1)
}

/// The folders that a pattern with one `*` names, each with the number that `*` begins with.
fn expand(pattern: &str) -> Vec<(u32, PathBuf)> {
    let Some((before, after)) = pattern.split_once('*') else { return Vec::new() };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = leading_number(name.to_str()?.strip_prefix(prefix)?)?;
            let dir = entry.path().join(after.trim_start_matches('/'));
            dir.is_dir().then_some((version, dir))
        })
        .collect()
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 17.5 (Homebrew)\n", Some(17)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("postgres (PostgreSQL) devel\n", None),
            ("psql 15\n", None),
            ("", None),
        ] {
            assert_eq!(major_version(text), major, "{text:?}");
        }
    }

    #[test]
    fn a_new_cluster_takes_14_or_newer_and_an_existing_one_only_its_own_version() {
        for (major, cluster, expected) in [
            (13, None, false),
            (14, None, true),
            (18, None, true),
            (15, Some(15), true),
            (16, Some(15), false),
            (14, Some(15), false),
        ] {
            assert_eq!(fits(major, cluster), expected, "{major} for {cluster:?}");
        }
    }

    #[test]
    fn path_comes_first_then_the_newest_and_symlinks_are_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for version in ["9", "14", "17", "latest"] {
            fs::create_dir_all(root.join("pg").join(version).join("bin")).unwrap();
        }
        fs::write(root.join("pg/14/bin/postgres"), "").unwrap();
        fs::create_dir(root.join("links")).unwrap();
        std::os::unix::fs::symlink(root.join("pg/14/bin/postgres"), root.join("links/postgres")).unwrap();

        let mut places = Places {
            programs_dir: None,
            path: root.join("links").into(),
            patterns: vec![format!("{}/pg/*/bin", root.display())],
        };
        let expected = ["pg/14/bin", "pg/17/bin", "pg/9/bin"].map(|dir| root.join(dir));
        assert_eq!(places.folders(), expected);

        places.programs_dir = Some(root.join("mine"));
        assert_eq!(places.folders(), [root.join("mine")]);
    }

    #[test]
    fn the_number_may_be_a_part_of_the_folders_name() {
        let root = tempfile::tempdir().unwrap();
        for name in ["pgsql-16", "pgsql-9.6", "pgsql-old", "other-17"] {
            fs::create_dir_all(root.path().join(name).join("bin")).unwrap();
        }
        let mut found = expand(&format!("{}/pgsql-*/bin", root.path().display()));
        found.sort();
        assert_eq!(found, [(9, root.path().join("pgsql-9.6/bin")), (16, root.path().join("pgsql-16/bin"))]);
    }
}
