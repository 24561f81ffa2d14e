//! Addresses on the web.

use axum::http::HeaderValue;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use super::{Wrong, text::text};

text!(
    /// An address that paths can be put behind.
    HttpUrl,
    expected: "an http or https address, such as https://sync.example.mx",
    check: is_http
);

text!(
    /// The public address of `/airtable-notifications`; Airtable calls https only, and the simulator this machine.
    NotificationUrl,
    expected: "the public address of /airtable-notifications, such as https://sync.example.mx/airtable-notifications; http only \
               on this machine",
    check: |text| Url::parse(text).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        !host.is_empty() && (url.scheme() == "https" || url.scheme() == "http" && is_here)
    })
);

text!(
    /// A scheme, a host and maybe a port, as browsers send them.
    Origin,
    expected: "origins such as \"https://www.example.mx\", without a path or a final /",
    check: |text| Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
);

/// Which origins browsers may read from; `"*"` alone means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsOrigins(pub(crate) Vec<HeaderValue>);

impl<'de> Deserialize<'de> for CorsOrigins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = r#"["*"] alone, or a list of origins such as "https://www.example.mx", without a path or a final /"#;
        let wrong = || D::Error::custom(Wrong::expected(EXPECTED));
        let texts = Vec::<String>::deserialize(deserializer).map_err(|_| wrong())?;
        let right = texts == ["*"] || texts.iter().all(|text| text.parse::<Origin>().is_ok());
        let values = texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<_>>>();
        values.filter(|_| right).map(Self).ok_or_else(wrong)
    }
}

/// Tells whether an address is `http(s)` and ends in a path, so that further segments can be appended.
pub(super) fn is_http(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    })
}
