//! The plan for people: what will happen in numbers, and who takes what in the first steps.

use super::Plan;
use super::proof::{Check, Proof};
use super::scenario::{Late, Rhythm, Scenario};
use crate::units::{Duration, Moment};

/// What the plan says before the first socket is opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanSummary {
    /// Label and value, as `users` and `20`.
    pub facts: Vec<(String, String)>,
    /// Cautions of the plan, for instance that a pattern creates no contention.
    pub warnings: Vec<String>,
    /// Who takes what in the first steps; `None` when nobody acts on resources.
    pub steps: Option<StepTable>,
}

/// A row a user, a column a step; cells are resource ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepTable {
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<String>)>,
    /// Said below the table when it shows only a part, as `… and 1,980 more users`.
    pub more: Option<String>,
}

const SHOWN_USERS: u64 = 12;
const SHOWN_STEPS: u64 = 8;

/// Numbers of a plan, by scenario or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Actions, if every user is ready in its slot.
    pub most: u64,
    /// Actions, if every user is ready as late as it may be.
    pub least: u64,
}

/// How many actions a scenario plans. Closed loops plan none.
#[must_use]
pub fn totals(scenario: &Scenario) -> Totals {
    let per_turn: u64 = scenario.actions.iter().map(|action| action.per_turn).sum();
    let mut totals = Totals::default();
    for stay in &scenario.presences {
        totals.most += per_turn * scenario.turns_between(stay.user, stay.slot, stay.until);
        totals.least += per_turn * scenario.turns_between(stay.user, stay.slot + scenario.ready_within, stay.until);
    }
    totals
}

impl Plan {
    /// The plan in words and numbers.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let mut summary = PlanSummary::default();
        let mut fact = |label: &str, value: String| summary.facts.push((label.to_owned(), value));
        fact("target", self.target.display.clone());
        fact("users", self.users().to_string());
        fact("resources", self.resources.len().to_string());
        fact("duration", self.duration.to_string());
        if let Some(cooldown) = &self.cooldown {
            fact("margin", cooldown.margin.to_string());
        }
        for scenario in &self.scenarios {
            let label = |what: &str| {
                if self.scenarios.len() == 1 { what.to_owned() } else { format!("{}: {what}", scenario.name) }
            };
            for (what, value) in facts(scenario, self) {
                summary.facts.push((label(what), value));
            }
            summary.warnings.extend(warnings(scenario, self));
        }
        if !self.target.tls_files.verify {
            summary.warnings.push(
                "TLS certificates are not verified (`tls.verify: false`): anybody could answer for the target".into(),
            );
        }
        summary.steps =
            self.scenarios.iter().find(|scenario| scenario.rotation.is_some()).map(|scenario| self.table(scenario));
        summary
    }

    fn table(&self, scenario: &Scenario) -> StepTable {
        let users = scenario.users.min(SHOWN_USERS);
        let steps = (self.resources.len() as u64 + 1).clamp(2, SHOWN_STEPS);
        let cell = |user, step| {
            let turn = scenario.turn(user, step, Moment::START);
            turn.resource
                .and_then(|resource| self.resources.get(resource))
                .map_or(String::new(), |resource| resource.id.to_string())
        };
        StepTable {
            columns: (0..steps).map(|step| format!("step {step}")).collect(),
            rows: (0..users)
                .map(|user| {
                    (format!("user {}", scenario.first_user + user), (0..steps).map(|step| cell(user, step)).collect())
                })
                .collect(),
            more: (scenario.users > users).then(|| format!("… and {} more users", scenario.users - users)),
        }
    }

    /// Every declared cooldown against the smallest gap of the plan, for a scenario.
    #[must_use]
    pub fn checks(&self, scenario: &Scenario) -> Vec<Check> {
        let proof = self.proof.as_ref().filter(|_| scenario.rotation.is_some());
        proof.map(|proof| proof.checks.clone()).unwrap_or_default()
    }
}

