//! Each fault by itself, and thousands of random runs against a reckoning that looks at every pair of notes.

mod absent;
mod awaited;
mod naive;

use Step::{Away, Back, Changes, Ends, Hears, Joins, Leaves, Lost, Send};

use super::*;
use crate::ledger::delivery::What;
use crate::metrics::catalog::DELIVERIES;
use crate::metrics::{Cell, Numbers};
use crate::plan::delivery::Order;
use crate::units::Duration;

const VASE: Audience = Audience(1);
const CELL: Cell = Cell(0);

const fn promise(to: To, order: Order) -> Promise {
    Promise { to, within: Duration::from_millis(5), grace: Duration::from_millis(5), order }
}

fn ledger(promise: Promise) -> Deliveries {
    Deliveries::new(vec![Rule { promise, counted_by: None }], 1)
}

fn at(millis: u64) -> Moment {
    Moment::START + Duration::from_millis(millis)
}

fn key(number: u32) -> Key {
    Key::of(0, &number.to_string())
}

/// What happens, in a word: at a millisecond.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A user sends the action with that number to the vase.
    Send(u32, u32),
    /// That action of the user's.
    Ends(u32, u32, Owes),
    Hears(u32, u32),
    Changes(u32),
    Joins(u32),
    Leaves(u32),
    /// Noticed now, silent for so many milliseconds.
    Lost(u32, u64),
    /// The same, and it may take its session up.
    Away(u32, u64),
    Back(u32),
}

fn note(millis: u64, step: Step) -> Note {
    let audience = VASE;
    let what = match step {
        Send(sender, number) => {
            What::Sent(Sent { key: key(number), sender, number, audience, subject: audience, rule: 0, cell: CELL })
        }
        Ends(sender, number, owes) => What::Ended { key: key(number), sender, owes },
        Hears(user, number) => What::Received { key: key(number), user, listener: 0 },
        Changes(user) => What::Changing { user, audience },
        Joins(user) => What::Joined { user, audience },
        Leaves(user) => What::Left { user, audience },
        Away(user, silent) => What::Away { user, since: at(millis.saturating_sub(silent)) },
        Back(user) => What::Recovered { user },
        Lost(user, silent) => What::Lost { user, since: at(millis.saturating_sub(silent)) },
    };
    Note { at: at(millis), what }
}

/// Counts in the order of expected, in time, late, missing, duplicate, out of order, disagreement, leaked, ambiguous.
type Counts = [u64; 9];

fn counts(numbers: &Numbers) -> Counts {
    std::array::from_fn(|index| numbers.counter(DELIVERIES[index]))
}

/// Three members (0, 1, 2) and an outsider (3), an action 9 of user 0 at 10 ms that ends well at 11 ms unless told otherwise.
fn check(to: To, order: Order, steps: &[(u64, Step)], expected: Counts) {
    let mut ledger = ledger(promise(to, order));
    let joins = (0..3).map(|user| (user.into(), Joins(user)));
    let mut notes: Vec<Note> = joins.chain(steps.iter().copied()).map(|(at, step)| note(at, step)).collect();
    let mut recorder = Recorder::new(1);
    ledger.tell(&mut notes);
    ledger.finish(at(1_000), &mut recorder);
    assert_eq!(counts(recorder.cell(CELL)), expected, "{steps:?}");
    let latencies =
        recorder.cell(CELL).histogram(Distribution::DeliveryLatency).map_or(0, |histogram| histogram.count());
    assert_eq!(latencies, expected[1] + expected[2]);
    let faults: u64 = expected[2..8].iter().sum();
    assert_eq!(ledger.take_misdeliveries().iter().map(|(_, _, count, _)| count).sum::<u64>(), faults);
    assert_eq!(ledger.orders.len() + ledger.open.len() + ledger.overtaken.len(), 0, "something is kept for ever");
}

const SENT: [(u64, Step); 2] = [(10, Send(0, 9)), (11, Ends(0, 9, Owes::All))];

fn after(steps: &[(u64, Step)]) -> Vec<(u64, Step)> {
    SENT.iter().chain(steps).copied().collect()
}

