//! Losing the connection, and coming back or not.

use super::server::{Arrival, LINK, Script, Seen, ack, open, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::{Counter, Distribution};

const SCENARIO: &str = "every: 1s
load: { users: 1, duration: 6s }
reconnect: { wait: 1s, max: 3s, factor: 2, jitter: 0% }
setup: [{ emit: join, ack: { within: 500ms } }]
act: [{ emit: bid, ack: { within: 800ms, ok: ack.ok } }, { emit: look }]
teardown: [{ emit: leave, ack: {} }]";

/// As `polite`, and in answer to the first of that event this happens, so many milliseconds later.
fn once<'a>(event: &'a str, after: u64, what: &'a Arrival) -> impl FnMut(&Seen<'_>) -> Script + 'a {
    let mut done = false;
    move |seen| {
        if seen.emits(event) && !std::mem::replace(&mut done, true) {
            return vec![(after, what.clone())];
        }
        polite(seen)
    }
}

fn check(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script, connects: &[f64], actions: &str, life: &str) {
    let told = Simulation::new(&suite(scenario)).server(server).run();
    assert_eq!(told.moments("connect"), connects, "{:#?}", told.log);
    assert_eq!((told.actions().as_str(), told.life().as_str()), (actions, life));
    assert_eq!(told.sink.ready, 1);
}

const LOST: &str = "connections 2, disconnects 1, reconnects 1";

#[test]
fn a_loss_in_the_middle_of_an_action_ends_it_and_the_turns_until_the_user_is_back_are_offline() {
    let reset = Arrival::Ended("reset");
    let bids = "planned 10, sent 7, acks 3, ok 6, disconnected 1, offline 3";
    // Lost at 1100 ms, back at 2140 ms: the turn of 2 s is missed, and so is the second action of the first.
    check(SCENARIO, once("bid", 100, &reset), &[0.0, 2100.0], bids, LOST);
    let told = Simulation::new(&suite(SCENARIO)).server(once("bid", 100, &reset)).run();
    assert_eq!(told.sent("join").len(), 2);
    assert_eq!(told.spread(Distribution::ReconnectLatency), (1, 1040.0, 1040.0));
    assert_eq!(told.spread(Distribution::AckLatency).0, 3, "a lost action has no latency");
    assert_eq!(
        told.findings(),
        [
            "disconnect: reset ×1",
            "action: bid lost its connection ×1",
            "action: bid not sent: not connected ×1",
            "action: look not sent: not connected ×1"
        ]
    );
    assert_eq!(told.example("bid lost its connection"), "100ms after it was sent, in step 1");
}

#[test]
fn every_way_to_lose_a_connection_is_one_disconnect() {
    let bids = "planned 10, sent 7, acks 3, ok 6, disconnected 1, offline 3";
    for (text, kind, told) in [
        (
            "41",
            "namespace disconnect by the server",
            "the server disconnected the namespace during act; it does so on purpose",
        ),
        ("1", "close packet from the server", "the server closed the session during act; it is shutting down"),
    ] {
        let what = Arrival::Text(text.into());
        check(SCENARIO, once("bid", 100, &what), &[0.0, 2100.0], bids, LOST);
        let example = Simulation::new(&suite(SCENARIO)).server(once("bid", 100, &what)).run().example(kind).to_owned();
        assert!(example.starts_with(told), "{example}");
    }
    let nonsense = Arrival::Text("x".into());
    check(SCENARIO, once("bid", 100, &nonsense), &[0.0, 2100.0], bids, &format!("{LOST}, protocol errors 1"));
}

#[test]
fn a_server_that_stops_pinging_is_given_up() {
    let mut first = true;
    let silent = |seen: &Seen<'_>| {
        if seen.connects() && std::mem::replace(&mut first, false) {
            return vec![(LINK, Arrival::Linked), (LINK, open(1000, 500))];
        }
        polite(seen)
    };
    let told = Simulation::new(&suite(SCENARIO)).server(silent).run();
    assert_eq!(told.moments("connect"), [0.0, 2510.0]);
    let example = told.example("ping timeout");
    assert!(
        example.starts_with("no heartbeat came from the server for 1s500ms; it hangs or is overloaded"),
        "{example}"
    );
    assert_eq!(told.actions(), "planned 10, sent 8, acks 4, ok 8, offline 2");
}

#[test]
fn without_reconnect_a_lost_user_stays_away_and_its_turns_are_offline() {
    let scenario = SCENARIO.replace("{ wait: 1s, max: 3s, factor: 2, jitter: 0% }", "off");
    let bids = "planned 10, sent 1, disconnected 1, offline 9";
    check(&scenario, once("bid", 100, &Arrival::Ended("reset")), &[0.0], bids, "connections 1, disconnects 1");
}

#[test]
fn a_loss_in_setup_is_a_loss_and_setup_is_done_again() {
    let all = "planned 8, sent 8, acks 4, ok 8";
    check(SCENARIO, once("join", 100, &Arrival::Ended("reset")), &[0.0, 1120.0], all, LOST);
}

