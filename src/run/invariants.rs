//! Holds the invariants of a run against what all users did and saw, and puts what is found into words.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::Act;
use crate::ledger::delivery::{Audience, Note};
use crate::ledger::invariant::sightings::Judge;
use crate::ledger::invariant::{
    Contender, Disagreement, Fall, Kind, Oddity, OneWinner, Round, Sight, Sightings, Terms, Why,
};
use crate::metrics::number::counted;
use crate::plan::delivery::To;
use crate::plan::invariant::Rule;
use crate::plan::{Plan, Rhythm};
use crate::record::{Checked, Example, Results};
use crate::units::{Duration, Moment};

/// The invariants of a run.
#[derive(Debug)]
pub struct Invariants {
    plan: Arc<Plan>,
    /// Of each `one_winner`: its number, and who wins.
    contests: Vec<(usize, OneWinner)>,
    /// By scenario and action: which contests it is in, by place in the list.
    contested: HashMap<(usize, usize), Vec<usize>>,
    sightings: Sightings,
    /// Does any invariant look at events?
    watches: bool,
    /// Up to where each worker has told everything, and whether it has ended.
    told: Vec<(Moment, bool)>,
    /// Of what goes by a name of the plan.
    resources: HashMap<Audience, usize>,
}

/// A round of contenders is open for so many steps, and at least so long: late turns wait in a queue.
const ROUND: (u64, Duration) = (3, Duration::from_secs(10));

impl Invariants {
    #[must_use]
    pub fn new(plan: &Arc<Plan>, workers: usize) -> Self {
        let mut contests = Vec::new();
        let mut contested: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
        let mut kinds = Vec::new();
        for (number, invariant) in plan.invariants.iter().enumerate() {
            kinds.push(match &invariant.rule {
                Rule::OneWinner { action } => {
                    for key in actions(plan, action) {
                        contested.entry(key).or_default().push(contests.len());
                    }
                    contests.push((number, OneWinner::new(patience(plan))));
                    Kind::Blind
                }
                Rule::Monotonic(_) => Kind::Monotonic,
                Rule::Converged(watch) => Kind::Converged { window: watch.within },
            });
        }
        let rules = &plan.deliveries.rules;
        let terms = Terms {
            patience: plan.patience(),
            memberships: plan.deliveries.memberships,
            others: rules.iter().map(|rule| rule.promise.to == To::Others).collect(),
        };
        let resources = plan.resources.iter().map(|resource| (Audience::of(&resource.id), resource.index));
        Self {
            plan: Arc::clone(plan),
            contests,
            contested,
            sightings: Sightings::new(&kinds, terms),
            watches: plan.watches().next().is_some(),
            told: vec![(Moment::START, false); workers],
            resources: resources.collect(),
        }
    }

    /// An action was sent, and has its outcome. Told in the order of the sends.
    pub fn acted(&mut self, act: &Act) {
        let Some(contests) = self.contested.get(&(act.scenario, act.action)) else { return };
        let stride = self.plan.scenarios[act.scenario].rotation.map_or(1, |rotation| rotation.stride);
        for contest in contests {
            self.contests[*contest].1.take(Contender {
                sent: act.sent,
                // In steps that all scenarios have in common.
                step: act.step.saturating_mul(stride),
                resource: act.resource,
                user: act.user,
                outcome: act.outcome,
            });
        }
    }

    /// Takes what a worker tells, which has now told everything up to a moment, and perhaps its last.
    pub fn take(&mut self, worker: usize, notes: &[Note], sights: Vec<Sight>, told: (Moment, bool)) {
        if !self.watches {
            return;
        }
        self.sightings.tell(notes, sights);
        self.told[worker] = told;
        match self.told.iter().filter(|(_, ended)| !ended).map(|(until, _)| *until).min() {
            Some(mark) => self.sightings.advance(mark),
            None => self.sightings.finish(self.told.iter().map(|(until, _)| *until).max().unwrap_or_default()),
        }
    }

    /// Is it still open what comes of what users have seen?
    #[must_use]
    pub fn awaits(&self) -> bool {
        let mark = self.told.iter().filter(|(_, ended)| !ended).map(|(until, _)| *until).min();
        self.watches && mark.is_some_and(|mark| self.sightings.awaits(mark))
    }

    /// Writes down what came of all of them.
    pub fn conclude(mut self, results: &mut Results) {
        results.invariants = self.sightings.judges().iter().map(|judge| self.checked(judge)).collect();
        for (number, mut contest) in std::mem::take(&mut self.contests) {
            contest.finish();
            results.invariants[number] = Checked {
                tally: contest.tally(),
                broken: contest.broken().iter().map(|round| self.round(round)).collect(),
                undecided: contest.undecided().iter().map(|round| self.round(round)).collect(),
            };
        }
    }

