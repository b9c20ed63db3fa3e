//! What reports say of deliveries, and of events that nothing matched.

use cotillion::report::{Look, html, junit, terminal};
use cotillion::verdict::Outcome;
use cotillion::verdict::outcome::EventRow;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};

use super::body;

/// The one case about deliveries.
fn delivery_case(outcome: &Outcome) -> TestCase {
    let report = Report::deserialize_from_str(&junit::render(outcome, &Look::default()).unwrap()).unwrap();
    let cases = report.test_suites.into_iter().flat_map(|suite| suite.test_cases);
    let mut found: Vec<TestCase> = cases.filter(|case| case.name.starts_with("delivery of")).collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_delivery_fails_in_junit_only_where_a_threshold_was_not_met_for_it() {
    let mut outcome = Outcome::example();
    let case = delivery_case(&outcome);
    assert_eq!((&*case.name, case.extra["line"].as_str()), ("delivery of bid (bid-placed)", "26"));
    let TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, description, .. } = case.status else {
        panic!("it fails")
    };
    let text = description.expect("a text");
    assert_eq!(text.matches("nothing came within").count(), 3, "{}", &*text);
    assert!(!text.contains("it came again"), "only what was held against it: {}", &*text);
    // Somebody else broke it.
    outcome.deliveries[0].broken.clear();
    assert!(matches!(delivery_case(&outcome).status, TestCaseStatus::Success { .. }));
    // It only warns.
    outcome.deliveries[0].broken.push("delivery_missing == 0".into());
    let warning = outcome.thresholds.last_mut().expect("a threshold");
    warning.warn_only = true;
    assert!(matches!(delivery_case(&outcome).status, TestCaseStatus::Success { .. }));
    // Nobody asks, and the case says so.
    outcome.thresholds.pop();
    outcome.deliveries[0].broken.clear();
    let case = delivery_case(&outcome);
    let output = case.system_out.expect("output");
    assert!(matches!(case.status, TestCaseStatus::Success { .. }));
    assert!(output.contains("No threshold looks at") && output.contains("it came again"), "{}", &*output);
}

#[test]
fn that_nobody_was_owed_anything_is_no_success() {
    let mut outcome = Outcome::example_passed();
    let row = &mut outcome.deliveries[0];
    (row.expected, row.in_time, row.late, row.missing) = (0, 0, 0, 0);
    row.faults.clear();
    let TestCaseStatus::Skipped { message, .. } = delivery_case(&outcome).status else { panic!("it is skipped") };
    let expected = "not judged: bid → bid-placed: nobody was owed anything";
    assert_eq!(message.map(|message| message.to_string()), Some(expected.to_owned()));
}

/// Examples that a terminal shows.
fn check_examples(broken: &[&str], expected: usize) {
    let mut outcome = Outcome::example();
    outcome.deliveries[0].broken = broken.iter().map(|name| (*name).to_owned()).collect();
    let text = terminal::render(&outcome, false, 120);
    assert_eq!(text.lines().filter(|line| line.contains("└") && line.contains("to user")).count(), expected, "{text}");
}

#[test]
fn a_terminal_shows_examples_of_what_made_a_threshold_fail() {
    check_examples(&[], 0);
    check_examples(&["delivery_missing == 0"], 3);
    check_examples(&["success_rate >= 95%"], 0);
}

#[test]
fn nothing_is_said_of_deliveries_where_there_are_none() {
    let mut outcome = Outcome::example_passed();
    outcome.deliveries.clear();
    outcome.thresholds.pop();
    outcome.metrics.retain(|row| !row.name.starts_with("delivery"));
    outcome.latencies.retain(|row| !row.metric.starts_with("delivery"));
    for point in &mut outcome.timeline.points {
        (point.delivery_p50, point.delivery_p95, point.delivery_p99) = (None, None, None);
    }
    let page = body(&html::render(&outcome, &Look::default()).unwrap());
    let texts = [page, terminal::render(&outcome, false, 80), junit::render(&outcome, &Look::default()).unwrap()];
    for text in texts {
        let text = text.to_lowercase();
        assert!(!text.contains("deliver") && !text.contains("matched"), "{text}");
    }
}

#[test]
fn a_terminal_lists_five_unmatched_events_at_most() {
    let mut outcome = Outcome::example();
    let event = outcome.unmatched_events[0].clone();
    outcome.unmatched_events = (0..9).map(|n| EventRow { name: format!("typo-{n}"), ..event.clone() }).collect();
    let text = terminal::render(&outcome, false, 80);
    assert_eq!(text.matches("typo-").count(), 5);
    assert!(text.contains("… and 4 more in the report"), "{text}");
}
