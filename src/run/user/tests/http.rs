//! HTTP steps beside the socket: actions, setup, cookies.

use super::server::{Arrival, Script, Seen, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::{Counter, Distribution};
use crate::run::user::Command;

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Simulation<'a> {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"))).server(server)
}

/// Requests are answered so; everything else as usual.
fn answer(after: u64, arrival: Option<Arrival>) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| match seen.requests() {
        true => arrival.iter().map(|arrival| (after, arrival.clone())).collect(),
        false => polite(seen),
    }
}

const PUBLISH: &str = "act:
  - { post: /publish, json: { lot: \"{{ resource.id }}\" }, name: publish, within: 300ms, rejected: response.status == 429 }
  - { emit: look, ack: {} }";

fn check(act: &str, arrival: Option<Arrival>, actions: &str, http_failures: u64) {
    let told = simulate(act, answer(30, arrival)).run();
    assert_eq!(told.actions(), actions, "{:#?}", told.log);
    assert_eq!(told.count(Counter::HttpFailures), http_failures);
}

fn response(status: u16, text: &str) -> Option<Arrival> {
    Some(Arrival::Response(status, text.into()))
}

#[test]
fn a_request_in_act_is_an_action_judged_by_its_status() {
    check(PUBLISH, response(201, ""), "planned 6, sent 6, acks 6, ok 6", 0);
    check(PUBLISH, response(429, "slow down"), "planned 6, sent 6, acks 6, ok 3, rejected 3", 0);
    check(PUBLISH, response(500, "oops"), "planned 6, sent 3, acks 3, failed 3, abandoned 3", 3);
    check(PUBLISH, None, "planned 6, sent 3, timeout 3, abandoned 3", 3);
    check(PUBLISH, Some(Arrival::NoResponse("reset")), "planned 6, sent 3, failed 3, abandoned 3", 3);
}

#[test]
fn a_status_or_an_expression_says_what_is_a_success() {
    let act = |keys: &str| format!("act: [{{ get: /state, name: state, {keys} }}]");
    let json = r#"{"free":true}"#;
    check(&act("status: 404"), response(404, ""), "planned 3, sent 3, acks 3, ok 3", 0);
    check(&act("status: 404"), response(200, ""), "planned 3, sent 3, acks 3, failed 3", 3);
    check(&act("ok: response.json.free"), response(200, json), "planned 3, sent 3, acks 3, ok 3", 0);
    check(&act("ok: response.json.free"), response(200, "{}"), "planned 3, sent 3, acks 3, failed 3", 3);
    check(&act("ok: response.status == 409"), response(409, ""), "planned 3, sent 3, acks 3, ok 3", 0);
    check(&act("status: 200, ok: response.json.free"), response(201, json), "planned 3, sent 3, acks 3, failed 3", 3);
}

#[test]
fn latency_counts_from_the_planned_moment_and_the_answer_is_shown() {
    let told = simulate(PUBLISH, answer(30, response(500, "oops"))).run();
    assert_eq!(told.spread(Distribution::AckLatency), (3, 30.0, 30.0));
    assert_eq!(told.spread(Distribution::HttpLatency), (3, 30.0, 30.0));
    assert_eq!(told.findings(), ["action: publish failed ×3"]);
    assert_eq!(told.example("publish failed"), "step 1: POST answered with status 500: oops");
    let late = simulate(PUBLISH, answer(400, response(200, ""))).run();
    assert_eq!(late.spread(Distribution::AckService), (3, 300.0, 300.0));
    assert_eq!(
        late.example("publish timed out"),
        "step 1: HTTP request timed out: no complete answer came to POST within 300ms; the server hangs or is overloaded: look at its log"
    );
}

#[test]
fn requests_stand_in_setup_and_teardown_and_a_failed_one_ends_the_setup() {
    let scenario = "setup: [{ get: /profile, save: { team: response.json.team } }]
act: [{ emit: bid, args: [\"{{ team }}\"], ack: {} }]
teardown: [{ post: /logout }]
reconnect: { wait: 500ms, jitter: 0% }";
    let mut asked = 0;
    let server = |seen: &Seen<'_>| {
        asked += u64::from(seen.requests());
        match (seen.requests(), asked) {
            (true, 1) => vec![(5, Arrival::Response(503, String::new()))],
            (true, _) => vec![(5, Arrival::Response(200, r#"{"team":"red"}"#.into()))],
            _ => polite(seen),
        }
    };
    let told = simulate(scenario, server).run();
    assert_eq!(told.moments("GET /profile"), [20.0, 545.0]);
    assert_eq!(told.moments("POST /logout"), [4000.0]);
    assert_eq!(told.payloads("bid"), [r#"["bid","red"]"#; 3]);
    assert_eq!(told.life(), "connections 2, http failures 1");
}

#[test]
fn a_loss_ends_the_request_with_the_turn() {
    let server = |seen: &Seen<'_>| match seen.command {
        Command::Http { .. } if seen.ms() < 1500 => vec![(5_000, Arrival::Response(200, String::new()))],
        Command::Connect(_) if seen.wire == 1 => {
            let mut script = polite(seen);
            script.push((1200, Arrival::Ended("reset")));
            script
        }
        _ => polite(seen),
    };
    let told = simulate("act: [{ get: /slow, name: slow }]\nreconnect: { wait: 100ms, jitter: 0% }", server).run();
    assert_eq!(told.actions(), "planned 3, sent 3, acks 2, ok 2, disconnected 1");
    assert_eq!(told.moments("forget"), [1200.0]);
}

#[test]
fn a_stop_waits_for_an_open_request_and_gives_it_up_in_the_end() {
    let slow = |after| answer(after, response(200, ""));
    let told = simulate("act: [{ get: /slow, name: slow, within: 9s }]", slow(2_500)).stop_at(1_100).run();
    assert_eq!(told.actions(), "planned 1, sent 1, acks 1, ok 1");
    let told = simulate("act: [{ get: /slow, name: slow, within: 9s }]", slow(8_500)).stop_at(1_100).run();
    assert_eq!(told.actions(), "planned 1, sent 1, unfinished 1");
    assert_eq!(told.moments("forget"), [4100.0]);
}

#[test]
fn cookies_go_with_requests_and_with_the_upgrade_to_where_they_are_meant_for() {
    let scenario = "login: [{ post: /login }, { get: /login/again }, { get: /other, headers: { Cookie: mine=1 } }]
act: [{ get: /state, name: state }]
connect: { within: 1s }";
    let mut cookies =
        ["sid=a; Path=/; HttpOnly", "deep=b; Path=/login", "sid=c; Path=/", "gone=d; Domain=elsewhere.example"]
            .into_iter();
    let server = move |seen: &Seen<'_>| match seen.requests() {
        true => match cookies.next() {
            Some(cookie) => vec![(5, Arrival::Cookie(cookie))],
            None => vec![(5, Arrival::Cookie("sid=; Max-Age=0; Path=/"))],
        },
        false => polite(seen),
    };
    let told = simulate(scenario, server).run();
    let outgoing = told.log(|text| ["GET", "POST", "connect"].iter().any(|verb| text.starts_with(verb)));
    assert_eq!(
        outgoing,
        [
            "0 POST /login ",
            "5 GET /login/again cookie=sid=a ",
            "10 GET /other Cookie=mine=1; sid=a ",
            "15 connect cookie=sid=c",
            "1000 GET /state cookie=sid=c ",
            "2000 GET /state cookie=sid=c ",
            "3000 GET /state ",
        ]
    );
}
