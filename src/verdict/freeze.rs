//! From results to the outcome: everything computed, judged, put into words, redacted; then nothing changes any more.

use super::checks;
use super::customs;
use super::judge::judge;
use super::labels;
use super::lanes::lanes;
use super::outcome::{
    CheckResult, CheckRow, Ended, ErrorRow, ExampleRow, Judged, Outcome, RunInfo, Status, SuiteInfo, ThresholdResult,
    Validity, Verdict,
};
use super::rows;
use super::validity::{assess, late_timers};
use super::waiting::waiting;
use crate::metrics::number;
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
    let Circumstances { mut run, plan: summary, strict, stopped_by } = circumstances;
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
    let (validity, reasons) = if completed || aborted {
        assess(plan, results, &observed, completed, strict)
    } else {
        (Validity::Valid, Vec::new())
    };
    let thresholds = if validity == Validity::Invalid {
        plan.thresholds.iter().map(|threshold| judge(threshold, results, &file, false)).collect()
    } else {
        observed
    };
    let checks = checks::rows(results, (completed || aborted) && validity != Validity::Invalid);
    let status = status(&run.ended, validity, &thresholds, &checks);
    let sentence = sentence(status, &run.ended, &thresholds, &checks, &reasons);
    let mut outcome = Outcome {
        suite: SuiteInfo {
            name: plan.name.clone(),
            description: plan.description.clone(),
            tags: plan.tags.clone(),
            file,
            line: plan.name_line,
        },
        verdict: Verdict { status, validity, reasons, sentence },
        thresholds,
        checks,
        scenarios: rows::scenarios(plan, results),
        totals: rows::totals(&results.numbers(crate::metrics::Part::default())),
        latencies: rows::latencies(plan, results),
        metrics: rows::metrics(results),
        customs: customs::rows(plan, results),
        labels: labels::rows(plan, results),
        errors: errors(plan, results),
        timeline: rows::timeline(plan, results),
        lanes: lanes(plan, &results.course),
        waiting: waiting(results),
        plan: summary,
        run,
    };
    redact(&mut outcome, redactor);
    outcome
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
    }
}

fn status(ended: &Ended, validity: Validity, thresholds: &[Judged], checks: &[CheckRow]) -> Status {
    if validity == Validity::Invalid {
        Status::Invalid
    } else if let Some(status) = status_of_ended(ended) {
        status
    } else if thresholds.iter().any(Judged::fails) || checks.iter().any(CheckRow::fails) {
        Status::Fail
    } else {
        Status::Pass
    }
}

fn sentence(status: Status, ended: &Ended, thresholds: &[Judged], checks: &[CheckRow], reasons: &[String]) -> String {
    match (status, ended) {
        (_, Ended::Unreachable { reason }) => format!("Nothing was measured: {reason}"),
        (_, Ended::Interrupted { signal }) => {
            format!("The run was stopped by {signal}; what ran until then is here, thresholds are not judged.")
        }
        (Status::Invalid, _) => format!("This run cannot judge the server: {}.", reasons.join("; ")),
        (_, Ended::Aborted { reason }) => format!("The run was stopped early: {reason}."),
        (Status::Fail, _) => failed(thresholds, checks),
        _ => passed(thresholds, checks.iter().filter(|check| check.result == CheckResult::True).count()),
    }
}

fn failed(thresholds: &[Judged], checks: &[CheckRow]) -> String {
    let broken: Vec<&Judged> = thresholds.iter().filter(|threshold| threshold.fails()).collect();
    let mut parts = Vec::new();
    if let Some(first) = broken.first() {
        let all = number::counted(thresholds.len() as u64, "threshold");
        let were = if broken.len() == 1 { "was" } else { "were" };
        let first = match first.result {
            ThresholdResult::NoData => format!("{} has no sample", first.name),
            _ => format!("{} came to {}", first.name, first.observed_text),
        };
        parts.push(format!("{} of {all} {were} not met: {first}{}", broken.len(), and_more(broken.len())));
    }
    let wrong: Vec<&CheckRow> = checks.iter().filter(|check| check.fails()).collect();
    if let Some(first) = wrong.first() {
        let complaint = first.complaint();
        let complaint = if parts.is_empty() { complaint.replacen("the check", "The check", 1) } else { complaint };
        parts.push(format!("{complaint}{}", and_more(wrong.len())));
    }
    format!("{}.", parts.join("; "))
}

fn and_more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}

