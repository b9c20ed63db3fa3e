//! What numbers are kept apart by: scenario, stage of its load, and action. One [`Cell`] for each combination.

use serde::{Deserialize, Serialize};

use super::custom::Custom;
use super::label::LabelAxis;

/// The names along which a run's numbers are kept apart. Fixed by the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Axes {
    pub scenarios: Vec<ScenarioAxis>,
    /// Metrics of the suite's own, kept apart as everything is.
    pub customs: Vec<Custom>,
    /// Labels, by whose values outcomes are broken down.
    pub labels: Vec<LabelAxis>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScenarioAxis {
    pub name: String,
    /// At least one.
    pub stages: Vec<String>,
    pub actions: Vec<String>,
}

/// Number of a combination of scenario, stage and action (or of what belongs to no action).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell(pub u32);

/// A part of a run: positions on the axes; `None` takes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    pub scenario: Option<usize>,
    pub stage: Option<usize>,
    pub action: Option<usize>,
    /// Number of a label, and of one of its wanted values.
    pub label: Option<(usize, usize)>,
}

impl Axes {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scenarios.iter().map(ScenarioAxis::len).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// The first cell of a scenario; its others follow as `stage × (actions + 1) + action + 1`, where the first of
    /// each stage holds what belongs to no action.
    #[must_use]
    pub fn base(&self, scenario: usize) -> u32 {
        let before: usize = self.scenarios[..scenario].iter().map(ScenarioAxis::len).sum();
        u32::try_from(before).unwrap_or(u32::MAX)
    }

    /// The cell of a combination.
    #[must_use]
    pub fn cell(&self, scenario: usize, stage: usize, action: Option<usize>) -> Cell {
        Cell::within(self.base(scenario), self.scenarios[scenario].actions.len(), stage, action)
    }

    /// All cells of a part.
    pub fn cells(&self, part: Part) -> impl Iterator<Item = Cell> {
        let scenarios = self.scenarios.iter().enumerate();
        scenarios.filter(move |(index, _)| part.scenario.is_none_or(|wanted| wanted == *index)).flat_map(
            move |(scenario, axis)| {
                let stages =
                    (0..axis.stages.len()).filter(move |stage| part.stage.is_none_or(|wanted| wanted == *stage));
                stages.flat_map(move |stage| {
                    let none = part.action.is_none().then_some(None);
                    let actions = (0..axis.actions.len()).map(Some);
                    let chosen = actions.filter(move |action| part.action.is_none() || part.action == *action);
                    none.into_iter().chain(chosen).map(move |action| self.cell(scenario, stage, action))
                })
            },
        )
    }
}

impl ScenarioAxis {
    #[must_use]
    pub fn len(&self) -> usize {
        self.stages.len() * (self.actions.len() + 1)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }
}

impl Cell {
    /// The cell of a stage and action in a scenario whose first cell is `base`.
    #[must_use]
    pub fn within(base: u32, actions: usize, stage: usize, action: Option<usize>) -> Self {
        let offset = stage * (actions + 1) + action.map_or(0, |action| action + 1);
        Self(base + u32::try_from(offset).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Axes {
        let axis = |name: &str, stages: &[&str], actions: &[&str]| ScenarioAxis {
            name: name.into(),
            stages: stages.iter().map(ToString::to_string).collect(),
            actions: actions.iter().map(ToString::to_string).collect(),
        };
        Axes {
            scenarios: vec![axis("bidders", &["ramp", "steady"], &["bid", "look"]), axis("idle", &["main"], &[])],
            ..Axes::default()
        }
    }

    fn check(part: Part, expected: &[u32]) {
        let cells: Vec<u32> = axes().cells(part).map(|cell| cell.0).collect();
        assert_eq!(cells, expected, "{part:?}");
    }

    #[test]
    fn parts_select_their_cells() {
        check(Part::default(), &[0, 1, 2, 3, 4, 5, 6]);
        check(Part { scenario: Some(0), ..Part::default() }, &[0, 1, 2, 3, 4, 5]);
        check(Part { scenario: Some(0), stage: Some(1), ..Part::default() }, &[3, 4, 5]);
        check(Part { scenario: Some(0), stage: Some(1), action: Some(0), ..Part::default() }, &[4]);
        check(Part { action: Some(1), scenario: Some(0), ..Part::default() }, &[2, 5]);
        check(Part { scenario: Some(1), ..Part::default() }, &[6]);
        assert_eq!(axes().len(), 7);
    }
}
