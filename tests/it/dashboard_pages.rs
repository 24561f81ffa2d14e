//! What the dashboard says when things are wrong: errors as pages, and parts that hide nothing.

use std::sync::Arc;

use vitrina::{
    domain::Trigger,
    simulator::{Fault, What},
    sync::Scope,
};

use crate::{
    dashboard::{Browser, post},
    fields,
    support::{Answer, Database, World, eventually, mazda},
};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const FROM_HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

impl Browser<'_> {
    /// As a browser asks for a page.
    async fn look(&self, path: &str, language: &str) -> Answer {
        let request = self.request(path).header("accept", HTML);
        let mut request = request.build().unwrap();
        request.headers_mut().insert("accept-language", language.parse().unwrap());
        Answer::read(self.world.http.execute(request).await.unwrap()).await
    }

    /// One part of the page.
    async fn part(&self, id: &str) -> String {
        let page = self.page().await;
        let from = page.find(&format!("<section id=\"{id}\"")).expect("the part is there");
        let end = page[from..].find("</section>").unwrap();
        page[from..from + end].to_owned()
    }
}

async fn execute(world: &World, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&world.db.pool).await.unwrap();
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_answered_with_problem_details() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    for path in [
        "/dashboard/runs/abc",
        "/dashboard/runs/99999999999999999999",
        "/dashboard/runs/%FF",
        "/dashboard/confirm/%FF",
        "/dashboard/language/%FF",
        "/dashboard/%FF",
        "/assets/%FF",
    ] {
        browser.get(path).await.problem(404);
    }
    post(&world, "/dashboard/actions/%FF", &[], &[("cookie", &browser.cookie)]).await.problem(404);
}

#[tokio::test]
async fn who_reads_pages_gets_errors_as_pages_in_his_language() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    for (path, status, spanish, english) in [
        ("/dashboard/runs/99", 404, "No hay una corrida con ese número", "There is no run with that number"),
        ("/dashboard/runs/%FF", 404, "No hay una corrida con ese número", "There is no run with that number"),
        (
            "/dashboard/confirm/nothing",
            404,
            "El panel no tiene esa acción",
            "The dashboard has no such action",
        ),
        ("/dashboard/confirm/replay?record=x", 400, "Eso no es un registro", "That is no record of Airtable"),
        ("/dashboard/nothing/here", 404, "Aquí no hay nada", "There is nothing here"),
        ("/dashboard/actions/full", 405, "Esa dirección no es una página", "That address is no page"),
    ] {
        for (language, text) in [("es", spanish), ("en", english)] {
            let answer = browser.look(path, language).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("content-type")),
                (status, "text/html; charset=utf-8")
            );
            assert!(answer.body.contains(text), "{path} in {language}: {}", answer.body);
            assert!(answer.body.contains(&format!("<html lang=\"{language}\">")));
            assert!(answer.body.contains("class=\"button primary\" href=\"/dashboard\""), "{}", answer.body);
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(!answer.header("x-request-id").is_empty());
        }
    }
    let cookie = ("cookie", browser.cookie.as_str());
    let old =
        post(&world, "/dashboard/actions/full", &[("token", "old")], &[cookie, FROM_HERE, ("accept", HTML)])
            .await;
    assert_eq!(old.status, 403);
    assert!(old.body.contains("El formulario ya no vale"), "{}", old.body);
}

#[tokio::test]
async fn the_address_with_a_slash_at_its_end_leads_to_the_page() {
    let world = World::start().await;
    let answer = world.get("/dashboard/").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (308, "/dashboard"));
}

#[tokio::test]
async fn a_tab_of_an_earlier_session_logs_out_too_and_the_session_is_over() {
    let world = World::start().await;
    let (earlier, browser) = (Browser::log_in(&world).await, Browser::log_in(&world).await);
    let old = earlier.form_token().await;
    let cookie = ("cookie", browser.cookie.as_str());
    let elsewhere = ("sec-fetch-site", "cross-site");
    post(&world, "/dashboard/logout", &[("token", &old)], &[cookie, elsewhere]).await.problem(403);
    assert_eq!(browser.get("/dashboard").await.status, 200);

    let out = post(&world, "/dashboard/logout", &[("token", &old)], &[cookie, FROM_HERE]).await;

    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/dashboard/login?out"), "{out:?}");
    assert_eq!(browser.get("/dashboard").await.status, 303, "the cookie that was kept opens nothing");
    browser.get("/dashboard/live").await.problem(401);
    assert_eq!(earlier.get("/dashboard").await.status, 200, "the other session goes on");
}

