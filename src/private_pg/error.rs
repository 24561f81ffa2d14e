//! What can go wrong with the private PostgreSQL, in sentences for the operator.
//!
//! **Invariants:** each text names the folder or program it is about and what to do next; none holds a secret, because the
//! private PostgreSQL has none.

use std::{io, path::PathBuf, time::Duration};

/// Why the private PostgreSQL cannot be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePgError {
    /// No PostgreSQL on this machine, and none could be fetched.
    #[error(
        "PostgreSQL {wanted} was not found ({looked_in}) and could not be fetched: {fetch}. Install it (Debian, Ubuntu: \
         `apt install postgresql`; macOS: `brew install postgresql@17`), or name the folder of `initdb` and `postgres` in \
         database.programs_dir, or set DATABASE_URL to a server that runs already"
    )]
    ProgramsNotFound {
        /// Such as `14 or newer`.
        wanted: String,
        /// The folders looked in, each with what was found there.
        looked_in: String,
        /// Why fetching failed.
        fetch: String,
    },

    /// The folder that the settings name is no folder of PostgreSQL's programs that can be used.
    #[error(
        "database.programs_dir does not help: {problem}. It must hold `initdb`, `pg_ctl` and `postgres` of \
         PostgreSQL {wanted}; without the setting the usual places are searched"
    )]
    ProgramsDir {
        /// What is wrong with the folder; names it.
        problem: String,
        /// Such as `14 or newer`.
        wanted: String,
    },

    /// A folder or file cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Folder {
        /// Such as `make`.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// The socket's path does not fit into the operating system's limit.
    #[error(
        "the path {} is too long for a Unix socket (at most {limit} bytes): choose a shorter database.private_data_dir",
        socket.display()
    )]
    PathTooLong {
        /// The socket's path.
        socket: PathBuf,
        /// What the operating system allows, in bytes.
        limit: usize,
    },

    /// The user that PostgreSQL must run as cannot enter the folder.
    #[error(
        "PostgreSQL refuses to run as root and runs as {user}, who cannot enter {}: choose a database.private_data_dir whose \
         parent folders everybody may enter, such as /var/lib/vitrina",
        folder.display()
    )]
    Unreachable {
        /// The folder.
        folder: PathBuf,
        /// Such as `user 101`.
        user: String,
    },

    /// Another vitrina works with this cluster.
    #[error(
        "another vitrina uses the private PostgreSQL in {}: stop it, or give this one its own database.private_data_dir",
        folder.display()
    )]
    InUse {
        /// The cluster's folder.
        folder: PathBuf,
    },

    /// A server of a vitrina that is gone does not stop.
    #[error(
        "a PostgreSQL server left behind in {} did not stop within {within:?}: see {} for the reason, then end it with \
         `pg_ctl stop -m immediate`",
        folder.display(), folder.join("server.log").display()
    )]
    LeftOver {
        /// The cluster's folder.
        folder: PathBuf,
        /// How long it was waited for.
        within: Duration,
    },

    /// The user has no name, which PostgreSQL needs.
    #[error(
        "cannot tell which user this is (`id {arguments}`: {problem}). PostgreSQL needs a user with a name: add one to /etc/passwd, \
         or set DATABASE_URL to a server that runs already"
    )]
    Identity {
        /// The arguments of `id`.
        arguments: String,
        /// What `id` said.
        problem: String,
    },

    /// A program cannot be run at all.
    #[error("cannot run {}: {source}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// `initdb` failed.
    #[error("initdb could not make a cluster in {}; it said:\n{output}", folder.display())]
    InitFailed {
        /// The cluster's folder.
        folder: PathBuf,
        /// The last lines of its output.
        output: String,
    },

    /// The server ended while starting.
    #[error("PostgreSQL did not start; the end of {}:\n{tail}", log.display())]
    StartFailed {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// The server runs but does not answer.
    #[error("PostgreSQL did not answer within {within:?} ({problem}); the end of {}:\n{tail}", log.display())]
    NotReady {
        /// How long it was waited for.
        within: Duration,
        /// What connecting said last.
        problem: String,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// The server refused the first connection or the making of the database.
    #[error("the private PostgreSQL runs but refused its owner: {0}")]
    Refused(#[source] sqlx::Error),

    /// The server did not end in time.
    #[error("PostgreSQL in {} did not stop within {within:?}; it goes on stopping by itself", folder.display())]
    DidNotStop {
        /// The cluster's folder.
        folder: PathBuf,
        /// How long it was waited for.
        within: Duration,
    },
}
