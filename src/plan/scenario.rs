//! One scenario, compiled: who, when, and what they do.

use super::language::{Expression, Payload, Text};
use super::load::{Presence, Span};
use super::pattern::{Pattern, Setting, phase};
use super::step::Program;
use crate::units::{Duration, Moment};

/// Users that behave alike.
#[derive(Debug)]
pub struct Scenario {
    pub name: String,
    /// Line of its key in the suite, from 1.
    pub line: usize,
    /// The highest number of users at once.
    pub users: u64,
    /// `user.index` of its first user.
    pub first_user: u64,
    /// How many users make a group, where they are put together.
    pub group: Option<u64>,
    /// Do its users ever have to do with others?
    pub meets: bool,
    /// Of its load, in order; each has a name of its own.
    pub stages: Vec<Stage>,
    /// By user, then by slot.
    pub presences: Vec<Presence>,
    pub connect: Connect,
    /// Headers of the target, for HTTP steps.
    pub headers: Vec<(String, Text)>,
    pub login: Program,
    pub setup: Program,
    pub act: Program,
    pub teardown: Program,
    /// Every event that some step names; no other is looked into.
    pub events: Vec<Heard>,
    pub actions: Vec<Action>,
    pub rhythm: Rhythm,
    /// `None` when the scenario does not act on resources.
    pub rotation: Option<Rotation>,
    /// `None`: a dropped user stays away.
    pub reconnect: Option<Backoff>,
    pub late: Late,
    /// A step that fails or times out does not end its turn.
    pub continue_on_failure: bool,
    /// How many names its steps save.
    pub saved_names: usize,
    /// From a user's slot, when its turns are due at the latest.
    pub ready_within: Duration,
    /// The longest that a turn may take.
    pub turn_within: Duration,
    /// Number of resources, for loops.
    pub resources: u64,
    /// A user leaves after so many turns, where that is set.
    pub most_turns: Option<u64>,
}

/// An event that the scenario listens for.
#[derive(Debug, Default)]
pub struct Heard {
    pub name: Box<str>,
    /// Number of the namespace that it comes in.
    pub namespace: usize,
    /// Some `expect` waits for it, so that it is kept until then.
    pub expected: bool,
    /// It can answer an emit.
    pub answers: bool,
    /// What is done when it comes.
    pub handler: Option<Program>,
    /// Numbers of the listeners that may know it as a delivery.
    pub listeners: Vec<usize>,
    /// Numbers of the invariants that look at it.
    pub watchers: Vec<usize>,
}

impl Heard {
    /// The number of the event of that name in that namespace, where the scenario names it.
    #[must_use]
    pub fn find(events: &[Self], namespace: usize, name: &str) -> Option<usize> {
        events.iter().position(|known| *known.name == *name && known.namespace == namespace)
    }

    /// The number of the event of that name in that namespace, entered where it is new.
    pub fn of(events: &mut Vec<Self>, namespace: usize, name: &str) -> usize {
        Self::find(events, namespace, name).unwrap_or_else(|| {
            events.push(Self { name: name.into(), namespace, ..Self::default() });
            events.len() - 1
        })
    }
}

/// A named stretch of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub name: String,
    pub from: Moment,
    pub to: Moment,
}

/// An action's name and how often a turn has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub name: String,
    pub line: usize,
    /// At most: of a `mix` a turn has only one way.
    pub per_turn: u64,
    /// Stands it under a `when`? Then it is known to be due only when the turn comes to it.
    pub conditional: bool,
}

/// How a user connects.
#[derive(Debug)]
pub struct Connect {
    pub path: Text,
    /// What is joined on the connection, the main one first; steps name them by their number.
    pub namespaces: Vec<Joining>,
    pub query: Vec<(String, Text)>,
    pub headers: Vec<(String, Text)>,
    pub within: Duration,
    /// Is there a connection at all? Without, users only make requests.
    pub socket: bool,
    /// The server is to refuse the connection, and this must be true of its words.
    pub refused: Option<Expression>,
}

/// A namespace to join.
#[derive(Debug)]
pub struct Joining {
    /// As it stands in the suite, where steps name it by that.
    pub written: Box<str>,
    pub name: Text,
    /// A JSON object.
    pub auth: Option<Payload>,
}

/// When turns are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Never: the scenario does not act.
    Still,
    /// On the one clock, every so often. `auto` tells whether the plan chose it.
    Step { every: Duration, auto: bool },
    /// As soon as the last turn has ended.
    ClosedLoop,
}

/// A scenario's place in a rotation over the resources.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    pub pattern: &'static Pattern,
    pub setting: Setting,
    /// Number in the rotation of the scenario's first user.
    pub offset: u64,
    /// How many base steps a turn takes: turn n is at base step n times this. At least 1.
    pub stride: u64,
}

impl Rotation {
    /// Do its users collide on resources on purpose?
    #[must_use]
    pub fn collides_by_design(&self) -> bool {
        (self.pattern.collides)(&self.setting)
    }

    /// When inside its turn a user of the scenario acts.
    fn phase(&self, user: u64, every: Duration) -> Duration {
        let base = every.as_nanos() / self.stride;
        let (part, parts) = (phase::phase(self.offset + user, &self.setting), phase::parts(&self.setting));
        let nanos = match base.checked_mul(part) {
            Some(nanos) => nanos / parts,
            None => u64::try_from(u128::from(base) * u128::from(part) / u128::from(parts)).unwrap_or(u64::MAX),
        };
        Duration::from_nanos(nanos)
    }

