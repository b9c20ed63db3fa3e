//! A delivery: one user's receipt of another's action. What is promised of it, and what users tell the ledger.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::metrics::Cell;
use crate::units::Moment;

/// What an action and its events have in common: the rule and the value that both carry, as a number. Two of a run's keys
/// are the same by chance once in billions of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// Of a value as text, under the rule with that number.
    #[must_use]
    pub fn of(rule: u16, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (rule, text).hash(&mut hasher);
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
    /// What became of it.
    Ended {
        key: Key,
        owes: Owes,
    },
    /// A user received an event that carries this key.
    Received {
        key: Key,
        user: u32,
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
    pub audience: Audience,
    /// Number of its [`Promise`].
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
