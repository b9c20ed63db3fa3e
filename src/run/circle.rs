//! What the users of one circle (a group, a scenario, the suite) have in common: the values that they hand over, and the
//! places where they wait for each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::units::Moment;

/// Most turns that are remembered, whoever may still come to them.
const MOST_TURNS: u64 = 1_000;

/// What a value or a barrier belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// A stay of a group; outside of groups the whole run, as stay 0.
    Stay(usize),
    /// The turn with that number.
    Turn(u64),
}

/// A value that was handed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    pub value: Value,
    pub at: Moment,
}

/// A place where users wait for each other.
#[derive(Debug, Default)]
struct Barrier {
    /// Who has not come yet.
    missing: HashSet<u64>,
    opened: Option<Moment>,
    /// Who is to be told when it opens.
    waiting: Vec<u64>,
}

/// One circle. Users go by `user.index`.
#[derive(Debug, Default)]
pub struct CircleState {
    shared: BTreeMap<When, HashMap<Arc<str>, Shared>>,
    /// What each waits for.
    awaiting: HashMap<u64, (When, Arc<str>)>,
    barriers: BTreeMap<When, HashMap<Arc<str>, Barrier>>,
    /// The first turn that is still remembered.
    floor: u64,
}

impl CircleState {
    /// Hands a value over; those that wait for it are added to `calls`.
    pub fn share(&mut self, when: When, name: &Arc<str>, shared: Shared, calls: &mut Vec<u64>) {
        self.remember(when);
        self.shared.entry(when).or_default().insert(Arc::clone(name), shared);
        self.awaiting.retain(|user, (at, awaited)| {
            let meant = *at == when && awaited == name;
            if meant {
                calls.push(*user);
            }
            !meant
        });
    }

    /// The value, or `user` will be called once it is there.
    pub fn seek(&mut self, when: When, name: &Arc<str>, user: u64) -> Option<Shared> {
        let found = self.shared.get(&when).and_then(|shared| shared.get(name)).cloned();
        if found.is_none() {
            self.awaiting.insert(user, (when, Arc::clone(name)));
        }
        found
    }

    /// Somebody comes to a barrier; `expected` says who has to, if nobody has come before.
    pub fn come(
        &mut self,
        when: When,
        name: &Arc<str>,
        user: u64,
        now: Moment,
        expected: impl FnOnce() -> HashSet<u64>,
        calls: &mut Vec<u64>,
    ) {
        self.remember(when);
        if self.is_forgotten(when) {
            return;
        }
        let barriers = self.barriers.entry(when).or_default();
        let make = || Barrier { missing: expected(), ..Barrier::default() };
        let barrier = barriers.entry(Arc::clone(name)).or_insert_with(make);
        barrier.lacks_no_more(user, now, calls);
    }

    /// When the barrier has opened, or `user` will be called once it does.
    pub fn opened(&mut self, when: When, name: &Arc<str>, user: u64, now: Moment) -> Option<Moment> {
        if self.is_forgotten(when) {
            return Some(now);
        }
        let barrier = self.barriers.get_mut(&when)?.get_mut(name)?;
        if barrier.opened.is_none() {
            barrier.waiting.push(user);
        }
        barrier.opened
    }

    /// That user will not come to any barrier.
    pub fn leave(&mut self, user: u64, now: Moment, calls: &mut Vec<u64>) {
        for barrier in self.barriers.values_mut().flat_map(HashMap::values_mut) {
            barrier.lacks_no_more(user, now, calls);
        }
    }

    /// It has turned out which turns a user has: to the barriers of others, which are its own by `has`, it will not come.
    pub fn take_part(
        &mut self,
        user: u64,
        turns: (u64, u64),
        now: Moment,
        has: impl Fn(&str) -> bool,
        calls: &mut Vec<u64>,
    ) {
        for (when, barriers) in &mut self.barriers {
            let When::Turn(number) = when else { continue };
            for (_, barrier) in barriers.iter_mut().filter(|(name, barrier)| barrier.opened.is_none() && has(name)) {
                if (turns.0..turns.1).contains(number) {
                    barrier.missing.insert(user);
                } else {
                    barrier.lacks_no_more(user, now, calls);
                }
            }
        }
    }

    /// Nobody comes to an earlier turn any more.
    pub fn forget_before(&mut self, turn: u64) {
        if turn <= self.floor {
            return;
        }
        self.floor = turn;
        let keeps = |when: &When| !matches!(when, When::Turn(number) if *number < turn);
        self.shared.retain(|when, _| keeps(when));
        self.barriers.retain(|when, _| keeps(when));
    }

