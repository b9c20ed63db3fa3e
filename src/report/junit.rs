//! `junit.xml`: what CI servers read.
//!
//! A test suite is a scenario; its cases are *scenario completed*, one a `delivery`, and one a threshold. *Measurement valid*,
//! thresholds over all scenarios and the invariants stand in a suite that is named as the suite file is. Names never hold a
//! measured value, because GitLab compares branches by them. A threshold that was not met is a `failure` with all three of
//! type, message and text: some servers show only the one, some only the other. Why a run did not come to its end is the
//! `error` of *scenario completed*, and why one could not judge the `error` of *measurement valid*; what was left unjudged is
//! `skipped`, as is everything of a run that was skipped.

mod deliveries;
mod keys;
mod strict;
mod validity;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use deliveries::{DeliveryCase, End};

use crate::metrics::catalog::Unit;
use crate::metrics::number::{NONE, clock, count, share};
use crate::report::causes::causes;
use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::untrusted::{for_junit, for_junit_line};
use crate::report::{invariants, own, table};
use crate::units::Duration;
use crate::verdict::Outcome;
use crate::verdict::outcome::{
    CheckResult, CheckRow, Ended, ErrorRow, InvariantResult, InvariantRow, Judged, LatencyRow, ScenarioRow, Status,
    ThresholdResult, Totals,
};

/// Longer output of a case is cut: some servers refuse it, none shows it.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// How many kinds of errors a text lists.
const ERRORS_SHOWN: usize = 8;

/// The outcome as JUnit XML.
///
/// # Errors
/// Only by a bug.
pub fn render(outcome: &Outcome, look: &Look) -> Result<String, ReportError> {
    let mut report = report(outcome);
    keys::make_unique(&mut report);
    if look.junit_strict { strict::text(report) } else { Ok(report.to_string()?) }
}

fn report(outcome: &Outcome) -> Report {
    let mut report = Report::new(for_junit_line(&outcome.suite.name));
    report.set_time(outcome.run.duration.std());
    report.timestamp = outcome.run.started.parse().ok();
    for scenario in &outcome.scenarios {
        report.add_test_suite(of_scenario(outcome, scenario));
    }
    let global: Vec<&Judged> = outcome.thresholds.iter().filter(|judged| owner(outcome, judged).is_none()).collect();
    report.add_test_suite(of_run(outcome, &global));
    if outcome.verdict.status == Status::Skipped {
        // Why is said; tables of zeros would only look like results.
        report.test_suites.iter_mut().flat_map(|suite| &mut suite.test_cases).for_each(|case| case.system_out = None);
    }
    report
}

/// The scenario whose suite a threshold stands in.
fn owner<'a>(outcome: &'a Outcome, judged: &Judged) -> Option<&'a ScenarioRow> {
    outcome.scenarios.iter().find(|row| judged.scenario.as_ref() == Some(&row.name))
}

fn of_scenario(outcome: &Outcome, scenario: &ScenarioRow) -> TestSuite {
    let mut suite = suite(outcome, &scenario.name, scenario.duration);
    let numbers = [
        ("users", count(scenario.users)),
        ("pattern", scenario.pattern.clone()),
        ("every", scenario.every.clone().unwrap_or_else(|| NONE.into())),
        ("success_rate", scenario.success_rate.map_or_else(|| NONE.into(), share)),
    ];
    suite.add_properties(numbers.map(|(name, value)| property(name, &value)));
    suite.add_properties(counts(&scenario.totals));
    suite.add_properties(percentiles(&related(outcome, Some(&scenario.name))));
    let delivered = deliveries::properties(outcome, &scenario.name);
    suite.add_properties(delivered.iter().map(|(name, value)| property(name, value)));

    let class = format!("cotillion.{}.{}", outcome.suite.name, scenario.name);
    let mut completed = case("scenario completed", &class, &outcome.suite.file, scenario.line, completion(outcome));
    completed.set_time(scenario.duration.std());
    completed.set_system_out(limited(completion_text(outcome, Some(scenario))));
    suite.add_test_case(completed);
    for delivery in deliveries::cases(outcome, &scenario.name) {
        suite.add_test_case(of_delivery(outcome, &class, &scenario.name, &delivery));
    }
    let mine = outcome.thresholds.iter().filter(|judged| judged.scenario.as_ref() == Some(&scenario.name));
    add_thresholds(&mut suite, outcome, &class, mine);
    suite
}