fn facts(scenario: &Scenario, plan: &Plan) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if plan.scenarios.len() > 1 {
        facts.push(("users", scenario.users.to_string()));
    }
    facts.push((
        "stages",
        scenario
            .stages
            .iter()
            .map(|stage| format!("{} {}", stage.name, stage.to.since(stage.from)))
            .collect::<Vec<_>>()
            .join(", "),
    ));
    if let (Some(first), Some(last)) =
        (scenario.presences.iter().map(|stay| stay.slot).min(), scenario.presences.iter().map(|stay| stay.slot).max())
    {
        facts.push(("connects", format!("{} from {first} to {last}", scenario.presences.len())));
    }
    if let Some(rotation) = scenario.rotation {
        facts.push(("pattern", format!("{}: {}", rotation.pattern.name, rotation.pattern.about)));
    }
    match scenario.rhythm {
        Rhythm::Still => {}
        Rhythm::ClosedLoop => facts.push(("step", "closed loop: the next turn starts when the last has ended".into())),
        Rhythm::Step { every, auto } => facts.extend(rhythm_facts(scenario, plan, every, auto)),
    }
    let lifetimes = scenario.presences.iter().map(|stay| stay.until.since(stay.slot) + scenario.turn_within);
    if let (Some(shortest), Some(longest)) = (lifetimes.clone().min(), lifetimes.max()) {
        let text = if shortest == longest { format!("up to {longest}") } else { format!("{shortest} to {longest}") };
        facts.push(("socket lifetime", format!("{text}, the last deadline included")));
    }
    facts
}

/// The step, what comes of it, and how it keeps each cooldown.
fn rhythm_facts(scenario: &Scenario, plan: &Plan, every: Duration, auto: bool) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let why = if auto { " (auto: the shortest that keeps every cooldown)" } else { "" };
    facts.push(("step", format!("{every}{why}")));
    let per_turn: u64 = scenario.actions.iter().map(|action| action.per_turn).sum();
    let totals = totals(scenario);
    let range = if totals.most == totals.least {
        totals.most.to_string()
    } else {
        format!("up to {}, if every user is ready in its slot", totals.most)
    };
    facts.push(("actions", range));
    if totals.least < totals.most {
        let late = format!("when a user is ready; due {} after its slot in any case", scenario.ready_within);
        facts.push(("first turns", late));
    }
    facts.push(("peak rate", format!("{:.1} actions/s", (scenario.users * per_turn) as f64 / every.as_secs_f64())));
    let checks = plan.checks(scenario);
    for check in &checks {
        let gap = if check.by_design {
            "users collide by design".into()
        } else {
            plan.proof
                .as_ref()
                .and_then(|proof| check.gap(proof.step))
                .map_or_else(|| "never so many".into(), |gap| format!("smallest gap {gap}"))
        };
        facts.push((check.rule.words(), format!("cooldown {}, {gap}", check.limit)));
    }
    if let (Late::Skip { .. }, Some(slack)) = (scenario.late, plan.proof.as_ref().and_then(Proof::slack)) {
        facts.push(("slack", format!("a turn may start {slack} late")));
    }
    facts
}

fn warnings(scenario: &Scenario, plan: &Plan) -> Vec<String> {
    let name = &scenario.name;
    let mut warnings = Vec::new();
    if let Some(caution) = scenario.rotation.and_then(|rotation| rotation.pattern.caution) {
        warnings.push(format!("{name}: {caution}"));
    } else if scenario.rotation.is_some()
        && let Some(caution) = plan.contention().and_then(|contention| contention.caution())
    {
        warnings.push(format!("{name}: {caution}"));
    }
    let held_back = scenario.presences.iter().map(|stay| stay.slot.since(stay.asked)).max().unwrap_or_default();
    if held_back > Duration::SECOND {
        warnings
            .push(format!("{name}: `connect.rate` holds users back by up to {held_back} after the load asks for them"));
    }
    let left_out =
        scenario.users.saturating_sub(scenario.presences.iter().map(|stay| stay.user + 1).max().unwrap_or(0));
    if left_out > 0 {
        warnings.push(format!(
            "{name}: {left_out} users never connect: at this `connect.rate` their turn comes after the load has ended"
        ));
    }
    if let Rhythm::Step { every, .. } = scenario.rhythm
        && scenario.turn_within > every
    {
        warnings.push(format!(
            "{name}: a turn may take {} and a step is {every}: a slow answer makes the next turn late",
            scenario.turn_within
        ));
    }
    warnings
}