#[tokio::test]
async fn what_was_sent_without_a_session_is_not_where_the_log_in_leads() {
    let world = World::start().await;
    let answer = post(&world, "/dashboard/actions/full", &[], &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/dashboard/login"));
}

#[tokio::test]
async fn a_run_shows_what_failed_first_and_all_of_it_page_by_page() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    execute(
        &world,
        "insert into sync_runs (id, kind, trigger, status, started_at, finished_at)
         values (900, 'full', 'nightly', 'succeeded', now() - interval '1 hour', now());
         insert into sync_logs (record_id, sync_type, status, message, created_at, metadata)
         select 'rec' || n, 'nightly', case n when 1 then 'error' when 2 then 'warning' else 'success' end, 'row ' || n || '.',
             now() - interval '50 minutes' + n * interval '1 second', '{\"run\": 900}'
         from generate_series(1, 62) n;
         insert into sync_logs (record_id, sync_type, status, message, created_at, metadata)
         values ('recElsewhere', 'nightly', 'error', 'another run', now() - interval '40 minutes', '{\"run\": 899}')",
    )
    .await;
    let first = browser.get("/dashboard/runs/900").await.body;
    assert!(first.contains("1 failed, 1 with warnings, 60 changed"), "{first}");
    let place = |text: &str| first.find(text).unwrap_or_else(|| panic!("{text} in {first}"));
    assert!(place("row 1.") < place("row 2.") && place("row 2.") < place("row 62."));
    assert!(!first.contains("row 3.") && !first.contains("another run"));
    assert!(
        first.contains("1 to 50 of 62") && first.contains("href=\"/dashboard/runs/900?page=2\""),
        "{first}"
    );
    let second = browser.get("/dashboard/runs/900?page=2").await.body;
    assert!(second.contains("51 to 62 of 62") && second.contains("row 3.") && second.contains("?page=1\""));
    for odd in ["0", "-1", "x", "9223372036854775807"] {
        assert_eq!(browser.get(&format!("/dashboard/runs/900?page={odd}")).await.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn a_record_that_failed_in_a_run_is_on_the_runs_page_by_its_name() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let id = world.known(mazda()).await;
    world.airtable.set_token("another");

    let report = world.run(Scope::Records(vec![id.parse().unwrap()]), Trigger::Replay).await;

    let page = browser.get(&format!("/dashboard/runs/{}", report.run.0)).await.body;
    assert!(page.contains("1 failed, 0 with warnings") && page.contains("Mazda 3 Sport 2.5"), "{page}");
    let runs = browser.part("runs").await;
    assert!(runs.contains("Replay") && !runs.contains("<small class=\"muted\">replay</small>"), "{runs}");
}

#[tokio::test]
async fn a_run_that_the_brake_ended_says_what_to_do() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    execute(
        &world,
        "insert into sync_runs (id, kind, trigger, status, finished_at, error, braked)
         values (900, 'full', 'nightly', 'failed', now(), '12 of 40 would leave', true)",
    )
    .await;
    let page = browser.get("/dashboard/runs/900").await.body;
    assert!(page.contains("press “Sync everything” and tick that it goes without the brake"), "{page}");
    assert!(page.contains("href=\"/dashboard/confirm/full\""), "{page}");
}

#[tokio::test]
async fn what_waits_is_seen_however_much_was_given_up() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    execute(
        &world,
        "insert into sync_queue (record_id, trigger, status, attempts, enqueued_at)
         select 'recDead' || n, 'webhook', 'dead', 12, now() - interval '2 days' from generate_series(1, 9) n;
         insert into sync_queue (record_id, trigger, status, next_attempt_at, claimed_until)
         values ('recWaits', 'webhook', 'waiting', now() + interval '1 hour', now() + interval '1 hour')",
    )
    .await;
    let mut queue = String::new();
    eventually("both are shown", || async { browser.part("queue").await.contains("recDead8") }).await;
    queue.push_str(&browser.part("queue").await);
    let (waits, dead) = (queue.find("queue-recWaits").unwrap(), queue.find("queue-recDead1").unwrap());
    assert!(waits < dead, "{queue}");
    assert!(
        queue.contains("and 1 more given up; all of them at <code>GET /queue?status=dead</code>"),
        "{queue}"
    );
    assert!(queue.contains(">try 12</small>"), "no separator stands before the first fact: {queue}");
}

