//! A distribution as reports show it.

/// One distribution, all in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyRow {
    /// Name of the metric, as `ack_latency`.
    pub metric: String,
    /// What the metric means, one sentence.
    pub about: String,
    /// `None`: over the whole run.
    pub scenario: Option<String>,
    pub action: Option<String>,
    pub count: u64,
    pub min: f64,
    pub avg: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    /// How many samples lie where, without gaps, from the lowest to the highest; only over the whole run.
    pub buckets: Vec<Bucket>,
}

/// A step of a distribution: the samples that are not above `up_to` and above the step before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// In milliseconds.
    pub up_to: f64,
    pub count: u64,
}
