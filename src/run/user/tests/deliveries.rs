//! What users tell the delivery ledger, and how long they stay to hear: whole runs against servers that tell everybody.

use std::collections::BTreeMap;

use super::books::Told;
use super::server::{Arrival, Script, Seen, ack, polite};
use super::simulation::{Simulation, at, suite, suite_with};
use crate::metrics::Counter;

/// One user, bids at 1, 2 and 3 seconds, and a server that answers each after 20 ms with an ack and with these, each after
/// so many milliseconds. `ID` is what the bid carries.
fn simulate(scenario: &str, answer: &'static str, events: &'static [(u64, &'static str)]) -> Told {
    let server = move |seen: &Seen<'_>| {
        let Some(number) = seen.asks("bid") else { return polite(seen) };
        let id = seen.text().and_then(|text| text.rsplit('"').nth(1)).unwrap_or_default().to_owned();
        let event = |(ms, json): &(u64, &str)| (*ms, Arrival::Text(format!("42{}", json.replace("ID", &id))));
        events.iter().map(event).chain([(20, ack(number, answer))]).collect()
    };
    let text = format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}");
    Simulation::new(&suite(&text)).server(server).run()
}

const BID: &str = "act:
  - emit: bid
    args: [\"{{ resource.id }}\", \"{{ action.id }}\"]
    ack: { within: 500ms, ok: ack.ok, rejected: ack.no }
    delivery: { event: placed, match: data.ref, within: 100ms, grace: 1s, MORE }";

fn bid(more: &str) -> String {
    BID.replace("MORE", more)
}

const OK: &str = r#"[{"ok":true,"told":false}]"#;

#[test]
fn a_delivery_is_counted_by_when_it_came() {
    let check = |events, expected: &str| assert_eq!(simulate(&bid(""), OK, events).deliveries(), expected);
    check(&[(30, r#"["placed",{"ref":"ID"}]"#)], "expected 3, in time 3");
    check(&[(10, r#"["placed",{"ref":"ID"}]"#)], "expected 3, in time 3");
    check(&[(101, r#"["placed",{"ref":"ID"}]"#)], "expected 3, late 3");
    check(&[], "expected 3, missing 3");
    check(
        &[(30, r#"["placed",{"ref":"ID"}]"#), (31, r#"["placed",{"ref":"ID"}]"#)],
        "expected 3, in time 3, duplicate 3",
    );
    check(&[(1101, r#"["placed",{"ref":"ID"}]"#)], "expected 3, missing 3");
}

#[test]
fn what_an_action_owes_follows_from_its_answer() {
    let told = |more, answer| simulate(&bid(more), answer, &[(30, r#"["placed",{"ref":"ID"}]"#)]).deliveries();
    assert_eq!(told("when: ack.told", OK), "");
    assert_eq!(told("when: ack.ok", OK), "expected 3, in time 3");
    assert_eq!(told("", r#"[{"no":true}]"#), "leaked 3");
    assert_eq!(told("", r#"[{}]"#), "leaked 3");
    assert_eq!(told("to: others", OK), "");
    assert_eq!(told("to: actor", OK), "expected 3, in time 3");
    // A key of its own, of whatever type.
    let by_step = bid("key: step.number").replace("grace: 1s", "grace: 0ms");
    let told = simulate(&by_step, OK, &[(30, r#"["placed",{"ref":2}]"#)]);
    assert_eq!(told.deliveries(), "expected 3, in time 1, missing 2");
    assert!(told.findings().contains(&"event: placed of no open action ×2".to_owned()), "{:?}", told.findings());
}

#[test]
fn a_user_that_is_no_member_is_owed_nothing() {
    let join = "setup: [{ emit: join, ack: { ok: ack.ok }, joins: NAME }]\n";
    let told = |name: &str, more: &str| {
        let scenario = join.replace("NAME", name) + &bid(more);
        simulate(&scenario, OK, &[(30, r#"["placed",{"ref":"ID"}]"#)]).deliveries()
    };
    assert_eq!(told("[lot-0, lot-1, lot-2, lot-3]", ""), "expected 3, in time 3");
    assert_eq!(told("lot-9", ""), "leaked 3");
    assert_eq!(told("all", "of: all"), "expected 3, in time 3");
    assert_eq!(told("\"all-{{ user.index }}\"", "of: all"), "leaked 3");
    // It settles in the middle of the second turn: of what came before nobody knows.
    let told = |settle: &str| {
        let scenario =
            format!("setup: [{{ emit: join, ack: {{}}, joins: all, settle: {settle} }}]\n{}", bid("of: all"));
        simulate(&scenario, OK, &[(30, r#"["placed",{"ref":"ID"}]"#)]).deliveries()
    };
    assert_eq!(told("1500ms"), "expected 2, in time 2, ambiguous 1");
    // What is still to settle when the opposite has happened does not undo it.
    let told = |steps: &str| {
        let scenario = format!("setup: [{steps}]\n{}", bid("of: all"));
        simulate(&scenario, OK, &[(30, r#"["placed",{"ref":"ID"}]"#)]).deliveries()
    };
    let [joins, leaves] = ["joins", "leaves"].map(|key| format!("emit: {key}, ack: {{}}, {key}: all"));
    assert_eq!(told(&format!("{{ {joins}, settle: 1500ms }}, {{ {leaves} }}")), "leaked 3");
    let again = format!("{{ {joins} }}, {{ {leaves}, settle: 1500ms }}, {{ {joins} }}");
    assert_eq!(told(&again), "expected 3, in time 3");
}

/// Who has no connection at the moment is a member of nothing, even if it says so.
#[test]
fn who_is_away_becomes_no_member() {
    let away = "  - { when: step.number == 1, steps: [{ disconnect: clean }, { set: { a: 1 }, joins: all }, { reconnect: true }] }\n";
    let scenario = bid("of: all").replace("act:\n", &format!("act:\n{away}"));
    let told = simulate(&scenario, OK, &[(30, r#"["placed",{"ref":"ID"}]"#)]);
    assert_eq!(told.deliveries(), "leaked 3");
}

#[test]
fn a_join_in_a_turn_counts_once_it_is_ok() {
    let scenario = |step: &str| {
        let act = bid("of: room").replace("act:\n", &format!("act:\n  - {{ when: step.number == 2, {step} }}\n"));
        format!("setup: [{{ emit: enter, ack: {{}}, joins: other }}]\n{act}")
    };
    let told = |step: &str| simulate(&scenario(step), OK, &[(30, r#"["placed",{"ref":"ID"}]"#)]).deliveries();
    assert_eq!(told("emit: join, ack: { ok: ack.ok }, joins: room"), "expected 2, in time 2, leaked 1");
    assert_eq!(told("emit: join, name: join, ack: { ok: ack.told, rejected: ack.ok }, joins: room"), "leaked 3");
    assert_eq!(told("set: { a: 1 }, joins: \"{{ ['room'][0] }}\""), "expected 2, in time 2, leaked 1");
    // A name that the step itself brings.
    let named = "emit: join, ack: { ok: ack.ok }, save: { found: \"'ro' ~ 'om'\" }, joins: \"{{ found }}\"";
    assert_eq!(told(named), "expected 2, in time 2, leaked 1");
}

#[test]
fn events_without_a_key_are_counted() {
    let by_count = bid("").replace("match: data.ref", "match: order");
    let check = |events, expected: &str| assert_eq!(simulate(&by_count, OK, events).deliveries(), expected);
    check(&[(30, r#"["placed"]"#)], "expected 3, in time 3");
    check(&[], "expected 3, missing 3");
    let mut bids = 0;
    let text = format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{by_count}");
    let told = Simulation::new(&suite(&text)).server(|seen| {
        let Some(number) = seen.asks("bid") else { return polite(seen) };
        bids += 1;
        let event = (30, Arrival::Text(r#"42["placed"]"#.into()));
        [(20, ack(number, OK))].into_iter().chain((bids != 2).then_some(event)).collect()
    });
    assert_eq!(told.run().deliveries(), "expected 3, in time 2, missing 1");
}

#[test]
fn events_that_nothing_waits_for_are_told_by_name() {
    let told = simulate(&bid(""), OK, &[(30, r#"["placed",{"reff":"ID"}]"#), (40, r#"["placd",{"ref":"ID"}]"#)]);
    assert_eq!(told.deliveries(), "expected 3, missing 3");
    let findings = told.findings();
    for finding in ["event: placed without data.ref ×3", "event: placd ×3", "delivery: bid missing ×3"] {
        assert!(findings.contains(&finding.to_owned()), "{finding}: {findings:?}");
    }
    assert_eq!(told.example("bid missing"), "action 1-0-1 of user 0, sent at 1.000 s: not received within 1s100ms");
    assert!(told.example("placed without data.ref").contains("reff"), "{findings:?}");
}

#[test]
fn a_user_stays_until_the_last_delivery_of_the_last_turn_can_no_longer_come() {
    let told = simulate(&bid(""), OK, &[(900, r#"["placed",{"ref":"ID"}]"#)]);
    assert_eq!((told.deliveries().as_str(), told.end), ("expected 3, late 3", at(5_100)));
    let told = simulate(&bid("").replace("delivery:", "x-delivery:").replace("    x-delivery", "    # x"), OK, &[]);
    assert_eq!((told.deliveries().as_str(), told.end), ("", at(4_000)));
}

/// A bid at 1, 2 and 3 seconds; at `all_heard` milliseconds the user is told that it need not stay to hear. It stays until then.
fn check_leaving(scenario: &str, all_heard: u64, end: u64, sent: &[&str]) {
    let server = |seen: &Seen<'_>| match (seen.asks("bid"), seen.asks("leave")) {
        (Some(number), _) => {
            let event = Arrival::Text(r#"42["news",1]"#.to_owned());
            vec![(20, ack(number, OK)), (700, event)]
        }
        (_, Some(number)) => vec![(300, ack(number, OK))],
        _ => polite(seen),
    };
    let text = format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{}\n{scenario}", bid(""));
    let told = Simulation::new(&suite(&text)).server(server).all_heard_at(all_heard).run();
    assert_eq!(told.end, at(end), "{:#?}", told.log);
    let others: Vec<String> = told.log(|text| text.starts_with("> 42") && !text.contains("bid"));
    assert_eq!(others.len(), sent.len(), "{others:?}");
    assert!(others.iter().zip(sent).all(|(line, name)| line.contains(name)), "{others:?}");
}

#[test]
fn a_user_that_stays_only_to_hear_leaves_when_all_is_heard() {
    check_leaving("", 4_500, 4_500, &[]);
    // It is known before the user's own turns are over: it leaves at their end, and not before.
    check_leaving("", 3_500, 4_000, &[]);
    check_leaving("", 9_000, 5_100, &[]);
    check_leaving("teardown: [{ emit: leave, ack: {} }]", 4_500, 4_800, &["leave"]);
    check_leaving("teardown: [{ emit: leave, ack: {} }]", 9_000, 5_400, &["leave"]);
}

#[test]
fn what_has_come_is_answered_before_the_user_leaves() {
    // News come at 3.7 s, and the handler of the last takes a second.
    check_leaving("on: { news: [{ pause: 1s }, { emit: thanks }] }", 4_200, 4_800, &["thanks", "thanks", "thanks"]);
    check_leaving("on: { news: [{ pause: 1s }, { emit: thanks }] }", 4_750, 4_800, &["thanks", "thanks", "thanks"]);
    // No longer than it would have stayed at most.
    check_leaving("on: { news: [{ pause: 2s }, { emit: thanks }] }", 4_200, 5_100, &["thanks", "thanks"]);
}

#[test]
fn around_a_loss_nobody_knows() {
    let mut bids = 0;
    let text =
        format!("every: 1s\nload: {{ users: 1, duration: 4s }}\nreconnect: {{ wait: 50ms, jitter: 0% }}\n{}", bid(""));
    let told = Simulation::new(&suite(&text)).server(|seen| {
        let Some(number) = seen.asks("bid") else { return polite(seen) };
        bids += 1;
        let id = seen.text().and_then(|text| text.rsplit('"').nth(1)).unwrap_or_default();
        let event = (30, Arrival::Text(format!(r#"42["placed",{{"ref":"{id}"}}]"#)));
        let answer = (20, ack(number, OK));
        if bids == 2 { vec![answer, (25, Arrival::Ended("closed"))] } else { vec![answer, event] }
    });
    let told = told.run();
    assert_eq!(
        (told.deliveries().as_str(), told.count(Counter::Disconnects)),
        ("expected 2, in time 2, ambiguous 1", 1)
    );
}

/// Publishers without a socket, and two subscribers whom the server tells of everything.
#[test]
fn what_is_published_without_a_socket_is_owed_to_those_who_have_one() {
    let scenario = "load: { users: 1, duration: 2500ms }
every: 1s
connect: none
act:
  - { post: /publish, name: publish, json: { ref: \"{{ action.id }}\" }, delivery: { event: placed, match: data.ref, within: 100ms, grace: 100ms } }";
    let mut text = suite_with("", scenario);
    text.push_str("  listeners:\n    load: { users: 2, duration: 2500ms }\n    connect: { rate: 1000/s }\n");
    let told = Simulation::new(&text).run();
    assert_eq!(told.deliveries(), "expected 4, missing 4");
    let mut by_user: BTreeMap<u64, u64> = BTreeMap::new();
    let mut server = |seen: &Seen<'_>| -> Script {
        if seen.joins() {
            *by_user.entry(seen.user).or_default() += 1;
            let event = |number: u64| {
                (1000 * (number - 1) + 30, Arrival::Text(format!(r#"42["placed",{{"ref":"1-0-{number}"}}]"#)))
            };
            return polite(seen).into_iter().chain((2..=3).map(event)).collect();
        }
        polite(seen)
    };
    let told = Simulation::new(&text).server(&mut server).run();
    assert_eq!(told.deliveries(), "expected 4, in time 4", "{:?}", told.findings());
    assert_eq!(by_user.len(), 2);
}

#[test]
fn what_is_meant_for_a_group_is_owed_to_its_members() {
    let act = bid("to: TO").replace("step.number", "1");
    let told = |to: &str| {
        let scenario = format!(
            "load: {{ users: 4, duration: 3500ms }}\nevery: 1s\ngroup: {{ size: 2 }}\n{}",
            act.replace("TO", to)
        );
        let echo = |seen: &Seen<'_>| -> Script {
            let Some(number) = seen.asks("bid") else { return polite(seen) };
            let id = seen.text().and_then(|text| text.rsplit('"').nth(1)).unwrap_or_default();
            vec![(20, ack(number, OK)), (30, Arrival::Text(format!(r#"42["placed",{{"ref":"{id}"}}]"#)))]
        };
        Simulation::new(&suite(&scenario)).server(echo).run()
    };
    // Each of the four bids two or three times, and the server tells nobody but the actor.
    let (all, partners) = (told("group"), told("partners"));
    let sent = all.count(Counter::Ok);
    assert!(sent >= 8, "{sent}");
    assert_eq!(all.deliveries(), format!("expected {}, in time {sent}, missing {sent}", 2 * sent));
    assert_eq!(partners.deliveries(), format!("expected {sent}, missing {sent}"));
    assert_eq!(told("everyone").count(Counter::DeliveryMissing), 3 * sent);
}
