//! What is measured and how it is kept: counters and histograms of fixed memory that merge by addition.
//!
//! [`catalog`] names everything, [`axes`] says what is kept apart, a [`recorder`] holds the numbers.

pub mod axes;
pub mod catalog;
pub mod custom;
pub mod histogram;
pub mod label;
pub mod number;
pub mod recorder;
pub mod spread;

pub use axes::{Axes, Cell, Part, ScenarioAxis};
pub use catalog::{Counter, Distribution, Gauge, METRICS, Metric, Statistic, Unit};
pub use custom::{Custom, CustomKind, Sample, Series};
pub use histogram::Histogram;
pub use label::{LabelAxis, Labelled};
pub use recorder::{Numbers, Recorder};
pub use spread::Spread;
