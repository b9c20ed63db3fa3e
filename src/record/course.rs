//! The course of a run on its resources: who acted on what, when, and what came of it. Bounded: the beginning of the run
//! on its first resources, for a picture.

use crate::ledger::ActionOutcome;
use crate::ledger::act::SHOWN_ACTS;
use crate::ledger::cause::Cause;
use crate::units::Moment;

/// One action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Of its actual send.
    pub at: Moment,
    /// `user.index`.
    pub user: u64,
    /// Number of the resource.
    pub resource: usize,
    pub outcome: ActionOutcome,
    /// Of a rejection.
    pub cause: Option<Cause>,
}

/// What is kept of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// In the order of their sends.
    pub visits: Vec<Visit>,
    /// Those that were not kept.
    pub left_out: u64,
}

impl Course {
    /// Keeps a visit while there is room.
    pub fn show(&mut self, visit: Visit) {
        if self.visits.len() < SHOWN_ACTS {
            self.visits.push(visit);
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_leaves_out_what_nobody_could_see() {
        let visit = Visit { at: Moment::START, user: 0, resource: 0, outcome: ActionOutcome::Ok, cause: None };
        let mut course = Course::default();
        (0..SHOWN_ACTS + 3).for_each(|_| course.show(visit));
        assert_eq!((course.visits.len(), course.left_out), (SHOWN_ACTS, 3));
    }
}
