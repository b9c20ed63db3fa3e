//! Users that have lost their connection and may take up their session (Socket.IO, "Connection state recovery"): what they miss
//! is owed to them once they are back, and its clock begins then.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::audience::{Audiences, Roll};
use super::delivery::{Audience, Key, Owes, Sent};
use crate::plan::delivery::Promise;
use crate::units::Moment;

/// Everybody who is away, or is back and has not been told everything yet.
#[derive(Debug, Default)]
pub struct Absences {
    users: BTreeMap<u32, Absence>,
    /// Where those stand who are away.
    audiences: Audiences,
}

#[derive(Debug, Default)]
struct Absence {
    is_away: bool,
    missed: IndexMap<Key, Missed>,
}

/// What kind of claim a user has to what it has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Owed before the loss, and not received by then: without a return nobody knows.
    Open,
    /// Sent while the user was away, to a member: without a return it is owed nothing.
    Sent,
    /// The same, and the user was on its way in or out.
    Unsure,
    /// Of events without a key: one more may come.
    Excused,
}

/// An action that a user has missed.
#[derive(Debug, Clone)]
pub struct Missed {
    pub sent: Sent,
    pub at: Moment,
    pub promise: Promise,
    pub kind: Kind,
    /// Once the action is settled: what it owes, if that is known.
    pub owes: Option<Option<Owes>>,
    /// When the user came back.
    pub from: Option<Moment>,
    /// It did not, or was lost again before it had received this.
    pub is_lost: bool,
    /// When it was received.
    pub came: Vec<Moment>,
}

impl Missed {
    #[must_use]
    pub const fn new(sent: Sent, at: Moment, promise: Promise, kind: Kind) -> Self {
        Self { sent, at, promise, kind, owes: None, from: None, is_lost: false, came: Vec::new() }
    }

    /// The last moment at which it can be received, if the user is back.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let from = if self.is_lost { self.at } else { self.from? };
        Some(from + self.promise.patience())
    }

    fn can_come(&self, at: Moment) -> bool {
        self.deadline().is_some_and(|deadline| at <= deadline)
    }
}

impl Absences {
    /// The book that says where a user stands.
    pub fn book<'a>(&'a mut self, here: &'a mut Audiences, user: u32) -> &'a mut Audiences {
        if self.is_away(user) { &mut self.audiences } else { here }
    }

    fn is_away(&self, user: u32) -> bool {
        self.users.get(&user).is_some_and(|absence| absence.is_away)
    }

    /// Who is away of an audience.
    #[must_use]
    pub fn roll(&self, audience: Audience) -> Roll {
        self.audiences.roll(audience)
    }

    /// A user is away, with what was on its way to it.
    pub fn leave(&mut self, user: u32, at: Moment, caught: impl IntoIterator<Item = Missed>, here: &mut Audiences) {
        here.move_to(user, &mut self.audiences);
        let absence = self.users.entry(user).or_default();
        absence.is_away = true;
        // What was told when it came back last, and has not come yet, may come when it is back again.
        for missed in absence.missed.values_mut().filter(|missed| missed.came.is_empty() && missed.can_come(at)) {
            if matches!(missed.kind, Kind::Open | Kind::Sent) && !missed.is_lost {
                (missed.from, missed.kind) = (None, Kind::Open);
            }
        }
        for missed in caught {
            absence.missed.entry(missed.sent.key).or_insert(missed);
        }
    }

    /// A user that is away has missed an action.
    pub fn miss(&mut self, user: u32, missed: Missed) {
        if let Some(absence) = self.users.get_mut(&user) {
            absence.missed.insert(missed.sent.key, missed);
        }
    }

    /// A user is back, and will be told what it has missed.
    pub fn back(&mut self, user: u32, at: Moment, here: &mut Audiences) {
        let Some(absence) = self.users.get_mut(&user).filter(|absence| absence.is_away) else { return };
        absence.is_away = false;
        self.audiences.move_to(user, here);
        absence.missed.values_mut().for_each(|missed| _ = missed.from.get_or_insert(at));
    }

    /// A user has begun anew, or is lost for good.
    pub fn lost(&mut self, user: u32, at: Moment) {
        self.audiences.lost(user);
        let Some(absence) = self.users.get_mut(&user) else { return };
        absence.is_away = false;
        absence.missed.retain(|_, missed| missed.from.is_some() || missed.kind == Kind::Open);
        for missed in absence.missed.values_mut() {
            let is_out = missed.from.is_none() || missed.came.is_empty() && missed.can_come(at);
            missed.is_lost |= is_out && missed.kind != Kind::Unsure;
            missed.from.get_or_insert(at);
        }
    }

    /// Takes a receipt of something that was missed; `false` where it was not.
    pub fn receive(&mut self, user: u32, key: Key, at: Moment) -> bool {
        let missed = self.users.get_mut(&user).and_then(|absence| absence.missed.get_mut(&key));
        let Some(missed) = missed.filter(|missed| missed.can_come(at)) else { return false };
        missed.came.push(at);
        true
    }

    /// What becomes of the user's delivery of that action is decided here.
    #[must_use]
    pub fn decides(&self, user: u32, key: Key) -> bool {
        let missed = self.users.get(&user).and_then(|absence| absence.missed.get(&key));
        missed.is_some_and(|missed| missed.kind != Kind::Excused)
    }

    /// An action is settled for those who were there.
    pub fn settled(&mut self, key: Key, owes: Option<Owes>) {
        for absence in self.users.values_mut() {
            if let Some(missed) = absence.missed.get_mut(&key) {
                missed.owes = Some(owes);
            }
        }
    }

    /// When the first came back of those who have not been told everything yet.
    #[must_use]
    pub fn first_return(&self) -> Option<Moment> {
        self.all().filter_map(|(_, missed)| missed.from).min()
    }

    /// Everything that is still open, with its user.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Missed)> {
        self.users.iter().flat_map(|(user, absence)| absence.missed.values().map(|missed| (*user, missed)))
    }

    /// Takes out what is decided before `mark`; of those who are still away only at the end.
    pub fn take_decided(&mut self, mark: Moment, is_over: bool) -> Vec<(u32, Missed)> {
        let mut decided = Vec::new();
        self.users.retain(|user, absence| {
            let is_decided = |missed: &Missed| {
                is_over || missed.owes.is_some() && missed.deadline().is_some_and(|deadline| deadline < mark)
            };
            let taken: Vec<Missed> = absence.missed.values().filter(|missed| is_decided(missed)).cloned().collect();
            absence.missed.retain(|_, missed| !is_decided(missed));
            decided.extend(taken.into_iter().map(|missed| (*user, missed)));
            absence.is_away && !is_over || !absence.missed.is_empty()
        });
        decided
    }
}
