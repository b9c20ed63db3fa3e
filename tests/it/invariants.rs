//! Invariants of whole runs: they hold against a good server, and break against one that is not.

use serde_json::Value;

use crate::cli::suite;
use crate::support::{Ended, Program, ServerProcess, number};

/// Three users bid on each lot at once, and everybody hears of every lot.
fn contest(name: &str, invariants: &str) -> String {
    let changes = [
        ("resources: { count: 10,", "resources: { count: 3,"),
        ("load: { users: 10,", "load: { users: 9,"),
        ("pattern: rotate", "pattern: { rotate: { contenders: 3 } }\n    every: 1500ms"),
        ("ack: { ok: ack.ok } }", "ack: { ok: ack.ok }, joins: \"{{ resource.id }}\" }"),
        ("success_rate: \">= 99%\"", "success_rate: \">= 1%\""),
    ];
    suite(name, &changes).replace("thresholds:\n", &format!("invariants:\n{invariants}thresholds:\n"))
}

const WINNER: &str = "  winner: { one_winner: bid }\n";
const SEEN: &str = "  price: { monotonic: data.price, event: bid-placed, of: data.lot }
  numbered: { monotonic: data.seq, event: bid-placed, of: data.lot }
  agreed: { converged: data.seq, event: bid-placed, of: data.lot }\n";
const DELIVERY: &str = "rejected: \"ack.error == 'cooldown'\" }
        delivery: { event: bid-placed, match: data.ref, when: ack.broadcast, within: 500ms, grace: 1s }\n";

/// What came of the invariants, by name: result, held, broken.
fn outcome(results: &Value) -> Vec<(String, String, u64, u64)> {
    let rows = results["invariants"].as_array().expect("invariants");
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(row, "name"), text(row, "result"), number(row, "/held"), number(row, "/broken")))
        .collect()
}

fn run(name: &str, text: &str, server: &ServerProcess) -> (Ended, Program, Value) {
    let program = Program::new().file("suite.yaml", text).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    let results = program.results(name);
    (ended, program, results)
}

/// Three lots, one step in one and a half seconds, for six seconds.
fn check_winners(server: &ServerProcess, good: bool) {
    let (ended, program, results) = run("winners", &contest("winners", WINNER), server);
    let stats = server.stats();
    let (name, result, held, broken) = outcome(&results).remove(0);
    assert_eq!((ended.code, name.as_str()), (if good { 0 } else { 99 }, "winner"), "{}", ended.printed());
    if good {
        assert_eq!((result.as_str(), broken), ("held", 0), "{}", results["invariants"]);
        // Every round had one winner: whoever was accepted.
        assert!(held >= 6 && held == stats["accepted"], "{held} {stats:?}");
        return;
    }
    assert_eq!((result.as_str(), held), ("broken", 0), "{}", results["invariants"]);
    assert!(broken >= 6 && 2 * broken == stats["accepted"], "{broken} {stats:?}");
    let examples = results["invariants"][0]["broken_examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 3);
    let detail = examples[0]["detail"].as_str().expect("a detail");
    assert!(detail.contains("2 of 3 contenders won: users "), "{detail}");
    assert!(examples[0]["resource"].as_str().expect("a lot").starts_with("lot-"));
    let junit = program.left("cotillion-report/winners/junit.xml");
    let case = junit.split("<testcase ").find(|case| case.starts_with("name=\"invariant winner\"")).expect("a case");
    for part in ["<failure", "type=\"InvariantBroken\"", "file=\"suite.yaml\"", "line=\"", "2 of 3 contenders won"] {
        assert!(case.contains(part), "{part} is missing in {case}");
    }
    assert!(ended.stdout.contains("1 of 1 invariant does not hold: winner"), "{}", ended.stdout);
}

#[test]
fn of_three_contenders_one_wins_on_the_real_auction() {
    if let Some(server) = ServerProcess::node_auction(&[]) {
        check_winners(&server, true);
    }
}

#[test]
fn a_real_auction_that_lets_two_win_fails() {
    if let Some(server) = ServerProcess::node_auction(&["--two-winners"]) {
        check_winners(&server, false);
    }
}

#[test]
fn of_three_contenders_one_wins_on_the_built_in_target() {
    check_winners(&ServerProcess::built_in(&[]), true);
}

#[test]
fn a_built_in_target_that_lets_two_win_fails() {
    check_winners(&ServerProcess::built_in(&["--two-winners"]), false);
}

/// With and without a delivery that says which lot an event is about.
fn check_seen(name: &str, faults: &[&str], expected: [&str; 3]) {
    for delivered in [false, true] {
        let server = ServerProcess::built_in(&[&["--lot-cooldown", "0s", "--user-cooldown", "0s"], faults].concat());
        let mut text =
            contest(name, SEEN).replace("cooldown: {", "x-cooldown: {").replace("every: 1500ms", "every: 300ms");
        if delivered {
            text = text.replace(", of: data.lot", "").replace("rejected: \"ack.error == 'cooldown'\" }\n", DELIVERY);
        }
        let (ended, _, results) = run(name, &text, &server);
        let found = outcome(&results);
        let results: Vec<&str> = found.iter().map(|(_, result, ..)| result.as_str()).collect();
        // A price rises from step to step only, and steps that a busy machine sends close together may be swapped, too.
        let is_as = |(found, expected): (&&str, &&str)| *expected == "*" || found == expected;
        assert!(results.iter().zip(&expected).all(is_as), "{delivered} {found:?} {}", ended.printed());
        assert_eq!(ended.code, if expected == ["held"; 3] { 0 } else { 99 }, "{}", ended.printed());
    }
}

#[test]
fn everybody_sees_rising_numbers_and_agrees_in_the_end() {
    check_seen("seen", &[], ["held", "held", "held"]);
}

#[test]
fn a_server_that_swaps_events_breaks_what_must_rise() {
    check_seen("swapped", &["--reorder", "50%"], ["*", "broken", "broken"]);
}

#[test]
fn a_server_that_loses_events_breaks_what_must_agree() {
    check_seen("lost", &["--drop", "30%"], ["held", "held", "broken"]);
}

#[test]
fn an_invariant_that_nothing_was_seen_of_fails() {
    let text = contest("blind", "  blind: { monotonic: data.seq, event: bid-plaiced }\n");
    let (ended, _, results) = run("blind", &text, &ServerProcess::built_in(&[]));
    assert_eq!((ended.code, outcome(&results)[0].1.as_str()), (99, "no_data"), "{}", ended.printed());
    assert!(ended.stdout.contains("nothing was seen"), "{}", ended.stdout);
}
