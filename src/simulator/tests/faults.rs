use std::io;

use futures_util::future::join_all;
use reqwest::header;

use super::*;
use crate::simulator::{Fault, Gate, Operation, RateLimit, Refusal, Target, What};

async fn with_record() -> (Setup, String) {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Auto": "old"})));
    let path = setup.table(&format!("/{id}"));
    (setup, path)
}

#[tokio::test]
async fn every_refusal_has_its_status_and_shape() {
    let (setup, path) = with_record().await;
    for (refusal, status, kind) in [
        (Refusal::BadJson, 400, "INVALID_REQUEST_BODY"),
        (Refusal::AuthenticationRequired, 401, "AUTHENTICATION_REQUIRED"),
        (Refusal::InvalidToken, 401, "UNAUTHORIZED"),
        (Refusal::PermissionsOrModelNotFound, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        (Refusal::NotPermitted, 403, "INVALID_PERMISSIONS"),
        (Refusal::NotFound, 404, "NOT_FOUND"),
        (Refusal::NotFoundTyped, 404, "NOT_FOUND"),
        (Refusal::RecordNotFound, 404, "MODEL_ID_NOT_FOUND"),
        (Refusal::TooLarge, 413, "REQUEST_TOO_LARGE"),
        (Refusal::UrlTooLong, 414, ""),
        (Refusal::IteratorNotAvailable, 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"),
        (Refusal::TooManyWebhooks, 422, "TOO_MANY_WEBHOOKS_IN_BASE"),
        (Refusal::RateLimited(None), 429, "RATE_LIMIT_REACHED"),
        (Refusal::RateLimitedArray, 429, "RATE_LIMIT_REACHED"),
        (Refusal::QuotaExceeded, 429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"),
        (Refusal::ServerError, 500, "SERVER_ERROR"),
        (Refusal::BadGateway, 502, ""),
        (Refusal::Unavailable(None), 503, "RETRIABLE_ERROR"),
        (Refusal::Other(418, "TEAPOT".to_owned(), "short and stout".to_owned()), 418, "TEAPOT"),
    ] {
        setup.simulator.fault(Fault::new(What::Answer(refusal.clone())).next(1));
        let (seen, body) = setup.get(&path).await;
        assert_eq!((seen, error_type(&body)), (status, kind), "{refusal:?}");
        assert_eq!(body.is_string(), kind.is_empty(), "{refusal:?} is a page");
    }
    assert_eq!(setup.get(&path).await.0, 200);
    let statuses: Vec<_> = setup.simulator.requests().iter().map(|seen| seen.status.unwrap()).collect();
    assert_eq!((statuses[0], statuses.len()), (400, 20));
}

#[tokio::test]
async fn retry_after_comes_when_it_is_asked_for() {
    let (setup, path) = with_record().await;
    for (refusal, expected) in [
        (Refusal::Unavailable(Some(7)), Some("7")),
        (Refusal::RateLimited(Some(3)), Some("3")),
        (Refusal::Unavailable(None), None),
    ] {
        setup.simulator.fault(Fault::new(What::Answer(refusal)).next(1));
        let response = setup.request(Method::GET, &path).send().await.unwrap();
        let header = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!(header, expected);
    }
}

#[tokio::test]
async fn a_connection_can_break_before_and_within_an_answer() {
    let (setup, path) = with_record().await;
    setup.simulator.fault(Fault::new(What::Reset).next(1));
    let error = setup.request(Method::GET, &path).send().await.unwrap_err();
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let kinds: Vec<_> =
        causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).collect();
    assert!(kinds.contains(&io::ErrorKind::ConnectionReset), "{error:?}");

    setup.simulator.fault(Fault::new(What::TruncatedBody).next(1));
    let response = setup.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());

    setup.simulator.fault(Fault::new(What::NotJson).next(1));
    let (status, body) = setup.get(&path).await;
    assert!(status == 200 && body.as_str().unwrap().starts_with("<html>"), "{body}");
    assert_eq!(setup.get(&path).await.0, 200);
}

#[tokio::test]
async fn an_answer_can_be_slow_or_never_come() {
    let (setup, path) = with_record().await;
    let pause = Duration::from_millis(2);
    for what in [What::SlowBody(pause), What::Latency(pause * 20)] {
        setup.simulator.fault(Fault::new(what).next(1));
        let started = std::time::Instant::now();
        assert_eq!(setup.get(&path).await.1["fields"]["Auto"], "old");
        assert!(started.elapsed() >= pause * 20);
    }
    setup.simulator.set_latency(pause * 20);
    let started = std::time::Instant::now();
    assert_eq!(setup.get(&path).await.0, 200);
    assert!(started.elapsed() >= pause * 20);
    setup.simulator.set_latency(Duration::ZERO);

    setup.simulator.requests_clear();
    setup.simulator.fault(Fault::new(What::Hang).next(1));
    let waiting = tokio::spawn(answer(setup.request(Method::GET, &path)));
    while setup.simulator.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(setup.get(&path).await.0, 200);
    assert!(!waiting.is_finished());
    assert_eq!(setup.simulator.requests()[0].status, None);
    waiting.abort();
}

#[tokio::test]
async fn a_held_answer_tells_the_state_at_its_arrival() {
    let (setup, path) = with_record().await;
    let gate = Gate::closed();
    setup.simulator.fault(Fault::new(What::Held(gate.clone())).next(1));
    let early = tokio::spawn(answer(setup.request(Method::GET, &path)));
    gate.reached(1).await;
    setup.simulator.edit(path.rsplit('/').next().unwrap(), cells(json!({"Auto": "new"})));
    assert_eq!(setup.get(&path).await.1["fields"]["Auto"], "new");
    assert!(!early.is_finished());
    gate.open();
    assert_eq!(early.await.unwrap().1["fields"]["Auto"], "old");
}

#[tokio::test]
async fn a_fault_can_be_aimed() {
    let (setup, path) = with_record().await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let aim = |target| setup.simulator.fault(Fault::new(What::Answer(Refusal::ServerError)).on(target));
    aim(Target::Only(Operation::Schema));
    let schema = format!("/v0/meta/bases/{}/tables", setup.simulator.base_id());
    assert_eq!((setup.get(&schema).await.0, setup.get(&path).await.0), (500, 200));

    aim(Target::Record(id.clone()));
    assert_eq!((setup.get(&path).await.0, setup.list(&[]).await.0), (500, 200));
    assert_eq!(setup.list(&[("filterByFormula", &format!("RECORD_ID()='{id}'"))]).await.0, 500);
    setup.simulator.clear_faults();
    assert_eq!((setup.get(&schema).await.0, setup.get(&path).await.0), (200, 200));
}

#[tokio::test]
async fn a_fault_is_not_used_up_by_a_request_that_was_turned_away() {
    let (setup, path) = with_record().await;
    setup.simulator.fault(Fault::new(What::Answer(Refusal::ServerError)).next(1));
    assert_eq!(
        setup.http.get(format!("{}{path}", setup.simulator.url())).send().await.unwrap().status(),
        401
    );
    assert_eq!(setup.get(&path).await.0, 500);
}

#[tokio::test]
async fn too_many_requests_lock_the_base_out() {
    let setup = setup_with(Options {
        rate_limit: Some(RateLimit { per_second: 2, lockout: Duration::from_hours(1) }),
        ..Options::default()
    })
    .await;
    let statuses = join_all((0..8).map(|_| async { setup.list(&[]).await.0 })).await;
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = setup.simulator.rate_limited();
    assert_eq!(
        setup.list(&[]).await,
        (
            429,
            json!({"error": {
        "type": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}})
        )
    );
    assert_eq!(setup.simulator.rate_limited(), refused + 1);
    assert_eq!(setup.get("/v0/meta/whoami").await.0, 200, "belongs to no base");
    assert_eq!(setup.get("/photos/none.jpg").await.0, 404, "nor do files");
    assert!(setup.simulator.max_in_any_second() >= 3);

    setup.simulator.advance(Duration::from_hours(1));
    assert_eq!(setup.list(&[]).await.0, 200);
}

#[tokio::test]
async fn edits_by_hand_leave_the_rate_limit_to_the_readers() {
    let limit = RateLimit { per_second: 1, lockout: Duration::from_hours(1) };
    let setup = setup_with(Options { rate_limit: Some(limit), free_edits: true, ..Options::default() }).await;
    for _ in 0..4 {
        assert_eq!(setup.send(Method::POST, "", &json!({"fields": {"Auto": "Jetta"}})).await.0, 200);
    }
    assert_eq!(setup.list(&[]).await.0, 200);
}
