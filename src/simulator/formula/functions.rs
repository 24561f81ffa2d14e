//! The functions a formula may call.
//!
//! **Invariants:** `CREATED_TIME()` and `LAST_MODIFIED_TIME()` have whole seconds. Airtable shows no more of them; that it computes with no
//! more is the harder of the two possibilities for a reader, and the one taken here.
//!
//! **Not here:** operators are in [`super::value`], the calendar in [`super::dates`].

use chrono::{DateTime, DurationRound, SubsecRound, TimeDelta, Utc};

use super::{
    Row,
    dates::{self, Unit},
    parser::Node,
    value::{self, Value},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    And,
    ArrayJoin,
    Blank,
    CreatedTime,
    DateAdd,
    DatetimeDiff,
    DatetimeParse,
    False,
    Find,
    If,
    IsAfter,
    IsBefore,
    IsSame,
    LastModifiedTime,
    Len,
    Lower,
    Not,
    Now,
    Or,
    RecordId,
    Search,
    Today,
    Trim,
    True,
    Upper,
}

/// Name, function, fewest and most arguments. Airtable takes names in any case.
pub(super) const TABLE: [(&str, Function, usize, usize); 25] = [
    ("AND", Function::And, 1, usize::MAX),
    ("ARRAYJOIN", Function::ArrayJoin, 1, 2),
    ("BLANK", Function::Blank, 0, 0),
    ("CREATED_TIME", Function::CreatedTime, 0, 0),
    ("DATEADD", Function::DateAdd, 3, 3),
    ("DATETIME_DIFF", Function::DatetimeDiff, 2, 3),
    ("DATETIME_PARSE", Function::DatetimeParse, 1, 3),
    ("FALSE", Function::False, 0, 0),
    ("FIND", Function::Find, 2, 3),
    ("IF", Function::If, 2, 3),
    ("IS_AFTER", Function::IsAfter, 2, 2),
    ("IS_BEFORE", Function::IsBefore, 2, 2),
    ("IS_SAME", Function::IsSame, 2, 3),
    ("LAST_MODIFIED_TIME", Function::LastModifiedTime, 0, usize::MAX),
    ("LEN", Function::Len, 1, 1),
    ("LOWER", Function::Lower, 1, 1),
    ("NOT", Function::Not, 1, 1),
    ("NOW", Function::Now, 0, 0),
    ("OR", Function::Or, 1, usize::MAX),
    ("RECORD_ID", Function::RecordId, 0, 0),
    ("SEARCH", Function::Search, 2, 3),
    ("TODAY", Function::Today, 0, 0),
    ("TRIM", Function::Trim, 1, 1),
    ("TRUE", Function::True, 0, 0),
    ("UPPER", Function::Upper, 1, 1),
];

pub(super) fn find(name: &str, arguments: usize) -> Option<Function> {
    TABLE
        .iter()
        .find(|(known, _, fewest, most)| {
            known.eq_ignore_ascii_case(name) && (*fewest..=*most).contains(&arguments)
        })
        .map(|(_, function, ..)| *function)
}

pub(super) fn call<'a>(function: Function, arguments: &'a [Node], row: &Row<'a>) -> Value<'a> {
    match function {
        Function::And => junction(arguments, row, false),
        Function::Or => junction(arguments, row, true),
        Function::If => branch(arguments, row),
        Function::LastModifiedTime => Value::Time(last_modified(arguments, row).trunc_subsecs(0)),
        _ => {
            let values: Vec<_> = arguments.iter().map(|argument| argument.eval(row)).collect();
            if values.contains(&Value::Error) { Value::Error } else { apply(function, &values, row) }
        }
    }
}

/// `OR` (`decided_by` true) and `AND` (false): stops at the first argument that decides.
fn junction<'a>(arguments: &'a [Node], row: &Row<'a>, decided_by: bool) -> Value<'a> {
    for argument in arguments {
        match argument.eval(row) {
            Value::Error => return Value::Error,
            value if value.is_truthy() == decided_by => return Value::Bool(decided_by),
            _ => {}
        }
    }
    Value::Bool(!decided_by)
}

fn branch<'a>(arguments: &'a [Node], row: &Row<'a>) -> Value<'a> {
    let [condition, then, otherwise @ ..] = arguments else { return Value::Error };
    match condition.eval(row) {
        Value::Error => Value::Error,
        value if value.is_truthy() => then.eval(row),
        _ => otherwise.first().map_or(Value::Blank, |otherwise| otherwise.eval(row)),
    }
}

