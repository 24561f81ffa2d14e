//! Addresses: unique, stable, former ones remembered.
//!
//! **Invariants:** a slug that a vehicle has or had is given to another one only when that vehicle was deleted in Airtable, or, in the first
//! load, when the other one's `ligawp` names it and the holder's was made up. Slugs that Airtable asks for are given before made ones.
//! Whoever gives slugs holds one advisory lock until the commit, so two vehicles of the same name cannot get the same address; it is
//! taken after the records' own locks, so nobody waits in a circle.
//!
//! **Not here:** who needs a slug, and what it is made of (`sync::plan`, `domain::slug`).

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::{DbError, records::Storing};
use crate::domain::RecordId;

/// The key of the advisory lock: "vitrslug" in ASCII.
const LOCK: i64 = 0x7669_7472_736c_7567;

/// A vehicle that needs an address.
#[derive(Debug, Clone)]
pub struct SlugRequest {
    /// The vehicle.
    pub record_id: RecordId,
    /// The address to try first; the same with a number if it cannot be had.
    pub base: String,
    /// Set when Airtable asks for it; otherwise it was made of the title.
    pub wished: bool,
    /// Its present address.
    pub present: Option<String>,
}

/// The addresses that were given.
#[derive(Debug, Default)]
pub struct Given {
    /// By vehicle.
    pub slugs: HashMap<RecordId, String>,
    /// Set when another vehicle had to give one up.
    pub took: bool,
}

impl Storing {
    /// Gives each vehicle an address, and turns former ones into redirects. `first_load`: nobody outside knows an address yet.
    pub async fn assign_slugs(
        &mut self,
        mut requests: Vec<SlugRequest>,
        first_load: bool,
    ) -> Result<Given, DbError> {
        if requests.is_empty() {
            return Ok(Given::default());
        }
        requests.sort_by_key(|request| !request.wished);
        Ok(assign(self.connection().await?, &requests, first_load).await?)
    }
}

async fn assign(
    tx: &mut PgConnection,
    requests: &[SlugRequest],
    first_load: bool,
) -> Result<Given, sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *tx).await?;
    let holders = holders(tx, requests, first_load).await?;
    let mut bases: BTreeMap<&str, i32> = BTreeMap::new();
    for request in requests {
        // One more for a holder that has to go.
        *bases.entry(&request.base).or_default() += 2;
    }
    let mut choice =
        Choice { free: free(tx, &bases).await?, own: own(tx, requests).await?, given: HashSet::new() };
    let mut given = Given::default();
    for request in requests {
        let (base, id) = (request.base.as_str(), request.record_id.as_str());
        let none_free = || sqlx::Error::Protocol(format!("no free slug for {base}"));
        let slug = match holders.get(base).filter(|holder| holder.yields_to(request)) {
            Some(holder) if choice.given.insert(base.to_owned()) => {
                let other = choice.of(base, &holder.record_id).ok_or_else(none_free)?;
                evict(tx, holder, base, &other).await?;
                given.took = true;
                base.to_owned()
            }
            _ => choice.of(base, id).ok_or_else(none_free)?,
        };
        if let Some(former) = request.present.as_ref().filter(|former| **former != slug) {
            redirect(tx, id, former, &slug).await?;
        }
        given.slugs.insert(request.record_id.clone(), slug);
    }
    Ok(given)
}

/// Another vehicle that has an address, or had it.
struct Holder {
    record_id: String,
    /// Set when it has it now; otherwise it is a redirect.
    is_present: bool,
    /// Set when it was deleted in Airtable: then it gives the address to any other vehicle.
    is_deleted: bool,
}

impl Holder {
    fn yields_to(&self, request: &SlugRequest) -> bool {
        self.record_id != request.record_id.as_str() && (self.is_deleted || request.wished)
    }
}

/// Vehicles outside of the batch that have or had an address asked for and would give it up.
async fn holders(
    tx: &mut PgConnection,
    requests: &[SlugRequest],
    first_load: bool,
) -> Result<HashMap<String, Holder>, sqlx::Error> {
    let (bases, batch): (Vec<String>, Vec<String>) =
        requests.iter().map(|request| (request.base.clone(), request.record_id.to_string())).unzip();
    let rows = sqlx::query!(
        r#"select slug as "slug!", record_id as "record_id!", is_present as "is_present!", is_deleted as "is_deleted!"
           from (
               select slug, record_id, true as is_present, deleted_at is not null as is_deleted,
                   slug is distinct from slug_wanted as is_made
               from inventario_cache where slug = any($1)
               union all
               select r.slug, record_id, false, deleted_at is not null, false
               from slug_redirects r join inventario_cache v using (record_id) where r.slug = any($1)
           ) held
           where record_id <> all($2) and (is_deleted or $3 and is_made)"#,
        &bases,
        &batch,
        first_load
    )
    .fetch_all(tx)
    .await?;
    let holder = |record_id, is_present, is_deleted| Holder { record_id, is_present, is_deleted };
    Ok(rows
        .into_iter()
        .map(|row| (row.slug, holder(row.record_id, row.is_present, row.is_deleted)))
        .collect())
}

/// Takes an address from its holder, which gets another one if it has it now.
async fn evict(tx: &mut PgConnection, holder: &Holder, slug: &str, other: &str) -> Result<(), sqlx::Error> {
    if holder.is_present {
        sqlx::query!(
            "update inventario_cache set slug = $2, updated_at = now() where record_id = $1",
            holder.record_id,
            other
        )
        .execute(tx)
        .await?;
    } else {
        sqlx::query!("delete from slug_redirects where slug = $1", slug).execute(tx).await?;
    }
    Ok(())
}

