//! One delivery that went wrong, as an example for people.

use std::collections::BTreeMap;

use super::delivery::Audience;
use crate::metrics::{Cell, Counter};
use crate::units::Moment;

/// What can go wrong with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    Missing,
    Late,
    Duplicate,
    OutOfOrder,
    /// Two users received two actions in different orders.
    Disagreement,
    Leaked,
}

impl Fault {
    pub const ALL: [Self; 6] =
        [Self::Missing, Self::Late, Self::Duplicate, Self::OutOfOrder, Self::Disagreement, Self::Leaked];

    /// As in "delivery missing".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Late => "late",
            Self::Duplicate => "received twice",
            Self::OutOfOrder => "out of order",
            Self::Disagreement => "in different orders",
            Self::Leaked => "leaked",
        }
    }

    /// The counter that it is counted in.
    #[must_use]
    pub const fn counter(self) -> Counter {
        match self {
            Self::Missing => Counter::DeliveryMissing,
            Self::Late => Counter::DeliveryLate,
            Self::Duplicate => Counter::DeliveryDuplicate,
            Self::OutOfOrder => Counter::DeliveryOutOfOrder,
            Self::Disagreement => Counter::DeliveryDisagreement,
            Self::Leaked => Counter::DeliveryLeaked,
        }
    }
}

/// One example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misdelivery {
    pub fault: Fault,
    pub cell: Cell,
    /// Number of its rule.
    pub rule: u16,
    /// The action: who sent it, and which of the sender's it was.
    pub sender: u32,
    pub number: u32,
    /// What it is about.
    pub subject: Audience,
    pub sent: Moment,
    /// Whose receipt it is about.
    pub user: u32,
    /// When it came, if it did.
    pub at: Option<Moment>,
    /// Who received the two in the other order.
    pub other: Option<u32>,
}

/// What has gone wrong, by fault and rule: counted in full, with the first few of each.
#[derive(Debug, Default)]
pub struct Misdeliveries(BTreeMap<(Fault, u16), (u64, Vec<Misdelivery>)>);

/// Most examples kept of a kind.
const EXAMPLES: usize = 3;

impl Misdeliveries {
    pub fn add(&mut self, misdelivery: Misdelivery) {
        let (count, examples) = self.0.entry((misdelivery.fault, misdelivery.rule)).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(misdelivery);
        }
    }

    /// How often each fault has come under which rule, and examples of it.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, u16, u64, &[Misdelivery])> {
        self.0.iter().map(|((fault, rule), (count, examples))| (*fault, *rule, *count, examples.as_slice()))
    }
}
