//! The sentences for the findings of a [`FieldReport`](super::FieldReport), one each, without a full stop.

use std::fmt;

use super::{Appeared, Missing, Renamed, Retyped, Unfed};

impl fmt::Display for Renamed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, present_name, columns, .. } = self;
        write!(
            out,
            "the field {field:?} is now called {present_name:?} in Airtable and goes on feeding {}",
            columns.join(", ")
        )?;
        if self.name_is_taken {
            write!(out, "; another field is called {field:?} by now, which is not the one that is read")?;
        }
        Ok(())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the field {:?} is gone from Airtable, ", self.field)?;
        if self.frozen.is_empty() {
            write!(out, "so {} can no longer be emptied", self.columns.join(", "))?;
        } else {
            write!(out, "so {} as before", stays(&self.frozen))?;
        }
        write_closest(out, &self.closest)
    }
}

impl fmt::Display for Retyped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, to, .. } = self;
        match &self.from {
            Some(from) => write!(out, "the field {field:?} has changed its type from {from} to {to}")?,
            None => write!(out, "the field {field:?} is of the type {to}")?,
        }
        if self.unreadable.is_empty() {
            write!(out, " and goes on feeding {}", self.columns.join(", "))
        } else {
            write!(
                out,
                ", which cannot be read as {0}, so {1} as before",
                self.unreadable.join(", "),
                stays(&self.unreadable)
            )
        }
    }
}

impl fmt::Display for Unfed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.fields.iter().map(|field| format!("{field:?}")).collect();
        write!(out, "no field feeds {}: Airtable has none called {}", self.column, names.join(" or "))?;
        write_closest(out, &self.closest)
    }
}

impl fmt::Display for Appeared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the field {:?} feeds {} from now on", self.field, self.columns.join(", "))
    }
}

fn stays(columns: &[String]) -> String {
    format!("{} {}", columns.join(", "), if columns.len() == 1 { "stays" } else { "stay" })
}

fn write_closest(out: &mut fmt::Formatter<'_>, closest: &[String]) -> fmt::Result {
    if closest.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = closest.iter().map(|name| format!("{name:?}")).collect();
    write!(out, "; closest: {}", names.join(", "))
}
