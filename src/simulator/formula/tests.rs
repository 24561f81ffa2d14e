use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::json;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const FIELDS: [(&str, &str, bool); 9] = [
    ("Marca", "fld00000000000001", false),
    ("Precio Final", "fld00000000000002", false),
    ("Vendido", "fld00000000000003", false),
    ("Ingreso", "fld00000000000004", true),
    ("Sedes", "fld00000000000005", false),
    ("Roto", "fld00000000000006", false),
    ("Vacío", "fld00000000000007", false),
    ("Nan", "fld00000000000008", false),
    ("a}b", "fld00000000000009", false),
];

fn compile(text: &str) -> Result<Formula, Invalid> {
    Formula::compile(text, |name| {
        let slot = FIELDS.iter().position(|(known, id, _)| *known == name || *id == name)?;
        Some(Reference { slot: Slot(u32::try_from(slot).unwrap()), temporal: FIELDS[slot].2 })
    })
}

fn keeps(text: &str) -> bool {
    let cells = Cells::from([
        (Slot(0), json!("Citroën")),
        (Slot(1), json!(329_900)),
        (Slot(2), json!(true)),
        (Slot(3), json!("2026-03-10T08:00:00.000Z")),
        (Slot(4), json!(["MTY", "GPE"])),
        (Slot(5), json!({"error": "#ERROR!"})),
        (Slot(7), json!({"specialValue": "NaN"})),
        (Slot(8), json!("braced")),
    ]);
    let row = Row {
        id: "recA1b2C3d4E5f6G7",
        created: at("2026-01-01T00:00:00Z"),
        modified: at("2026-03-10T09:00:00.900Z"),
        touched: &BTreeMap::from([(Slot(0), at("2026-02-01T00:00:00Z"))]),
        cells: &cells,
        now: at("2026-03-11T12:30:00Z"),
    };
    compile(text).unwrap_or_else(|error| panic!("{text}: {error}")).keeps(&row)
}

#[test]
fn what_a_formula_keeps() {
    for kept in [
        "1",
        "'0'",
        "TRUE()",
        "{Marca}",
        "Marca = 'Citroën'",
        "{fld00000000000001} = \"Citroën\"",
        "fld00000000000001 = 'Citroën'",
        "{a\\}b} = 'braced'",
        "LOWER(Marca) = 'citroën'",
        "UPPER({Marca}) = 'CITROËN'",
        "LEN(Marca) = 7",
        "TRIM('  a b ') = 'a b'",
        "'it\\'s' = \"it's\"",
        "'a\\\\b' & \"\\\"\" = 'a\\\\b\"'",
        "RECORD_ID() = 'recA1b2C3d4E5f6G7'",
        "{Precio Final} >= 329900",
        "{Precio Final} < 329900.5",
        "{Precio Final} = '329900'",
        "2 + 3 * 4 = 14",
        "(2 + 3) * 4 = 20",
        "10 - 3 - 2 = 5",
        "8 / 4 / 2 = 1",
        "-2 + 3 = 1",
        "1 + 1 & '' = '2'",
        "1 / 0",
        "Vendido",
        "{Vendido} = TRUE()",
        "{Vendido} = 1",
        "{Vacío} = BLANK()",
        "{Vacío} = ''",
        "{Vacío} = 0",
        "NOT({Vacío})",
        "{Marca} != BLANK()",
        "Sedes = 'MTY, GPE'",
        "ARRAYJOIN(Sedes, '|') = 'MTY|GPE'",
        "FIND('GPE', ARRAYJOIN(Sedes)) = 6",
        "FIND('zz', Marca) = 0",
        "FIND('', Marca)",
        "FIND('T', 'ATOT', 2) = 4",
        "SEARCH('zz', Marca) = BLANK()",
        "SEARCH('ë', Marca) = 6",
        "AND(1, Marca, Vendido)",
        "OR(0, '', Vendido)",
        "or(0, 1)",
        "IF(Vendido, 'x')",
        "IF({Vacío}, 1, 2) = 2",
        "IS_AFTER(LAST_MODIFIED_TIME(), '2026-03-10T08:59:59.000Z')",
        "IS_AFTER({Ingreso}, DATETIME_PARSE('2026-03-10 07:59:59', 'YYYY-MM-DD HH:mm:ss'))",
        "IS_BEFORE(CREATED_TIME(), '2026-01-02')",
        "LAST_MODIFIED_TIME() > '2026-03-10'",
        "LAST_MODIFIED_TIME({Marca}) = '2026-02-01'",
        "LAST_MODIFIED_TIME({Marca}, {Vendido}) = '2026-02-01'",
        "LAST_MODIFIED_TIME({Vendido}) = CREATED_TIME()",
        "IS_SAME({Ingreso}, '2026-03-10', 'day')",
        "IS_SAME('2026-03-08', '2026-03-14', 'week')",
        "IS_SAME({Ingreso}, '2026-03-10T08:00:00.000Z')",
        "TODAY() = '2026-03-11'",
        "NOW() = '2026-03-11T12:30:00Z'",
        "DATETIME_DIFF(NOW(), CREATED_TIME(), 'days') = 69",
        "DATETIME_DIFF('2026-03-15', '2026-01-16', 'months') = 1",
        "DATETIME_DIFF('2026-01-16', '2026-03-16', 'months') = -2",
        "DATETIME_DIFF('2026-01-01T00:00:05Z', '2026-01-01') = 5",
        "DATEADD('2026-01-31', 1, 'month') = '2026-02-28'",
        "DATEADD(NOW(), -15, 'minutes') < NOW()",
        "DATETIME_PARSE('5/9/2022 4:03 PM', 'D/M/YYYY h:mm A') = '2022-09-05T16:03:00.000Z'",
        "DATETIME_PARSE('2022-09-05T07:00:00+02:00', 'YYYY-MM-DD[T]HH:mm:ssZ') = '2022-09-05T05:00:00Z'",
    ] {
        assert!(keeps(kept), "{kept}");
    }
}

