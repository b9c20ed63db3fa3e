//! What must hold of what users do and see, whatever the load.

use super::language::Expression;
use crate::units::Duration;

/// An event that no action owes may take so long to everybody.
pub const WITHIN: Duration = Duration::SECOND;

/// Something that always holds.
#[derive(Debug)]
pub struct Invariant {
    /// As the suite calls it.
    pub name: Box<str>,
    /// Line of its name in the suite, from 1.
    pub line: usize,
    pub rule: Rule,
}

#[derive(Debug)]
pub enum Rule {
    /// Of those that take a resource with this action in one step exactly one is ok.
    OneWinner { action: Box<str> },
    /// Each user sees numbers that never fall, on each resource.
    Monotonic(Watch),
    /// In the end all members of a resource have seen the same.
    Converged(Watch),
}

/// What is looked at.
#[derive(Debug)]
pub struct Watch {
    pub event: Box<str>,
    pub value: Expression,
    /// `value` as it is written.
    pub text: Box<str>,
    /// Which resource the event is about; `None`: the one of the action whose delivery it is.
    pub of: Option<Expression>,
    /// Numbers of the listeners that know the event as a delivery by its key; none: no action owes it.
    pub listeners: Vec<usize>,
    /// So long the event may take to everybody.
    pub within: Duration,
}

impl Rule {
    /// What it watches, if that is an event.
    #[must_use]
    pub const fn watch(&self) -> Option<&Watch> {
        match self {
            Self::OneWinner { .. } => None,
            Self::Monotonic(watch) | Self::Converged(watch) => Some(watch),
        }
    }

    /// As in a suite.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::OneWinner { .. } => "one_winner",
            Self::Monotonic(_) => "monotonic",
            Self::Converged(_) => "converged",
        }
    }

    /// As `one_winner: bid`, `monotonic: data.price of bid-placed`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::OneWinner { action } => format!("one_winner: {action}"),
            Self::Monotonic(watch) | Self::Converged(watch) => {
                format!("{}: {} of {}", self.word(), watch.text, watch.event)
            }
        }
    }
}
