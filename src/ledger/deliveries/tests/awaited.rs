//! What is still awaited: by example, and that whoever leaves when nothing is has changed no count.

use proptest::prelude::*;

use super::naive::told;
use super::*;

/// The ledger after these steps before a mark.
fn until(mark: u64, rule: Rule, steps: &[(u64, Step)]) -> (Deliveries, Recorder) {
    let mut ledger = Deliveries::new(vec![rule], 1);
    let mut recorder = Recorder::new(1);
    let before = steps.iter().filter(|(at, _)| *at < mark);
    ledger.tell(&mut before.map(|(at, step)| known_by(rule, note(*at, *step))).collect());
    ledger.advance(at(mark), &mut recorder);
    (ledger, recorder)
}

/// Where events carry no key, they are only counted.
fn known_by(rule: Rule, note: Note) -> Note {
    match note.what {
        What::Received { user, listener, .. } if rule.counted_by.is_some() => {
            Note { what: What::Counted { user, listener }, ..note }
        }
        _ => note,
    }
}

/// Three members, action 9 of user 0 at 10 ms that is ok at 11 ms, promised within 5 ms and 5 ms of grace: is anything awaited
/// at a mark?
fn check(to: To, steps: &[(u64, Step)], marks: &[(u64, bool)]) {
    check_rule(Rule { promise: promise(to, Order::Any), counted_by: None }, &after(steps), marks);
}

fn check_rule(rule: Rule, steps: &[(u64, Step)], marks: &[(u64, bool)]) {
    let steps = [&[(0, Joins(0)), (0, Joins(1)), (0, Joins(2))], steps].concat();
    for (mark, awaited) in marks {
        let (mut ledger, _) = until(*mark, rule, &steps);
        assert_eq!(ledger.awaits(at(*mark)), *awaited, "at {mark} of {steps:?}");
        assert_eq!(ledger.awaits(at(*mark)), *awaited, "asked again");
    }
}

#[test]
fn until_everybody_has_heard_or_it_is_missing_for_good() {
    let all = [(12, Hears(0, 9)), (13, Hears(1, 9)), (17, Hears(2, 9))];
    check(To::Members, &all, &[(10, false), (11, true), (17, true), (18, false), (30, false)]);
    check(To::Members, &all[..2], &[(18, true), (20, true), (21, false)]);
    check(To::Others, &all[1..], &[(17, true), (18, false)]);
    check(To::Actor, &all[..1], &[(12, true), (13, false)]);
}

#[test]
fn an_outcome_that_is_not_known_is_awaited_and_a_refusal_owes_nothing() {
    let ends = |owes| [(10, Send(0, 9)), (14, Ends(0, 9, owes))];
    let rule = Rule { promise: promise(To::Members, Order::Any), counted_by: None };
    for owes in [Owes::Silence, Owes::Nothing] {
        check_rule(rule, &ends(owes), &[(14, true), (15, false)]);
    }
    check_rule(rule, &ends(Owes::All), &[(15, true)]);
    check_rule(rule, &ends(Owes::All)[..1], &[(15, true), (1_000, true)]);
}

#[test]
fn who_cannot_hear_any_more_is_awaited_by_nobody_and_who_left_politely_may_still_be_told() {
    let rest = |more: &[(u64, Step)]| [&[(12, Hears(0, 9)), (12, Hears(1, 9))], more].concat();
    check(To::Members, &rest(&[(13, Lost(2, 1))]), &[(13, true), (14, false)]);
    check(To::Members, &rest(&[(13, Lost(2, 1)), (15, Joins(2))]), &[(14, false), (16, true), (21, false)]);
    // Silent since before the send: ambiguous, whatever comes.
    check(To::Members, &rest(&[(13, Lost(2, 5)), (15, Joins(2))]), &[(14, false), (16, false)]);
    check(To::Members, &rest(&[(13, Leaves(2))]), &[(14, true), (20, true), (21, false)]);
    check(To::Members, &rest(&[(10, Changes(2))]), &[(13, false)]);
    // It was on its way when the action was sent.
    let rule = Rule { promise: promise(To::Members, Order::Any), counted_by: None };
    check_rule(rule, &[&[(9, Changes(2))], &after(&rest(&[]))[..]].concat(), &[(13, false)]);
}