fn last_modified(fields: &[Node], row: &Row<'_>) -> DateTime<Utc> {
    if fields.is_empty() {
        return row.modified;
    }
    let touched = fields.iter().filter_map(|field| match field {
        Node::Field(reference) => row.touched.get(&reference.slot).copied(),
        _ => None,
    });
    touched.max().unwrap_or(row.created)
}

fn apply<'a>(function: Function, values: &[Value<'a>], row: &Row<'a>) -> Value<'a> {
    match (function, values) {
        (Function::Blank, _) => Value::Blank,
        (Function::True, _) => Value::Bool(true),
        (Function::False, _) => Value::Bool(false),
        (Function::RecordId, _) => Value::Text(row.id.into()),
        (Function::CreatedTime, _) => Value::Time(row.created.trunc_subsecs(0)),
        (Function::Now, _) => Value::Time(row.now),
        (Function::Today, _) => Value::Time(row.now.duration_trunc(TimeDelta::days(1)).unwrap_or(row.now)),
        (Function::Not, [value]) => Value::Bool(!value.is_truthy()),
        (Function::Lower, [value]) => Value::Text(value.text().to_lowercase().into()),
        (Function::Upper, [value]) => Value::Text(value.text().to_uppercase().into()),
        (Function::Trim, [value]) => Value::Text(value.text().trim().to_owned().into()),
        (Function::Len, [value]) => count(value.text().chars().count()),
        (Function::Find, [needle, hay, start @ ..]) => position(needle, hay, start).map_or(count(0), count),
        (Function::Search, [needle, hay, start @ ..]) => {
            position(needle, hay, start).map_or(Value::Blank, count)
        }
        (Function::ArrayJoin, [value, separator @ ..]) => {
            let separator = separator.first().map_or(", ".into(), Value::text);
            let items = if let Value::List(items) = value { items } else { std::slice::from_ref(value) };
            Value::Text(value::join(items, &separator).into())
        }
        _ => temporal(function, values).unwrap_or(Value::Error),
    }
}

fn temporal<'a>(function: Function, values: &[Value<'a>]) -> Option<Value<'a>> {
    match (function, values) {
        (Function::DatetimeParse, [value, format @ ..]) => match (value, format.first()) {
            (Value::Time(time), _) => Some(Value::Time(*time)),
            (_, Some(format)) => dates::parse_as(&value.text(), &format.text()).map(Value::Time),
            (_, None) => value.time().map(Value::Time),
        },
        (Function::IsAfter, [left, right]) => Some(Value::Bool(left.time()? > right.time()?)),
        (Function::IsBefore, [left, right]) => Some(Value::Bool(left.time()? < right.time()?)),
        (Function::IsSame, [left, right, unit @ ..]) => {
            let unit = unit.first().map_or(Some(Unit::Millisecond), |unit| Unit::named(&unit.text()))?;
            Some(Value::Bool(unit.start(left.time()?) == unit.start(right.time()?)))
        }
        (Function::DatetimeDiff, [left, right, unit @ ..]) => {
            let unit = unit.first().map_or(Some(Unit::Second), |unit| Unit::named(&unit.text()))?;
            #[expect(clippy::cast_precision_loss, reason = "a formula's numbers are doubles")]
            let difference = unit.between(left.time()?, right.time()?) as f64;
            Some(Value::Number(difference))
        }
        (Function::DateAdd, [time, amount, unit]) => {
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates and the sum is checked")]
            let amount = amount.number()? as i64;
            Unit::named(&unit.text())?.add(time.time()?, amount).map(Value::Time)
        }
        _ => None,
    }
}

/// Where `needle` first stands in `hay`, counted in characters from 1; the search begins after `start` characters.
fn position(needle: &Value<'_>, hay: &Value<'_>, start: &[Value<'_>]) -> Option<usize> {
    let (needle, hay) = (needle.text(), hay.text());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a start past the end finds nothing"
    )]
    let skip = start.first().and_then(Value::number).unwrap_or(0.0) as usize;
    let from = hay.char_indices().nth(skip).map_or(hay.len(), |(at, _)| at);
    let at = from + hay.get(from..)?.find(&*needle)?;
    Some(hay.get(..at)?.chars().count() + 1)
}

fn count<'a>(number: usize) -> Value<'a> {
    #[expect(clippy::cast_precision_loss, reason = "a text is far shorter than 2^52 characters")]
    Value::Number(number as f64)
}
