//! From `share`, `await` and `barrier` as written to what users do with each other.

use std::sync::Arc;

use serde_json::Value;

use super::Scenario;
use super::compile_step::Steps;
use super::critic::Critic;
use super::language::{Payload, Place, UnknownName};
use super::meeting::{AwaitRule, BarrierRule, ShareRule};
use super::scenario::Rhythm;
use super::step::{Operation, Program};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Map, Step, Suite};
use crate::units::{Duration, Moment};

const DEFAULT_WITHIN: Duration = Duration::from_secs(30);

impl Steps<'_> {
    pub(super) fn share(&self, step: &Step, path: &Path, place: Place) -> Option<Operation> {
        let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
        let rule = |(name, value): (&String, &Value)| ShareRule {
            name: name.as_str().into(),
            saved: self.saved(name),
            value: Payload::compile(
                value,
                &path.key(name.as_str()),
                self.names,
                Place { binary: true, ..place },
                &mut problem,
            ),
        };
        Some(Operation::Share(step.share.as_ref()?.iter().map(rule).collect()))
    }

    pub(super) fn awaited(&self, step: &Step) -> Option<Operation> {
        let name = step.awaited.as_deref()?;
        let within = step.within.unwrap_or(DEFAULT_WITHIN);
        Some(Operation::Await(Box::new(AwaitRule { name: name.into(), saved: self.saved(name), within })))
    }

    pub(super) fn barrier(&self, step: &Step) -> Option<Operation> {
        let name: Arc<str> = step.barrier.as_deref()?.into();
        let within = step.within.unwrap_or(DEFAULT_WITHIN);
        Some(Operation::Barrier(Box::new(BarrierRule { name, of_suite: step.of.is_some(), within })))
    }

    fn saved(&self, name: &str) -> usize {
        self.names.saved.iter().position(|known| known == name).unwrap_or(usize::MAX)
    }
}

/// Calls `found` with every step of a list, and of the lists in it.
fn visit(steps: &[Step], path: &Path, found: &mut dyn FnMut(&Step, &Path)) {
    for (index, step) in steps.iter().enumerate() {
        let path = path.index(index);
        found(step, &path);
        visit(step.steps.as_deref().unwrap_or_default(), &path.key("steps"), found);
        for (index, way) in step.mix.iter().flatten().enumerate() {
            visit(&way.steps, &path.key("mix").index(index).key("steps"), found);
        }
    }
}

/// The lists of steps in which users meet, with whether they belong to a turn.
fn places(scenario: &schema::Scenario) -> [(&'static str, &[Step], bool); 3] {
    [("login", &scenario.login, false), ("setup", &scenario.setup, false), ("act", &scenario.act, true)]
}

/// A value that is awaited is shared by somebody: in the same scenario where it has groups, else by any without.
pub fn somebody_shares(suite: &Suite, critic: &Critic<'_>) {
    let shares = |name: &str, by: &schema::Scenario, turn: bool| {
        let (mut found, root) = (false, Path::root());
        let mut look =
            |step: &Step, _: &Path| found |= step.share.as_ref().is_some_and(|share| share.contains_key(name));
        let lists = places(by).into_iter().filter(|(_, _, of_turn)| *of_turn == turn);
        lists.for_each(|(_, steps, _)| visit(steps, &root, &mut look));
        found
    };
    for (name, scenario) in &suite.scenarios {
        let others: Vec<&schema::Scenario> = match scenario.group {
            Some(_) => vec![scenario],
            None => suite.scenarios.values().filter(|other| other.group.is_none()).collect(),
        };
        let path = Path::root().key("scenarios").key(name.as_str());
        for (place, steps, turn) in places(scenario) {
            visit(steps, &path.key(place), &mut |step: &Step, path: &Path| {
                let Some(name) = &step.awaited else { return };
                if others.iter().any(|other| shares(name, other, turn)) {
                    return;
                }
                let by = if scenario.group.is_some() { "in this scenario" } else { "in a scenario without groups" };
                let (what, help) = match (turn, others.iter().any(|other| shares(name, other, !turn))) {
                    (true, true) => (
                        format!(
                            "`{name}` is not shared in `act`, and a turn takes only what was shared in the same turn"
                        ),
                        "await it in `setup`, where it stays".to_owned(),
                    ),
                    (false, true) => (
                        format!("`{name}` is shared in `act` only, and what a turn shares is for that turn"),
                        "await it in `act`, or share it in `setup`".to_owned(),
                    ),
                    _ => (format!("nobody shares `{name}`"), format!("write `share: {{ {name}: … }}` {by}")),
                };
                critic.error(&path.key("await"), what, help);
            });
        }
    }
}

/// What turns of several scenarios have in common needs the same number for the same turn.
pub fn turns_agree(scenarios: &[Scenario], critic: &Critic<'_>) {
    let mut seen: Vec<(String, &Scenario)> = Vec::new();
    for scenario in scenarios {
        for name in of_suite(&scenario.act, scenario.group.is_none()) {
            let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) else {
                seen.push((name, scenario));
                continue;
            };
            if step(other.rhythm) != step(scenario.rhythm) {
                let path = Path::root().key("scenarios").key(scenario.name.as_str()).key("act");
                let what = format!("{name} belongs to the turn, and the turns of `{}` have another step", other.name);
                critic.error_at_key(&path, what, "give both scenarios the same `every`, or meet in `setup`");
            }
        }
    }
}

