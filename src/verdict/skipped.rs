//! The outcome of a suite that was not run and of which there is no plan: what could be read of it, and nothing else.

use super::freeze::redact;
use super::outcome::{Ended, Outcome, PlanSummary, RunInfo, Status, SuiteInfo, Timeline, Totals, Validity, Verdict};
use crate::secrets::Redactor;

impl Outcome {
    /// Of a suite that was not run, without its thresholds and scenarios: there is no plan to know them from.
    #[must_use]
    pub fn skipped(suite: SuiteInfo, run: RunInfo, reason: &str, redactor: &Redactor) -> Self {
        let mut outcome = Self {
            suite,
            run: RunInfo { ended: Ended::Skipped { reason: reason.to_owned() }, ..run },
            verdict: Verdict {
                status: Status::Skipped,
                validity: Validity::NotMeasured,
                reasons: Vec::new(),
                sentence: format!("Not run: {reason}."),
            },
            thresholds: Vec::new(),
            checks: Vec::new(),
            invariants: Vec::new(),
            scenarios: Vec::new(),
            totals: Totals::default(),
            latencies: Vec::new(),
            metrics: Vec::new(),
            customs: Vec::new(),
            labels: Vec::new(),
            errors: Vec::new(),
            deliveries: Vec::new(),
            unmatched_events: Vec::new(),
            timeline: Timeline::default(),
            lanes: None,
            waiting: None,
            plan: PlanSummary::default(),
        };
        redact(&mut outcome, redactor);
        outcome
    }
}
