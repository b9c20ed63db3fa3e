//! Of the users that take a resource with an action in one step exactly one is ok.
//!
//! Two or more of them ok is broken, whatever became of the others. Exactly one or none is decided only when the server has
//! answered everybody: who timed out, was disconnected or is unfinished may have won. None, then, is broken, too. Who was
//! not sent contends for nothing, and who is alone has nobody to win against: that is no check.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Tally, keep};
use crate::ledger::action::ActionOutcome;
use crate::units::{Duration, Moment};

/// One who has acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contender {
    pub sent: Moment,
    pub step: u64,
    /// Number of the resource.
    pub resource: usize,
    /// `user.index`.
    pub user: u64,
    pub outcome: ActionOutcome,
}

/// All who took a resource in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// When the first of them was sent, and who it was.
    pub from: Moment,
    pub first: u64,
    pub step: u64,
    pub resource: usize,
    pub contenders: u64,
    /// In the order of their sends.
    pub winners: Vec<u64>,
    /// Some may have won, and nobody knows.
    pub unsure: u64,
}

/// How a round stands to the invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Held,
    Broken,
    Undecided,
    /// Nobody contended.
    Alone,
}

impl Round {
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.contenders, self.winners.len(), self.unsure) {
            (0 | 1, ..) => Standing::Alone,
            (_, 2.., _) => Standing::Broken,
            (_, _, 1..) => Standing::Undecided,
            (_, 1, 0) => Standing::Held,
            (_, 0, 0) => Standing::Broken,
        }
    }
}

/// Looks at the contenders of one action.
#[derive(Debug)]
pub struct OneWinner {
    /// So long after its first contender a round is over: who comes later is late by more than any queue.
    patience: Duration,
    open: HashMap<(usize, u64), Open>,
    /// In the order in which they began.
    order: VecDeque<(Moment, (usize, u64))>,
    /// The last step that is over, by resource.
    over: HashMap<usize, u64>,
    tally: Tally,
    broken: Vec<Round>,
    undecided: Vec<Round>,
}

#[derive(Debug)]
struct Open {
    users: HashSet<u64>,
    round: Round,
}