#[test]
fn a_setup_step_that_fails_or_times_out_means_connect_and_set_up_again() {
    let all = "planned 8, sent 8, acks 4, ok 8";
    // No answer: at 520 ms the user hangs up, and comes back at 1520 ms.
    let never = Arrival::Text("6".into());
    check(SCENARIO, once("join", 100, &never), &[0.0, 1520.0], all, "connections 2, step errors 1");
    let told = Simulation::new(&suite(SCENARIO)).server(once("join", 100, &never)).run();
    assert_eq!(told.log(|text| text == "> 41" || text == "close")[..2], ["520 > 41", "520 close"]);
    let judged = SCENARIO.replace("ack: { within: 500ms }", "ack: { ok: ack.ok }");
    let refused = Arrival::Text(r#"430[{"ok":false}]"#.into());
    check(&judged, once("join", 100, &refused), &[0.0, 1120.0], all, "connections 2, step errors 1");
}

#[test]
fn with_on_failure_continue_a_setup_step_may_fail() {
    let scenario = format!("{SCENARIO}\non_failure: continue");
    let all = "planned 10, sent 10, acks 5, ok 10";
    check(&scenario, once("join", 100, &Arrival::Text("6".into())), &[0.0], all, "connections 1, step errors 1");
}

#[test]
fn waits_grow_over_attempts_that_fail_and_begin_anew_after_one_that_worked() {
    // After the first loss the server is deaf until 7 s; later it loses the user once more.
    let scenario = SCENARIO.replace("duration: 6s", "duration: 14s");
    let mut bids = 0;
    let server = |seen: &Seen<'_>| {
        bids += u64::from(seen.emits("bid"));
        match () {
            () if seen.emits("bid") && (bids == 1 || bids == 3) => vec![(100, Arrival::Ended("reset"))],
            () if seen.connects() && (1_000..7_000).contains(&seen.ms()) => vec![(0, Arrival::NotLinked("refused"))],
            () => polite(seen),
        }
    };
    let told = Simulation::new(&suite(&scenario)).server(server).run();
    assert_eq!(told.moments("connect"), [0.0, 2100.0, 4100.0, 7100.0, 10_100.0]);
    assert_eq!(told.life(), "connections 3, connect failures 2, disconnects 2, reconnects 2");
}

#[test]
fn jitter_keeps_its_bounds_and_differs_between_users() {
    let scenario = "load: { users: 20, duration: 3s }\nconnect: { rate: 1000/s }\nreconnect: { wait: 1s, jitter: 50% }";
    let kick = |seen: &Seen<'_>| {
        let mut script = polite(seen);
        if seen.joins() && seen.wire == 1 {
            script.push((500, Arrival::Ended("reset")));
        }
        script
    };
    let told = Simulation::new(&suite(scenario)).server(kick).run();
    let mut waits: Vec<f64> = Vec::new();
    for user in 0..20 {
        let of = |text: &str| {
            told.log
                .iter()
                .filter(move |line| line.1 == user)
                .filter(|line| line.2 == text)
                .map(|line| line.0)
                .next_back()
                .unwrap()
        };
        waits.push(of("connect").since(of("lost: reset")).as_millis_f64());
    }
    assert!(waits.iter().all(|wait| (500.0..=1500.0).contains(wait)), "{waits:?}");
    waits.sort_by(f64::total_cmp);
    waits.dedup();
    assert_eq!(waits.len(), 20);
    assert!(waits[19] - waits[0] > 500.0, "{waits:?}");
}

#[test]
fn a_loss_in_teardown_is_a_loss_and_the_user_is_gone() {
    let all = "planned 10, sent 10, acks 5, ok 10";
    let told = Simulation::new(&suite(SCENARIO)).server(once("leave", 100, &Arrival::Ended("reset"))).run();
    assert_eq!((told.actions().as_str(), told.life().as_str()), (all, "connections 1, disconnects 1"));
    assert_eq!(told.moments("done"), [6100.0]);
}

#[test]
fn a_teardown_that_fails_does_not_keep_the_user() {
    let told = Simulation::new(&suite(SCENARIO)).server(once("leave", 0, &Arrival::Text("6".into()))).run();
    assert_eq!(told.moments("done"), [11_000.0]);
    assert_eq!(told.life(), "connections 1, step errors 1");
}

#[test]
fn an_ack_of_the_old_connection_answers_nothing_on_the_new_one() {
    // Acks are numbered anew by each connection, so the number that was lost is asked again.
    let mut bids = 0;
    let server = |seen: &Seen<'_>| {
        bids += u64::from(seen.emits("bid"));
        match seen.asks("bid") {
            Some(_) if bids == 1 => vec![(100, Arrival::Ended("reset"))],
            Some(number) => vec![(30, ack(number + 7, r#"[{"ok":true}]"#)), (60, ack(number, r#"[{"ok":true}]"#))],
            None => polite(seen),
        }
    };
    let told = Simulation::new(&suite(SCENARIO)).server(server).run();
    assert_eq!(told.count(Counter::Ok), 6);
    assert_eq!(told.spread(Distribution::AckService), (3, 60.0, 60.0));
    assert_eq!(told.count(Counter::ProtocolErrors), 3, "numbers that nobody asked for");
}

#[test]
fn a_user_that_is_away_at_the_end_of_its_stay_leaves_without_teardown() {
    let scenario = SCENARIO.replace("duration: 6s", "duration: 1500ms");
    let told = Simulation::new(&suite(&scenario)).server(once("bid", 100, &Arrival::Ended("reset"))).run();
    assert!(told.sent("leave").is_empty());
    assert_eq!(told.moments("done"), [1500.0]);
}
