//! Against a real server: the auction on npm's socket.io. `ci/test` installs its packages and makes their absence an error.

use std::process::Command;

use crate::cli::suite;
use crate::support::{Program, ServerProcess, check_counts, number};

/// The suite of `loadtests/`, as it stands there.
const AUCTION: &str = include_str!("../../loadtests/auction.yaml");

fn run_auction(name: &str, text: &str, arguments: &[&str], code: i32) -> Option<(Program, ServerProcess)> {
    let server = ServerProcess::node_auction(&[])?;
    let program = Program::new().file("auction.yaml", text).env("TARGET_URL", &server.url);
    let ended = program.run(&[&["run", "auction.yaml"], arguments].concat());
    assert_eq!(ended.code, code, "{}", ended.printed());
    check_counts(&program.results(name), &server.stats());
    Some((program, server))
}

#[test]
fn the_auction_suite_runs_unchanged_and_every_count_agrees() {
    let Some((_, server)) = run_auction("auction", AUCTION, &["--duration", "12s"], 0) else { return };
    assert!(server.stats()["bids"] >= 100, "{:?}", server.stats());
}

#[test]
fn burst_is_mostly_rejected_and_junit_says_where() {
    let text = AUCTION.replace("pattern: rotate", "pattern: burst");
    let Some((program, server)) = run_auction("auction", &text, &["--duration", "8s"], 99) else { return };
    let stats = server.stats();
    assert!(stats["rejected"] > 3 * stats["accepted"], "{stats:?}");
    let junit = program.left("cotillion-report/auction/junit.xml");
    let case = junit.split("<testcase ").find(|case| case.starts_with("name=\"success_rate")).expect("a case");
    let line = 1 + AUCTION.lines().position(|line| line.contains("success_rate")).expect("a line");
    for part in
        ["<failure", "message=", "type=\"ThresholdNotMet\"", "file=\"auction.yaml\"", &format!("line=\"{line}\"")]
    {
        assert!(case.contains(part), "{part} is missing in {case}");
    }
    let text = case.split("<failure").nth(1).and_then(|failure| failure.split('>').nth(1)).expect("text");
    assert!(text.trim().len() > 20, "{case}");
}

#[test]
fn dedicated_is_accepted_and_hardly_anything_is_broadcast() {
    // Hardly anything is told, so there is nothing to hold invariants and deliveries against.
    let text = AUCTION.replace("pattern: rotate", "pattern: dedicated");
    let (before, after) = text.split_once("invariants:").expect("invariants");
    let (_, thresholds) = after.split_once("thresholds:").expect("thresholds");
    let thresholds: Vec<&str> = thresholds.lines().filter(|line| !line.starts_with("  delivery_")).collect();
    let text = format!("{before}thresholds:{}\n", thresholds.join("\n"));
    let Some((_, server)) = run_auction("auction", &text, &["--duration", "8s"], 0) else { return };
    let stats = server.stats();
    assert!(stats["rejected"] == 0 && stats["broadcasts"] * 4 <= stats["bids"], "{stats:?}");
}

#[test]
fn a_long_pause_answers_the_servers_impatient_pings() {
    let Some(server) = ServerProcess::node_auction(&["--ping-interval", "300ms", "--ping-timeout", "200ms"]) else {
        return;
    };
    let text = suite(
        "patient",
        &[
            ("    act:\n", "    act:\n      - pause: 3s\n"),
            ("cooldown: { per_resource: 1s, per_user: 200ms, margin: 400ms }\n", ""),
            ("duration: 6s", "duration: 5s"),
        ],
    );
    let program = Program::new().file("suite.yaml", &text).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml", "--every", "4s"]);
    let results = program.results("patient");
    assert_eq!((ended.code, number(&results, "/totals/disconnects")), (0, 0), "{}", ended.printed());
    assert!(number(&results, "/totals/ok") >= 10, "{}", results["totals"]);
    assert_eq!(server.stats()["connections"], 10);
}

