//! What all users have seen, in the order of the moments, up to a mark behind which nothing more will be told: each value
//! with the resource that it is about, and with who was a member then.

use std::collections::{HashMap, VecDeque};

use super::converged::{Converged, Told};
use super::membership::{Membership, Roll};
use super::monotonic::Monotonic;
use super::oddity::{Oddities, Oddity, Why};
use super::sight::{About, Sight};
use crate::ledger::delivery::{Audience, Key, Note, Sent, What};
use crate::units::{Duration, Moment};

/// What an invariant does with what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it looks at something else.
    Blind,
    Monotonic,
    /// An event may take so long to everybody.
    Converged {
        window: Duration,
    },
}

/// What must be known of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// So long after the send an event can still be the delivery of an action.
    pub patience: Duration,
    /// Do users join anything? Otherwise all are members of everything.
    pub memberships: bool,
    /// For each `delivery`: is it meant for all but the actor?
    pub others: Vec<bool>,
}

#[derive(Debug)]
pub struct Sightings {
    terms: Terms,
    /// The longest that anybody waits for an event.
    window: Duration,
    /// Told, and not yet behind the mark.
    told: Vec<(Moment, Entry)>,
    membership: Membership,
    actions: HashMap<Key, Sent>,
    /// In the order of the sends.
    sent: VecDeque<(Moment, Key)>,
    judges: Vec<Judge>,
}

#[derive(Debug)]
enum Entry {
    Note(What),
    Sight(Sight),
}

/// One invariant at work.
#[derive(Debug)]
pub enum Judge {
    Blind,
    Monotonic(Monotonic),
    Converged(Converged),
}

impl Judge {
    fn oddities(&mut self) -> Option<&mut Oddities> {
        match self {
            Self::Blind => None,
            Self::Monotonic(monotonic) => Some(&mut monotonic.oddities),
            Self::Converged(converged) => Some(&mut converged.oddities),
        }
    }
}

impl Sightings {
    /// An invariant's number is its place.
    #[must_use]
    pub fn new(kinds: &[Kind], terms: Terms) -> Self {
        let judge = |kind: &Kind| match kind {
            Kind::Blind => Judge::Blind,
            Kind::Monotonic => Judge::Monotonic(Monotonic::default()),
            Kind::Converged { window } => Judge::Converged(Converged::new(*window)),
        };
        let window = kinds.iter().map(|kind| match kind {
            Kind::Converged { window } => *window,
            Kind::Blind | Kind::Monotonic => Duration::ZERO,
        });
        Self {
            terms,
            window: window.max().unwrap_or_default(),
            told: Vec::new(),
            membership: Membership::default(),
            actions: HashMap::new(),
            sent: VecDeque::new(),
            judges: kinds.iter().map(judge).collect(),
        }
    }

    /// Takes in what users have told, in any order.
    pub fn tell(&mut self, notes: &[Note], sights: Vec<Sight>) {
        let is_wanted =
            |note: &&Note| !matches!(note.what, What::Ended { .. } | What::Received { .. } | What::Counted { .. });
        self.told.extend(notes.iter().filter(is_wanted).map(|note| (note.at, Entry::Note(note.what))));
        self.told.extend(sights.into_iter().map(|sight| (sight.at, Entry::Sight(sight))));
    }

    /// Works through everything before `mark`. Nothing older may be told after it.
    pub fn advance(&mut self, mark: Moment) {
        // Stable: what one user told at one moment stays in its order.
        self.told.sort_by_key(|(at, _)| *at);
        let ready = self.told.partition_point(|(at, _)| *at < mark);
        let rest = self.told.split_off(ready);
        for (at, entry) in std::mem::replace(&mut self.told, rest) {
            self.decide_empty(at);
            self.forget_actions(at);
            match entry {
                Entry::Note(What::Sent(sent)) => {
                    self.actions.insert(sent.key, sent);
                    self.sent.push_back((at, sent.key));
                }
                Entry::Note(what) => self.membership.take(at, what),
                Entry::Sight(sight) => self.seen(sight),
            }
        }
        self.forget_actions(mark);
    }

