//! The key, base and table of Airtable.
//!
//! Key, base and table are empty when they are not set, which the loader only allows commands that do without Airtable.

use url::Url;

use super::{Wrong, address::is_http, secret::secret, text::text};

secret!(
    /// A personal access token, or empty.
    ApiKey,
    expected: "a personal access token of Airtable, pat…, without spaces",
    check: |text, expected| {
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(())
        } else {
            Err(Wrong::found("a value with spaces, line breaks or letters outside ASCII", expected))
        }
    }
);

text!(
    /// The id of a base, or empty.
    BaseId,
    expected: "the id of an Airtable base: app and 14 letters or digits, as in the base's address",
    check: |text| text.is_empty() || text.strip_prefix("app").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
);

text!(
    /// The id or the name of a table, or empty.
    TableId,
    expected: "the id of a table, tbl… and letters or digits, or its name",
    check: |text| text.trim() == text && !text.chars().any(char::is_control)
);

text!(
    /// Where Airtable's API is.
    ApiUrl,
    expected: "an address of the form https://api.airtable.com, without /v0 behind it",
    check: |text| {
        let with_version = Url::parse(text).is_ok_and(|url| url.path().trim_end_matches('/').ends_with("/v0"));
        is_http(text) && !with_version
    }
);

impl ApiUrl {
    /// Whether it is Airtable's own, and not a simulator or a proxy.
    pub(crate) fn is_airtables(&self) -> bool {
        Url::parse(self).is_ok_and(|url| url.host_str() == Some("api.airtable.com"))
    }
}
