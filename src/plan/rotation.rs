//! The step and the pattern of every scenario that acts, held against the cooldowns. Scenarios that act on the resources
//! are one rotation: their users are numbered on in the order of the file, and the shortest of their steps is the base step.

use super::cooldown::Cooldown;
use super::critic::Critic;
use super::load::Course;
use super::pattern::{Choice, Order};
use super::proof::{self, Proof, advice::Question};
use super::scenario::{Late, Rhythm, Rotation};
use super::visits::{Party, Visits};
use crate::suite::problem::Path;
use crate::suite::schema::{Scenario, Suite};
use crate::units::Duration;

/// What the rotation is made on.
pub struct Floor<'a> {
    pub suite: &'a Suite,
    /// By scenario, in the order of the file.
    pub loads: &'a [Course],
    pub resources: u64,
    /// Number of credentials rows, where users share them.
    pub rows: Option<u64>,
    pub cooldown: Option<Cooldown>,
    /// A step that breaks a rule is taken all the same.
    pub force: bool,
    pub seed: u64,
    pub critic: &'a Critic<'a>,
}

/// When and on what a scenario acts.
#[derive(Debug, Clone, Copy)]
pub struct Acting {
    pub rhythm: Rhythm,
    pub rotation: Option<Rotation>,
    pub late: Late,
    /// Are cooldowns held against it?
    pub held: bool,
}

/// The step as a suite writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Auto,
    Asap,
    Step(Duration),
}

/// A scenario that acts.
struct Dancer<'a> {
    path: Path,
    scenario: &'a Scenario,
    users: u64,
    first_user: u64,
    every: Every,
    choice: Choice,
}

/// What all scenarios on the resources have in common.
#[derive(Default)]
struct Tempo {
    /// The one step of all whose steps are whole multiples of it.
    base: Option<Duration>,
    /// The step that the plan chose.
    auto: Option<Duration>,
    /// Nobody needs to be told that there is no step: why there is none has been.
    told: bool,
    shift: bool,
    proof: Option<Proof>,
}

/// For each scenario, in the order of the file, and the proof for all of them.
pub fn compile(floor: &Floor<'_>) -> (Vec<Acting>, Option<Proof>) {
    let mut first_user = 0;
    let mut dancers: Vec<Option<Dancer<'_>>> = Vec::new();
    for ((name, scenario), load) in floor.suite.scenarios.iter().zip(floor.loads) {
        let path = Path::root().key("scenarios").key(name.as_str());
        if scenario.act.is_empty() {
            still(name, scenario, &path, floor.critic);
            dancers.push(None);
        } else {
            let choice = choice(floor, scenario, &path);
            let every = every(scenario, &path, floor.critic);
            dancers.push(Some(Dancer { path, scenario, users: load.users(), first_user, every, choice }));
        }
        first_user += load.users();
    }
    let together: Vec<&Dancer<'_>> =
        dancers.iter().flatten().filter(|dancer| dancer.choice.is_on_resources()).collect();
    let tempo = if floor.holds_rules() { held(floor, &together) } else { free(floor, &together) };
    let total = together.iter().map(|dancer| dancer.users).sum();
    let mut offset = 0;
    let mut all = Vec::new();
    for dancer in &dancers {
        let Some(dancer) = dancer else {
            all.push(Acting { rhythm: Rhythm::Still, rotation: None, late: Late::Queue, held: false });
            continue;
        };
        let rhythm = rhythm(dancer, &tempo, floor.critic);
        let rotation = dancer.choice.is_on_resources().then(|| {
            let mut setting = dancer.choice.setting(total, floor.resources, floor.seed);
            setting.shift = tempo.shift;
            Rotation { pattern: dancer.choice.pattern, setting, offset, stride: stride(rhythm, tempo.base) }
        });
        offset += if rotation.is_some() { dancer.users } else { 0 };
        let late = late(dancer, rhythm, &tempo, floor.cooldown.is_some());
        all.push(Acting { rhythm, rotation, late, held: rotation.is_some() && floor.holds_rules() });
    }
    (all, tempo.proof)
}

impl Floor<'_> {
    fn holds_rules(&self) -> bool {
        self.cooldown.is_some_and(|cooldown| cooldown.rules().next().is_some())
    }

    /// From the start until the last user has to leave.
    fn run(&self) -> Duration {
        Duration::from_nanos(self.loads.iter().map(|load| load.end().as_nanos()).max().unwrap_or(0))
    }

    fn visits(&self, together: &[&Dancer<'_>], base: Option<Duration>, shift: bool) -> Option<Visits> {
        let first = together.first()?;
        let stride = |every: Every| match (every, base) {
            (Every::Step(every), Some(base)) => every.as_nanos() / base.as_nanos().max(1),
            _ => 1,
        };
        let parties: Vec<Party> = together
            .iter()
            .map(|dancer| Party {
                users: dancer.users,
                first_user: dancer.first_user,
                stride: stride(dancer.every).max(1),
            })
            .collect();
        let users = parties.iter().map(|party| party.users).sum();
        let mut setting = first.choice.setting(users, self.resources, self.seed);
        setting.shift = shift;
        // Cohorts that move on were worked out for one step only.
        let can_shift = first.choice.order == Order::Balanced && setting.cohorts() > 1;
        let visits = Visits { pattern: first.choice.pattern, setting, parties, rows: self.rows };
        (!shift || can_shift && visits.is_in_step()).then_some(visits)
    }
}

