//! The kinds of value, each read from a cell of any shape.
//!
//! **Invariants:** a function gives `Ok(None)` when the cell is empty, so that the next field may be asked, and an error when it
//! holds something else than it should. Of an array the first entry counts for a single value, all count for a list.
//!
//! **Units:** pesos, kilometres, months, UTC. Words for these may stand beside a number.
//!
//! **Not here:** addresses, see [`super::photos`]; which field is read, see [`super::normalize`].

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use deunicode::deunicode;
use serde_json::Value;

use super::{
    Money,
    cell::{Atom, Member, Unreadable, all, first, quote_text, written_array},
    number, slug,
};

/// One value of a cell, `None` if the cell is empty.
pub(super) type Single<T> = Result<Option<T>, Unreadable>;

/// All values of a cell, each once, and the first that could not be read.
pub(super) type Several = (Vec<String>, Option<Unreadable>);

const PESOS: &[&str] = &["$", "mx", "mxn", "m.n", "mn", "peso", "pesos", "mes", "al", "mensual", "mensuales"];
const COUNTED: &[&str] = &[
    "km",
    "kms",
    "kilometro",
    "kilometros",
    "cil",
    "cilindro",
    "cilindros",
    "v",
    "mes",
    "meses",
    "dueno",
    "duenos",
];
const YEARS: &[&str] = &["ano", "modelo"];

/// The earliest model year and the earliest date.
const FIRST_YEAR: i32 = 1900;

pub(super) fn text(cell: &Value) -> Single<String> {
    first(cell, Member::Words, |atom| {
        words(atom).ok_or_else(|| "a checkbox, where text is expected".to_owned())
    })
}

/// Texts are split at commas (not between digits), semicolons and line breaks; entries of an array stay whole.
pub(super) fn list(cell: &Value) -> Several {
    let (mut entries, unreadable) = match cell {
        Value::String(text) if written_array(text).is_none() => (split(text), None),
        cell => all(cell, Member::Words, |atom, entries| {
            entries.push(words(atom).ok_or_else(|| atom.unreadable("a checkbox, where text is expected"))?);
            Ok(())
        }),
    };
    keep_first_of_each(&mut entries);
    (entries, unreadable)
}

pub(super) fn whole(cell: &Value) -> Single<i32> {
    first(cell, Member::Words, |atom| whole_number(atom, COUNTED))
}

/// `latest`: the last model year that is possible.
pub(super) fn year(cell: &Value, latest: i32) -> Single<i32> {
    first(cell, Member::Words, |atom| {
        let year = whole_number(atom, YEARS)?;
        let possible = (FIRST_YEAR..=latest).contains(&year);
        possible.then_some(year).ok_or_else(|| format!("a model year is from {FIRST_YEAR} to {latest}"))
    })
}

pub(super) fn money(cell: &Value) -> Single<Money> {
    first(cell, Member::Words, |atom| {
        let pesos = number_in(atom, PESOS)?;
        Money::from_pesos(pesos).ok_or_else(|| "an amount is from 0 to less than 10^12 pesos".to_owned())
    })
}

pub(super) fn checkbox(cell: &Value) -> Single<bool> {
    let unclear = || "neither yes nor no; a checkbox is expected".to_owned();
    first(cell, Member::Words, |atom| match atom {
        Atom::Flag(flag) => Ok(flag),
        Atom::Number(number) if number.as_f64() == Some(1.0) => Ok(true),
        Atom::Number(number) if number.as_f64() == Some(0.0) => Ok(false),
        Atom::Text(text) if text.len() <= 16 => match deunicode(text).to_ascii_lowercase().as_str() {
            "true" | "verdadero" | "si" | "yes" | "1" => Ok(true),
            "false" | "falso" | "no" | "0" => Ok(false),
            _ => Err(unclear()),
        },
        Atom::Number(_) | Atom::Text(_) => Err(unclear()),
    })
}

/// A date is its midnight, a time without a zone is taken as it is: both in UTC.
pub(super) fn time(cell: &Value) -> Single<DateTime<Utc>> {
    first(cell, Member::Words, |atom| {
        let Atom::Text(text) = atom else { return Err("a date is expected, such as 2024-05-01".to_owned()) };
        let time = instant(text).filter(|time| (FIRST_YEAR..=9999).contains(&time.year()));
        time.ok_or_else(|| "not a date; write it like 2024-05-01 or 01/05/2024 (day first)".to_owned())
    })
}

pub(super) fn page(cell: &Value) -> Single<String> {
    let Some(text) = text(cell)? else { return Ok(None) };
    slug::of_page(&text).map(Some).map_err(|problem| Unreadable { value: quote_text(&text), problem })
}

/// Leaves out what has come before.
pub(super) fn keep_first_of_each(entries: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(entries.len());
    entries.retain(|entry| seen.insert(entry.clone()));
}

/// The time as PostgreSQL keeps it, to the microsecond, so that what was stored compares equal.
pub(super) fn as_stored(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

fn words(atom: Atom<'_>) -> Option<String> {
    match atom {
        Atom::Text(text) => Some(text.to_owned()),
        // A double prints without `.0` and without an exponent.
        Atom::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
        Atom::Number(number) => Some(number.to_string()),
        Atom::Flag(_) => None,
    }
}

fn split(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut entries = Vec::new();
    let mut start = 0;
    for (at, mark) in text.match_indices([',', ';', '\n', '\r']) {
        if mark == "," && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) {
            continue;
        }
        entries.push(&text[start..at]);
        start = at + 1;
    }
    entries.push(&text[start..]);
    entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn number_in(atom: Atom<'_>, units: &[&str]) -> Result<f64, String> {
    match atom {
        Atom::Number(number) => number.as_f64().ok_or_else(|| "not a number that can be stored".to_owned()),
        Atom::Text(text) => number::parse(text, units),
        Atom::Flag(_) => Err("a checkbox, where a number is expected".to_owned()),
    }
}

fn whole_number(atom: Atom<'_>, units: &[&str]) -> Result<i32, String> {
    let number = number_in(atom, units)?;
    if number.fract() != 0.0 || !(0.0..=f64::from(i32::MAX)).contains(&number) {
        return Err(format!("a whole number from 0 to {} is expected", i32::MAX));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within an i32 after the check above")]
    let number = number as i32;
    Ok(number)
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(as_stored(time.to_utc()));
    }
    let (day, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let clock = match clock.trim() {
        "" => NaiveTime::MIN,
        clock => NaiveTime::parse_from_str(clock, "%H:%M:%S%.f")
            .or_else(|_| NaiveTime::parse_from_str(clock, "%H:%M"))
            .ok()?,
    };
    Some(as_stored(date(day)?.and_time(clock).and_utc()))
}

/// `2024-05-01` or `2024/05/01`, and with the day first `01/05/2024` or `01-05-2024`.
fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.splitn(3, ['-', '/']);
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || day.len() > 2 || month.len() > 2 || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}
