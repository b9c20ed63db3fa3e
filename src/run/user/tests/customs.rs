//! `check`, `count`, `measure` and `label`: what is recorded, and by which value.

use super::books::Told;
use super::server::{Arrival, Script, Seen, ack, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::{Counter, CustomKind, Statistic};

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Told {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"))).server(server).run()
}

/// The numbers of all metrics of the suite's own, and the step errors.
fn check(act: &str, expected: &[(&str, Option<f64>, u64)], errors: u64) {
    let told = simulate(act, polite);
    let total = told.sink.recorder.total();
    let customs = told.plan.axes.customs.iter().enumerate();
    let found: Vec<(&str, Option<f64>, u64)> = customs
        .map(|(number, custom)| {
            let series = total.custom(number).cloned().unwrap_or_default();
            let statistic = (custom.kind == CustomKind::Measure).then_some(Statistic::Max);
            (custom.name.as_str(), series.value(custom.kind, statistic), series.samples())
        })
        .collect();
    assert_eq!(found, expected, "{act}");
    assert_eq!(told.count(Counter::StepErrors), errors, "{:#?}", told.log);
}

#[test]
fn checks_counters_and_measures_are_recorded_and_the_turn_goes_on() {
    check("act: [{ check: even, ok: step.number % 2 == 0 }, { emit: bid }]", &[("even", Some(1.0 / 3.0), 3)], 0);
    check(
        "act: [{ emit: bid }, { count: turns }, { count: sum, value: step.number }, { repeat: 2, count: twice, value: 5 }]",
        &[("turns", Some(3.0), 3), ("sum", Some(6.0), 3), ("twice", Some(30.0), 6)],
        0,
    );
    check("act: [{ emit: bid }, { measure: half, value: step.number / 2 }]", &[("half", Some(1.5), 3)], 0);
    check("act: [{ emit: bid }, { when: false, count: never }]", &[("never", Some(0.0), 0)], 0);
}

#[test]
fn what_has_no_value_is_a_step_error_and_never_a_good_number() {
    check("act: [{ emit: bid }, { check: broken, ok: \"'a' + 1 > 0\" }]", &[("broken", Some(0.0), 3)], 3);
    check("act: [{ emit: bid }, { measure: text, value: \"'x'\" }]", &[("text", None, 0)], 3);
    check("act: [{ emit: bid }, { measure: below, value: 1 - step.number }]", &[("below", Some(0.0), 1)], 2);
    check("act: [{ emit: bid }, { count: half, value: step.number / 2 }]", &[("half", Some(1.0), 1)], 2);
}

#[test]
fn a_check_that_is_false_shows_its_values() {
    let told = simulate("act: [{ emit: bid }, { check: third, ok: step.number + 1 == 3 }]", polite);
    let (kind, tally) = told.sink.findings.iter().next().expect("a finding");
    assert_eq!((kind.name.as_str(), tally.count), ("third is false", 2));
    assert_eq!(tally.examples[0].detail, "step.number + 1 = 2");
}

/// Outcomes by the values of the only label: `a: ok 1`.
fn check_labels(act: &str, server: impl FnMut(&Seen<'_>) -> Script, expected: &str) {
    let told = simulate(act, server);
    let outcomes = [(Counter::Ok, "ok"), (Counter::Timeout, "timeout"), (Counter::NotSentAbandoned, "abandoned")];
    let values = told.sink.recorder.label(0).expect("a label").totals();
    let words = values.iter().map(|(value, numbers)| {
        let of = outcomes.iter().filter(|(counter, _)| numbers.counter(*counter) > 0);
        let of: Vec<String> = of.map(|(counter, word)| format!("{word} {}", numbers.counter(*counter))).collect();
        let sum: u64 = outcomes.iter().map(|(counter, _)| numbers.counter(*counter)).sum();
        assert_eq!(numbers.counter(Counter::Planned), sum, "{value}");
        format!("{value}: {}", of.join(", "))
    });
    assert_eq!(words.collect::<Vec<_>>().join("; "), expected, "{act}");
}

#[test]
fn actions_are_counted_by_the_value_that_their_answer_has() {
    let nodes = |seen: &Seen<'_>| match (seen.asks("bid"), seen.ms()) {
        (Some(number), 1000) => vec![(1, ack(number, r#"[{"node":"a"}]"#))],
        (Some(number), 2000) => vec![(1, ack(number, r#"[{}]"#))],
        (Some(_), _) => vec![],
        (None, _) => polite(seen),
    };
    let act = "act: [{ emit: bid, ack: { within: 500ms }, label: { node: ack.node } }]";
    check_labels(act, nodes, "a: ok 1; none: ok 1, timeout 1");
    // What needs no answer is there without one, too.
    let act = "act: [{ emit: bid, ack: { within: 500ms }, label: { node: step.number } }]";
    check_labels(act, nodes, "1: ok 1; 2: ok 1; 3: timeout 1");
    let act = "act: [{ get: /x, label: { node: response.json.node } }]";
    let http = |seen: &Seen<'_>| match seen.requests() {
        true => vec![(1, Arrival::Response(200, r#"{"node":7}"#.into()))],
        false => polite(seen),
    };
    check_labels(act, http, "7: ok 3");
}

#[test]
fn a_label_of_its_own_holds_for_all_that_follows() {
    let act = "act: [{ emit: look }, { label: { node: step.number % 2 } }, { emit: bid, ack: {} }]";
    check_labels(act, polite, "0: ok 2; 1: ok 3; none: ok 1");
    let act =
        "setup: [{ label: { node: \"'x'\" } }]\nact: [{ emit: bid, ack: {} }, { emit: bye, label: { node: none } }]";
    check_labels(act, polite, "x: ok 3; none: ok 3");
}
