//! `when`, `set`, `repeat` and `mix`: what a turn comes to, what is planned of it, and what is drawn.

use std::collections::BTreeSet;

use super::server::{Script, Seen, ack, polite};
use super::simulation::{Simulation, suite, suite_with};

/// One user, three turns at 1, 2 and 3 seconds.
fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Simulation<'a> {
    Simulation::new(&suite(&format!("every: 1s\nload: {{ users: 1, duration: 4s }}\n{scenario}"))).server(server)
}

fn check(act: &str, actions: &str, sent: &[(f64, u64)]) {
    let told = simulate(act, polite).run();
    assert_eq!(told.actions(), actions, "{:#?}", told.log);
    assert_eq!(told.sent("bid"), sent);
    assert_eq!(told.life(), "connections 1");
}

#[test]
fn what_stands_under_a_false_condition_is_not_planned() {
    check("act: [{ when: step.number == 2, emit: bid, ack: {} }]", "planned 1, sent 1, acks 1, ok 1", &[(2000.0, 0)]);
    check("act: [{ when: false, emit: bid, ack: {} }, { emit: look }]", "planned 3, sent 3, ok 3", &[]);
    check(
        "act: [{ when: nothing.there, emit: bid }, { set: { nothing: 1 }, when: false }, { emit: look }]",
        "planned 3, sent 3, ok 3",
        &[],
    );
    let block = "act: [{ when: step.number != 2, steps: [{ emit: bid }, { repeat: 3, emit: look }] }]";
    check(block, "planned 8, sent 8, ok 8", &[(1000.0, 0), (3000.0, 0)]);
}

#[test]
fn a_condition_is_asked_for_each_item() {
    let act = "act: [{ each: [1, 2, 3, 4], when: item % 2 == step.number % 2, emit: bid, args: [\"{{ item }}\"] }]";
    let told = simulate(act, polite).run();
    assert_eq!(told.actions(), "planned 6, sent 6, ok 6");
    let bids = told.payloads("bid").concat();
    assert_eq!(bids, r#"["bid",1]["bid",3]["bid",2]["bid",4]["bid",1]["bid",3]"#);
}

#[test]
fn a_condition_without_a_value_is_a_step_error_and_false() {
    let told = simulate("act: [{ when: \"'a' + 1 > 0\", emit: bid }, { emit: look }]", polite).run();
    assert_eq!(
        (told.actions().as_str(), told.life().as_str()),
        ("planned 3, sent 3, ok 3", "connections 1, step errors 3")
    );
}

#[test]
fn what_a_turn_did_not_come_to_is_abandoned_whatever_its_condition() {
    let act = "act: [{ emit: bid, ack: { ok: ack.ok } }, { when: true, emit: look }, { when: false, emit: nod }]";
    let fails = |seen: &Seen<'_>| match seen.asks("bid") {
        Some(number) => vec![(1, ack(number, "[{}]"))],
        None => polite(seen),
    };
    assert_eq!(simulate(act, fails).run().actions(), "planned 9, sent 3, acks 3, failed 3, abandoned 6");
    assert_eq!(simulate(act, polite).run().actions(), "planned 6, sent 6, acks 3, ok 6");
}

#[test]
fn turns_that_are_not_sent_are_planned_with_all_their_conditions() {
    let top = "resources: { count: 4 }";
    let act = "every: 1s\nlate: skip\nload: { users: 1, duration: 5s }\nreconnect: off
act: [{ emit: bid, ack: {} }, { when: true, emit: look }]";
    let lost = |seen: &Seen<'_>| {
        let mut script = polite(seen);
        if seen.connects() {
            script.push((2_500, super::server::Arrival::Ended("reset")));
        }
        script
    };
    let told = Simulation::new(&suite_with(top, act)).server(lost).run();
    assert_eq!(told.actions(), "planned 8, sent 4, acks 2, ok 4, offline 4");
}

#[test]
fn values_are_set_and_keep_their_types() {
    let scenario = "setup: [{ set: { n: 1, text: \"u{{ user.index }}\", deep: { a: [\"{{ step.number }}\", null] } } }]
act: [{ emit: bid, args: [\"{{ n }}\", \"{{ text }}\", \"{{ deep.a }}\"] }, { set: { n: \"{{ n + 1 }}\" } }]";
    let told = simulate(scenario, polite).run();
    let bids = told.payloads("bid");
    assert_eq!(bids, [r#"["bid",1,"u0",[0,null]]"#, r#"["bid",2,"u0",[0,null]]"#, r#"["bid",3,"u0",[0,null]]"#]);
}

#[test]
fn a_value_that_cannot_be_set_ends_the_turn() {
    let act = "act: [{ set: { n: \"{{ m }}\" } }, { emit: bid }, { set: { m: 1 } }]";
    let told = simulate(act, polite).run();
    assert_eq!(told.actions(), "planned 3, abandoned 3");
    assert_eq!(told.findings(), ["step: a value to set cannot be computed ×3"]);
}

#[test]
fn a_repetition_draws_anew_in_each_pass_and_the_same_with_the_same_seed() {
    let act = "act: [{ repeat: 4, emit: bid, args: [\"{{ random_int(0, 1000000) }}\"] }]";
    let drawn = |seed: u64| {
        let mut simulation = simulate(act, polite);
        simulation.plan.seed = seed;
        simulation.run().payloads("bid").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = drawn(7);
    assert_eq!((first.len(), first.iter().collect::<BTreeSet<_>>().len()), (12, 12));
    assert_eq!(first, drawn(7));
    assert_ne!(first, drawn(8));
}

#[test]
fn what_is_drawn_in_a_step_does_not_depend_on_what_was_done_before() {
    let act = "act: [{ when: step.number > FROM, emit: bid, args: [\"{{ step.number }}\", \"{{ uuid() }}\"] }]";
    let bids = |from: &str| {
        let told = simulate(&act.replace("FROM", from), polite).run();
        told.payloads("bid").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // The text of the condition differs; that of the payload and its place do not.
    assert_eq!(bids("0")[1..], bids("1"));
}

const MIX: &str = "act:
  - repeat: 50
    mix:
      - { weight: 3, steps: [{ emit: bid }] }
      - { steps: [{ emit: look, ack: {} }, { emit: nod }] }
      - { weight: 0, steps: [{ emit: never }] }";

#[test]
fn a_mix_takes_its_ways_by_weight_and_plans_what_it_takes() {
    let told = simulate(MIX, polite).run();
    let (bids, looks) = (told.sent("bid").len(), told.sent("look").len());
    assert_eq!((bids + looks, told.sent("nod").len(), told.sent("never").len()), (150, looks, 0));
    assert!((95..130).contains(&bids), "{bids} of 150 at a weight of 3 in 4");
    let planned = bids + 2 * looks;
    assert_eq!(told.actions(), format!("planned {planned}, sent {planned}, acks {looks}, ok {planned}"));
    assert_eq!(simulate(MIX, polite).run().log, told.log);
}

#[test]
fn a_mix_that_ends_early_abandons_what_it_would_have_drawn() {
    let mut looks = 0;
    let tenth_fails = |seen: &Seen<'_>| {
        looks += u64::from(seen.asks("look").is_some());
        if seen.asks("look").is_some() && looks % 10 == 0 { Vec::new() } else { polite(seen) }
    };
    let told = simulate(MIX, tenth_fails).run();
    let all = simulate(MIX, polite).run();
    let planned = |told: &super::books::Told| told.count(crate::metrics::Counter::Planned);
    assert_eq!(planned(&told), planned(&all));
    assert!(told.actions().contains("abandoned"), "{}", told.actions());
}