fn of_run(outcome: &Outcome, thresholds: &[&Judged]) -> TestSuite {
    let mut suite = suite(outcome, &outcome.suite.name, outcome.run.duration);
    suite.add_properties(counts(&outcome.totals));
    suite.add_properties(percentiles(&related(outcome, None)));
    let class = format!("cotillion.{}", outcome.suite.name);
    suite.add_test_case(validity::of_measurement(outcome, &class));
    // A file in which only the measurement is judged would look like a pass.
    if outcome.scenarios.is_empty() {
        let status = completion(outcome);
        let mut completed = case("run completed", &class, &outcome.suite.file, outcome.suite.line, status);
        completed.set_time(outcome.run.duration.std());
        completed.set_system_out(limited(completion_text(outcome, None)));
        suite.add_test_case(completed);
    }
    add_thresholds(&mut suite, outcome, &class, thresholds.iter().copied());
    suite.add_test_cases(outcome.invariants.iter().map(|row| of_invariant(outcome, &class, row)));
    for check in &outcome.checks {
        suite.add_test_case(of_check(outcome, &class, check));
    }
    suite
}

/// A check of `after`: what could not be asked is an error, what is false a failure.
fn of_check(outcome: &Outcome, class: &str, check: &CheckRow) -> TestCase {
    let facts = table::columns_left(&[
        vec!["Check".into(), check.name.clone()],
        vec!["Expected".into(), "true".into()],
        vec!["Observed".into(), own::result(check).to_owned()],
        vec!["Values".into(), check.detail.clone()],
        vec!["Where".into(), format!("{}:{}", outcome.suite.file, check.line)],
    ]);
    let text = format!("{facts}\n\n{}", error_list(outcome, None));
    let status = match check.result {
        CheckResult::True => TestCaseStatus::success(),
        CheckResult::False => unsuccessful(NonSuccessKind::Failure, "CheckFailed", &check.complaint(), &text),
        CheckResult::Error => unsuccessful(NonSuccessKind::Error, "CheckNotAsked", &check.complaint(), &text),
        CheckResult::NotJudged => match outcome.verdict.status {
            Status::Pass | Status::Fail => not_judged(outcome, &check.detail),
            _ => not_judged(outcome, &outcome.verdict.sentence),
        },
    };
    let mut case = case(&format!("after: {}", check.name), class, &outcome.suite.file, check.line, status);
    let output = if check.fails() { with_attachment(outcome, &check.detail) } else { for_junit(&check.detail) };
    case.set_system_out(limited(output));
    case
}

/// Neither good nor bad, and why; as text too, since GitLab shows no message.
fn not_judged(outcome: &Outcome, why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    let why = for_junit_line(why);
    let (ty, message) = match outcome.verdict.status {
        Status::Skipped => ("Skipped", why),
        _ => ("NotJudged", format!("not judged: {why}")),
    };
    status.set_type(ty).set_description(limited(message.clone())).set_message(message);
    status
}

fn suite(outcome: &Outcome, name: &str, duration: Duration) -> TestSuite {
    let mut suite = TestSuite::new(for_junit_line(name));
    suite.set_time(duration.std());
    suite.timestamp = outcome.run.started.parse().ok();
    let run = &outcome.run;
    let facts = [
        ("run.id", run.id.as_str()),
        ("run.target", &run.target),
        ("run.protocol", &run.protocol),
        ("run.version", &run.version),
        ("run.machine", &run.machine),
        ("suite.file", &outcome.suite.file),
        ("verdict.status", outcome.verdict.status.word()),
        ("verdict.validity", outcome.verdict.validity.word()),
    ];
    suite.add_properties(facts.map(|(name, value)| property(name, value)));
    suite.add_property(property("run.seed", &run.seed.to_string()));
    if !run.overrides.is_empty() {
        suite.add_property(property("run.overrides", &run.overrides.join(" ")));
    }
    suite.add_properties(run.warnings.iter().map(|warning| property("run.warning", warning)));
    if let Some(path) = report_path(outcome) {
        suite.add_property(property("report", &path));
    }
    suite
}

fn property(name: &str, value: &str) -> Property {
    Property::new(for_junit_line(name), for_junit_line(value))
}

