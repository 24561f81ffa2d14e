//! Addresses: given once, unique for ever, former ones remembered.
//!
//! **Invariants:** a slug that a vehicle has or had is never given to another one. Whoever gives slugs holds one advisory lock until
//! the commit, so two vehicles of the same name cannot get the same address; it is taken after the records' own locks, so
//! nobody waits in a circle.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgConnection;

use super::plan::{Plan, Write};

/// The key of the advisory lock: "vitrslug" in ASCII.
const LOCK: i64 = 0x7669_7472_736c_7567;

/// Fills in the slugs of vehicles that are new or asked for another address, and turns the old ones into redirects.
pub(super) async fn assign(tx: &mut PgConnection, plans: &mut [Plan]) -> Result<(), sqlx::Error> {
    let bases: BTreeSet<&str> = plans.iter().filter_map(new_slug).collect();
    let bases: Vec<String> = bases.into_iter().map(str::to_owned).collect();
    if bases.is_empty() {
        return Ok(());
    }
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *tx).await?;
    let mut owners = taken(tx, &bases).await?;
    let mut moved = Vec::new();
    for plan in plans {
        let Some(base) = new_slug(plan) else { continue };
        let id = plan.outcome.record_id.to_string();
        let slug = first_free(base, |slug| owners.get(slug).is_none_or(|owner| *owner == id));
        owners.insert(slug.clone(), id.clone());
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

/// The slug itself, else with the first number from 2 on that is free.
fn first_free(base: &str, is_free: impl Fn(&str) -> bool) -> String {
    if is_free(base) {
        return base.to_owned();
    }
    let mut number = 2_u64;
    loop {
        let slug = format!("{base}-{number}");
        if is_free(&slug) {
            return slug;
        }
        number += 1;
    }
}

/// Who has or had the slugs that begin like one of these. `.` follows `-` in ASCII, so the range is that of the suffixed slugs.
async fn taken(tx: &mut PgConnection, bases: &[String]) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select slug as "slug!", record_id as "record_id!" from (
               select v.slug, v.record_id from unnest($1::text[]) base
               join inventario_cache v on v.slug = base or (v.slug > base || '-' and v.slug < base || '.')
               union all
               select r.slug, r.record_id from unnest($1::text[]) base
               join slug_redirects r on r.slug = base or (r.slug > base || '-' and r.slug < base || '.')
           ) taken"#,
        bases
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.record_id)).collect())
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
    use super::first_free;

    #[test]
    fn a_taken_slug_gets_the_first_free_number() {
        let taken = ["mazda-3-2020", "mazda-3-2020-2", "mazda-3-2020-4"];
        let is_free = |slug: &str| !taken.contains(&slug);
        assert_eq!(first_free("mazda-3-2020", is_free), "mazda-3-2020-3");
        assert_eq!(first_free("mazda-3-2021", is_free), "mazda-3-2021");
    }
}