fn passed(thresholds: &[Judged], checks: usize) -> String {
    let warned = thresholds.iter().filter(|threshold| !matches!(threshold.result, ThresholdResult::Met)).count();
    let checked = match checks {
        0 => String::new(),
        1 => "the check of `after` holds".to_owned(),
        2 => "both checks of `after` hold".to_owned(),
        all => format!("all {all} checks of `after` hold"),
    };
    let said = match (thresholds.len(), warned) {
        (0, _) if checks > 0 => return format!("The run is complete, and {checked}."),
        (0, _) => return "The run is complete; the suite has no thresholds.".to_owned(),
        (1, 0) => "The one threshold was met".to_owned(),
        (all, 0) => format!("All {all} thresholds were met"),
        (all, warned) => format!("{} of {all} thresholds were met, the rest only warns", all - warned),
    };
    if checks == 0 { format!("{said}.") } else { format!("{said}, and {checked}.") }
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
        examples: tally
            .examples
            .iter()
            .map(|example| ExampleRow {
                at: example.at,
                user: example.user,
                resource: example.resource.clone(),
                detail: example.detail.clone(),
            })
            .collect(),
    };
    let mut rows: Vec<ErrorRow> = results.findings.iter().map(row).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
    rows
}

/// Takes secrets out of every text that may hold one. Names of scenarios, metrics and stages are the suite's own keys; they
/// go through all the same, since a suite may be written by a program.
fn redact(outcome: &mut Outcome, redactor: &Redactor) {
    let mut texts: Vec<&mut String> = vec![&mut outcome.verdict.sentence, &mut outcome.run.target];
    texts.extend(&mut outcome.suite.description);
    texts.extend(&mut outcome.verdict.reasons);
    texts.extend(&mut outcome.run.overrides);
    texts.extend(&mut outcome.run.warnings);
    texts.extend(outcome.lanes.iter_mut().flat_map(|lanes| &mut lanes.resources));
    texts.extend(&mut outcome.waiting);
    if let Ended::Unreachable { reason } | Ended::Aborted { reason } = &mut outcome.run.ended {
        texts.push(reason);
    }
    texts.extend(outcome.labels.iter_mut().map(|row| &mut row.value));
    texts.extend(outcome.checks.iter_mut().map(|check| &mut check.detail));
    for error in &mut outcome.errors {
        texts.push(&mut error.kind);
        for example in &mut error.examples {
            texts.push(&mut example.detail);
            texts.extend(&mut example.resource);
        }
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
        outcome.run.ended = Ended::Aborted { reason: text() };
        redact(&mut outcome, &Redactor::new(&secrets));
        assert!(!format!("{outcome:?}").contains("hunter2"));
    }

    fn check_sentence(broken: usize, false_checks: usize, checks: usize, expected: &str) {
        let mut outcome = Outcome::example_passed();
        outcome.thresholds.truncate(2);
        for threshold in &mut outcome.thresholds[..broken] {
            (threshold.name, threshold.result) = ("errors == 0".to_owned(), ThresholdResult::Broken);
            threshold.observed_text = "3".to_owned();
        }
        let row = |number: usize| CheckRow {
            name: format!("c{number}"),
            line: 1,
            result: if number < false_checks { CheckResult::False } else { CheckResult::True },
            detail: "a = 1, b = 2".to_owned(),
        };
        let checks: Vec<CheckRow> = (0..checks).map(row).collect();
        let status = status(&Ended::Completed, Validity::Valid, &outcome.thresholds, &checks);
        assert_eq!(status == Status::Fail, broken + false_checks > 0, "{expected}");
        assert_eq!(sentence(status, &Ended::Completed, &outcome.thresholds, &checks, &[]), expected);
    }

    #[test]
    fn thresholds_and_checks_are_told_in_one_sentence() {
        check_sentence(0, 0, 0, "All 2 thresholds were met.");
        check_sentence(0, 0, 1, "All 2 thresholds were met, and the check of `after` holds.");
        check_sentence(0, 0, 3, "All 2 thresholds were met, and all 3 checks of `after` hold.");
        check_sentence(0, 1, 2, "The check `c0` of `after` is false: a = 1, b = 2.");
        check_sentence(0, 2, 2, "The check `c0` of `after` is false: a = 1, b = 2, and 1 more.");
        let both =
            "1 of 2 thresholds was not met: errors == 0 came to 3; the check `c0` of `after` is false: a = 1, b = 2.";
        check_sentence(1, 1, 2, both);
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
