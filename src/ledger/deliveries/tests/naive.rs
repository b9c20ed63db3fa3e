//! The same reckoning from the definitions, with no state but the list of everything that was told.

use proptest::prelude::*;

use super::*;

pub(super) const USERS: u32 = 4;

/// Where a user stands in the audience after the first notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    In,
    Between,
    Out,
}

fn place(told: &[(u64, Step)], user: u32) -> Place {
    told.iter().fold(Place::Out, |place, (_, step)| match *step {
        Joins(who) if who == user => Place::In,
        Changes(who) if who == user => Place::Between,
        Leaves(who) | Lost(who, _) if who == user => Place::Out,
        _ => place,
    })
}

const fn millis(duration: Duration) -> u64 {
    duration.as_nanos() / 1_000_000
}

struct Run<'a> {
    told: &'a [(u64, Step)],
    promise: Promise,
}

/// An action of the run, and where in the list it was sent.
#[derive(Clone, Copy)]
struct Action {
    index: usize,
    at: u64,
    sender: u32,
    number: u32,
}

impl Run<'_> {
    fn actions(&self) -> Vec<Action> {
        let told = self.told.iter().enumerate();
        told.filter_map(|(index, (at, step))| match *step {
            Send(sender, number) => Some(Action { index, at: *at, sender, number }),
            _ => None,
        })
        .collect()
    }

    fn last(&self, action: Action) -> u64 {
        action.at + millis(self.promise.within + self.promise.grace)
    }

    /// Index and moment of a user's receipts of an action, up to its last moment.
    fn receipts(&self, action: Action, user: u32) -> Vec<(usize, u64)> {
        let is = |step: &Step| matches!(*step, Hears(who, number) if (who, number) == (user, action.number));
        let told = self.told.iter().enumerate().skip(action.index);
        told.filter(|(_, (at, step))| *at <= self.last(action) && is(step))
            .map(|(index, (at, _))| (index, *at))
            .collect()
    }

    fn first(&self, action: Action, user: u32) -> Option<(usize, u64)> {
        self.receipts(action, user).first().copied()
    }

    /// Its place in the order that counts: that of the sends, or of the first receipts.
    fn rank(&self, action: Action) -> Option<usize> {
        match self.promise.order {
            Order::PerSender => usize::try_from(action.at).ok(),
            _ => (0..USERS).filter_map(|user| Some(self.first(action, user)?.0)).min(),
        }
    }

    /// What a user had received when it received this action, though it comes after it: the last of those, and of two sent
    /// at one moment the one received first.
    fn overtaken_by(&self, action: Action, user: u32) -> Option<Action> {
        let received = self.first(action, user)?.0;
        let compared = |other: &Action| match self.promise.order {
            Order::Any => false,
            Order::PerSender => other.sender == action.sender,
            Order::PerResource => true,
        };
        let before = self.actions().into_iter().filter(compared).filter_map(|other| {
            let heard = self.first(other, user)?.0;
            let rank = self.rank(other)?;
            (heard < received && Some(rank) > self.rank(action)).then_some((rank, heard, other))
        });
        before.max_by_key(|(rank, heard, _)| (*rank, *heard)).map(|(.., other)| other)
    }

    /// Are both ok, as far as is known when the first of them is settled, and was this one received by then?
    fn compares(&self, action: Action, later: Action, received: u64) -> bool {
        let until = self.last(action).min(self.last(later));
        let is_ok = |action: Action| {
            let mut told = self.told.iter().filter(|(at, _)| *at <= until);
            told.any(|(_, step)| matches!(*step, Ends(_, number, Owes::All) if number == action.number))
        };
        received <= self.last(later) && is_ok(action) && is_ok(later)
    }

    fn disagrees(&self, action: Action, later: Action) -> bool {
        let until = self.last(action).min(self.last(later));
        (0..USERS).any(|user| {
            let both = self.first(action, user).zip(self.first(later, user));
            both.is_some_and(|(first, second)| first.1 < second.1 && second.1 <= until)
        })
    }

    fn departs(&self, user: u32, from: u64, until: u64, after: usize) -> bool {
        self.told.iter().enumerate().skip(after + 1).any(|(_, (at, step))| match *step {
            Changes(who) | Leaves(who) if who == user => (from..=until).contains(at),
            Lost(who, silent) if who == user => at.saturating_sub(silent) <= until && *at >= from,
            _ => false,
        })
    }

    fn count(&self) -> Counts {
        let mut counts = [0; 9];
        for action in self.actions() {
            let owes = self.told.iter().find_map(|(_, step)| match *step {
                Ends(_, number, owes) if number == action.number => Some(owes),
                _ => None,
            });
            for user in 0..USERS {
                match owes {
                    Some(Owes::All) => self.count_owed(action, user, &mut counts),
                    Some(Owes::Silence) => counts[7] += u64::from(self.first(action, user).is_some()),
                    _ => {}
                }
            }
        }
        counts
    }

    fn count_owed(&self, action: Action, user: u32, counts: &mut Counts) {
        let receipts = self.receipts(action, user);
        counts[4] += receipts.len().saturating_sub(1) as u64;
        if user == action.sender && self.promise.to == To::Others {
            return;
        }
        let within = action.at + millis(self.promise.within);
        let until = if receipts.is_empty() { within } else { action.at };
        let place_at = |index: usize| place(&self.told[..index], user);
        match (place_at(action.index), receipts.first()) {
            (Place::Between, _) => counts[8] += 1,
            (Place::Out, None) => {}
            (Place::Out, Some((index, _))) if place_at(*index) == Place::Out => counts[7] += 1,
            (Place::Out, Some(_)) => counts[8] += 1,
            (Place::In, _) if self.departs(user, action.at, until, action.index) => counts[8] += 1,
            (Place::In, None) => {
                counts[0] += 1;
                counts[3] += 1;
            }
            (Place::In, Some((_, at))) => {
                counts[0] += 1;
                counts[if *at <= within { 1 } else { 2 }] += 1;
                let later = self.overtaken_by(action, user).filter(|later| self.compares(action, *later, *at));
                if let Some(later) = later {
                    let disagrees = self.disagrees(action, later);
                    counts[5] += u64::from(disagrees || self.promise.order == Order::PerSender);
                    counts[6] += u64::from(disagrees);
                }
            }
        }
    }
}

