//! The dashboard from outside: who gets in, what is done, what is shown.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    fields,
    support::{Answer, World, eventually, mazda},
};

const TOKEN: &str = "admin-token-for-the-tests";

/// What only a broken promise takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser that is logged in.
pub struct Browser<'a> {
    pub world: &'a World,
    pub url: String,
    pub cookie: String,
}

impl<'a> Browser<'a> {
    pub async fn log_in(world: &'a World) -> Self {
        let answer = post(world, "/dashboard/login", &[("token", TOKEN)], &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/dashboard"), "{answer:?}");
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { world, url: world.url.clone(), cookie }
    }

    pub fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.world
            .http
            .get(format!("{}{path}", self.url))
            .header(COOKIE, &self.cookie)
            .header("accept-language", "en")
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(path).send().await.unwrap()).await
    }

    pub async fn page(&self) -> String {
        let answer = self.get("/dashboard").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// What this session's forms carry.
    pub async fn form_token(&self) -> String {
        value_of(&self.get("/dashboard/confirm/full").await.body, "token")
    }

    pub async fn act(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token().await;
        let mut fields = fields.to_vec();
        fields.push(("token", &token));
        post(self.world, &format!("/dashboard/actions/{action}"), &fields, &[("cookie", &self.cookie)]).await
    }

    /// The live events from now on.
    async fn listen(&self) -> Events {
        let response = self.request("/dashboard/live").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("no-store"));
        Events { body: response.bytes_stream().boxed(), text: String::new() }
    }
}

struct Events {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Events {
    /// The next event: its name and its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned())
                };
                let found = field("event:").zip(field("data:"));
                let rest = rest.to_owned();
                self.text = rest;
                if found.is_some() {
                    return found;
                }
                continue;
            }
            match timeout(PATIENCE, self.body.next()).await.expect("something is said") {
                Some(Ok(bytes)) => self.text.push_str(std::str::from_utf8(&bytes).unwrap()),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next version of a part for which the condition holds.
    async fn part(&mut self, id: &str, holds: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let wanted = async {
            loop {
                let (event, data) = self.next().await.expect("the stream goes on");
                let part: Value = serde_json::from_str(&data).unwrap_or_default();
                if event == "part" && part["id"] == id {
                    part["html"].as_str().unwrap().clone_into(&mut last);
                    if holds(&last) {
                        return;
                    }
                }
            }
        };
        assert!(timeout(PATIENCE, wanted).await.is_ok(), "{id} is not as it should be: {last}");
        last
    }

    async fn said(&mut self, what: &str) {
        let wanted = async {
            while !matches!(self.next().await.expect("the stream goes on"), (event, data) if event == "say" && data.contains(what))
            {
            }
        };
        assert!(timeout(PATIENCE, wanted).await.is_ok(), "{what} is not said");
    }
}

