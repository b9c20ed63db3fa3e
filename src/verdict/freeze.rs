//! From results to the outcome: everything computed, judged, put into words, redacted; then nothing changes any more.

use super::asked::Asked;
use super::checks;
use super::customs;
use super::deliveries::{deliveries, example, unmatched_events};
use super::invariants::invariants;
use super::judge::judge;
use super::labels;
use super::lanes::lanes;
use super::outcome::{
    DeliveryRow, Ended, ErrorRow, EventRow, ExampleRow, InvariantRow, Judged, Outcome, RunInfo, Status, SuiteInfo,
    ThresholdResult, Validity, Verdict,
};
use super::rows;
use super::validity::{assess, late_timers};
use super::waiting::waiting;
use crate::metrics::{Counter, number};
use crate::plan::Plan;
use crate::plan::summary::PlanSummary;
use crate::record::Results;
use crate::record::finding::{Class, Kind, Tally};
use crate::secrets::Redactor;

/// What the outcome needs that neither plan nor results know.
#[derive(Debug, Clone)]
pub struct Circumstances {
    pub run: RunInfo,
    /// The plan in words and numbers: reckoned once, before the run.
    pub plan: PlanSummary,
    /// `--strict`: a suspect run is invalid.
    pub strict: bool,
    /// Name of the threshold that stopped the run early.
    pub stopped_by: Option<String>,
}

/// Makes the outcome of a run. Every text in it that somebody else wrote goes through `redactor`.
#[must_use]
pub fn freeze(plan: &Plan, results: &Results, circumstances: Circumstances, redactor: &Redactor) -> Outcome {
    let Circumstances { mut run, plan: mut summary, strict, stopped_by } = circumstances;
    warn(plan, results, &mut run, &mut summary);
    let file = plan.file.display().to_string();
    if run.ended == Ended::Completed && results.ready_users == 0 {
        run.ended = Ended::Unreachable { reason: never_ready(results) };
    }
    let completed = run.ended == Ended::Completed;
    let aborted = matches!(run.ended, Ended::Aborted { .. });
    let mut observed: Vec<Judged> =
        plan.thresholds.iter().map(|threshold| judge(threshold, results, &file, completed || aborted)).collect();
    if aborted {
        observed.iter_mut().for_each(|threshold| cut_short(threshold, stopped_by.as_deref()));
    }
    let (validity, reasons) = match run.ended {
        Ended::Completed | Ended::Aborted { .. } => assess(plan, results, &observed, completed, strict),
        Ended::Interrupted { .. } => (Validity::NotJudged, Vec::new()),
        Ended::Unreachable { .. } | Ended::Skipped { .. } => (Validity::NotMeasured, Vec::new()),
    };
    let thresholds = if validity == Validity::Invalid {
        plan.thresholds.iter().map(|threshold| judge(threshold, results, &file, false)).collect()
    } else {
        observed
    };
    let is_judged = (completed || aborted) && validity != Validity::Invalid;
    let invariants = invariants(plan, results, is_judged, aborted);
    let checks = checks::rows(results, is_judged);
    let asked = Asked { thresholds: &thresholds, invariants: &invariants, checks: &checks };
    let status = status(&run.ended, validity, asked);
    let sentence = sentence(status, &run.ended, asked, &reasons);
    let mut outcome = Outcome {
        suite: suite(plan, file),
        verdict: Verdict { status, validity, reasons, sentence },
        deliveries: deliveries(plan, results, &thresholds),
        unmatched_events: unmatched_events(plan, results),
        thresholds,
        invariants,
        checks,
        scenarios: rows::scenarios(plan, results),
        totals: rows::totals(&results.numbers(crate::metrics::Part::default())),
        latencies: rows::latencies(plan, results),
        metrics: rows::metrics(plan, results),
        customs: customs::rows(plan, results),
        labels: labels::rows(plan, results),
        errors: errors(plan, results),
        timeline: rows::timeline(plan, results),
        lanes: lanes(plan, results),
        waiting: waiting(results),
        plan: summary,
        run,
    };
    redact(&mut outcome, redactor);
    outcome
}

fn suite(plan: &Plan, file: String) -> SuiteInfo {
    SuiteInfo {
        name: plan.name.clone(),
        description: plan.description.clone(),
        tags: plan.tags.clone(),
        file,
        line: plan.name_line,
    }
}

