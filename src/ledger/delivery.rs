//! A delivery: one user's receipt of another's action. What is promised of it, and what users tell the ledger.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::metrics::Cell;
use crate::plan::delivery::Promise;
use crate::units::Moment;

/// What the ledger must know of a `delivery`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub promise: Promise,
    /// Its events carry no key: they are counted by this listener, and one is as good as another.
    pub counted_by: Option<u16>,
}

/// What an action and its events have in common: the listener and the value that both carry, as a number. Two of a run's keys
/// are the same by chance once in billions of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// Of a value as text, for the listener with that number.
    #[must_use]
    pub fn of(listener: u16, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (listener, text).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Those who hear the same things: the members of a resource, of a room with a name, of a group; everybody who is
/// connected. Numbered by whoever keeps the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Audience(pub u64);

impl Audience {
    /// Everybody whose setup has succeeded and who is connected.
    pub const EVERYONE: Self = Self(0);
    /// Of what is meant for the actor alone.
    pub const NOBODY: Self = Self(u64::MAX);

    /// Those who go by that name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What users tell the ledger, each at its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    pub at: Moment,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An action that promises deliveries was sent.
    Sent(Sent),
    /// What became of the action of that sender with that key.
    Ended {
        key: Key,
        sender: u32,
        owes: Owes,
    },
    /// A user received an event that carries this key, known by the listener with that number.
    Received {
        key: Key,
        user: u32,
        listener: u16,
    },
    /// A user received an event that carries no key, of a rule whose events are only counted.
    Counted {
        user: u32,
        listener: u16,
    },
    /// A step that joins or leaves was sent: whether the user is a member is not known until it has succeeded.
    Changing {
        user: u32,
        audience: Audience,
    },
    Joined {
        user: u32,
        audience: Audience,
    },
    /// Also of a join that came to nothing.
    Left {
        user: u32,
        audience: Audience,
    },
    /// The connection is gone, silent since then; the user may take its session up again, and then it is a member of all that it
    /// was, and is told what it has missed.
    Away {
        user: u32,
        since: Moment,
    },
    /// It has: what was sent in between is owed, too.
    Recovered {
        user: u32,
    },
    /// The connection is gone, and with it every membership. What was sent after the last byte that came, at `since`, may or
    /// may not have reached the user.
    Lost {
        user: u32,
        since: Moment,
    },
}

/// An action that promises deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub key: Key,
    /// `user.index`, as in every note.
    pub sender: u32,
    /// Which of the sender's actions it is: with the sender it names the action.
    pub number: u32,
    /// Whose members are meant.
    pub audience: Audience,
    /// What it is about: of that its order is kept, whoever is meant.
    pub subject: Audience,
    /// Number of its [`Rule`].
    pub rule: u16,
    /// Where its deliveries are counted.
    pub cell: Cell,
}

/// What an action owes once its own outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owes {
    /// It was ok: every member must receive it.
    All,
    /// Not known, or not promised: it may be received or not.
    Nothing,
    /// It was refused: whoever receives it learns of something that never happened.
    Silence,
}