/// Actions by outcome, and rejections by cause.
fn counts(totals: &Totals) -> Vec<Property> {
    let actions = totals.outcomes().map(|(name, value)| property(&format!("actions.{name}"), &value.to_string()));
    let rejected = causes(totals).map(|cause| property(&format!("rejected.{}", cause.name), &cause.count.to_string()));
    actions.into_iter().chain(rejected).collect()
}

fn percentiles(rows: &[&LatencyRow]) -> Vec<Property> {
    let of_row = |row: &&LatencyRow| {
        let prefix =
            row.action.as_ref().map_or_else(|| row.metric.clone(), |action| format!("{}.{action}", row.metric));
        let numbers = [("p50", row.p50), ("p90", row.p90), ("p95", row.p95), ("p99", row.p99), ("max", row.max)];
        numbers.map(|(name, value)| property(&format!("{prefix}.{name}_ms"), &value.to_string()))
    };
    rows.iter().flat_map(of_row).collect()
}

/// Distributions over the whole run and, for a scenario, its own.
fn related<'a>(outcome: &'a Outcome, scenario: Option<&String>) -> Vec<&'a LatencyRow> {
    outcome.latencies.iter().filter(|row| row.scenario.is_none() || row.scenario.as_ref() == scenario).collect()
}

fn case(name: &str, class: &str, file: &str, line: usize, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(for_junit_line(name), status);
    case.set_classname(for_junit_line(class));
    case.set_time(std::time::Duration::ZERO);
    case.extra.insert("file".into(), for_junit_line(file).into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}

/// What became of the run itself.
fn completion(outcome: &Outcome) -> TestCaseStatus {
    let kind = match (&outcome.run.ended, outcome.verdict.status) {
        (Ended::Unreachable { .. }, _) | (_, Status::Unreachable) => "Unreachable",
        // Of a run that cannot judge the error is that of *measurement valid*; nothing else of it looks like a success.
        (Ended::Skipped { .. }, _) | (_, Status::Skipped | Status::Invalid) => {
            return not_judged(outcome, &outcome.verdict.sentence);
        }
        // The threshold that was broken for too long is the one failure; this case says so in its output.
        (Ended::Aborted { .. }, _) if outcome.thresholds.iter().any(Judged::fails) => return TestCaseStatus::success(),
        (Ended::Aborted { .. }, _) => "Aborted",
        (Ended::Interrupted { .. }, _) | (_, Status::Interrupted) => "Interrupted",
        (Ended::Completed, Status::Pass | Status::Fail) => return TestCaseStatus::success(),
    };
    let mut text = vec![outcome.verdict.sentence.clone()];
    match &outcome.run.ended {
        Ended::Completed | Ended::Skipped { .. } => {}
        Ended::Aborted { reason } => text.push(format!("Reason: {reason}")),
        Ended::Interrupted { signal } => text.push(format!("Signal: {signal}")),
        Ended::Unreachable { reason } => text.push(format!("Reason: {reason}")),
    }
    text.extend(outcome.verdict.reasons.iter().map(|reason| format!("- {reason}")));
    text.push(String::new());
    text.push(error_list(outcome, None));
    unsuccessful(NonSuccessKind::Error, kind, &outcome.verdict.sentence, &text.join("\n"))
}

fn unsuccessful(kind: NonSuccessKind, ty: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(ty)
        .set_message(for_junit_line(message))
        .set_description(limited(for_junit(text).trim_end().to_owned()));
    status
}

/// The output of *scenario completed*: most servers show percentiles nowhere else.
fn completion_text(outcome: &Outcome, scenario: Option<&ScenarioRow>) -> String {
    let verdict = &outcome.verdict;
    let mut parts = vec![format!("{} ({})\n{}", verdict.status.word(), verdict.validity.word(), verdict.sentence)];
    if !verdict.reasons.is_empty() {
        parts.push(verdict.reasons.iter().map(|reason| format!("- {reason}")).collect::<Vec<_>>().join("\n"));
    }
    if let Some(scenario) = scenario {
        let outcomes = scenario.totals.outcomes().map(|(name, value)| vec![name.to_owned(), count(value)]);
        parts.push(format!("Actions\n{}", table::columns(&outcomes)));
        parts.extend(why_rejected(scenario));
    }
    let name = scenario.map(|row| &row.name);
    parts.extend(latencies(&related(outcome, name)));
    parts.extend(outcome.waiting.clone());
    parts.push(error_list(outcome, name));
    with_attachment(outcome, &parts.join("\n\n"))
}

/// `None` without a sample.
fn latencies(rows: &[&LatencyRow]) -> Option<String> {
    (!rows.is_empty()).then(|| format!("Latencies\n{}", table::latencies(rows.iter().copied())))
}

/// `None` without a rejection that has a cause.
fn why_rejected(scenario: &ScenarioRow) -> Option<String> {
    let named = causes(&scenario.totals).into_iter().filter(|cause| cause.count > 0);
    let rows: Vec<_> = named.map(|cause| vec![count(cause.count), cause.name.into(), cause.about.into()]).collect();
    (!rows.is_empty()).then(|| format!("Why rejected\n{}", table::columns_left(&rows)))
}

fn error_list(outcome: &Outcome, scenario: Option<&String>) -> String {
    let rows: Vec<&ErrorRow> =
        outcome.errors.iter().filter(|row| scenario.is_none_or(|name| *name == row.scenario)).collect();
    if rows.is_empty() {
        return "No errors".into();
    }
    let mut lines = vec!["Most frequent errors".to_owned()];
    for row in rows.iter().take(ERRORS_SHOWN) {
        lines.push(format!("{} x {}: {} ({})", count(row.count), row.class, for_junit_line(&row.kind), row.scenario));
        if let Some(example) = row.examples.first() {
            let on = example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
            let at = clock(example.at.second());
            lines.push(format!("    at {at}, user {}{on}: {}", example.user, for_junit_line(&example.detail)));
        }
    }
    if rows.len() > ERRORS_SHOWN {
        lines.push(format!("and {} more kinds", rows.len() - ERRORS_SHOWN));
    }
    lines.join("\n")
}

fn of_delivery(outcome: &Outcome, class: &str, scenario: &String, delivery: &DeliveryCase) -> TestCase {
    let text = format!("{}\n\n{}", delivery.text, error_list(outcome, Some(scenario)));
    let status = match delivery.end {
        End::Passed => TestCaseStatus::success(),
        End::Failed(ty) => unsuccessful(NonSuccessKind::Failure, ty, &delivery.message, &text),
        End::NothingOwed => not_judged(outcome, &delivery.message),
        End::NotJudged => not_judged(outcome, &outcome.verdict.sentence),
    };
    let mut case = case(&delivery.name, class, &outcome.suite.file, delivery.line, status);
    case.set_time(delivery.time.std());
    let output = match delivery.end {
        End::Failed(_) => with_attachment(outcome, &delivery.message),
        End::Passed | End::NothingOwed | End::NotJudged => for_junit(&delivery.text),
    };
    case.set_system_out(limited(output));
    case
}

fn add_thresholds<'a>(
    suite: &mut TestSuite,
    outcome: &Outcome,
    class: &str,
    thresholds: impl Iterator<Item = &'a Judged>,
) {
    suite.add_test_cases(thresholds.map(|judged| of_threshold(outcome, class, judged)));
}

