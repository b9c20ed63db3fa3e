//! Leaving on purpose and coming back, being refused on purpose, and users without a connection.

use super::books::Told;
use super::server::{Arrival, Script, Seen, polite};
use super::simulation::{Simulation, at, suite};
use crate::metrics::Counter;

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Told {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"))).server(server).run()
}

const AWAY: &str = "setup: [{ emit: join, ack: {} }]
act:
  - { when: step.number == 2, steps: [{ disconnect: HOW }, { pause: 200ms }, { reconnect: true }] }
  - { emit: bid, ack: {} }";

#[test]
fn a_user_leaves_and_comes_back_in_the_middle_of_its_turn() {
    for (how, goodbye) in [("clean", vec![2000.0, 4000.0]), ("abort", vec![4000.0])] {
        let told = simulate(&AWAY.replace("HOW", how), polite);
        assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
        // 200 ms of pause, then the link, the namespace and the ack of `join`.
        assert_eq!(told.sent("bid"), [(1000.0, 0), (2240.0, 0), (3000.0, 0)]);
        assert_eq!((told.sent("join").len(), told.life().as_str()), (2, "connections 2"));
        assert_eq!(told.moments("> 41"), goodbye, "{how}");
        assert_eq!(told.moments("abort").len(), usize::from(how == "abort"));
    }
}

#[test]
fn a_user_that_is_still_away_at_the_end_of_its_turn_comes_back_by_itself() {
    let scenario = "reconnect: { wait: 300ms, jitter: 0% }\nact: [{ emit: bid, ack: {} }, { disconnect: abort }]";
    let told = simulate(scenario, polite);
    assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    assert_eq!((told.life().as_str(), told.moments("connect")), ("connections 4", vec![0.0, 1320.0, 2320.0, 3320.0]));
    let told = simulate(&scenario.replace("{ wait: 300ms, jitter: 0% }", "off"), polite);
    assert_eq!(told.actions(), "planned 3, sent 1, acks 1, ok 1, offline 2");
}

#[test]
fn what_is_sent_while_away_cannot_be_sent() {
    let told = simulate("act: [{ disconnect: clean }, { emit: bid }, { reconnect: true }]\nreconnect: off", polite);
    assert_eq!(told.actions(), "planned 3, offline 3");
    assert_eq!(told.example("bid cannot be sent"), "the user is not connected");
}

#[test]
fn a_turn_whose_user_cannot_come_back_ends_by_its_deadline() {
    let dead = |seen: &Seen<'_>| match seen.connects() && seen.wire > 1 {
        true => vec![(5, Arrival::NotLinked("refused"))],
        false => polite(seen),
    };
    let scenario =
        "act: [{ emit: bid, ack: {} }, { disconnect: abort }, { reconnect: true, within: 700ms }, { emit: look }]
reconnect: { wait: 200ms, factor: 1, jitter: 0% }";
    let told = simulate(scenario, dead);
    assert_eq!(told.actions(), "planned 6, sent 1, acks 1, ok 1, offline 4, abandoned 1");
    assert!(told.findings().contains(&"step: reconnect timed out ×1".to_owned()), "{:?}", told.findings());
    // Nobody waits beyond the stay, and a stop ends it at once.
    let long = scenario.replace("700ms", "1h");
    let told = simulate(&long, dead);
    assert_eq!((told.actions().as_str(), told.end), ("planned 6, sent 1, acks 1, ok 1, offline 5", at(4_000)));
    let text = suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{long}"));
    let told = Simulation::new(&text).server(dead).stop_at(1_500).run();
    assert_eq!((told.actions().as_str(), told.end), ("planned 2, sent 1, acks 1, ok 1, unfinished 1", at(1_500)));
}

fn refusing(words: &'static str) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| match seen.joins() {
        true => vec![(10, Arrival::Text(format!("44{words}")))],
        false => polite(seen),
    }
}

#[test]
fn a_refusal_can_be_what_is_wanted() {
    let scenario = "connect: { refused: error.message == 'unauthorized' }\nreconnect: { wait: 1s, jitter: 0% }";
    let simulate = |server: &mut dyn FnMut(&Seen<'_>) -> Script| {
        Simulation::new(&suite(&format!("load: {{ users: 1, duration: 2500ms }}\n{scenario}"))).server(server).run()
    };
    let told = simulate(&mut refusing(r#"{"message":"unauthorized"}"#));
    assert_eq!((told.life().as_str(), told.sink.ready, told.end), ("refusals 1", 1, at(2_500)));
    assert_eq!(told.findings(), Vec::<String>::new());
    let told = simulate(&mut refusing(r#"{"message":"full"}"#));
    assert_eq!((told.life().as_str(), told.sink.ready), ("connect failures 2", 0));
    let told = simulate(&mut polite);
    assert_eq!((told.life().as_str(), told.moments("connect").len()), ("connect failures 1", 1));
    assert_eq!(told.findings(), ["connect: connected, not refused ×1"]);
}

#[test]
fn users_without_a_connection_log_in_and_make_requests() {
    let scenario = "connect: none
login: [{ post: /login, save: { token: response.json.token } }]
setup: [{ get: /profile }]
act: [{ post: /publish, name: publish, headers: { Authorization: \"{{ token }}\" } }]
teardown: [{ post: /logout }]";
    let told = simulate(scenario, polite);
    assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    assert_eq!((told.life().as_str(), told.sink.ready, told.count(Counter::ConnectAttempts)), ("logins 1", 1, 0));
    assert_eq!((told.moments("GET /profile"), told.moments("POST /logout")), (vec![5.0], vec![4000.0]));
    assert!(told.moments("connect").is_empty());
}
