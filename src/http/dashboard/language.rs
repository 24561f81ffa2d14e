//! In which language somebody reads.

use axum::http::{HeaderMap, header};

use super::{
    cookie,
    texts::{self, Texts},
};

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Spanish,
    English,
}

impl Language {
    /// What was chosen on the page, else what the browser prefers, else Spanish.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        cookie::of(headers, cookie::LANGUAGE)
            .and_then(Self::by_code)
            .or_else(|| preferred(headers))
            .unwrap_or(Self::Spanish)
    }

    /// By its code in addresses and cookies.
    pub(super) fn by_code(code: &str) -> Option<Self> {
        [Self::Spanish, Self::English].into_iter().find(|language| language.code() == code)
    }

    /// Its code, as `lang` has it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::English => "en",
        }
    }

    /// Everything the page says.
    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::Spanish => &texts::ES,
            Self::English => &texts::EN,
        }
    }
}

/// The language with the highest weight in `Accept-Language`, the first among equals.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let mut best = (None, 0.0);
    for item in lists.flat_map(|list| list.split(',')) {
        let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
        let code = range.trim().get(..2).unwrap_or_default().to_ascii_lowercase();
        let weight =
            parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse().ok());
        if let (Some(language), Some(weight)) = (Language::by_code(&code), weight)
            && weight > best.1
        {
            best = (Some(language), weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_choice_comes_first_then_the_browsers_preference_then_spanish() {
        for (chosen, accepted, language) in [
            (None, None, Language::Spanish),
            (None, Some("en-US,en;q=0.9"), Language::English),
            (None, Some("fr, es-MX;q=0.8, en;q=0.7"), Language::Spanish),
            (None, Some("es;q=0.1, EN;q=0.2"), Language::English),
            (None, Some("fr, é, ;q=, en;q=x, en;q=0"), Language::Spanish),
            (Some("en"), Some("es"), Language::English),
            (Some("klingon"), Some("en"), Language::English),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(chosen) = chosen {
                let cookie = format!("{}={chosen}", cookie::LANGUAGE);
                headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
            }
            if let Some(accepted) = accepted {
                headers
                    .insert(header::ACCEPT_LANGUAGE, HeaderValue::from_bytes(accepted.as_bytes()).unwrap());
            }
            assert_eq!(Language::of(&headers), language, "{chosen:?} {accepted:?}");
        }
    }
}
