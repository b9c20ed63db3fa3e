//! Connecting: what goes well, what does not, and how often it is tried again.

use super::server::{Arrival, LINK, READY, Script, Seen, open, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::Distribution;

const STEADY: &str = "every: 1s
load: { users: 1, duration: 4s }
connect: { within: 1s }
act: [{ emit: bid, ack: {} }]";

/// Waits of 1, 2, 3, 3 … seconds, without jitter.
const WAITS: &str = "reconnect: { wait: 1s, max: 3s, factor: 2, jitter: 0% }";

fn check(load: &str, server: impl FnMut(&Seen<'_>) -> Script, connects: &[f64], life: &str, finding: (&str, &str)) {
    let scenario = format!("{}\n{WAITS}", STEADY.replace("{ users: 1, duration: 4s }", load));
    let told = Simulation::new(&suite(&scenario)).server(server).run();
    assert_eq!(told.moments("connect"), connects, "{:#?}", told.log);
    assert_eq!(told.life(), life);
    assert_eq!(told.example(finding.0), finding.1);
}

const LONG: &str = "{ users: 1, duration: 12s }";

#[test]
fn a_link_that_fails_is_tried_again_after_growing_waits() {
    let deaf = |seen: &Seen<'_>| if seen.connects() { vec![(50, Arrival::NotLinked("refused"))] } else { polite(seen) };
    check(LONG, deaf, &[0.0, 1050.0, 3100.0, 6150.0, 9200.0], "connect failures 5", ("refused", "scripted"));
}

#[test]
fn a_new_stay_begins_with_the_first_wait() {
    let stages = "{ stages: [{ duration: 0s, target: 1 }, { duration: 5s, target: 1 }, { duration: 0s, target: 0 }, { duration: 1s, target: 0 }, { duration: 0s, target: 1 }, { duration: 2s, target: 1 }] }";
    let deaf = |seen: &Seen<'_>| if seen.connects() { vec![(50, Arrival::NotLinked("refused"))] } else { polite(seen) };
    check(stages, deaf, &[0.0, 1050.0, 3100.0, 6000.0, 7050.0], "connect failures 5", ("refused", "scripted"));
}

#[test]
fn a_link_that_never_opens_times_out() {
    let mute = |seen: &Seen<'_>| if seen.connects() { Vec::new() } else { polite(seen) };
    check(
        LONG,
        mute,
        &[0.0, 2000.0, 5000.0, 9000.0],
        "connect failures 4",
        ("connect timed out", "waited 1s for a connection; look at the server"),
    );
}

#[test]
fn a_handshake_that_stops_says_what_it_waited_for() {
    let no_open = |seen: &Seen<'_>| if seen.connects() { vec![(LINK, Arrival::Linked)] } else { polite(seen) };
    let detail = "waited 1s for the OPEN packet of Engine.IO; the WebSocket is open and the server says nothing: check \
                  `protocol` and `path`, and whether the server hangs";
    check(LONG, no_open, &[0.0, 2000.0, 5000.0, 9000.0], "connect failures 4", ("no OPEN", detail));
    let no_reply = |seen: &Seen<'_>| if seen.joins() { Vec::new() } else { polite(seen) };
    let detail = "waited 1s for the CONNECT reply of namespace `/`; a middleware of the server may wait for something, or \
                  the server speaks another `protocol` or `parser`";
    check(LONG, no_reply, &[0.0, 2000.0, 5000.0, 9000.0], "connect failures 4", ("no CONNECT reply", detail));
}

#[test]
fn a_server_that_says_no_or_nonsense_is_left_and_asked_again() {
    let says = |text: &'static str| {
        move |seen: &Seen<'_>| if seen.joins() { vec![(10, Arrival::Text(text.into()))] } else { polite(seen) }
    };
    let moments = [0.0, 1020.0, 3040.0];
    let error = "the server answered CONNECT with {\"message\":\"unauthorized\"}; check `connect.auth` and `login`; the answer \
                 is that of the server's middleware";
    check(
        "{ users: 1, duration: 6s }",
        says(r#"44{"message":"unauthorized"}"#),
        &moments,
        "connect failures 3",
        ("connect refused by the server", error),
    );
    let gone = "the server disconnected the namespace during waiting; it does so on purpose (a kick, an expired login): look \
                for `disconnect` in the server";
    check(
        "{ users: 1, duration: 6s }",
        says("41"),
        &moments,
        "connect failures 3",
        ("namespace disconnect by the server", gone),
    );
    check(
        "{ users: 1, duration: 6s }",
        says("1"),
        &moments,
        "connect failures 3",
        (
            "close packet from the server",
            "the server closed the session during waiting; it is shutting down, or has had enough of this client: look at \
             its log",
        ),
    );
    let life = "connect failures 3, protocol errors 3";
    let what = "the payload of an ack is not a JSON array (in Socket.IO): `431{}`; look at how the server answers; \
                `cotillion try` shows the frames";
    check("{ users: 1, duration: 6s }", says("431{}"), &moments, life, ("ack unreadable", what));
}

#[test]
fn a_link_that_ends_in_the_handshake_is_a_failure_to_connect() {
    let detail = "scripted (it came instead of the CONNECT reply of namespace `/`)";
    let ends = |seen: &Seen<'_>| if seen.joins() { vec![(10, Arrival::Ended("reset"))] } else { polite(seen) };
    check("{ users: 1, duration: 6s }", ends, &[0.0, 1020.0, 3040.0], "connect failures 3", ("reset", detail));
}

#[test]
fn the_namespace_gets_the_auth_and_the_request_what_the_suite_says() {
    let scenario = "load: { users: 1, duration: 1s }\nconnect: { auth: { who: \"{{ user.index }}\", lots: [1] } }";
    let told = Simulation::new(&suite(scenario)).run();
    assert_eq!(told.log(|text| text.starts_with("> ")), [r#"10 > 40{"who":0,"lots":[1]}"#, "1000 > 41"]);
}

#[test]
fn an_auth_that_cannot_be_made_is_a_failure_to_connect() {
    let scenario = format!("{STEADY}\n{WAITS}\nsetup: [{{ emit: x, ack: {{}}, save: {{ token: ack }} }}]");
    let scenario = scenario.replace("within: 1s", "within: 1s, auth: { token: \"{{ token }}\" }");
    let told = Simulation::new(&suite(&scenario)).run();
    assert_eq!((told.moments("connect").len(), told.life().as_str()), (0, "connect failures 3"));
}

#[test]
fn the_latency_of_a_connect_reaches_to_the_namespaces_answer() {
    let told = Simulation::new(&suite(STEADY)).run();
    assert_eq!(told.spread(Distribution::ConnectLatency), (1, READY as f64, READY as f64));
    assert_eq!(told.spread(Distribution::ConnectNamespace), (1, 10.0, 10.0));
}

#[test]
fn users_come_in_their_slots() {
    let scenario = "load: { users: 3, duration: 1s }\nconnect: { rate: 10/s }";
    let told = Simulation::new(&suite(scenario)).run();
    assert_eq!(told.moments("connect"), [0.0, 100.0, 200.0]);
}

#[test]
fn a_user_that_pauses_answers_pings() {
    let scenario = "every: 5s\nload: { users: 1, duration: 10s }\nact: [{ pause: 3s }, { emit: bid, ack: {} }]";
    let pings = |seen: &Seen<'_>| {
        if !seen.connects() {
            return polite(seen);
        }
        let pings = (1..60).map(|n| (LINK + n * 300, Arrival::Text("2".into())));
        [(LINK, Arrival::Linked), (LINK, open(300, 200))].into_iter().chain(pings).collect()
    };
    let told = Simulation::new(&suite(scenario)).server(pings).run();
    assert_eq!((told.life().as_str(), told.actions().as_str()), ("connections 1", "planned 1, sent 1, acks 1, ok 1"));
    assert_eq!(told.sent("bid"), [(8000.0, 0)]);
    let pongs: Vec<f64> = told.moments("> 3");
    assert_eq!(pongs.len(), 33);
    assert!(pongs.iter().zip(1..).all(|(at, n)| *at == f64::from(n).mul_add(300.0, 10.0)), "{pongs:?}");
}

#[test]
fn a_ping_behind_another_frame_saves_a_user_whose_timer_is_late() {
    // Patience ends at 1510 ms. The timer is seen at 1560 ms, and before it an event and the ping are read.
    let behind = |seen: &Seen<'_>| {
        if !seen.connects() {
            return polite(seen);
        }
        let frames = [(1540, r#"42["news"]"#), (1545, "2"), (2500, "2")];
        let frames = frames.into_iter().map(|(after, text)| (after, Arrival::Text(text.into())));
        [(LINK, Arrival::Linked), (LINK, open(1000, 500))].into_iter().chain(frames).collect()
    };
    let told = Simulation::new(&suite("load: { users: 1, duration: 3s }")).server(behind).lag(50).run();
    assert_eq!(told.life(), "connections 1");
}

#[test]
fn a_user_that_leaves_while_it_connects_is_no_failure() {
    let slow = |seen: &Seen<'_>| if seen.joins() { Vec::new() } else { polite(seen) };
    let scenario = STEADY.replace("within: 1s", "within: 9s");
    let told = Simulation::new(&suite(&scenario)).server(slow).run();
    assert_eq!((told.life(), told.end), (String::new(), super::simulation::at(4000)));
    assert_eq!(told.log(|text| text == "close" || text == "done"), ["4000 close", "4000 done"]);
}