fn of_invariant(outcome: &Outcome, class: &str, row: &InvariantRow) -> TestCase {
    let message = invariants::message(row);
    let text = format!("{}\n\n{}", invariants::text(row), error_list(outcome, None));
    let status = match row.result {
        InvariantResult::Held => TestCaseStatus::success(),
        InvariantResult::Broken => unsuccessful(NonSuccessKind::Failure, "InvariantBroken", &message, &text),
        InvariantResult::NoData => unsuccessful(NonSuccessKind::Failure, "NoData", &message, &text),
        InvariantResult::NotJudged => not_judged(outcome, &outcome.verdict.sentence),
    };
    let output = match row.result {
        InvariantResult::Held | InvariantResult::NotJudged => for_junit(&invariants::text(row)),
        // GitLab takes attachments from failed cases only.
        InvariantResult::Broken | InvariantResult::NoData => with_attachment(outcome, &message),
    };
    let mut case = case(&format!("invariant {}", row.name), class, &row.file, row.line, status);
    let counts = [("held", row.held), ("broken", row.broken), ("undecided", row.undecided)];
    case.add_properties(counts.map(|(name, value)| property(name, &value.to_string())));
    case.set_system_out(limited(output));
    case
}

fn of_threshold(outcome: &Outcome, class: &str, judged: &Judged) -> TestCase {
    let text = threshold_text(outcome, judged);
    let message = format!(
        "{}: expected {}, observed {} ({} samples)",
        subject(judged),
        judged.limit,
        judged.observed_text,
        count(judged.samples)
    );
    let status = match judged.result {
        ThresholdResult::Met => TestCaseStatus::success(),
        ThresholdResult::Broken | ThresholdResult::NoData if judged.warn_only => TestCaseStatus::success(),
        ThresholdResult::Broken => unsuccessful(NonSuccessKind::Failure, "ThresholdNotMet", &message, &text),
        ThresholdResult::NoData => {
            let message = format!("{}: expected {}, but there are no samples", subject(judged), judged.limit);
            unsuccessful(NonSuccessKind::Failure, "NoData", &message, &text)
        }
        ThresholdResult::NotJudged => not_judged(outcome, &outcome.verdict.sentence),
    };
    let mut case = case(&judged.name, class, &judged.file, judged.line, status);
    case.add_properties([property("limit", &judged.limit), property("samples", &judged.samples.to_string())]);
    case.add_properties(judged.observed.map(|observed| property("observed", &observed.to_string())));
    if let (Unit::Milliseconds, Some(observed)) = (judged.unit, judged.observed) {
        case.set_time(Duration::from_secs_f64(observed / 1_000.0).std());
    }
    match judged.result {
        ThresholdResult::Broken | ThresholdResult::NoData if judged.warn_only => {
            case.set_system_out(limited(for_junit(&format!("WARNING (severity: warn)\n{message}\n\n{text}"))));
        }
        ThresholdResult::Broken | ThresholdResult::NoData => {
            // GitLab takes attachments from failed cases only.
            case.set_system_out(limited(with_attachment(outcome, &message)));
        }
        ThresholdResult::Met | ThresholdResult::NotJudged => {
            case.set_system_out(limited(for_junit(&message)));
        }
    }
    case
}

