//! Tells new findings of a look at the fields once: in the log, and by the signal.

use super::{FieldReport, Fields, Look};
use crate::signals::Signal;

impl Fields {
    /// Says what the look has found that was not known before, and raises or clears the signal. `former`: this process's last look; `told`:
    /// what it or others have told of changes that need nobody.
    pub(super) fn tell(&self, look: &Look, former: Option<&Look>, told: &FieldReport) {
        for news in look.report.news(told) {
            tracing::info!("{news}");
        }
        let none = FieldReport::default();
        let (now, before) = (&*look.report, former.map_or(&none, |look| &*look.report));
        if let Some(problem) = &now.unreadable_schema
            && before.unreadable_schema.is_none()
        {
            tracing::warn!(
                error = problem,
                "the base's schema cannot be read, so new fields and other types go unnoticed; give the token the scope schema.bases:read"
            );
        }
        let unfed: Vec<String> = now.unfed.iter().map(|unfed| unfed.column.clone()).collect();
        if !unfed.is_empty() && now.unfed != before.unfed {
            tracing::warn!(
                columns = unfed.join(", "),
                "no field in Airtable feeds these columns, so they stay as they are; see config/fields.toml"
            );
        }
        let (troubles, told) = (now.troubles(), before.troubles());
        for trouble in troubles.iter().filter(|trouble| !told.contains(trouble)) {
            tracing::error!("{trouble}");
        }
        if !troubles.is_empty() {
            self.signals.raise(Signal::FieldsMissing, troubles.join("; "));
        } else if !told.is_empty() {
            tracing::info!("every field is there again and can be read");
            self.signals.clear(Signal::FieldsMissing);
        }
    }
}