/// Every bid is answered by the broadcast of it, which the bidder hears as a member of the lot, and by nothing else.
const BY_EVENTS: &str = r#"name: by-events
target: { url: "${TARGET_URL}", namespace: /auction }
credentials: { generate: { user: "bidder-{{ user.index }}", password: correct horse } }
resources: { count: 4, id: "lot-{{ index }}" }
scenarios:
  bidders:
    load: { users: 4, duration: 6s }
    every: 1s
    login:
      - { post: /login, json: { user: "{{ user.user }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
    connect: { auth: { token: "{{ token }}" }, rate: 100/s }
    setup:
      - { each: resources, emit: join, args: ["{{ resource.id }}"], ack: { ok: ack.ok } }
      - set: { heard: 0 }
    act:
      - { when: step.number == 3, steps: [{ disconnect: abort }, { reconnect: true }] }
      - emit: bid
        args: [{ lot: "{{ resource.id }}", amount: "{{ step.number + 1 }}", ref: "{{ action.id }}" }]
        reply: { event: bid-placed, where: data.ref == action.id, within: 900ms, save: { seq: data.seq } }
      - mix:
          - { weight: 2, steps: [{ get: /stats, name: stats, ok: response.json.bids > 0 }] }
          - steps: [{ get: /health, name: health }]
    on:
      bid-placed:
        - { set: { heard: "{{ heard + 1 }}" } }
    teardown:
      - { when: heard == 0, expect: what-was-never-heard, within: 1ms }
      - { expect: bid-placed, never: true, within: 50ms }
  watchers:
    load: { users: 2, duration: 6s }
    every: 2s
    pattern: rotate
    login:
      - { post: /login, json: { user: "{{ user.user }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
    connect: { auth: { token: "{{ token }}" } }
    setup:
      - { each: resources, emit: join, args: ["{{ resource.id }}"], ack: { ok: ack.ok } }
    act:
      - { expect: bid-placed, count: 2, within: 3s, save: { last: data.lot } }
      - { emit: join, name: again, args: ["{{ last }}"], ack: { ok: ack.ok } }
  strangers:
    load: { users: 3, duration: 2s }
    connect: { auth: { token: guessed }, refused: error.message == 'unauthorized' }
  visitors:
    load: { users: 1, duration: 5s }
    every: 1s
    connect: none
    act:
      - { get: /stats, name: look }
thresholds:
  success_rate: "== 100%"
  refusals: "== 3"
  errors: "== 0"
"#;

#[test]
fn real_flows_run_against_a_real_server() {
    let Some(server) = ServerProcess::node_auction(&["--lot-cooldown", "0s", "--user-cooldown", "0s"]) else { return };
    let program = Program::new().file("suite.yaml", BY_EVENTS).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let (stats, results) = (server.stats(), program.results("by-events"));
    assert_eq!(stats["refused"], 3, "{stats:?}");
    // Each of the four bidders left and came back in step 3.
    assert_eq!((stats["connections"], stats["disconnects"]), (10, 10), "{stats:?}");
    assert!(stats["bids"] >= 16 && stats["bids"] == stats["broadcasts"], "{stats:?}");
    assert!(number(&results, "/totals/ok") > 2 * stats["bids"], "{}", results["totals"]);
}

/// The built-in target and the real server keep the same rules: one test, two servers.
fn conforms(url: Option<&str>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/auction");
    let mut node = Command::new("node");
    node.args(["--test", "conformance.test.mjs"]).current_dir(folder);
    if let Some(url) = url {
        node.env("TARGET_URL", url);
    }
    let output = node.output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_node_auction_keeps_the_rules() {
    if ServerProcess::node_auction(&[]).is_some() {
        conforms(None);
    }
}

#[test]
fn the_built_in_auction_keeps_the_same_rules() {
    if ServerProcess::node_auction(&[]).is_some() {
        let server = ServerProcess::built_in(&[]);
        conforms(Some(&server.url));
    }
}
