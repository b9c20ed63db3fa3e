//! Who acted on what and what came of it: a lane a resource, over time.

pub use crate::ledger::{LaneCounts, LaneEnd};
use crate::units::{Duration, Moment};

/// The beginning of a run action by action, and all of it in counts, for a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lanes {
    /// Ids of the resources that are shown.
    pub resources: Vec<String>,
    /// The beginning goes from the first to the last moment.
    pub from: Moment,
    pub to: Moment,
    /// Of the beginning, in the order of time.
    pub marks: Vec<LaneMark>,
    /// Actions without a mark.
    pub left_out: u64,
    pub overview: LanesOverview,
}

/// One action on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneMark {
    /// Of its send.
    pub at: Moment,
    /// Which of the shown resources.
    pub lane: usize,
    /// `user.index`.
    pub user: u64,
    pub end: LaneEnd,
}

/// How many actions ended how, over the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LanesOverview {
    /// Time that a column stands for.
    pub step: Duration,
    /// Of the whole run.
    pub columns: u64,
    /// By lane, then by column; what is not there is nothing.
    pub rows: Vec<Vec<LaneCounts>>,
    /// Actions on resources that are not shown.
    pub elsewhere: u64,
    /// Actions that had not ended when the run did.
    pub open: u64,
}