/// Who comes first to a barrier of the setup waits until the last one has its slot, and that must not be too long.
pub fn barriers_open(scenarios: &[Scenario], critic: &Critic<'_>) {
    for scenario in scenarios {
        for (place, program) in [("login", &scenario.login), ("setup", &scenario.setup)] {
            let barriers = program.operations.iter().filter_map(|operation| match operation {
                Operation::Barrier(rule) => Some(rule),
                _ => None,
            });
            for rule in barriers {
                let wait = longest_wait(scenarios, scenario, rule);
                if wait > rule.within {
                    let path = Path::root().key("scenarios").key(scenario.name.as_str()).key(place);
                    let what = format!(
                        "the last user comes to the barrier `{}` {wait} after the first, and it waits for {}",
                        rule.name, rule.within
                    );
                    critic.warning(&path, what, "lengthen its `within`, or let users come sooner after each other");
                }
            }
        }
    }
}

/// From the first slot to the last of those that a barrier of the setup waits for.
fn longest_wait(scenarios: &[Scenario], scenario: &Scenario, rule: &BarrierRule) -> Duration {
    let slots = |scenario: &Scenario, users: &mut dyn Iterator<Item = u64>| -> Vec<Moment> {
        users.filter_map(|user| scenario.stays(user).first()).map(|stay| stay.slot).collect()
    };
    let spread = |slots: &[Moment]| match (slots.iter().min(), slots.iter().max()) {
        (Some(first), Some(last)) => last.since(*first),
        _ => Duration::ZERO,
    };
    if rule.of_suite {
        let has_it = |other: &&Scenario| {
            [&other.login, &other.setup].iter().any(|program| program.has_barrier_of_suite(&rule.name))
        };
        let parties = scenarios.iter().filter(has_it);
        return spread(&parties.flat_map(|party| slots(party, &mut (0..party.users))).collect::<Vec<_>>());
    }
    match scenario.group {
        None => spread(&slots(scenario, &mut (0..scenario.users))),
        Some(size) => {
            let groups = (0..scenario.users / size).map(|group| slots(scenario, &mut scenario.fellows(group * size)));
            groups.map(|slots| spread(&slots)).max().unwrap_or_default()
        }
    }
}

const fn step(rhythm: Rhythm) -> Option<Duration> {
    match rhythm {
        Rhythm::Step { every, .. } => Some(every),
        Rhythm::ClosedLoop | Rhythm::Still => None,
    }
}

/// What users of a program have in common with other scenarios.
fn of_suite(program: &Program, values_too: bool) -> Vec<String> {
    let mut names = Vec::new();
    for operation in &program.operations {
        match operation {
            Operation::Share(rules) if values_too => names.extend(rules.iter().map(|rule| format!("`{}`", rule.name))),
            Operation::Await(rule) if values_too => names.push(format!("`{}`", rule.name)),
            Operation::Barrier(rule) if rule.of_suite => names.push(format!("the barrier `{}`", rule.name)),
            _ => {}
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The names that steps share or await: each becomes a saved name.
pub fn names(step: &Step) -> impl Iterator<Item = &String> {
    step.share.iter().flat_map(Map::keys).chain(&step.awaited)
}
