//! Every doubt by example: a plan, the numbers of a run, and what is thought of it.

use std::path::Path;

use super::*;
use crate::metrics::{Axes, Cell, Recorder};
use crate::plan::compile::{Context, compile};
use crate::plan::{Overrides, Threshold};
use crate::record::{Gauges, Header, Second};
use crate::suite::env::Environment;
use crate::suite::read::read;
use crate::units::Moment;
use crate::verdict::judge::judge;

/// Ten users on ten lots; a step of 2 s with 50 ms of margin and 750 ms of slack (gaps of 1.8 s on a lot).
const SUITE: &str = "name: t
target: { url: \"http://127.0.0.1:9\" }
resources: { count: 10 }
cooldown: { per_resource: 1s }
scenarios:
  bidders: { load: { users: 10, duration: 20s }, every: 2s, act: [{ emit: bid, ack: {} }] }
thresholds: { success_rate: \">= 1%\" }
";

fn plan(changes: &[(&str, &str)]) -> Plan {
    let mut text = SUITE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let (loaded, problems) = read(Path::new("suite.yaml"), &text, &Environment::default());
    assert!(!problems.has_errors(), "{problems:?}");
    let files = |name: &str| Err(format!("{name}: there are no files"));
    let overrides = Overrides { force: true, ..Overrides::default() };
    let context = Context { overrides: &overrides, files: &files, built_in: None, seed: 7 };
    let (plan, problems) = compile(&loaded.unwrap(), &context);
    plan.unwrap_or_else(|| panic!("{problems:?}"))
}

/// A healthy run of twenty seconds, with what a test adds to each of them.
fn results(axes: &Axes, each: impl Fn(&mut Recorder, &mut Gauges)) -> Results {
    let mut results = Results::new(Header { axes: axes.clone() });
    for number in 0..20 {
        let mut recorder = Recorder::new(axes.len());
        let counters = [Counter::Connections, Counter::ConnectAttempts, Counter::Planned, Counter::Sent, Counter::Ok];
        for counter in counters {
            recorder.count_many(Cell(1), counter, 100);
        }
        recorder.count_many(Cell(1), Counter::GapsKept, 100);
        for _ in 0..100 {
            recorder.record(Cell(1), Distribution::GeneratorLateness, Duration::from_millis(1));
        }
        recorder.record(Cell(0), Distribution::TimerLag, Duration::from_millis(2));
        let mut gauges = Gauges { users: 10, cpu: Some(0.2), wait: Some(0.02), memory: None };
        each(&mut recorder, &mut gauges);
        let end = Moment::START + Duration::SECOND * (number + 1);
        results.add(Second { number, end, recorder, gauges, ready_users: 10, ..Second::default() });
    }
    results
}

fn assessed(plan: &Plan, results: &Results, completed: bool, strict: bool) -> (Validity, Vec<String>) {
    let of = |threshold: &Threshold| judge(threshold, results, "suite.yaml", true);
    let judged: Vec<Judged> = plan.thresholds.iter().map(of).collect();
    assess(plan, results, &judged, completed, strict)
}

/// What a plan with changes and a run with additions come to; every reason must contain its part.
fn check(changes: &[(&str, &str)], each: impl Fn(&mut Recorder, &mut Gauges), expected: Validity, parts: &[&str]) {
    let plan = plan(changes);
    let results = results(&plan.axes, each);
    let (validity, reasons) = assessed(&plan, &results, true, false);
    assert_eq!((validity, reasons.len()), (expected, parts.len()), "{reasons:?}");
    for (reason, part) in reasons.iter().zip(parts) {
        assert!(reason.contains(part), "{part:?} in {reason:?}");
    }
}

fn late(recorder: &mut Recorder, ms: u64) {
    (0..5).for_each(|_| recorder.record(Cell(1), Distribution::GeneratorLateness, Duration::from_millis(ms)));
}

fn count(recorder: &mut Recorder, counter: Counter, n: u64) {
    recorder.count_many(Cell(1), counter, n);
}

use Validity::{Invalid, Suspect, Valid};

#[test]
fn a_healthy_run_is_valid_and_one_of_nothing_is_not() {
    check(&[], |_, _| {}, Valid, &[]);
    let plan = plan(&[]);
    let silent = |recorder: &mut Recorder, _: &mut Gauges| {
        *recorder = Recorder::new(2);
        recorder.count(Cell(0), Counter::Connections);
    };
    let results = results(&plan.axes, silent);
    let (validity, reasons) = assessed(&plan, &results, true, false);
    assert_eq!((validity, reasons.len()), (Invalid, 2), "{reasons:?}");
    // A run that was stopped early may have had no time to.
    assert_eq!(assessed(&plan, &results, false, false), (Valid, vec![]));
}

#[test]
fn late_sends_are_held_against_what_is_to_spare_and_against_the_step() {
    let slack = plan(&[]).proof.and_then(|proof| proof.slack()).unwrap();
    assert_eq!(slack, Duration::from_millis(750));
    check(&[], |recorder, _| late(recorder, 790), Valid, &[]);
    check(&[], |recorder, _| late(recorder, 820), Suspect, &["p99 8"]);
    check(&[], |recorder, _| late(recorder, 1_100), Invalid, &["of its own doing"]);
    // Without a cooldown, a tenth of the step.
    let free = [("cooldown", "x-cooldown")];
    check(&free, |recorder, _| late(recorder, 190), Valid, &[]);
    check(&free, |recorder, _| late(recorder, 210), Suspect, &["of its own doing"]);
    // Timers of a busy machine are late by some milliseconds, however short a step is.
    let short = [("cooldown", "x-cooldown"), ("every: 2s", "every: 10ms")];
    check(&short, |recorder, _| late(recorder, 19), Valid, &[]);
    check(&short, |recorder, _| late(recorder, 25), Invalid, &["whose step is 10ms"]);
    // A closed loop is never late.
    let closed = [("cooldown", "x-cooldown"), ("every: 2s", "every: asap")];
    check(&closed, |recorder, _| late(recorder, 5_000), Valid, &[]);
}

#[test]
fn gaps_that_we_broke_are_held_against_the_run() {
    let broken = |n: u64| move |recorder: &mut Recorder, _: &mut Gauges| count(recorder, Counter::GapsBrokenByUs, n);
    check(&[], broken(1), Suspect, &["broke 20 of 2,020 gaps"]);
    check(&[], broken(2), Invalid, &["broke 40 of 2,040 gaps that the plan had proved (1.96 %)"]);
    let rejected = |recorder: &mut Recorder, _: &mut Gauges| {
        count(recorder, Counter::GapsBrokenByUs, 1);
        count(recorder, Counter::RejectedByUs, 1);
        count(recorder, Counter::RejectedExplained, 1);
    };
    check(&[], rejected, Invalid, &["and 20 rejections came of it", "sent sooner than a declared cooldown"]);
    check(&[], |recorder, _| count(recorder, Counter::RejectedExplained, 1), Suspect, &["20 rejections came"]);
    check(&[], |recorder, _| count(recorder, Counter::RejectedUnexplained, 50), Valid, &[]);
}

#[test]
fn actions_that_were_not_sent_are_missing() {
    let missing = |counter: Counter, n: u64| {
        move |recorder: &mut Recorder, _: &mut Gauges| {
            count(recorder, Counter::Planned, n);
            count(recorder, counter, n);
        }
    };
    check(&[], missing(Counter::NotSentBusy, 1), Valid, &[]);
    check(&[], missing(Counter::NotSentBusy, 20), Suspect, &["400 because the turn before still ran"]);
    check(&[], missing(Counter::NotSentGenerator, 5), Suspect, &["4.76 % of the actions were not sent"]);
    check(&[], missing(Counter::NotSentGenerator, 20), Invalid, &["could not send 16.67 %"]);
    check(&[], missing(Counter::NotSentOffline, 50), Valid, &[]);
}

#[test]
fn a_machine_without_time_for_us_is_told_of() {
    let lag = |ms: u64| {
        move |recorder: &mut Recorder, _: &mut Gauges| {
            recorder.record(Cell(0), Distribution::TimerLag, Duration::from_millis(ms));
        }
    };
    check(&[], lag(90), Valid, &[]);
    assert_eq!(late_timers(&results(&plan(&[]).axes, lag(90))), None);
    assert!(late_timers(&results(&plan(&[]).axes, lag(120))).is_some());
    check(&[], lag(120), Suspect, &["timers fired"]);
    check(&[], lag(300), Invalid, &["timers fired"]);
    check(&[], |_, gauges| gauges.cpu = Some(0.9), Suspect, &["90 % of the cores"]);
    check(&[], |_, gauges| gauges.cpu = Some(0.99), Suspect, &["99 % of the cores"]);
    check(&[], |_, gauges| gauges.wait = Some(0.4), Suspect, &["wait for a core 40 %"]);
    check(&[], |_, gauges| gauges.wait = Some(0.85), Suspect, &["wait for a core 85 %"]);
    check(&[], |_, gauges| gauges.wait = Some(0.95), Invalid, &["wait for a core 95 %"]);
    check(&[], |_, gauges| (gauges.cpu, gauges.wait) = (None, None), Valid, &[]);
    let starved = |recorder: &mut Recorder, gauges: &mut Gauges| {
        late(recorder, 900);
        gauges.wait = Some(0.8);
    };
    check(&[], starved, Invalid, &["wait for a core 80 %", "of its own doing"]);
}

#[test]
fn plans_that_prove_nothing_and_suites_that_ask_nothing_are_suspect() {
    check(&[("every: 2s", "every: 900ms")], |_, _| {}, Suspect, &["--force"]);
    check(&[("every: 2s", "every: asap")], |_, _| {}, Suspect, &["`bidders` is a closed loop"]);
    check(&[("thresholds: { success_rate: \">= 1%\" }", "")], |_, _| {}, Suspect, &["no thresholds"]);
    let many = [("\">= 1%\"", "{ limit: \">= 1%\", min_samples: 5000 }")];
    check(&many, |_, _| {}, Suspect, &["`success_rate >= 1%` rests on 2000 samples"]);
    let plan = plan(&many);
    let results = results(&plan.axes, |_, _| {});
    assert_eq!(assessed(&plan, &results, false, false), (Valid, vec![]));
    let (validity, reasons) = assessed(&plan, &results, true, true);
    assert!(validity == Invalid && reasons[1].contains("--strict"), "{reasons:?}");
}

#[test]
fn deliveries_that_nobody_is_owed_say_nothing() {
    let bid = |more: &str| format!("ack: {{}}, delivery: {{ event: placed, match: data.ref{more} }}");
    let nobody = ["`bid` was ok 2,000 times, and nobody at all was to receive it"];
    check(&[("ack: {}", &bid(""))], |_, _| {}, Suspect, &nobody);
    // It may be that no bid was to be told.
    check(&[("ack: {}", &bid(", when: ack.told"))], |_, _| {}, Valid, &[]);
    for owed in [Counter::DeliveryExpected, Counter::DeliveryAmbiguous] {
        check(&[("ack: {}", &bid(""))], |recorder, _| count(recorder, owed, 1), Valid, &[]);
    }
}

#[test]
fn every_rule_has_a_name_of_its_own_and_something_to_say() {
    for rule in RULES {
        assert_eq!(RULES.iter().filter(|other| other.name == rule.name).count(), 1, "{}", rule.name);
        assert!(!rule.invalid.is_empty() || !rule.suspect.is_empty(), "{}", rule.name);
    }
}