impl OneWinner {
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            open: HashMap::new(),
            order: VecDeque::new(),
            over: HashMap::new(),
            tally: Tally::default(),
            broken: Vec::new(),
            undecided: Vec::new(),
        }
    }

    /// Takes the next one, in the order of the sends of all users.
    pub fn take(&mut self, contender: Contender) {
        let Contender { sent, step, resource, user, outcome } = contender;
        self.close_until(sent);
        if matches!(outcome, ActionOutcome::NotSent(_)) {
            return;
        }
        let key = (resource, step);
        if !self.open.contains_key(&key) {
            if self.over.get(&resource).is_some_and(|over| *over >= step) {
                // Its round has been decided without it.
                self.tally.undecided += 1;
                return;
            }
            let round =
                Round { from: sent, first: user, step, resource, contenders: 0, winners: Vec::new(), unsure: 0 };
            self.open.insert(key, Open { users: HashSet::new(), round });
            self.order.push_back((sent, key));
        }
        let Some(Open { users, round }) = self.open.get_mut(&key) else { return };
        round.contenders += u64::from(users.insert(user));
        match outcome {
            ActionOutcome::Ok if !round.winners.contains(&user) => round.winners.push(user),
            ActionOutcome::Timeout | ActionOutcome::Disconnected | ActionOutcome::Unfinished => round.unsure += 1,
            _ => {}
        }
    }

    /// Nobody comes any more.
    pub fn finish(&mut self) {
        self.close_until(Moment::NEVER);
    }

    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The first rounds that were broken.
    #[must_use]
    pub fn broken(&self) -> &[Round] {
        &self.broken
    }

    /// The first rounds of which nobody knows.
    #[must_use]
    pub fn undecided(&self) -> &[Round] {
        &self.undecided
    }

    fn close_until(&mut self, now: Moment) {
        while let Some((_, key)) =
            self.order.pop_front_if(|(from, _)| now == Moment::NEVER || *from + self.patience < now)
        {
            let Some(Open { round, .. }) = self.open.remove(&key) else { continue };
            let over = self.over.entry(round.resource).or_default();
            *over = (*over).max(round.step);
            match round.standing() {
                Standing::Alone => {}
                Standing::Held => self.tally.held += 1,
                Standing::Broken => {
                    self.tally.broken += 1;
                    keep(&mut self.broken, || round);
                }
                Standing::Undecided => {
                    self.tally.undecided += 1;
                    keep(&mut self.undecided, || round);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::EXAMPLES;
    use super::*;
    use crate::ledger::action::NotSent;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    fn contender(ms: u64, step: u64, user: u64, outcome: ActionOutcome) -> Contender {
        Contender { sent: at(ms), step, resource: 0, user, outcome }
    }

    /// Of the users of one round with these outcomes.
    fn check(outcomes: &[ActionOutcome], held: u64, broken: u64, undecided: u64) {
        let mut winner = OneWinner::new(PATIENCE);
        for (user, outcome) in (0..).zip(outcomes) {
            winner.take(contender(user, 3, user, *outcome));
        }
        winner.finish();
        assert_eq!(winner.tally(), Tally { held, broken, undecided }, "{outcomes:?}");
    }

    #[test]
    fn what_is_decided_and_how() {
        use ActionOutcome::{Disconnected, Failed, NotSent as Left, Ok, Rejected, Timeout, Unfinished};
        check(&[Ok, Rejected, Rejected], 1, 0, 0);
        check(&[Rejected, Ok, Failed], 1, 0, 0);
        check(&[Ok, Ok, Rejected], 0, 1, 0);
        check(&[Ok, Ok, Timeout], 0, 1, 0);
        check(&[Rejected, Rejected], 0, 1, 0);
        check(&[Rejected, Failed, Failed], 0, 1, 0);
        for unsure in [Timeout, Disconnected, Unfinished] {
            check(&[Ok, unsure, Rejected], 0, 0, 1);
            check(&[Rejected, unsure], 0, 0, 1);
        }
        // Nobody to win against.
        check(&[Ok], 0, 0, 0);
        check(&[Rejected], 0, 0, 0);
        check(&[Ok, Left(NotSent::Busy)], 0, 0, 0);
        check(&[Ok, Rejected, Left(NotSent::Offline)], 1, 0, 0);
        check(&[], 0, 0, 0);
    }

    #[test]
    fn who_acts_twice_in_a_round_wins_once() {
        let mut winner = OneWinner::new(PATIENCE);
        for (ms, user) in [(0, 1), (1, 1), (2, 2)] {
            let outcome = if user == 1 { ActionOutcome::Ok } else { ActionOutcome::Rejected };
            winner.take(contender(ms, 0, user, outcome));
        }
        winner.finish();
        assert_eq!(winner.tally(), Tally { held: 1, ..Tally::default() });
    }

    #[test]
    fn a_round_is_forgotten_and_who_is_later_than_that_is_undecided() {
        let mut winner = OneWinner::new(PATIENCE);
        for step in 0..1_000 {
            for user in 0..3 {
                let outcome = if user == 0 { ActionOutcome::Ok } else { ActionOutcome::Rejected };
                winner.take(contender(step * 1_000 + user, step, user, outcome));
            }
            assert!(winner.open.len() <= 12, "{}", winner.open.len());
        }
        winner.take(contender(1_000_000, 7, 9, ActionOutcome::Ok));
        winner.finish();
        assert_eq!(winner.tally(), Tally { held: 1_000, broken: 0, undecided: 1 });
    }

    #[test]
    fn few_examples_are_kept_and_say_who() {
        let mut winner = OneWinner::new(PATIENCE);
        for step in 0..10 {
            for user in 0..3 {
                winner.take(contender(step * 1_000 + user, step, user, ActionOutcome::Ok));
            }
        }
        winner.finish();
        let first =
            Round { from: at(0), first: 0, step: 0, resource: 0, contenders: 3, winners: vec![0, 1, 2], unsure: 0 };
        assert_eq!((winner.broken().len(), &winner.broken()[0]), (EXAMPLES, &first));
    }

    fn outcomes() -> impl Strategy<Value = ActionOutcome> {
        use ActionOutcome::{Ok, Rejected, Timeout};
        prop_oneof![
            Just(Ok),
            Just(Rejected),
            Just(Rejected),
            Just(Timeout),
            Just(ActionOutcome::NotSent(NotSent::Busy))
        ]
    }

    /// By definition, over everything at once.
    fn naive(contenders: &[Contender]) -> Tally {
        let mut rounds: BTreeMap<(usize, u64), BTreeMap<u64, Vec<ActionOutcome>>> = BTreeMap::new();
        for one in contenders.iter().filter(|one| !matches!(one.outcome, ActionOutcome::NotSent(_))) {
            rounds.entry((one.resource, one.step)).or_default().entry(one.user).or_default().push(one.outcome);
        }
        let mut tally = Tally::default();
        for users in rounds.values().filter(|users| users.len() > 1) {
            let winners = users.values().filter(|ends| ends.contains(&ActionOutcome::Ok)).count();
            let unsure = users.values().any(|ends| ends.contains(&ActionOutcome::Timeout));
            match (winners, unsure) {
                (2.., _) => tally.broken += 1,
                (_, true) => tally.undecided += 1,
                (1, false) => tally.held += 1,
                (_, false) => tally.broken += 1,
            }
        }
        tally
    }

    proptest! {
        #[test]
        fn the_same_as_over_everything_at_once(
            acts in prop::collection::vec((0_u64..900, 0_u64..4, 0_usize..3, outcomes()), 0..200),
        ) {
            // Steps of a second, in which users are sent anywhere.
            let mut contenders: Vec<Contender> = acts
                .into_iter()
                .enumerate()
                .map(|(number, (late, user, resource, outcome))| {
                    let step = number as u64 / 8;
                    Contender { sent: at(step * 1_000 + late), step, resource, user, outcome }
                })
                .collect();
            contenders.sort_by_key(|contender| contender.sent);
            let mut winner = OneWinner::new(PATIENCE);
            contenders.iter().for_each(|contender| winner.take(*contender));
            winner.finish();
            prop_assert_eq!(winner.tally(), naive(&contenders));
        }
    }
}