/// The addresses that may be given, and those that were.
struct Choice {
    /// By base, in the order of their numbers, those that nobody has or had.
    free: HashMap<String, Vec<String>>,
    /// By record, those that it has or had.
    own: HashMap<String, Vec<String>>,
    given: HashSet<String>,
}

impl Choice {
    /// The base itself if it can be had, else an address with a number that was this vehicle's before, else the first free one.
    fn of(&mut self, base: &str, id: &str) -> Option<String> {
        let own = self.own.get(id).map(Vec::as_slice).unwrap_or_default();
        let free = self.free.get(base).map(Vec::as_slice).unwrap_or_default();
        let can_be_had = own.iter().chain(free).filter(|slug| !self.given.contains(*slug));
        let slug = can_be_had.filter_map(|slug| Some((number(base, slug)?, slug)));
        // Of equals the first: the vehicle's own.
        let (_, slug) = slug.min_by_key(|(number, slug)| (*number > 1, free.contains(slug)))?;
        self.given.insert(slug.clone());
        Some(slug.clone())
    }
}

/// 1 of the base itself, else the number behind it; `None` of another address.
fn number(base: &str, slug: &str) -> Option<u64> {
    match slug.strip_prefix(base)? {
        "" => Some(1),
        rest => rest.strip_prefix('-')?.parse().ok().filter(|number| *number > 1),
    }
}

/// As many free addresses for each base as may be needed: for its vehicles, and for as many as another base of the batch may take away, as
/// `mazda-3` may be called by the second `mazda` that has a 3.
async fn free(
    tx: &mut PgConnection,
    bases: &BTreeMap<&str, i32>,
) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
    let others = |base: &str| -> i32 {
        let inside = bases.iter().filter(|(other, _)| number(base, other).is_some_and(|number| number > 1));
        inside.map(|(_, count)| count).sum()
    };
    let (asked, wanted): (Vec<String>, Vec<i32>) =
        bases.iter().map(|(base, count)| ((*base).to_owned(), count + others(base) + 1)).unzip();
    let rows = sqlx::query!(
        r#"select base as "base!", slug as "slug!" from unnest($1::text[], $2::int[]) with ordinality asked(base, wanted, n)
           cross join lateral vitrina_free_slugs(base, wanted) with ordinality given(slug, m) order by n, m"#,
        &asked,
        &wanted
    )
    .fetch_all(tx)
    .await?;
    let mut free: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows {
        free.entry(row.base).or_default().push(row.slug);
    }
    Ok(free)
}

/// The present and former addresses of vehicles that have one already.
async fn own(
    tx: &mut PgConnection,
    requests: &[SlugRequest],
) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
    let known = requests.iter().filter(|request| request.present.is_some());
    let ids: Vec<String> = known.map(|request| request.record_id.to_string()).collect();
    let mut own: HashMap<String, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(own);
    }
    let rows = sqlx::query!(
        r#"select slug as "slug!", record_id as "record_id!" from (
               select slug, record_id from inventario_cache where record_id = any($1)
               union all
               select slug, record_id from slug_redirects where record_id = any($1)
           ) own order by length(slug), slug"#,
        &ids
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        own.entry(row.record_id).or_default().push(row.slug);
    }
    Ok(own)
}

async fn redirect(tx: &mut PgConnection, id: &str, former: &str, present: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from slug_redirects where slug = $1", present).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into slug_redirects (slug, record_id) values ($1, $2) on conflict (slug) do update set record_id = excluded.record_id",
        former,
        id
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(free: &[&str], own: &[&str]) -> Choice {
        let strings = |slugs: &[&str]| slugs.iter().map(|slug| (*slug).to_owned()).collect();
        Choice {
            free: HashMap::from([("mazda".to_owned(), strings(free))]),
            own: HashMap::from([("rec".to_owned(), strings(own))]),
            given: HashSet::new(),
        }
    }

    #[test]
    fn addresses_are_given_in_the_order_of_their_numbers_and_none_twice() {
        let mut choice = choice(&["mazda", "mazda-2", "mazda-4"], &[]);
        let given: Vec<_> = (0..4).map(|_| choice.of("mazda", "rec")).collect();
        assert_eq!(given, [Some("mazda".into()), Some("mazda-2".into()), Some("mazda-4".into()), None]);
    }

    #[test]
    fn a_vehicle_gets_its_own_former_address_back() {
        assert_eq!(choice(&["mazda-9"], &["mazda-7"]).of("mazda", "rec").unwrap(), "mazda-7");
        assert_eq!(choice(&["mazda-9"], &["mazda-7"]).of("mazda", "other").unwrap(), "mazda-9");
        assert_eq!(
            choice(&["mazda-9"], &["mazda-gt", "mazda-7", "mazda"]).of("mazda", "rec").unwrap(),
            "mazda"
        );
        assert_eq!(choice(&["mazda", "mazda-2"], &["mazda-7"]).of("mazda", "rec").unwrap(), "mazda");
    }

    #[test]
    fn only_numbers_from_2_on_are_numbers() {
        let read = ["mazda", "mazda-2", "mazda-1", "mazda-gt", "mazda2", "mazda-2-2", "kia"]
            .map(|slug| number("mazda", slug));
        assert_eq!(read, [Some(1), Some(2), None, None, None, None, None]);
    }
}
