//! The delivery ledger against a server that goes wrong on purpose: our counts equal what the server did, fault by fault.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Program, ServerProcess, check_sums, number};

/// Twenty bidders, all of them members of ten lots, who begin when everybody is in. Two are on a lot, 20 ms apart:
/// what is sent at the very same moment has no order that both of two threads see.
const SUITE: &str = r#"name: ledger
target: { url: "${TARGET_URL}", namespace: /auction }
credentials: { generate: { user: "bidder-{{ user.index }}", password: correct horse } }
resources: { count: 10, id: "lot-{{ index }}" }
scenarios:
  bidders:
    load: { users: 20, duration: "${DURATION:-8}s" }
    every: 500ms
    pattern: { rotate: { contenders: 2 } }
    login:
      - { post: /login, json: { user: "{{ user.user }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
    connect: { auth: { token: "{{ token }}" }, rate: 1000/s }
    setup:
      - { each: resources, emit: join, args: ["{{ resource.id }}"], ack: { ok: ack.ok }, joins: "{{ resource.id }}" }
      - pause: 1s
    act:
      - { when: user.index % 2 == 1, pause: 20ms }
      - emit: bid
        args: [{ lot: "{{ resource.id }}", amount: "{{ step.number + 1 }}", ref: "{{ action.id }}" }]
        ack: { within: 400ms, ok: ack.ok, rejected: ack.error == 'cooldown' }
        delivery: { event: bid-placed, match: data.ref, when: ack.broadcast, within: 500ms, grace: 1s, order: per_resource }
thresholds:
  success_rate: ">= 0%"
  delivery_missing: "== 0"
"#;

/// Our count of each fault, by the name of the metric.
const FAULTS: &[&str] = &["missing", "late", "duplicate", "out_of_order", "disagreement", "leaked"];

fn metric(results: &Value, name: &str) -> u64 {
    let metrics = results["metrics"].as_array().expect("metrics");
    let found = metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    found["value"].as_f64().map_or(0, |value| value as u64)
}

/// Runs against a server with these flags. Which of its counters each of our faults equals is told by pairs; those
/// that are not named are zero.
fn check(flags: &[&str], pairs: &[(&str, &str)], code: i32) -> (Value, Program) {
    let server = ServerProcess::built_in(&[&["--fault-seed", "3"], flags].concat());
    let program = Program::new().file("suite.yaml", SUITE).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, code, "{flags:?}\n{}", ended.printed());
    let (results, stats) = (program.results("ledger"), server.stats());
    check_sums(&results);
    let owed = metric(&results, "delivery_expected");
    for fault in FAULTS {
        let ours = metric(&results, &format!("delivery_{fault}"));
        let theirs = pairs.iter().find(|(name, _)| name == fault).map_or(0, |(_, counter)| stats[*counter]);
        assert_eq!(ours, theirs, "{flags:?}: {fault}\n{stats:?}\n{}", ended.printed());
        assert!(theirs > 0 || pairs.iter().all(|(name, _)| name != fault), "{flags:?} hit nothing: {stats:?}");
    }
    assert!(owed > 500, "{flags:?}: only {owed} deliveries were owed");
    assert_eq!(number(&results, "/totals/received_events"), stats["deliveries"], "{flags:?}");
    (results, program)
}

#[test]
fn without_a_fault_everybody_hears_of_everything_in_time() {
    let (results, _) = check(&[], &[], 0);
    let in_time = (metric(&results, "delivery_expected"), metric(&results, "delivery_ambiguous"));
    assert_eq!(in_time, (number(&results, "/totals/received_events"), 0));
}

#[test]
fn what_is_dropped_is_missing_although_every_ack_is_green() {
    let (results, program) =
        check(&["--drop", "5%", "--lot-cooldown", "0ms", "--user-cooldown", "0ms"], &[("missing", "dropped")], 99);
    assert_eq!(number(&results, "/totals/ok"), number(&results, "/totals/planned"));
    let junit = program.left("cotillion-report/ledger/junit.xml");
    assert!(junit.contains("delivery_missing"), "{junit}");
}

#[test]
fn what_is_sent_twice_is_a_duplicate() {
    check(&["--duplicate", "5%"], &[("duplicate", "duplicated")], 0);
}

#[test]
fn what_is_swapped_is_out_of_order_and_in_different_orders() {
    let swapped = [("out_of_order", "reordered"), ("disagreement", "reordered")];
    check(&["--reorder", "--lot-cooldown", "0ms", "--user-cooldown", "0ms"], &swapped, 0);
}

#[test]
fn what_is_told_of_a_refused_bid_is_leaked() {
    check(&["--leak", "20%"], &[("leaked", "leaked")], 0);
}

#[test]
fn what_is_delayed_beyond_its_promise_is_late() {
    check(&["--delay", "600ms..900ms"], &[("late", "delayed")], 0);
    // Within the promise it is only slower.
    let (results, _) = check(&["--delay", "100ms..200ms"], &[], 0);
    let latencies = results["latencies"].as_array().expect("latencies");
    let row = latencies.iter().find(|row| row["metric"] == "delivery_latency").expect("a row of delivery_latency");
    assert!(row["p50_ms"].as_f64().is_some_and(|p50| p50 >= 100.0), "{row}");
}

#[test]
fn without_an_ack_nothing_is_owed_and_nothing_is_leaked() {
    let (results, _) = check(&["--no-ack", "20%"], &[], 0);
    assert!(number(&results, "/totals/timeout") > 10, "{}", results["totals"]);
}

#[test]
fn what_comes_while_a_connection_is_lost_is_ambiguous() {
    let (results, _) = check(&["--disconnect", "30%@5s"], &[], 0);
    assert!(number(&results, "/totals/disconnects") > 1, "{}", results["totals"]);
}

/// Runs three seconds of bids with five seconds of grace; how long that took.
fn took(flags: &[&str], code: i32) -> (Duration, Value) {
    let server = ServerProcess::built_in(&[&["--fault-seed", "3"], flags].concat());
    let suite = SUITE.replace("grace: 1s", "grace: 5s");
    let program = Program::new().file("suite.yaml", &suite).env("TARGET_URL", &server.url).env("DURATION", "3");
    let begun = Instant::now();
    let ended = program.run(&["run", "suite.yaml"]);
    let took = begun.elapsed();
    assert_eq!(ended.code, code, "{flags:?}\n{}", ended.printed());
    (took, program.results("ledger"))
}

#[test]
fn a_run_ends_when_all_is_heard_and_takes_its_grace_when_something_is_missing() {
    let (quick, results) = took(&[], 0);
    assert!(metric(&results, "delivery_expected") > 100 && metric(&results, "delivery_ambiguous") == 0);
    assert!(quick < Duration::from_millis(5_500), "{quick:?}");
    // One of the last bids is missing somewhere: what was sent at 2.5 s can come until 8 s.
    let (slow, results) = took(&["--drop", "30%", "--lot-cooldown", "0ms", "--user-cooldown", "0ms"], 99);
    assert!(metric(&results, "delivery_missing") > 0 && metric(&results, "delivery_ambiguous") == 0);
    assert!(slow >= Duration::from_secs(8), "{slow:?}");
}
