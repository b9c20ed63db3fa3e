//! What happened on the resources, as a picture shows it.

use super::outcome::{LaneEnd, LaneMark, Lanes};
use crate::ledger::ActionOutcome;
use crate::ledger::act::SHOWN_RESOURCES;
use crate::plan::Plan;
use crate::record::{Course, Visit};
use crate::units::Moment;

/// The beginning of the run on its first resources; `None` when nobody acted on any.
#[must_use]
pub fn lanes(plan: &Plan, course: &Course) -> Option<Lanes> {
    let resources: Vec<String> =
        plan.resources.iter().take(SHOWN_RESOURCES).map(|resource| resource.id.to_string()).collect();
    let marks: Vec<LaneMark> = course.visits.iter().filter_map(mark).collect();
    let (from, to) = (marks.first()?.at, marks.last().map_or(Moment::START, |mark| mark.at));
    let left_out = course.left_out + (course.visits.len() - marks.len()) as u64;
    Some(Lanes { resources, from, to, marks, left_out })
}

/// Of what is still open nobody knows how it would have ended: it is not shown.
fn mark(visit: &Visit) -> Option<LaneMark> {
    let end = match visit.outcome {
        ActionOutcome::Ok => LaneEnd::Accepted,
        ActionOutcome::Rejected => LaneEnd::Rejected,
        ActionOutcome::Timeout => LaneEnd::Late,
        ActionOutcome::Failed | ActionOutcome::Disconnected => LaneEnd::Failed,
        ActionOutcome::NotSent(_) | ActionOutcome::Unfinished => return None,
    };
    Some(LaneMark { at: visit.at, lane: visit.resource, user: visit.user, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: ActionOutcome, expected: Option<LaneEnd>) {
        let visit = Visit { at: Moment::from_nanos(7), user: 3, resource: 5, outcome, cause: None };
        let expected = expected.map(|end| LaneMark { at: visit.at, lane: 5, user: 3, end });
        assert_eq!(mark(&visit), expected);
    }

    #[test]
    fn a_mark_says_what_came_of_an_action() {
        check(ActionOutcome::Ok, Some(LaneEnd::Accepted));
        check(ActionOutcome::Rejected, Some(LaneEnd::Rejected));
        check(ActionOutcome::Timeout, Some(LaneEnd::Late));
        check(ActionOutcome::Failed, Some(LaneEnd::Failed));
        check(ActionOutcome::Disconnected, Some(LaneEnd::Failed));
        check(ActionOutcome::Unfinished, None);
    }
}
