//! Stopping a run: act no more, let what is open end, be gone by the end of the drain.

use super::server::{Arrival, Script, Seen, ack, polite};
use super::simulation::{DRAIN, Simulation, at, suite};

const SCENARIO: &str = "every: 1s
load: { users: 1, duration: 1h }
login: [{ post: /login, within: 5s }]
connect: { within: 5s }
reconnect: { wait: 4s, jitter: 0% }
setup: [{ emit: join, ack: {} }]
act: [{ emit: bid, ack: {} }, { emit: look }]
teardown: [{ emit: leave, ack: {} }]";

/// Stopped at that moment, the user is gone at another, with these actions and this life behind it.
fn check(server: impl FnMut(&Seen<'_>) -> Script, stop: u64, gone: u64, actions: &str, life: &str) {
    let told = Simulation::new(&suite(SCENARIO)).server(server).stop_at(stop).run();
    assert_eq!((told.actions().as_str(), told.life().as_str()), (actions, life), "{:#?}", told.log);
    assert_eq!(told.end, at(gone), "{:#?}", told.log);
    assert!(told.sent("leave").is_empty(), "no teardown when the run is stopped");
    let last: Vec<&str> = told.log.iter().rev().take(2).map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(last, ["done", "close"]);
}

/// Bids are answered after so many milliseconds.
fn bids_after(delay: u64) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| match seen.asks("bid") {
        Some(number) => vec![(delay, ack(number, "[]"))],
        None => polite(seen),
    }
}

/// What begins so is never answered.
fn mute(beginning: &'static str) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| match beginning {
        "http" if seen.requests() => Vec::new(),
        "link" if seen.connects() => Vec::new(),
        text if seen.text().is_some_and(|sent| sent.starts_with(text)) => Vec::new(),
        _ => polite(seen),
    }
}

#[test]
fn wherever_a_user_stands_it_is_gone_at_once_when_nothing_is_open() {
    check(mute("http"), 1_000, 1_000, "", "");
    check(mute("link"), 1_000, 1_000, "", "logins 1");
    check(mute("40"), 1_000, 1_000, "", "logins 1");
    check(mute("420[\"join\""), 1_000, 1_000, "", "connections 1, logins 1");
    let deaf = |seen: &Seen<'_>| if seen.connects() { vec![(9, Arrival::NotLinked("refused"))] } else { polite(seen) };
    check(deaf, 1_000, 1_000, "", "connect failures 1, logins 1");
    // Between two turns.
    check(polite, 2_500, 2_500, "planned 4, sent 4, acks 2, ok 4", "connections 1, logins 1");
}

#[test]
fn an_open_action_may_end_and_nothing_is_sent_after_it() {
    check(bids_after(700), 1_500, 1_700, "planned 2, sent 1, acks 1, ok 1, unfinished 1", "connections 1, logins 1");
    let told = Simulation::new(&suite(SCENARIO)).server(bids_after(700)).stop_at(1_500).run();
    assert_eq!(told.log(|text| text.starts_with("> ")).last().unwrap(), "1700 > 41", "the goodbye is polite");
}

#[test]
fn what_is_open_at_the_end_of_the_drain_is_unfinished() {
    check(bids_after(4_900), 1_500, 1_500 + DRAIN, "planned 2, sent 1, unfinished 2", "connections 1, logins 1");
    // An ack in the last moment still counts.
    check(
        bids_after(500 + DRAIN),
        1_500,
        1_500 + DRAIN,
        "planned 2, sent 1, acks 1, ok 1, unfinished 1",
        "connections 1, logins 1",
    );
}

#[test]
fn an_action_that_times_out_while_the_run_drains_is_a_timeout() {
    check(bids_after(9_000), 5_900, 6_000, "planned 10, sent 1, timeout 1, unfinished 9", "connections 1, logins 1");
}

#[test]
fn turns_that_wait_when_the_run_is_stopped_are_unfinished() {
    check(bids_after(2_700), 3_500, 3_700, "planned 6, sent 1, acks 1, ok 1, unfinished 5", "connections 1, logins 1");
}

#[test]
fn a_connection_lost_in_the_drain_is_lost() {
    let reset = |seen: &Seen<'_>| if seen.emits("bid") { vec![(800, Arrival::Ended("reset"))] } else { polite(seen) };
    let life = "connections 1, logins 1, disconnects 1";
    let told = Simulation::new(&suite(SCENARIO)).server(reset).stop_at(1_500).run();
    assert_eq!((told.actions().as_str(), told.life().as_str()), ("planned 2, sent 1, disconnected 1, offline 1", life));
    assert_eq!(told.end, at(1_800));
}

#[test]
fn a_user_that_pauses_in_its_turn_does_not_drain() {
    let scenario = SCENARIO.replace("{ emit: look }", "{ pause: 900ms }, { emit: look }");
    let told = Simulation::new(&suite(&scenario)).stop_at(1_500).run();
    assert_eq!(told.actions(), "planned 2, sent 1, acks 1, ok 1, unfinished 1");
    assert_eq!(told.end, at(1_500));
}

#[test]
fn a_user_that_has_not_come_or_has_gone_is_not_disturbed() {
    let scenario = "every: 1s\nload: { stages: [{ duration: 0s, target: 1 }, { duration: 2s, target: 1 }, { duration: 0s, target: 0 }, { duration: 2s, target: 0 }, { duration: 0s, target: 2 }, { duration: 1m, target: 2 }] }\nact: [{ emit: bid, ack: {} }]";
    let told = Simulation::new(&suite(scenario)).stop_at(3_000).run();
    assert_eq!((told.actions().as_str(), told.end), ("planned 2, sent 2, acks 2, ok 2", at(3_000)));
    // One of two users is done when the run is stopped.
    let scenario =
        "load: { stages: [{ duration: 0s, target: 2 }, { duration: 2s, target: 0 }, { duration: 1m, target: 1 }] }";
    let told = Simulation::new(&suite(scenario)).stop_at(1_500).run();
    assert_eq!((told.life().as_str(), told.end), ("connections 2", at(1_500)));
}

#[test]
fn a_stop_in_the_teardown_ends_it() {
    let scenario = SCENARIO.replace("1h", "2s");
    let told = Simulation::new(&suite(&scenario)).server(mute("422[\"leave\"")).stop_at(2_500).run();
    assert_eq!(told.sent("leave").len(), 1);
    assert_eq!(told.end, at(2_500));
    assert_eq!(told.life(), "connections 1, logins 1");
}

#[test]
fn a_closed_loop_stops_too() {
    let scenario = SCENARIO.replace("every: 1s", "every: asap");
    let told = Simulation::new(&suite(&scenario)).server(bids_after(400)).stop_at(1_000).run();
    assert_eq!(told.actions(), "planned 6, sent 5, acks 3, ok 5, unfinished 1");
    assert!(told.end > at(1_000) && told.end < at(1_400));
}
