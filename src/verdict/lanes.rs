//! What happened on the resources, as a picture shows it.

use super::outcome::{LaneEnd, LaneMark, Lanes, LanesOverview};
use crate::plan::Plan;
use crate::record::course::SHOWN_RESOURCES;
use crate::record::{Course, Results, Visit};
use crate::units::{Duration, Moment};

/// The run on its first resources; `None` when nobody acted on any.
#[must_use]
pub fn lanes(plan: &Plan, results: &Results) -> Option<Lanes> {
    let course = &results.course;
    let resources: Vec<String> =
        plan.resources.iter().take(SHOWN_RESOURCES).map(|resource| resource.id.to_string()).collect();
    let marks: Vec<LaneMark> = course.visits.iter().filter_map(mark).collect();
    let (from, to) = (marks.first()?.at, marks.last().map_or(Moment::START, |mark| mark.at));
    let left_out = course.left_out + (course.visits.len() - marks.len()) as u64;
    let overview = overview(course, results.timeline.last().map_or(0, |point| point.number));
    Some(Lanes { resources, from, to, marks, left_out, overview })
}

/// Over all of the run, until its last second.
fn overview(course: &Course, last: u64) -> LanesOverview {
    let mut overview = course.overview.clone();
    let end = overview.reach(last) as u64 + 1;
    let acted = overview.rows().iter().map(Vec::len).max().unwrap_or(0) as u64;
    LanesOverview {
        step: Duration::from_secs(overview.step()),
        columns: end.max(acted),
        rows: overview.rows().to_vec(),
        elsewhere: course.elsewhere,
        open: course.open,
    }
}

fn mark(visit: &Visit) -> Option<LaneMark> {
    let end = LaneEnd::of(visit.outcome)?;
    Some(LaneMark { at: visit.at, lane: visit.resource, user: visit.user, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ActionOutcome;

    fn visit(second: u64, resource: usize) -> Visit {
        let at = Moment::START + Duration::from_secs(second);
        Visit { at, user: 3, resource, outcome: ActionOutcome::Rejected, cause: None }
    }

    /// The seconds of a column, and how many columns there are, when somebody acted at that second.
    fn check(acted: u64, last: u64, expected: (u64, u64)) {
        let mut course = Course::default();
        course.show(visit(acted, 1));
        let overview = overview(&course, last);
        assert_eq!((overview.step, overview.columns), (Duration::from_secs(expected.0), expected.1));
        let counts = &overview.rows[1][usize::try_from(acted / expected.0).unwrap()];
        assert_eq!(*counts, [0, 1, 0, 0]);
    }

    #[test]
    fn a_mark_says_who_acted_on_what() {
        let found = mark(&visit(7, 5));
        assert_eq!(found, Some(LaneMark { at: visit(7, 5).at, lane: 5, user: 3, end: LaneEnd::Rejected }));
    }

    #[test]
    fn the_overview_goes_to_the_end_of_the_run() {
        check(3, 9, (1, 10));
        check(9, 3, (1, 10));
        check(3, 299, (1, 300));
        check(3, 3_600, (16, 226));
    }
}
