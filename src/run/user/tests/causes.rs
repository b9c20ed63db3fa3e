//! Why actions were rejected, and what waiting does to the numbers: whole runs against servers with rules.

use std::collections::BTreeMap;

use super::books::Told;
use super::server::{Script, Seen, ack, polite};
use super::simulation::{Simulation, suite_with};
use crate::ledger::{ActionOutcome, Cause};
use crate::metrics::{Counter, Distribution, Statistic};

/// A server that gives a lot one bid in so many milliseconds.
fn auction(cooldown: u64) -> impl FnMut(&Seen<'_>) -> Script {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    move |seen| {
        let Some(number) = seen.asks("bid") else { return polite(seen) };
        let lot = seen.text().and_then(|text| text.split('"').nth(3)).unwrap_or_default().to_owned();
        let free = last.get(&lot).is_none_or(|last| last + cooldown <= seen.ms());
        if free {
            last.insert(lot, seen.ms());
        }
        vec![(20, ack(number, if free { r#"[{"ok":true}]"# } else { r#"[{"error":"cooldown"}]"# }))]
    }
}

/// Bidders on so many lots, with a declared cooldown of a second on each.
fn run(lots: u64, cooldown: u64, scenario: &str) -> Told {
    let top = format!("resources: {{ count: {lots}, id: \"lot-{{{{ index }}}}\" }}\ncooldown: {{ per_resource: 1s }}");
    let act =
        "act: [{ emit: bid, args: [\"{{ resource.id }}\"], ack: { ok: ack.ok, rejected: ack.error == 'cooldown' } }]";
    let told = Simulation::new(&suite_with(&top, &format!("{scenario}\n{act}"))).server(auction(cooldown)).run();
    let visits = told.course.visits.len() as u64 + told.course.left_out;
    assert_eq!(visits, told.count(Counter::Sent), "every action on a resource is shown or left out");
    told
}

/// How many were rejected for that cause and for any, and the first example.
fn check(told: &Told, cause: Cause, rejected: u64, example: &str) {
    let counted = (told.count(cause.counter()), told.count(Counter::Rejected));
    assert_eq!(counted, (rejected, rejected), "{:?}", told.findings());
    assert_eq!(told.example(&cause.of_rejected("bid")), example);
    let shown = told.course.visits.iter().filter(|visit| visit.outcome == ActionOutcome::Rejected);
    assert!(shown.clone().count() > 0 && shown.clone().all(|visit| visit.cause == Some(cause)));
}

const LOAD: &str = "load: { users: 3, duration: 10s }\nconnect: { rate: 1000/s }";

#[test]
fn a_plan_that_keeps_the_cooldown_has_no_rejections_and_no_broken_gaps() {
    let told = run(3, 1000, LOAD);
    let counts = [Counter::Rejected, Counter::GapsBroken, Counter::GapsBrokenByUs].map(|counter| told.count(counter));
    assert_eq!(counts, [0, 0, 0]);
    assert!(told.count(Counter::GapsKept) > 20);
}

#[test]
fn a_server_that_is_stricter_than_it_says_rejects_without_an_explanation() {
    // Every second visit of a lot comes too soon for it.
    let answer = r#"[{"error":"cooldown"}]"#;
    let told = run(3, 2000, LOAD);
    let example = format!("step 2, 1050 ms after the last one there, the cooldown is 1s: {answer}");
    check(&told, Cause::Unexplained, told.count(Counter::Rejected), &example);
    assert_eq!(told.count(Counter::GapsBroken), 0);
}

#[test]
fn a_closed_loop_explains_its_rejections_itself() {
    let told = run(1, 1000, &format!("{LOAD}\nevery: asap"));
    let rejected = told.count(Counter::Rejected);
    assert!(rejected > 100 && told.count(Counter::GapsBroken) > rejected, "{}", told.actions());
    let example = r#"step 0, 1 ms after the last one there, the cooldown is 1s: [{"error":"cooldown"}]"#;
    check(&told, Cause::Explained, rejected, example);
}

#[test]
fn losers_of_a_burst_are_contested() {
    let told = run(3, 1000, &format!("{LOAD}\npattern: burst\nevery: 2s"));
    let example = r#"step 1, user 0 got it in the same step: [{"error":"cooldown"}]"#;
    check(&told, Cause::Contested, 2 * told.count(Counter::Ok), example);
    assert_eq!((told.count(Counter::GapsBroken), told.count(Counter::Ok)), (0, 4));
}

#[test]
fn a_frozen_server_shows_in_the_latency_from_the_planned_moment_only() {
    const FREEZE: std::ops::Range<u64> = 10_000..12_000;
    let scenario =
        "load: { users: 4, duration: 40s }\nconnect: { rate: 1000/s }\nevery: 250ms\nact: [{ emit: bid, ack: {} }]";
    let frozen = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) if FREEZE.contains(&seen.ms()) => vec![(FREEZE.end - seen.ms() + 20, ack(number, "[]"))],
        _ => polite(seen),
    };
    let told = Simulation::new(&suite_with("resources: { count: 4 }", scenario)).server(frozen).run();
    let total = told.sink.recorder.total();
    let p99 = |distribution| {
        total.histogram(distribution).and_then(|all| all.statistic(Statistic::Percentile(0.99))).unwrap_or_default()
    };
    let (latency, service) = (p99(Distribution::AckLatency), p99(Distribution::AckService));
    assert!(latency > 1_500.0 && service < 25.0, "{latency} and {service}");
    // None of it is the generator's own doing.
    assert!(p99(Distribution::SendLateness) > 1_500.0 && p99(Distribution::GeneratorLateness) == 0.0);
    assert_eq!(told.count(Counter::Planned), told.count(Counter::Ok));
}
