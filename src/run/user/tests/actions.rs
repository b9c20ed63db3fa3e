//! What becomes of actions, and what a turn does after it.

use std::collections::BTreeSet;

use super::server::{Arrival, Script, Seen, ack, polite};
use super::simulation::{Simulation, suite, suite_with};
use crate::metrics::{Counter, Distribution, Part};

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(act: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Simulation<'a> {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{act}"))).server(server)
}

fn check(act: &str, server: impl FnMut(&Seen<'_>) -> Script, actions: &str) {
    let told = simulate(act, server).run();
    assert_eq!(told.actions(), actions, "{:#?}", told.log);
    assert_eq!(told.life().replace(", step errors 3", ""), "connections 1");
}

/// Bids are answered with these arguments, by the second in which they come.
fn answers<'a>(by_second: &'a [&'a str]) -> impl FnMut(&Seen<'_>) -> Script + 'a {
    |seen| match seen.asks("bid") {
        Some(number) => {
            let second = usize::try_from(seen.ms() / 1000).unwrap();
            vec![(30, ack(number, by_second[(second - 1).min(by_second.len() - 1)]))]
        }
        None => polite(seen),
    }
}

const JUDGED: &str = "act: [{ emit: bid, ack: { within: 500ms, ok: ack.ok, rejected: ack.error == 'cooldown' } }]";

