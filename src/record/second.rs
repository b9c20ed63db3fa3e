//! One second of a run: what all workers saw in it.

use super::finding::Findings;
use crate::metrics::Recorder;
use crate::units::Moment;

/// States read at the end of a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gauges {
    /// Users with a connected namespace.
    pub users: u64,
    /// CPU of the generator in this second, of all its cores: 1.0 is all of them.
    pub cpu: Option<f64>,
    /// Share of the second that a worker waited for a core although it had work to do, on average.
    pub wait: Option<f64>,
    /// Resident memory of the generator, in bytes.
    pub memory: Option<u64>,
}

/// The frame of one second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Second {
    /// Its number, from 0.
    pub number: u64,
    /// When it ended: a whole second after it began, sooner only for the last one of a run.
    pub end: Moment,
    pub recorder: Recorder,
    pub gauges: Gauges,
    pub findings: Findings,
    /// Users whose setup has succeeded at least once, up to now.
    pub ready_users: u64,
}
