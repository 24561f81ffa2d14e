//! The folder of a cluster: what is where, who owns it, and the lock that tells whether anything still runs in it.
//!
//! ```text
//! owner.lock     locked by the vitrina that uses the folder
//! server.log     standard error of every process of the server, and locked by them all
//! pg_hba.conf, pg_ident.conf   who may connect; written anew at each start
//! socket/        the Unix socket (0700)
//! data/          PostgreSQL's own files (0700)
//! ```
//!
//! **Invariants:** at most one vitrina holds [`Home`]; while [`ServerLog`] is held, no process of an earlier server is alive
//! (a lock lives as long as one process has the file open, and all of them have it as standard error). The folder itself
//! belongs to vitrina's user, so that a server running as another user cannot replace what root writes there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process::Stdio,
};

use super::{error::PrivatePgError, identity::Identity};

/// The port, which on a Unix socket is only a part of the socket's name: the one that clients assume.
pub(super) const PORT: u16 = 5432;

/// The longest path of a socket that both Linux (107) and macOS (103) take, in bytes.
const SOCKET_PATH_LIMIT: usize = 103;

/// A log larger than this is emptied at the next start, in bytes.
const LOG_LIMIT: u64 = 4 << 20;

/// How much of the log an error shows, in bytes.
const TAIL: u64 = 2048;

/// A cluster's folder, owned by this process.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    _owner: File,
}

/// The server's log, locked.
#[derive(Debug)]
pub(super) struct ServerLog {
    file: File,
    /// Where this run's lines begin.
    begin: u64,
}

impl Home {
    /// Makes the folder where needed and takes possession of it.
    pub(super) async fn open(folder: &Path, identity: &Identity) -> Result<Self, PrivatePgError> {
        if !folder.exists() {
            let mut builder = DirBuilder::new();
            let made = builder.recursive(true).mode(identity.passable_mode()).create(folder);
            made.map_err(failed("make", folder))?;
            set_mode(folder, identity.passable_mode())?;
        }
        let folder = folder.canonicalize().map_err(failed("find", folder))?;
        if !identity.can_enter(&folder).await {
            return Err(PrivatePgError::Unreachable { folder, user: identity.server_user() });
        }
        let socket = folder.join(socket_in_folder());
        if socket.as_os_str().len() > SOCKET_PATH_LIMIT {
            return Err(PrivatePgError::PathTooLong { socket, limit: SOCKET_PATH_LIMIT });
        }

        let lock = folder.join("owner.lock");
        let owner = append(&lock)?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PrivatePgError::InUse { folder }),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &lock)(source)),
        }
        let home = Self { folder, _owner: owner };
        if !home.socket_folder().exists() {
            make_private(&home.socket_folder(), identity)?;
        }
        home.write_access_rules(identity)?;
        Ok(home)
    }

    /// The whole folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// PostgreSQL's own files.
    pub(super) fn data(&self) -> PathBuf {
        data_in(&self.folder)
    }

    /// Where `initdb` works until it is done: a half-made cluster is never taken for a whole one.
    pub(super) fn unfinished_data(&self) -> PathBuf {
        self.folder.join("data.new")
    }

    /// The folder of the Unix socket.
    pub(super) fn socket_folder(&self) -> PathBuf {
        socket_in(&self.folder)
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// A file of [`Home`] that tells the server who may connect.
    pub(super) fn access_rules(&self) -> [PathBuf; 2] {
        ["pg_hba.conf", "pg_ident.conf"].map(|name| self.folder.join(name))
    }

    /// The major version that made the cluster; `None`: there is none yet.
    pub(super) fn cluster_version(&self) -> Option<u32> {
        fs::read_to_string(self.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// The log, if no process of an earlier server is alive; `None` while there is one.
    pub(super) fn try_log(&self) -> Result<Option<ServerLog>, PrivatePgError> {
        let path = self.log();
        let file = append(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        let mut begin = file.metadata().map_err(failed("read", &path))?.len();
        if begin > LOG_LIMIT {
            file.set_len(0).map_err(failed("empty", &path))?;
            begin = 0;
        }
        Ok(Some(ServerLog { file, begin }))
    }

    /// Removes a `postmaster.pid` whose process is gone or is no server of this cluster.
    ///
    /// PostgreSQL itself looks only whether a process of that number is alive, and would refuse to start when an unrelated one is:
    /// after a hard stop of a container the numbers begin anew. To be called while [`ServerLog`] is held.
    pub(super) fn forget_dead_server(&self) {
        let file = self.data().join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&file) else { return };
        let Some(process) = text.lines().next().filter(|_| Path::new("/proc/self/cwd").exists()) else {
            return;
        };
        // A server works in its data folder.
        let dead = match fs::read_link(Path::new("/proc").join(process.trim()).join("cwd")) {
            Ok(works_in) => works_in != self.data(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if dead {
            // If this fails, PostgreSQL judges the file by itself.
            let _ = fs::remove_file(file);
        }
    }

    /// Only vitrina's own user gets in, and only as `vitrina`: the kernel tells the server who is at the other end of the socket.
    fn write_access_rules(&self, identity: &Identity) -> Result<(), PrivatePgError> {
        let rules = [
            "local all vitrina peer map=vitrina\n".to_owned(),
            format!("vitrina \"{}\" vitrina\n", identity.own_name),
        ];
        for (path, rule) in self.access_rules().iter().zip(rules) {
            fs::write(path, format!("# Written by vitrina at each start.\n{rule}"))
                .map_err(failed("write", path))?;
            set_mode(path, 0o644)?;
        }
        Ok(())
    }
}

impl ServerLog {
    /// The log as a process's standard error, which keeps it locked until that process and its children end.
    pub(super) fn stderr(&self) -> io::Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    /// Where this run's lines begin, in bytes.
    pub(super) fn begin(&self) -> u64 {
        self.begin
    }
}

/// Whether a socket in a cluster's folder under `parent` would fit.
pub(super) fn has_room_under(parent: &Path, name: &str) -> bool {
    parent.join(name).join(socket_in_folder()).as_os_str().as_bytes().len() <= SOCKET_PATH_LIMIT
}

/// Makes an empty folder that only the server's user can enter.
pub(super) fn make_private(folder: &Path, identity: &Identity) -> Result<(), PrivatePgError> {
    DirBuilder::new().mode(0o700).create(folder).map_err(failed("make", folder))?;
    identity.give(folder)
}

/// The folder of the socket of a cluster in `folder`.
pub(super) fn socket_in(folder: &Path) -> PathBuf {
    folder.join("socket")
}

/// Where a cluster's folder has PostgreSQL's own files.
pub(super) fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The last lines of a log after position `begin`.
pub(super) fn tail(log: &Path, begin: u64) -> String {
    let read = || {
        let mut file = File::open(log)?;
        let from = file.metadata()?.len().saturating_sub(TAIL).max(begin);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    };
    read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
}

/// Turns the system's reason into ours.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivatePgError {
    move |source| PrivatePgError::Folder { action, path: path.to_owned(), source }
}

fn socket_in_folder() -> String {
    format!("socket/.s.PGSQL.{PORT}")
}

fn append(path: &Path) -> Result<File, PrivatePgError> {
    OpenOptions::new().create(true).append(true).open(path).map_err(failed("open", path))
}

/// Sets the permissions of a file or folder.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), PrivatePgError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("set the permissions of", path))
}
