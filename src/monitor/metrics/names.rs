//! The names of the metrics, and what each of them means. They are a contract with dashboards and rules.

use metrics::{Recorder, SharedString};

pub(super) const REQUESTS: &str = "http_request_duration_seconds";
pub(super) const START: &str = "process_start_time_seconds";
pub(super) const BUILD: &str = "vitrina_build_info";
pub(super) const SYNCS: &str = "vitrina_syncs_total";
pub(super) const RUNS: &str = "vitrina_runs_total";
pub(super) const RUN_LAST_SUCCESS: &str = "vitrina_run_last_success_timestamp_seconds";
pub(super) const AIRTABLE_REQUESTS: &str = "vitrina_airtable_requests_total";
pub(super) const AIRTABLE_PERMITS: &str = "vitrina_airtable_permits_total";
pub(super) const AIRTABLE_WAIT: &str = "vitrina_airtable_wait_seconds";
pub(super) const AIRTABLE_MONTH: &str = "vitrina_airtable_month_requests";
pub(super) const AIRTABLE_STOPPED: &str = "vitrina_airtable_stopped";
pub(super) const QUEUE: &str = "vitrina_queue_records";
pub(super) const QUEUE_OLDEST: &str = "vitrina_queue_oldest_age_seconds";
pub(super) const CACHE_REQUESTS: &str = "vitrina_cache_requests_total";
pub(super) const CACHE_LOADS: &str = "vitrina_cache_loads_total";
pub(super) const CACHE_LOAD_FAILURES: &str = "vitrina_cache_load_failures_total";
pub(super) const CACHE_INVALIDATIONS: &str = "vitrina_cache_invalidations_total";
pub(super) const CACHE_ENTRIES: &str = "vitrina_cache_entries";
pub(super) const CACHE_BYTES: &str = "vitrina_cache_bytes";
pub(super) const DATABASE_UP: &str = "vitrina_database_up";
pub(super) const POOL_CONNECTIONS: &str = "vitrina_database_connections";
pub(super) const POOL_IDLE: &str = "vitrina_database_idle_connections";
pub(super) const POOL_MAX: &str = "vitrina_database_max_connections";

const COUNTERS: [(&str, &str); 8] = [
    (SYNCS, "Records synced since the start, by the reason and by how it ended."),
    (RUNS, "Runs that ended since the start, by kind and by how they ended."),
    (
        AIRTABLE_REQUESTS,
        "Requests sent to Airtable since the start, by the status of the answer; none: there was no answer.",
    ),
    (AIRTABLE_PERMITS, "Turns that the base's rate limit gave since the start, to webhooks and to runs."),
    (CACHE_REQUESTS, "Reads since the start, by whether the cache had the answer."),
    (CACHE_LOADS, "Loads from the database since the start; those who ask for the same share one."),
    (CACHE_LOAD_FAILURES, "Loads that failed since the start."),
    (CACHE_INVALIDATIONS, "How often the cache was dropped since the start."),
];

const GAUGES: [(&str, &str); 14] = [
    (START, "When the service started, in seconds since 1970."),
    (BUILD, "Always 1; the version stands in the label."),
    (
        RUN_LAST_SUCCESS,
        "When the last run of the kind that succeeded ended, in seconds since 1970, whichever instance ran it.",
    ),
    (AIRTABLE_WAIT, "How long all turns of the base's rate limit together were waited for since the start."),
    (AIRTABLE_MONTH, "Requests sent to Airtable this month (UTC), by all instances."),
    (AIRTABLE_STOPPED, "1: nothing is sent to Airtable, because the month's requests are used up."),
    (QUEUE, "Records in the durable queue that wait for their next try, or were given up (dead)."),
    (QUEUE_OLDEST, "How long the first record that waits in the durable queue has waited; 0: none waits."),
    (CACHE_ENTRIES, "Responses in the cache."),
    (CACHE_BYTES, "The bytes that they count for."),
    (DATABASE_UP, "Whether the database answered when this was told."),
    (POOL_CONNECTIONS, "Connections to the database."),
    (POOL_IDLE, "Connections to the database that nobody uses."),
    (POOL_MAX, "Connections to the database at most."),
];

/// Tells what each of them means.
pub(super) fn describe(recorder: &impl Recorder) {
    let requests = "How long requests took until their answer began, by route, method and status.";
    recorder.describe_histogram(REQUESTS.into(), None, SharedString::const_str(requests));
    for (name, meaning) in COUNTERS {
        recorder.describe_counter(name.into(), None, SharedString::const_str(meaning));
    }
    for (name, meaning) in GAUGES {
        recorder.describe_gauge(name.into(), None, SharedString::const_str(meaning));
    }
}
