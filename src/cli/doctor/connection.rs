//! Why there is no connection to PostgreSQL, and what to do for each reason.

use super::{
    database::NEEDED,
    report::{Area, Report},
};
use crate::db::checkup::{NoConnection, Place};

pub(super) fn told(problem: &NoConnection, place: &Place, report: &mut Report) {
    let Place { server, user, database, .. } = place;
    let (found, remedy) = match problem {
        NoConnection::Unreachable(said) => (
            format!("{server} cannot be reached: {said}"),
            "Check host and port in DATABASE_URL, that PostgreSQL runs there, and that no firewall stands between.".to_owned(),
        ),
        NoConnection::Encryption(said) => (
            format!("{server} answers, but not as PostgreSQL with this encryption does: {said}"),
            "Check sslmode in DATABASE_URL (disable, prefer, require, verify-full), and that the port is PostgreSQL's.".to_owned(),
        ),
        NoConnection::Password => (
            format!("{server} does not take the password of the user {user:?}"),
            "Correct the password in DATABASE_URL; signs such as @ / # ? % in it are written %40 %2F %23 %3F %25.".to_owned(),
        ),
        NoConnection::User(said) => (
            format!("{server} does not let the user {user:?} into the database {database:?}: {said}"),
            "Correct the user in DATABASE_URL, or let it in: `grant connect on database`, pg_hba.conf, or sslmode=require.".to_owned(),
        ),
        NoConnection::Database => (
            format!("{server} has no database {database:?}"),
            format!("Correct the name at the end of DATABASE_URL, or make it: create database \"{database}\"."),
        ),
        NoConnection::Full(said) => (
            format!("{server} has no connection left: {said}"),
            "Raise max_connections there, or lower database.max_connections of everything that uses it.".to_owned(),
        ),
        NoConnection::NotYet(said) => (
            format!("{server} is not ready: {said}"),
            "Wait until it has started; vitrina waits as well.".to_owned(),
        ),
        NoConnection::Other(said) => {
            (format!("{server} refuses: {said}"), "Read what it says; host, port, user and database are in DATABASE_URL.".to_owned())
        }
    };
    report.problem(Area::Database, "connection", found, NEEDED, remedy);
}
