//! The kinds of value, each read from a cell of any shape.
//!
//! **Invariants:** a function gives `Ok(None)` when the cell is empty, so that the next field may be asked, and an error when it
//! holds something else than it should. Of an array the first entry counts for a single value, all count for a list.
//!
//! **Units:** pesos, kilometres, months, UTC. Words for these may stand beside a number.
//!
//! **Not here:** addresses, see [`super::photos`]; which field is read, see [`super::normalize()`].

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use deunicode::deunicode;
use serde_json::Value;

use super::{
    Money, RecordId,
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
    first(cell, Member::Words, words)
}

/// Texts are split at commas (not between digits), semicolons and line breaks; entries of an array stay whole.
pub(super) fn list(cell: &Value) -> Several {
    let is_divided = matches!(cell, Value::String(text) if written_array(text).is_none());
    let (mut entries, unreadable) = all(cell, Member::Words, |atom, entries| {
        let pieces = match atom {
            Atom::Text(text) if is_divided => split(text).map(Atom::Text).collect(),
            whole => vec![whole],
        };
        let mut outcome = Ok(());
        for piece in pieces {
            match words(piece) {
                Ok(entry) => entries.push(entry),
                Err(problem) => outcome = outcome.and(Err(piece.unreadable(problem))),
            }
        }
        outcome
    });
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
            // Airtable's CSV writes a ticked box as `checked`.
            "true" | "verdadero" | "si" | "yes" | "1" | "checked" => Ok(true),
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

/// What formulas that fail look like as text, as in a concatenation or an import of a spreadsheet.
const FORMULA_ERRORS: [&str; 8] =
    ["#ERROR!", "#¡ERROR!", "#REF!", "#¡REF!", "#VALUE!", "#¡VALOR!", "#NAME?", "NaN"];

fn words(atom: Atom<'_>) -> Result<String, String> {
    match atom {
        Atom::Text(text) if is_link(text) => Err(
            "the id of a record: the field holds links to other records; name a lookup of their names instead"
                .to_owned(),
        ),
        Atom::Text(text) if FORMULA_ERRORS.contains(&text) => {
            Err("the error of a formula instead of a value; mend it in Airtable".to_owned())
        }
        Atom::Text(text) => Ok(text.to_owned()),
        // A double prints without `.0` and without an exponent.
        Atom::Number(number) if number.is_f64() => {
            Ok(number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()))
        }
        Atom::Number(number) => Ok(number.to_string()),
        Atom::Flag(_) => Err("a checkbox, where text is expected".to_owned()),
    }
}

/// Whether a text is the id of a record, or several: what a field that links to other records gives instead of words.
fn is_link(text: &str) -> bool {
    text.starts_with("rec") && split(text).all(|piece| piece.parse::<RecordId>().is_ok())
}

fn split(text: &str) -> impl Iterator<Item = &str> {
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
    entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty())
}

fn number_in(atom: Atom<'_>, units: &[&str]) -> Result<f64, String> {
    match atom {
        Atom::Number(number) => number.as_f64().ok_or_else(|| "not a number that can be stored".to_owned()),
        Atom::Text(text) => number::parse(text, units),
        Atom::Flag(_) => Err("a checkbox, where a number is expected".to_owned()),
    }
}

