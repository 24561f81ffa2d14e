//! Which request is which.
//!
//! **Invariants:** a path is read segment by segment after decoding, so a table's name may hold anything. A slash at the end does
//! not matter: airtable.js sends one.

use std::str;

use axum::http::Method;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A page of records, by `GET` or by `POST …/listRecords`.
    List,
    /// One record.
    Get,
    /// Records are made.
    Create,
    /// Records are changed, by `PATCH` or `PUT`.
    Update,
    /// Records are deleted.
    Delete,
    /// The tables of the base and their fields.
    Schema,
    /// The bases of the token, or whom it belongs to.
    Account,
    /// The webhooks of the base.
    Webhooks,
    /// An attachment or a photo; needs no token and counts towards no limit.
    File,
    /// Anything else.
    Unknown,
}

/// The parts of a request's path.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Route {
    pub(in crate::simulator) operation: Operation,
    /// `None` where no base is concerned.
    pub(in crate::simulator) base: Option<String>,
    /// The rest: table and record, or webhook and action, or the parts of a file's address.
    pub(in crate::simulator) rest: Vec<String>,
}

impl Route {
    pub(in crate::simulator) fn of(method: &Method, path: &str) -> Self {
        let decoded: Vec<String> =
            path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let (operation, base, rest): (_, Option<&str>, &[&str]) = match segments.as_slice() {
            ["attachments" | "photos", ..] => (Operation::File, None, &segments),
            ["v0", "meta", "whoami" | "bases"] => (Operation::Account, None, &segments),
            ["v0", "meta", "bases", base, "tables"] => (Operation::Schema, Some(base), &[]),
            ["v0", "bases", base, "webhooks", rest @ ..] => (Operation::Webhooks, Some(base), rest),
            ["v0", base, table, "listRecords"] if method == Method::POST => {
                (Operation::List, Some(base), std::slice::from_ref(table))
            }
            ["v0", base, rest @ ..] if (1..=2).contains(&rest.len()) && *base != "meta" => {
                (Self::on_records(method, rest.len() == 2), Some(base), rest)
            }
            _ => (Operation::Unknown, None, &[]),
        };
        Self {
            operation,
            base: base.map(str::to_owned),
            rest: rest.iter().map(|segment| (*segment).to_owned()).collect(),
        }
    }

    fn on_records(method: &Method, single: bool) -> Operation {
        match *method {
            Method::GET if single => Operation::Get,
            Method::GET => Operation::List,
            Method::POST if !single => Operation::Create,
            Method::PATCH | Method::PUT => Operation::Update,
            Method::DELETE => Operation::Delete,
            _ => Operation::Unknown,
        }
    }
}

/// Undoes percent-encoding; `+` stays, as it does in a path.
fn decode(segment: &str) -> String {
    let kept = segment.replace('+', "%2B");
    form_urlencoded::parse(kept.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_web_api_is_known() {
        for (method, path, operation, rest) in [
            (Method::GET, "/v0/appX/tblY", Operation::List, vec!["tblY"]),
            (Method::GET, "/v0/appX/Veh%C3%ADculos%20A%2FB+C", Operation::List, vec!["Vehículos A/B+C"]),
            (Method::POST, "/v0/appX/tblY/listRecords", Operation::List, vec!["tblY"]),
            (Method::GET, "/v0/appX/tblY/recZ", Operation::Get, vec!["tblY", "recZ"]),
            (Method::POST, "/v0/appX/tblY/", Operation::Create, vec!["tblY"]),
            (Method::PATCH, "/v0/appX/tblY", Operation::Update, vec!["tblY"]),
            (Method::PUT, "/v0/appX/tblY/recZ", Operation::Update, vec!["tblY", "recZ"]),
            (Method::DELETE, "/v0/appX/tblY/recZ", Operation::Delete, vec!["tblY", "recZ"]),
            (Method::GET, "/v0/meta/bases/appX/tables", Operation::Schema, vec![]),
            (Method::GET, "/v0/meta/bases", Operation::Account, vec!["v0", "meta", "bases"]),
            (Method::GET, "/v0/meta/whoami", Operation::Account, vec!["v0", "meta", "whoami"]),
            (
                Method::GET,
                "/v0/bases/appX/webhooks/achY/payloads",
                Operation::Webhooks,
                vec!["achY", "payloads"],
            ),
            (Method::GET, "/photos/a.jpg", Operation::File, vec!["photos", "a.jpg"]),
            (Method::GET, "/v0/meta/nothing", Operation::Unknown, vec![]),
            (Method::GET, "/v1/appX/tblY", Operation::Unknown, vec![]),
            (Method::GET, "/", Operation::Unknown, vec![]),
        ] {
            let route = Route::of(&method, path);
            assert_eq!(
                (route.operation, route.rest),
                (operation, rest.into_iter().map(str::to_owned).collect()),
                "{path}"
            );
        }
    }
}
