//! Everything the dashboard says, in each of its languages.
//!
//! **Invariants:** a catalogue is a value of [`Texts`], so a text that one language lacks does not compile; what depends on a kind of thing is a
//! function with an exhaustive `match`, so a new kind does not compile either.
//!
//! **Not here:** what is stored as it was logged: messages of errors and details of alerts, which are marked as English.

mod advice;
mod en;
mod es;

pub(super) use self::{advice::Advice, en::EN, es::ES};
use super::wrong::Wrong;
use crate::{airtable::Kind, alerts::Rule, domain::Trigger};

/// A catalogue.
pub(super) struct Texts {
    // The frame.
    pub(super) code: &'static str,
    pub(super) other_code: &'static str,
    pub(super) other_name: &'static str,
    pub(super) panel: &'static str,
    pub(super) tagline: &'static str,
    pub(super) skip: &'static str,
    pub(super) log_out: &'static str,
    pub(super) live: &'static str,
    pub(super) live_off: &'static str,
    pub(super) live_lost: &'static str,
    pub(super) session_over: &'static str,
    pub(super) refresh: &'static str,
    pub(super) back: &'static str,
    pub(super) months: [&'static str; 12],
    pub(super) times_in: fn(&str) -> String,

    // Logging in.
    pub(super) login_title: &'static str,
    pub(super) login_lead: &'static str,
    pub(super) login_token: &'static str,
    pub(super) login_button: &'static str,
    pub(super) login_wrong: &'static str,
    pub(super) login_wait: fn(u64) -> String,
    pub(super) login_elsewhere: &'static str,
    pub(super) logged_out: &'static str,

    // How it is.
    pub(super) all_well: &'static str,
    pub(super) all_well_detail: &'static str,
    pub(super) not_loaded: &'static str,
    pub(super) first_load: &'static str,
    pub(super) fail_or_warn: &'static str,
    pub(super) nights_missed: &'static str,
    pub(super) few_hits: &'static str,
    pub(super) look_at: fn(usize) -> String,
    pub(super) broken: fn(usize) -> String,
    pub(super) database_away: &'static str,
    pub(super) database_away_detail: &'static str,
    pub(super) as_of: fn(&str) -> String,

    // Figures.
    pub(super) kpis: &'static str,
    pub(super) last_24_hours: &'static str,
    pub(super) success_rate: &'static str,
    pub(super) error_rate: &'static str,
    pub(super) average_duration: &'static str,
    pub(super) consistency: &'static str,
    pub(super) cache_hit_rate: &'static str,
    pub(super) nightly_success: &'static str,
    pub(super) queue_depth: &'static str,
    pub(super) api_calls: &'static str,
    pub(super) syncs: fn(&str) -> String,
    pub(super) errors_and_warnings: fn(&str, &str) -> String,
    pub(super) p95: fn(&str) -> String,
    pub(super) consistency_hint: &'static str,
    pub(super) this_instance: &'static str,
    pub(super) seven_nights: &'static str,
    pub(super) oldest_waits: fn(&str) -> String,
    pub(super) nothing_waits: &'static str,
    pub(super) given_up: fn(i64) -> String,
    pub(super) of_the_month: fn(&str, &str) -> String,
    pub(super) this_month: &'static str,
    pub(super) no_figure: &'static str,
    pub(super) target_above: fn(&str) -> String,
    pub(super) target_below: fn(&str) -> String,
    pub(super) target_at_least: fn(&str) -> String,
    pub(super) holds: &'static str,
    pub(super) misses: &'static str,
    pub(super) no_data: &'static str,
    pub(super) too_few: &'static str,

    // Charts.
    pub(super) volume: &'static str,
    pub(super) volume_sum: fn(&str, &str) -> String,
    pub(super) durations: &'static str,
    pub(super) durations_sum: fn(&str, &str) -> String,
    pub(super) durations_one: fn(&str) -> String,
    pub(super) durations_none: &'static str,
    pub(super) durations_none_good: &'static str,
    pub(super) success: &'static str,
    pub(super) warning: &'static str,
    pub(super) error: &'static str,
    pub(super) average: &'static str,
    pub(super) longest: &'static str,
    pub(super) hour: &'static str,
    pub(super) as_table: &'static str,

    // Errors.
    pub(super) errors: &'static str,
    pub(super) errors_hint: &'static str,
    pub(super) no_errors: &'static str,
    pub(super) to_do: &'static str,
    pub(super) tries: fn(i32) -> String,
    pub(super) replay: &'static str,
    pub(super) replay_record: fn(&str) -> String,
    pub(super) replay_failed: &'static str,
    pub(super) times: fn(&str, &str) -> String,
    pub(super) whole_run: &'static str,

    // Runs.
    pub(super) runs: &'static str,
    pub(super) no_runs: &'static str,
    pub(super) run_full: &'static str,
    pub(super) run_catch_up: &'static str,
    pub(super) run_replay: &'static str,
    pub(super) running: &'static str,
    pub(super) succeeded: &'static str,
    pub(super) failed: &'static str,
    pub(super) number: &'static str,
    pub(super) kind: &'static str,
    pub(super) reason: &'static str,
    pub(super) state: &'static str,
    pub(super) started: &'static str,
    pub(super) finished: &'static str,
    pub(super) duration: &'static str,
    pub(super) seen: &'static str,
    pub(super) created: &'static str,
    pub(super) updated: &'static str,
    pub(super) changes: &'static str,
    pub(super) unchanged: &'static str,
    pub(super) archived: &'static str,
    pub(super) deleted: &'static str,
    pub(super) warnings: &'static str,
    pub(super) not_stored: &'static str,
    pub(super) pages: &'static str,
    pub(super) requests: &'static str,
    pub(super) run_title: fn(i64) -> String,
    pub(super) progress: fn(&str, &str) -> String,
    pub(super) progress_of: fn(&str, &str, &str) -> String,
    pub(super) report: &'static str,
    pub(super) logged: &'static str,
    pub(super) logged_sum: fn(&str, &str, &str) -> String,
    pub(super) logged_part: fn(&str, &str, &str) -> String,
    pub(super) previous: &'static str,
    pub(super) next: &'static str,
    pub(super) trigger: fn(Trigger) -> &'static str,

    // The queue.
    pub(super) queue: &'static str,
    pub(super) queue_empty: &'static str,
    pub(super) more_waiting: fn(&str) -> String,
    pub(super) more_dead: fn(&str) -> String,
    pub(super) waiting: &'static str,
    pub(super) dead: &'static str,
    pub(super) next_try: &'static str,

    // Alerts.
    pub(super) alerts: &'static str,
    pub(super) no_alerts: &'static str,
    pub(super) firing: &'static str,
    pub(super) resolved: &'static str,
    pub(super) critical: &'static str,
    pub(super) since: fn(&str) -> String,
    pub(super) until: fn(&str, &str) -> String,
    pub(super) email: &'static str,
    pub(super) told: fn(&str) -> String,
    pub(super) to_be_told: fn(&str) -> String,
    pub(super) not_told: fn(&str) -> String,

    // The cache.
    pub(super) cache: &'static str,
    pub(super) hits: &'static str,
    pub(super) misses_cache: &'static str,
    pub(super) stale: &'static str,
    pub(super) entries: &'static str,
    pub(super) size: &'static str,
    pub(super) invalidations: &'static str,
    pub(super) last_invalidation: &'static str,
    pub(super) never: &'static str,

    // Actions.
    pub(super) confirm_full: Question,
    pub(super) confirm_catch_up: Question,
    pub(super) confirm_replay: Question,
    pub(super) confirm_replay_failed: Question,
    pub(super) confirm_invalidate: Question,
    pub(super) confirm_resume: Question,
    pub(super) force: &'static str,
    pub(super) cancel: &'static str,
    pub(super) run_begun: fn(i64) -> String,
    pub(super) see_report: &'static str,
    pub(super) invalidated: &'static str,
    pub(super) resumed: &'static str,
    pub(super) busy: &'static str,
    pub(super) nothing_failed: &'static str,
    pub(super) not_begun: &'static str,

    // What is said when it happens.
    pub(super) say_run_ended: fn(i64, &str) -> String,
    pub(super) say_error: fn(&str) -> String,
    pub(super) say_alert: fn(&str) -> String,
    pub(super) say_resolved: fn(&str) -> String,

    // Why something failed, and what to do.
    pub(super) airtable: fn(Kind) -> Advice,
    pub(super) alert: fn(Rule) -> Advice,
    pub(super) trouble: fn(Wrong) -> Advice,
    pub(super) database: Advice,
    pub(super) stopping: Advice,
    pub(super) run_failed: Advice,
    pub(super) unknown: Advice,
}

/// What is asked before something is done.
pub(super) struct Question {
    /// What would be done.
    pub(super) title: &'static str,
    /// What that means.
    pub(super) detail: &'static str,
    /// The button that does it.
    pub(super) button: &'static str,
}
