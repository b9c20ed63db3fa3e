//! The types that leave the process in `results.json`.
//!
//! They mirror the outcome field by field but are versioned on their own: a field may be renamed inside without
//! breaking anybody's pipeline, because its name outside is written here. Times are numbers in the unit that the name
//! says.

use serde::{Deserialize, Serialize};

use super::lane_row::LaneRow;
use crate::metrics::catalog::Unit;
use crate::units::{Duration, Moment};
use crate::verdict::outcome;

/// Structs of the outcome, field by field: the compiler finds a field that is missing here.
macro_rules! mirrors {
    ($($name:ident = $inner:ident { $($(#[$meta:meta])* $field:ident $(as $outside:literal)?: $type:ty,)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$meta])* $(#[serde(rename = $outside)])? pub $field: $type,)* }

        impl Mirror<outcome::$inner> for $name {
            fn of(inner: &outcome::$inner) -> Self {
                Self { $($field: Mirror::of(&inner.$field),)* }
            }
            fn back(self) -> outcome::$inner {
                outcome::$inner { $($field: self.$field.back(),)* }
            }
        }
    )*};
}

/// Enumerations without fields, as text.
macro_rules! words {
    ($($name:ident = $inner:ty { $($variant:ident,)* })*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant,)* }

        impl Mirror<$inner> for $name {
            fn of(inner: &$inner) -> Self {
                match inner { $(<$inner>::$variant => Self::$variant,)* }
            }
            fn back(self) -> $inner {
                match self { $(Self::$variant => <$inner>::$variant,)* }
            }
        }
    )*};
}

/// Types that are the same inside and outside.
macro_rules! same {
    ($($type:ty),*) => {$(
        impl Mirror<$type> for $type {
            fn of(inner: &$type) -> Self {
                inner.clone()
            }
            fn back(self) -> $type {
                self
            }
        }
    )*};
}

mod own;
mod plan;

pub use own::{CheckRow, CustomRow, LabelRow};
pub use plan::PlanSummary;

