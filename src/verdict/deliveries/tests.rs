//! From the numbers of a run to the rows of deliveries, and which rule a threshold was not met for.

use std::path::Path;

use super::*;
use crate::metrics::{Axes, Recorder};
use crate::plan::Overrides;
use crate::plan::compile::{Context, compile};
use crate::record::{Findings, Header, Second};
use crate::suite::env::Environment;
use crate::suite::read::read;
use crate::units::{Duration, Moment};
use crate::verdict::judge::judge;

pub fn plan(thresholds: &str) -> Plan {
    let act = |action: &str, event: &str| {
        format!(
            "- {{ emit: {action}, ack: {{}}, delivery: {{ event: {event}, match: data.ref, to: others, order: per_sender }} }}"
        )
    };
    let suite = format!(
        "name: t\ntarget: {{ url: \"http://127.0.0.1:9\" }}\nscenarios:\n  a:\n    load: {{ users: 9, duration: 20s }}\n    \
         every: 1s\n    act:\n      {}\n      {}\n  b:\n    load: {{ users: 9, duration: 20s }}\n    every: 1s\n    act:\n      {}\n\
         thresholds:\n  {thresholds}\n",
        act("bid", "bid-placed"),
        act("close", "closed"),
        act("bid", "bid-placed")
    );
    let (loaded, problems) = read(Path::new("suite.yaml"), &suite, &Environment::default());
    assert!(!problems.has_errors(), "{problems:?}");
    let files = |name: &str| Err(format!("{name}: there are no files"));
    let context = Context { overrides: &Overrides::default(), files: &files, built_in: None, seed: 7 };
    let (plan, problems) = compile(&loaded.unwrap(), &context);
    plan.unwrap_or_else(|| panic!("{problems:?}"))
}

/// Deliveries that were owed and those missing, of `bid` and `close` of `a` and `bid` of `b`; each received one took 20 ms.
pub fn results(axes: &Axes, counts: [(u64, u64); 3]) -> Results {
    let mut recorder = Recorder::new(axes.len());
    for ((scenario, action), (expected, missing)) in [(0, 0), (0, 1), (1, 0)].into_iter().zip(counts) {
        let cell = axes.cell(scenario, 0, Some(action));
        recorder.count_many(cell, Counter::DeliveryExpected, expected);
        recorder.count_many(cell, Counter::DeliveryMissing, missing);
        recorder.count_many(cell, Counter::DeliveryInTime, expected - missing);
        (missing..expected)
            .for_each(|_| recorder.record(cell, Distribution::DeliveryLatency, Duration::from_millis(20)));
    }
    let mut results = Results::new(Header { axes: axes.clone() });
    results.add(Second { recorder, findings: findings(), ..Second::default() });
    results
}

fn findings() -> Findings {
    let mut findings = Findings::default();
    let example = |user: u64| Example { at: Moment::START, user, resource: Some("lot-7".into()), detail: "d".into() };
    for (class, scenario, name, times) in [
        (Class::Delivery, 1, "bid missing", 5),
        (Class::Step, 0, "bid missing", 2),
        (Class::Event, 0, "typo", 2),
        (Class::Event, 1, "typo", 3),
        (Class::Event, 1, "presence", 9),
    ] {
        (0..times).for_each(|user| findings.note(class, scenario, name, || example(user)));
    }
    findings
}

fn rows(threshold: &str, counts: [(u64, u64); 3]) -> Vec<DeliveryRow> {
    let plan = plan(threshold);
    let results = results(&plan.axes, counts);
    let judged: Vec<Judged> =
        plan.thresholds.iter().map(|threshold| judge(threshold, &results, "suite.yaml", true)).collect();
    deliveries(&plan, &results, &judged)
}

#[test]
fn a_row_says_what_was_promised_and_what_became_of_it() {
    let rows = rows("delivery_missing: \"== 0\"", [(100, 0), (0, 0), (50, 5)]);
    let names: Vec<_> = rows.iter().map(|row| format!("{} {} {}", row.scenario, row.action, row.event)).collect();
    assert_eq!(names, ["a bid bid-placed", "a close closed", "b bid bid-placed"]);
    let found: Vec<_> =
        rows.iter().map(|row| (row.expected, row.in_time, row.missing, row.rate, row.faults.len())).collect();
    assert_eq!(found, [(100, 100, 0, Some(1.0), 0), (0, 0, 0, None, 0), (50, 45, 5, Some(0.9), 1)]);
    let last = &rows[2];
    let promise = (last.to.as_str(), last.within, last.grace, last.order.as_str(), last.matched.as_str());
    assert_eq!(promise, ("others", Duration::SECOND, Duration::from_secs(5), "per_sender", "data.ref"));
    assert_eq!((last.faults[0].fault, last.faults[0].count), (Fault::Missing, 5));
    let users: Vec<u64> = last.faults[0].examples.iter().map(|example| example.user).collect();
    assert_eq!(users, [0, 1, 2]);
    assert_eq!(rows[1].latency, None);
    assert_eq!(last.latency.as_ref().map(|row| (row.count, row.p95)), Some((45, 20.0)));
}

/// For which of the three rules a threshold is not met.
fn check(threshold: &str, counts: [(u64, u64); 3], expected: &[usize]) {
    let rows = rows(threshold, counts);
    let found: Vec<usize> = (0..3).filter(|number| !rows[*number].broken.is_empty()).collect();
    assert_eq!(found, expected, "{threshold}");
}

#[test]
fn a_threshold_is_broken_by_those_that_would_break_it_alone_or_by_all() {
    let mixed = [(100, 0), (100, 6), (100, 6)];
    check("delivery_missing: \"== 0\"", mixed, &[1, 2]);
    check("delivery_missing: { limit: \"== 0\", scenario: b }", mixed, &[2]);
    check("delivery_missing: { limit: \"== 0\", scenario: a, action: bid }", mixed, &[]);
    check("delivery_rate: \">= 95%\"", mixed, &[]);
    check("delivery_rate: \">= 97%\"", mixed, &[1, 2]);
    // Together, and none alone.
    check("delivery_missing: \"< 10\"", mixed, &[0, 1, 2]);
    check("delivery_latency: \"p95 < 1ms\"", [(100, 0), (0, 0), (9, 9)], &[0]);
    // Nothing was owed at all.
    check("delivery_missing: \"== 0\"", [(0, 0); 3], &[0, 1, 2]);
    check("success_rate: \">= 99%\"", mixed, &[]);
}

#[test]
fn unmatched_events_are_told_by_name() {
    let plan = plan("delivery_missing: \"== 0\"");
    let rows = unmatched_events(&plan, &results(&plan.axes, [(1, 0); 3]));
    let found: Vec<_> =
        rows.iter().map(|row| (row.name.as_str(), row.count, row.scenarios.join(" "), row.examples.len())).collect();
    assert_eq!(found, [("presence", 9, "b".to_owned(), 3), ("typo", 5, "a b".to_owned(), 3)]);
}
