//! After the last event of a resource, the last value that each member has seen is the same for all.
//!
//! Whoever has seen the last value agrees. Whoever has not is held against it only if it was a member for sure from before
//! that event was sent until it had had the time to come: who joined, left or was lost around it is ambiguous. A resource
//! is decided when its last member has left, or at the end of the run, and needs two who have seen something.

use std::collections::HashMap;

use super::membership::Roll;
use super::oddity::{Oddities, Oddity, Why};
use super::sight::Value;
use super::{Tally, keep};
use crate::ledger::delivery::Audience;
use crate::units::{Duration, Moment};

/// Two users that have not seen the same in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    pub subject: Audience,
    /// Who has seen the last event of the resource, when, and what.
    pub last: (u32, Moment, Value),
    pub user: u32,
    /// What the other has seen last; `None`: nothing at all.
    pub seen: Option<(Moment, Value)>,
    /// So many have not seen the last value.
    pub users: u64,
}

/// What the ledger knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub subject: Audience,
    pub audience: Audience,
    /// All members of the audience are to receive it, so that who has seen nothing has missed it.
    pub all: bool,
    /// A user that it is not meant for.
    pub but: Option<u32>,
}

/// Looks at the values of one invariant.
#[derive(Debug)]
pub struct Converged {
    /// So long an event may take to everybody.
    window: Duration,
    /// The last values of each resource, by whose members hear of it.
    open: HashMap<Audience, HashMap<Audience, Last>>,
    tally: Tally,
    disagreements: Vec<Disagreement>,
    pub oddities: Oddities,
}

/// A user that has not seen the last value, and what it has seen last.
type Dissent<'a> = (u32, Option<&'a (Moment, Value)>);

#[derive(Debug)]
struct Last {
    /// Of the last event.
    at: Moment,
    user: u32,
    told: Told,
    seen: HashMap<u32, (Moment, Value)>,
}

impl Converged {
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            open: HashMap::new(),
            tally: Tally::default(),
            disagreements: Vec::new(),
            oddities: Oddities::default(),
        }
    }

    /// A member of an audience has seen a value, in the order of the moments of all.
    pub fn seen(&mut self, at: Moment, user: u32, told: Told, value: Value) {
        if value == Value::Missing {
            let subject = Some(told.subject);
            return self.oddities.add(Oddity { at, user, subject, value, why: Why::NoValue });
        }
        let here = self.open.entry(told.audience).or_default();
        let last = here.entry(told.subject).or_insert_with(|| Last { at, user, told, seen: HashMap::new() });
        (last.at, last.user, last.told) = (at, user, told);
        last.seen.insert(user, (at, value));
    }

    /// Nobody is left in the audience, or the run has ended: what could still have come by then is held against nobody.
    pub fn decide(&mut self, audience: Audience, roll: &Roll, end: Moment) {
        let mut resources: Vec<Last> = self.open.remove(&audience).unwrap_or_default().into_values().collect();
        resources.sort_by_key(|last| (last.at, last.told.subject));
        for last in resources {
            self.decide_one(&last, roll, end);
        }
    }

    /// Is there time left for a last event to come to a member that has not seen it, or to a second one that has?
    #[must_use]
    pub fn awaits(&self, audience: Audience, roll: &Roll, now: Moment) -> bool {
        let resources = self.open.get(&audience).into_iter().flat_map(HashMap::values);
        let mut open = resources.filter(|last| last.at + self.window >= now);
        open.any(|last| {
            let (agreed, others) = last.compare(roll, self.window, Moment::NEVER);
            agreed < 2 || !others.is_empty()
        })
    }

    fn decide_one(&mut self, last: &Last, roll: &Roll, end: Moment) {
        let Some((at, value)) = last.seen.get(&last.user) else { return };
        let (agreed, mut others) = last.compare(roll, self.window, end);
        let subject = last.told.subject;
        others.sort_by_key(|(user, _)| *user);
        if let Some((user, seen)) = others.first() {
            self.tally.broken += 1;
            keep(&mut self.disagreements, || Disagreement {
                subject,
                last: (last.user, *at, value.clone()),
                user: *user,
                seen: seen.cloned(),
                users: others.len() as u64,
            });
        } else if agreed > 1 {
            self.tally.held += 1;
        } else {
            let (user, value) = (last.user, value.clone());
            self.oddities.add(Oddity { at: *at, user, subject: Some(subject), value, why: Why::Alone });
        }
    }

    #[must_use]
    pub const fn tally(&self) -> Tally {
        Tally { undecided: self.oddities.count(), ..self.tally }
    }

    /// The first ones.
    #[must_use]
    pub fn disagreements(&self) -> &[Disagreement] {
        &self.disagreements
    }

    /// Audiences with anything undecided.
    #[must_use]
    pub fn audiences(&self) -> Vec<Audience> {
        let mut audiences: Vec<Audience> = self.open.keys().copied().collect();
        audiences.sort_unstable();
        audiences
    }
}

impl Last {
    /// How many have seen the last value, and who has not, although it has had the time to come by `end`, with what it has seen.
    fn compare(&self, roll: &Roll, window: Duration, end: Moment) -> (u64, Vec<Dissent<'_>>) {
        let Some((at, value)) = self.seen.get(&self.user) else { return (0, Vec::new()) };
        let is_sure = |user: u32| {
            let sure = roll.stands.get(&user).is_some_and(|stand| stand.is_sure(*at, window)) && *at + window <= end;
            sure && self.told.but != Some(user)
        };
        let seen = self.seen.iter().map(|(user, seen)| (*user, Some(seen)));
        let unseen = roll.stands.keys().filter(|user| self.told.all && !self.seen.contains_key(user));
        let (mut agreed, mut others) = (0_u64, Vec::new());
        for (user, seen) in seen.chain(unseen.map(|user| (*user, None))) {
            if seen.is_some_and(|(_, other)| other.is(value)) {
                agreed += 1;
            } else if is_sure(user) {
                others.push((user, seen));
            }
        }
        (agreed, others)
    }
}
