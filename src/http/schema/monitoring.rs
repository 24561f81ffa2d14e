//! What operators may ask for and be answered.
//!
//! **Not here:** reading the parameters (`monitor::history`), which decides.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::super::problem::Problem;

/// How a sync went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes values of a parameter")]
enum SyncStatus {
    Success,
    Error,
    Warning,
}

/// Why a record was synced.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes values of a parameter")]
enum SyncType {
    Webhook,
    Bulk,
    Manual,
    Nightly,
    CatchUp,
    Replay,
}

/// What kind of run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes values of a parameter")]
enum KindOfRun {
    Full,
    CatchUp,
    Replay,
}

/// How a run stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes values of a parameter")]
enum RunStatus {
    Running,
    Succeeded,
    Failed,
}

/// How a queued record stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes values of a parameter")]
enum QueueStatus {
    Waiting,
    Dead,
}

/// Which rows of the log.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `monitor::history` reads")]
pub(in crate::http) struct LogParameters {
    /// How it went; several mean any of them.
    #[param(inline)]
    status: Option<Vec<SyncStatus>>,
    /// Why it was synced; several mean any of them.
    #[param(inline)]
    sync_type: Option<Vec<SyncType>>,
    /// Of this record.
    #[param(pattern = "^rec[A-Za-z0-9]{14}$")]
    record_id: Option<String>,
    /// From this sender.
    #[param(max_length = 200)]
    source: Option<String>,
    /// Not before this time; a day such as `2026-11-23` is its beginning in UTC.
    from: Option<DateTime<Utc>>,
    /// Before this time.
    to: Option<DateTime<Utc>>,
    /// In message, title, order or error, in whichever case.
    #[param(max_length = 200)]
    text: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: the `next` of the one before.
    cursor: Option<String>,
}

/// How far back.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `monitor::history` reads")]
pub(in crate::http) struct StatsParameters {
    /// The last so many hours.
    #[param(minimum = 1, maximum = 168, default = 24)]
    hours: Option<u32>,
}

/// Which runs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `monitor::history` reads")]
pub(in crate::http) struct RunParameters {
    /// What kind; several mean any of them.
    #[param(inline)]
    kind: Option<Vec<KindOfRun>>,
    /// Why it ran; several mean any of them.
    #[param(inline)]
    trigger: Option<Vec<SyncType>>,
    /// How it stands; several mean any of them.
    #[param(inline)]
    status: Option<Vec<RunStatus>>,
    /// Runs on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: the `next` of the one before.
    cursor: Option<String>,
}

/// Which of a run's records.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `monitor::history` reads")]
pub(in crate::http) struct PageOfRunParameters {
    /// Records on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: the `next` of the one before.
    cursor: Option<String>,
}

/// Which rows of the queue.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `monitor::history` reads")]
pub(in crate::http) struct QueueParameters {
    /// How it stands; several mean any of them.
    #[param(inline)]
    status: Option<Vec<QueueStatus>>,
    /// This record.
    #[param(pattern = "^rec[A-Za-z0-9]{14}$")]
    record_id: Option<String>,
    /// In error or title, in whichever case.
    #[param(max_length = 200)]
    text: Option<String>,
    /// Records on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: the `next` of the one before.
    cursor: Option<String>,
}

/// What operators may be answered instead of a filtered list.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(in crate::http) enum FilteredProblems {
    /// A parameter is wrong; `param` names it
    #[response(status = 400, content_type = "application/problem+json")]
    Wrong(Problem),
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
}

/// What operators may be answered instead of a run.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(in crate::http) enum RunProblems {
    /// A parameter is wrong; `param` names it
    #[response(status = 400, content_type = "application/problem+json")]
    Wrong(Problem),
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// There is no run with this number
    #[response(status = 404, content_type = "application/problem+json")]
    Unknown(Problem),
}
