//! The course of a run on its resources: who acted on what, when, and what came of it. Bounded: each action of the
//! beginning, and counts over all of the run, on the first resources; for a picture.

use super::overview::Overview;
use crate::ledger::cause::Cause;
use crate::ledger::{ActionOutcome, LaneEnd};
use crate::units::Moment;

/// The picture of a run shows its first so many resources; the beginning of it …
pub const SHOWN_RESOURCES: usize = 40;
/// … for so long …
const SHOWN_UNTIL: Moment = Moment::from_nanos(60_000_000_000);
/// … and at most so many actions.
const SHOWN_ACTS: usize = 2_500;

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
    /// The beginning, in the order of their sends.
    pub visits: Vec<Visit>,
    /// Those that were not kept one by one.
    pub left_out: u64,
    /// All of them that ended.
    pub overview: Overview,
    /// Not in the overview: on other resources than the first.
    pub elsewhere: u64,
    /// Not in the overview: nobody knows how they would have ended.
    pub open: u64,
}

impl Course {
    /// Keeps a visit while there is room, and counts it.
    pub fn show(&mut self, visit: Visit) {
        let here = visit.resource < SHOWN_RESOURCES;
        match LaneEnd::of(visit.outcome) {
            Some(end) if here => self.overview.count(visit.resource, visit.at, end),
            Some(_) => self.elsewhere += 1,
            None => self.open += 1,
        }
        if here && visit.at < SHOWN_UNTIL && self.visits.len() < SHOWN_ACTS {
            self.visits.push(visit);
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    const FIRST: Visit = Visit { at: Moment::START, user: 0, resource: 0, outcome: ActionOutcome::Ok, cause: None };

    fn course(visits: impl IntoIterator<Item = Visit>) -> Course {
        let mut course = Course::default();
        visits.into_iter().for_each(|visit| course.show(visit));
        course
    }

    /// What of one visit is kept: itself, in the overview, as elsewhere, as open.
    fn check(visit: Visit, expected: [u64; 4]) {
        let course = course([visit]);
        let counted = course.overview.rows().iter().flatten().flatten().sum();
        assert_eq!([course.visits.len() as u64, counted, course.elsewhere, course.open], expected);
        assert_eq!(course.left_out + expected[0], 1);
    }

    #[test]
    fn of_the_beginning_all_is_kept_and_of_the_rest_the_counts() {
        let late = Moment::START + Duration::from_secs(60);
        check(FIRST, [1, 1, 0, 0]);
        check(Visit { at: late, ..FIRST }, [0, 1, 0, 0]);
        check(Visit { resource: SHOWN_RESOURCES - 1, ..FIRST }, [1, 1, 0, 0]);
        check(Visit { resource: SHOWN_RESOURCES, ..FIRST }, [0, 0, 1, 0]);
        check(Visit { outcome: ActionOutcome::Unfinished, ..FIRST }, [1, 0, 0, 1]);
    }

    #[test]
    fn a_long_run_leaves_out_what_nobody_could_see() {
        let course = course(std::iter::repeat_n(FIRST, SHOWN_ACTS + 3));
        assert_eq!((course.visits.len(), course.left_out), (SHOWN_ACTS, 3));
        assert_eq!(course.overview.rows(), [[[SHOWN_ACTS as u64 + 3, 0, 0, 0]]]);
    }
}
