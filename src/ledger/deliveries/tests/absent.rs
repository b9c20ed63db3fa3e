//! Users that lose their connection and take up their session: by example, and against the definitions.

use proptest::prelude::*;

use super::naive::{self, USERS};
use super::*;

const WITHIN: u64 = 5;
const PATIENCE: u64 = 10;

const ONE: (u64, Step) = (12, Hears(1, 9));

#[test]
fn what_was_missed_is_owed_once_the_user_is_back_and_its_clock_begins_then() {
    let run = |steps: &[(u64, Step)]| [&[(5, Away(2, 1))], &after(&[ONE])[..], steps].concat();
    let check = |steps: &[(u64, Step)], expected| check(To::Others, Order::Any, &run(steps), expected);
    check(&[], [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2))], [2, 1, 0, 1, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2)), (30, Hears(2, 9))], [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2)), (35, Hears(2, 9))], [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2)), (36, Hears(2, 9))], [2, 1, 1, 0, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2)), (41, Hears(2, 9))], [2, 1, 0, 1, 0, 0, 0, 0, 0]);
    check(&[(30, Back(2)), (30, Hears(2, 9)), (31, Hears(2, 9))], [2, 2, 0, 0, 1, 0, 0, 0, 0]);
    // It begins anew: it was no member meanwhile.
    check(&[(30, Lost(2, 0)), (31, Joins(2))], [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    // Away again before it has heard, and back again.
    let twice = [(30, Back(2)), (31, Away(2, 0)), (50, Back(2)), (51, Hears(2, 9))];
    check(&twice, [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(&twice[..2], [1, 1, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn what_was_on_its_way_at_the_loss_is_owed_too() {
    let run = |steps: &[(u64, Step)]| after(&[&[ONE, (13, Away(2, 3))], steps].concat());
    let check = |steps: &[(u64, Step)], expected| check(To::Others, Order::Any, &run(steps), expected);
    check(&[], [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    check(&[(40, Back(2)), (41, Hears(2, 9))], [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(&[(14, Back(2)), (15, Hears(2, 9))], [2, 2, 0, 0, 0, 0, 0, 0, 0]);
    check(&[(14, Back(2))], [2, 1, 0, 1, 0, 0, 0, 0, 0]);
    check(&[(14, Lost(2, 0)), (15, Joins(2)), (16, Hears(2, 9))], [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    check(&[(40, Lost(2, 0))], [1, 1, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn what_has_been_refused_leaks_to_those_who_come_back_as_well() {
    let refused =
        [(5, Away(2, 1)), (10, Send(0, 9)), (11, Ends(0, 9, Owes::Silence)), (30, Back(2)), (31, Hears(2, 9))];
    check(To::Others, Order::Any, &refused, [0, 0, 0, 0, 0, 0, 0, 1, 0]);
}

#[test]
fn events_without_a_key_are_claimed_from_those_who_come_back() {
    let run = |steps: &[(u64, Step)], counted: &[(u64, u32)], expected| {
        let steps = [&[(5, Away(2, 1))], &SENT[..], steps].concat();
        let counted = [&[(12, 0), (12, 1)], counted].concat();
        check_counted(To::Members, &steps, &counted, expected);
    };
    run(&[(30, Back(2))], &[(30, 2)], [3, 3, 0, 0, 0]);
    run(&[(30, Back(2))], &[], [3, 2, 1, 0, 0]);
    run(&[(30, Back(2))], &[(30, 2), (31, 2)], [3, 3, 0, 0, 1]);
    // It may have heard it before the loss, or be told again.
    let caught = [&SENT[..], &[(12, Away(2, 2)), (30, Back(2))]].concat();
    check_counted(To::Members, &caught, &[(12, 0), (12, 1), (30, 2)], [2, 2, 0, 1, 0]);
}

#[test]
fn who_is_back_is_awaited_until_it_has_heard() {
    let mut ledger = ledger(promise(To::Others, Order::Any));
    let joins = (0..3).map(|user| (0, Joins(user)));
    let steps = [(5, Away(2, 1)), (10, Send(0, 9)), (11, Ends(0, 9, Owes::All)), ONE, (30, Back(2)), (33, Hears(2, 9))];
    let mut awaits = Vec::new();
    let told: Vec<(u64, Step)> = joins.chain(steps).collect();
    let mut recorder = Recorder::new(1);
    let mut from = 0;
    for mark in [13, 29, 31, 33, 34] {
        ledger.tell(
            &mut told.iter().filter(|(ms, _)| (from..mark).contains(ms)).map(|(ms, step)| note(*ms, *step)).collect(),
        );
        ledger.advance(at(mark), &mut recorder);
        awaits.push((mark, ledger.awaits(at(mark))));
        from = mark;
    }
    assert_eq!(awaits, [(13, false), (29, false), (31, true), (33, true), (34, false)]);
}

/// Where a user stands after the first notes, and whether it is away.
fn stands(told: &[(u64, Step)], user: u32) -> (Option<bool>, bool) {
    told.iter().fold((None, false), |(place, away), (_, step)| match *step {
        Joins(who) if who == user => (Some(true), away),
        Changes(who) if who == user => (Some(false), away),
        Leaves(who) if who == user => (None, away),
        Lost(who, _) if who == user => (None, false),
        Away(who, _) if who == user => (place, true),
        Back(who) if who == user => (place, false),
        _ => (place, away),
    })
}

/// What was told, without what no user tells: nobody is back that was not away, or hears anything while it is.
fn possible(told: Vec<(u64, Step)>) -> Vec<(u64, Step)> {
    let mut possible: Vec<(u64, Step)> = Vec::new();
    for (at, step) in told {
        let away = |user| stands(&possible, user).1;
        let is_told = match step {
            Back(user) => away(user),
            Away(user, _) | Hears(user, _) | Changes(user) | Joins(user) | Leaves(user) => !away(user),
            Lost(..) | Send(..) | Ends(..) => true,
        };
        possible.extend(is_told.then_some((at, step)));
    }
    possible
}

struct Run {
    told: Vec<(u64, Step)>,
    to: To,
}

impl Run {
    fn count(&self) -> Counts {
        let mut counts = [0; 9];
        for (index, (_, step)) in self.told.iter().enumerate() {
            if let Send(_, number) = *step {
                let owes = self.told.iter().find_map(|(_, step)| match *step {
                    Ends(_, ended, owes) if ended == number => Some(owes),
                    _ => None,
                });
                (0..USERS).for_each(|user| self.count_one(index, user, owes, &mut counts));
            }
        }
        counts
    }

    /// Receipts after that note, up to that moment.
    fn heard(&self, index: usize, until: u64, user: u32, number: u32) -> Vec<(usize, u64)> {
        let later = self.told.iter().enumerate().skip(index + 1);
        let is = |step: &Step| matches!(*step, Hears(who, what) if (who, what) == (user, number));
        later.filter(|(_, (at, step))| *at <= until && is(step)).map(|(index, (at, _))| (index, *at)).collect()
    }

    /// What ends the user's connection, or brings it back, after that note: the first of these.
    fn turn(&self, index: usize, user: u32) -> Option<(usize, u64, Step)> {
        let later = self.told.iter().enumerate().skip(index + 1);
        let mut turns = later.filter(|(_, (_, step))| match *step {
            Lost(who, _) | Away(who, _) | Back(who) => who == user,
            _ => false,
        });
        turns.next().map(|(index, (at, step))| (index, *at, *step))
    }

    /// Of the action at that place.
    fn count_one(&self, index: usize, user: u32, owes: Option<Owes>, counts: &mut Counts) {
        let (at, Send(sender, number)) = self.told[index] else { return };
        let is_exempt = user == sender && self.to == To::Others;
        let (place, away) = stands(&self.told[..index], user);
        let claim = if is_exempt { None } else { self.claim(index, at, number, user, place, away) };
        let (fate, heard) = match claim {
            Some(Claim { fate, heard }) => (Some(fate), heard),
            None => (None, self.heard(index, at + PATIENCE, user, number)),
        };
        match owes {
            Some(Owes::Silence) => counts[7] += u64::from(!heard.is_empty()),
            Some(Owes::All) => {
                counts[4] += heard.len().saturating_sub(1) as u64;
                match fate {
                    Some(Fate::Owed { from }) => {
                        counts[0] += 1;
                        let late = heard.first().map(|(_, at)| at - from > WITHIN);
                        counts[late.map_or(3, |late| if late { 2 } else { 1 })] += 1;
                    }
                    Some(Fate::Ambiguous) => counts[8] += 1,
                    None if is_exempt => {}
                    None => self.count_plainly(index, at, user, place.filter(|_| !away), &heard, counts),
                }
            }
            _ => {}
        }
    }

    /// As if nobody ever came back.
    fn count_plainly(
        &self,
        index: usize,
        at: u64,
        user: u32,
        place: Option<bool>,
        heard: &[(usize, u64)],
        counts: &mut Counts,
    ) {
        let until = if heard.is_empty() { at + WITHIN } else { at };
        let departs = self.told.iter().skip(index + 1).any(|(then, step)| match *step {
            Changes(who) | Leaves(who) if who == user => (at..=until).contains(then),
            Lost(who, silent) | Away(who, silent) if who == user => then.saturating_sub(silent) <= until && *then >= at,
            _ => false,
        });
        match (place, heard.first()) {
            (Some(false), _) => counts[8] += 1,
            (None, None) => {}
            (None, Some((index, _))) => {
                let inside = stands(&self.told[..*index], user).0.is_some();
                counts[if inside { 8 } else { 7 }] += 1;
            }
            (Some(true), _) if departs => counts[8] += 1,
            (Some(true), None) => {
                counts[0] += 1;
                counts[3] += 1;
            }
            (Some(true), Some((_, then))) => {
                counts[0] += 1;
                counts[if then - at <= WITHIN { 1 } else { 2 }] += 1;
            }
        }
    }

    /// What a user has a claim to that was away when the action was sent, or whose connection was lost before it had heard.
    fn claim(&self, index: usize, at: u64, number: u32, user: u32, place: Option<bool>, away: bool) -> Option<Claim> {
        let (mut position, mut open) = match (away, place?) {
            (true, _) => (index, false),
            (false, false) => return None,
            (false, true) => (self.caught(index, at, number, user)?, true),
        };
        let is_sure = place == Some(true);
        loop {
            match self.turn(position, user) {
                Some((back, from, Back(_))) => {
                    let again = self.turn(back, user).filter(|(_, then, _)| *then <= from + PATIENCE);
                    let heard = self.heard(back, from + PATIENCE, user, number);
                    let before = again.is_some_and(|(turn, ..)| heard.first().is_none_or(|(heard, _)| turn < *heard));
                    match again.filter(|_| before && is_sure) {
                        Some((turn, _, Away(..))) => (position, open) = (turn, true),
                        Some(_) => {
                            let heard = self.heard(back, at + PATIENCE, user, number);
                            return Some(Claim { fate: Fate::Ambiguous, heard });
                        }
                        None if is_sure => return Some(Claim { fate: Fate::Owed { from }, heard }),
                        None => return Some(Claim { fate: Fate::Ambiguous, heard }),
                    }
                }
                Some((lost, ..)) if open => {
                    let heard = self.heard(lost, at + PATIENCE, user, number);
                    return Some(Claim { fate: Fate::Ambiguous, heard });
                }
                None if open => return Some(Claim { fate: Fate::Ambiguous, heard: Vec::new() }),
                _ => return None,
            }
        }
    }

    /// Where a member that has not heard yet, and has not left, loses its connection around then.
    fn caught(&self, index: usize, at: u64, number: u32, user: u32) -> Option<usize> {
        for (position, (then, step)) in self.told.iter().enumerate().skip(index + 1) {
            let around = |silent: u64| then.saturating_sub(silent) <= at + WITHIN;
            match *step {
                Hears(who, what) if (who, what) == (user, number) && *then <= at + PATIENCE => return None,
                Changes(who) | Leaves(who) if who == user && *then <= at + WITHIN => return None,
                Lost(who, silent) if who == user && around(silent) => return None,
                Away(who, silent) if who == user && around(silent) => {
                    return (*then <= at + PATIENCE).then_some(position);
                }
                _ => {}
            }
        }
        None
    }
}

struct Claim {
    fate: Fate,
    heard: Vec<(usize, u64)>,
}

enum Fate {
    Owed { from: u64 },
    Ambiguous,
}

fn told() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = |actions| {
        prop_oneof![
            17 => naive::step(actions),
            3 => (0..USERS, 0..4_u64).prop_map(|(user, silent)| Away(user, silent)),
            3 => (0..USERS).prop_map(Back),
        ]
    };
    naive::among(4, 60, step).prop_map(possible)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn the_ledger_counts_what_the_definitions_say(
        told in told(),
        to in prop_oneof![Just(To::Members), Just(To::Others)],
        mut marks in prop::collection::vec(0..80_u64, 0..6),
    ) {
        let mut ledger = ledger(promise(to, Order::Any));
        let mut recorder = Recorder::new(1);
        let mut rest: Vec<Note> = told.iter().map(|(at, step)| note(*at, *step)).collect();
        marks.sort_unstable();
        for mark in marks {
            let cut = rest.partition_point(|note| note.at < at(mark));
            ledger.tell(&mut rest.drain(..cut).collect());
            ledger.advance(at(mark), &mut recorder);
        }
        ledger.tell(&mut rest);
        ledger.finish(at(1_000), &mut recorder);
        prop_assert_eq!(counts(recorder.cell(CELL)), Run { told, to }.count());
        prop_assert_eq!((ledger.open.len(), ledger.departures.len(), ledger.absences.all().count()), (0, 0, 0));
    }
}
