//! The folder of a temporary cluster, which vanishes with the last process that uses it.
//!
//! A small shell process makes the folder and waits for the end of its standard input: a pipe whose other end, the lifeline, is
//! held by vitrina and by every process of the server. So it removes the folder in whatever way they end, `kill -9` included,
//! and never while one of them is still writing.

use std::{
    io::{self, PipeWriter},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};
use tracing::warn;

use super::{
    error::PrivatePgError,
    home::{failed, has_room_under, set_mode},
    identity::Identity,
};

/// The name of a folder, as long as the real ones.
const NAME: &str = "vitrina-pg-XXXXXX";

/// How long removing the folder is waited for.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// A temporary folder and the process that removes it.
#[derive(Debug)]
pub(super) struct Janitor {
    lifeline: PipeWriter,
    process: Child,
    folder: PathBuf,
}

impl Janitor {
    /// Makes a folder under the system's temporary folder, or under `/tmp` where that one is too deep or closed to the server.
    pub(super) async fn start(identity: &Identity) -> Result<Self, PrivatePgError> {
        let usual = std::env::temp_dir();
        let usable = has_room_under(&usual, NAME) && identity.can_enter(&usual).await;
        let parent = if usable { usual } else { PathBuf::from("/tmp") };

        let (stdin, lifeline) = io::pipe().map_err(failed("open a pipe for", &parent))?;
        let (answer, stdout) = io::pipe().map_err(failed("open a pipe for", &parent))?;
        let process = Command::new("/bin/sh")
            .args(["-c", include_str!("janitor.sh"), "vitrina-janitor"])
            .arg(&parent)
            .process_group(0)
            .current_dir("/")
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| PrivatePgError::Program { program: "/bin/sh".into(), source })?;
        let answer = tokio::task::spawn_blocking(|| io::read_to_string(answer)).await;
        let folder = answer.map_err(io::Error::other).and_then(|answer| answer).and_then(|answer| {
            let folder = answer.trim_end_matches('\n');
            if folder.is_empty() { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(folder.into()) }
        });
        let folder: PathBuf = folder.map_err(failed("make a temporary folder in", &parent))?;
        set_mode(&folder, identity.passable_mode())?;
        Ok(Self { lifeline, process, folder })
    }

    /// The folder; empty and private at first.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The lifeline as a process's standard output.
    pub(super) fn stdout(&self) -> io::Result<Stdio> {
        Ok(self.lifeline.try_clone()?.into())
    }

    /// Waits until the folder is gone, for a while; every process of the server must have ended.
    pub(super) async fn finish(self) {
        let Self { lifeline, mut process, folder } = self;
        drop(lifeline);
        if !matches!(timeout(GONE_WITHIN, process.wait()).await, Ok(Ok(status)) if status.success()) {
            warn!("the temporary folder {} could not be removed, remove it by hand", folder.display());
        }
    }
}
