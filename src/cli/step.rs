//! What a step of a GitHub job gives to those after it: of all suites of the call together.

use std::path::Path;

use super::exit::Exit;
use crate::verdict::Outcome;
use crate::verdict::outcome::{Judged, Status};

/// The outputs of a step. What nobody knows is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutputs {
    /// Of the worst suite.
    pub result: &'static str,
    /// Of the suite with the lowest, as a fraction.
    pub success_rate: Option<f64>,
    /// Of the suite with the highest, in milliseconds: `ack_latency` over its whole run.
    pub p95: Option<f64>,
    /// The one report, or the folder of all.
    pub report: String,
    /// How many thresholds were not met.
    pub failed_thresholds: usize,
    pub exit: u8,
}

impl StepOutputs {
    #[must_use]
    pub fn of(outcomes: &[Outcome], folder: &Path, exit: Exit) -> Self {
        let rate = |outcome: &Outcome| outcome.metrics.iter().find(|row| row.name == "success_rate")?.value;
        let p95 = |outcome: &Outcome| {
            let whole = |row: &&_| is_of_all_actions(row);
            outcome.latencies.iter().find(whole).map(|row| row.p95)
        };
        let report = match outcomes {
            [one] => folder.join(&one.suite.name).join("report.html"),
            _ => folder.to_path_buf(),
        };
        Self {
            result: result(outcomes, exit),
            success_rate: outcomes.iter().filter_map(rate).reduce(f64::min),
            p95: outcomes.iter().filter_map(p95).reduce(f64::max),
            report: report.display().to_string(),
            failed_thresholds: outcomes
                .iter()
                .flat_map(|outcome| &outcome.thresholds)
                .filter(|judged| Judged::fails(judged))
                .count(),
            exit: exit.number(),
        }
    }

    /// As GitHub reads them: a name and a value a line.
    #[must_use]
    pub fn lines(&self) -> String {
        let number = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        // A line end would begin an output of its own.
        let report: String = self.report.chars().filter(|c| !c.is_control()).collect();
        let values = [
            ("result", self.result.to_owned()),
            ("success-rate", number(self.success_rate)),
            ("p95-ms", number(self.p95)),
            ("report-path", report),
            ("failed-thresholds", self.failed_thresholds.to_string()),
            ("exit-code", self.exit.to_string()),
        ];
        values.map(|(name, value)| format!("{name}={value}\n")).concat()
    }
}

fn is_of_all_actions(row: &crate::verdict::outcome::LatencyRow) -> bool {
    row.metric == "ack_latency" && row.scenario.is_none() && row.action.is_none()
}

/// The word for the exit code: a skipped run is no success, though it exits like one.
fn result(outcomes: &[Outcome], exit: Exit) -> &'static str {
    let all_skipped = outcomes.iter().all(|outcome| outcome.verdict.status == Status::Skipped);
    match exit {
        Exit::Ok if all_skipped => "skipped",
        Exit::Ok => "passed",
        Exit::Failed => "failed",
        Exit::Invalid => "invalid",
        Exit::Interrupted => "interrupted",
        Exit::Unreachable => "unreachable",
        Exit::Suite | Exit::Usage | Exit::Internal => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcomes: &[Outcome], exit: Exit, expected: &str) {
        assert_eq!(StepOutputs::of(outcomes, Path::new("out"), exit).lines(), expected);
    }

    #[test]
    fn all_suites_together_are_as_good_as_the_worst() {
        let (failed, passed, skipped) = (Outcome::example(), Outcome::example_passed(), Outcome::example_skipped());
        let one = StepOutputs::of(std::slice::from_ref(&failed), Path::new("out"), Exit::Failed);
        assert_eq!(one.report, "out/auction/report.html");
        assert_eq!(one.failed_thresholds, 2);
        let both = StepOutputs::of(&[passed, failed, skipped.clone()], Path::new("out"), Exit::Failed);
        assert_eq!((both.success_rate, both.p95, both.report.as_str()), (one.success_rate, one.p95, "out"));
        let expected = "result=skipped\nsuccess-rate=\np95-ms=\nreport-path=out/auction/report.html\nfailed-thresholds=0\nexit-code=0\n";
        check(&[skipped], Exit::Ok, expected);
        let expected = "result=error\nsuccess-rate=\np95-ms=\nreport-path=out\nfailed-thresholds=0\nexit-code=104\n";
        check(&[], Exit::Suite, expected);
    }

    #[test]
    fn a_path_is_one_line() {
        let outputs = StepOutputs::of(&[], Path::new("a\nresult=passed"), Exit::Failed);
        assert_eq!(outputs.lines().lines().count(), 6);
        assert!(outputs.lines().contains("report-path=aresult=passed\n"));
    }
}
