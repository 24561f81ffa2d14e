//! The operating system's user that PostgreSQL's programs run as.
//!
//! PostgreSQL refuses root. When vitrina is root, the programs run as the owner of the existing cluster, else as `postgres`,
//! else as `nobody`; any other user runs them as itself.
//!
//! **Invariants:** every program of the private PostgreSQL is started through [`Identity::command`]: in a process group of its
//! own (a terminal's Ctrl-C stops vitrina, which then stops them in order), in `/`, with the plain locale.

use std::{
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use tokio::process::Command;

use super::error::PrivatePgError;

/// Who runs vitrina, and who runs its PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// The name of vitrina's own user: the only one that the server lets in.
    pub(super) own_name: String,
    /// The user and group of the server, where they are not vitrina's own.
    server: Option<(u32, u32)>,
}

impl Identity {
    /// Finds out who this is; `data` is where the cluster's files are or will be.
    pub(super) async fn find(data: Option<&Path>) -> Result<Self, PrivatePgError> {
        let own_name = id(&["-un"]).await?;
        if id(&["-u"]).await? != "0" {
            return Ok(Self { own_name, server: None });
        }
        let owner = data.and_then(|data| data.metadata().ok()).map(|found| (found.uid(), found.gid()));
        let server = match owner {
            Some(owner) if owner.0 != 0 => owner,
            _ => match user_and_group("postgres").await {
                Ok(found) => found,
                Err(_) => user_and_group("nobody").await?,
            },
        };
        Ok(Self { own_name, server: Some(server) })
    }

    /// A program to be run as the server's user, with nothing on its standard input.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.process_group(0).current_dir("/").env("LC_ALL", "C").stdin(std::process::Stdio::null());
        if let Some((user, group)) = self.server {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes the server's user the owner of a file or folder.
    pub(super) fn give(&self, path: &Path) -> Result<(), PrivatePgError> {
        self.server.map_or(Ok(()), |(user, group)| {
            chown(path, Some(user), Some(group)).map_err(|source| PrivatePgError::Folder {
                action: "change the owner of",
                path: path.into(),
                source,
            })
        })
    }

    /// Whether vitrina runs as root, and so its PostgreSQL as somebody else.
    pub(super) fn is_root(&self) -> bool {
        self.server.is_some()
    }

    /// The permissions of a folder that the server's user must pass through but need not read.
    pub(super) fn passable_mode(&self) -> u32 {
        if self.is_root() { 0o711 } else { 0o700 }
    }

    /// Whether the server's user can enter a folder; asked of the system, by that user.
    pub(super) async fn can_enter(&self, folder: &Path) -> bool {
        let mut probe = self.command(Path::new("/bin/sh"));
        probe.args(["-c", "test -x \"$0\""]).arg(folder);
        probe.status().await.is_ok_and(|status| status.success())
    }

    /// The server's user, for messages.
    pub(super) fn server_user(&self) -> String {
        self.server.map_or_else(|| self.own_name.clone(), |(user, _)| format!("user {user}"))
    }
}

async fn user_and_group(name: &str) -> Result<(u32, u32), PrivatePgError> {
    Ok((number(&["-u", name]).await?, number(&["-g", name]).await?))
}

async fn number(arguments: &[&str]) -> Result<u32, PrivatePgError> {
    let text = id(arguments).await?;
    text.parse().map_err(|_| PrivatePgError::Identity { arguments: arguments.join(" "), problem: text })
}

/// `id` knows every source of users: files, directory services, macOS.
async fn id(arguments: &[&str]) -> Result<String, PrivatePgError> {
    let failed = |problem: String| PrivatePgError::Identity { arguments: arguments.join(" "), problem };
    let output =
        Command::new("id").args(arguments).output().await.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
