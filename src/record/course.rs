//! The course of a run on its resources: who acted on what, when, and what came of it. Bounded: the beginning of the run
//! on its first resources, for a picture.

use crate::ledger::ActionOutcome;
use crate::ledger::cause::Cause;
use crate::units::Moment;

/// One action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Of its actual send.
    pub at: Moment,
    /// `user.index`.
    pub user: u64,
    /// Number of the resource.
    pub resource: usize,
    pub outcome: ActionOutcome,
    /// Of a rejection.
    pub cause: Option<Cause>,
}

/// What is kept of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// In the order of their sends.
    pub visits: Vec<Visit>,
    /// Those that were not kept.
    pub left_out: u64,
}