fn still(name: &str, scenario: &Scenario, path: &Path, critic: &Critic<'_>) {
    for (key, _) in
        [("pattern", scenario.pattern.is_some()), ("every", scenario.every.is_some())].iter().filter(|key| key.1)
    {
        critic.error_at_key(
            &path.key(*key),
            format!("`{key}` is for scenarios that act, and `{name}` has no `act`"),
            "add `act`, or leave it out",
        );
    }
}

/// Without resources every scenario is outside the rotation.
fn choice(floor: &Floor<'_>, scenario: &Scenario, path: &Path) -> Choice {
    let path = path.key("pattern");
    let choice = Choice::of(scenario.pattern.as_ref(), &path, floor.critic);
    if floor.resources > 0 || !choice.is_on_resources() {
        return choice;
    }
    if scenario.pattern.is_some() {
        let what = "a pattern needs resources, and the suite has none";
        floor.critic.error_at_key(&path, what, "declare `resources`");
    }
    Choice::none()
}

fn every(scenario: &Scenario, path: &Path, critic: &Critic<'_>) -> Every {
    match scenario.every.as_deref().map(str::trim) {
        None | Some("auto") => Every::Auto,
        Some("asap") => Every::Asap,
        Some(text) => {
            // What is no duration was found when the suite was read.
            let every: Duration = text.parse().unwrap_or(Duration::SECOND);
            if every.is_zero() {
                critic.error(&path.key("every"), "a step of no length never ends", "write `asap` for a closed loop");
                return Every::Step(Duration::SECOND);
            }
            Every::Step(every)
        }
    }
}

/// The shortest step, if all choose the same pattern and the steps are whole multiples of it; else who does not fit.
fn common<'a, 'b>(together: &[&'b Dancer<'a>]) -> Result<Option<Duration>, (&'b Dancer<'a>, &'static str, String)> {
    let Some(first) = together.first() else { return Ok(None) };
    if let Some(other) = together.iter().find(|dancer| !dancer.choice.is_as(&first.choice)) {
        return Err((
            other,
            "pattern",
            "give all scenarios on the resources the same `pattern`, or one of them `none`".into(),
        ));
    }
    let steps = together.iter().filter_map(|dancer| match dancer.every {
        Every::Step(every) => Some((*dancer, every)),
        _ => None,
    });
    let Some(base) = steps.clone().map(|(_, every)| every).min() else { return Ok(None) };
    if let Some(auto) = together.iter().find(|dancer| dancer.every == Every::Auto) {
        return Err((
            auto,
            "step",
            format!("write the step of all scenarios on the resources, as `every: {base}`, or of none"),
        ));
    }
    for (dancer, every) in steps {
        if !every.as_nanos().is_multiple_of(base.as_nanos()) {
            let near = base * every.as_nanos().div_ceil(base.as_nanos());
            return Err((dancer, "step", format!("write a whole multiple of the shortest step, as `every: {near}`")));
        }
    }
    Ok(Some(base))
}

/// Without a cooldown nothing has to be proved: scenarios that have nothing in common go each for itself.
fn free(floor: &Floor<'_>, together: &[&Dancer<'_>]) -> Tempo {
    let base = common(together).ok().flatten();
    let all_written = together.iter().all(|dancer| matches!(dancer.every, Every::Step(_)));
    let shift = base.is_some() && all_written && floor.visits(together, base, true).is_some();
    Tempo { base, shift, ..Tempo::default() }
}

/// The common step under the declared rules.
fn held(floor: &Floor<'_>, together: &[&Dancer<'_>]) -> Tempo {
    let (critic, untold) = (floor.critic, Tempo::default());
    let Some(cooldown) = &floor.cooldown else { return untold };
    let base = match common(together) {
        Ok(base) => base,
        Err((dancer, what, help)) => {
            let what = format!(
                "this scenario acts on the same resources in another {what}, so the cooldowns cannot be proved"
            );
            critic.error(&dancer.path, what, help);
            return Tempo { told: true, ..untold };
        }
    };
    let loops: Vec<_> = together.iter().filter(|dancer| dancer.every == Every::Asap).collect();
    for dancer in &loops {
        critic.warning(
            &dancer.path.key("every"),
            "not provable: `asap` keeps no step, so no cooldown can be held against it",
            "use `auto` to keep the cooldowns",
        );
    }
    if !loops.is_empty() {
        if let Some(auto) = together.iter().find(|dancer| dancer.every == Every::Auto) {
            let what = "beside a closed loop on the same resources there is no step that keeps the cooldowns";
            critic.error(&auto.path, what, "write the step, as `every: 2s`");
        }
        return Tempo { base, told: true, ..untold };
    }
    let Some(plain) = floor.visits(together, base, false) else { return untold };
    let shifted = floor.visits(together, base, true);
    match base {
        Some(base) => written(floor, together, cooldown, base, &plain, shifted.as_ref()),
        None => chosen(floor, together, cooldown, &plain, shifted.as_ref()),
    }
}

