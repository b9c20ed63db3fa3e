//! Thresholds that stop a run: those with `abort_after`, looked at once a second while it goes on.

use crate::metrics::number;
use crate::plan::Threshold;
use crate::record::Results;
use crate::units::Moment;

/// Since when each of them is broken.
#[derive(Debug)]
pub struct Abort<'a>(Vec<Watched<'a>>);

#[derive(Debug)]
struct Watched<'a> {
    threshold: &'a Threshold,
    broken_since: Option<Moment>,
}

/// Why a run is stopped early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Name of the threshold.
    pub threshold: String,
    /// A sentence without its full stop.
    pub reason: String,
}

impl<'a> Abort<'a> {
    #[must_use]
    pub fn new(thresholds: &'a [Threshold]) -> Self {
        let watched = thresholds.iter().filter(|threshold| threshold.abort_after.is_some());
        Self(watched.map(|threshold| Watched { threshold, broken_since: None }).collect())
    }

    /// After each second: what stops the run, if it is to be stopped.
    pub fn second(&mut self, results: &Results) -> Option<Stop> {
        self.0.iter_mut().find_map(|watched| watched.second(results))
    }
}

impl Watched<'_> {
    fn second(&mut self, results: &Results) -> Option<Stop> {
        let threshold = self.threshold;
        let observed = results.of_threshold(threshold);
        // No sample yet, or too few to say: that is no break of the threshold.
        let value = observed.value.filter(|_| observed.samples >= threshold.min_samples);
        let Some(value) = value.filter(|value| !threshold.comparison.holds(*value, threshold.limit)) else {
            self.broken_since = None;
            return None;
        };
        let since = *self.broken_since.get_or_insert(results.end);
        let after = threshold.abort_after.filter(|after| results.end.since(since) >= *after)?;
        let value = number::value(value, threshold.subject.unit());
        let reason = format!("`{}` had been broken for {after} without a break, at {value} in the end", threshold.name);
        Some(Stop { threshold: threshold.name.clone(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Axes, Cell, Counter, Part, Recorder, ScenarioAxis};
    use crate::plan::subject::Subject;
    use crate::plan::threshold::Comparison;
    use crate::record::{Header, Second};
    use crate::units::Duration;

    /// `success_rate >= 90%` with `abort_after` in seconds, over these (planned and ok) actions of each second: in which
    /// second it stops the run.
    fn check(abort_after: Option<u64>, min_samples: u64, seconds: &[(u64, u64)], expected: Option<usize>) {
        let threshold = Threshold {
            name: "success_rate >= 90%".into(),
            subject: Subject::find("success_rate", &Axes::default()).unwrap(),
            statistic: None,
            comparison: Comparison::GreaterOrEqual,
            limit: 0.9,
            limit_text: ">= 90%".into(),
            part: Part::default(),
            scenario: None,
            stage: None,
            action: None,
            label: None,
            warn_only: false,
            min_samples,
            abort_after: abort_after.map(Duration::from_secs),
            line: 1,
        };
        let axis = ScenarioAxis { name: "s".into(), stages: vec!["a".into()], actions: vec![] };
        let mut results = Results::new(Header { axes: Axes { scenarios: vec![axis], ..Axes::default() } });
        let thresholds = [threshold];
        let mut abort = Abort::new(&thresholds);
        let mut stopped = None;
        for (second, (planned, ok)) in (0..).zip(seconds) {
            let mut recorder = Recorder::new(1);
            recorder.count_many(Cell(0), Counter::Ok, *ok);
            recorder.count_many(Cell(0), Counter::Failed, planned - ok);
            let end = Moment::START + Duration::SECOND * (second + 1);
            results.add(Second { number: second, end, recorder, ..Second::default() });
            if let Some(Stop { threshold, reason }) = abort.second(&results) {
                assert_eq!(threshold, "success_rate >= 90%");
                assert!(reason.starts_with("`success_rate >= 90%` had been broken for"), "{reason}");
                stopped = Some(usize::try_from(second).unwrap());
                break;
            }
        }
        assert_eq!(stopped, expected, "{seconds:?}");
    }

    #[test]
    fn only_what_is_broken_without_a_break_stops_a_run() {
        let bad = [(10, 0); 8];
        check(Some(5), 1, &bad, Some(5));
        check(Some(0), 1, &bad, Some(0));
        check(None, 1, &bad, None);
        // Nothing due yet is no break of anything.
        check(Some(2), 1, &[(0, 0), (0, 0), (0, 0), (10, 0), (10, 0), (10, 0)], Some(5));
        // Good again in between: it counts anew.
        check(Some(2), 1, &[(10, 0), (10, 0), (200, 200), (200, 200), (200, 0), (10, 0), (10, 0)], Some(6));
        check(Some(5), 1, &[(10, 9); 20], None);
        // Too few to say.
        check(Some(2), 50, &bad, Some(6));
    }
}