/// What every report says before anything else of the run.
fn warn(plan: &Plan, results: &Results, run: &mut RunInfo, summary: &mut PlanSummary) {
    if let Some(careless) = plan.target.careless() {
        // Of the run as much as of its plan, and there it is not overlooked; once is enough.
        summary.warnings.retain(|warning| warning != careless);
        run.warnings.push(careless.to_owned());
    }
    run.warnings.extend(overlooked(results));
}

/// Events that came and that the users could not attend to: nobody asks for these counts who does not know of them.
fn overlooked(results: &Results) -> impl Iterator<Item = String> {
    let numbers = results.numbers(crate::metrics::Part::default());
    let sentences = [
        (Counter::HandlersDropped, "found no room in `on`, because 16 of its user ran already (`handlers_dropped`)"),
        (Counter::EventsForgotten, "came before their `expect`, and were more than a user keeps (`events_forgotten`)"),
    ];
    let counted = sentences.map(|(counter, what)| (numbers.counter(counter), what)).into_iter();
    counted.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", number::counted(count, "event")))
}

/// Of a run that was stopped early: what had no sample yet might have come, and what stopped the run was broken, whatever
/// the answers made of it that were still awaited.
fn cut_short(threshold: &mut Judged, stopped_by: Option<&str>) {
    if stopped_by == Some(threshold.name.as_str()) {
        threshold.result = ThresholdResult::Broken;
    } else if threshold.result == ThresholdResult::NoData {
        threshold.result = ThresholdResult::NotJudged;
    }
}

const fn status_of_ended(ended: &Ended) -> Option<Status> {
    match ended {
        Ended::Completed => None,
        Ended::Aborted { .. } => Some(Status::Fail),
        Ended::Interrupted { .. } => Some(Status::Interrupted),
        Ended::Unreachable { .. } => Some(Status::Unreachable),
        Ended::Skipped { .. } => Some(Status::Skipped),
    }
}

fn status(ended: &Ended, validity: Validity, asked: Asked<'_>) -> Status {
    if validity == Validity::Invalid {
        Status::Invalid
    } else if let Some(status) = status_of_ended(ended) {
        status
    } else if asked.fails() {
        Status::Fail
    } else {
        Status::Pass
    }
}

fn sentence(status: Status, ended: &Ended, asked: Asked<'_>, reasons: &[String]) -> String {
    match (status, ended) {
        (_, Ended::Unreachable { reason }) => format!("Nothing was measured: {reason}"),
        (_, Ended::Skipped { reason }) => format!("Not run: {reason}."),
        (_, Ended::Interrupted { signal }) => {
            format!("The run was stopped by {signal}; what ran until then is here, thresholds are not judged.")
        }
        (Status::Invalid, _) => format!("This run cannot judge the server: {}.", reasons.join("; ")),
        (_, Ended::Aborted { reason }) => format!("The run was stopped early: {reason}."),
        (Status::Fail, _) => asked.failed(),
        _ => asked.passed(),
    }
}

/// Why no user ever became ready: the most frequent of what went wrong before that.
fn never_ready(results: &Results) -> String {
    let before = results
        .findings
        .iter()
        .filter(|(kind, _)| matches!(kind.class, Class::Connect | Class::Login | Class::Step | Class::Disconnect));
    let worst = before.max_by_key(|(_, tally)| tally.count);
    let why = worst.map_or(String::new(), |(kind, tally)| {
        let example = tally.examples.first().map_or(String::new(), |example| format!(" ({})", example.detail));
        format!("; most often: {}, {} times{example}", kind.name, tally.count)
    });
    // Then the fault may be ours, and nobody should look for it at the server first.
    let ours = late_timers(results).map_or_else(String::new, |(_, late)| format!("; {late}"));
    format!("no user ever became ready{why}{ours}")
}

fn errors(plan: &Plan, results: &Results) -> Vec<ErrorRow> {
    let row = |(kind, tally): (&Kind, &Tally)| ErrorRow {
        class: kind.class.name().to_owned(),
        kind: kind.name.clone(),
        scenario: plan.scenarios.get(kind.scenario).map_or(String::new(), |scenario| scenario.name.clone()),
        count: tally.count,
        examples: tally.examples.iter().map(example).collect(),
    };
    // What became of deliveries, and what nobody asked for, is told in its own place.
    let are_errors = |(kind, _): &(&Kind, &Tally)| !matches!(kind.class, Class::Delivery | Class::Event);
    let mut rows: Vec<ErrorRow> = results.findings.iter().filter(are_errors).map(row).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
    rows
}

