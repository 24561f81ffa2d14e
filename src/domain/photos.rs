//! Addresses of photos, and which of them are the same photo.
//!
//! **Invariants:** an address begins with `http://` or `https://`, has a host, no blanks, quotes or angle brackets, can be parsed
//! as a browser does, and is at most [`MAX_BYTES`] long. Reading is linear in the text.
//!
//! Airtable gives an attachment a new address every two hours or so without an edit, so two addresses are the same photo when
//! they belong to the same attachment id in the raw fields they came with.
//!
//! **Sources:** <https://airtable.com/developers/web/api/field-model#multipleattachment>

use std::collections::HashMap;

use serde_json::Value;
use url::Url;

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
    let has_host = host.is_some_and(|host| !host.is_empty() && !host.contains(' '));
    let stray = |mark: char| {
        mark.is_control() || matches!(mark, '"' | '<' | '>') || (mark.is_whitespace() && mark != ' ')
    };
    if !has_host || piece.contains(stray) {
        return Err("an address with a host and without blanks, quotes or < > is expected".to_owned());
    }
    let address = piece.replace(' ', "%20");
    match Url::parse(&address) {
        Ok(_) => Ok(address),
        Err(error) => Err(format!("not an address that a browser can open: {error}")),
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_read_from_every_shape_each_once() {
        let attachment = |id: &str, url: &str| json!({"id": id, "url": url, "filename": "1.jpg", "thumbnails": {"small": {"url": "https://t"}}});
        for (cell, expected) in [
            (json!("https://a.mx/1.jpg"), vec!["https://a.mx/1.jpg"]),
            (
                json!("https://a.mx/1.jpg,https://a.mx/2.jpg"),
                vec!["https://a.mx/1.jpg", "https://a.mx/2.jpg"],
            ),
            (
                json!("https://a.mx/1.jpg, \n http://a.mx/2.jpg\n"),
                vec!["https://a.mx/1.jpg", "http://a.mx/2.jpg"],
            ),
            (
                json!("https://a.mx/1.jpg https://a.mx/1.jpg | HTTPS://a.mx/2.jpg"),
                vec!["https://a.mx/1.jpg", "HTTPS://a.mx/2.jpg"],
            ),
            (json!("https://a.mx/w_4,h_3/1.jpg"), vec!["https://a.mx/w_4,h_3/1.jpg"]),
            (json!("https://a.mx/?from=https://b.mx"), vec!["https://a.mx/?from=https://b.mx"]),
            (json!("https://a.mx/mi auto.jpg"), vec!["https://a.mx/mi%20auto.jpg"]),
            (
                json!("[\"https://a.mx/1.jpg\", \"https://a.mx/2.jpg\"]"),
                vec!["https://a.mx/1.jpg", "https://a.mx/2.jpg"],
            ),
            (
                json!(["https://a.mx/1.jpg", null, "https://a.mx/2.jpg\nhttps://a.mx/3.jpg"]),
                vec!["https://a.mx/1.jpg", "https://a.mx/2.jpg", "https://a.mx/3.jpg"],
            ),
            (
                json!([
                    attachment("attA1b2C3d4E5f6G7", "https://v5.airtableusercontent.com/1"),
                    [attachment("attB1b2C3d4E5f6G7", "https://v5.airtableusercontent.com/2")]
                ]),
                vec!["https://v5.airtableusercontent.com/1", "https://v5.airtableusercontent.com/2"],
            ),
            (json!({"label": "Ver", "url": "https://a.mx/1.jpg"}), vec!["https://a.mx/1.jpg"]),
            (json!("[]"), vec![]),
            (json!({"label": "Ver", "url": null}), vec![]),
        ] {
            assert_eq!(urls(&cell), (expected.iter().map(|url| (*url).to_owned()).collect(), None), "{cell}");
            assert_eq!(url(&cell).unwrap().as_deref(), expected.first().copied(), "{cell}");
        }
    }

    #[test]
    fn only_http_addresses_are_kept_and_the_first_other_is_told() {
        for wrong in [
            "ftp://a.mx/1.jpg",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "//a.mx/1.jpg",
            "www.a.mx/1.jpg",
            "https://",
            "https:///1.jpg",
            "https:// a.mx",
            "https://a.mx/\"onload=\"x",
            "https://a.mx/<b>",
            "https://a.mx/\u{a0}x",
            "http://[::1",
            "https://[::1]:port/",
            "https://a.mx:99999/1.jpg",
            "https://a.mx/\u{1}x",
        ] {
            assert!(url(&json!(wrong)).is_err(), "{wrong:?}");
            let (kept, unreadable) =
                urls(&json!(["https://a.mx/1.jpg", wrong, "ftp://later", "https://a.mx/2.jpg"]));
            assert_eq!(kept, ["https://a.mx/1.jpg", "https://a.mx/2.jpg"]);
            assert!(!unreadable.unwrap().value.contains("later"), "{wrong:?}");
        }
        for cell in [json!(7), json!(true), json!({"error": "#ERROR!"}), json!({"name": "Ana"})] {
            assert!(url(&cell).is_err(), "{cell}");
            assert!(urls(&cell).1.is_some(), "{cell}");
        }
        let long = format!("https://a.mx/{}", "x".repeat(MAX_BYTES));
        assert!(url(&json!(long)).is_err());
        assert!(url(&json!(long[..MAX_BYTES])).is_ok());
        let (kept, unreadable) = urls(&json!("https://a.mx/1.jpg, 2.jpg, 3.jpg"));
        assert_eq!(
            (kept, unreadable.unwrap().value),
            (vec!["https://a.mx/1.jpg".to_owned()], "\"2.jpg\"".to_owned())
        );
    }

    #[test]
    fn addresses_of_one_attachment_are_the_same_photo() {
        let data = |url: &str| {
            let Value::Object(fields) =
                json!({"fotos": [[{"id": "attA1b2C3d4E5f6G7", "url": url}]], "other": "https://o"})
            else {
                unreachable!()
            };
            fields
        };
        let (old, new) = (data("https://old"), data("https://new"));
        assert_eq!(
            Attachments::of(&old).identity("https://old"),
            Attachments::of(&new).identity("https://new")
        );
        assert_eq!(Attachments::of(&new).identity("https://old"), "https://old");
    }
}