mirrors! {
    Document = Outcome {
        suite: SuiteInfo,
        run: RunInfo,
        verdict: Verdict,
        thresholds: Vec<Judged>,
        #[serde(default)]
        invariants: Vec<InvariantRow>,
        checks: Vec<CheckRow>,
        scenarios: Vec<ScenarioRow>,
        totals: Totals,
        latencies: Vec<LatencyRow>,
        metrics: Vec<MetricRow>,
        customs: Vec<CustomRow>,
        labels: Vec<LabelRow>,
        errors: Vec<ErrorRow>,
        deliveries: Vec<DeliveryRow>,
        unmatched_events: Vec<EventRow>,
        timeline: Timeline,
        lanes: Option<Lanes>,
        waiting: Option<String>,
        plan: PlanSummary,
    }
    SuiteInfo = SuiteInfo {
        name: String,
        description: Option<String>,
        tags: Vec<String>,
        file: String,
        line: usize,
    }
    RunInfo = RunInfo {
        id: String,
        started: String,
        duration as "duration_ms": Millis,
        planned_duration as "planned_duration_ms": Millis,
        version: String,
        seed: u64,
        target: String,
        protocol: String,
        overrides: Vec<String>,
        workers: usize,
        machine: String,
        warnings: Vec<String>,
        ended: Ended,
        report_dir: Option<String>,
        report_url: Option<String>,
    }
    Verdict = Verdict {
        status: Status,
        validity: Validity,
        reasons: Vec<String>,
        sentence: String,
    }
    Judged = Judged {
        name: String,
        metric: String,
        statistic: Option<String>,
        limit: String,
        bound: f64,
        scenario: Option<String>,
        stage: Option<String>,
        action: Option<String>,
        label: Option<String>,
        warn_only: bool,
        result: ThresholdResult,
        unit: MetricUnit,
        observed: Option<f64>,
        observed_text: String,
        samples: u64,
        too_few_samples: bool,
        file: String,
        line: usize,
    }
    InvariantRow = InvariantRow {
        name: String,
        rule: String,
        result: InvariantResult,
        held: u64,
        broken: u64,
        undecided: u64,
        found_text: String,
        broken_examples: Vec<ExampleRow>,
        undecided_examples: Vec<ExampleRow>,
        file: String,
        line: usize,
    }
    Totals = Totals {
        planned: u64,
        ok: u64,
        rejected: u64,
        failed: u64,
        timeout: u64,
        disconnected: u64,
        not_sent_busy: u64,
        not_sent_offline: u64,
        not_sent_generator: u64,
        not_sent_abandoned: u64,
        unfinished: u64,
        rejected_explained: u64,
        rejected_jitter: u64,
        rejected_unexplained: u64,
        rejected_contested: u64,
        sent: u64,
        acks: u64,
        late_answers: u64,
        connect_attempts: u64,
        connections: u64,
        connect_failures: u64,
        logins: u64,
        login_failures: u64,
        disconnects: u64,
        reconnects: u64,
        upgrades_due: u64,
        upgrades: u64,
        received_events: u64,
    }
    ScenarioRow = ScenarioRow {
        name: String,
        line: usize,
        users: u64,
        pattern: String,
        every: Option<String>,
        duration as "duration_ms": Millis,
        totals: Totals,
        success_rate: Option<f64>,
        actions: Vec<ActionRow>,
    }
    ActionRow = ActionRow {
        name: String,
        line: usize,
        totals: Totals,
        success_rate: Option<f64>,
    }
    LatencyRow = LatencyRow {
        metric: String,
        about: String,
        scenario: Option<String>,
        action: Option<String>,
        count: u64,
        min as "min_ms": f64,
        avg as "avg_ms": f64,
        p50 as "p50_ms": f64,
        p90 as "p90_ms": f64,
        p95 as "p95_ms": f64,
        p99 as "p99_ms": f64,
        p999 as "p99_9_ms": f64,
        max as "max_ms": f64,
        #[serde(default)]
        buckets: Vec<Bucket>,
    }
    Bucket = Bucket {
        up_to as "up_to_ms": f64,
        count: u64,
    }
    MetricRow = MetricRow {
        name: String,
        about: String,
        unit: MetricUnit,
        value: Option<f64>,
    }
    ErrorRow = ErrorRow {
        class: String,
        kind: String,
        scenario: String,
        count: u64,
        examples: Vec<ExampleRow>,
    }
    DeliveryRow = DeliveryRow {
        scenario: String,
        action: String,
        event: String,
        matched as "match": String,
        to: String,
        within as "within_ms": Millis,
        grace as "grace_ms": Millis,
        order: String,
        line: usize,
        expected: u64,
        in_time: u64,
        late: u64,
        missing: u64,
        duplicate: u64,
        out_of_order: u64,
        disagreement: u64,
        leaked: u64,
        ambiguous: u64,
        rate: Option<f64>,
        latency: Option<LatencyRow>,
        faults: Vec<FaultRow>,
        broken as "broken_thresholds": Vec<String>,
    }
    FaultRow = FaultRow {
        fault: Fault,
        count: u64,
        examples: Vec<ExampleRow>,
    }
    EventRow = EventRow {
        name: String,
        scenarios: Vec<String>,
        count: u64,
        examples: Vec<ExampleRow>,
    }
    ExampleRow = ExampleRow {
        at as "at_ms": Millis,
        user: u64,
        resource: Option<String>,
        detail: String,
    }
    Timeline = Timeline {
        points: Vec<Point>,
        stages: Vec<StageMark>,
    }
    Point = Point {
        second: u64,
        users: u64,
        ok: u64,
        rejected: u64,
        failed: u64,
        timeout: u64,
        disconnected: u64,
        not_sent: u64,
        disconnects: u64,
        errors: u64,
        ack_p50 as "ack_p50_ms": Option<f64>,
        ack_p95 as "ack_p95_ms": Option<f64>,
        ack_p99 as "ack_p99_ms": Option<f64>,
        #[serde(default)]
        received: u64,
        delivery_p50 as "delivery_p50_ms": Option<f64>,
        delivery_p95 as "delivery_p95_ms": Option<f64>,
        delivery_p99 as "delivery_p99_ms": Option<f64>,
        cpu as "cpu_share": Option<f64>,
        memory as "memory_bytes": Option<u64>,
    }
    Lanes = Lanes {
        resources: Vec<String>,
        from as "from_ms": Millis,
        to as "to_ms": Millis,
        marks: Vec<LaneMark>,
        left_out: u64,
        overview: LanesOverview,
    }
    LanesOverview = LanesOverview {
        step as "step_ms": Millis,
        columns: u64,
        rows as "cells": Vec<LaneRow>,
        elsewhere: u64,
        open: u64,
    }
    LaneMark = LaneMark {
        at as "at_ms": Millis,
        lane: usize,
        user: u64,
        end: LaneEnd,
    }
    StageMark = StageMark {
        scenario: String,
        name: String,
        from as "from_ms": Millis,
        to as "to_ms": Millis,
    }
}

