//! What users do with each other: hand values over, wait for them, wait for everybody; and the groups in which they do so.

use std::sync::Arc;

use super::Scenario;
use super::language::Payload;
use super::load::Presence;
use super::scenario::Rhythm;
use super::step::{Operation, Program};
use crate::units::{Duration, Moment};

/// A value to hand to the others.
#[derive(Debug)]
pub struct ShareRule {
    pub name: Arc<str>,
    /// Number of the saved name in its scenario.
    pub saved: usize,
    pub value: Payload,
}

/// A value to wait for.
#[derive(Debug)]
pub struct AwaitRule {
    pub name: Arc<str>,
    /// Number of the saved name in its scenario.
    pub saved: usize,
    pub within: Duration,
}

/// A place where everybody waits for everybody.
#[derive(Debug)]
pub struct BarrierRule {
    pub name: Arc<str>,
    /// Of every scenario that has it, not only of the group or the scenario.
    pub of_suite: bool,
    pub within: Duration,
}

/// Whom a user meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Circle {
    /// The users of a group: number of the scenario, and of the group in it.
    Group(usize, u64),
    /// The users of the scenario with that number.
    Scenario(usize),
    Suite,
}

impl Circle {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Group(..) => "group",
            Self::Scenario(_) => "scenario",
            Self::Suite => "suite",
        }
    }
}

impl Program {
    /// Do its users meet others?
    #[must_use]
    pub fn meets(&self) -> bool {
        let meets = |operation: &Operation| {
            matches!(operation, Operation::Share(_) | Operation::Await(_) | Operation::Barrier(_))
        };
        self.operations.iter().any(meets)
    }

    /// Does it hold that barrier of the suite?
    #[must_use]
    pub fn has_barrier_of_suite(&self, name: &str) -> bool {
        let is_it = |operation: &Operation| match operation {
            Operation::Barrier(rule) => rule.of_suite && &*rule.name == name,
            _ => false,
        };
        self.operations.iter().any(is_it)
    }
}

impl Scenario {
    /// The indices of all users in the group of that one; of itself alone without groups.
    pub fn fellows(&self, user: u64) -> impl Iterator<Item = u64> + use<> {
        let size = self.group.unwrap_or(1);
        let first = user / size * size;
        first..first + size
    }

    /// When a stay's turns are due at the latest: of a group, when the last of its members should be ready.
    #[must_use]
    pub fn latest_start(&self, user: u64, stay: usize) -> Moment {
        let slots = self.fellows(user).filter_map(|user| self.stays(user).get(stay)).map(|stay| stay.slot);
        slots.max().unwrap_or_default() + self.ready_within
    }

    /// The number of the first step that all of a group have when its clock starts at `moment`.
    #[must_use]
    pub fn first_turn_together(&self, user: u64, moment: Moment) -> u64 {
        self.fellows(user).map(|user| self.first_turn(user, moment)).max().unwrap_or(0)
    }

    /// The number of the first turn that comes after the end of a stay: of a group the same for all of its members.
    #[must_use]
    pub fn end_turn(&self, user: u64, until: Moment) -> u64 {
        match self.rhythm {
            Rhythm::Step { .. } => self.fellows(user).map(|user| self.first_turn(user, until)).min().unwrap_or(0),
            Rhythm::ClosedLoop | Rhythm::Still => u64::MAX,
        }
    }

    /// How many turns of a stay are due if the clock starts when the user comes, or so much later. Closed loops have no plan.
    #[must_use]
    pub fn turns_of(&self, stay: &Presence, after: Duration) -> u64 {
        match (self.group, self.rhythm) {
            (None, _) => self.turns_between(stay.user, stay.slot + after, stay.until),
            (Some(_), Rhythm::Step { .. }) => {
                let number = self.stays(stay.user).iter().position(|other| other == stay).unwrap_or(0);
                let start = self.latest_start(stay.user, number).since(Moment::START + self.ready_within);
                let first = self.first_turn_together(stay.user, Moment::START + start + after);
                self.end_turn(stay.user, stay.until).saturating_sub(first)
            }
            _ => 0,
        }
    }
}