fn subject(judged: &Judged) -> String {
    judged
        .statistic
        .as_ref()
        .map_or_else(|| judged.metric.clone(), |statistic| format!("{} {statistic}", judged.metric))
}

fn threshold_text(outcome: &Outcome, judged: &Judged) -> String {
    let few = if judged.too_few_samples { " (too few)" } else { "" };
    let facts = table::columns_left(&[
        vec!["Threshold".into(), judged.name.clone()],
        vec!["Expected".into(), format!("{} {}", subject(judged), judged.limit)],
        vec!["Observed".into(), judged.observed_text.clone()],
        vec!["Samples".into(), format!("{}{few}", count(judged.samples))],
        vec!["Where".into(), format!("{}:{}", judged.file, judged.line)],
    ]);
    let mut parts = vec![facts];
    parts.extend(deliveries::examples_behind(outcome, judged));
    parts.extend(latencies(&related(outcome, judged.scenario.as_ref())));
    parts.push(error_list(outcome, judged.scenario.as_ref()));
    parts.join("\n\n")
}

/// Text with an order to publish the HTML report beside it, where the place of the reports is known. GitLab, Azure and
/// Jenkins (with its attachments plug-in) obey; everybody else shows a line of text.
fn with_attachment(outcome: &Outcome, text: &str) -> String {
    let text = for_junit(text);
    match report_path(outcome) {
        Some(path) => format!("{}\n\n[[ATTACHMENT|{path}]]", text.trim_end()),
        None => text,
    }
}

/// The HTML report, relative to where the command was given: in CI that is the project's folder.
fn report_path(outcome: &Outcome) -> Option<String> {
    let folder = outcome.run.report_dir.as_deref()?;
    let tame = !folder.starts_with('/')
        && !folder.contains(['|', ']', '\n', ':'])
        && !folder.split('/').any(|part| part == "..");
    tame.then(|| format!("{}/report.html", folder.trim_end_matches('/')))
}

fn limited(mut text: String) -> String {
    if text.len() > OUTPUT_LIMIT {
        text.truncate(text.floor_char_boundary(OUTPUT_LIMIT));
        text.push_str("\n… cut here: the rest is in report.html");
    }
    text
}
