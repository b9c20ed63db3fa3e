//! What became of each action, and why it was rejected. (What became of each delivery will stand beside it.)
//!
//! A worker writes what it sends on its [`Sheet`]; the sheets of all workers become one order (`merge`), and [`Attribution`]
//! holds each act against the last ones there (`recent`).

pub mod act;
pub mod action;
pub mod attribution;
pub mod cause;
mod merge;
mod recent;
pub mod sheet;
pub mod terms;

pub use act::Act;
pub use action::{ActionOutcome, NotSent};
pub use attribution::{Attribution, Found, Gap, Reason};
pub use cause::Cause;
pub use sheet::{Acts, Sheet, Ticket, Wanted};
pub use terms::Terms;
