//! When turns are due, what becomes of those that come late, and how a stay ends.

use super::server::{Arrival, READY, Script, Seen, ack, polite};
use super::simulation::{Simulation, at, suite, suite_with};
use crate::metrics::Distribution;
use crate::plan::Rhythm;

const BID: &str = "act: [{ emit: bid, args: [\"{{ resource.id }}\", \"{{ step.number }}\"], ack: { ok: ack.ok } }]";

/// `load` over so many lots, a step of a second: at these milliseconds these users bid on these lots.
fn check_moments(lots: u64, load: &str, pattern: &str, expected: &[(f64, u64, &str)]) {
    let resources = format!("resources: {{ count: {lots}, id: \"lot-{{{{ index }}}}\" }}");
    let scenario = format!("load: {load}\npattern: {pattern}\nevery: 1s\nconnect: {{ rate: 1000/s }}\n{BID}");
    let told = Simulation::new(&suite_with(&resources, &scenario)).run();
    let sent = told.sent("bid");
    let lots = told.payloads("bid").into_iter().map(|json| json.split('"').nth(3).unwrap());
    let found: Vec<(f64, u64, &str)> = sent.iter().zip(lots).map(|((at, user), lot)| (*at, *user, lot)).collect();
    assert_eq!(found, expected);
    let n = expected.len();
    assert_eq!(told.actions(), format!("planned {n}, sent {n}, acks {n}, ok {n}"));
    assert_eq!(told.spread(Distribution::SendLateness).2, 0.0);
}

#[test]
fn one_user_goes_from_lot_to_lot_on_the_clock() {
    check_moments(
        4,
        "{ users: 1, duration: 5s }",
        "rotate",
        &[(1000.0, 0, "lot-1"), (2000.0, 0, "lot-2"), (3000.0, 0, "lot-3"), (4000.0, 0, "lot-0")],
    );
}

#[test]
fn fewer_users_than_lots_are_spread_backwards_over_the_step() {
    check_moments(
        4,
        "{ users: 2, duration: 2s }",
        "rotate",
        &[(500.0, 0, "lot-0"), (1000.0, 1, "lot-2"), (1500.0, 0, "lot-1")],
    );
}

#[test]
fn more_users_than_lots_act_by_cohorts() {
    check_moments(
        2,
        "{ users: 4, duration: 1500ms }",
        "rotate",
        &[(500.0, 2, "lot-0"), (500.0, 3, "lot-1"), (1000.0, 0, "lot-1"), (1000.0, 1, "lot-0")],
    );
}

#[test]
fn a_burst_is_one_moment_and_one_lot() {
    check_moments(
        2,
        "{ users: 3, duration: 3s }",
        "burst",
        &[
            (1000.0, 0, "lot-1"),
            (1000.0, 1, "lot-1"),
            (1000.0, 2, "lot-1"),
            (2000.0, 0, "lot-0"),
            (2000.0, 1, "lot-0"),
            (2000.0, 2, "lot-0"),
        ],
    );
}

