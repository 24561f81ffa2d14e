//! Airtable: is it reached, does it know the token, and may the token read this table of this base.
//!
//! A wrong base, a base that the token may not see and a scope that it lacks are all the same answer, 403. They are told apart by
//! what else may be asked: `whoami` needs nothing, the list of bases needs the scope of the schema alone, records need theirs.
//!
//! **Invariants:** three requests when all is well, one more where base and scope are to be told apart, one more for a native webhook; each is sent once.

use std::num::NonZeroU32;

use chrono::Datelike;

use super::{
    fields,
    report::{Area, Report},
    webhook,
};
use crate::{
    airtable::{AirtableClient, AirtableError, BaseSeen, Kind, Lane, Listing, Page, TableSchema},
    config::{AirtableSettings, Config},
    db::Db,
    domain::{KnownField, Rules, closest},
    sync::{bind, sample, table_key},
};

const AREA: Area = Area::Airtable;

/// Nothing of the inventory can be read without it.
const NOTHING: &str = "Vehicles cannot be read, so the website stays as it is.";

/// What the base's schema says about our table.
enum Schema {
    /// The table is there.
    Table(TableSchema),
    /// The base is there, the table is not.
    NoTable,
    /// The base is not there, as far as the token can see.
    NoBase,
    /// It may not be read, so nobody knows.
    Hidden,
    /// It could not be asked.
    Unknown,
}

/// Asks Airtable; `db`: where fields are remembered, if its tables can be read.
pub(super) async fn check(config: &Config, db: Option<&Db>, report: &mut Report) {
    // A running service asks at the same time, and does not hear of this.
    let requests_per_second = config.airtable.requests_per_second.min(NonZeroU32::MIN.saturating_add(1));
    let settings =
        AirtableSettings { max_attempts: NonZeroU32::MIN, requests_per_second, ..config.airtable.clone() };
    let client = match AirtableClient::new(&settings) {
        Ok(client) => client,
        Err(error) => {
            report.problem(AREA, "address", error.to_string(), NOTHING, "Correct the setting.");
            return skip(report, &["token", "base", "table", "records"], "the settings cannot be used");
        }
    };
    if !token(&client, &settings, report).await {
        return;
    }
    let remembered = remembered(config, db).await;
    let schema = schema(&client, &settings, remembered.is_some(), report).await;
    if matches!(schema, Schema::NoTable | Schema::NoBase) {
        let because =
            if matches!(schema, Schema::NoBase) { "there is no such base" } else { "there is no such table" };
        report.skipped(AREA, "records", because);
        report.skipped(Area::Fields, "mapping", because);
        return;
    }
    let known = match &schema {
        Schema::Table(table) => {
            Some(bind(table, remembered.as_deref().unwrap_or_default(), crate::clock::now()))
        }
        _ => remembered,
    };
    client.use_field_names(
        known
            .as_ref()
            .map(|known| known.iter().map(|field| (field.id.clone(), field.name.clone())).collect()),
    );
    let page = records(&client, &settings, &schema, report).await;
    if let Schema::Table(table) = &schema {
        webhook::check(&client, config, &table.id, report).await;
    }
    let rules = Rules {
        listed_status: config.listing.status.to_string(),
        visible_field: config.listing.visible_field.clone(),
        this_year: crate::clock::now().year(),
    };
    let sample = page.map(|page| sample(&config.mapping, known.as_deref(), &page.records, &rules));
    match (&schema, &known) {
        (Schema::Table(table), Some(known)) => fields::check(config, &table.fields, known, report),
        (Schema::Unknown, _) => report.skipped(Area::Fields, "mapping", "the schema could not be asked for"),
        (_, Some(known)) => fields::check(config, &[], known, report),
        _ => fields::check_by_name(config, sample.as_ref(), report),
    }
    if let Some(sample) = &sample {
        fields::check_sample(config, sample, report);
    }
}

fn skip(report: &mut Report, names: &[&str], because: &str) {
    for name in names {
        report.skipped(AREA, name, because);
    }
    report.skipped(Area::Fields, "mapping", because);
}

