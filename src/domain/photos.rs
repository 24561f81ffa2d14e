//! Addresses of photos, and which of them are the same photo.
//!
//! **Invariants:** an address begins with `http://` or `https://`, has a host, no blanks, quotes or angle brackets, and is at
//! most [`MAX_BYTES`] long. Reading is linear in the text.
//!
//! Airtable gives an attachment a new address every two hours or so without an edit, so two addresses are the same photo when
//! they belong to the same attachment id in the raw fields they came with.
//!
//! **Sources:** <https://airtable.com/developers/web/api/field-model#multipleattachment>

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Fields,
    cell::{Atom, Member, all, first},
    value::{Several, Single, keep_first_of_each},
};

/// The longest address that is kept.
const MAX_BYTES: usize = 4096;

pub(super) fn url(cell: &Value) -> Single<String> {
    first(cell, Member::Address, |atom| match atom {
        Atom::Text(text) => checked(pieces(text).next().unwrap_or(text)),
        Atom::Number(_) | Atom::Flag(_) => Err(NOT_AN_ADDRESS.to_owned()),
    })
}

/// Texts are split at line breaks, at commas and the like before a blank, and wherever a further address begins.
pub(super) fn urls(cell: &Value) -> Several {
    let (mut found, unreadable) = all(cell, Member::Address, |atom, found| {
        let Atom::Text(text) = atom else { return Err(atom.unreadable(NOT_AN_ADDRESS)) };
        let mut outcome = Ok(());
        for piece in pieces(text) {
            match checked(piece) {
                Ok(address) => found.push(address),
                Err(problem) if outcome.is_ok() => outcome = Err(Atom::Text(piece).unreadable(problem)),
                Err(_) => {}
            }
        }
        outcome
    });
    keep_first_of_each(&mut found);
    (found, unreadable)
}

const NOT_AN_ADDRESS: &str = "not an address that begins with http:// or https://";

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(pieces_of_line)
}

fn pieces_of_line(line: &str) -> Vec<&str> {
    let is_mark = |mark: char| matches!(mark, ',' | ';' | '|') || mark.is_whitespace();
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, mark) in line.match_indices(is_mark) {
        let after = &line[at + mark.len()..];
        let ends = !mark.starts_with(char::is_whitespace) && after.starts_with(char::is_whitespace);
        if ends || is_address(after) {
            pieces.push(&line[start..at]);
            start = at + mark.len();
        }
    }
    pieces.push(&line[start..]);
    pieces.retain_mut(|piece| {
        *piece = piece.trim_matches(is_mark);
        !piece.is_empty()
    });
    pieces
}

fn is_address(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    begins("https://") || begins("http://")
}

fn checked(piece: &str) -> Result<String, String> {
    if !is_address(piece) {
        return Err(NOT_AN_ADDRESS.to_owned());
    }
    if piece.len() > MAX_BYTES {
        return Err(format!("an address is at most {MAX_BYTES} bytes long"));
    }
    let host = piece.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let host_ok = host.is_some_and(|host| !host.is_empty() && !host.contains(' '));
    let stray = |mark: char| {
        mark.is_control() || matches!(mark, '"' | '<' | '>') || (mark.is_whitespace() && mark != ' ')
    };
    if !host_ok || piece.contains(stray) {
        return Err("an address with a host and without blanks, quotes or < > is expected".to_owned());
    }
    Ok(piece.replace(' ', "%20"))
}

/// The attachments in the raw fields of a record: id by address.
pub(super) struct Attachments<'a>(HashMap<&'a str, &'a str>);

impl<'a> Attachments<'a> {
    pub(super) fn of(data: &'a Fields) -> Self {
        let mut known = HashMap::new();
        data.values().for_each(|cell| collect(cell, &mut known));
        Self(known)
    }

    /// What makes a photo the same one: the attachment's id, else the address itself.
    pub(super) fn identity(&self, address: &'a str) -> &'a str {
        self.0.get(address).copied().unwrap_or(address)
    }
}

fn collect<'a>(cell: &'a Value, known: &mut HashMap<&'a str, &'a str>) {
    match cell {
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, known)),
        Value::Object(members) => {
            if let (Some(id), Some(url)) =
                (attachment_id(members), members.get("url").and_then(Value::as_str))
            {
                known.insert(url, id);
            }
        }
        _ => {}
    }
}

/// The id of an object that is an attachment.
pub(super) fn attachment_id(object: &Fields) -> Option<&str> {
    object.get("id")?.as_str().filter(|id| id.starts_with("att") && object.contains_key("url"))
}