/// Takes secrets out of every text that may hold one. Names of scenarios, metrics and stages are the suite's own keys; they
/// go through all the same, since a suite may be written by a program.
pub(super) fn redact(outcome: &mut Outcome, redactor: &Redactor) {
    let mut texts: Vec<&mut String> = vec![&mut outcome.verdict.sentence, &mut outcome.run.target];
    texts.extend(&mut outcome.suite.description);
    texts.extend(&mut outcome.verdict.reasons);
    texts.extend(&mut outcome.run.overrides);
    texts.extend(&mut outcome.run.warnings);
    texts.extend(outcome.lanes.iter_mut().flat_map(|lanes| &mut lanes.resources));
    texts.extend(&mut outcome.waiting);
    if let Ended::Unreachable { reason } | Ended::Aborted { reason } | Ended::Skipped { reason } =
        &mut outcome.run.ended
    {
        texts.push(reason);
    }
    texts.extend(outcome.invariants.iter_mut().flat_map(InvariantRow::texts));
    texts.extend(outcome.deliveries.iter_mut().flat_map(DeliveryRow::texts));
    texts.extend(outcome.unmatched_events.iter_mut().flat_map(EventRow::texts));
    texts.extend(outcome.labels.iter_mut().map(|row| &mut row.value));
    texts.extend(outcome.checks.iter_mut().map(|check| &mut check.detail));
    for error in &mut outcome.errors {
        texts.push(&mut error.kind);
        texts.extend(error.examples.iter_mut().flat_map(ExampleRow::texts));
    }
    texts.extend(outcome.plan.texts());
    for text in texts {
        if let std::borrow::Cow::Owned(redacted) = redactor.redact(text) {
            *text = redacted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Lanes;
    use super::*;
    use crate::secrets::Secrets;

    #[test]
    fn no_secret_is_left_in_a_picture_or_in_the_end_of_a_run() {
        let mut secrets = Secrets::default();
        secrets.insert("hunter2hunter2");
        let text = || "a text with hunter2hunter2 in it".to_owned();
        let mut outcome = Outcome::example();
        outcome.lanes = Some(Lanes { resources: vec![text()], ..Lanes::default() });
        outcome.waiting = Some(text());
        outcome.deliveries[0].event = text();
        outcome.deliveries[0].faults[0].examples[0].detail = text();
        outcome.unmatched_events[0].name = text();
        outcome.unmatched_events[0].examples[0].resource = Some(text());
        outcome.run.ended = Ended::Aborted { reason: text() };
        redact(&mut outcome, &Redactor::new(&secrets));
        assert!(!format!("{outcome:?}").contains("hunter2"));
    }

    #[test]
    fn deliveries_that_went_wrong_and_unmatched_events_are_no_errors() {
        use super::super::deliveries::tests::{plan, results};
        let plan = plan("errors: \"== 0\"");
        let results = results(&plan.axes, [(9, 9); 3]);
        let found: Vec<(String, u64)> = errors(&plan, &results).into_iter().map(|row| (row.class, row.count)).collect();
        assert_eq!(found, [("step".to_owned(), 2)]);
        assert_eq!(results.numbers(crate::metrics::Part::default()).sum(crate::metrics::catalog::ERRORS), 0);
    }

    fn check(result: ThresholdResult, stopped_by: Option<&str>, expected: ThresholdResult) {
        let mut threshold = Outcome::example().thresholds.remove(0);
        (threshold.name, threshold.result) = ("errors == 0".to_owned(), result);
        cut_short(&mut threshold, stopped_by);
        assert_eq!(threshold.result, expected, "{result:?} {stopped_by:?}");
    }

    #[test]
    fn what_stopped_a_run_stays_broken_and_what_had_no_time_is_not_judged() {
        use ThresholdResult::{Broken, Met, NoData, NotJudged};
        check(Met, Some("errors == 0"), Broken);
        check(Broken, Some("errors == 0"), Broken);
        check(NoData, Some("disconnects == 0"), NotJudged);
        check(Met, Some("disconnects == 0"), Met);
        check(Broken, Some("disconnects == 0"), Broken);
    }
}