#[test]
fn an_answer_is_ok_rejected_or_failed() {
    let replies = [r#"[{"ok":true}]"#, r#"[{"ok":false,"error":"cooldown"}]"#, r#"[{"ok":false,"error":"other"}]"#];
    check(JUDGED, answers(&replies), "planned 3, sent 3, acks 3, ok 1, rejected 1, failed 1");
    check(JUDGED, answers(&["[]", "[null]", "[1,2]"]), "planned 3, sent 3, acks 3, failed 3");
    check("act: [{ emit: bid, ack: {} }]", answers(&["[]"]), "planned 3, sent 3, acks 3, ok 3");
    check("act: [{ emit: bid, ack: { ok: false } }]", answers(&["[]"]), "planned 3, sent 3, acks 3, failed 3");
}

#[test]
fn what_went_wrong_is_told_with_the_servers_words() {
    let told = simulate(JUDGED, answers(&[r#"[{"error":"cooldown"}]"#])).run();
    assert_eq!(told.findings(), ["action: bid rejected: unexplained ×3"]);
    assert_eq!(told.example("bid rejected: unexplained"), r#"step 1: [{"error":"cooldown"}]"#);
}

#[test]
fn without_an_ack_an_action_is_ok_when_it_is_sent() {
    let told = simulate("act: [{ emit: bid }]", polite).run();
    assert_eq!(told.actions(), "planned 3, sent 3, ok 3");
    assert_eq!(told.spread(Distribution::AckLatency).0, 0);
}

#[test]
fn silence_is_a_timeout_at_its_deadline() {
    let silent = |seen: &Seen<'_>| if seen.emits("bid") { Vec::new() } else { polite(seen) };
    let told = simulate(JUDGED, silent).run();
    assert_eq!(told.actions(), "planned 3, sent 3, timeout 3");
    assert_eq!(told.spread(Distribution::AckLatency), (3, 500.0, 500.0));
    assert_eq!(told.spread(Distribution::AckService), (3, 500.0, 500.0));
    assert_eq!(told.example("bid timed out"), "step 1: no ack came within 500ms");
}

#[test]
fn a_late_answer_is_counted_for_its_action_and_taken_for_no_other() {
    // The first answer comes when the second action waits for its own, which is a rejection.
    let replies =
        [(1100, r#"[{"ok":true}]"#), (200, r#"[{"ok":false,"error":"cooldown"}]"#), (200, r#"[{"ok":true}]"#)];
    let late = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) => {
            let (delay, args) = replies[usize::try_from(seen.ms() / 1000).unwrap() - 1];
            vec![(delay, ack(number, args))]
        }
        None => polite(seen),
    };
    let told = simulate(JUDGED, late).run();
    assert_eq!(told.actions(), "planned 3, sent 3, acks 2, ok 1, rejected 1, timeout 1, late 1");
    let of_the_action = told.plan.axes.cells(Part { scenario: Some(0), action: Some(0), ..Part::default() });
    let late: u64 = of_the_action.map(|cell| told.sink.recorder.cell(cell).counter(Counter::LateAnswers)).sum();
    assert_eq!(late, 1);
}

#[test]
fn an_answer_on_time_is_one_seen_by_the_deadline() {
    let after = |delay: u64| {
        move |seen: &Seen<'_>| match seen.asks("bid") {
            Some(number) => vec![(delay, ack(number, r#"[{"ok":true}]"#))],
            None => polite(seen),
        }
    };
    assert_eq!(simulate(JUDGED, after(500)).run().actions(), "planned 3, sent 3, acks 3, ok 3");
    assert_eq!(simulate(JUDGED, after(501)).run().actions(), "planned 3, sent 3, timeout 3, late 3");
    // Seen before the timer, which is late, but after the deadline: the same.
    let told = simulate(JUDGED, after(501)).lag(5).run();
    assert_eq!(told.actions(), "planned 3, sent 3, timeout 3, late 3");
    assert_eq!(told.spread(Distribution::AckService), (3, 500.0, 500.0));
}

const TWO: &str = "act:
  - { emit: bid, ack: { within: 200ms, ok: ack.ok, rejected: ack.error } }
  - { emit: look, ack: {} }";

#[test]
fn a_rejected_action_goes_on_and_a_failed_one_ends_the_turn() {
    check(TWO, answers(&[r#"[{"ok":true}]"#]), "planned 6, sent 6, acks 6, ok 6");
    check(TWO, answers(&[r#"[{"error":"no"}]"#]), "planned 6, sent 6, acks 6, ok 3, rejected 3");
    check(TWO, answers(&["[{}]"]), "planned 6, sent 3, acks 3, failed 3, abandoned 3");
    let silent = |seen: &Seen<'_>| if seen.emits("bid") { Vec::new() } else { polite(seen) };
    check(TWO, silent, "planned 6, sent 3, timeout 3, abandoned 3");
    let goes_on = format!("on_failure: continue\n{TWO}");
    check(&goes_on, silent, "planned 6, sent 6, acks 3, ok 3, timeout 3");
    check(&goes_on, answers(&["[{}]"]), "planned 6, sent 6, acks 6, ok 3, failed 3");
}

#[test]
fn the_second_action_is_planned_for_when_the_first_has_ended() {
    let told = simulate(TWO, answers(&[r#"[{"ok":true}]"#])).run();
    assert_eq!(told.sent("look"), [(1030.0, 0), (2030.0, 0), (3030.0, 0)]);
    assert_eq!(told.spread(Distribution::AckLatency), (6, 20.0, 30.0));
    assert_eq!(told.spread(Distribution::SendLateness), (6, 0.0, 0.0));
}

#[test]
fn a_pause_is_part_of_the_plan_and_no_lateness() {
    let act = "act: [{ pause: 200ms }, { emit: bid, ack: {} }, { pause: 300ms }, { emit: look, ack: {} }]";
    let told = simulate(act, polite).run();
    assert_eq!(told.sent("bid"), [(1200.0, 0), (2200.0, 0), (3200.0, 0)]);
    assert_eq!(told.sent("look"), [(1520.0, 0), (2520.0, 0), (3520.0, 0)]);
    assert_eq!(told.spread(Distribution::SendLateness), (6, 0.0, 0.0));
    assert_eq!(told.spread(Distribution::AckLatency), (6, 20.0, 20.0));
    // A timer that fires late is lateness.
    assert_eq!(simulate(act, polite).lag(5).run().spread(Distribution::SendLateness), (6, 5.0, 10.0));
}

#[test]
fn lateness_of_a_queued_turn_holds_for_all_that_it_sends_at_once() {
    let act = "act: [{ emit: bid, ack: {} }, { pause: 100ms }, { emit: look }, { emit: nod }]";
    let slow = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) if seen.ms() == 1000 => vec![(1900, ack(number, "[]"))],
        _ => polite(seen),
    };
    let told = simulate(act, slow).run();
    // The turn of 2000 ms begins at 3000 ms; its second and third action are planned for 100 ms after the ack.
    assert_eq!(told.sent("bid"), [(1000.0, 0), (3000.0, 0), (3120.0, 0)]);
    let queued = "act: [{ emit: nod }, { emit: bid, ack: {} }]";
    let told = simulate(queued, slow).run();
    assert_eq!(told.sent("nod"), [(1000.0, 0), (2900.0, 0), (3000.0, 0)]);
    assert_eq!(told.spread(Distribution::AckLatency), (3, 20.0, 1900.0));
    assert_eq!(told.spread(Distribution::SendLateness), (6, 0.0, 900.0));
    let late = told.sink.recorder.total().histogram(Distribution::SendLateness).unwrap().clone();
    assert!(
        late.statistic(crate::metrics::Statistic::Avg).unwrap() > 299.0,
        "both actions of the queued turn were late"
    );
}

#[test]
fn what_cannot_be_rendered_is_ours_and_ends_the_turn() {
    let act = "act: [{ emit: bid, args: [\"{{ seen }}\"], ack: {} }, { emit: look, ack: {}, save: { seen: ack.x } }]";
    check(act, polite, "planned 6, generator 3, abandoned 3");
    let told = simulate(act, polite).run();
    assert_eq!(told.findings(), ["step: bid cannot be sent ×3"]);
    let goes_on = format!("on_failure: continue\n{act}");
    let told = simulate(&goes_on, polite).run();
    assert_eq!(told.actions(), "planned 6, sent 3, acks 3, ok 3, generator 3");
    // `ack.x` is undefined, too.
    assert_eq!(told.count(Counter::StepErrors), 6);
}

#[test]
fn an_answer_is_saved_and_used() {
    let act = "act: [{ emit: bid, ack: {}, save: { price: ack.price } }, { emit: look, args: [\"{{ price }}\"] }]";
    let told = simulate(act, answers(&[r#"[{"price":7}]"#, r#"[{"price":"x"}]"#, r#"[{"price":{"a":[1]}}]"#])).run();
    assert_eq!(told.payloads("look"), [r#"["look",7]"#, r#"["look","x"]"#, r#"["look",{"a":[1]}]"#]);
}

#[test]
fn the_action_that_is_judged_is_the_one_that_was_sent() {
    let act = "act: [{ emit: bid, args: [\"{{ action.id }}\"], ack: { ok: ack.id == action.id }, save: { mine: action.id } }, { emit: look, args: [\"{{ mine }}\", \"{{ action.id }}\"] }]";
    let echo = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) => {
            let id = seen.text().unwrap().split('"').nth(3).unwrap();
            vec![(10, ack(number, &format!(r#"[{{"id":"{id}"}}]"#)))]
        }
        None => polite(seen),
    };
    let told = simulate(act, echo).run();
    assert_eq!(told.actions(), "planned 6, sent 6, acks 3, ok 6");
    let ids: Vec<&str> =
        told.payloads("look").into_iter().flat_map(|json| json.split('"')).filter(|text| text.contains('-')).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 6, "every action has its own id: {ids:?}");
}

#[test]
fn loops_go_through_lots_and_lists_and_bind_both() {
    let act = "act:
  - each: resources
    steps:
      - { each: [a, b], emit: bid, args: [\"{{ resource.id }}\", \"{{ item }}\"], ack: {} }
  - { each: [], emit: nod }
  - { emit: look, args: [\"{{ resource.id }}\"] }";
    let scenario = format!("every: 1s\nload: {{ users: 1, duration: 1500ms }}\n{act}");
    let told = Simulation::new(&suite_with("resources: { list: [x, y, z] }", &scenario)).run();
    let bids = [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b"), ("z", "a"), ("z", "b")];
    let bids: Vec<String> = bids.iter().map(|(lot, item)| format!(r#"["bid","{lot}","{item}"]"#)).collect();
    assert_eq!(told.payloads("bid"), bids);
    assert_eq!(told.payloads("look"), [r#"["look","y"]"#], "outside of the loop it is the turn's lot again");
    assert_eq!(told.actions(), "planned 7, sent 7, acks 6, ok 7");
}

#[test]
fn a_loop_that_fails_in_the_middle_abandons_the_rest_of_it() {
    let act = "act: [{ each: resources, emit: bid, ack: { ok: ack.ok } }]";
    let mut bids = 0;
    let third_fails = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) => {
            bids += 1;
            vec![(1, ack(number, if bids % 3 == 0 { "[{}]" } else { r#"[{"ok":1}]"# }))]
        }
        None => polite(seen),
    };
    check(act, third_fails, "planned 12, sent 9, acks 9, ok 6, failed 3, abandoned 3");
}

#[test]
fn a_range_of_pauses_is_drawn_anew_each_time_and_the_same_with_the_same_seed() {
    let act = "act: [{ each: [1, 2, 3], steps: [{ pause: 10ms..60ms }, { emit: bid }] }]";
    let gaps = |seed: u64| {
        let mut simulation = simulate(act, polite);
        simulation.plan.seed = seed;
        let told = simulation.run();
        let moments: Vec<f64> = told.sent("bid").iter().map(|(at, _)| *at).collect();
        let turns: Vec<Vec<f64>> = moments.chunks(3).map(<[f64]>::to_vec).collect();
        let gap = |turn: &[f64], start: f64| {
            let before = [start, turn[0], turn[1]];
            turn.iter().zip(before).map(|(at, before)| at - before).collect::<Vec<f64>>()
        };
        turns.iter().zip(1..).flat_map(|(turn, step)| gap(turn, f64::from(step) * 1000.0)).collect::<Vec<f64>>()
    };
    let drawn = gaps(7);
    assert!(drawn.iter().all(|gap| (10.0..=60.0).contains(gap)), "{drawn:?}");
    let different: BTreeSet<String> = drawn.iter().map(|gap| format!("{gap:.3}")).collect();
    assert_eq!(different.len(), 9, "{drawn:?}");
    assert_eq!(drawn, gaps(7));
    assert_ne!(drawn, gaps(8));
}

#[test]
fn events_from_the_server_are_counted_and_hurt_nobody() {
    let chatty = |seen: &Seen<'_>| {
        let mut script = polite(seen);
        if seen.joins() {
            // One before its CONNECT reply, one with a wish for an ack, one binary, an ack that nobody asked for.
            for (after, text) in [(5, r#"42["a"]"#), (30, r#"423["b",1]"#), (40, r#"42["c"]"#), (50, "4399[]")] {
                script.push((after, Arrival::Text(text.into())));
            }
        }
        script
    };
    let told = simulate(JUDGED, chatty).run();
    assert_eq!(told.actions(), "planned 3, sent 3, acks 3, ok 3");
    assert_eq!((told.life().as_str(), told.count(Counter::ReceivedEvents)), ("connections 1, protocol errors 1", 3));
}
