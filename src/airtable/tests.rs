//! The client against a server that fails in every way that Airtable is known to.
//!
//! **Not here:** the limiter's order and times, which are tested on a paused clock beside it.

mod server;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    pin::pin,
    time::Duration,
};

use futures_util::poll;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::server::{Reply, Seen, Server};
use super::*;
use crate::{
    config::{AirtableSettings, values::PositiveDuration},
    domain::{Record, RecordId},
};

const TOKEN: &str = "patSecret0000001.0123456789abcdef";

pub(super) fn positive(millis: u64) -> PositiveDuration {
    Duration::from_millis(millis).try_into().unwrap()
}

/// Settings that wait little, so that no test is slow.
pub(super) fn settings(api_url: &str) -> AirtableSettings {
    AirtableSettings {
        api_key: TOKEN.parse().unwrap(),
        base_id: "appBase0000000001".parse().unwrap(),
        table_id: "tblAutos000000001".parse().unwrap(),
        api_url: api_url.parse().unwrap(),
        requests_per_second: NonZeroU32::new(100).unwrap(),
        monthly_calls: 0,
        pause_after_429: positive(50),
        connect_timeout: positive(5_000),
        request_timeout: positive(10_000),
        max_response_bytes: NonZeroUsize::new(100_000).unwrap(),
        max_attempts: NonZeroU32::new(3).unwrap(),
        backoff_base: positive(2),
        backoff_max: Duration::from_millis(5),
        page_size: 100.try_into().unwrap(),
        schema_every: Duration::ZERO,
    }
}

fn client(server: &Server) -> AirtableClient {
    AirtableClient::new(&settings(&server.url)).unwrap()
}

fn id(number: usize) -> RecordId {
    format!("rec{number:014}").parse().unwrap()
}

fn ids(count: usize) -> Vec<RecordId> {
    (0..count).map(id).collect()
}

fn record(number: usize) -> Value {
    json!({"id": id(number), "createdTime": "2024-05-01T10:00:00.000Z", "fields": {"Precio": number}})
}

fn found(records: &[Record]) -> Vec<RecordId> {
    records.iter().map(|record| record.id.clone()).collect()
}

fn everything() -> Listing {
    Listing { formula: None, page_size: 100 }
}

async fn first_page(client: &AirtableClient) -> Result<Page, AirtableError> {
    client.page(client.permit(Lane::Run).await, &everything(), None).await
}

async fn records(client: &AirtableClient, ids: &[RecordId]) -> Result<Vec<Record>, AirtableError> {
    client.records(client.permit(Lane::Webhook).await, ids).await
}

const RATE_LIMIT: &str =
    r#"{"errors":[{"error":"RATE_LIMIT_REACHED","message":"Rate limit exceeded. Please try again later"}]}"#;
const RATE_LIMIT_AS_DOCUMENTED: &str =
    r#"{"error":{"type":"RATE_LIMIT_REACHED","message":"Rate limit exceeded. Please try again later"}}"#;
const QUOTA: &str = r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED","message":"API billing plan limit exceeded."}]}"#;

#[tokio::test]
async fn records_are_fetched_together_by_their_ids() {
    let server = Server::start([Reply::ok(&json!({"records": [record(2), record(0)]}))]).await;
    let client = client(&server);

    let records = records(&client, &ids(100)).await.unwrap();
    assert_eq!(found(&records), [id(2), id(0)], "an id that is not in the table is not in the answer");

    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method.as_str(), seen[0].path()), ("GET", "/v0/appBase0000000001/tblAutos000000001"));
    let query = seen[0].query();
    assert!(query["filterByFormula"].starts_with("OR(RECORD_ID()='rec00000000000000',RECORD_ID()='rec0"));
    assert_eq!(query["filterByFormula"].matches("RECORD_ID()").count(), 100);
    assert_eq!(query["pageSize"], "100");
    assert_eq!(query.len(), 2);
    assert_eq!(seen[0].headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(seen[0].headers["accept-encoding"], "gzip");
    assert!(seen[0].headers["user-agent"].starts_with("vitrina/"));
    assert_eq!(client.calls(), 1);
}

#[tokio::test]
async fn no_ids_cost_no_request() {
    let server = Server::start([]).await;
    let client = client(&server);
    assert_eq!(records(&client, &[]).await, Ok(Vec::new()));
    assert_eq!((server.seen().len(), client.calls()), (0, 0));
}

#[tokio::test]
async fn a_record_that_was_not_asked_for_is_not_taken() {
    let server = Server::start([Reply::ok(&json!({"records": [record(0), record(7)]}))]).await;
    assert_eq!(found(&records(&client(&server), &ids(1)).await.unwrap()), [id(0)]);
}

