//! The server's own count beside ours, and metrics of the suite's own: whole runs.

use serde_json::Value;

use crate::support::{Program, number};

/// The built-in auction for three seconds; `after` compares what it counted.
const AUCTION: &str = r#"name: counted
target: { url: demo, namespace: /auction }
credentials: { generate: { user: "bidder-{{ user.index }}", password: correct horse } }
resources: { count: 4, id: "lot-{{ index }}" }
cooldown: { per_resource: 1s, per_user: 200ms }
before:
  - { post: /login, json: { user: before, password: correct horse }, save: { token: { value: response.json.token, secret: true } } }
  - { get: /stats, save: { was: response.json } }
after:
  - { get: /stats, headers: { x-token: "{{ token }}" }, save: { now: response.json } }
  - { set: { bids: "{{ now.bids - was.bids }}" } }
  - { check: bids_counted, ok: bids == counts.bid.sent and now.accepted - was.accepted == counts.bid.ok }
  - { check: stats_seen, ok: "counts[\"GET /stats\"].ok > 0" }
  - { check: nothing_lost, when: counts.bid.disconnected > 0, ok: now.disconnects > 0 }
scenarios:
  bidders:
    load: { users: 4, duration: 4s }
    login:
      - { post: /login, json: { user: "{{ user.user }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
    connect: { auth: { token: "{{ token }}" } }
    setup:
      - { each: resources, emit: join, args: ["{{ resource.id }}"], ack: { ok: ack.ok } }
      - { count: joined, value: 4 }
    act:
      - emit: bid
        args: [{ lot: "{{ resource.id }}", amount: "{{ step.number + 1 }}", ref: "{{ action.id }}" }]
        ack: { within: 1s, ok: ack.ok }
        label: { lot: resource.index }
        save: { price: ack.price }
      - { check: price_is_mine, ok: price == step.number + 1 }
      - { measure: price, value: price / 2 }
      - { pause: 10ms }
      - { get: /stats, label: { lot: "'http'" } }
thresholds:
  success_rate: ["== 100%", { limit: "== 100%", label: { lot: 1 } }]
  price: "max < 1000"
  price_is_mine: { limit: ">= 0%", scenario: bidders }
  joined: "== 16"
"#;

fn run(text: &str, code: i32) -> (Program, String) {
    let program = Program::new().file("suite.yaml", text);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, code, "{}", ended.printed());
    let printed = ended.printed();
    (program, printed)
}

fn check_results(results: &Value, expected: &[(&str, &str)]) {
    let checks = results["checks"].as_array().expect("checks");
    let found: Vec<(&str, &str)> =
        checks.iter().map(|check| (check["name"].as_str().unwrap(), check["result"].as_str().unwrap())).collect();
    assert_eq!(found, expected, "{checks:?}");
}

fn named<'a>(results: &'a Value, list: &str, key: &str, name: &str) -> &'a Value {
    let rows = results[list].as_array().expect("rows");
    rows.iter().find(|row| row[key] == name).unwrap_or_else(|| panic!("no {name} in {rows:?}"))
}

#[test]
fn the_servers_count_is_ours_and_everything_is_broken_down() {
    let (program, _) = run(AUCTION, 0);
    let results = program.results("counted");
    check_results(&results, &[("bids_counted", "true"), ("stats_seen", "true"), ("nothing_lost", "not_judged")]);
    let ok = number(&results, "/totals/ok");
    let by_label: u64 = results["labels"].as_array().expect("labels").iter().map(|row| number(row, "/ok")).sum();
    assert_eq!(by_label, ok, "{}", results["labels"]);
    let http = number(named(&results, "labels", "value", "http"), "/planned");
    assert_eq!(number(named(&results, "customs", "name", "price"), "/samples"), ok - http);
    assert_eq!(named(&results, "customs", "name", "joined")["value"], 16.0);
    assert!(named(&results, "customs", "name", "price")["spread"]["p50"].as_f64() > Some(0.0));
}

#[test]
fn a_check_that_is_false_fails_the_run_and_shows_its_values() {
    let text = AUCTION.replace("== counts.bid.ok }", "== counts.bid.ok + 1 }");
    let (program, printed) = run(&text, 99);
    let results = program.results("counted");
    check_results(&results, &[("bids_counted", "false"), ("stats_seen", "true"), ("nothing_lost", "not_judged")]);
    let detail = format!("now.accepted - was.accepted = {}", number(&results, "/scenarios/0/actions/0/totals/ok"));
    let junit = program.left("cotillion-report/counted/junit.xml");
    let case = junit.split("<testcase ").find(|case| case.starts_with("name=\"after: bids_counted")).expect("a case");
    assert!(case.contains("type=\"CheckFailed\"") && case.contains("line=\"12\""), "{case}");
    for text in [case, &printed, &program.left("cotillion-report/counted/report.html")] {
        assert!(text.contains(&detail), "{detail} is missing in {text}");
    }
}

#[test]
fn an_after_that_cannot_be_made_is_never_green() {
    let text = AUCTION.replace("get: /stats, headers", "get: /nowhere, headers");
    let (program, _) = run(&text, 99);
    check_results(
        &program.results("counted"),
        &[("bids_counted", "error"), ("stats_seen", "error"), ("nothing_lost", "error")],
    );
    let junit = program.left("cotillion-report/counted/junit.xml");
    assert!(
        junit.contains("type=\"CheckNotAsked\"") && junit.contains("GET /nowhere answered with status 404"),
        "{junit}"
    );
    let no_checks: String = text
        .lines()
        .filter(|line| !["bids", "stats", "nothing"].iter().any(|name| line.contains(&format!("- {{ check: {name}"))))
        .map(|line| format!("{line}\n"))
        .collect();
    let (program, _) = run(&no_checks, 99);
    check_results(&program.results("counted"), &[("after", "error")]);
}

#[test]
fn a_before_that_fails_ends_the_run_as_not_ready() {
    let text = AUCTION.replace("{ get: /stats, save: { was: response.json } }", "{ get: /nowhere }");
    let (program, printed) = run(&text.replace("- was.bids", "").replace("- was.accepted", ""), 112);
    assert!(printed.contains("`before` failed: GET /nowhere answered with status 404"), "{printed}");
    check_results(&program.results("counted"), &[]);
    let (_, printed) =
        run(&text.replace("{ get: /nowhere }", "{ check: ready, ok: 1 + 1 == 3 }\n  - { set: { was: {} } }"), 112);
    assert!(printed.contains("`before` failed: the check `ready` is false: 1 + 1 = 2"), "{printed}");
}

#[test]
fn after_a_run_that_a_threshold_stopped_the_count_is_taken_too() {
    let text = AUCTION.replace("  joined: \"== 16\"\n", "  joined: { limit: \"== 3\", abort_after: 1s }\n");
    let (program, printed) = run(&text, 99);
    assert!(printed.contains("The run was stopped early"), "{printed}");
    let results = program.results("counted");
    assert_eq!(results["checks"].as_array().map(Vec::len), Some(3), "{}", results["checks"]);
}
