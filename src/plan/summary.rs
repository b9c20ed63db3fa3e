//! The plan for people: what will happen in numbers, what is proved of it, and who takes what in the first steps.

use super::Plan;
use super::contention::Contention;
use super::cooldown::Rule;
use super::proof::{Check, Proof};
use super::scenario::{Rhythm, Scenario};
use crate::metrics::number::{counted, limit, span};
use crate::units::{Duration, Moment};

/// What the plan says before the first socket is opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanSummary {
    /// Label and value, as `users` and `20`.
    pub facts: Vec<(String, String)>,
    pub proof: ProofSummary,
    /// `None` where nobody acts on resources.
    pub contention: Option<ContentionSummary>,
    pub totals: PlannedTotals,
    pub needs: Needs,
    /// Cautions of the plan, for instance that a pattern creates no contention.
    pub warnings: Vec<String>,
    /// Who takes what in the first steps; `None` when nobody acts on resources.
    pub steps: Option<StepTable>,
}

/// The plan against the declared cooldowns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProofSummary {
    pub verdict: ProofVerdict,
    /// The verdict for a person.
    pub sentence: String,
    /// That it was proved for; `None` without a proof.
    pub step: Option<Duration>,
    /// Room for network jitter, in every needed gap.
    pub margin: Option<Duration>,
    /// The least that a gap has to spare beyond cooldown and margin: how late a turn may start.
    pub slack: Option<Duration>,
    pub rules: Vec<RuleRow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProofVerdict {
    /// No cooldown is declared.
    #[default]
    NothingToProve,
    Kept,
    /// Kept, but for what collides on purpose.
    ByDesign,
    /// And it is run all the same (`--force`).
    Broken,
    /// Nothing keeps a step, so nothing is known of gaps.
    NotProvable,
}

/// One rule of the server held against the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRow {
    /// Its key in the suite: `per_resource`.
    pub rule: String,
    /// How many actions it allows in [`Self::per`]: 1 for a plain cooldown.
    pub count: u64,
    pub per: Duration,
    /// The same as text: `1 s`, `100 per 1 s`.
    pub declared: String,
    /// What is declared, and the margin.
    pub needed: Duration,
    /// The smallest that occurs; `None` where there never are so many actions.
    pub gap: Option<Duration>,
    /// Between gap and needed: to spare where the rule is kept, missing where it is broken.
    pub difference: Option<Duration>,
    pub standing: RuleStanding,
    /// Where users collide by design: share of the actions that come too soon.
    pub inside: Option<f64>,
    /// From the visits themselves; otherwise a bound.
    pub exact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStanding {
    Kept,
    ByDesign,
    Broken,
}

impl RuleStanding {
    /// As in "per_resource: by design".
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::ByDesign => "by design",
            Self::Broken => "broken",
        }
    }
}

/// How much users meet on the resources.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentionSummary {
    /// Distinct users that a resource sees: fewest and most.
    pub fewest_users: u64,
    pub most_users: u64,
    /// Ordered pairs (A, then directly B, on one resource) that occur, and those that could.
    pub pairs: u64,
    pub possible_pairs: u64,
    /// The first as a fraction of the second; `None` where no pair is possible.
    pub share: Option<f64>,
    /// Counted over a part of the users, and scaled.
    pub sampled: bool,
    /// Median time between two different users on one resource; `None` when that never happens.
    pub between: Option<Duration>,
    /// What a resource asks for between two actions, to be read beside it.
    pub cooldown: Option<Duration>,
}

/// Numbers of the whole plan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlannedTotals {
    pub users: u64,
    pub resources: u64,
    /// Actions, if every user is ready in its slot. Closed loops plan none.
    pub actions_most: u64,
    /// Actions, if every user is ready as late as it may be.
    pub actions_least: u64,
    /// At the peak; `None` without a step.
    pub actions_per_second: Option<f64>,
    /// In the busiest second.
    pub connects_per_second: u64,
    /// How long a socket is open, its last deadline included: the shortest and the longest.
    pub lifetimes: Option<(Duration, Duration)>,
}

