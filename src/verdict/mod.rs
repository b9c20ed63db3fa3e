//! What the numbers mean: thresholds judged, the run itself judged, and the one frozen [`Outcome`] that reports read.

pub mod abort;
mod asked;
mod deliveries;
mod checks;
mod customs;
pub mod example;
pub mod freeze;
mod invariants;
pub mod judge;
mod labels;
mod lanes;
pub mod outcome;
mod rows;
mod skipped;
pub mod validity;
mod waiting;

pub use abort::Abort;
pub use freeze::{Circumstances, freeze};
pub use outcome::Outcome;