#[test]
fn what_a_formula_drops() {
    for dropped in [
        "0",
        "''",
        "FALSE()",
        "BLANK()",
        "{Vacío}",
        "{Roto}",
        "{Nan}",
        "0 / 0",
        "{Nan} = {Nan}",
        "{Nan} = BLANK()",
        "{Roto} = 'x'",
        "NOT({Roto})",
        "OR({Roto}, 1)",
        "IF({Roto}, 1, 1)",
        "'a' + 1",
        "Marca = 'citroën'",
        "RECORD_ID() = 'recA1B2C3D4E5F6G7'",
        "{Precio Final} = 329901",
        "{Marca} = BLANK()",
        "FIND('citro', Marca)",
        "SEARCH('citro', Marca)",
        "FIND('A', 'ABC', 1)",
        "FIND('A', 'ABC', 99)",
        "AND(1, 0)",
        "OR(0, '')",
        "IF(0, 1)",
        "IS_AFTER(LAST_MODIFIED_TIME(), '2026-03-10T09:00:00.000Z')",
        "IS_AFTER({Vacío}, '2020-01-01')",
        "IS_SAME('2026-03-07', '2026-03-08', 'week')",
        "IS_SAME({Ingreso}, '2026-03-10', 'fortnight')",
        "DATETIME_PARSE('gestern', 'YYYY-MM-DD')",
        "DATEADD(NOW(), 99999999999999999999, 'years')",
    ] {
        assert!(!keeps(dropped), "{dropped}");
    }
}

#[test]
fn a_broken_formula_is_refused_before_any_record_is_read() {
    for broken in [
        "",
        "(",
        "1 +",
        "OR(",
        "OR(1",
        "OR(1,)",
        "'open",
        "{open",
        "FOO(1)",
        "NOT(1, 2)",
        "1 2",
        "a b",
        "1.2.3",
        "#",
    ] {
        assert_eq!(compile(broken).unwrap_err(), Invalid::Syntax, "{broken}");
    }
    let unknown = compile("AND({Nope}, Marca, {fldNope}, {Nope})").unwrap_err();
    assert_eq!(unknown.to_string(), "Unknown field names: Nope, fldNope");
}

#[test]
fn no_formula_exhausts_the_stack() {
    for (open, close) in [("(", ")"), ("NOT(", ")"), ("-", ""), ("IF(1,", ")")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(compile(&nested(90)).is_ok(), "90 × {open}");
        assert_eq!(compile(&nested(50_000)).unwrap_err(), Invalid::Syntax, "50,000 × {open}");
    }
    assert!(keeps(&format!("1{}", " + 1".repeat(50_000))));
}

#[test]
fn five_hundred_ids_are_found_without_a_search_of_the_table() {
    let mut formula = String::from("OR(");
    for n in 0..500 {
        write!(formula, "RECORD_ID()='rec{n:014}',").unwrap();
    }
    let formula = formula + "'recA1b2C3d4E5f6G7'=RECORD_ID())";
    assert_eq!(compile(&formula).unwrap().candidates().unwrap().len(), 501);
    assert!(keeps(&formula));

    assert_eq!(
        compile("AND(Vendido, RECORD_ID()='rec00000000000000')").unwrap().candidates(),
        Some(vec!["rec00000000000000"])
    );
    for open in ["OR(RECORD_ID()='rec00000000000000', Vendido)", "RECORD_ID()!='rec00000000000000'", "1"] {
        assert_eq!(compile(open).unwrap().candidates(), None, "{open}");
    }
}
