//! What the numbers mean: thresholds judged, the run itself judged, and the one frozen [`Outcome`] that reports read.

pub mod abort;
mod deliveries;
pub mod example;
pub mod freeze;
pub mod judge;
mod lanes;
pub mod outcome;
mod rows;
pub mod validity;
mod waiting;

pub use abort::Abort;
pub use freeze::{Circumstances, freeze};
pub use outcome::Outcome;