#[test]
fn what_is_told_and_lies_behind_the_mark_is_awaited() {
    let (mut ledger, _) = until(5, Rule { promise: promise(To::Members, Order::Any), counted_by: None }, &[]);
    ledger.tell(&mut vec![note(7, Joins(1))]);
    assert!(ledger.awaits(at(5)));
    ledger.advance(at(8), &mut Recorder::new(1));
    assert!(!ledger.awaits(at(8)));
}

#[test]
fn events_without_a_key_are_awaited_by_number_and_up_to_the_deadline() {
    let rule = Rule { promise: promise(To::Members, Order::Any), counted_by: Some(0) };
    let two = [(10, Send(0, 8)), (10, Send(1, 9)), (11, Ends(0, 8, Owes::All)), (11, Ends(1, 9, Owes::All))];
    let heard = |times: usize| (0..3).flat_map(move |user| vec![(12, Hears(user, 0)); times]);
    let told = |times: usize| two.iter().copied().chain(heard(times)).collect::<Vec<_>>();
    check_rule(rule, &told(2), &[(13, true), (15, true), (16, false)]);
    check_rule(rule, &told(1), &[(16, true), (20, true), (21, false)]);
}

#[test]
fn what_came_before_a_send_is_not_what_that_send_is_awaited_for() {
    let rule = Rule { promise: promise(To::Actor, Order::Any), counted_by: Some(0) };
    let first = [(13, Send(0, 0)), (13, Hears(0, 0)), (13, Hears(0, 0)), (14, Ends(0, 0, Owes::All))];
    let second = [(17, Send(0, 1)), (17, Ends(0, 1, Owes::All)), (24, Hears(0, 0))];
    check_rule(rule, &[&first[..], &second[..]].concat(), &[(22, true), (23, true), (25, false)]);
}

/// Expected, in time, late, missing.
fn owed(recorder: &Recorder) -> [u64; 4] {
    let [expected, in_time, late, missing, ..] = counts(recorder.cell(CELL));
    [expected, in_time, late, missing]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn where_nothing_is_awaited_everybody_may_leave(
        told in told(),
        to in prop_oneof![Just(To::Members), Just(To::Others), Just(To::Actor)],
        counted in any::<bool>(),
        mark in 5..60_u64,
    ) {
        let rule = Rule { promise: promise(to, Order::Any), counted_by: counted.then_some(0) };
        let (mut left, mut recorder) = until(mark, rule, &told);
        if left.awaits(at(mark)) {
            return Ok(());
        }
        left.tell(&mut (0..5).map(|user| note(mark, Lost(user, 0))).collect());
        left.finish(at(mark), &mut recorder);
        // The same when all stay, and hear whatever may come.
        let (mut stayed, mut stayed_recorder) = until(mark, rule, &told);
        let is_gone = |user: u32| {
            let moves = told.iter().take_while(|(at, _)| *at < mark).filter_map(|(_, step)| match *step {
                Lost(who, _) if who == user => Some(true),
                Joins(who) | Changes(who) if who == user => Some(false),
                _ => None,
            });
            moves.last() == Some(true)
        };
        let later = told.iter().filter(|(at, step)| {
            *at >= mark && matches!(*step, Hears(user, _) if !is_gone(user))
        });
        stayed.tell(&mut later.map(|(at, step)| known_by(rule, note(*at, *step))).collect());
        stayed.finish(at(1_000), &mut stayed_recorder);
        prop_assert_eq!(owed(&recorder), owed(&stayed_recorder));
    }
}