/// The step is written: does it keep the rules? If cohorts that move on do too, they are taken: they meet more of the others.
fn written(
    floor: &Floor<'_>,
    together: &[&Dancer<'_>],
    cooldown: &Cooldown,
    base: Duration,
    plain: &Visits,
    shifted: Option<&Visits>,
) -> Tempo {
    let prove = |visits: &Visits| Proof::new(visits, cooldown, base, floor.run());
    if let Some(proof) = shifted.map(prove).filter(Proof::holds) {
        return Tempo { base: Some(base), shift: true, proof: Some(proof), ..Tempo::default() };
    }
    let proof = prove(plain);
    if !proof.holds() && !floor.force {
        let is_base = |dancer: &&&Dancer<'_>| dancer.every == Every::Step(base);
        let path = together.iter().find(is_base).map(|dancer| dancer.path.key("every")).unwrap_or_default();
        if let Some(first) = together.first() {
            let question = Question { choice: first.choice, visits: plain, cooldown, step: base };
            let (what, help) = question.refusal(&proof);
            floor.critic.error(&path, what, help);
        }
    }
    Tempo { base: Some(base), proof: Some(proof), ..Tempo::default() }
}

/// The shortest step that keeps the rules; cohorts move on if that costs nothing.
fn chosen(
    floor: &Floor<'_>,
    together: &[&Dancer<'_>],
    cooldown: &Cooldown,
    plain: &Visits,
    shifted: Option<&Visits>,
) -> Tempo {
    let step_of = |visits: &Visits| proof::shortest_step(&proof::checks(visits, cooldown));
    let Some(step) = step_of(plain) else {
        if let Some(first) = together.first() {
            let what = "users act at the same moment, so no step keeps the cooldowns";
            floor.critic.error(&first.path, what, "change the number of users or of resources, or spread them");
        }
        return Tempo { told: true, ..Tempo::default() };
    };
    let step = step.max(Duration::from_millis(1));
    let shifted = shifted.filter(|visits| step_of(visits).is_some_and(|longer| longer <= step));
    let proof = Proof::new(shifted.unwrap_or(plain), cooldown, step, floor.run());
    Tempo { base: Some(step), auto: Some(step), shift: shifted.is_some(), proof: Some(proof), told: false }
}

fn rhythm(dancer: &Dancer<'_>, tempo: &Tempo, critic: &Critic<'_>) -> Rhythm {
    let is_on_resources = dancer.choice.is_on_resources();
    match dancer.every {
        Every::Asap => Rhythm::ClosedLoop,
        Every::Step(every) => Rhythm::Step { every, auto: false },
        Every::Auto => match tempo.auto.filter(|_| is_on_resources) {
            Some(every) => Rhythm::Step { every, auto: true },
            None => {
                let (at, what) = match &dancer.scenario.every {
                    Some(_) => (dancer.path.key("every"), "`auto` needs a cooldown to keep, and none is declared"),
                    None => (dancer.path.clone(), "`every` is missing, and there is no cooldown that would give it"),
                };
                if !(tempo.told && is_on_resources) {
                    critic.error(&at, what, "write the step, as `every: 2s`, or declare `cooldown` and `resources`");
                }
                // Stands in for what is missing: a closed loop would have demands of its own.
                Rhythm::Step { every: Duration::SECOND, auto: false }
            }
        },
    }
}

fn stride(rhythm: Rhythm, base: Option<Duration>) -> u64 {
    match (rhythm, base) {
        (Rhythm::Step { every, .. }, Some(base)) => (every.as_nanos() / base.as_nanos().max(1)).max(1),
        _ => 1,
    }
}

fn late(dancer: &Dancer<'_>, rhythm: Rhythm, tempo: &Tempo, cooldown: bool) -> Late {
    let is_outside = dancer.scenario.pattern.is_some() && !dancer.choice.is_on_resources();
    let skips = dancer.scenario.late.as_deref().map_or(cooldown && !is_outside, |late| late == "skip");
    let proof = tempo.proof.as_ref().filter(|_| dancer.choice.is_on_resources());
    match rhythm {
        Rhythm::Step { .. } if skips => Late::Skip { slack: proof.and_then(Proof::slack).unwrap_or_default() },
        _ => Late::Queue,
    }
}