/// Whether Airtable is there and knows the token.
async fn token(client: &AirtableClient, settings: &AirtableSettings, report: &mut Report) -> bool {
    const REST: [&str; 3] = ["base", "table", "records"];
    let permit = client.permit(Lane::Webhook).await;
    let address = &settings.api_url;
    let error = match client.whoami(permit).await {
        Ok(owner) => {
            report.ok(AREA, "address", format!("{address} answers"));
            let whose = owner.email.unwrap_or(owner.id);
            report.ok(AREA, "token", format!("Airtable knows it; it acts for {whose}"));
            return true;
        }
        Err(error) => error,
    };
    match error.kind {
        Kind::Unauthorized => {
            report.ok(AREA, "address", format!("{address} answers"));
            report.problem(
                AREA,
                "token",
                error.to_string(),
                NOTHING,
                "Put a valid personal access token into AIRTABLE_API_KEY: this one is wrong, cut off, or was revoked. \
                 https://airtable.com/create/tokens",
            );
            skip(report, &REST, "Airtable does not know the token");
            return false;
        }
        // Whoever may not ask who it is may still read.
        Kind::Forbidden | Kind::RateLimited | Kind::QuotaUsedUp => {
            report.ok(AREA, "address", format!("{address} answers"));
            told(&error, "token", report);
            let goes_on = error.kind == Kind::Forbidden;
            if !goes_on {
                skip(report, &REST, "Airtable takes no more requests just now");
            }
            return goes_on;
        }
        Kind::Unavailable => report.problem(
            AREA,
            "address",
            format!("{address}: {error}"),
            NOTHING,
            "Run doctor again in a few minutes: this is a failure of Airtable's, or of a proxy in between, not of a setting. See \
             https://status.airtable.com if it lasts.",
        ),
        Kind::Unreachable | Kind::TimedOut => report.problem(
            AREA,
            "address",
            format!("{address}: {error}"),
            NOTHING,
            "Check this machine's network, DNS, clock and CA certificates, a proxy in between, and AIRTABLE_API_URL.",
        ),
        _ => report.problem(
            AREA,
            "address",
            format!("{address}: {error}"),
            NOTHING,
            "Somebody else than Airtable answers there: check AIRTABLE_API_URL, and whether a proxy answers in its place.",
        ),
    }
    report.skipped(AREA, "token", "Airtable cannot be asked");
    skip(report, &REST, "Airtable cannot be asked");
    false
}

/// What the schema says of base and table, and whether it may be read.
async fn schema(
    client: &AirtableClient,
    settings: &AirtableSettings,
    is_remembered: bool,
    report: &mut Report,
) -> Schema {
    let (base, table) = (&settings.base_id, &settings.table_id);
    let permit = client.permit(Lane::Webhook).await;
    let error = match client.tables(permit).await {
        Ok(tables) => {
            report.ok(AREA, "base", format!("{base} is there"));
            report.ok(AREA, "schema", "the token has the scope schema.bases:read");
            return find(tables, table, report);
        }
        Err(error) => error,
    };
    if !matches!(error.kind, Kind::Forbidden | Kind::NotFound) {
        told(&error, "schema", report);
        return Schema::Unknown;
    }
    let permit = client.permit(Lane::Webhook).await;
    let why = if is_remembered {
        "Fields are read by the ids that the service remembers from when it could see them: new ones and other types go unnoticed."
    } else {
        "Fields are read by name: the column of one that is renamed stays as it was, until it has its name again."
    };
    if let Ok(bases) = client.bases(permit).await {
        if bases.iter().any(|seen| seen.id == **base) {
            report.warning(
                AREA,
                "schema",
                format!("the token sees the base {base} in its list, but Airtable refuses the base's schema: {error}"),
                why,
                "See that the person the token belongs to may open the base itself, not only an interface of it, and that the base is on \
                 the token's access list: https://airtable.com/create/tokens.",
            );
            return Schema::Hidden;
        }
        report.ok(AREA, "schema", "the token has the scope schema.bases:read");
        no_base(base, &bases, report);
        return Schema::NoBase;
    }
    report.warning(
        AREA,
        "schema",
        "the token lacks the scope schema.bases:read",
        why,
        "Add the scope to the token at https://airtable.com/create/tokens; the token itself stays the same.",
    );
    Schema::Hidden
}

