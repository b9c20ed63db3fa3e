//! What became of each action, why it was rejected, and what became of each of its deliveries.
//!
//! A worker writes what it sends on its [`Sheet`]; the sheets of all workers become one order (`merge`), and [`Attribution`]
//! holds each act against the last ones there (`recent`). [`Deliveries`] holds what was received against what was owed.

pub mod absence;
pub mod act;
pub mod action;
pub mod attribution;
mod audience;
pub mod cause;
mod credit;
pub mod deliveries;
pub mod delivery;
pub mod invariant;
pub mod lane_end;
mod merge;
pub mod misdelivery;
mod order;
mod recent;
pub mod sheet;
pub mod stray;
pub mod terms;

pub use act::Act;
pub use action::{ActionOutcome, NotSent};
pub use attribution::{Attribution, Found, Gap, Reason};
pub use cause::Cause;
pub use deliveries::Deliveries;
pub use lane_end::{LaneCounts, LaneEnd};
pub use sheet::{Acts, Sheet, Ticket, Wanted};
pub use terms::Terms;
