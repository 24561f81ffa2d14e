//! Why something failed and what the operator should do, as far as a language may tell it.

pub(super) mod en;
pub(super) mod es;

/// A cause and its remedy.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::dashboard) struct Advice {
    /// What happened.
    pub(in crate::http::dashboard) cause: &'static str,
    /// What to do.
    pub(in crate::http::dashboard) remedy: &'static str,
}

#[cfg(test)]
mod tests {
    use super::{
        super::{EN, ES},
        *,
    };
    use crate::{airtable::Kind, alerts::Rule};

    #[test]
    fn what_a_button_does_is_not_told_as_a_command() {
        for t in [&EN, &ES] {
            let said = Rule::ALL
                .map(t.alert)
                .into_iter()
                .chain([Kind::QuotaUsedUp, Kind::Unreachable].map(t.airtable));
            for Advice { cause, remedy } in said {
                for raw in ["`", "--", "POST /", "  "] {
                    assert!(!remedy.contains(raw) && !cause.contains(raw), "{cause}: {remedy}");
                }
            }
            assert!((t.alert)(Rule::DeadRecords).remedy.contains(t.replay_failed));
            assert!((t.alert)(Rule::QuotaUsedUp).remedy.contains(t.confirm_resume.title));
            assert!((t.alert)(Rule::BrakePulled).remedy.contains(t.confirm_full.title));
        }
    }
}
