//! What the numbers mean: thresholds judged, the run itself judged, and the one frozen [`Outcome`] that reports read.

pub mod example;
pub mod freeze;
pub mod judge;
pub mod outcome;
mod rows;
pub mod validity;

pub use freeze::{Circumstances, freeze};
pub use outcome::Outcome;