/// What the machine must have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// An estimate, in bytes: what the program takes, and what an idle connection takes for every user.
    pub memory: u64,
    /// Ports of this machine: one a connection.
    pub local_ports: u64,
    pub open_files: u64,
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
/// Bytes that the program takes without users.
const MEMORY_BASE: u64 = 20 << 20;
/// Bytes that an idle connection takes on our side.
const MEMORY_OF_USER: u64 = 6 << 10;
/// Descriptors for everything that is no connection.
const FILES_BESIDE: u64 = 64;

impl Plan {
    /// The plan in words and numbers.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let totals = self.totals();
        // Once: it looks at millions of visits.
        let contention = self.contention();
        let mut summary = PlanSummary {
            proof: self.proof_summary(),
            contention: contention.map(|contention| self.contention_summary(&contention)),
            totals,
            needs: Needs {
                memory: MEMORY_BASE + totals.users * MEMORY_OF_USER,
                local_ports: totals.users,
                open_files: totals.users + FILES_BESIDE,
            },
            steps: self.scenarios.iter().find(|scenario| scenario.rotation.is_some()).map(|first| self.table(first)),
            ..PlanSummary::default()
        };
        let mut fact = |label: &str, value: String| summary.facts.push((label.to_owned(), value));
        fact("target", self.target.display.clone());
        fact("duration", span(self.duration));
        for scenario in &self.scenarios {
            let label = |what: &str| {
                if self.scenarios.len() == 1 { what.to_owned() } else { format!("{}: {what}", scenario.name) }
            };
            for (what, value) in facts(scenario, self) {
                summary.facts.push((label(what), value));
            }
            summary.warnings.extend(warnings(scenario, contention.as_ref()));
        }
        summary.warnings.extend(self.target.careless().map(ToOwned::to_owned));
        summary
    }

    fn totals(&self) -> PlannedTotals {
        let mut totals =
            PlannedTotals { users: self.users(), resources: self.resources.len() as u64, ..PlannedTotals::default() };
        let mut slots: Vec<Moment> = Vec::new();
        for scenario in &self.scenarios {
            let per_turn = scenario.actions.iter().map(|action| action.per_turn).sum::<u64>();
            for stay in &scenario.presences {
                totals.actions_most += per_turn * scenario.turns_of(stay, Duration::ZERO);
                totals.actions_least += per_turn * scenario.turns_of(stay, scenario.ready_within);
                let lifetime = stay.until.since(stay.slot) + scenario.turn_within;
                let (shortest, longest) = totals.lifetimes.unwrap_or((lifetime, lifetime));
                totals.lifetimes = Some((shortest.min(lifetime), longest.max(lifetime)));
                slots.push(stay.slot);
            }
            if let (Rhythm::Step { every, .. }, true) = (scenario.rhythm, per_turn > 0) {
                let rate = (scenario.users * per_turn) as f64 / every.as_secs_f64();
                totals.actions_per_second = Some(totals.actions_per_second.unwrap_or(0.0) + rate);
            }
        }
        totals.connects_per_second = busiest_second(slots);
        totals
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
            more: (scenario.users > users).then(|| format!("… and {}", counted(scenario.users - users, "more user"))),
        }
    }

    fn contention_summary(&self, contention: &Contention) -> ContentionSummary {
        let possible = contention.possible_pairs;
        let declared = self.cooldown.as_ref().and_then(|cooldown| cooldown.limit(Rule::PerResource));
        ContentionSummary {
            fewest_users: contention.users_per_resource.0,
            most_users: contention.users_per_resource.1,
            pairs: contention.pairs,
            possible_pairs: possible,
            share: (possible > 0).then(|| contention.pairs as f64 / possible as f64),
            sampled: contention.sampled,
            between: contention.between,
            cooldown: declared.map(|limit| limit.per),
        }
    }

    fn proof_summary(&self) -> ProofSummary {
        let margin = self.cooldown.as_ref().map(|cooldown| cooldown.margin);
        let Some(proof) = &self.proof else {
            let declared = self.cooldown.as_ref().is_some_and(|cooldown| cooldown.rules().next().is_some());
            let (verdict, sentence) = match declared {
                false => (ProofVerdict::NothingToProve, "Nothing to prove: no cooldown is declared."),
                true if self.scenarios.iter().any(|scenario| scenario.rhythm == Rhythm::ClosedLoop) => {
                    (ProofVerdict::NotProvable, "Not provable: a closed loop keeps no step, so no gap can be promised.")
                }
                true => (ProofVerdict::NotProvable, "Not provable: nobody acts on the resources in steps."),
            };
            return ProofSummary { verdict, sentence: sentence.to_owned(), margin, ..ProofSummary::default() };
        };
        let rules: Vec<RuleRow> = proof.checks.iter().map(|check| RuleRow::of(check, proof.step)).collect();
        let any = |standing| rules.iter().any(|row| row.standing == standing);
        let verdict = if any(RuleStanding::Broken) {
            ProofVerdict::Broken
        } else if any(RuleStanding::ByDesign) {
            ProofVerdict::ByDesign
        } else {
            ProofVerdict::Kept
        };
        let sentence = sentence(verdict, &rules, margin.unwrap_or_default(), self.forced);
        ProofSummary { verdict, sentence, step: Some(proof.step), margin, slack: slack(proof), rules }
    }
}

