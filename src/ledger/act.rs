//! An action that was sent, as the causes of rejections look at it.

use super::action::ActionOutcome;
use crate::metrics::Cell;
use crate::units::{Duration, Moment};

/// One action on a resource that left this generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Of its actual send.
    pub sent: Moment,
    /// How late it was sent through this generator alone: not for an answer that came late.
    pub lateness: Duration,
    /// Number of the scenario.
    pub scenario: usize,
    /// Number of the action in it.
    pub action: usize,
    /// `user.index`.
    pub user: u64,
    /// Number of the resource.
    pub resource: usize,
    /// Number of the step.
    pub step: u64,
    /// Where it is counted.
    pub cell: Cell,
    /// [`ActionOutcome::Unfinished`] while it is open.
    pub outcome: ActionOutcome,
    /// What the server said, of a few rejections.
    pub answer: Option<Box<str>>,
}

impl Act {
    /// Did it take the resource, as far as anybody knows? Only a rejection says that it did not.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.outcome != ActionOutcome::Rejected
    }
}