pub async fn post(world: &World, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
    let body =
        fields.iter().fold(form_urlencoded::Serializer::new(String::new()), |mut form, (name, value)| {
            form.append_pair(name, value);
            form
        });
    let mut body = body;
    let mut request = world.http.post(format!("{}{path}", world.url)).body(body.finish());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// The value of a hidden field.
pub fn value_of(html: &str, name: &str) -> String {
    let field = html.split_once(&format!("name=\"{name}\" value=\"")).expect("the field is there").1;
    field.split('"').next().unwrap().to_owned()
}

async fn runs(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from sync_runs where trigger <> 'bulk'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn without_a_session_there_is_nothing_but_the_log_in_page() {
    let world = World::start().await;
    for (path, login) in [
        ("/dashboard", "/dashboard/login"),
        ("/dashboard/runs/1", "/dashboard/login?next=/dashboard/runs/1"),
        ("/dashboard/confirm/full", "/dashboard/login?next=/dashboard/confirm/full"),
    ] {
        let answer = world.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, login));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    world.get("/dashboard/live").await.problem(401);
    for path in ["/dashboard/actions/full", "/dashboard/logout"] {
        assert_eq!(post(&world, path, &[], &[]).await.status, 303, "{path}");
    }
    assert_eq!(runs(&world).await, 0);
    assert!(world.get("/dashboard/login").await.body.contains("type=\"password\""));
}

#[tokio::test]
async fn the_right_token_opens_a_session_whose_cookie_is_not_the_token() {
    let world = World::start().await;
    let answer =
        post(&world, "/dashboard/login", &[("token", TOKEN), ("next", "/dashboard/runs/1")], &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/dashboard/runs/1"));
    let cookie = answer.header("set-cookie");
    for part in ["Path=/dashboard;", "; HttpOnly", "; SameSite=Lax", "; Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(TOKEN) && !cookie.contains("Secure"), "{cookie}");
    let by_tls = [("x-forwarded-proto", "https"), ("sec-fetch-site", "same-origin")];
    let secure = post(&world, "/dashboard/login", &[("token", TOKEN)], &by_tls).await;
    assert!(secure.header("set-cookie").contains("; Secure"));

    for next in ["https://evil.example/", "//evil.example/dashboard", "/dashboard/../x", "/docs"] {
        let answer = post(&world, "/dashboard/login", &[("token", TOKEN), ("next", next)], &[]).await;
        assert_eq!(answer.header("location"), "/dashboard", "{next}");
    }
}

#[tokio::test]
async fn a_wrong_token_opens_nothing_and_after_five_one_waits_unless_it_is_right() {
    let world = World::start().await;
    for wrong in ["", "wrong", "webhook-secret-for-tests", "admin-token-for-the-test", "<script>"] {
        let answer = post(&world, "/dashboard/login", &[("token", wrong)], &[]).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(!answer.headers.contains_key(SET_COOKIE) && answer.body.contains("role=\"alert\""));
        assert!(wrong.is_empty() || !answer.body.contains(wrong), "{}", answer.body);
    }
    let sixth = post(&world, "/dashboard/login", &[("token", "wrong"), ("x", "y")], &[]).await;
    assert_eq!(sixth.status, 429);
    assert!((1..=20).contains(&sixth.header("retry-after").parse::<u64>().unwrap()));
    // Behind a proxy that nothing is said of, the operators come by the same address as whoever was wrong.
    let right = post(&world, "/dashboard/login", &[("token", TOKEN), ("x", "y")], &[]).await;
    assert_eq!(right.status, 303);
    let still = post(&world, "/dashboard/login", &[("token", "wrong")], &[]).await;
    assert_eq!(still.status, 429, "and does not give them new tries");
}

#[tokio::test]
async fn a_session_holds_on_every_instance_and_ends_with_its_time() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let other = world.another_instance().await;
    let elsewhere = Browser { world: &world, url: other.url.clone(), cookie: browser.cookie.clone() };
    elsewhere.page().await;
    other.stop().await;

    let brief = World::set("auth.session_for", "1s").start().await;
    let browser = Browser::log_in(&brief).await;
    let mut events = browser.listen().await;
    eventually("the session ends", || async { browser.get("/dashboard").await.status == 303 }).await;
    while events.next().await.is_some() {}
    browser.get("/dashboard/live").await.problem(401);
}

#[tokio::test]
async fn logging_out_takes_the_cookie_away() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let refused = post(&world, "/dashboard/logout", &[], &[("cookie", &browser.cookie)]).await;
    refused.problem(403);
    let token = browser.form_token().await;
    let out = post(&world, "/dashboard/logout", &[("token", &token)], &[("cookie", &browser.cookie)]).await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/dashboard/login?out"));
    assert!(
        out.header("set-cookie").starts_with("vitrina_session=;")
            && out.header("set-cookie").contains("Max-Age=0")
    );
    let page = world.get("/dashboard/login?out").await.body;
    assert!(page.contains("La sesión está cerrada."), "{page}");
}

#[tokio::test]
async fn what_another_site_or_another_session_sends_is_not_done() {
    let world = World::start().await;
    let (browser, other) = (Browser::log_in(&world).await, Browser::log_in(&world).await);
    let (token, others) = (browser.form_token().await, other.form_token().await);
    let cookie = ("cookie", browser.cookie.as_str());
    for (given, header) in [
        ("", ("x-nothing", "")),
        (others.as_str(), ("x-nothing", "")),
        (&token[1..], ("x-nothing", "")),
        (&token, ("sec-fetch-site", "cross-site")),
        (&token, ("sec-fetch-site", "same-site")),
        (&token, ("origin", "https://evil.example")),
        (&token, ("origin", "null")),
    ] {
        for action in ["full", "catch-up", "replay-failed", "invalidate", "resume"] {
            let path = format!("/dashboard/actions/{action}");
            post(&world, &path, &[("token", given)], &[cookie, header]).await.problem(403);
        }
        if header.0 != "x-nothing" {
            assert_eq!(post(&world, "/dashboard/login", &[("token", TOKEN)], &[header]).await.status, 403);
        }
    }
    for path in ["/dashboard/actions/full", "/dashboard/logout"] {
        browser.get(path).await.problem(405);
    }
    assert_eq!(runs(&world).await, 0);
    let from_here = [cookie, ("origin", world.url.as_str())];
    assert_eq!(
        post(&world, "/dashboard/actions/catch-up", &[("token", &token)], &from_here).await.status,
        303
    );
    assert_eq!(runs(&world).await, 1);
}

#[tokio::test]
async fn pages_are_closed_to_everything_from_elsewhere_and_are_not_kept() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    for path in [
        "/dashboard",
        "/dashboard/runs/1",
        "/dashboard/confirm/full",
        "/dashboard/confirm/replay?record=recA1b2C3d4E5f6G7",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("://"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(
            !page.body.contains("style=") && !page.body.contains("<style") && !page.body.contains(" onclick"),
            "{path}"
        );
        for script in page.body.split("<script").skip(1) {
            assert!(script.trim_start().starts_with("type=\"module\" src=\"/assets/"), "{script}");
        }
    }
    assert!(
        world
            .get("/dashboard/login")
            .await
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    browser.get("/dashboard/runs/99").await.problem(404);
    browser.get("/dashboard/confirm/nothing").await.problem(404);
    browser.get("/dashboard/confirm/replay?record=x").await.problem(400);
    browser.get("/dashboard/nothing").await.problem(404);
}

#[tokio::test]
async fn the_page_speaks_spanish_or_english_as_the_reader_likes() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    assert!(browser.page().await.contains("<html lang=\"en\">"));
    let choice = browser.get("/dashboard/language/es?next=/dashboard/runs/1").await;
    assert_eq!((choice.status.as_u16(), choice.header("location")), (303, "/dashboard/runs/1"));
    let chosen = choice.header("set-cookie").split(';').next().unwrap().to_owned();
    let both =
        Browser { cookie: format!("{}; {chosen}", browser.cookie), url: world.url.clone(), world: &world };
    let page = both.page().await;
    assert!(page.contains("<html lang=\"es\">") && page.contains("Errores recientes"), "{page}");
    assert_eq!(
        browser.get("/dashboard/language/es?next=//evil.example").await.header("location"),
        "/dashboard"
    );
    browser.get("/dashboard/language/fr").await.problem(404);
}

#[tokio::test]
async fn what_comes_from_airtable_or_a_log_is_only_ever_text() {
    const HOSTILE: &str = "</p><script>alert('x')</script><img src=x onerror=alert(1)>\"";
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    sqlx::query(
        "insert into sync_logs (record_id, sync_type, source, status, message, error_details, vehicle_title)
         values ($1, 'webhook', $2, 'error', $2, jsonb_build_object('from', 'airtable', 'kind', $2::text), $2)",
    )
    .bind("rec\"'<b>")
    .bind(HOSTILE)
    .execute(&world.db.pool)
    .await
    .unwrap();
    sqlx::query("insert into sync_queue (record_id, trigger, last_error, status) values ('rec<i>', 'webhook', $1, 'dead')")
        .bind(HOSTILE)
        .execute(&world.db.pool)
        .await
        .unwrap();
    sqlx::query("insert into sync_runs (kind, trigger, status, finished_at, error) values ('full', 'manual', 'failed', now(), $1)")
        .bind(HOSTILE)
        .execute(&world.db.pool)
        .await
        .unwrap();
    let run: i64 =
        sqlx::query_scalar("select max(id) from sync_runs").fetch_one(&world.db.pool).await.unwrap();
    for path in ["/dashboard?done=<script>".to_owned(), format!("/dashboard/runs/{run}")] {
        let page = browser.get(&path).await.body;
        assert!(page.contains("onerror=alert(1)"), "it is shown: {page}");
        for markup in ["<script>", "<img src=x", "<b>", "<i>", "%22%27%3Cb%3E\" onerror"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}

#[tokio::test]
async fn a_webhook_shows_on_an_open_page_without_a_reload() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let mut events = browser.listen().await;
    let mut kpis = String::new();
    for id in ["state", "kpis", "charts", "alerts", "errors", "runs", "queue", "cache"] {
        let html = events.part(id, |html| html.starts_with(&format!("<section id=\"{id}\""))).await;
        if id == "kpis" {
            kpis = html;
        }
    }
    world.known(mazda()).await;
    events.part("kpis", |html| html != kpis && html.contains("syncs")).await;

    world.airtable.set_token("another");
    let refused = world.airtable.create(fields! { "AutoMarca": "Kia", "OrdenStatus": "Comprado" });
    assert_eq!(world.webhook(&refused).await.status, 502);
    let errors = events.part("errors", |html| html.contains(&refused)).await;
    assert!(errors.contains("Airtable refuses the token"), "{errors}");
    assert!(errors.contains("Put a valid personal access token into AIRTABLE_API_KEY"), "{errors}");
    events.part("queue", |html| html.contains(&refused)).await;
    let state = browser.page().await;
    assert!(state.contains("class=\"state bad\"") && state.contains("1 critical alert"), "{state}");
}

#[tokio::test]
async fn a_replay_is_asked_about_then_done_then_told() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let id = world.known(mazda()).await;
    let question = browser.get(&format!("/dashboard/confirm/replay?record={id}")).await.body;
    assert!(question.contains("Replay the sync") && value_of(&question, "record") == id, "{question}");
    let mut events = browser.listen().await;
    events.part("cache", |_| true).await;

    let done = browser.act("replay", &[("record", &id)]).await;

    assert_eq!(done.status, 303, "{done:?}");
    let run =
        done.header("location").strip_prefix("/dashboard?done=run-").expect("a run has begun").to_owned();
    events.part("runs", |html| html.contains(&format!("/dashboard/runs/{run}\""))).await;
    events.said(&format!("Run {run}: Succeeded")).await;
    let page = browser.get(done.header("location")).await.body;
    assert!(page.contains(&format!("Run {run} has begun.")), "{page}");
    let report = browser.get(&format!("/dashboard/runs/{run}")).await.body;
    assert!(report.contains("Replay") && report.contains("1 records on 1 pages"), "{report}");
    assert_eq!(world.logs(&id).await.last().unwrap()["sync_type"], "replay");
}

#[tokio::test]
async fn actions_say_what_became_of_them() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let place = |answer: &Answer| answer.header("location").to_owned();
    assert_eq!(place(&browser.act("replay-failed", &[]).await), "/dashboard?done=nothing");
    world.get("/vehicles").await.ok();
    assert_eq!(place(&browser.act("invalidate", &[]).await), "/dashboard?done=emptied");
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "miss");
    assert_eq!(place(&browser.act("resume", &[]).await), "/dashboard?done=resumed");
    let lock = world.state().db.try_lock_runs().await.unwrap().unwrap();
    assert_eq!(place(&browser.act("catch-up", &[]).await), "/dashboard?done=busy");
    lock.release().await;
    for (done, said) in [
        ("busy", "Another run is under way"),
        ("emptied", "The cache is empty"),
        ("nothing", "Nothing has failed"),
    ] {
        let page = browser.get(&format!("/dashboard?done={done}")).await.body;
        assert!(page.contains(said) && page.contains("id=\"notice\""), "{page}");
    }
    browser.act("replay", &[("record", "rec\"><script>")]).await.problem(400);
}

#[tokio::test]
async fn while_the_database_is_away_the_page_says_so_and_comes_back() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    assert!(browser.page().await.contains("Syncs per hour"));
    let mut events = browser.listen().await;
    events.part("cache", |_| true).await;
    world.db.cut().await;
    events.part("state", |html| html.contains("The database is out of reach")).await;
    let page = browser.page().await;
    assert!(
        page.contains("The database is out of reach") && page.contains("Syncs per hour"),
        "the last figures stay"
    );
    world.db.mend().await;
    events.part("state", |html| !html.contains("out of reach")).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_open_pages() {
    let mut world = World::start().await;
    let mut events = Browser::log_in(&world).await.listen().await;
    events.part("cache", |_| true).await;
    world.stop().await;
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_in_words_that_fit_it() {
    let world = World::start().await;
    let large = "x".repeat(70_000);
    let refused = post(&world, "/dashboard/login", &[("token", &large)], &[]).await.problem(413);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("bytes") && detail.contains("form") && !detail.contains("record"), "{detail}");
}
