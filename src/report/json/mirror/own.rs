//! Checks of `after` and metrics of the suite's own.

use serde::{Deserialize, Serialize};

use super::{MetricUnit, Mirror};
use crate::verdict::outcome;

mirrors! {
    CheckRow = CheckRow {
        name: String,
        line: usize,
        result: CheckResult,
        detail: String,
    }
    CustomRow = CustomRow {
        name: String,
        verb: String,
        scenario: Option<String>,
        samples: u64,
        unit: MetricUnit,
        value: Option<f64>,
        spread: Option<SpreadRow>,
    }
    LabelRow = LabelRow {
        label: String,
        value: String,
        planned: u64,
        ok: u64,
        rejected: u64,
        failed: u64,
        timeout: u64,
        disconnected: u64,
        not_sent: u64,
        unfinished: u64,
        success_rate: Option<f64>,
        p50 as "p50_ms": Option<f64>,
        p95 as "p95_ms": Option<f64>,
        p99 as "p99_ms": Option<f64>,
        max as "max_ms": Option<f64>,
    }
    SpreadRow = SpreadRow {
        min: f64,
        avg: f64,
        p50: f64,
        p90: f64,
        p95: f64,
        p99: f64,
        p999 as "p99_9": f64,
        max: f64,
    }
}

words! {
    CheckResult = outcome::CheckResult { True, False, Error, NotJudged, }
}
