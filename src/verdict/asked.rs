//! What was asked of a run, and what came of it in a sentence.

use super::invariants;
use super::outcome::{CheckResult, CheckRow, InvariantRow, Judged, ThresholdResult};
use crate::metrics::number;

/// Thresholds, invariants and checks, judged.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub thresholds: &'a [Judged],
    pub invariants: &'a [InvariantRow],
    pub checks: &'a [CheckRow],
}

impl Asked<'_> {
    /// Does any of them fail the run?
    #[must_use]
    pub fn fails(&self) -> bool {
        self.thresholds.iter().any(Judged::fails)
            || self.invariants.iter().any(InvariantRow::fails)
            || self.checks.iter().any(CheckRow::fails)
    }

    /// What failed, in a sentence.
    #[must_use]
    pub fn failed(&self) -> String {
        let parts = [self.not_met(), invariants::failed(self.invariants), self.wrong()];
        let said = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        let said = if said.starts_with("the check") { said.replacen('t', "T", 1) } else { said };
        format!("{said}.")
    }

    fn not_met(&self) -> Option<String> {
        let broken: Vec<&Judged> = self.thresholds.iter().filter(|threshold| threshold.fails()).collect();
        let first = broken.first()?;
        let all = number::counted(self.thresholds.len() as u64, "threshold");
        let were = if broken.len() == 1 { "was" } else { "were" };
        let came = match first.result {
            ThresholdResult::NoData => format!("{} has no sample", first.name),
            _ => format!("{} came to {}", first.name, first.observed_text),
        };
        Some(format!("{} of {all} {were} not met: {came}{}", broken.len(), and_more(broken.len())))
    }

    fn wrong(&self) -> Option<String> {
        let wrong: Vec<&CheckRow> = self.checks.iter().filter(|check| check.fails()).collect();
        let first = wrong.first()?;
        Some(format!("{}{}", first.complaint(), and_more(wrong.len())))
    }

    /// What was met, in a sentence.
    #[must_use]
    pub fn passed(&self) -> String {
        let warned = self.thresholds.iter().filter(|threshold| !matches!(threshold.result, ThresholdResult::Met));
        let (all, warned) = (self.thresholds.len(), warned.count());
        let met = match (all, warned) {
            (0, _) if self.invariants.is_empty() && self.checks.is_empty() => {
                "The run is complete; the suite has no thresholds".to_owned()
            }
            (0, _) => "The run is complete".to_owned(),
            (1, 0) => "The one threshold was met".to_owned(),
            (all, 0) => format!("All {all} thresholds were met"),
            (all, warned) => format!("{} of {all} thresholds were met, the rest only warns", all - warned),
        };
        let parts = [Some(met), invariants::held(self.invariants), self.right()];
        format!("{}.", parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    fn right(&self) -> Option<String> {
        let right = self.checks.iter().filter(|check| check.result == CheckResult::True).count();
        Some(match right {
            0 => return None,
            1 => "the check of `after` holds".to_owned(),
            2 => "both checks of `after` hold".to_owned(),
            all => format!("all {all} checks of `after` hold"),
        })
    }
}

fn and_more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Outcome;

    fn check(broken: usize, wrong: usize, checks: usize, expected: &str) {
        let mut outcome = Outcome::example_passed();
        outcome.thresholds.truncate(2);
        for threshold in &mut outcome.thresholds[..broken] {
            (threshold.name, threshold.result) = ("errors == 0".to_owned(), ThresholdResult::Broken);
            threshold.observed_text = "3".to_owned();
        }
        let row = |number: usize| CheckRow {
            name: format!("c{number}"),
            line: 1,
            result: if number < wrong { CheckResult::False } else { CheckResult::True },
            detail: "a = 1, b = 2".to_owned(),
        };
        let checks: Vec<CheckRow> = (0..checks).map(row).collect();
        let asked = Asked { thresholds: &outcome.thresholds, invariants: &[], checks: &checks };
        assert_eq!(asked.fails(), broken + wrong > 0, "{expected}");
        assert_eq!(if asked.fails() { asked.failed() } else { asked.passed() }, expected);
    }

    #[test]
    fn all_that_was_asked_is_told_in_one_sentence() {
        check(0, 0, 0, "All 2 thresholds were met.");
        check(0, 0, 1, "All 2 thresholds were met; the check of `after` holds.");
        check(0, 0, 3, "All 2 thresholds were met; all 3 checks of `after` hold.");
        check(0, 1, 2, "The check `c0` of `after` is false: a = 1, b = 2.");
        check(0, 2, 2, "The check `c0` of `after` is false: a = 1, b = 2, and 1 more.");
        let both =
            "1 of 2 thresholds was not met: errors == 0 came to 3; the check `c0` of `after` is false: a = 1, b = 2.";
        check(1, 1, 2, both);
    }
}
