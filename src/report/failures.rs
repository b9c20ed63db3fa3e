//! What a run failed of, and where in the suite that stands: the first thing that is looked for in a report.

use serde::Serialize;

use crate::metrics::number::counted;
use crate::verdict::Outcome;
use crate::verdict::outcome::{CheckResult, CheckRow, ExampleRow, InvariantResult, ThresholdResult};

/// One thing that was asked for and did not come, or that only warns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `threshold`, `invariant`, `check`.
    pub kind: &'static str,
    /// As the suite has it.
    pub name: String,
    /// What came instead.
    pub found: String,
    /// The first case of it, where one is known.
    pub example: Option<String>,
    /// `loadtests/auction.yaml:33`.
    pub place: String,
    /// The part of the page that says more.
    pub section: &'static str,
    /// It fails nothing.
    pub warns: bool,
}

/// Everything that was not met, in the order of the sections; nothing where nothing was judged. What only warns is last.
#[must_use]
pub fn failures(outcome: &Outcome) -> Vec<Failure> {
    let thresholds = outcome.thresholds.iter().filter_map(|judged| {
        let found = match judged.result {
            ThresholdResult::Broken => {
                format!("{} over {}", judged.observed_text, counted(judged.samples, "sample"))
            }
            ThresholdResult::NoData => "no samples, and no data is never a success".to_owned(),
            ThresholdResult::Met | ThresholdResult::NotJudged => return None,
        };
        let blamed = outcome.deliveries.iter().find(|row| row.broken.contains(&judged.name));
        let fault = blamed.and_then(|row| row.faults.iter().find_map(|fault| fault.examples.first()));
        Some(Failure {
            kind: "threshold",
            name: judged.name.clone(),
            found,
            example: fault.map(told),
            place: format!("{}:{}", judged.file, judged.line),
            section: "thresholds",
            warns: judged.warn_only,
        })
    });
    let invariants = outcome.invariants.iter().filter_map(|row| {
        let first = match row.result {
            InvariantResult::Broken => row.broken_examples.first(),
            InvariantResult::NoData => row.undecided_examples.first(),
            InvariantResult::Held | InvariantResult::NotJudged => return None,
        };
        Some(Failure {
            kind: "invariant",
            name: format!("{} ({})", row.name, row.rule),
            found: row.found_text.clone(),
            example: first.map(told),
            place: format!("{}:{}", row.file, row.line),
            section: "invariants",
            warns: false,
        })
    });
    let is_false = |row: &&CheckRow| matches!(row.result, CheckResult::False | CheckResult::Error);
    let checks = outcome.checks.iter().filter(is_false).map(|row| Failure {
        kind: "check",
        name: row.name.clone(),
        found: row.detail.clone(),
        example: None,
        place: format!("{}:{}", outcome.suite.file, row.line),
        section: "checks",
        warns: false,
    });
    let mut failures: Vec<Failure> = thresholds.chain(invariants).chain(checks).collect();
    failures.sort_by_key(|failure| failure.warns);
    failures
}

fn told(example: &ExampleRow) -> String {
    let on = example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
    format!("at {}, user {}{on}: {}", crate::metrics::number::clock(example.at.second()), example.user, example.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: &Outcome, expected: &[(&str, &str)]) {
        let failures = failures(outcome);
        let found: Vec<(&str, &str)> = failures.iter().map(|found| (found.kind, found.place.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_failed_is_named_with_its_line_and_what_warns_is_last() {
        let outcome = Outcome::example();
        check(
            &outcome,
            &[
                ("threshold", "loadtests/auction.yaml:33"),
                ("threshold", "loadtests/auction.yaml:37"),
                ("invariant", "loadtests/auction.yaml:39"),
                ("check", "loadtests/auction.yaml:40"),
                ("threshold", "loadtests/auction.yaml:35"),
            ],
        );
        assert!(failures(&outcome)[1].example.is_some());
        check(&Outcome::example_passed(), &[]);
        check(&Outcome::example_invalid(), &[]);
        check(&Outcome::example_skipped(), &[]);
    }
}
