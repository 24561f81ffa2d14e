//! The syntax of `config/fields.toml`, and the remedy for each mistake in it.
//!
//! **Invariants:** every mistake is reported, not only the first, with the line on which its column begins.
//!
//! **Sources:** the file explains its own form in its first lines.
//!
//! **Not here:** what a mapping is asked later ([`super::mapping`]).

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use toml::{Spanned, Table, Value};

use super::{
    Column, Kind, Mapping,
    mapping::{Reading, Source},
};

/// A mistake in a mapping file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .line.map_or(String::new(), |line| format!("line {line}: ")))]
pub struct MappingError {
    /// The line it is in, from 1; `None` when something is missing from the file.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: MappingProblem,
}

/// A mistake in a mapping file with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingProblem {
    /// The file cannot be parsed at all.
    #[error("this is not TOML: {0}")]
    Syntax(String),
    /// A key that is no column.
    #[error("`{0}` is not a column; the columns are {columns}", columns = join(Column::ALL.iter().map(|column| column.as_str())))]
    UnknownColumn(String),
    /// A column that is left out although it is needed.
    #[error("`{0}` is needed; add it, as in vitrina's own config/fields.toml")]
    Missing(Column),
    /// The entry is not a table.
    #[error("`{0}` should be a table such as {{ from = [\"Field\"], as = \"{kind}\" }}", kind = .0.kind())]
    NotATable(Column),
    /// A member of the table that means nothing.
    #[error(
        "`{column}` has `{key}`, which means nothing here; a column has `from`, `as` and, for text, `or`"
    )]
    UnknownKey {
        /// The column.
        column: Column,
        /// The member.
        key: String,
    },
    /// `as` names no kind at all, or is left out.
    #[error(
        "`{column}` says {given}, which is not a kind; write as = \"{right}\" (the kinds are {kinds})",
        right = .column.kind(),
        kinds = join(Kind::ALL.iter().map(|kind| kind.as_str()))
    )]
    UnknownKind {
        /// The column.
        column: Column,
        /// What stands there.
        given: String,
    },
    /// `as` names a kind that the column cannot hold.
    #[error("`{column}` cannot hold {given}; write as = \"{right}\"", right = .column.kind())]
    WrongKind {
        /// The column.
        column: Column,
        /// The kind it cannot hold.
        given: Kind,
    },
    /// No field is named.
    #[error(
        "`{0}` should name its fields, such as from = [\"Field\"]; leave the column out to keep it empty"
    )]
    NoSources(Column),
    /// An entry of `from` is not a field.
    #[error("`{column}` has {given} in `from`, where the name of a field or its `fld…` id should stand{hint}",
        hint = if .column.kind() == Kind::Text { ", or a list of fields to join" } else { "" })]
    BadSource {
        /// The column.
        column: Column,
        /// The entry as written.
        given: String,
    },
    /// A field is named twice in the same place of one column.
    #[error("`{column}` names {given} twice; once is enough")]
    NamedTwice {
        /// The column.
        column: Column,
        /// The field.
        given: String,
    },
    /// `or` on a column that is not text.
    #[error("`{0}` cannot have `or`: only text has a fallback, other columns are empty when Airtable is")]
    FallbackNotAllowed(Column),
    /// `or` is not a text with something in it, or the title has none.
    #[error("`{0}` needs or = \"…\" with some words, which stand there when no field is filled")]
    BadFallback(Column),
}

impl Mapping {
    /// The mapping in `config/fields.toml`, which is part of the binary.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Mapping> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "the file is compiled in, and a test parses it")]
            Mapping::parse(include_str!("../../config/fields.toml")).expect("config/fields.toml is right")
        });
        &BUILTIN
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// Every mistake in it, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<MappingError>> {
        let line = |span: Range<usize>| {
            Some(1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count())
        };
        let file: BTreeMap<Spanned<String>, Value> = toml::from_str(text).map_err(|error| {
            let problem = MappingProblem::Syntax(error.message().to_owned());
            vec![MappingError { line: error.span().and_then(line), problem }]
        })?;

        let mut readings = BTreeMap::new();
        let mut errors = Vec::new();
        for (key, entry) in file {
            let mut problems = Vec::new();
            match key.get_ref().parse() {
                Ok(column) => {
                    readings.insert(column, reading(column, entry, &mut problems));
                }
                Err(_) => problems.push(MappingProblem::UnknownColumn(key.get_ref().clone())),
            }
            let line = line(key.span());
            errors.extend(problems.into_iter().map(|problem| MappingError { line, problem }));
        }
        for needed in [Column::Title, Column::Ordenstatus] {
            if !readings.contains_key(&needed) {
                errors.push(MappingError { line: None, problem: MappingProblem::Missing(needed) });
            }
        }
        errors.sort_by_key(|error| error.line);
        if errors.is_empty() { Ok(Self { readings }) } else { Err(errors) }
    }
}

