//! What the demo prints: addresses, tokens, and lines to paste.

use secrecy::ExposeSecret;

use super::Secrets;
use crate::{app::App, cli::say, simulator::Simulator};

/// A listed vehicle to try things on.
pub(super) struct Example {
    pub(super) record_id: String,
    pub(super) slug: String,
}

pub(super) fn welcome(
    app: &App,
    secrets: &Secrets,
    simulator: &Simulator,
    example: &Example,
) -> anyhow::Result<()> {
    let (url, airtable) = (format!("http://{}", app.addr()), simulator.url());
    let (webhook, admin) = (secrets.webhook.expose_secret(), secrets.admin.expose_secret());
    let (base, table, token) = (simulator.base_id(), simulator.table_id(), simulator.token());
    let Example { record_id, slug } = example;
    say(&format!(
        r#"
vitrina is running at {url} on a simulated Airtable at {airtable}.
Somebody at the desk keeps editing vehicles: one line below for each edit. Ctrl-C ends it and leaves nothing behind.

  the shop          {url}/
  the dashboard     {url}/dashboard   (log in with the operators' token)

  webhook secret    {webhook}
  operators' token  {admin}

See the listing, a vehicle, and the cache's figures:
  curl -s '{url}/vehicles?pageSize=2'
  curl -s {url}/vehicles/{slug}
  curl -s {url}/cache-stats

Edit a vehicle in Airtable, tell vitrina as the automation does, and see it on the website:
  curl -s -X PATCH {airtable}/v0/{base}/{table}/{record_id} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{{"fields":{{"Precio":199900}}}}'
  curl -s -X POST {url}/airtable-sync -H 'Authorization: Bearer {webhook}' -d '{{"recordId":"{record_id}"}}'
  curl -s {url}/vehicles/{slug}

Drop every cached response, as an operator:
  curl -s -X POST {url}/invalidate-cache -H 'Authorization: Bearer {admin}'
"#
    ))
}
