//! The lists of a vehicle's columns inside SQL, made from the table of columns in `domain`.
//!
//! **Invariants:** statements consist of files in `sql/` and of names from that table, both constants: nothing that anybody sends
//! reaches them but as a parameter. Each is put together once.
//!
//! **Not here:** the table itself (`domain::Described`, `domain::Content`).

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::domain::{Content, Described, JsonType};

/// A statement with lists of columns in it, ready to run.
pub(super) type Statement = LazyLock<SqlStr>;

/// Fills the lists into the text of a statement: `{shown}`, `{columns}` and `{excluded}`.
///
/// `{shown}` is the select list of a vehicle's public JSON; it reads the row `v` of `inventario_cache` and has the names of branches
/// in `$1`. `{columns}` are the columns that a store writes, `{excluded}` the same as an upsert proposes them.
pub(super) fn statement(text: &str) -> SqlStr {
    let written = || Content::names().chain(["slug"]);
    let columns: Vec<String> = written().map(quoted).collect();
    let excluded: Vec<String> = written().map(|name| format!("excluded.{}", quoted(name))).collect();
    let shown: Vec<String> = Described::public().map(shown).collect();
    let text = text
        .replace("{columns}", &columns.join(", "))
        .replace("{excluded}", &excluded.join(", "))
        .replace("{shown}", &shown.join(", "));
    AssertSqlSafe(text).into_sql_str()
}

/// A member of the public JSON in a select list.
fn shown(member: &Described) -> String {
    let name = quoted(member.name);
    match (member.name, member.json) {
        ("id", _) => "v.record_id as id".to_owned(),
        ("sucursal", _) => "vitrina_branches($1::jsonb, v.ubicacion) as sucursal".to_owned(),
        (_, JsonType::Money) => format!("trim_scale(v.{name}) as {name}"),
        _ => format!("v.{name}"),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