#[tokio::test]
async fn records_that_come_on_several_pages_are_all_taken() {
    let server = Server::start([
        Reply::ok(&json!({"records": [record(0)], "offset": "itr1/rec1"})),
        Reply::ok(&json!({"records": [record(1)]})),
    ])
    .await;
    let client = client(&server);
    assert_eq!(found(&records(&client, &ids(2)).await.unwrap()), ids(2));
    let seen = server.seen();
    assert_eq!(seen[1].query()["offset"], "itr1/rec1");
    assert_eq!(seen[1].query()["filterByFormula"], seen[0].query()["filterByFormula"]);
    assert_eq!(client.waited(Lane::Webhook).permits, 2);
}

#[tokio::test]
async fn a_listing_by_id_that_does_not_end_is_an_error() {
    let endless = || Reply::ok(&json!({"records": [record(0)], "offset": "itr1/rec1"}));
    let server = Server::start((0..10).map(|_| endless())).await;
    let error = records(&client(&server), &ids(2)).await.unwrap_err();
    assert_eq!(error.kind, Kind::BrokenResponse);
    assert!(server.seen().len() < 10);
}

#[tokio::test]
async fn a_formula_too_long_for_a_url_is_posted() {
    let page = || Reply::ok(&json!({"records": []}));
    let server = Server::start([page(), page(), page()]).await;
    let client = client(&server);
    client.use_field_names(Some(FieldNames::default()));

    // Whatever the offset adds, all pages of a listing are asked for in the same way.
    let longest = Listing { formula: Some("x".repeat(14_800)), page_size: 50 };
    client.page(client.permit(Lane::Run).await, &longest, Some(&"o".repeat(300))).await.unwrap();
    let too_long = Listing { formula: Some("'".repeat(5_000)), page_size: 50 };
    client.page(client.permit(Lane::Run).await, &too_long, None).await.unwrap();
    client.page(client.permit(Lane::Run).await, &too_long, Some("itr1/rec1")).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen[0].method, "GET");
    let mut body =
        json!({"filterByFormula": "'".repeat(5_000), "pageSize": 50, "returnFieldsByFieldId": true});
    for (request, offset) in [(&seen[1], None), (&seen[2], Some("itr1/rec1"))] {
        assert_eq!(request.method, "POST");
        assert_eq!(request.target, "/v0/appBase0000000001/tblAutos000000001/listRecords");
        assert_eq!(request.headers["content-type"], "application/json");
        if let Some(offset) = offset {
            body["offset"] = offset.into();
        }
        assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), body);
    }
}

