//! The step and the pattern of every scenario that acts, held against the cooldowns. Scenarios that act on the resources
//! are one rotation: their users are numbered on in the order of the file.

use super::compile_scenario::ScenarioLoad;
use super::cooldown::Cooldown;
use super::critic::Critic;
use super::pattern::{self, PATTERNS, Pattern, Size};
use super::proof::{self, Check};
use super::scenario::{Late, Rhythm, Rotation};
use crate::suite::problem::Path;
use crate::suite::schema::{Scenario, Suite};
use crate::units::Duration;

/// When and on what a scenario acts.
#[derive(Debug, Clone, Copy)]
pub struct Acting {
    pub rhythm: Rhythm,
    pub rotation: Option<Rotation>,
    pub late: Late,
}

/// For each scenario, in the order of the file.
pub fn compile(
    suite: &Suite,
    loads: &[ScenarioLoad],
    resources: u64,
    cooldown: Option<&Cooldown>,
    force: bool,
    critic: &Critic<'_>,
) -> Vec<Acting> {
    let acts = |scenario: &Scenario| !scenario.act.is_empty();
    let on_resources = suite.scenarios.values().zip(loads).filter(|(scenario, _)| resources > 0 && acts(scenario));
    let size = Size { users: on_resources.map(|(_, load)| load.users).sum::<u64>().max(1), resources };
    let mut offset = 0;
    let mut found: Vec<(Path, Acting)> = Vec::new();
    for ((name, scenario), load) in suite.scenarios.iter().zip(loads) {
        let path = Path::root().key("scenarios").key(name.as_str());
        if !acts(scenario) {
            for (key, _) in
                [("pattern", &scenario.pattern), ("every", &scenario.every)].iter().filter(|(_, value)| value.is_some())
            {
                critic.error_at_key(
                    &path.key(*key),
                    format!("`{key}` is for scenarios that act, and `{name}` has no `act`"),
                    "add `act`, or leave it out",
                );
            }
            found.push((path, Acting { rhythm: Rhythm::Still, rotation: None, late: Late::Queue }));
            continue;
        }
        let pattern = chosen_pattern(scenario, resources, &path, critic);
        let rotation = pattern.map(|pattern| Rotation { pattern, offset, size });
        offset += if rotation.is_some() { load.users } else { 0 };
        let checks = match (rotation, cooldown) {
            (Some(rotation), Some(cooldown)) => cooldown.checks(rotation.pattern, rotation.size),
            _ => Vec::new(),
        };
        let rhythm = rhythm(scenario, &checks, &path, force, critic);
        let late = late(scenario, rhythm, &checks, cooldown.is_some());
        found.push((path, Acting { rhythm, rotation, late }));
    }
    one_rotation(&found, cooldown, critic);
    found.into_iter().map(|(_, acting)| acting).collect()
}

fn chosen_pattern(scenario: &Scenario, resources: u64, path: &Path, critic: &Critic<'_>) -> Option<&'static Pattern> {
    if resources == 0 {
        if scenario.pattern.is_some() {
            critic.error_at_key(
                &path.key("pattern"),
                "a pattern needs resources, and the suite has none",
                "declare `resources`",
            );
        }
        return None;
    }
    scenario.pattern.as_deref().map_or(Some(&PATTERNS[0]), pattern::find)
}

fn rhythm(scenario: &Scenario, checks: &[Check], path: &Path, force: bool, critic: &Critic<'_>) -> Rhythm {
    let every_path = path.key("every");
    match scenario.every.as_deref() {
        Some("asap") => {
            if !checks.is_empty() {
                critic.warning(
                    &every_path,
                    "`asap` keeps no step, so no cooldown can be proved",
                    "use `auto` to keep the cooldowns",
                );
            }
            Rhythm::ClosedLoop
        }
        None | Some("auto") => match proof::shortest_step(checks) {
            Some(every) => Rhythm::Step { every, auto: true },
            None => {
                let what = if scenario.every.is_some() {
                    "`auto` needs a cooldown to keep, and none is declared"
                } else {
                    "`every` is missing, and there is no cooldown that would give it"
                };
                let at = if scenario.every.is_some() { &every_path } else { path };
                critic.error(at, what, "write the step, as `every: 2s`, or declare `cooldown` and `resources`");
                // Stands in for what is missing: a closed loop would have demands of its own.
                Rhythm::Step { every: Duration::SECOND, auto: false }
            }
        },
        Some(text) => {
            // What is no duration was found when the suite was read.
            let every = text.parse().unwrap_or(Duration::SECOND);
            if every.is_zero() {
                critic.error(&every_path, "a step of no length never ends", "write `asap` for a closed loop");
            }
            if !force {
                prove(checks, every, &every_path, critic);
            }
            Rhythm::Step { every, auto: false }
        }
    }
}

fn prove(checks: &[Check], every: Duration, path: &Path, critic: &Critic<'_>) {
    let broken: Vec<&Check> = checks.iter().filter(|check| !check.kept(every)).collect();
    let Some(worst) = broken.iter().max_by_key(|check| check.shortest_step()) else { return };
    let what = format!(
        "with `every: {every}` the smallest gap {} is {}, and the cooldown asks for {} (with its margin)",
        worst.rule.words(),
        worst.gap(every).unwrap_or_default(),
        worst.needed
    );
    let step = proof::shortest_step(checks).unwrap_or(every);
    critic.error(path, what, format!("the shortest step that keeps it is {step}: write that, or `auto`"));
}

fn late(scenario: &Scenario, rhythm: Rhythm, checks: &[Check], cooldown: bool) -> Late {
    let skips = scenario.late.as_deref().map_or(cooldown, |late| late == "skip");
    match rhythm {
        Rhythm::Step { every, .. } if skips => Late::Skip { slack: proof::slack(checks, every).unwrap_or_default() },
        _ => Late::Queue,
    }
}

/// Where a cooldown is declared, all that acts on the resources needs one step and one pattern: only then is the proof for
/// one of them the proof for all.
fn one_rotation(found: &[(Path, Acting)], cooldown: Option<&Cooldown>, critic: &Critic<'_>) {
    let acting: Vec<&(Path, Acting)> = found.iter().filter(|(_, acting)| acting.rotation.is_some()).collect();
    let (Some((first, rest)), Some(_)) = (acting.split_first(), cooldown) else { return };
    let key = |acting: &Acting| (acting.rhythm, acting.rotation.map(|rotation| rotation.pattern.name));
    for (path, _) in rest.iter().filter(|(_, acting)| key(acting) != key(&first.1)) {
        let what =
            "this scenario acts on the same resources in another step or pattern, so the cooldowns cannot be proved";
        critic.error(path, what, "give all scenarios that act the same `every` and `pattern`");
    }
}