    const fn is_forgotten(&self, when: When) -> bool {
        matches!(when, When::Turn(number) if number < self.floor)
    }

    /// Makes room: what is long past goes when something new begins.
    fn remember(&mut self, when: When) {
        match when {
            When::Turn(number) => self.forget_before((number + 1).saturating_sub(MOST_TURNS)),
            When::Stay(stay) => {
                // Of the stay before, somebody may still be about to leave.
                let keeps = |when: &When| !matches!(when, When::Stay(earlier) if earlier + 1 < stay);
                self.shared.retain(|when, _| keeps(when));
                self.barriers.retain(|when, _| keeps(when));
            }
        }
    }
}

impl Barrier {
    fn lacks_no_more(&mut self, user: u64, now: Moment, calls: &mut Vec<u64>) {
        self.missing.remove(&user);
        if self.missing.is_empty() && self.opened.is_none() {
            self.opened = Some(now);
            calls.append(&mut self.waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::START + crate::units::Duration::from_millis(ms)
    }

    fn shared(number: u64) -> Shared {
        Shared { value: number.into(), at: at(number) }
    }

    #[test]
    fn nobody_takes_the_value_of_another_turn() {
        let (mut circle, room, mut calls): (_, Arc<str>, _) = (CircleState::default(), "room".into(), Vec::new());
        assert_eq!(circle.seek(When::Turn(2), &room, 7), None);
        for when in [When::Turn(1), When::Stay(2)] {
            circle.share(when, &room, shared(1), &mut calls);
        }
        assert_eq!(circle.seek(When::Turn(2), &room, 7), None);
        circle.share(When::Turn(2), &"door".into(), shared(3), &mut calls);
        assert!(calls.is_empty());
        circle.share(When::Turn(2), &room, shared(2), &mut calls);
        assert_eq!(calls, [7]);
        assert_eq!(circle.seek(When::Turn(2), &room, 7), Some(shared(2)));
        assert_eq!(circle.seek(When::Turn(1), &room, 8), Some(shared(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut circle, name, mut calls): (_, Arc<str>, _) = (CircleState::default(), "n".into(), Vec::new());
        for number in 0..5_000 {
            circle.share(When::Turn(number), &name, shared(number), &mut calls);
            circle.share(When::Stay(usize::try_from(number).unwrap()), &name, shared(number), &mut calls);
            circle.come(When::Turn(number), &name, 1, at(0), || HashSet::from([1, 2]), &mut calls);
        }
        assert_eq!((circle.shared.len(), circle.barriers.len()), (1_002, 1_000));
        // To what is forgotten nobody is waited for.
        assert_eq!(circle.opened(When::Turn(3), &name, 1, at(9)), Some(at(9)));
        assert_eq!(circle.opened(When::Turn(4_999), &name, 1, at(9)), None);
        circle.forget_before(4_999);
        assert_eq!((circle.shared.len(), circle.barriers.len()), (3, 1));
    }

    #[test]
    fn a_barrier_opens_for_the_last_that_comes_or_leaves_or_takes_no_part() {
        let (mut circle, name, mut calls): (_, Arc<str>, _) = (CircleState::default(), "n".into(), Vec::new());
        let when = When::Turn(4);
        let mut come = |circle: &mut CircleState, user| {
            circle.come(when, &name, user, at(user), || HashSet::from([1, 2, 3, 4]), &mut calls);
        };
        come(&mut circle, 1);
        assert_eq!(circle.opened(when, &name, 1, at(1)), None);
        come(&mut circle, 2);
        assert_eq!(circle.opened(when, &name, 2, at(2)), None);
        circle.leave(3, at(3), &mut calls);
        circle.take_part(4, (5, 9), at(4), |_| false, &mut calls);
        circle.take_part(5, (0, 9), at(4), |_| true, &mut calls);
        circle.take_part(4, (5, 9), at(4), |_| true, &mut calls);
        assert!(calls.is_empty());
        circle.leave(5, at(6), &mut calls);
        assert_eq!(calls, [1, 2]);
        // Open, it stays open.
        circle.take_part(4, (0, 9), at(7), |_| true, &mut calls);
        assert_eq!(circle.opened(when, &name, 9, at(8)), Some(at(6)));
    }
}
