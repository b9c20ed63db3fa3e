//! Who should have heard of an action, and who did; and events that belong to no action at all.

use super::finding::ExampleRow;
use super::latency::LatencyRow;
use crate::ledger::misdelivery::Fault;
use crate::units::Duration;

/// One `delivery` of the suite: what was promised, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryRow {
    /// Of the action that owes it.
    pub scenario: String,
    pub action: String,
    /// The event that tells of the action.
    pub event: String,
    /// Where the event carries the key of its action, as written; `order` where it carries none.
    pub matched: String,
    /// Who must receive it, in the suite's word.
    pub to: String,
    pub within: Duration,
    pub grace: Duration,
    /// `none`, `per_sender` or `per_resource`.
    pub order: String,
    /// Line of the `delivery` in the suite file.
    pub line: usize,
    /// The sum of the next three.
    pub expected: u64,
    pub in_time: u64,
    pub late: u64,
    pub missing: u64,
    /// Receipts after the first.
    pub duplicate: u64,
    pub out_of_order: u64,
    /// Of these, where another user received the two the other way round.
    pub disagreement: u64,
    pub leaked: u64,
    /// Deliveries to users on their way in or out: in no other count.
    pub ambiguous: u64,
    /// in time ÷ expected; `None` where nothing was owed.
    pub rate: Option<f64>,
    /// From the send to each receipt; `None` without one, or where events are only counted.
    pub latency: Option<LatencyRow>,
    /// What went wrong, in the order of [`Fault::ALL`].
    pub faults: Vec<FaultRow>,
    /// Names of the thresholds that were not met for it.
    pub broken: Vec<String>,
}

/// One way in which deliveries went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRow {
    pub fault: Fault,
    pub count: u64,
    /// The first few.
    pub examples: Vec<ExampleRow>,
}

/// Events of one name that nothing matched.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// As `bid-placed`, `bid-placed without data.ref`, `bid-placed of no open action`.
    pub name: String,
    /// Of the users that received them.
    pub scenarios: Vec<String>,
    pub count: u64,
    /// The first few.
    pub examples: Vec<ExampleRow>,
}

impl DeliveryRow {
    /// What somebody else wrote.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let examples = self.faults.iter_mut().flat_map(|fault| &mut fault.examples);
        [&mut self.event, &mut self.matched].into_iter().chain(examples.flat_map(ExampleRow::texts))
    }

    /// How often that went wrong.
    #[must_use]
    pub const fn count(&self, fault: Fault) -> u64 {
        match fault {
            Fault::Missing => self.missing,
            Fault::Late => self.late,
            Fault::Duplicate => self.duplicate,
            Fault::OutOfOrder => self.out_of_order,
            Fault::Disagreement => self.disagreement,
            Fault::Leaked => self.leaked,
        }
    }
}

impl EventRow {
    /// What somebody else wrote.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        std::iter::once(&mut self.name).chain(self.examples.iter_mut().flat_map(ExampleRow::texts))
    }
}