    /// The resource of a user of the scenario in its turn with that number.
    fn resource(&self, user: u64, number: u64) -> Option<usize> {
        let step = number.saturating_mul(self.stride);
        let resource = self.pattern.resource(self.offset + user, step, &self.setting)?;
        usize::try_from(resource).ok()
    }
}

/// Waiting times of a dropped user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    pub wait: Duration,
    pub max: Duration,
    pub factor: f64,
    /// Share of the wait by which it may be longer or shorter.
    pub jitter: f64,
}

/// What becomes of a turn that is due while the last one runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It waits, in order.
    Queue,
    /// It waits so long at most; then it is not sent: busy.
    Skip { slack: Duration },
}

/// One turn of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub number: u64,
    pub due: Moment,
    /// Number of the resource.
    pub resource: Option<usize>,
}

impl Backoff {
    /// How long to wait before attempt `attempt` (from 0), with `random` from 0 to 1.
    #[must_use]
    pub fn wait(&self, attempt: u32, random: f64) -> Duration {
        if self.wait.is_zero() {
            // Zero times a power that has overflowed to infinity is not a number.
            return Duration::ZERO;
        }
        let exponent = i32::try_from(attempt).unwrap_or(i32::MAX);
        let wait = (self.wait.as_secs_f64() * self.factor.powi(exponent)).min(self.max.as_secs_f64());
        Duration::from_secs_f64(wait * (1.0 + self.jitter * (2.0 * random - 1.0)))
    }
}

impl Scenario {
    /// The turn with that number of a user (by its index in the scenario). In a closed loop it is due at once, at `now`.
    #[must_use]
    pub fn turn(&self, user: u64, number: u64, now: Moment) -> Turn {
        let due = match self.rhythm {
            Rhythm::Step { every, .. } => Moment::START + every * number + self.phase(user, every),
            Rhythm::ClosedLoop | Rhythm::Still => now,
        };
        let resource = self.rotation.and_then(|rotation| rotation.resource(user, number));
        Turn { number, due, resource }
    }

    /// The number of the first turn that is due at `moment` or later.
    #[must_use]
    pub fn first_turn(&self, user: u64, moment: Moment) -> u64 {
        let Rhythm::Step { every, .. } = self.rhythm else { return 0 };
        let since = moment.as_nanos().saturating_sub(self.phase(user, every).as_nanos());
        since.div_ceil(every.as_nanos().max(1))
    }

    /// How many turns of a user are due from one moment up to another. Closed loops have no plan.
    #[must_use]
    pub fn turns_between(&self, user: u64, from: Moment, until: Moment) -> u64 {
        match self.rhythm {
            Rhythm::Step { .. } if from < until => self.first_turn(user, until) - self.first_turn(user, from),
            _ => 0,
        }
    }

    fn phase(&self, user: u64, every: Duration) -> Duration {
        self.rotation.map_or(Duration::ZERO, |rotation| rotation.phase(user, every))
    }

    /// The stays of a user.
    #[must_use]
    pub fn stays(&self, user: u64) -> &[Presence] {
        let from = self.presences.partition_point(|presence| presence.user < user);
        let to = self.presences.partition_point(|presence| presence.user <= user);
        &self.presences[from..to]
    }

    /// The number of the stage that a moment lies in; the last one after the end.
    #[must_use]
    pub fn stage(&self, moment: Moment) -> usize {
        self.stages.partition_point(|stage| stage.to <= moment).min(self.stages.len().saturating_sub(1))
    }

    /// The resource that a user keeps all the time, where the pattern gives it one.
    #[must_use]
    pub fn fixed_resource(&self, user: u64) -> Option<usize> {
        self.rotation.filter(|rotation| rotation.pattern.fixed_resource)?.resource(user, 0)
    }

    /// The last moment at which its load has any user.
    #[must_use]
    pub fn end(&self) -> Moment {
        self.presences.iter().map(|presence| presence.until).max().unwrap_or_default()
    }
}

/// The stages that reports know: spans of no length only move the number of users.
#[must_use]
pub fn stages(spans: &[Span]) -> Vec<Stage> {
    let long = spans.iter().filter(|span| span.from < span.to);
    long.map(|span| Stage { name: span.name.clone(), from: span.from, to: span.to }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_most_and_jitter_both_ways() {
        let backoff = Backoff { wait: Duration::from_secs(1), max: Duration::from_secs(5), factor: 2.0, jitter: 0.5 };
        let waits: Vec<f64> = (0..5).map(|attempt| backoff.wait(attempt, 0.5).as_secs_f64()).collect();
        assert_eq!(waits, [1.0, 2.0, 4.0, 5.0, 5.0]);
        assert_eq!(backoff.wait(0, 0.0), Duration::from_millis(500));
        assert_eq!(backoff.wait(1, 1.0), Duration::from_secs(3));
        assert_eq!(backoff.wait(u32::MAX, 0.5), Duration::from_secs(5));
        assert_eq!(Backoff { wait: Duration::ZERO, ..backoff }.wait(u32::MAX, 0.5), Duration::ZERO);
    }
}
