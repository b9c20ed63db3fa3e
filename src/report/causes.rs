//! Why actions were rejected: the four causes with what they mean, as every report says them.

use serde::Serialize;

use crate::ledger::Cause;
use crate::verdict::outcome::Totals;

/// A cause and how many rejections have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CauseCount {
    pub name: &'static str,
    pub about: &'static str,
    pub count: u64,
}

/// All four, in the order in which reports show them.
#[must_use]
pub fn causes(totals: &Totals) -> [CauseCount; 4] {
    Cause::ALL.map(|cause| {
        let (about, count) = match cause {
            Cause::Explained => ("our own gap was below a declared cooldown", totals.rejected_explained),
            Cause::Jitter => ("the gap was inside the margin", totals.rejected_jitter),
            Cause::Unexplained => {
                ("the gap was kept, and the server refused all the same", totals.rejected_unexplained)
            }
            Cause::Contested => ("another user got there first, as the pattern means it", totals.rejected_contested),
        };
        CauseCount { name: cause.word(), about, count }
    })
}