fn find(tables: Vec<TableSchema>, wanted: &str, report: &mut Report) -> Schema {
    let names: Vec<String> = tables.iter().map(|table| format!("{:?} ({})", table.name, table.id)).collect();
    let meant: Vec<String> = tables.iter().flat_map(|table| [table.name.clone(), table.id.clone()]).collect();
    let position = tables
        .iter()
        .position(|table| table.id == wanted)
        .or_else(|| tables.iter().position(|table| table.name == wanted));
    if let Some(table) = position.and_then(|position| tables.into_iter().nth(position)) {
        report.ok(
            AREA,
            "table",
            format!("{:?} ({}) with {} fields", table.name, table.id, table.fields.len()),
        );
        return Schema::Table(table);
    }
    let alike = closest(wanted, meant.iter().map(String::as_str));
    let hint = alike.first().map(|name| format!(" Is {name:?} meant?")).unwrap_or_default();
    report.problem(
        AREA,
        "table",
        format!("the base has no table {wanted:?}; its tables: {}", names.join(", ")),
        NOTHING,
        format!("Put the id of the table into AIRTABLE_TABLE_ID.{hint}"),
    );
    Schema::NoTable
}

fn no_base(wanted: &str, bases: &[BaseSeen], report: &mut Report) {
    let names: Vec<String> =
        bases.iter().take(10).map(|base| format!("{:?} ({})", base.name, base.id)).collect();
    let seen = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let hint = closest(wanted, bases.iter().map(|base| base.id.as_str()))
        .first()
        .map(|id| format!(" Is {id} meant?"))
        .unwrap_or_default();
    report.problem(
        AREA,
        "base",
        format!("the token may not see the base {wanted}; it sees {seen}"),
        NOTHING,
        format!("Correct AIRTABLE_BASE_ID, or add the base to the token's access list at https://airtable.com/create/tokens.{hint}"),
    );
    report.skipped(AREA, "table", "there is no such base");
}

/// A page of records, if the token may read them.
async fn records(
    client: &AirtableClient,
    settings: &AirtableSettings,
    schema: &Schema,
    report: &mut Report,
) -> Option<Page> {
    let permit = client.permit(Lane::Webhook).await;
    let listing = Listing { formula: None, page_size: settings.page_size.get() };
    let error = match client.page(permit, &listing, None).await {
        Ok(page) => {
            if matches!(schema, Schema::Hidden | Schema::Unknown) {
                report.ok(AREA, "base", format!("{} is there", settings.base_id));
                report.ok(AREA, "table", format!("{:?} is there", settings.table_id));
            }
            report.ok(AREA, "records", "the token has the scope data.records:read");
            return Some(page);
        }
        Err(error) => error,
    };
    let refused = matches!(error.kind, Kind::Forbidden | Kind::NotFound);
    match schema {
        Schema::Table(_) if refused => report.problem(
            AREA,
            "records",
            "the token lacks the scope data.records:read: base and table are there, but their records are refused",
            NOTHING,
            "Add the scope to the token at https://airtable.com/create/tokens; the token itself stays the same.",
        ),
        _ if refused => report.problem(
            AREA,
            "records",
            format!("Airtable refuses the records of {} in {} and does not say why: {error}", settings.table_id, settings.base_id),
            NOTHING,
            "Give the token the scopes data.records:read and schema.bases:read and access to the base, and run doctor again: with the \
             second one it can tell a wrong base from a wrong table.",
        ),
        _ => told(&error, "records", report),
    }
    None
}

/// What Airtable says that is neither yes nor no.
fn told(error: &AirtableError, name: &str, report: &mut Report) {
    match error.kind {
        Kind::QuotaUsedUp => report.problem(
            AREA,
            name,
            error.to_string(),
            "Until the first of the month nothing can be read, or slowly; what is delivered waits in the queue.",
            error.kind.remedy(),
        ),
        Kind::RateLimited => report.problem(
            AREA,
            name,
            error.to_string(),
            "It could not be checked: more than five requests a second reach this base, from all that read it together.",
            "Run doctor again in half a minute; if it is so again, find what else reads this base.",
        ),
        kind => report.problem(AREA, name, error.to_string(), NOTHING, kind.remedy()),
    }
}

/// The fields as the service remembers them, if it has ever seen the schema.
async fn remembered(config: &Config, db: Option<&Db>) -> Option<Vec<KnownField>> {
    let known = db?.known_fields(&table_key(config)).await.ok()?;
    known.iter().any(|field| !field.is_only_a_name()).then_some(known)
}
