//! Queries in one canonical form: equal questions are equal values, whatever the order in which they were written.

use crate::{
    db::vehicles::Locations,
    domain::{Filter, Order, WrongParameter, wrong},
};

/// A question to the catalog; the key of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// A page of listed vehicles.
    List(ListQuery, Shape),
    /// All listed vehicles at once, in the old system's shape.
    All,
    /// The vehicle with this slug.
    Vehicle(Box<str>, Shape),
    /// The number of vehicles for each option.
    Facets(Filter),
    /// The addresses of all listed vehicles.
    Slugs,
}

/// The shape of vehicles in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// As they are.
    Plain,
    /// With the old system's names beside the present ones.
    Old,
}

/// A page of listed vehicles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListQuery {
    /// Which vehicles.
    pub filter: Filter,
    /// In what order.
    pub order: Order,
    /// The page, from 1 to [`Self::LAST_PAGE`].
    pub page: u32,
    /// Vehicles on a page, 1 to 100.
    pub page_size: u32,
}

impl Query {
    /// The bytes it keeps on the heap.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::List(list, _) => list.filter.bytes(),
            Self::Facets(filter) => filter.bytes(),
            Self::Vehicle(slug, _) => slug.len(),
            Self::All | Self::Slugs => 0,
        }
    }
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            order: Order::default(),
            page: 1,
            page_size: Self::DEFAULT_PAGE_SIZE,
        }
    }
}

impl ListQuery {
    /// The largest page size.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// The page that stands for all that are further off: each is past the end.
    pub const LAST_PAGE: u32 = u32::MAX;
    /// The page size unless one is given.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;

    /// Reads the query of a URL; `None` when it has none of the parameters that count. Unknown parameters and empty values do not
    /// count; of a repeated single one the last does.
    pub fn parse(query: &str, branches: &Locations) -> Result<Option<Self>, WrongParameter> {
        let mut list = Self::default();
        let (mut order, mut given) = (None, false);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let known = match &*name {
                _ if value.is_empty() => false,
                "page" => {
                    list.page = page(value)?;
                    true
                }
                "pageSize" => {
                    list.page_size = whole("pageSize", value, Self::MAX_PAGE_SIZE)?;
                    true
                }
                "orderby" => {
                    let named = Order::NAMED.into_iter().find(|(name, _)| *name == value);
                    order = named.ok_or_else(|| wrong("orderby", value, &right_orders()))?.1;
                    true
                }
                _ => list.filter.take(&name, value, branches)?,
            };
            given |= known;
        }
        list.order = match order {
            // Without a search, everything fits it equally well.
            None | Some(Order::Relevance) if list.filter.search().is_none() => Order::Updated,
            None => Order::Relevance,
            Some(order) => order,
        };
        Ok(given.then_some(list))
    }
}

/// Reads the filters of a URL's query; everything else in it is ignored.
pub fn parse_filter(query: &str, branches: &Locations) -> Result<Filter, WrongParameter> {
    let mut filter = Filter::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        filter.take(&name, &value, branches)?;
    }
    Ok(filter)
}

fn right_orders() -> String {
    format!("one of {}", Order::NAMED.map(|(name, _)| name).join(", "))
}

fn page(value: &str) -> Result<u32, WrongParameter> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte != b'0') {
        // Digits that are not all zeros are a number, and too large if they do not fit.
        return Ok(value.parse().unwrap_or(ListQuery::LAST_PAGE));
    }
    Err(wrong("page", value, "a whole number, 1 or more"))
}

fn whole(param: &'static str, value: &str, max: u32) -> Result<u32, WrongParameter> {
    let number = value.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| wrong(param, value, &format!("a whole number from 1 to {max}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Option<ListQuery>, WrongParameter> {
        ListQuery::parse(query, &Locations::new())
    }

    #[test]
    fn equal_questions_are_equal_however_they_are_written() {
        let plain = parse("page=2&pageSize=10&marca=Kia&search=sed%C3%A1n").unwrap();
        for same in [
            "pageSize=10&search=SEDAN&marca=k%C3%ADa&page=2",
            "page=2&utm_source=x&pageSize=10&fbclid=&marca=kia&marca=KIA&orderby=relevance&search=sedan",
            "page=&page=2&pageSize=10&search=sed%C3%A1n!&marca=+kia+&orderby=",
        ] {
            assert_eq!(parse(same).unwrap(), plain, "{same}");
        }
        assert_eq!(
            parse("orderby=relevance").unwrap(),
            Some(ListQuery::default()),
            "nothing to be relevant to"
        );
        assert_eq!(parse("orderby=newest&orderby=default&search=a").unwrap(), parse("search=a").unwrap());
        assert_ne!(parse("search=a").unwrap(), parse("search=a&orderby=newest").unwrap());
    }

    #[test]
    fn what_does_not_count_is_no_parameter() {
        for nothing in ["", "utm_source=x&fbclid=y", "page=&marca="] {
            assert_eq!(parse(nothing).unwrap(), None, "{nothing}");
        }
        assert_eq!(parse("page=1").unwrap(), Some(ListQuery::default()));
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (query, param) in [
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=1.5", "page"),
            ("page=99999999999x", "page"),
            ("page=00", "page"),
            ("page=%2B1", "page"),
            ("pageSize=101", "pageSize"),
            ("pageSize=diez", "pageSize"),
            ("orderby=foo", "orderby"),
            ("orderby=updated", "orderby"),
            ("minPrice=abc", "minPrice"),
        ] {
            assert_eq!(parse(query).unwrap_err().param, param, "{query}");
        }
    }

    #[test]
    fn a_page_too_far_off_to_be_counted_is_the_last_that_is() {
        let last = ListQuery { page: ListQuery::LAST_PAGE, ..ListQuery::default() };
        for far in ["4294967295", "4294967296", "99999999999999999999999999", "0004294967296"] {
            assert_eq!(parse(&format!("page={far}")).unwrap().as_ref(), Some(&last), "{far}");
        }
        assert_eq!(parse("page=007").unwrap().unwrap().page, 7);
    }

    #[test]
    fn facets_know_no_pages() {
        let filter = parse_filter("page=0&orderby=foo&marca=Kia", &Locations::new()).unwrap();
        assert_eq!(filter, parse_filter("marca=KIA", &Locations::new()).unwrap());
    }
}
