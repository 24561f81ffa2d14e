//! What can be asked, in one canonical form: equal questions are equal values, whatever the order in which they were written.

/// A question to the catalog; the key of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// A page of listed vehicles.
    List(ListQuery),
    /// The vehicle with this slug.
    Vehicle(Box<str>),
}

/// A page of listed vehicles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListQuery {
    /// The page, from 1.
    pub page: u32,
    /// Vehicles on a page, 1 to 100.
    pub page_size: u32,
}

impl Query {
    /// The bytes it keeps on the heap.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::List(_) => 0,
            Self::Vehicle(slug) => slug.len(),
        }
    }
}

/// A parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameter {
    /// Its name.
    pub param: &'static str,
    /// What was given and what would be right, as a sentence.
    pub detail: String,
}

impl ListQuery {
    /// The largest page size.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// The page size unless one is given.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;

    /// Reads the query of a URL. Unknown parameters and empty values do not count; of a repeated one the last does.
    pub fn parse(query: &str) -> Result<Self, WrongParameter> {
        let mut list = Self { page: 1, page_size: Self::DEFAULT_PAGE_SIZE };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            match &*name {
                _ if value.is_empty() => {}
                "page" => list.page = whole("page", value, u32::MAX)?,
                "pageSize" => list.page_size = whole("pageSize", value, Self::MAX_PAGE_SIZE)?,
                _ => {}
            }
        }
        Ok(list)
    }
}

fn whole(param: &'static str, value: &str, max: u32) -> Result<u32, WrongParameter> {
    value.parse().ok().filter(|number| (1..=max).contains(number)).ok_or_else(|| {
        let value: String = value.chars().take(40).collect();
        WrongParameter {
            param,
            detail: format!("{param} is {value:?}; it should be a whole number from 1 to {max}."),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_questions_are_equal_however_they_are_written() {
        let plain = ListQuery::parse("page=2&pageSize=10").unwrap();
        for same in
            ["pageSize=10&page=2", "page=2&utm_source=x&pageSize=10&fbclid=", "page=&page=2&pageSize=10"]
        {
            assert_eq!(ListQuery::parse(same).unwrap(), plain, "{same}");
        }
        assert_eq!(ListQuery::parse("").unwrap(), ListQuery { page: 1, page_size: 20 });
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (query, param) in [
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=1.5", "page"),
            ("page=99999999999", "page"),
            ("pageSize=101", "pageSize"),
            ("pageSize=diez", "pageSize"),
        ] {
            assert_eq!(ListQuery::parse(query).unwrap_err().param, param, "{query}");
        }
    }
}
