//! What was seen and says nothing: counted as undecided, with the first of it as examples.

use super::keep;
use super::sight::Value;
use crate::ledger::delivery::Audience;
use crate::units::Moment;

/// Why nobody can say what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The event has no such value.
    NoValue,
    /// Only numbers rise and fall.
    NoNumber,
    /// It belongs to no open action, and nothing else says which resource it is about.
    NoAction,
    /// Who has seen it is no member of the resource.
    NoMember,
    /// Nobody else has seen anything of the resource who was there to the end.
    Alone,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Oddity {
    pub at: Moment,
    pub user: u32,
    /// `None` where nobody knows what it is about.
    pub subject: Option<Audience>,
    pub value: Value,
    pub why: Why,
}

#[derive(Debug, Default)]
pub struct Oddities {
    count: u64,
    first: Vec<Oddity>,
}

impl Oddities {
    pub fn add(&mut self, oddity: Oddity) {
        self.count += 1;
        keep(&mut self.first, || oddity);
    }

    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The first ones.
    #[must_use]
    pub fn first(&self) -> &[Oddity] {
        &self.first
    }
}
