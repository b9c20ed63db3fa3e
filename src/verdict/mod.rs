//! What the numbers mean: thresholds judged, the run itself judged, and the one frozen [`Outcome`] that reports read.

pub mod example;
pub mod outcome;

pub use outcome::Outcome;
