//! The columns of a stored vehicle that stay as they are, because Airtable no longer gives them.
//!
//! **Invariants:** a kept column is never emptied, and a vehicle is neither shown nor hidden by a checkbox that is gone.
//!
//! **Not here:** finding out which fields are gone (`sync::fields`).

use super::{Column, Content};

/// The columns that a later reading must not take away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Columns that stay as they are: their fields are gone, or hold what the column cannot.
    pub frozen: Vec<Column>,
    /// Columns that are filled by the fields left to them, but not emptied: a field that they came second from is gone.
    pub filled: Vec<Column>,
    /// Whether the checkbox that decides who may be shown cannot be read: nobody is shown or hidden by it then.
    pub visibility: bool,
}

impl Kept {
    /// Takes what is kept from the former content, if there is one.
    pub fn apply(&self, content: &mut Content, former: Option<&Content>) {
        let Some(former) = former else {
            content.listed &= !self.visibility;
            return;
        };
        let emptied = self.filled.iter().filter(|column| content.is_empty(**column));
        let columns: Vec<Column> = self.frozen.iter().chain(emptied).copied().collect();
        content.keep(&columns, former);
        if self.visibility {
            content.listed &= former.listed;
        }
    }
}

impl Content {
    /// Whether the column has no value.
    pub fn is_empty(&self, column: Column) -> bool {
        match column {
            // A vehicle may be sold for another reason than this checkbox.
            Column::Vendido => true,
            Column::Title => false,
            _ => self.value(column).is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Money, samples::mazda};

    #[test]
    fn a_frozen_column_stays_and_a_filled_one_is_only_not_emptied() {
        let former = mazda().content;
        let kept = Kept {
            frozen: vec![Column::Precio],
            filled: vec![Column::Oferta, Column::Garantia],
            visibility: false,
        };
        let mut content = former.clone();
        content.precio = Money::from_pesos(1.0);
        content.oferta = None;
        content.garantia = Some("1 año".to_owned());
        kept.apply(&mut content, Some(&former));
        assert_eq!((content.precio, content.oferta), (former.precio, former.oferta));
        assert_eq!(content.garantia.as_deref(), Some("1 año"));
    }

    #[test]
    fn without_its_checkbox_nobody_is_shown_or_hidden_but_a_sold_vehicle_goes() {
        let kept = Kept { visibility: true, ..Kept::default() };
        let former = mazda().content;
        for (was, in_stock, is) in [(true, true, true), (true, false, false), (false, true, false)] {
            let (mut former, mut content) = (former.clone(), former.clone());
            (former.listed, content.listed) = (was, in_stock);
            kept.apply(&mut content, Some(&former));
            assert_eq!(content.listed, is, "{was} {in_stock}");
        }
        let mut new = former;
        kept.apply(&mut new, None);
        assert!(!new.listed, "nobody has ever said that it may be shown");
    }
}