fn reading(column: Column, entry: Value, problems: &mut Vec<MappingProblem>) -> Reading {
    let mut reading = Reading { sources: Vec::new(), fallback: None };
    let Value::Table(mut entry) = entry else {
        problems.push(MappingProblem::NotATable(column));
        return reading;
    };
    if let Err(problem) = check_kind(column, entry.remove("as")) {
        problems.push(problem);
    }
    match entry.remove("from") {
        Some(Value::Array(sources)) if !sources.is_empty() => {
            for given in sources {
                match source(column, &given) {
                    Ok(source) if reading.sources.contains(&source) => {
                        problems.push(MappingProblem::NamedTwice { column, given: given.to_string() });
                    }
                    Ok(source) => reading.sources.push(source),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        _ => problems.push(MappingProblem::NoSources(column)),
    }
    match fallback(column, &mut entry) {
        Ok(fallback) => reading.fallback = fallback,
        Err(problem) => problems.push(problem),
    }
    problems.extend(entry.into_iter().map(|(key, _)| MappingProblem::UnknownKey { column, key }));
    reading
}

fn check_kind(column: Column, given: Option<Value>) -> Result<(), MappingProblem> {
    let Some(given) = given else {
        return Err(MappingProblem::UnknownKind { column, given: "nothing under `as`".to_owned() });
    };
    match Kind::ALL.iter().find(|kind| given.as_str() == Some(kind.as_str())) {
        Some(kind) if *kind == column.kind() => Ok(()),
        Some(kind) => Err(MappingProblem::WrongKind { column, given: *kind }),
        None => Err(MappingProblem::UnknownKind { column, given: format!("as = {given}") }),
    }
}

fn source(column: Column, given: &Value) -> Result<Source, MappingProblem> {
    let fields = match given {
        Value::Array(joined) if column.kind() == Kind::Text && !joined.is_empty() => joined.as_slice(),
        single => std::slice::from_ref(single),
    };
    let name = |field: &Value| Some(field.as_str()?.to_owned()).filter(|name| !name.trim().is_empty());
    let source: Option<Source> = fields.iter().map(name).collect();
    source.ok_or_else(|| MappingProblem::BadSource { column, given: given.to_string() })
}

fn fallback(column: Column, entry: &mut Table) -> Result<Option<String>, MappingProblem> {
    match entry.remove("or") {
        None if column == Column::Title => Err(MappingProblem::BadFallback(column)),
        None => Ok(None),
        Some(_) if column.kind() != Kind::Text => Err(MappingProblem::FallbackNotAllowed(column)),
        Some(Value::String(words)) if !words.trim().is_empty() && !words.contains('\0') => {
            Ok(Some(words.trim().to_owned()))
        }
        Some(_) => Err(MappingProblem::BadFallback(column)),
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A right file with one more column in it.
    fn with(entry: &str) -> String {
        let needed = "title = { from = [\"Auto\"], as = \"text\", or = \"Sin título\" }\n\
                      ordenstatus = { from = [\"OrdenStatus\"], as = \"text\" }\n";
        format!("{needed}{entry}\n")
    }

    fn problem(column: &str) -> String {
        let errors = Mapping::parse(&with(column)).unwrap_err();
        let [error] = errors.as_slice() else { panic!("one error is expected for {column}: {errors:?}") };
        error.to_string()
    }

    #[test]
    fn a_right_file_is_read_in_either_way_of_writing_a_table() {
        let inline =
            Mapping::parse(&with("precio = { from = [\"Precio\", \"precio\"], as = \"money\" }")).unwrap();
        let apart =
            Mapping::parse(&with("[precio]\nfrom = [\"Precio\", \"precio\"]\nas = \"money\"")).unwrap();
        assert_eq!(inline, apart);
        assert_eq!(inline.sources(Column::Precio), [["Precio"], ["precio"]]);
    }

    #[test]
    fn each_mistake_is_named_with_its_line_and_what_would_be_right() {
        for (entry, says) in [
            (
                "Precio = { from = [\"Precio\"], as = \"money\" }",
                "line 3: `Precio` is not a column; the columns are title, titulometa,",
            ),
            ("carroceria = { from = [\"X\"], as = \"text\" }", "line 3: `carroceria` is not a column"),
            (
                "precio = \"Precio\"",
                "line 3: `precio` should be a table such as { from = [\"Field\"], as = \"money\" }",
            ),
            (
                "precio = { from = [\"Precio\"], as = \"text\" }",
                "line 3: `precio` cannot hold text; write as = \"money\"",
            ),
            (
                "autoano = { from = [\"AutoAno\"], as = \"whole\" }",
                "line 3: `autoano` cannot hold whole; write as = \"year\"",
            ),
            (
                "precio = { from = [\"Precio\"], as = \"number\" }",
                "line 3: `precio` says as = \"number\", which is not a kind; write as = \"money\" (the kinds are text, list,",
            ),
            ("precio = { from = [\"Precio\"], as = 7 }", "line 3: `precio` says as = 7, which is not a kind"),
            (
                "precio = { from = [\"Precio\"] }",
                "line 3: `precio` says nothing under `as`, which is not a kind",
            ),
            (
                "precio = { from = [], as = \"money\" }",
                "line 3: `precio` should name its fields, such as from = [\"Field\"]",
            ),
            ("precio = { as = \"money\" }", "line 3: `precio` should name its fields"),
            ("precio = { from = \"Precio\", as = \"money\" }", "line 3: `precio` should name its fields"),
            (
                "precio = { from = [\"  \"], as = \"money\" }",
                "line 3: `precio` has \"  \" in `from`, where the name of a field or its `fld…` id should stand",
            ),
            ("precio = { from = [7], as = \"money\" }", "line 3: `precio` has 7 in `from`"),
            (
                "precio = { from = [[\"A\", \"B\"]], as = \"money\" }",
                "line 3: `precio` has [\"A\", \"B\"] in `from`",
            ),
            (
                "marca = { from = [[]], as = \"text\" }",
                "line 3: `marca` has [] in `from`, where the name of a field or its `fld…` id should stand, or a list of fields to join",
            ),
            (
                "precio = { from = [\"Precio\", \"Precio\"], as = \"money\" }",
                "line 3: `precio` names \"Precio\" twice",
            ),
            (
                "precio = { from = [\"Precio\"], as = \"money\", or = \"0\" }",
                "line 3: `precio` cannot have `or`",
            ),
            (
                "marca = { from = [\"AutoMarca\"], as = \"text\", or = \" \" }",
                "line 3: `marca` needs or = \"…\" with some words",
            ),
            (
                "precio = { from = [\"Precio\"], as = \"money\", default = 0 }",
                "line 3: `precio` has `default`, which means nothing here",
            ),
            ("precio = { from = [\"Precio\", as = \"money\" }", "line 3: this is not TOML: "),
            (
                "title = { from = [\"Auto\"], as = \"text\", or = \"x\" }",
                "line 3: this is not TOML: duplicate key",
            ),
        ] {
            let said = problem(entry);
            assert!(said.starts_with(says), "{entry}\n{said}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once_in_the_order_of_the_file() {
        let file = "# a comment\n\
                    utilitario = { from = [], as = \"text\", of = 1 }\n\
                    color = { from = [\"Color\"], as = \"text\" }\n\
                    title = { from = [\"Auto\"], as = \"text\" }\n";
        let said: Vec<String> =
            Mapping::parse(file).unwrap_err().iter().map(MappingError::to_string).collect();
        let begins = [
            "`ordenstatus` is needed",
            "line 2: `utilitario` cannot hold text",
            "line 2: `utilitario` should name its fields",
            "line 2: `utilitario` has `of`",
            "line 3: `color` is not a column",
            "line 4: `title` needs or = ",
        ];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (said, begin) in said.iter().zip(begins) {
            assert!(said.starts_with(begin), "{said}");
        }
    }
}