    fn forget_actions(&mut self, now: Moment) {
        let patience = self.terms.patience;
        while let Some((_, key)) = self.sent.pop_front_if(|(at, _)| *at + patience < now) {
            self.actions.remove(&key);
        }
    }

    /// The run has ended at `end`.
    pub fn finish(&mut self, end: Moment) {
        self.advance(Moment::NEVER);
        let nobody = Roll::default();
        for judge in &mut self.judges {
            if let Judge::Converged(converged) = judge {
                for audience in converged.audiences() {
                    converged.decide(audience, self.membership.roll(audience).unwrap_or(&nobody), end);
                }
            }
        }
    }

    /// Can anything that is seen after `mark` still complete what others have seen? Everything before the mark has been worked
    /// through.
    #[must_use]
    pub fn awaits(&self, mark: Moment) -> bool {
        let open = |judge: &Judge| match judge {
            Judge::Converged(converged) => converged.audiences().into_iter().any(|audience| {
                self.membership.roll(audience).is_some_and(|roll| converged.awaits(audience, roll, mark))
            }),
            Judge::Blind | Judge::Monotonic(_) => false,
        };
        !self.told.is_empty() || self.judges.iter().any(open)
    }

    /// What came of each invariant.
    #[must_use]
    pub fn judges(&self) -> &[Judge] {
        &self.judges
    }

    fn decide_empty(&mut self, now: Moment) {
        while let Some((audience, roll)) = self.membership.take_empty(now, self.window) {
            for judge in &mut self.judges {
                if let Judge::Converged(converged) = judge {
                    converged.decide(audience, &roll, Moment::NEVER);
                }
            }
        }
    }

    fn seen(&mut self, sight: Sight) {
        let told = self.told_of(&sight);
        let Sight { at, invariant, user, value, .. } = sight;
        let is_member =
            |told: &Told| self.membership.roll(told.audience).is_some_and(|roll| roll.stands.contains_key(&user));
        let why = match told {
            None => Some(Why::NoAction),
            Some(told) => (!is_member(&told)).then_some(Why::NoMember),
        };
        let Some(judge) = self.judges.get_mut(usize::from(invariant)) else { return };
        match (told, judge) {
            (Some(told), Judge::Monotonic(monotonic)) => monotonic.seen(at, user, told.subject, &value),
            (Some(told), Judge::Converged(converged)) if why.is_none() => converged.seen(at, user, told, value),
            (told, judge) => {
                let subject = told.map(|told| told.subject);
                if let (Some(why), Some(oddities)) = (why, judge.oddities()) {
                    oddities.add(Oddity { at, user, subject, value, why });
                }
            }
        }
    }

    fn told_of(&self, sight: &Sight) -> Option<Told> {
        match &sight.about {
            About::Everything => {
                Some(Told { subject: Audience::EVERYONE, audience: Audience::EVERYONE, all: false, but: None })
            }
            About::Named(subject) => {
                let all = self.terms.memberships;
                let audience = if all { *subject } else { Audience::EVERYONE };
                Some(Told { subject: *subject, audience, all, but: None })
            }
            About::Action { keys, of } => {
                let sent = keys.iter().find_map(|key| self.actions.get(key));
                let Some(Sent { subject, audience, sender, rule, .. }) = sent else {
                    let subject = (*of)?;
                    return self.told_of(&Sight { about: About::Named(subject), ..sight.clone() });
                };
                let others = self.terms.others.get(usize::from(*rule)).is_some_and(|others| *others);
                let all = *audience != Audience::NOBODY;
                Some(Told { subject: of.unwrap_or(*subject), audience: *audience, all, but: others.then_some(*sender) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