#[tokio::test]
async fn every_page_of_a_listing_is_asked_for_with_the_same_options() {
    let server = Server::start([
        Reply::ok(&json!({"records": [record(0)], "offset": "itr1/rec1"})),
        Reply::ok(&json!({"records": [record(1)]})),
    ])
    .await;
    let client = client(&server);
    let listing = Listing { formula: Some("{OrdenStatus}='Comprado'".to_owned()), page_size: 1 };

    let page = client.page(client.permit(Lane::Run).await, &listing, None).await.unwrap();
    let last = client.page(client.permit(Lane::Run).await, &listing, page.offset.as_deref()).await.unwrap();
    assert_eq!((found(&page.records), found(&last.records)), (vec![id(0)], vec![id(1)]));
    assert_eq!(last.offset, None);

    let [first, mut second] = [0, 1].map(|index| server.seen()[index].query());
    assert_eq!(second.remove("offset").as_deref(), Some("itr1/rec1"));
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_table_may_be_given_by_a_name_with_any_characters() {
    let server = Server::start([Reply::ok(&json!({"records": []}))]).await;
    let settings = AirtableSettings {
        table_id: "Autos año/50% ¿sí?".parse().unwrap(),
        ..settings(&format!("{}/proxy/", server.url))
    };
    first_page(&AirtableClient::new(&settings).unwrap()).await.unwrap();
    assert_eq!(
        server.seen()[0].path(),
        "/proxy/v0/appBase0000000001/Autos%20a%C3%B1o%2F50%25%20%C2%BFs%C3%AD%3F"
    );
}

#[tokio::test]
async fn fields_are_read_by_id_as_long_as_their_names_are_known() {
    let by_id = json!({"records": [{"id": id(0), "createdTime": "2024-05-01T10:00:00.000Z",
        "fields": {"fldPrecio00000001": 5, "fldNew00000000001": 6}}]});
    let server = Server::start([Reply::ok(&by_id), Reply::ok(&json!({"records": [record(9)]}))]).await;
    let client = client(&server);

    let names = [("fldPrecio00000001".to_owned(), "Precio".to_owned())];
    client.clone().use_field_names(Some(FieldNames::from_iter(names)));
    let fields = first_page(&client).await.unwrap().records.remove(0).fields;
    assert_eq!(Value::Object(fields), json!({"Precio": 5, "fldNew00000000001": 6}));

    client.use_field_names(None);
    let fields = first_page(&client).await.unwrap().records.remove(0).fields;
    assert_eq!(Value::Object(fields), json!({"Precio": 9}));

    let asked =
        server.seen().iter().map(|seen| seen.query().remove("returnFieldsByFieldId")).collect::<Vec<_>>();
    assert_eq!(asked, [Some("1".to_owned()), None]);
}

#[tokio::test]
async fn the_schema_is_that_of_our_table() {
    let tables = json!({"tables": [
        {"id": "tblVentas00000001", "name": "Ventas", "fields": []},
        {"id": "tblAutos000000001", "name": "Autos", "fields": [
            {"id": "fldPrecio00000001", "name": "Precio", "type": "currency", "options": {"symbol": "$"}}]},
    ]});
    let server = Server::start([Reply::ok(&tables), Reply::ok(&json!({"tables": []}))]).await;
    let client = client(&server);

    let schema = client.schema(client.permit(Lane::Run).await).await.unwrap();
    assert_eq!((schema.name.as_str(), schema.fields[0].id.as_str()), ("Autos", "fldPrecio00000001"));
    assert_eq!(server.seen()[0].target, "/v0/meta/bases/appBase0000000001/tables");

    let error = client.schema(client.permit(Lane::Run).await).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn what_time_may_heal_is_asked_again() {
    let faults = [
        ("429 as documented", Reply::status(429, RATE_LIMIT_AS_DOCUMENTED)),
        ("429 as seen", Reply::status(429, RATE_LIMIT)),
        ("500", Reply::status(500, r#"{"error":{"type":"SERVER_ERROR"}}"#)),
        ("502 in HTML", Reply::status(502, "<html><h1>502 Bad Gateway</h1></html>")),
        ("503", Reply::status(503, r#"{"error":{"type":"RETRIABLE_ERROR","message":"Try again"}}"#)),
        ("504", Reply::status(504, "")),
        ("reset", Reply::Reset),
        ("cut short", Reply::cut_short(r#"{"records":["#)),
        ("half of the JSON", Reply::status(200, r#"{"records":[{"id":"rec"#)),
        ("HTML with 200", Reply::status(200, "<html>Log in to the hotel's network</html>")),
        ("JSON of another kind", Reply::status(200, r#"{"hello":"world"}"#)),
        ("nothing with 204", Reply::with_headers(204, "", b"")),
    ];
    for (fault, reply) in faults {
        let server = Server::start([reply, Reply::ok(&json!({"records": [record(0)]}))]).await;
        let client = client(&server);
        let page = first_page(&client).await;
        assert_eq!(page.map(|page| found(&page.records)), Ok(vec![id(0)]), "{fault}");
        let seen = server.seen();
        assert_eq!((seen.len(), client.calls()), (2, 2), "{fault}");
        assert_eq!(seen[0].target, seen[1].target, "{fault}");
        assert_eq!(client.waited(Lane::Run).permits, 2, "{fault}: each attempt waits for its own turn");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start([]).await;
    let location = format!("location: {}/\r\n", elsewhere.url);
    let redirect = Reply::with_headers(302, &location, b"");
    let server = Server::start([redirect, Reply::ok(&json!({"records": []}))]).await;
    first_page(&client(&server)).await.unwrap();
    assert_eq!((server.seen().len(), elsewhere.seen().len()), (2, 0));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_and_asked_for_again() {
    let server = Server::start([Reply::Hang, Reply::ok(&json!({"records": []}))]).await;
    let settings = AirtableSettings { request_timeout: positive(300), ..settings(&server.url) };
    let client = AirtableClient::new(&settings).unwrap();
    in_time("the second attempt", first_page(&client)).await.unwrap();

    let server = Server::start([Reply::Hang]).await;
    let settings = AirtableSettings {
        max_attempts: NonZeroU32::MIN,
        request_timeout: positive(300),
        ..self::settings(&server.url)
    };
    let client = AirtableClient::new(&settings).unwrap();
    let error = in_time("the time-out", first_page(&client)).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.attempts), (Kind::TimedOut, None, 1));
}

#[tokio::test]
async fn a_posted_listing_is_asked_again_with_its_body() {
    let server = Server::start([Reply::status(502, ""), Reply::ok(&json!({"records": []}))]).await;
    let listing = Listing { formula: Some("'".repeat(5_000)), page_size: 50 };
    let client = client(&server);
    client.page(client.permit(Lane::Run).await, &listing, None).await.unwrap();
    let seen = server.seen();
    assert!(!seen[0].body.is_empty());
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn after_the_last_attempt_the_error_tells_the_story() {
    let gateway = || Reply::status(502, "<html>Bad Gateway</html>");
    let server = Server::start([gateway(), gateway(), gateway(), gateway()]).await;
    let error = first_page(&client(&server)).await.unwrap_err();
    assert_eq!(server.seen().len(), 3);
    assert_eq!((error.kind, error.status, error.attempts), (Kind::Unavailable, Some(502), 3));
    assert_eq!(error.to_string(), "Airtable answered 502 without a reason (after 3 attempts)");
    assert_eq!(error.body_start, "<html>Bad Gateway</html>");
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error_after_all_attempts() {
    let server = Server::start([Reply::Reset, Reply::Reset, Reply::Reset]).await;
    let error = first_page(&client(&server)).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.attempts), (Kind::Unreachable, None, 3));
    assert!(!error.to_string().contains("http"), "{error}");

    // A port that is bound but does not listen refuses connections for as long as we hold it.
    let port = tokio::net::TcpSocket::new_v4().unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = AirtableClient::new(&settings(&format!("http://{}", port.local_addr().unwrap()))).unwrap();
    let error = first_page(&closed).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.attempts), (Kind::Unreachable, None, 3));
    assert!(error.to_string().starts_with("Airtable cannot be reached: "), "{error}");
}

#[tokio::test]
async fn what_is_wrong_for_good_is_asked_once() {
    let invalid_token = r#"{"error":{"type":"UNAUTHORIZED","message":"Invalid authentication token"}}"#;
    let no_token = r#"{"error":{"type":"AUTHENTICATION_REQUIRED","message":"Authentication required"}}"#;
    let forbidden =
        r#"{"error":{"type":"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND","message":"Invalid permissions"}}"#;
    let not_found = r#"{"error":{"type":"MODEL_ID_NOT_FOUND","message":"Table not found"}}"#;
    let formula = r#"{"error":{"type":"INVALID_FILTER_BY_FORMULA","message":"The formula is invalid"}}"#;
    let lost = r#"{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}"#;
    let offset = r#"{"error":{"type":"INVALID_OFFSET_VALUE","message":"The value of offset x is invalid"}}"#;
    for (status, body, kind) in [
        (400, "", Kind::InvalidRequest),
        (401, invalid_token, Kind::Unauthorized),
        (401, no_token, Kind::Unauthorized),
        (403, forbidden, Kind::Forbidden),
        (404, r#"{"error":"NOT_FOUND"}"#, Kind::NotFound),
        (404, not_found, Kind::NotFound),
        (413, "", Kind::InvalidRequest),
        (414, "<html>414 Request-URI Too Large</html>", Kind::InvalidRequest),
        (422, formula, Kind::InvalidRequest),
        (422, lost, Kind::IteratorLost),
        (422, offset, Kind::IteratorLost),
    ] {
        let server = Server::start([Reply::status(status, body)]).await;
        let client = client(&server);
        let listing = everything();
        let error =
            client.page(client.permit(Lane::Run).await, &listing, Some("itr1/rec1")).await.unwrap_err();
        assert_eq!((error.kind, error.status, error.attempts), (kind, Some(status), 1), "{status} {body}");
        assert_eq!(server.seen().len(), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn a_503_is_asked_again_no_sooner_than_it_says() {
    let busy = Reply::with_headers(503, "retry-after: 1\r\n", b"{}");
    let server = Server::start([busy, Reply::ok(&json!({"records": []}))]).await;
    first_page(&client(&server)).await.unwrap();
    assert!(between(&server.seen()) >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_429_holds_back_every_request_to_the_base() {
    let page = || Reply::ok(&json!({"records": []}));
    let server = Server::start([Reply::status(429, RATE_LIMIT), page(), page()]).await;
    let pause = Duration::from_millis(300);
    let settings = AirtableSettings {
        pause_after_429: pause.try_into().unwrap(),
        max_attempts: NonZeroU32::MIN,
        ..settings(&server.url)
    };
    let client = AirtableClient::new(&settings).unwrap();

    let error = first_page(&client).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (Kind::RateLimited, 1));
    // Another caller, in the lane that goes first, through another clone.
    records(&client.clone(), &ids(1)).await.unwrap();
    assert!(between(&server.seen()) >= pause);
    first_page(&client).await.unwrap();
}

#[tokio::test]
async fn a_429_pauses_for_as_long_as_it_says() {
    let limited = Reply::with_headers(429, "retry-after: 1\r\n", RATE_LIMIT.as_bytes());
    let server = Server::start([limited, Reply::ok(&json!({"records": []}))]).await;
    first_page(&client(&server)).await.unwrap();
    assert!(between(&server.seen()) >= Duration::from_secs(1));
}

#[tokio::test]
async fn when_the_month_is_used_up_nothing_is_sent_until_an_operator_resumes() {
    let server = Server::start([Reply::status(429, QUOTA), Reply::ok(&json!({"records": []}))]).await;
    let client = client(&server);
    assert_eq!(client.stopped_until(), None);

    let error = first_page(&client).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.attempts), (Kind::QuotaUsedUp, Some(429), 1));
    assert!(client.stopped_until().is_some());

    let error = records(&client, &ids(1)).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.attempts), (Kind::QuotaUsedUp, None, 0));
    assert!(error.kind.is_configuration());
    assert_eq!((server.seen().len(), client.calls()), (1, 1));

    client.resume();
    first_page(&client).await.unwrap();
    assert_eq!(client.stopped_until(), None);
}

#[tokio::test]
async fn a_stop_also_ends_the_attempts_of_a_request_under_way() {
    let (fail, told) = oneshot::channel();
    let server = Server::start([Reply::ResetWhen(told), Reply::ok(&json!({"records": []}))]).await;
    let client = client(&server);
    let request = first_page(&client);
    let stop = async {
        wait_for("the first attempt", || server.seen().len() == 1).await;
        client.stop_until(super::now() + Duration::from_hours(1));
        fail.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(request, stop);
    assert_eq!(outcome.unwrap_err().kind, Kind::QuotaUsedUp);
    assert_eq!((server.seen().len(), client.calls()), (1, 1));
}

#[tokio::test]
async fn an_answer_is_read_compressed_and_counted_as_unpacked() {
    let small = json!({"records": [record(0)]}).to_string();
    let bomb = json!({"records": [], "padding": " ".repeat(200_000)}).to_string();
    let server = Server::start([Reply::gzip(&small), Reply::gzip(&bomb), Reply::status(200, &bomb)]).await;
    let client = client(&server);
    assert_eq!(found(&first_page(&client).await.unwrap().records), [id(0)]);
    for form in ["compressed", "plain"] {
        let error = first_page(&client).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (Kind::TooLarge, 1), "{form}");
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_caller_who_goes_away_while_waiting_sends_nothing() {
    let server = Server::start([Reply::ok(&json!({"records": []}))]).await;
    let settings = AirtableSettings { requests_per_second: NonZeroU32::MIN, ..settings(&server.url) };
    let client = AirtableClient::new(&settings).unwrap();
    first_page(&client).await.unwrap();
    {
        let mut waiting = pin!(first_page(&client));
        assert!(poll!(&mut waiting).is_pending());
    }
    assert_eq!((client.waited(Lane::Run).permits, client.calls()), (1, 1));
}

#[tokio::test]
async fn the_token_is_in_no_error_and_no_debug_output() {
    let server = Server::start([Reply::status(401, "{}")]).await;
    let client = client(&server);
    let error = first_page(&client).await.unwrap_err();
    for text in [format!("{client:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!text.contains("0123456789abcdef"), "{text}");
    }
}

/// What `future` gives, within ten seconds.
async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(Duration::from_secs(10), future).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// Waits until `condition` holds.
async fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let held = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    in_time(what, held).await;
}

/// The time between the first two requests.
fn between(seen: &[Seen]) -> Duration {
    seen[1].at - seen[0].at
}

#[tokio::test]
async fn half_an_emoji_in_one_cell_costs_neither_the_record_nor_its_page() {
    let body = r#"{"records":[{"id":"recA1b2C3d4E5f6G7","createdTime":"2026-11-23T05:05:00.000Z","fields":{"descripcion":"cut \ud83d","Precio":1e999}}]}"#;
    let server = Server::start([Reply::status(200, body)]).await;
    let page = first_page(&client(&server)).await.unwrap();
    assert_eq!(page.records[0].fields["descripcion"], "cut \u{fffd}");
    assert_eq!(page.records[0].fields["Precio"], "1e999");
}