#[test]
fn in_time_late_missing_twice() {
    let all = [(12, Hears(0, 9)), (12, Hears(1, 9)), (15, Hears(2, 9))];
    check(To::Members, Order::Any, &after(&all), [3, 3, 0, 0, 0, 0, 0, 0, 0]);
    check(To::Members, Order::Any, &after(&all[1..]), [3, 2, 0, 1, 0, 0, 0, 0, 0]);
    check(To::Others, Order::Any, &after(&all[1..]), [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(To::Others, Order::Any, &after(&all), [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(To::Actor, Order::Any, &after(&all[..1]), [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    let late = [(12, Hears(1, 9)), (16, Hears(2, 9)), (20, Hears(0, 9))];
    check(To::Members, Order::Any, &after(&late), [3, 1, 2, 0, 0, 0, 0, 0, 0]);
    let too_late = [(12, Hears(1, 9)), (12, Hears(2, 9)), (21, Hears(0, 9))];
    check(To::Members, Order::Any, &after(&too_late), [3, 2, 0, 1, 0, 0, 0, 0, 0]);
    let twice = [(12, Hears(1, 9)), (13, Hears(1, 9)), (14, Hears(1, 9)), (12, Hears(2, 9))];
    check(To::Others, Order::Any, &after(&twice), [2, 2, 0, 0, 2, 0, 0, 0, 0]);
}

#[test]
fn only_an_ok_action_owes_anything() {
    let heard = [(12, Hears(1, 9)), (12, Hears(3, 9))];
    let ends = |owes| [&[(10, Send(0, 9)), (11, Ends(0, 9, owes))], &heard[..]].concat();
    check(To::Members, Order::Any, &ends(Owes::Silence), [0, 0, 0, 0, 0, 0, 0, 2, 0]);
    check(To::Members, Order::Any, &ends(Owes::Nothing), [0; 9]);
    check(To::Others, Order::Any, &ends(Owes::All), [2, 1, 0, 1, 0, 0, 0, 1, 0]);
    // Its outcome was never known.
    check(To::Others, Order::Any, &[&[(10, Send(0, 9))], &heard[..]].concat(), [0; 9]);
}

#[test]
fn who_comes_and_goes_around_it_is_ambiguous() {
    let one = (12, Hears(1, 9));
    check(To::Others, Order::Any, &[&[(9, Changes(2))], &after(&[one])[..]].concat(), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    // User 2 leaves right after the send: whether the server had told it by then nobody knows.
    check(To::Others, Order::Any, &after(&[one, (13, Changes(2)), (14, Leaves(2))]), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    // But what it has received it has received.
    check(To::Others, Order::Any, &after(&[one, (12, Hears(2, 9)), (13, Leaves(2))]), [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(To::Others, Order::Any, &after(&[one, (16, Leaves(2))]), [2, 1, 0, 1, 0, 0, 0, 0, 0]);
    // User 3 joins after the send, and hears of it.
    check(
        To::Others,
        Order::Any,
        &after(&[one, (11, Changes(3)), (13, Hears(3, 9)), (12, Hears(2, 9))]),
        [2, 2, 0, 0, 0, 0, 0, 0, 1],
    );
    // Lost at 18 ms, silent since 9 ms: the action was sent in between.
    check(To::Others, Order::Any, &after(&[one, (18, Lost(2, 9))]), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    check(To::Others, Order::Any, &after(&[one, (18, Lost(2, 2))]), [2, 1, 0, 1, 0, 0, 0, 0, 0]);
    check(To::Others, Order::Any, &[&[(5, Lost(2, 1))], &after(&[one])[..]].concat(), [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    check(
        To::Others,
        Order::Any,
        &[&[(5, Lost(2, 1)), (6, Joins(2))], &after(&[one])[..]].concat(),
        [2, 1, 0, 1, 0, 0, 0, 0, 0],
    );
}

#[test]
fn orders_are_compared_among_observers() {
    let two = |sender| {
        [(10, Send(0, 8)), (10, Send(sender, 9)), (11, Ends(0, 8, Owes::All)), (11, Ends(sender, 9, Owes::All))]
    };
    let in_order = [(12, Hears(1, 8)), (13, Hears(1, 9)), (12, Hears(2, 8)), (13, Hears(2, 9))];
    let swapped = [(12, Hears(1, 8)), (14, Hears(1, 9)), (13, Hears(2, 9)), (14, Hears(2, 8))];
    let alike = [(12, Hears(1, 9)), (13, Hears(1, 8)), (12, Hears(2, 9)), (13, Hears(2, 8))];
    let run = |sender, heard: &[(u64, Step)]| [&two(sender)[..], heard].concat();
    // To the actor too, so that both have the same two observers.
    let mut expected = [6, 4, 0, 2, 0, 0, 0, 0, 0];
    check(To::Members, Order::PerResource, &run(0, &in_order), expected);
    check(To::Members, Order::PerResource, &run(0, &alike), expected);
    (expected[5], expected[6]) = (1, 1);
    check(To::Members, Order::PerResource, &run(0, &swapped), expected);
    // Nobody received the two in the other order: which of them came first nobody can say.
    let apart = [(12, Hears(1, 8)), (13, Hears(2, 9)), (14, Hears(2, 8))];
    check(To::Members, Order::PerResource, &run(0, &apart), [6, 3, 0, 3, 0, 0, 0, 0, 0]);
    check(To::Members, Order::PerSender, &run(2, &swapped), [6, 4, 0, 2, 0, 0, 0, 0, 0]);
    let later = [(10, Send(0, 8)), (11, Send(0, 9)), (11, Ends(0, 8, Owes::All)), (12, Ends(0, 9, Owes::All))];
    let run = |heard: &[(u64, Step)]| [&later[..], heard].concat();
    check(To::Members, Order::PerSender, &run(&swapped), [6, 4, 0, 2, 0, 1, 1, 0, 0]);
    // Both observers alike, and both not as it was sent.
    check(To::Members, Order::PerSender, &run(&alike), [6, 4, 0, 2, 0, 2, 0, 0, 0]);
}

#[test]
fn what_the_run_did_not_wait_for_is_not_missing() {
    let mut ledger = ledger(promise(To::Members, Order::Any));
    let steps = [&[(0, Joins(0)), (0, Joins(1))], &after(&[(12, Hears(0, 9))])[..]].concat();
    ledger.tell(&mut steps.into_iter().map(|(at, step)| note(at, step)).collect());
    let mut recorder = Recorder::new(1);
    ledger.finish(at(13), &mut recorder);
    assert_eq!(counts(recorder.cell(CELL)), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn keys_that_nobody_sent_and_keys_sent_twice_are_counted() {
    let mut ledger = ledger(promise(To::Members, Order::Any));
    let steps = [(10, Send(0, 9)), (11, Send(0, 9)), (12, Hears(0, 5))];
    ledger.tell(&mut steps.into_iter().map(|(at, step)| note(at, step)).collect());
    ledger.finish(at(100), &mut Recorder::new(1));
    let stray = Strays { count: 1, first: Some((at(12), 0)) };
    assert_eq!((ledger.unmatched(), ledger.clashes()), (&[stray][..], 1));
}

#[test]
fn what_becomes_of_an_action_with_the_same_key_says_nothing() {
    let both = |first, second| [(10, Send(0, 9)), (10, Send(1, 9)), (11, Ends(1, 9, second)), (12, Ends(0, 9, first))];
    let run = |first, second| [&both(first, second)[..], &[(13, Hears(1, 9)), (13, Hears(2, 9))]].concat();
    check(To::Others, Order::Any, &run(Owes::All, Owes::Silence), [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(To::Others, Order::Any, &run(Owes::Silence, Owes::All), [0, 0, 0, 0, 0, 0, 0, 2, 0]);
}

/// What becomes of events without a key: expected, in time, missing, ambiguous, and those that nobody waited for.
fn check_counted(to: To, steps: &[(u64, Step)], counted: &[(u64, u32)], expected: [u64; 5]) {
    let promise = promise(to, Order::Any);
    let mut ledger = Deliveries::new(vec![Rule { promise, counted_by: Some(0) }], 1);
    let joins = (0..3).map(|user| (user.into(), Joins(user)));
    let mut notes: Vec<Note> = joins.chain(steps.iter().copied()).map(|(at, step)| note(at, step)).collect();
    let counted = counted.iter().map(|(ms, user)| (at(*ms), What::Counted { user: *user, listener: 0 }));
    notes.extend(counted.map(|(at, what)| Note { at, what }));
    let mut recorder = Recorder::new(1);
    ledger.tell(&mut notes);
    for mark in [15, 25, 40] {
        ledger.advance(at(mark), &mut recorder);
    }
    ledger.finish(at(1_000), &mut recorder);
    let [owed, in_time, _, missing, .., ambiguous] = counts(recorder.cell(CELL));
    let found = [owed, in_time, missing, ambiguous, ledger.unmatched()[0].count];
    assert_eq!(found, expected, "{steps:?} {counted:?}", counted = ledger.credits);
}

#[test]
fn events_without_a_key_are_claimed_by_what_was_open_when_they_came() {
    let all = [(12, 0), (12, 1), (12, 2)];
    check_counted(To::Members, &SENT, &all, [3, 3, 0, 0, 0]);
    check_counted(To::Members, &SENT, &all[1..], [3, 2, 1, 0, 0]);
    // Too late, or before anything was sent: neither hides what is missing.
    check_counted(To::Members, &SENT, &[(12, 0), (12, 1), (21, 2)], [3, 2, 1, 0, 1]);
    check_counted(To::Members, &SENT, &[(12, 0), (12, 1), (5, 2)], [3, 2, 1, 0, 1]);
    check_counted(To::Members, &SENT, &[&all[..], &all[..1]].concat(), [3, 3, 0, 0, 1]);
    let refused = [(10, Send(0, 9)), (11, Ends(0, 9, Owes::Silence))];
    check_counted(To::Members, &refused, &all, [0, 0, 0, 0, 3]);
    let unknown = [(10, Send(0, 9)), (11, Ends(0, 9, Owes::Nothing))];
    check_counted(To::Members, &unknown, &all, [0; 5]);
}

#[test]
fn who_may_or_may_not_hear_takes_no_event_from_another_action() {
    let two = |sender| {
        [(10, Send(0, 8)), (11, Ends(0, 8, Owes::All)), (12, Send(sender, 9)), (13, Ends(sender, 9, Owes::All))]
    };
    // A server that tells only the others, and one that tells the actor, too.
    let others = [(11, 1), (11, 2), (14, 0), (14, 2)];
    check_counted(To::Others, &two(1), &others, [4, 4, 0, 0, 0]);
    check_counted(To::Others, &two(1), &[&others[..], &[(11, 0), (14, 1)]].concat(), [4, 4, 0, 0, 0]);
    // User 2 joins between the two, and hears only of the second.
    let joins = [&[(9, Changes(2))], &two(0)[..2], &[(11, Joins(2))], &two(0)[2..]].concat();
    check_counted(To::Others, &joins, &[(11, 1), (14, 1), (14, 2)], [3, 3, 0, 1, 0]);
}
