//! Addresses: given once, unique for ever, former ones remembered.
//!
//! **Invariants:** a slug that a vehicle has or had is never given to another one. Whoever gives slugs holds one advisory lock until
//! the commit, so two vehicles of the same name cannot get the same address; it is taken after the records' own locks, so
//! nobody waits in a circle.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::plan::{Plan, Write};

/// The key of the advisory lock: "vitrslug" in ASCII.
const LOCK: i64 = 0x7669_7472_736c_7567;

/// Fills in the slugs of vehicles that are new or asked for another address, and turns the old ones into redirects.
pub(super) async fn assign(tx: &mut PgConnection, plans: &mut [Plan]) -> Result<(), sqlx::Error> {
    let mut bases: BTreeMap<&str, i32> = BTreeMap::new();
    for base in plans.iter().filter_map(new_slug) {
        *bases.entry(base).or_default() += 1;
    }
    if bases.is_empty() {
        return Ok(());
    }
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *tx).await?;
    let mut choice =
        Choice { free: free(tx, &bases).await?, own: own(tx, plans).await?, given: HashSet::new() };
    let mut moved = Vec::new();
    for plan in plans {
        let Some(base) = new_slug(plan) else { continue };
        let id = plan.outcome.record_id.to_string();
        let slug =
            choice.of(base, &id).ok_or_else(|| sqlx::Error::Protocol(format!("no free slug for {base}")))?;
        if let Some(former) = plan.outcome.slug.replace(slug.clone())
            && former != slug
        {
            plan.outcome.changed.push("slug");
            moved.push((id, former, slug));
        }
    }
    redirect(tx, &moved).await
}

fn new_slug(plan: &Plan) -> Option<&str> {
    match &plan.write {
        Write::Vehicle { new_slug, .. } => new_slug.as_deref(),
        Write::Nothing | Write::Deletion => None,
    }
}

/// What may be given, and what was.
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

/// What the vehicles that move have and had.
async fn own(tx: &mut PgConnection, plans: &[Plan]) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
    let moving = plans.iter().filter(|plan| plan.outcome.slug.is_some() && new_slug(plan).is_some());
    let ids: Vec<String> = moving.map(|plan| plan.outcome.record_id.to_string()).collect();
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

async fn redirect(tx: &mut PgConnection, moved: &[(String, String, String)]) -> Result<(), sqlx::Error> {
    for (id, former, present) in moved {
        sqlx::query!("delete from slug_redirects where slug = $1", present).execute(&mut *tx).await?;
        sqlx::query!("insert into slug_redirects (slug, record_id) values ($1, $2)", former, id)
            .execute(&mut *tx)
            .await?;
    }
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