/// A fraction is rounded: a formula gives `59.99999999999999`, an odometer `72420.48`.
fn whole_number(atom: Atom<'_>, units: &[&str]) -> Result<i32, String> {
    let given = number_in(atom, units)?;
    let number = given.round();
    if given < 0.0 || !(0.0..=f64::from(i32::MAX)).contains(&number) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a kind makes of a cell: the value, `None` for an empty cell, `Err` for an unreadable one.
    fn outcome<T>(read: Single<T>) -> Result<Option<T>, ()> {
        read.map_err(|what| assert!(!what.problem.is_empty() && !what.value.is_empty()))
    }

    #[test]
    fn what_is_empty_is_empty_for_every_kind() {
        for cell in [
            json!(null),
            json!(""),
            json!(" \t\n"),
            json!([]),
            json!([null]),
            json!([[], [""]]),
            json!("[]"),
            json!("[null]"),
            json!({"state": "empty", "isStale": false, "value": null}),
        ] {
            assert_eq!(text(&cell), Ok(None), "{cell}");
            assert_eq!(list(&cell), (vec![], None), "{cell}");
            assert_eq!(whole(&cell), Ok(None), "{cell}");
            assert_eq!(year(&cell, 2028), Ok(None), "{cell}");
            assert_eq!(money(&cell), Ok(None), "{cell}");
            assert_eq!(checkbox(&cell), Ok(None), "{cell}");
            assert_eq!(time(&cell), Ok(None), "{cell}");
            assert_eq!(page(&cell), Ok(None), "{cell}");
        }
    }

    #[test]
    fn a_formula_error_is_unreadable_for_every_kind() {
        for cell in [
            json!({"error": "#ERROR!"}),
            json!({"specialValue": "NaN"}),
            json!({"specialValue": "Infinity"}),
            json!([{"error": "#ERROR!"}]),
            json!([null, {"error": "#ERROR!"}, 1, true, "2024-05-01"]),
            json!({"state": "error", "errorType": "x", "isStale": false, "value": null}),
            json!({}),
        ] {
            assert_eq!(outcome(text(&cell)), Err(()), "{cell}");
            assert!(list(&cell).1.is_some(), "{cell}");
            assert_eq!(outcome(whole(&cell)), Err(()), "{cell}");
            assert_eq!(outcome(year(&cell, 2028)), Err(()), "{cell}");
            assert_eq!(outcome(money(&cell)), Err(()), "{cell}");
            assert_eq!(outcome(checkbox(&cell)), Err(()), "{cell}");
            assert_eq!(outcome(time(&cell)), Err(()), "{cell}");
            assert_eq!(outcome(page(&cell)), Err(()), "{cell}");
        }
    }

    #[test]
    fn text_is_read_from_every_shape() {
        let long = "Único dueño. 🚗 ".repeat(6250);
        for (cell, expected) in [
            (json!("automática "), Ok(Some("automática"))),
            (json!("línea 1\nlínea 2\n"), Ok(Some("línea 1\nlínea 2"))),
            (json!("a, b"), Ok(Some("a, b"))),
            (json!("🚗 \u{1F468}\u{200D}\u{1F469}"), Ok(Some("🚗 \u{1F468}\u{200D}\u{1F469}"))),
            (json!(["Mazda", "Kia"]), Ok(Some("Mazda"))),
            (json!([null, "Kia"]), Ok(Some("Kia"))),
            (json!("[\"Mazda\", \"Kia\"]"), Ok(Some("Mazda"))),
            (json!(3), Ok(Some("3"))),
            (json!(3.0), Ok(Some("3"))),
            (json!(2.5), Ok(Some("2.5"))),
            (json!(1e20), Ok(Some("100000000000000000000"))),
            (json!(-7), Ok(Some("-7"))),
            (json!({"id": "usrA1b2C3d4E5f6G7", "name": "Ana"}), Ok(Some("Ana"))),
            (json!({"text": "3N1AB7"}), Ok(Some("3N1AB7"))),
            (json!({"state": "generated", "isStale": false, "value": " Un auto "}), Ok(Some("Un auto"))),
            (json!({"label": "Ver", "url": "https://a.mx"}), Ok(Some("Ver"))),
            (json!(true), Err(())),
            (json!([{"id": "attA1b2C3d4E5f6G7", "url": "https://a.mx/1", "filename": "1.jpg"}]), Err(())),
            (json!(long), Ok(Some(long.trim()))),
        ] {
            assert_eq!(outcome(text(&cell)), expected.map(|text| text.map(str::to_owned)), "{cell}");
        }
    }

    #[test]
    fn a_list_is_read_from_every_shape_and_has_each_entry_once() {
        for (cell, expected) in [
            (json!(["SUV", "Pickup", "SUV"]), vec!["SUV", "Pickup"]),
            (json!("MTY"), vec!["MTY"]),
            (json!("MTY, GPE,MTY ,, COAH"), vec!["MTY", "GPE", "COAH"]),
            (json!("MTY;GPE\nCOAH"), vec!["MTY", "GPE", "COAH"]),
            (json!("[\"MTY\", \"GPE\"]"), vec!["MTY", "GPE"]),
            (json!(["Enganche 10%, sin intereses", "Bono"]), vec!["Enganche 10%, sin intereses", "Bono"]),
            (json!("Bono de $10,000, Seguro"), vec!["Bono de $10,000", "Seguro"]),
            (
                json!([["SUV", null], 2024, {"id": "selA1b2C3d4E5f6G7", "name": "Sedán"}]),
                vec!["SUV", "2024", "Sedán"],
            ),
            (json!(" , ,"), vec![]),
        ] {
            assert_eq!(list(&cell), (expected.into_iter().map(str::to_owned).collect(), None), "{cell}");
        }
        let (kept, unreadable) = list(&json!(["SUV", {"error": "#ERROR!"}, true, "Van"]));
        assert_eq!(kept, ["SUV", "Van"]);
        assert_eq!(unreadable.unwrap().value, "{\"error\":\"#ERROR!\"}");
    }

    #[test]
    fn the_id_of_a_record_is_never_read_as_words() {
        let id = "recQwErTyUiOpAsDf";
        for cell in [
            json!(id),
            json!(format!(" {id}\n")),
            json!([id]),
            json!([null, [id]]),
            json!(format!("[\"{id}\"]")),
            json!([format!("[\"{id}\"]")]),
            json!(format!("{id}, recA1b2C3d4E5f6G7")),
            json!([format!("{id},recA1b2C3d4E5f6G7")]),
            json!({"id": id, "name": id}),
            json!({"state": "generated", "isStale": false, "value": id}),
        ] {
            for problem in [text(&cell).unwrap_err(), page(&cell).unwrap_err(), list(&cell).1.unwrap()] {
                assert!(problem.problem.contains("links to other records"), "{cell}: {}", problem.problem);
                assert!(problem.value.contains(id), "{cell}: {}", problem.value);
            }
            assert_eq!(list(&cell).0, Vec::<String>::new(), "{cell}");
        }
        for (cell, kept) in
            [(json!(["SUV", id]), vec!["SUV"]), (json!(format!("{id}; SUV, Van")), vec!["SUV", "Van"])]
        {
            let (entries, unreadable) = list(&cell);
            assert_eq!(entries, kept);
            assert_eq!(unreadable.unwrap().value, format!("\"{id}\""));
        }
        for words in
            ["recQwErTyUiOpAsD", "recQwErTyUiOpAsDfg", "recQwErTyUiOp-sDf", "rec, SUV", "recién llegado"]
        {
            assert_eq!(outcome(text(&json!(words))), Ok(Some(words.to_owned())));
        }
    }

    #[test]
    fn a_whole_number_is_read_from_every_shape() {
        for (cell, expected) in [
            (json!(45000), Ok(Some(45_000))),
            (json!(3.0), Ok(Some(3))),
            (json!(0), Ok(Some(0))),
            (json!([45000]), Ok(Some(45_000))),
            (json!(["4 cil.", 6]), Ok(Some(4))),
            (json!("45,000 km"), Ok(Some(45_000))),
            (json!("V6"), Ok(Some(6))),
            (json!("60 meses"), Ok(Some(60))),
            (json!("2 dueños"), Ok(Some(2))),
            (json!("[\"4\"]"), Ok(Some(4))),
            (json!(2_147_483_647), Ok(Some(i32::MAX))),
            (json!(2_147_483_648_i64), Err(())),
            (json!(u64::MAX), Err(())),
            (json!(1e300), Err(())),
            (json!(72_420.48), Ok(Some(72_420))),
            (json!(59.999_999_999_999_99), Ok(Some(60))),
            (json!("45000.0000001"), Ok(Some(45_000))),
            (json!("72,420.48 km"), Ok(Some(72_420))),
            (json!(0.4), Ok(Some(0))),
            (json!(2_147_483_647.5), Err(())),
            (json!(-1), Err(())),
            (json!(-0.4), Err(())),
            (json!("12 o 24"), Err(())),
            (json!("$45"), Err(())),
            (json!(true), Err(())),
        ] {
            assert_eq!(outcome(whole(&cell)), expected, "{cell}");
        }
    }

    #[test]
    fn a_model_year_is_from_1900_to_the_latest_possible() {
        for (cell, expected) in [
            (json!(2024), Ok(Some(2024))),
            (json!("2024"), Ok(Some(2024))),
            (json!(["2024"]), Ok(Some(2024))),
            (json!("Año 2024"), Ok(Some(2024))),
            (json!(1900), Ok(Some(1900))),
            (json!(2028), Ok(Some(2028))),
            (json!(1899), Err(())),
            (json!(2029), Err(())),
            (json!(24), Err(())),
            (json!("2024 o 2025"), Err(())),
            (json!("2024-05-01"), Err(())),
        ] {
            assert_eq!(outcome(year(&cell, 2028)), expected, "{cell}");
        }
    }

    #[test]
    fn money_is_read_from_every_shape_and_never_below_zero() {
        for (cell, expected) in [
            (json!(329_900), Ok(Some(329_900.0))),
            (json!(329_900.5), Ok(Some(329_900.5))),
            (json!(0), Ok(Some(0.0))),
            (json!([329_900]), Ok(Some(329_900.0))),
            (json!("$329,900.00"), Ok(Some(329_900.0))),
            (json!("329900 MXN"), Ok(Some(329_900.0))),
            (json!("$329,900.00 M.N."), Ok(Some(329_900.0))),
            (json!("5,999 al mes"), Ok(Some(5_999.0))),
            (json!("$5,999/mes"), Ok(Some(5_999.0))),
            (json!("329.900,00"), Ok(Some(329_900.0))),
            (json!("329.900"), Err(())),
            (json!("20,000 USD"), Err(())),
            (json!("a consultar"), Err(())),
            (json!(-1), Err(())),
            (json!("-$5"), Err(())),
            (json!(1e12), Err(())),
            (json!(false), Err(())),
        ] {
            let expected = expected.map(|pesos| pesos.map(|pesos| Money::from_pesos(pesos).unwrap()));
            assert_eq!(outcome(money(&cell)), expected, "{cell}");
        }
    }

    #[test]
    fn a_checkbox_is_read_from_every_shape() {
        for (cell, expected) in [
            (json!(true), Ok(Some(true))),
            (json!(false), Ok(Some(false))),
            (json!([true]), Ok(Some(true))),
            (json!([null, true]), Ok(Some(true))),
            (json!(1), Ok(Some(true))),
            (json!(1.0), Ok(Some(true))),
            (json!(0), Ok(Some(false))),
            (json!("true"), Ok(Some(true))),
            (json!(" SÍ "), Ok(Some(true))),
            (json!("si"), Ok(Some(true))),
            (json!("1"), Ok(Some(true))),
            (json!("checked"), Ok(Some(true))),
            (json!(["checked"]), Ok(Some(true))),
            (json!("no"), Ok(Some(false))),
            (json!("False"), Ok(Some(false))),
            (json!("0"), Ok(Some(false))),
            (json!("Comprado"), Err(())),
            (json!(2), Err(())),
            (json!("x".repeat(100_000)), Err(())),
        ] {
            assert_eq!(outcome(checkbox(&cell)), expected, "{cell}");
        }
    }

    #[test]
    fn a_time_is_read_from_every_form_of_date() {
        for (cell, expected) in [
            (json!("2024-05-01"), Ok("2024-05-01T00:00:00Z")),
            (json!("2024-05-01T10:30:00.000Z"), Ok("2024-05-01T10:30:00Z")),
            (json!("2024-05-01T10:30:00-06:00"), Ok("2024-05-01T16:30:00Z")),
            (json!("2024-05-01T10:30:00.123456789Z"), Ok("2024-05-01T10:30:00.123456Z")),
            (json!("2024-05-01T10:30"), Ok("2024-05-01T10:30:00Z")),
            (json!("2024-05-01 10:30:15"), Ok("2024-05-01T10:30:15Z")),
            (json!("01/05/2024"), Ok("2024-05-01T00:00:00Z")),
            (json!("1/5/2024 9:30"), Ok("2024-05-01T09:30:00Z")),
            (json!("31-12-2023"), Ok("2023-12-31T00:00:00Z")),
            (json!("2024/5/1"), Ok("2024-05-01T00:00:00Z")),
            (json!(["2024-05-01", "2023-01-01"]), Ok("2024-05-01T00:00:00Z")),
            (json!("05/13/2024"), Err(())),
            (json!("30/02/2024"), Err(())),
            (json!("01/05/24"), Err(())),
            (json!("0202-05-01"), Err(())),
            (json!("2024-05-01T25:00"), Err(())),
            (json!("mayo de 2024"), Err(())),
            (json!("+12024-05-01"), Err(())),
            (json!(45_000), Err(())),
            (json!("1".repeat(100_000)), Err(())),
        ] {
            let expected = expected.map(|time| Some(time.parse::<DateTime<Utc>>().unwrap()));
            assert_eq!(outcome(time(&cell)), expected, "{cell}");
        }
    }

    #[test]
    fn a_leap_second_is_stored_as_a_second_postgresql_knows() {
        let read = time(&json!("2016-12-31T23:59:60Z")).unwrap().unwrap();
        assert_eq!(read, "2017-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
    }
}