words! {
    Status = outcome::Status { Pass, Fail, Invalid, Interrupted, Unreachable, Skipped, }
    Fault = crate::ledger::misdelivery::Fault { Missing, Late, Duplicate, OutOfOrder, Disagreement, Leaked, }
    LaneEnd = outcome::LaneEnd { Accepted, Rejected, Late, Failed, }
    Validity = outcome::Validity { Valid, Suspect, Invalid, NotMeasured, NotJudged, }
    ThresholdResult = outcome::ThresholdResult { Met, Broken, NoData, NotJudged, }
    InvariantResult = outcome::InvariantResult { Held, Broken, NoData, NotJudged, }
    MetricUnit = Unit { Share, Count, PerSecond, Milliseconds, Bytes, Number, }
}

/// A type that stands for `T` outside of this process.
pub trait Mirror<T> {
    fn of(inner: &T) -> Self;
    fn back(self) -> T;
}

same!(String, u64, usize, f64, bool);

impl<T, M: Mirror<T>> Mirror<Option<T>> for Option<M> {
    fn of(inner: &Option<T>) -> Self {
        inner.as_ref().map(M::of)
    }
    fn back(self) -> Option<T> {
        self.map(M::back)
    }
}

impl<T, M: Mirror<T>> Mirror<Vec<T>> for Vec<M> {
    fn of(inner: &Vec<T>) -> Self {
        inner.iter().map(M::of).collect()
    }
    fn back(self) -> Vec<T> {
        self.into_iter().map(M::back).collect()
    }
}

impl<A, B, M: Mirror<A>, N: Mirror<B>> Mirror<(A, B)> for (M, N) {
    fn of(inner: &(A, B)) -> Self {
        (M::of(&inner.0), N::of(&inner.1))
    }
    fn back(self) -> (A, B) {
        (self.0.back(), self.1.back())
    }
}

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub f64);

impl Mirror<Duration> for Millis {
    fn of(inner: &Duration) -> Self {
        Self(inner.as_millis_f64())
    }
    fn back(self) -> Duration {
        Duration::from_nanos((self.0 * 1e6).round() as u64)
    }
}

impl Mirror<Moment> for Millis {
    fn of(inner: &Moment) -> Self {
        Self::of(&inner.since(Moment::START))
    }
    fn back(self) -> Moment {
        Moment::START + Mirror::<Duration>::back(self)
    }
}

/// How the run came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ended {
    Completed,
    Interrupted { signal: String },
    Aborted { reason: String },
    Unreachable { reason: String },
    Skipped { reason: String },
}

impl Mirror<outcome::Ended> for Ended {
    fn of(inner: &outcome::Ended) -> Self {
        match inner.clone() {
            outcome::Ended::Completed => Self::Completed,
            outcome::Ended::Interrupted { signal } => Self::Interrupted { signal },
            outcome::Ended::Aborted { reason } => Self::Aborted { reason },
            outcome::Ended::Unreachable { reason } => Self::Unreachable { reason },
            outcome::Ended::Skipped { reason } => Self::Skipped { reason },
        }
    }
    fn back(self) -> outcome::Ended {
        match self {
            Self::Completed => outcome::Ended::Completed,
            Self::Interrupted { signal } => outcome::Ended::Interrupted { signal },
            Self::Aborted { reason } => outcome::Ended::Aborted { reason },
            Self::Unreachable { reason } => outcome::Ended::Unreachable { reason },
            Self::Skipped { reason } => outcome::Ended::Skipped { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nanosecond_comes_back() {
        for nanos in [0, 1, 999_999, 75_412_087_311, 3_600_000_000_001, 86_399_999_999_999] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(Mirror::<Duration>::back(Millis::of(&duration)), duration);
        }
    }
}
