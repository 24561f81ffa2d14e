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

/// The select list of a vehicle's public JSON, of the row `v` of `inventario_cache`. The names of its branches are added in Rust.
pub(super) static SHOWN: LazyLock<String> =
    LazyLock::new(|| Described::public().filter_map(shown).collect::<Vec<_>>().join(", "));

/// Fills the lists into the text of a statement: `{columns}` and `{excluded}`.
///
/// `{columns}` are the columns that a store writes, `{excluded}` the same as an upsert proposes them.
pub(super) fn statement(text: &str) -> SqlStr {
    let written = || Content::names().chain(["slug"]);
    let columns: Vec<String> = written().map(quoted).collect();
    let excluded: Vec<String> = written().map(|name| format!("excluded.{}", quoted(name))).collect();
    let text = text.replace("{columns}", &columns.join(", ")).replace("{excluded}", &excluded.join(", "));
    AssertSqlSafe(text).into_sql_str()
}

/// A member of the public JSON in a select list; `None`: it is added in Rust.
fn shown(member: &Described) -> Option<String> {
    let name = quoted(member.name);
    Some(match (member.name, member.json) {
        ("id", _) => "v.record_id as id".to_owned(),
        ("sucursal", _) => return None,
        ("precio_final", _) => {
            "trim_scale(case when v.con_oferta and v.oferta < v.precio then v.oferta else v.precio end) as precio_final"
                .to_owned()
        }
        (_, JsonType::Money) => format!("trim_scale(v.{name}) as {name}"),
        _ => format!("v.{name}"),
    })
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