impl ProofSummary {
    /// How long a resource rests after an action, where that is declared as a plain cooldown.
    #[must_use]
    pub fn rest(&self) -> Option<Duration> {
        self.rules.iter().find(|row| row.rule == "per_resource" && row.count == 1).map(|row| row.per)
    }
}

impl PlanSummary {
    /// Every text in it that holds words of the suite or of its environment.
    pub fn texts(&mut self) -> Vec<&mut String> {
        let mut texts: Vec<&mut String> = vec![&mut self.proof.sentence];
        texts.extend(self.facts.iter_mut().flat_map(|(label, value)| [label, value]));
        texts.extend(&mut self.warnings);
        let rows = self.steps.iter_mut().flat_map(|steps| &mut steps.rows);
        texts.extend(rows.flat_map(|(label, cells)| std::iter::once(label).chain(cells)));
        texts
    }
}

impl RuleRow {
    fn of(check: &Check, step: Duration) -> Self {
        let gap = check.gap(step);
        let standing = match (check.by_design, check.kept(step)) {
            (true, _) => RuleStanding::ByDesign,
            (false, true) => RuleStanding::Kept,
            (false, false) => RuleStanding::Broken,
        };
        let apart = |gap: Duration| gap.saturating_sub(check.needed) + check.needed.saturating_sub(gap);
        Self {
            rule: check.rule.key().to_owned(),
            count: check.limit.count,
            per: check.limit.per,
            declared: limit(check.limit),
            needed: check.needed,
            gap,
            // What a gap misses where it is to be missed is no number to read.
            difference: gap.filter(|_| !check.by_design).map(apart),
            standing,
            inside: check.inside,
            exact: check.exact,
        }
    }

    /// As in "the cooldown per resource".
    fn words(&self) -> String {
        self.rule.replacen('_', " ", 1).replace('_', " and ")
    }
}

fn slack(proof: &Proof) -> Option<Duration> {
    if proof.holds() { proof.slack() } else { None }
}