#[tokio::test]
async fn a_record_that_fails_is_one_error_with_its_name_until_it_is_synced() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let id = world.known(mazda()).await;
    let token = world.airtable.token().clone();
    world.airtable.set_token("another");
    for _ in 0..3 {
        assert_eq!(world.webhook(&id).await.status, 502);
    }
    eventually("it is shown", || async { browser.part("errors").await.contains("3 times since") }).await;
    let errors = browser.part("errors").await;
    assert_eq!(errors.matches("<li id=\"error-rec").count(), 1, "{errors}");
    assert!(
        errors.contains("Mazda 3 Sport 2.5") && errors.contains("Airtable refuses the token"),
        "{errors}"
    );

    world.airtable.set_token(&token);
    world.webhook(&id).await.ok();

    eventually("it is settled", || async { !browser.part("errors").await.contains(&id) }).await;
}

#[tokio::test]
async fn a_run_that_failed_is_an_error_of_its_kind_until_one_succeeds() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    world.airtable.fault(Fault::new(What::Reset));
    world.run(Scope::CatchUp, Trigger::CatchUp).await;
    eventually("it is shown", || async { browser.part("errors").await.contains("Run: Catch-up") }).await;
    assert!(browser.part("errors").await.contains("Airtable cannot be reached"));
    world.airtable.clear_faults();
    world.run(Scope::CatchUp, Trigger::Manual).await;
    eventually("it is settled", || async { browser.part("errors").await.contains("Nothing is unsettled") })
        .await;
}

#[tokio::test]
async fn the_headline_says_what_is_wrong_in_words_and_judges_no_cache_by_one_request() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    world.get("/vehicles").await.ok();
    eventually("the request is counted", || async {
        browser.part("cache").await.contains("<dt>Misses</dt><dd>1</dd>")
    })
    .await;
    assert!(browser.part("state").await.contains("All is well"));
    assert!(browser.part("kpis").await.contains("Too few to judge yet"));

    execute(
        &world,
        "insert into sync_logs (record_id, sync_type, status, message)
         values ('recA', 'webhook', 'error', 'x'), ('recA', 'webhook', 'error', 'y')",
    )
    .await;
    eventually("it is judged", || async { browser.part("state").await.contains("Too many syncs fail") })
        .await;
    let state = browser.part("state").await;
    assert_eq!(state.matches("syncs fail").count(), 1, "{state}");
    assert!(!state.contains("Success") && !state.contains("Errors") && !state.contains(" · "), "{state}");
}

#[tokio::test]
async fn while_nothing_is_loaded_the_headline_says_so_and_why() {
    let world = World::start().await;
    world.airtable.fault(Fault::new(What::Reset));
    let fresh = Arc::new(Database::new().await);
    let instance = world.instance_on(&fresh).await;
    let browser = Browser { url: instance.url.clone(), ..Browser::log_in(&world).await };
    eventually("the first load has failed", || async {
        browser.part("state").await.contains("Airtable cannot be reached. Check this machine")
    })
    .await;
    let state = browser.part("state").await;
    assert!(state.contains("class=\"state bad\"") && state.contains("Nothing is loaded yet"), "{state}");
    world.airtable.clear_faults();
    instance.kill().await;
}

#[tokio::test]
async fn the_question_of_a_replay_names_the_car() {
    let world = World::start().await;
    let browser = Browser::log_in(&world).await;
    let id = world.known(mazda()).await;
    let question = browser.get(&format!("/dashboard/confirm/replay?record={id}")).await.body;
    assert!(question.contains("<strong>Mazda 3 Sport 2.5</strong>") && question.contains(&id), "{question}");
    let unknown = world.airtable.create(fields! { "AutoMarca": "Kia" });
    assert!(
        browser.get(&format!("/dashboard/confirm/replay?record={unknown}")).await.body.contains(&unknown)
    );
}
