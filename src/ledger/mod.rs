//! What became of each action. (What became of each delivery will stand beside it.)

pub mod action;
pub mod cause;

pub use action::{ActionOutcome, NotSent};
pub use cause::Cause;
