//! What a worker's users write to: the numbers of the current second, what went wrong, and what must not be printed. One
//! a worker; handed to the collector once a second.

use super::closes::CloseCodes;
use super::commons::Commons;
use crate::ledger::delivery::Note;
use crate::ledger::invariant::Sight;
use crate::ledger::{Sheet, Wanted};
use crate::metrics::Recorder;
use crate::plan::Plan;
use crate::record::{Findings, Unmatched};
use crate::secrets::Secrets;

/// A worker's own books.
#[derive(Debug, Default)]
pub struct Sink {
    pub recorder: Recorder,
    pub findings: Findings,
    /// What was sent, for the causes.
    pub sheet: Sheet,
    /// What was sent and received, for the deliveries.
    pub notes: Vec<Note>,
    /// What was seen of what invariants look at.
    pub sights: Vec<Sight>,
    /// Events that came and that nothing was waiting for.
    pub unmatched: Unmatched,
    /// Learned in this second, for instance tokens of a login.
    pub secrets: Secrets,
    /// Users with a connected namespace, now.
    pub connected: u64,
    /// Users whose setup has succeeded at least once.
    pub ready: u64,
    /// Users that have nothing to do but to hear of what others did.
    pub resting: u64,
    /// All that must be heard has been heard: nobody need stay any longer.
    pub all_heard: bool,
    /// What its users have to do with each other.
    pub commons: Commons,
    /// Close codes that have a kind of their own.
    pub close_codes: CloseCodes,
    /// Payloads are rendered into it, so that an emit allocates only what is sent.
    pub scratch: Vec<u8>,
}

impl Sink {
    /// Empty books for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let sheet = Sheet::new(Wanted::of(plan));
        Self { recorder: Recorder::of(&plan.axes), sheet, ..Self::default() }
    }
}
