//! What the token is and what it may see: for `doctor`, and where the schema is hidden.
//!
//! **Sources:** a listing of a field that is not there is refused with 422 `UNKNOWN_FIELD_NAME`, by observation.
//!
//! **Sources:** `GET /v0/meta/whoami` needs no scope (<https://airtable.com/developers/web/api/get-user-id-scopes>); `GET /v0/meta/bases`
//! needs `schema.bases:read` and gives the bases in the token's access list, up to 1,000 in an answer
//! (<https://airtable.com/developers/web/api/list-bases>).

use reqwest::Method;
use serde::Deserialize;

use super::{
    AirtableClient, AirtableError, Permit, TableSchema,
    request::Ask,
    schema::Tables,
    wire::{ListOptions, WirePage},
};

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Owner {
    /// `usr…`
    pub id: String,
    /// Their address, where a scope allows to see it.
    pub email: Option<String>,
}

/// A base that the token may see.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BaseSeen {
    /// `app…`
    pub id: String,
    /// Its name for people.
    pub name: String,
}

#[derive(Deserialize)]
struct Bases {
    bases: Vec<BaseSeen>,
}

impl AirtableClient {
    /// Whose token it is; the cheapest question of whether Airtable knows it.
    pub async fn whoami(&self, first: Permit) -> Result<Owner, AirtableError> {
        self.ask_meta("whose the token is", &["whoami"], first).await
    }

    /// The bases that the token may see, the first 1,000 of them.
    pub async fn bases(&self, first: Permit) -> Result<Vec<BaseSeen>, AirtableError> {
        let seen: Bases = self.ask_meta("the bases", &["bases"], first).await?;
        Ok(seen.bases)
    }

    /// Every table of the base.
    pub async fn tables(&self, first: Permit) -> Result<Vec<TableSchema>, AirtableError> {
        let tables: Tables = self.send(&self.schema_ask(), first).await?;
        Ok(tables.all())
    }

    /// Whether the table has this field, by name or id: what can be asked without the scope of the schema.
    pub async fn has_field(&self, first: Permit, field: &str) -> Result<bool, AirtableError> {
        let options = ListOptions {
            filter_by_formula: None,
            page_size: 1,
            return_fields_by_field_id: false,
            field: Some(field),
            offset: None,
        };
        match self.send::<WirePage>(&self.list_ask("a field", &options), first).await {
            Ok(_) => Ok(true),
            Err(error) if error.error_type.as_deref() == Some("UNKNOWN_FIELD_NAME") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask_meta<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        path: &[&str],
        first: Permit,
    ) -> Result<T, AirtableError> {
        let url = self.meta_url(path)?;
        self.send(&Ask { what, method: Method::GET, url, body: None }, first).await
    }
}
