//! Outcomes and latencies by the values of labels.

use crate::metrics::catalog::{FINISHED, NOT_SENT};
use crate::metrics::label::NONE;
use crate::metrics::{Counter, Distribution, Statistic};
use crate::plan::Plan;
use crate::record::Results;

/// The actions with one value of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// Name of the label.
    pub label: String,
    /// `none` of what has no value, `other` of what came when there were too many.
    pub value: String,
    /// The sum of all outcomes below.
    pub planned: u64,
    pub ok: u64,
    pub rejected: u64,
    pub failed: u64,
    pub timeout: u64,
    pub disconnected: u64,
    pub not_sent: u64,
    pub unfinished: u64,
    /// ok ÷ (planned − unfinished); `None` when nothing was due.
    pub success_rate: Option<f64>,
    /// Of `ack_latency`, in milliseconds; `None` without an answer.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

#[must_use]
pub fn rows(plan: &Plan, results: &Results) -> Vec<LabelRow> {
    let labels = plan.axes.labels.iter().enumerate();
    let by_value = labels.flat_map(|(number, label)| {
        results.by_label(number).into_iter().map(move |(value, numbers)| {
            let finished = numbers.sum(FINISHED);
            let latency = numbers.histogram(Distribution::AckLatency);
            let of = |statistic| latency.and_then(|histogram| histogram.statistic(statistic));
            LabelRow {
                label: label.name.clone(),
                value: value.to_owned(),
                planned: numbers.counter(Counter::Planned),
                ok: numbers.counter(Counter::Ok),
                rejected: numbers.counter(Counter::Rejected),
                failed: numbers.counter(Counter::Failed),
                timeout: numbers.counter(Counter::Timeout),
                disconnected: numbers.counter(Counter::Disconnected),
                not_sent: numbers.sum(NOT_SENT),
                unfinished: numbers.counter(Counter::Unfinished),
                success_rate: (finished > 0).then(|| numbers.counter(Counter::Ok) as f64 / finished as f64),
                p50: of(Statistic::Percentile(0.50)),
                p95: of(Statistic::Percentile(0.95)),
                p99: of(Statistic::Percentile(0.99)),
                max: of(Statistic::Max),
            }
        })
    });
    // That nothing was without a value is no news.
    by_value.filter(|row| row.planned > 0 || row.value != NONE).collect()
}
