//! Losing the connection and taking the session up again.

use super::books::Told;
use super::server::{Arrival, JOIN, Script, Seen, ack, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::Counter;

/// What the server does with a session that is to be taken up.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    /// It sends what was missed, and goes on.
    Recovers,
    /// It begins a new one.
    Forgets,
    /// It never offers any.
    Knows,
}

/// A server that loses the user 50 ms after its first bid, before the event that tells of it, and then does as it is told.
fn simulate(scenario: &str, does: Server, loss: &Arrival) -> Told {
    let mut missed: Option<String> = None;
    let mut sessions = 0;
    let server = move |seen: &Seen<'_>| -> Script {
        let text = seen.text().unwrap_or_default();
        if seen.joins() {
            if does == Server::Recovers && text.contains("\"pid\":\"p1\"") {
                let replayed = missed.take().into_iter().map(|event| (JOIN, Arrival::Text(event)));
                return replayed.chain([(JOIN, Arrival::Text(r#"40{"sid":"same","pid":"p1"}"#.into()))]).collect();
            }
            if does != Server::Knows {
                sessions += 1;
                return vec![(JOIN, Arrival::Text(format!(r#"40{{"sid":"same","pid":"p{sessions}"}}"#)))];
            }
        }
        let Some(number) = seen.asks("bid") else { return polite(seen) };
        let id = text.rsplit('"').nth(1).unwrap_or_default().to_owned();
        let event = format!(r#"42["placed",{{"ref":"{id}"}},"offset-{id}"]"#);
        let mut script = vec![(20, ack(number, r#"[{"ok":true}]"#))];
        if seen.ms() < 2_000 {
            missed = Some(event);
            script.push((50, loss.clone()));
        } else {
            script.push((30, Arrival::Text(event)));
        }
        script
    };
    let text =
        format!("every: 1s\nload: {{ users: 1, duration: 4s }}\nreconnect: {{ wait: 100ms, jitter: 0% }}\n{scenario}");
    let text = suite(&text).replace("9\" }", "9\", recovery: true }");
    Simulation::new(&text).server(server).run()
}

const SCENARIO: &str = "setup: [{ emit: join, ack: {}, joins: all }]
act:
  - emit: bid
    args: [\"{{ action.id }}\"]
    ack: { within: 500ms, ok: ack.ok }
    delivery: { event: placed, match: data.ref, of: all, within: 100ms, grace: 1s }
on: { placed: [{ emit: thanks, args: [\"{{ args | length }}\"] }] }";

fn counts(told: &Told) -> (u64, u64) {
    (told.count(Counter::RecoveriesAsked), told.count(Counter::Recovered))
}

#[test]
fn a_session_that_is_taken_up_needs_no_setup_and_is_told_what_it_has_missed() {
    let told = simulate(SCENARIO, Server::Recovers, &Arrival::Ended("reset"));
    assert_eq!((told.life().as_str(), counts(&told)), ("connections 2, disconnects 1, reconnects 1", (1, 1)));
    assert_eq!((told.sent("join").len(), told.actions().as_str()), (1, "planned 3, sent 3, acks 3, ok 3"));
    assert_eq!(told.deliveries(), "expected 3, in time 3");
    // Lost at 1050 ms, dialed at 1150 ms; the first event has come when it is back at 1170 ms.
    assert_eq!(told.moments("connect"), [0.0, 1150.0]);
    assert_eq!(told.log(|text| text.contains("thanks"))[0], r#"1170 > 42["thanks",1]"#);
    let asked = told.log(|text| text.starts_with("> 40"));
    assert_eq!(asked, ["10 > 40", r#"1160 > 40{"pid":"p1"}"#]);
    assert_eq!(told.count(Counter::ReceivedEvents), 3);
}

#[test]
fn a_session_that_begins_anew_is_set_up_again_and_what_was_on_its_way_is_known_to_nobody() {
    let told = simulate(SCENARIO, Server::Forgets, &Arrival::Ended("reset"));
    assert_eq!((told.life().as_str(), counts(&told)), ("connections 2, disconnects 1, reconnects 1", (1, 0)));
    assert_eq!((told.sent("join").len(), told.deliveries().as_str()), (2, "expected 2, in time 2, ambiguous 1"));
    let example = told.example("session not recovered");
    assert!(example.starts_with("the server has begun a new session, 120ms after the loss"), "{example}");
}

#[test]
fn a_server_that_offers_no_recovery_is_asked_for_none() {
    let told = simulate(SCENARIO, Server::Knows, &Arrival::Ended("reset"));
    assert_eq!((counts(&told), told.sent("join").len()), ((0, 0), 2));
    assert!(told.example("session cannot be recovered").contains("`connectionStateRecovery`"));
    assert_eq!(told.deliveries(), "expected 2, in time 2, ambiguous 1");
}

#[test]
fn a_goodbye_of_the_server_ends_the_session_for_good() {
    let told = simulate(SCENARIO, Server::Recovers, &Arrival::Text("41".into()));
    assert_eq!((counts(&told), told.sent("join").len()), ((0, 0), 2));
    assert!(!told.findings().iter().any(|finding| finding.contains("recover")), "{:?}", told.findings());
    // That of the connection does not.
    let told = simulate(SCENARIO, Server::Recovers, &Arrival::Text("1".into()));
    assert_eq!((counts(&told), told.deliveries().as_str()), ((1, 1), "expected 3, in time 3"));
}

#[test]
fn a_setup_that_was_not_done_is_begun_anew() {
    let mut first = true;
    let server = |seen: &Seen<'_>| match () {
        () if seen.joins() => vec![(JOIN, Arrival::Text(r#"40{"sid":"same","pid":"p1"}"#.into()))],
        () if seen.emits("join") && std::mem::replace(&mut first, false) => vec![(5, Arrival::Ended("reset"))],
        () => polite(seen),
    };
    let text = suite(
        "every: 1s\nload: { users: 1, duration: 3s }\nsetup: [{ emit: join, ack: {} }]\nact: [{ emit: bid, ack: {} }]",
    );
    let told = Simulation::new(&text.replace("9\" }", "9\", recovery: true }")).server(server).run();
    assert_eq!((counts(&told), told.sent("join").len()), ((0, 0), 2));
    assert_eq!(told.log(|text| text.starts_with("> 40")).len(), 2);
    assert!(told.log(|text| text.contains("pid") && text.starts_with('>')).is_empty());
}

#[test]
fn a_turn_that_drops_its_connection_goes_on_with_its_session() {
    let step = "  - { when: step.number == 3, steps: [{ disconnect: HOW }, { pause: 100ms }, { reconnect: true }] }\n";
    let run = |how: &str| {
        let scenario = SCENARIO.replace("act:\n", &format!("act:\n{}", step.replace("HOW", how)));
        simulate(&scenario, Server::Recovers, &Arrival::Text("6".into()))
    };
    let told = run("abort");
    assert_eq!((counts(&told), told.sent("join").len()), ((1, 1), 1));
    assert_eq!(told.sent("bid").iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1000.0, 2000.0, 3120.0]);
    assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    let told = run("clean");
    assert_eq!((counts(&told), told.sent("join").len()), ((0, 0), 2));
}

#[test]
fn who_does_not_come_back_is_owed_nothing_more() {
    let dead = SCENARIO.to_owned() + "\nconnect: { within: 50ms }";
    let mut linked = false;
    let server = |seen: &Seen<'_>| match () {
        () if seen.connects() && std::mem::replace(&mut linked, true) => vec![(1, Arrival::NotLinked("refused"))],
        () if seen.joins() => vec![(JOIN, Arrival::Text(r#"40{"sid":"same","pid":"p1"}"#.into()))],
        () if seen.asks("bid").is_some() => {
            vec![(20, ack(seen.asks("bid").unwrap_or_default(), r#"[{"ok":true}]"#)), (30, Arrival::Ended("reset"))]
        }
        () => polite(seen),
    };
    let text = format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{dead}");
    let told = Simulation::new(&suite(&text).replace("9\" }", "9\", recovery: true }")).server(server).run();
    assert_eq!((counts(&told), told.deliveries().as_str()), ((0, 0), "ambiguous 1"));
}
