//! Can the run judge the server at all? PASS and FAIL are about the server; this is about the measurement.

use super::outcome::{Judged, Validity};
use crate::metrics::{Counter, Part};
use crate::plan::Plan;
use crate::record::Results;

/// The validity of a run and the reasons for it, worst first.
#[must_use]
pub fn assess(plan: &Plan, results: &Results, judged: &[Judged], strict: bool) -> (Validity, Vec<String>) {
    let invalid = invalid(plan, results, judged);
    let suspect = suspect(judged);
    let mut reasons = invalid.clone();
    reasons.extend(suspect.clone());
    let validity = if !invalid.is_empty() {
        Validity::Invalid
    } else if suspect.is_empty() {
        Validity::Valid
    } else if strict {
        reasons.push("with `--strict` a suspect run counts as invalid".to_owned());
        Validity::Invalid
    } else {
        Validity::Suspect
    };
    (validity, reasons)
}

fn invalid(plan: &Plan, results: &Results, judged: &[Judged]) -> Vec<String> {
    let numbers = results.numbers(Part::default());
    let acts = plan.scenarios.iter().any(|scenario| !scenario.act.is_empty());
    let mut reasons = Vec::new();
    if acts && numbers.counter(Counter::Connections) > 0 && numbers.counter(Counter::Sent) == 0 {
        reasons.push("users connected, and not a single action was sent".to_owned());
    }
    if !judged.is_empty() && judged.iter().all(|threshold| threshold.observed.is_none()) {
        reasons.push("no threshold has a single sample".to_owned());
    }
    reasons
}

fn suspect(judged: &[Judged]) -> Vec<String> {
    if judged.is_empty() {
        return vec!["the suite has no thresholds, so nothing was judged; add some under `thresholds`".to_owned()];
    }
    let few = judged.iter().filter(|threshold| threshold.too_few_samples);
    few.map(|threshold| {
        format!("`{}` rests on {} samples, which are too few for it", threshold.name, threshold.samples)
    })
    .collect()
}
