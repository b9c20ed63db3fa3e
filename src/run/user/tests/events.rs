//! Events: expected, as answers to emits, and reacted to.

use super::books::Told;
use super::server::{Arrival, Script, Seen, ack, polite};
use super::simulation::{Simulation, suite};
use crate::metrics::{Counter, Distribution};

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Told {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"))).server(server).run()
}

fn event(text: &str) -> Arrival {
    Arrival::Text(format!("42{text}"))
}

/// The id of the action in the first argument of a bid.
fn id(seen: &Seen<'_>) -> String {
    seen.text().unwrap().split('"').nth(3).unwrap().to_owned()
}

/// Bids are acked after 20 ms and answered by these events, `ID` being that of the action, in turn.
fn answering<'a>(rounds: &'a [&'a [(u64, &'a str)]]) -> impl FnMut(&Seen<'_>) -> Script + 'a {
    let mut round = 0;
    move |seen| {
        let mut script = polite(seen);
        if seen.emits("bid") {
            let events = rounds[round % rounds.len()];
            round += 1;
            script.extend(events.iter().map(|(after, text)| (*after, event(&text.replace("ID", &id(seen))))));
        }
        script
    }
}

const EXPECT: &str = "act:
  - { emit: bid, args: [\"{{ action.id }}\"], ack: {} }
  - { expect: placed, where: data.ref == action.id, within: 400ms, save: { price: data.price } }
  - { emit: look, args: [\"{{ price }}\"] }";

fn check(scenario: &str, rounds: &[&[(u64, &str)]], actions: &str, looks: &[f64]) -> Told {
    let told = simulate(scenario, answering(rounds));
    assert_eq!(told.actions(), actions, "{:#?}", told.log);
    let sent: Vec<f64> = told.sent("look").iter().map(|(at, _)| *at).collect();
    assert_eq!(sent, looks, "{:#?}", told.log);
    told
}

#[test]
fn an_event_is_expected_before_and_after_it_comes() {
    let (before, after) = ((5, r#"["placed",{"ref":"ID","price":7}]"#), (50, r#"["placed",{"ref":"ID","price":7}]"#));
    let all = "planned 6, sent 6, acks 3, ok 6";
    let told = check(EXPECT, &[&[before], &[after], &[before, after]], all, &[1020.0, 2050.0, 3020.0]);
    assert_eq!((told.payloads("look").concat(), told.count(Counter::StepErrors)), (r#"["look",7]"#.repeat(3), 0));
    assert_eq!(told.spread(Distribution::SendLateness).2, 0.0, "waiting for an event is no lateness");
}

#[test]
fn an_event_that_does_not_come_ends_the_turn() {
    let other = (30, r#"["placed",{"ref":"other"}]"#);
    let late = (421, r#"["placed",{"ref":"ID"}]"#);
    let actions = "planned 6, sent 3, acks 3, ok 3, abandoned 3";
    let told = check(EXPECT, &[&[other], &[], &[late]], actions, &[]);
    assert_eq!(told.findings(), ["step: placed did not come ×3"]);
    assert_eq!(told.example("placed did not come"), "none that was meant within 400ms");
    let on_time = (420, r#"["placed",{"ref":"ID","price":1}]"#);
    check(EXPECT, &[&[on_time]], "planned 6, sent 6, acks 3, ok 6", &[1420.0, 2420.0, 3420.0]);
}

#[test]
fn an_event_of_the_last_turn_is_none_of_this_one() {
    let act = "act: [{ emit: bid, args: [x], ack: {} }, { expect: placed, within: 100ms }, { emit: look }]";
    let actions = "planned 6, sent 4, acks 3, ok 4, abandoned 2";
    // In the first turn one too many; in the second it comes when the turn has ended.
    let rounds: &[&[(u64, &str)]] = &[&[(10, r#"["placed"]"#), (12, r#"["placed"]"#)], &[(500, r#"["placed"]"#)], &[]];
    check(act, rounds, actions, &[1020.0]);
}

#[test]
fn each_expectation_takes_an_event_of_its_own_and_some_take_several() {
    let two = "act: [{ emit: bid, args: [x], ack: {} }, { expect: placed }, { expect: placed, where: data > 1 }, { emit: look }]";
    let rounds: &[&[(u64, &str)]] = &[&[(5, r#"["placed",2]"#), (90, r#"["placed",1]"#), (200, r#"["placed",3]"#)]];
    check(two, rounds, "planned 6, sent 6, acks 3, ok 6", &[1200.0, 2200.0, 3200.0]);
    let count = "act: [{ emit: bid, args: [x], ack: {} }, { expect: placed, count: 3, within: 250ms }, { emit: look }]";
    check(count, rounds, "planned 6, sent 6, acks 3, ok 6", &[1200.0, 2200.0, 3200.0]);
    let short: &[&[(u64, &str)]] = &[&[(5, r#"["placed",2]"#), (90, r#"["placed",1]"#)]];
    let told = check(count, short, "planned 6, sent 3, acks 3, ok 3, abandoned 3", &[]);
    assert_eq!(told.example("placed did not come"), "2 of 3 within 250ms");
}

#[test]
fn what_must_never_come_is_waited_for_to_the_end() {
    let act = "act: [{ emit: bid, args: [x], ack: {} }, { expect: placed, where: data == 1, never: true, within: 300ms }, { emit: look }]";
    let rounds: &[&[(u64, &str)]] = &[&[(30, r#"["placed",2]"#), (321, r#"["placed",1]"#)]];
    check(act, rounds, "planned 6, sent 6, acks 3, ok 6", &[1320.0, 2320.0, 3320.0]);
    let rounds: &[&[(u64, &str)]] = &[&[(30, r#"["placed",2]"#), (200, r#"["placed",1]"#)], &[(5, r#"["placed",1]"#)]];
    let told = check(act, rounds, "planned 6, sent 3, acks 3, ok 3, abandoned 3", &[]);
    assert_eq!(told.findings(), ["step: placed came, which it must never ×3"]);
}

#[test]
fn texts_of_events_are_looked_at_joined() {
    let chunks: &[&[(u64, &str)]] =
        &[&[(5, r#"["chunk","hel"]"#), (60, r#"["chunk","lo "]"#), (90, r#"["chunk","world"]"#)]];
    let act = "act: [{ emit: bid, args: [x], ack: {} }, { expect: chunk, where: \"'o w' in data\", joined: true, save: { all: data } }, { emit: look, args: [\"{{ all }}\"] }]";
    let told = check(act, chunks, "planned 6, sent 6, acks 3, ok 6", &[1090.0, 2090.0, 3090.0]);
    assert_eq!(told.payloads("look")[0], r#"["look","hello world"]"#);
    let reply = "act: [{ emit: bid, args: [x], reply: { event: chunk, where: \"'o w' in data\", joined: true, save: { all: data } } }, { emit: look, args: [\"{{ all }}\"] }]";
    let told = check(reply, chunks, "planned 6, sent 6, acks 3, ok 6", &[1090.0, 2090.0, 3090.0]);
    assert_eq!(told.payloads("look")[0], r#"["look","hello world"]"#);
}

#[test]
fn setup_waits_for_events_that_came_with_the_connection() {
    let scenario = "setup: [{ expect: welcome, within: 500ms, save: { room: data.room } }]\nact: [{ emit: bid, args: [\"{{ room }}\"], ack: {} }]";
    let greeting = |seen: &Seen<'_>| {
        let mut script = polite(seen);
        if seen.joins() {
            // Before the CONNECT reply.
            script.push((5, event(r#"["welcome",{"room":"r1"}]"#)));
        }
        script
    };
    let told = simulate(scenario, greeting);
    assert_eq!((told.payloads("bid"), told.life().as_str()), (vec![r#"["bid","r1"]"#; 3], "connections 1"));
}

#[test]
fn an_event_too_many_is_forgotten_and_counted() {
    let flood = |seen: &Seen<'_>| match seen.emits("bid") {
        true => (0..1_005).map(|n| (1, event(&format!(r#"["placed",{n}]"#)))).chain(polite(seen)).collect(),
        false => polite(seen),
    };
    let act = "act: [{ emit: bid, ack: {} }, { expect: placed, save: { first: data } }, { emit: look, args: [\"{{ first }}\"] }]";
    let told = simulate(act, flood);
    assert_eq!((told.payloads("look")[0], told.count(Counter::EventsForgotten)), (r#"["look",5]"#, 15));
}

const REPLY: &str = "act:
  - emit: bid
    args: [\"{{ action.id }}\"]
    reply: { event: placed, where: data.ref == action.id, ok: data.price > 0, within: 300ms, save: { price: data.price } }
    rejected: { event: exception, where: \"data.ref == action.id and 'slow' in data.why\" }
    failed: { event: exception, where: data.ref == action.id }
  - { emit: look, args: [\"{{ price }}\"] }";

#[test]
fn an_event_decides_what_becomes_of_an_action() {
    let ok = (40, r#"["placed",{"ref":"ID","price":7}]"#);
    let three = &[1040.0, 2040.0, 3040.0];
    let told = check(REPLY, &[&[ok]], "planned 6, sent 6, acks 3, ok 6", three);
    assert_eq!(told.payloads("look")[0], r#"["look",7]"#);
    assert_eq!(told.spread(Distribution::AckLatency), (3, 40.0, 40.0));
    let not_ok = (40, r#"["placed",{"ref":"ID","price":0}]"#);
    check(REPLY, &[&[not_ok]], "planned 6, sent 3, acks 3, failed 3, abandoned 3", &[]);
    let no = (40, r#"["exception",{"ref":"ID","why":"too slow"}]"#);
    let told = simulate(REPLY, answering(&[&[ok], &[no], &[(30, r#"["exception",{"ref":"ID","why":"?"}]"#)]]));
    assert_eq!(told.actions(), "planned 6, sent 5, acks 3, ok 3, rejected 1, failed 1, abandoned 1");
    assert_eq!(told.findings(), ["action: bid failed ×1", "action: bid rejected: unexplained ×1"]);
}

#[test]
fn an_event_that_names_no_action_is_for_the_open_one() {
    let no = (40, r#"["exception",{"why":"slow down"}]"#);
    let told = simulate(
        REPLY,
        answering(&[&[(20, r#"["placed",{"ref":"ID","price":7}]"#)], &[no], &[(30, r#"["exception",{}]"#)]]),
    );
    assert_eq!(told.actions(), "planned 6, sent 5, acks 3, ok 3, rejected 1, failed 1, abandoned 1");
    let other = (40, r#"["exception",{"ref":"other","why":"slow"}]"#);
    check(REPLY, &[&[other]], "planned 6, sent 3, timeout 3, abandoned 3", &[]);
}

#[test]
fn a_late_reply_is_counted_and_taken_for_no_other() {
    // The first answer comes while the second action waits, the second before the third.
    let late = |after| (after, r#"["placed",{"ref":"ID","price":7}]"#);
    let rounds: &[&[(u64, &str)]] = &[&[late(1_100)], &[late(301)], &[late(100)]];
    let told = simulate(REPLY, answering(rounds));
    assert_eq!(told.actions(), "planned 6, sent 4, acks 1, ok 2, timeout 2, abandoned 2, late 2");
    assert_eq!(told.example("bid timed out"), "step 1: no answer came within 300ms");
    assert_eq!(told.spread(Distribution::AckService), (3, 100.0, 300.0));
}

#[test]
fn an_ack_that_is_ok_leaves_the_last_word_to_the_reply() {
    let act = "act:
  - emit: bid
    args: [\"{{ action.id }}\"]
    ack: { within: 200ms, ok: ack.ok, rejected: ack.no }
    reply: { event: placed, where: data == action.id, within: 300ms }
  - { emit: look }";
    let placed = |after| (after, r#"["placed","ID"]"#);
    check(act, &[&[placed(60)]], "planned 6, sent 6, acks 3, ok 6", &[1060.0, 2060.0, 3060.0]);
    // The reply may be first; then its ack decides nothing and is not late.
    check(act, &[&[placed(5)]], "planned 6, sent 6, acks 3, ok 6", &[1005.0, 2005.0, 3005.0]);
    // Each has its own time.
    check(act, &[&[placed(299)]], "planned 6, sent 6, acks 3, ok 6", &[1299.0, 2299.0, 3299.0]);
    for (act, within) in [(act.replace("200ms", "5s"), 300.0), (act.replace("200ms", "10ms"), 10.0)] {
        let told = check(&act, &[&[placed(301)]], "planned 6, sent 3, timeout 3, abandoned 3, late 3", &[]);
        assert_eq!(told.spread(Distribution::AckService), (3, within, within));
    }
    check(act, &[&[]], "planned 6, sent 3, timeout 3, abandoned 3", &[]);
    let mut bids = 0;
    let refusing = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) => {
            bids += 1;
            vec![
                (20, ack(number, if bids == 1 { r#"[{"no":1}]"# } else { "[{}]" })),
                (50, event(&format!(r#"["placed","{}"]"#, id(seen)))),
            ]
        }
        None => polite(seen),
    };
    let told = simulate(act, refusing);
    assert_eq!(told.actions(), "planned 6, sent 4, acks 3, ok 1, rejected 1, failed 2, abandoned 2");
}

#[test]
fn a_refusal_by_event_beside_an_ack() {
    let act = "act: [{ emit: bid, args: [\"{{ action.id }}\"], ack: { within: 200ms, ok: ack.ok }, rejected: { event: exception } }, { emit: look }]";
    let silent = |seen: &Seen<'_>| match seen.emits("bid") {
        true => vec![(30, event(r#"["exception"]"#))],
        false => polite(seen),
    };
    assert_eq!(simulate(act, silent).actions(), "planned 6, sent 6, acks 3, ok 3, rejected 3");
    assert_eq!(simulate(act, polite).actions(), "planned 6, sent 6, acks 3, ok 6");
}

#[test]
fn handlers_run_while_the_turn_waits() {
    let scenario = "act: [{ emit: bid, args: [x], ack: {} }, { pause: 300ms }, { emit: look, args: [\"{{ last }}\"] }]
on:
  outbid:
    - set: { last: \"{{ data.price }}\" }
    - pause: 50ms
    - { emit: thanks, args: [\"{{ data.price }}\", \"{{ args[1] }}\"], ack: { within: 100ms } }
    - { emit: again, args: [\"{{ data.price }}\"] }";
    let rounds: &[&[(u64, &str)]] =
        &[&[(100, r#"["outbid",{"price":3},"x"]"#), (120, r#"["outbid",{"price":4},"y"]"#)], &[], &[]];
    let told = check(scenario, rounds, "planned 6, sent 6, acks 3, ok 6", &[1320.0, 2320.0, 3320.0]);
    assert_eq!(told.payloads("look")[0], r#"["look",4]"#);
    assert_eq!(told.sent("thanks"), [(1150.0, 0), (1170.0, 0)]);
    assert_eq!(told.payloads("thanks"), [r#"["thanks",3,"x"]"#, r#"["thanks",4,"y"]"#]);
    assert_eq!(told.sent("again"), [(1170.0, 0), (1190.0, 0)]);
    assert_eq!(told.life(), "connections 1");
}

#[test]
fn a_handler_that_fails_ends_alone() {
    let scenario = "act: [{ emit: bid, args: [x], ack: {} }]\non: { outbid: [{ emit: thanks, ack: { within: 100ms, ok: ack.fine } }, { emit: again }] }";
    let told = simulate(scenario, answering(&[&[(50, r#"["outbid"]"#)]]));
    assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    assert_eq!((told.sent("thanks").len(), told.sent("again").len()), (3, 0));
    assert_eq!(told.findings(), ["step: thanks failed ×3"]);
}

#[test]
fn a_seventeenth_handler_is_counted_and_not_run() {
    let scenario = "act: [{ emit: bid, ack: {} }]\non: { tick: [{ pause: 500ms }, { emit: tock }] }";
    let flood = |seen: &Seen<'_>| match seen.emits("bid") {
        true => (0..20).map(|n| (n, event(r#"["tick"]"#))).chain(polite(seen)).collect(),
        false => polite(seen),
    };
    let told = simulate(scenario, flood);
    assert_eq!((told.sent("tock").len(), told.count(Counter::HandlersDropped)), (48, 12));
}

#[test]
fn what_the_server_asks_is_answered() {
    let scenario = "setup: [{ pause: 1s }]\non: { question: [{ answer: [\"{{ data }}\", { me: \"{{ user.index }}\" }] }, { emit: told }], news: [{ answer: [] }] }";
    let asking = |seen: &Seen<'_>| {
        let mut script = polite(seen);
        if seen.joins() {
            script.push((30, Arrival::Text(r#"427["question","why?"]"#.into())));
            script.push((40, event(r#"["news"]"#)));
        }
        script
    };
    let text = suite(&format!("load: {{ users: 1, duration: 2s }}\n{scenario}"));
    let told = Simulation::new(&text).server(asking).run();
    assert_eq!(told.log(|text| text.starts_with("> 43")), [r#"40 > 437["why?",{"me":0}]"#]);
    assert_eq!(told.sent("told"), [(40.0, 0)]);
    assert_eq!(told.findings(), ["step: nothing to answer ×1"]);
}

#[test]
fn handlers_end_with_the_connection_and_with_the_stop() {
    let scenario = "act: [{ emit: bid, ack: {} }]\non: { tick: [{ get: /slow, within: 5s }, { emit: tock }] }\nreconnect: { wait: 100ms, jitter: 0% }";
    let server = |seen: &Seen<'_>| match seen.requests() {
        true => vec![(4_000, Arrival::Response(200, String::new()))],
        false if seen.joins() && seen.wire == 1 => {
            let mut script = polite(seen);
            script.extend([(100, event(r#"["tick"]"#)), (1_500, Arrival::Ended("reset"))]);
            script
        }
        false if seen.joins() => polite(seen).into_iter().chain([(500, event(r#"["tick"]"#))]).collect(),
        false => polite(seen),
    };
    let told = simulate(scenario, server);
    assert_eq!((told.moments("GET /slow"), told.moments("forget")), (vec![110.0, 2120.0], vec![1510.0, 4000.0]));
    let text = suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"));
    let told = Simulation::new(&text).server(server).stop_at(1_000).run();
    assert_eq!(told.moments("forget"), [1000.0]);
}