pub(super) fn step(actions: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..USERS, 0..actions).prop_map(|(user, number)| Hears(user, number)),
        2 => (0..USERS).prop_map(Joins),
        1 => (0..USERS).prop_map(Changes),
        1 => (0..USERS).prop_map(Leaves),
        1 => (0..USERS, 0..4_u64).prop_map(|(user, silent)| Lost(user, silent)),
    ]
}

/// Actions at random moments, each with its outcome, among receipts and changes at random moments.
pub(super) fn told() -> impl Strategy<Value = Vec<(u64, Step)>> {
    among(5, 45, step)
}

/// Up to so many actions, each with its outcome, among the steps of a number of actions that are told before that moment.
pub(super) fn among<S: Strategy<Value = Step>>(
    most: usize,
    end: u64,
    step: impl Fn(u32) -> S,
) -> impl Strategy<Value = Vec<(u64, Step)>> {
    let owes = prop_oneof![8 => Just(Owes::All), 1 => Just(Owes::Silence), 1 => Just(Owes::Nothing)];
    let sends = prop::collection::vec((5..30_u64, 0..USERS, 0..8_u64, owes), 1..=most);
    sends.prop_flat_map(move |sends| {
        let number = u32::try_from(sends.len()).unwrap();
        let steps = prop::collection::vec((5..end, step(number)), 0..60);
        (Just(sends), steps, prop::collection::vec(0..USERS, 0..5)).prop_map(|(sends, steps, members)| {
            let mut told: Vec<(u64, Step)> = members.into_iter().map(|user| (0, Joins(user))).collect();
            for (number, (at, sender, later, owes)) in (0..).zip(sends) {
                told.extend([(at, Send(sender, number)), (at + later, Ends(sender, number, owes))]);
            }
            told.extend(steps);
            told.sort_by_key(|(at, _)| *at);
            told
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn the_ledger_counts_what_the_definitions_say(
        told in told(),
        to in prop_oneof![Just(To::Members), Just(To::Others)],
        order in prop_oneof![Just(Order::Any), Just(Order::PerSender), Just(Order::PerResource)],
        marks in prop::collection::vec(0..60_u64, 0..6),
    ) {
        let promise = promise(to, order);
        let mut ledger = ledger(promise);
        let mut recorder = Recorder::new(1);
        let mut rest: Vec<Note> = told.iter().map(|(at, step)| note(*at, *step)).collect();
        let mut marks = marks;
        marks.sort_unstable();
        for mark in marks {
            let cut = rest.partition_point(|note| note.at < at(mark));
            let mut now: Vec<Note> = rest.drain(..cut).collect();
            ledger.tell(&mut now);
            ledger.advance(at(mark), &mut recorder);
        }
        ledger.tell(&mut rest);
        ledger.finish(at(1_000), &mut recorder);
        prop_assert_eq!(counts(recorder.cell(CELL)), Run { told: &told, promise }.count());
        prop_assert_eq!(ledger.orders.len() + ledger.open.len() + ledger.overtaken.len() + ledger.departures.len(), 0);
    }
}