/// The verdict of a proof for a person.
fn sentence(verdict: ProofVerdict, rules: &[RuleRow], margin: Duration, forced: bool) -> String {
    let of = |standing| rules.iter().filter(move |row| row.standing == standing);
    let spare = of(RuleStanding::Kept).filter_map(|row| Some(row.gap?.saturating_sub(row.per))).min();
    let with = spare.map_or(String::new(), |spare| {
        let margin =
            if margin.is_zero() { String::new() } else { format!(" (the margin of {} is in it)", span(margin)) };
        format!(", with {} to spare{margin}", span(spare))
    });
    match verdict {
        ProofVerdict::Kept if rules.len() == 1 => format!("The plan keeps the cooldown{with}."),
        ProofVerdict::Kept => format!("The plan keeps every cooldown{with}."),
        ProofVerdict::ByDesign => {
            let words: Vec<String> = of(RuleStanding::ByDesign).map(RuleRow::words).collect();
            let others = if of(RuleStanding::Kept).next().is_some() {
                format!("; every other cooldown is kept{with}")
            } else {
                String::new()
            };
            format!("Users collide by design ({}){others}.", words.join(", "))
        }
        ProofVerdict::Broken => {
            let broken: Vec<String> = of(RuleStanding::Broken)
                .map(|row| {
                    let gap = span(row.gap.unwrap_or_default());
                    format!("{}: the smallest gap is {gap}, and {} is needed", row.words(), span(row.needed))
                })
                .collect();
            let forced = if forced { "; it is forced" } else { "" };
            format!("The plan breaks the cooldown {}{forced}.", broken.join("; "))
        }
        ProofVerdict::NothingToProve | ProofVerdict::NotProvable => String::new(),
    }
}

/// How many of these moments lie in the busiest stretch of a second.
fn busiest_second(mut moments: Vec<Moment>) -> u64 {
    moments.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (last, moment) in moments.iter().enumerate() {
        while moment.since(moments[first]) >= Duration::SECOND {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most as u64
}

fn facts(scenario: &Scenario, plan: &Plan) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if plan.scenarios.len() > 1 {
        facts.push(("users", scenario.users.to_string()));
    }
    let stages = scenario.stages.iter().map(|stage| format!("{} {}", stage.name, span(stage.to.since(stage.from))));
    facts.push(("stages", stages.collect::<Vec<_>>().join(", ")));
    let slots = || scenario.presences.iter().map(|stay| stay.slot.since(Moment::START));
    if let (Some(first), Some(last)) = (slots().min(), slots().max()) {
        let many = counted(scenario.presences.len() as u64, "connection");
        facts.push(("connects", format!("{many}, from {} to {}", span(first), span(last))));
    }
    if let Some(rotation) = scenario.rotation {
        facts.push(("pattern", format!("{}: {}", rotation.pattern.name, rotation.pattern.about)));
    }
    match scenario.rhythm {
        Rhythm::Still => {}
        Rhythm::ClosedLoop => facts.push(("step", "closed loop: the next turn starts when the last has ended".into())),
        Rhythm::Step { every, auto } => {
            let why = if auto { " (auto: the shortest that keeps every cooldown)" } else { "" };
            facts.push(("step", format!("{}{why}", span(every))));
            let within = span(scenario.ready_within);
            let (who, slot) = if scenario.group.is_some() {
                ("all of a group are", "the last slot")
            } else {
                ("a user is", "its slot")
            };
            facts.push(("first turns", format!("when {who} ready; due {within} after {slot} in any case")));
        }
    }
    facts
}

fn warnings(scenario: &Scenario, contention: Option<&Contention>) -> Vec<String> {
    let name = &scenario.name;
    let mut warnings = Vec::new();
    if let Some(caution) = scenario.rotation.and_then(|rotation| rotation.pattern.caution) {
        warnings.push(format!("{name}: {caution}"));
    } else if scenario.rotation.is_some()
        && let Some(caution) = contention.and_then(Contention::caution)
    {
        warnings.push(format!("{name}: {caution}"));
    }
    let held_back = scenario.presences.iter().map(|stay| stay.slot.since(stay.asked)).max().unwrap_or_default();
    if held_back > Duration::SECOND {
        warnings.push(format!(
            "{name}: `connect.rate` holds users back by up to {} after the load asks for them",
            span(held_back)
        ));
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
            "{name}: a turn may take {} and a step is {}: a slow answer makes the next turn late",
            span(scenario.turn_within),
            span(every)
        ));
    }
    warnings
}