/// One user, a step of a second: when it bids, what becomes of its actions, and the spread of `ack_latency`.
fn check(
    scenario: &str,
    server: impl FnMut(&Seen<'_>) -> Script,
    sent: &[f64],
    actions: &str,
    latency: (u64, f64, f64),
) {
    let told = Simulation::new(&suite(&format!("every: 1s\n{scenario}\n{BID}"))).server(server).run();
    assert_eq!(told.moments("> 42"), sent);
    assert_eq!(told.actions(), actions);
    assert_eq!(told.spread(Distribution::AckLatency), latency);
}

/// Acks of bids come so many milliseconds after the moments there, else as usual.
fn slow<'a>(delays: &'a [(u64, u64)]) -> impl FnMut(&Seen<'_>) -> Script + 'a {
    |seen| {
        let delay = delays.iter().find(|(at, _)| *at == seen.ms()).map(|(_, delay)| *delay);
        match (seen.asks("bid"), delay) {
            (Some(number), Some(delay)) => vec![(delay, ack(number, r#"[{"ok":true}]"#))],
            _ => polite(seen),
        }
    }
}

#[test]
fn a_queued_turn_waits_and_its_latency_counts_from_its_planned_moment() {
    check(
        "load: { users: 1, duration: 6s }",
        slow(&[(1000, 2500)]),
        &[1000.0, 3500.0, 3520.0, 4000.0, 5000.0],
        "planned 5, sent 5, acks 5, ok 5",
        (5, 20.0, 2500.0),
    );
    let scenario = format!("every: 1s\nload: {{ users: 1, duration: 6s }}\n{BID}");
    let told = Simulation::new(&suite(&scenario)).server(slow(&[(1000, 2500)])).run();
    let steps: Vec<&str> = told.payloads("bid").iter().map(|json| &json[15..16]).collect();
    assert_eq!(steps, ["1", "2", "3", "4", "5"], "in order");
    assert_eq!(told.spread(Distribution::AckService), (5, 20.0, 2500.0));
    assert_eq!(told.spread(Distribution::SendLateness), (5, 0.0, 1500.0));
}

const SKIP: &str = "late: skip\nload: { users: 1, duration: 5s }";

/// Slack 450 ms: a gap of a step of 1 s, and 550 ms are needed.
fn check_skip(delay: u64, sent: &[f64], actions: &str) {
    let top = "resources: { count: 4 }\ncooldown: { per_user: 500ms }";
    let told =
        Simulation::new(&suite_with(top, &format!("every: 1s\n{SKIP}\n{BID}"))).server(slow(&[(1000, delay)])).run();
    assert_eq!(told.moments("> 42"), sent);
    assert_eq!(told.actions(), actions);
}

#[test]
fn a_late_turn_is_skipped_once_the_slack_is_used_up() {
    check_skip(1450, &[1000.0, 2450.0, 3000.0, 4000.0], "planned 4, sent 4, acks 4, ok 4");
    check_skip(1451, &[1000.0, 3000.0, 4000.0], "planned 4, sent 3, acks 3, ok 3, busy 1");
    check_skip(2460, &[1000.0, 4000.0], "planned 4, sent 2, acks 2, ok 2, busy 2");
}

#[test]
fn a_timer_that_fires_late_skips_nothing() {
    let top = "resources: { count: 4 }\ncooldown: { per_user: 950ms }";
    let told = Simulation::new(&suite_with(top, &format!("every: 1s\n{SKIP}\n{BID}"))).lag(5).run();
    assert_eq!(told.actions(), "planned 4, sent 4, acks 4, ok 4");
    assert_eq!(told.spread(Distribution::SendLateness), (4, 5.0, 5.0));
}

#[test]
fn turns_are_due_from_the_latest_moment_even_if_the_user_is_not_ready() {
    let scenario =
        "load: { users: 1, duration: 7s }\nconnect: { within: 1s }\nsetup: [{ emit: join, ack: { within: 1s } }]
reconnect: { wait: 1s, jitter: 0% }";
    // The namespace is answered from 2.5 s on: the first attempt fails at 1 s, the second runs from 2 s.
    let late = |seen: &Seen<'_>| {
        if seen.joins() && seen.ms() < 2_500 {
            vec![(2_500 - seen.ms(), Arrival::Text(r#"40{"sid":"a"}"#.into()))]
        } else {
            polite(seen)
        }
    };
    check(
        scenario,
        late,
        &[2500.0, 3000.0, 4000.0, 5000.0, 6000.0],
        "planned 5, sent 4, acks 4, ok 4, offline 1",
        (4, 20.0, 20.0),
    );
    let never = |seen: &Seen<'_>| if seen.joins() { Vec::new() } else { polite(seen) };
    check(scenario, never, &[], "planned 5, offline 5", (0, 0.0, 0.0));
}

#[test]
fn the_first_turn_is_the_first_step_after_ready() {
    // Ready at 1010 ms: the step at 1000 ms is gone, and never was this user's.
    let slow_link = |seen: &Seen<'_>| {
        if seen.connects() { polite(seen).into_iter().map(|(_, what)| (1000, what)).collect() } else { polite(seen) }
    };
    check(
        "load: { users: 1, duration: 4s }",
        slow_link,
        &[2000.0, 3000.0],
        "planned 2, sent 2, acks 2, ok 2",
        (2, 20.0, 20.0),
    );
}

#[test]
fn a_late_timer_at_the_latest_moment_loses_no_turn() {
    // Due from 2000 ms on at the latest; the timer fires at 2005 ms, and the user becomes ready at 2003 ms.
    let scenario = "load: { users: 1, duration: 4s }\nconnect: { within: 2s }\nevery: 1s";
    let ready = |seen: &Seen<'_>| {
        if seen.joins() { vec![(2_003 - seen.ms(), Arrival::Text(r#"40{"sid":"a"}"#.into()))] } else { polite(seen) }
    };
    let told = Simulation::new(&suite(&format!("{scenario}\n{BID}"))).server(ready).lag(5).run();
    assert_eq!(told.actions(), "planned 2, sent 2, acks 2, ok 2");
}

#[test]
fn an_open_turn_ends_before_the_user_leaves() {
    let scenario =
        format!("every: 1s\nload: {{ users: 1, duration: 3s }}\nteardown: [{{ emit: leave, ack: {{}} }}]\n{BID}");
    let told = Simulation::new(&suite(&scenario)).server(slow(&[(2000, 1500)])).run();
    let tail = told.log(|text| !text.starts_with("42") && !text.contains("bid"));
    let tail: Vec<&str> = tail.iter().map(String::as_str).skip_while(|line| !line.contains("431")).collect();
    assert_eq!(
        tail,
        [
            "3500 < 431[{\"ok\":true}]",
            "3500 > 422[\"leave\"]",
            "3520 < 432[{\"ok\":true}]",
            "3520 > 41",
            "3520 close",
            "3520 done"
        ]
    );
    assert_eq!(told.actions(), "planned 2, sent 2, acks 2, ok 2");
    assert_eq!(told.life(), "connections 1");
}

#[test]
fn turns_that_wait_at_the_end_of_the_stay_are_busy() {
    check(
        "load: { users: 1, duration: 4s }",
        slow(&[(1000, 4500)]),
        &[1000.0],
        "planned 3, sent 1, acks 1, ok 1, busy 2",
        (1, 4500.0, 4500.0),
    );
}

#[test]
fn a_turn_just_before_the_end_is_not_lost_to_a_late_timer() {
    let scenario = format!("every: 1s\nload: {{ users: 1, duration: 2001ms }}\n{BID}");
    let told = Simulation::new(&suite(&scenario)).lag(3).run();
    assert_eq!(told.sent("bid"), [(1003.0, 0), (2003.0, 0)]);
    assert_eq!(told.actions(), "planned 2, sent 2, acks 2, ok 2");
}

#[test]
fn a_turn_due_at_the_very_end_is_not_due() {
    check("load: { users: 1, duration: 2s }", polite, &[1000.0], "planned 1, sent 1, acks 1, ok 1", (1, 20.0, 20.0));
}

const DOWN_AND_UP: &str = "every: 1s
load:
  stages: [{ duration: 0s, target: 1 }, { duration: 2500ms, target: 1 }, { duration: 0s, target: 0 }, { duration: 2s, target: 0 }, { duration: 0s, target: 1 }, { duration: 2500ms, target: 1 }]
login: [{ post: /login, save: { token: response.json.token } }]
connect: { auth: { token: \"{{ token }}\" } }
setup: [{ emit: join, ack: {} }]";

#[test]
fn a_user_that_comes_back_connects_and_sets_up_but_does_not_log_in_again() {
    let told = Simulation::new(&suite(&format!("{DOWN_AND_UP}\n{BID}"))).run();
    assert_eq!(told.life(), "connections 2, logins 1");
    assert_eq!(told.moments("connect"), [5.0, 4500.0]);
    assert_eq!(told.sent("join"), [(25.0, 0), (4520.0, 0)]);
    assert_eq!(told.sent("bid"), [(1000.0, 0), (2000.0, 0), (5000.0, 0), (6000.0, 0)]);
    assert_eq!(told.log(|text| text.starts_with("> 40")).len(), 2);
    assert_eq!(told.moments("done"), [7000.0]);
    assert_eq!(told.sink.ready, 1, "ready is counted once");
}

#[test]
fn a_turn_that_reaches_over_the_whole_next_stay_leaves_it_out() {
    let never = |seen: &Seen<'_>| if seen.emits("bid") { Vec::new() } else { polite(seen) };
    let scenario = DOWN_AND_UP.replace("setup", "x-setup").replace("x-setup: [{ emit: join, ack: {} }]", "");
    let act = "act: [{ emit: bid, ack: { within: 30s } }]";
    let told = Simulation::new(&suite(&format!("{scenario}\n{act}"))).server(never).run();
    assert_eq!(told.moments("connect"), [5.0]);
    assert_eq!(told.actions(), "planned 2, sent 1, timeout 1, busy 1");
}

#[test]
fn a_turn_that_reaches_into_the_next_stay_shortens_it() {
    // The user leaves at the end of a turn, of a teardown that asks for no ack (it stays a moment, to be heard), and of
    // one that waits.
    for (teardown, connect) in
        [("", 5000.0), ("teardown: [{ emit: leave }]\n", 5100.0), ("teardown: [{ emit: leave, ack: {} }]\n", 5020.0)]
    {
        let told =
            Simulation::new(&suite(&format!("{DOWN_AND_UP}\n{teardown}{BID}"))).server(slow(&[(2000, 3000)])).run();
        assert_eq!(told.moments("connect"), [5.0, connect]);
        assert_eq!(told.sent("bid"), [(1000.0, 0), (2000.0, 0), (6000.0, 0)]);
        assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    }
}

#[test]
fn a_closed_loop_goes_on_as_soon_as_a_turn_has_ended() {
    let told = Simulation::new(&suite(&format!("every: asap\nload: {{ users: 1, duration: 100ms }}\n{BID}"))).run();
    let ready = READY as f64;
    assert_eq!(told.moments("> 42"), [ready, ready + 20.0, ready + 40.0, ready + 60.0]);
    assert_eq!(
        told.payloads("bid"),
        ["[\"bid\",\"lot-0\",0]", "[\"bid\",\"lot-1\",1]", "[\"bid\",\"lot-2\",2]", "[\"bid\",\"lot-3\",3]"]
    );
    assert_eq!(told.actions(), "planned 4, sent 4, acks 4, ok 4");
}

#[test]
fn a_closed_loop_whose_turns_take_no_time_goes_on_and_lets_others_live() {
    let act = "act: [{ emit: bid, args: [\"{{ token }}\"], ack: { save: { token: ack.x } } }]"
        .replace("ack: { save: { token: ack.x } }", "ack: {}, save: { token: ack.x }");
    let told = Simulation::new(&suite(&format!("every: asap\nload: {{ users: 2, duration: 1s }}\n{act}"))).run();
    // One user is there from 20 ms, the other from 40 ms on; a turn a millisecond.
    assert_eq!(told.actions(), "planned 1940, generator 1940");
    assert_eq!(told.end, at(1000));
}

#[test]
fn one_turn_of_a_closed_loop_without_acks_is_one_turn() {
    let act = "act: [{ emit: bid }]\nteardown: [{ emit: leave }]";
    let mut simulation = Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 1h }}\n{act}")));
    let scenario = &mut simulation.plan.scenarios[0];
    (scenario.rhythm, scenario.most_turns) = (Rhythm::ClosedLoop, Some(1));
    let told = simulation.run();
    assert_eq!(told.actions(), "planned 1, sent 1, ok 1");
    assert_eq!(told.sent("leave").len(), 1);
    assert!(told.end < at(200), "{}", told.end);
}

#[test]
fn a_user_that_came_for_one_turn_and_cannot_come_back_leaves() {
    let silent = |_: &Seen<'_>| Vec::new();
    let mut simulation =
        Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 1h }}\n{BID}"))).server(silent);
    let scenario = &mut simulation.plan.scenarios[0];
    (scenario.rhythm, scenario.most_turns, scenario.reconnect) = (Rhythm::ClosedLoop, Some(1), None);
    let told = simulation.run();
    assert!(told.end < at(60_000), "{}", told.end);
}

#[test]
fn users_without_act_only_come_and_go() {
    let told = Simulation::new(&suite("load: { users: 2, duration: 2s }\nteardown: [{ emit: bye }]")).run();
    assert_eq!((told.actions(), told.life()), (String::new(), "connections 2".into()));
    assert_eq!(told.sent("bye"), [(2000.0, 0), (2000.0, 1)]);
    assert_eq!(told.sink.ready, 2);
}
