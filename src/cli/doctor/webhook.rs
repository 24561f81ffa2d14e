//! Airtable's native webhook, where one is configured.

use super::report::{Area, Report};
use crate::{
    airtable::{AirtableClient, Kind, Lane, Webhook},
    config::Config,
};

const AREA: Area = Area::Airtable;
const NAME: &str = "webhook";

/// What depends on it.
const WHY: &str =
    "Without it changes arrive with the next catch-up only, unless an automation tells of them.";

/// Looks at the webhooks of the base; `table`: the id of ours. One request.
pub(super) async fn check(client: &AirtableClient, config: &Config, table: &str, report: &mut Report) {
    let Some(url) = &config.airtable_webhook.notification_url else { return };
    let permit = client.permit(Lane::Webhook).await;
    let hooks = match client.webhooks(permit).await {
        Ok(hooks) => hooks,
        Err(error) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => {
            return report.problem(
                AREA,
                NAME,
                "the token lacks the scope webhook:manage, or the person it belongs to has no creator rights in the base",
                WHY,
                "Add the scope at https://airtable.com/create/tokens and give that person the role, or unset airtable_webhook.notification_url.",
            );
        }
        Err(error) => return report.problem(AREA, NAME, error.to_string(), WHY, error.kind.remedy()),
    };
    match hooks.iter().find(|hook| hook.is_for(url, table)) {
        Some(hook) => known(hook, url, report),
        None => report.ok(AREA, NAME, format!("none for {url} yet; the service makes it when it starts")),
    }
}

fn known(hook: &Webhook, url: &str, report: &mut Report) {
    let pings = hook.last_notification_result.as_ref();
    if !hook.enabled {
        report.warning(
            AREA,
            NAME,
            format!("{} is over: it records nothing any more", hook.id),
            WHY,
            "Start the service: it makes another one and reads what was missed.",
        );
    } else if !hook.notifications_enabled || pings.is_some_and(|result| !result.success) {
        let last = pings.map_or_else(|| "none was sent".to_owned(), ToString::to_string);
        report.warning(
            AREA,
            NAME,
            format!("{} is alive, but its notifications do not arrive; the last one: {last}", hook.id),
            "Changes arrive with the next look (airtable_webhook.poll_every) instead of at once.",
            format!("Ask from outside: curl -i -X POST {url}; 401 is right."),
        );
    } else {
        let until = hook.expiration_time.map(|end| format!(" until {}", end.format("%Y-%m-%d %H:%M UTC")));
        report.ok(AREA, NAME, format!("{} is alive{}", hook.id, until.unwrap_or_default()));
    }
}
