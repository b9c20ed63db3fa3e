//! The planned visits of the first steps, for a picture: who comes to which resource, and when.

use super::Plan;
use super::cooldown::Rule;
use super::scenario::Rhythm;
use crate::units::{Duration, Moment};

/// Who is to act on what: a lane a resource, over time. The beginning of the plan, with every user at its place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlannedLanes {
    /// Ids of the resources that are shown.
    pub resources: Vec<String>,
    /// The picture goes from moment 0 to here.
    pub to: Duration,
    /// In the order of time.
    pub marks: Vec<PlannedMark>,
    /// How many resources are not shown.
    pub resources_left_out: u64,
    /// How long a resource rests after an action, as declared; `None` where nothing so plain is.
    pub rest: Option<Duration>,
}

/// One planned action on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedMark {
    pub at: Moment,
    /// Which of the shown resources.
    pub lane: usize,
    /// `user.index`.
    pub user: u64,
}

const SHOWN_RESOURCES: usize = 40;
/// Steps that are shown: enough to see a rotation turn.
const SHOWN_STEPS: u64 = 12;
/// A picture with more marks shows nothing but colour.
const MOST_MARKS: u64 = 2_000;

impl Plan {
    /// The planned visits of the first steps; `None` where nobody acts on resources in steps. Ramps are left out of it:
    /// every user stands where it will stand at the peak.
    #[must_use]
    pub fn lanes(&self) -> Option<PlannedLanes> {
        let steps = |rhythm| if let Rhythm::Step { every, .. } = rhythm { Some(every) } else { None };
        let acting: Vec<_> = self
            .scenarios
            .iter()
            .filter(|scenario| scenario.rotation.is_some())
            .filter_map(|scenario| Some((scenario, steps(scenario.rhythm)?)))
            .collect();
        let longest = acting.iter().map(|(_, every)| *every).max()?;
        let users: u64 = acting.iter().map(|(scenario, _)| scenario.users).sum();
        let shown = SHOWN_STEPS.min((MOST_MARKS / users.max(1)).max(2));
        let to = longest * shown;
        let mut marks = Vec::new();
        for (scenario, every) in &acting {
            let turns = to.as_nanos().div_ceil(every.as_nanos().max(1));
            for number in 0..turns {
                for user in 0..scenario.users.min(MOST_MARKS) {
                    let turn = scenario.turn(user, number, Moment::START);
                    let lane = turn.resource.filter(|lane| *lane < SHOWN_RESOURCES && turn.due < Moment::START + to);
                    let user = scenario.first_user + user;
                    marks.extend(lane.map(|lane| PlannedMark { at: turn.due, lane, user }));
                }
            }
        }
        marks.sort_by_key(|mark| (mark.at, mark.lane, mark.user));
        let declared = self.cooldown.as_ref().and_then(|cooldown| cooldown.limit(Rule::PerResource));
        let ids = self.resources.iter().take(SHOWN_RESOURCES).map(|resource| resource.id.to_string());
        Some(PlannedLanes {
            resources: ids.collect(),
            to,
            marks,
            resources_left_out: self.resources.len().saturating_sub(SHOWN_RESOURCES) as u64,
            rest: declared.filter(|limit| limit.count == 1).map(|limit| limit.per),
        })
    }
}