    fn checked(&self, judge: &Judge) -> Checked {
        let undecided = |oddities: &[Oddity]| oddities.iter().map(|oddity| self.oddity(oddity)).collect();
        match judge {
            Judge::Blind => Checked::default(),
            Judge::Monotonic(monotonic) => Checked {
                tally: monotonic.tally(),
                broken: monotonic.falls().iter().map(|fall| self.fall(fall)).collect(),
                undecided: undecided(monotonic.oddities.first()),
            },
            Judge::Converged(converged) => Checked {
                tally: converged.tally(),
                broken: converged.disagreements().iter().map(|found| self.disagreement(found)).collect(),
                undecided: undecided(converged.oddities.first()),
            },
        }
    }

    fn round(&self, round: &Round) -> Example {
        let Round { step, contenders, winners, unsure, .. } = round;
        let won = match winners.as_slice() {
            [] => format!("none of {contenders} contenders won"),
            [one] => format!("user {one} won, of {contenders} contenders"),
            several => {
                let (shown, more) = several.split_at(several.len().min(5));
                let shown: Vec<String> = shown.iter().map(u64::to_string).collect();
                let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
                format!("{} of {contenders} contenders won: users {}{more}", several.len(), shown.join(", "))
            }
        };
        let unsure = match unsure {
            0 => String::new(),
            unsure => format!(", and of {unsure} nobody knows: no answer came"),
        };
        Example {
            at: round.from,
            user: winners.first().copied().unwrap_or(round.first),
            resource: self.plan.resources.get(round.resource).map(|resource| resource.id.to_string()),
            detail: format!("step {step}: {won}{unsure}"),
        }
    }

    fn fall(&self, fall: &Fall) -> Example {
        let Fall { user, subject, from, to } = fall;
        let detail = format!("{} at {}, after {} at {}", to.1, seconds(to.0), from.1, seconds(from.0));
        self.example(to.0, *user, Some(*subject), detail)
    }

    fn disagreement(&self, found: &Disagreement) -> Example {
        let Disagreement { subject, last: (last_user, at, value), user, seen, users } = found;
        let other = match seen {
            Some((at, value)) => format!("saw {value} last, at {}", seconds(*at)),
            None => "saw nothing".to_owned(),
        };
        let more = match users {
            1 => String::new(),
            users => format!("; {} saw something else", counted(users - 1, "more user")),
        };
        let detail = format!("{other}; user {last_user} saw {value}, at {}{more}", seconds(*at));
        self.example(*at, *user, Some(*subject), detail)
    }

    fn oddity(&self, oddity: &Oddity) -> Example {
        let Oddity { at, user, subject, value, why } = oddity;
        let detail = match why {
            Why::NoValue => "the event has no such value".to_owned(),
            Why::NoNumber => format!("{value} is no number"),
            Why::NoAction => {
                format!("{value} belongs to no action that is open, and no `of` says which resource it is about")
            }
            Why::NoMember => format!("saw {value}, and is no member of what it is about"),
            Why::Alone => format!("saw {value}, and nobody else who was there saw anything"),
        };
        self.example(*at, *user, *subject, detail)
    }

    fn example(&self, at: Moment, user: u32, subject: Option<Audience>, detail: String) -> Example {
        let resource = subject.and_then(|subject| self.plan.resources.get(*self.resources.get(&subject)?));
        Example { at, user: user.into(), resource: resource.map(|resource| resource.id.to_string()), detail }
    }
}

/// Scenario and action of all that go by that name and have steps in common.
fn actions<'a>(plan: &'a Plan, name: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let stepped = plan.scenarios.iter().enumerate().filter(|(_, here)| matches!(here.rhythm, Rhythm::Step { .. }));
    stepped.flat_map(move |(number, scenario)| {
        let named = scenario.actions.iter().enumerate().filter(move |(_, action)| action.name == name);
        named.map(move |(action, _)| (number, action))
    })
}

fn patience(plan: &Plan) -> Duration {
    let every = plan.scenarios.iter().filter_map(|scenario| match scenario.rhythm {
        Rhythm::Step { every, .. } => Some(every),
        _ => None,
    });
    (every.max().unwrap_or_default() * ROUND.0).max(ROUND.1)
}

/// As `5.021 s`.
fn seconds(at: Moment) -> String {
    format!("{:.3} s", at.as_secs_f64())
}
