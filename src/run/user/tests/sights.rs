//! What users tell of events that invariants look at.

use super::books::Told;
use super::server::{Arrival, Script, Seen, polite};
use super::simulation::{Simulation, suite};
use crate::ledger::delivery::{Audience, Key, What};
use crate::ledger::invariant::{About, Value};
use crate::metrics::Counter;

const BID: &str = "act: [{ emit: bid, args: [\"{{ action.id }}\"], ack: {}";

/// One user with a turn at one second, answered by these events.
fn simulate(act: &str, invariants: &str, events: &[&str]) -> Told {
    let scenario = format!("every: 1s\nload: {{ users: 1, duration: 2s }}\n{act} }}]");
    let text = format!("{}\ninvariants: {{ {invariants} }}\n", suite(&scenario));
    let server = |seen: &Seen<'_>| -> Script {
        let mut script = polite(seen);
        if seen.emits("bid") {
            let text = |event: &&str| (5, Arrival::Text(format!("42{event}")));
            script.extend(events.iter().map(text));
        }
        script
    };
    Simulation::new(&text).server(server).run()
}

/// What was seen, by invariant and value.
fn check(act: &str, invariants: &str, events: &[&str], expected: &[(u16, About, &str)]) -> Told {
    let told = simulate(act, invariants, events);
    let seen: Vec<(u16, About, String)> =
        told.sink.sights.iter().map(|sight| (sight.invariant, sight.about.clone(), sight.value.to_string())).collect();
    let expected: Vec<_> =
        expected.iter().map(|(which, about, value)| (*which, about.clone(), (*value).to_owned())).collect();
    assert_eq!(seen, expected, "{:#?}", told.log);
    told
}

const EVENTS: &[&str] = &[r#"["placed",{"price":7,"lot":"lot-1","ref":"a"}]"#, r#"["other",{"price":9}]"#];

#[test]
fn an_event_is_looked_at_once_by_each_invariant_that_wants_it() {
    let two = "a: { monotonic: data.price, event: placed }, b: { converged: data, event: placed, of: data.lot }";
    let lot = About::Named(Audience::of("lot-1"));
    let whole = r#"{"lot":"lot-1","price":7,"ref":"a"}"#;
    let told = check(BID, two, EVENTS, &[(0, About::Everything, "7"), (1, lot, whole)]);
    // A member of everything, as nobody joins anything: that is told for those who converge.
    assert!(told.sink.notes.iter().any(|note| matches!(note.what, What::Joined { .. })));
}

#[test]
fn an_event_that_is_a_delivery_names_the_action() {
    let act = format!("{BID}, delivery: {{ event: placed, match: data.ref }}");
    let keys = vec![Key::of(0, "a")];
    let action = About::Action { keys, of: None };
    check(&act, "a: { monotonic: data.price, event: placed }", EVENTS, &[(0, action, "7")]);
    let nothing = About::Action { keys: vec![], of: None };
    let told =
        check(&act, "a: { converged: data.price, event: placed }", &[r#"["placed",{}]"#], &[(0, nothing, "nothing")]);
    assert_eq!(told.sink.sights[0].value, Value::Missing);
}

#[test]
fn what_has_no_value_is_a_step_error_and_what_nobody_asks_costs_nothing() {
    let wrong = "a: { monotonic: data.price + data.lot, event: placed }";
    let told = check(BID, wrong, EVENTS, &[]);
    assert_eq!(told.count(Counter::StepErrors), 1);
    let told = check(BID, "winner: { one_winner: bid }", EVENTS, &[]);
    assert!(told.sink.notes.is_empty(), "{:?}", told.sink.notes);
}
