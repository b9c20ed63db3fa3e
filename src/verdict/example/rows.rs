//! The rows of a made-up outcome: what a verdict would have read off the totals.

use crate::metrics::Histogram;
use crate::metrics::catalog::{self, Unit};
use crate::metrics::number;
use crate::units::{Duration, Moment};
use crate::verdict::example::deliveries::rates;
use crate::verdict::example::wave::round;
use crate::verdict::outcome::{
    ActionRow, Bucket, Ended, ErrorRow, ExampleRow, Judged, LatencyRow, MetricRow, RunInfo, ScenarioRow, StageMark,
    SuiteInfo, ThresholdResult, Totals,
};

pub(super) fn share(part: u64, totals: &Totals) -> Option<f64> {
    let finished = totals.planned - totals.unfinished;
    (finished > 0).then(|| part as f64 / finished as f64)
}

pub(super) fn success(totals: &Totals) -> Option<f64> {
    share(totals.ok, totals)
}

pub(super) fn suite_info() -> SuiteInfo {
    SuiteInfo {
        name: "auction".into(),
        description: Some("Bidders compete for lots; a lot takes one bid a second.".into()),
        tags: vec!["load".into()],
        file: "loadtests/auction.yaml".into(),
        line: 1,
    }
}

pub(super) fn run_info(duration: Duration) -> RunInfo {
    RunInfo {
        id: "k3v9q2".into(),
        started: "2026-03-14T09:26:53Z".into(),
        duration,
        planned_duration: Duration::from_secs(75),
        version: "0.1.0".into(),
        seed: 42,
        target: "http://127.0.0.1:4000/auction".into(),
        protocol: "socket.io".into(),
        overrides: vec!["--users 20".into()],
        workers: 2,
        machine: "linux x86_64, 2 cores".into(),
        warnings: vec![],
        ended: Ended::Completed,
        report_dir: Some("cotillion-report/auction".into()),
        report_url: Some("https://ci.example/report.html".into()),
    }
}

/// A threshold over the whole run, judged by comparing as `limit` says.
pub(super) fn judged(
    line: usize,
    metric: &str,
    statistic: Option<&str>,
    limit: &str,
    bound: f64,
    totals: &Totals,
    observed: Option<f64>,
) -> Judged {
    let unit = catalog::find(metric).map_or(Unit::Count, |metric| metric.unit);
    let met = observed.is_some_and(|value| match limit.split(' ').next() {
        Some("<") => value < bound,
        Some("<=") => value <= bound,
        Some(">=") => value >= bound,
        _ => value == bound,
    });
    let subject = statistic.map_or_else(|| metric.to_owned(), |statistic| format!("{metric} {statistic}"));
    let mut judged = Judged {
        name: format!("{subject} {limit}"),
        metric: metric.into(),
        statistic: statistic.map(String::from),
        limit: limit.into(),
        bound,
        scenario: None,
        stage: None,
        action: None,
        label: None,
        warn_only: false,
        result: ThresholdResult::Met,
        unit,
        observed: None,
        observed_text: String::new(),
        samples: totals.planned,
        too_few_samples: false,
        file: "loadtests/auction.yaml".into(),
        line,
    };
    observe(&mut judged, observed, if met { ThresholdResult::Met } else { ThresholdResult::Broken });
    judged
}

pub(super) fn observe(threshold: &mut Judged, observed: Option<f64>, result: ThresholdResult) {
    threshold.observed = observed;
    threshold.result = result;
    threshold.observed_text =
        observed.map_or_else(|| "no samples".into(), |observed| number::value(observed, threshold.unit));
}

pub(super) fn scenario(name: &str, line: usize, users: u64, duration: Duration, totals: Totals) -> ScenarioRow {
    let success_rate = success(&totals);
    ScenarioRow {
        name: name.into(),
        line,
        users,
        pattern: "rotate".into(),
        every: Some("1s50ms (auto)".into()),
        duration,
        totals,
        success_rate,
        actions: vec![ActionRow { name: "bid".into(), line: line + 9, totals, success_rate }],
    }
}

/// Steps of a distribution that has about these percentiles: min, p50, p90, p95, p99, p99.9, max.
fn buckets(count: u64, tail: [f64; 7]) -> Vec<Bucket> {
    let shares = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0];
    let mut histogram = Histogram::new();
    let drawn = count.min(2_000);
    for sample in 0..drawn {
        let share = (sample as f64 + 0.5) / drawn as f64;
        let upper = shares.iter().position(|limit| *limit >= share).unwrap_or(6).max(1);
        let (from, to) = (shares[upper - 1], shares[upper]);
        // Dense towards the middle, as latencies are.
        let part = (share - from) / (to - from);
        let part = if upper == 1 { part.sqrt() } else { part * part };
        let millis = tail[upper - 1] * (tail[upper] / tail[upper - 1]).powf(part);
        histogram.record(Duration::from_secs_f64(millis / 1_000.0));
    }
    let part = |(up_to, part): (f64, u64)| Bucket { up_to, count: part * count / drawn };
    let mut buckets: Vec<Bucket> = histogram.buckets().into_iter().map(part).collect();
    let rest = count - buckets.iter().map(|bucket| bucket.count).sum::<u64>();
    if let Some(most) = buckets.iter_mut().max_by_key(|bucket| bucket.count) {
        most.count += rest;
    }
    buckets
}

/// Latencies of a server whose stall is scaled by `slow`.
pub(super) fn latencies(totals: &Totals, slow: f64) -> Vec<LatencyRow> {
    let row = |metric: &str, of: Option<&str>, count: u64, tail: [f64; 7]| {
        let [min, p50, p90, p95, p99, p999, max] = tail;
        LatencyRow {
            metric: metric.into(),
            about: catalog::find(metric).map_or("", |metric| metric.about).into(),
            scenario: of.map(|_| "bidders".into()),
            action: of.map(String::from),
            count,
            min,
            avg: round((p50 * 2.0 + p95) / 3.0),
            p50,
            p90,
            p95,
            p99,
            p999,
            max,
            buckets: if of.is_none() { buckets(count, tail) } else { vec![] },
        }
    };
    let samples = totals.acks + totals.timeout;
    let acks = [8.21, 35.8, 112.1 * slow + 20.0, 243.2 * slow, 871.4 * slow.min(1.0), 1_000.0 * slow, 1_004.2 * slow];
    vec![
        row("ack_latency", None, samples, acks),
        row("ack_service", None, samples, acks.map(|value| round(value * 0.985))),
        row("delivery_latency", None, totals.ok * 19, acks.map(|value| round(value * 0.71))),
        row("connect_latency", None, totals.connections, [11.2, 24.6, 44.1, 61.44, 63.9, 63.9, 63.9]),
        row("connect_tcp", None, totals.connections, [0.082, 0.141, 0.312, 0.41, 0.437, 0.437, 0.437]),
        row("login_latency", None, totals.logins, [4.1, 9.73, 18.2, 22.9, 31.0, 31.0, 31.0]),
        row("reconnect_latency", None, totals.reconnects, [1_212.0; 7]),
        row("send_lateness", None, totals.sent, [0.004, 0.211, 0.602, 0.804, 1.31, 2.18, 2.4]),
        row("ack_latency", Some("bid"), samples, acks),
    ]
}

pub(super) fn metrics(totals: &Totals, users: u64, seconds: f64) -> Vec<MetricRow> {
    let connect_rate =
        (totals.connect_attempts > 0).then(|| totals.connections as f64 / totals.connect_attempts as f64);
    [
        ("success_rate", success(totals)),
        ("rejected_rate", share(totals.rejected, totals)),
        ("timeout_rate", share(totals.timeout, totals)),
        ("connect_rate", connect_rate),
        ("actions", Some(totals.planned as f64)),
        ("acks", Some(totals.acks as f64)),
        ("rejections", Some(totals.rejected as f64)),
        ("late_answers", Some(totals.late_answers as f64)),
        ("disconnects", Some(totals.disconnects as f64)),
        ("errors", Some(totals.connect_failures as f64)),
        ("received_bytes", Some(totals.received_events as f64 * 118.0)),
        ("sent_bytes", Some(totals.sent as f64 * 74.0)),
        ("action_throughput", (seconds > 0.0).then(|| round(totals.sent as f64 / seconds))),
        ("users_connected", Some(users as f64)),
        ("generator_cpu", Some(0.046)),
        ("generator_memory", Some(19_240_000.0)),
    ]
    .into_iter()
    .chain(rates(totals))
    .filter_map(|(name, value)| {
        let metric = catalog::find(name)?;
        Some(MetricRow { name: name.into(), about: metric.about.into(), unit: metric.unit, value })
    })
    .collect()
}

pub(super) fn error(class: &str, kind: &str, count: u64, detail: &str) -> ErrorRow {
    let example = |n: u64| ExampleRow {
        at: Moment::from_nanos(41_207_000_000 + n * 913_000_000),
        user: 3 + 4 * n,
        resource: (class == "action").then(|| format!("lot-{}", 7 + n)),
        detail: detail.into(),
    };
    ErrorRow {
        class: class.into(),
        kind: kind.into(),
        scenario: "bidders".into(),
        count,
        examples: (0..count.min(3)).map(example).collect(),
    }
}

pub(super) fn errors(totals: &Totals) -> Vec<ErrorRow> {
    let mut rows = vec![
        error("action", "bid rejected", totals.rejected, r#"{"ok":false,"error":"cooldown","retry_in_ms":312}"#),
        error("action", "bid timeout", totals.timeout, "no ack within 1s"),
        error("disconnect", "transport closed", totals.disconnects, "the peer closed TCP without a close frame"),
        error("connect", "timeout", totals.connect_failures, "no answer of the namespace within 5s"),
    ];
    rows.retain(|row| row.count > 0);
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

pub(super) fn stages(scenario: &str, parts: &[(&str, u64)]) -> Vec<StageMark> {
    let mut from = Moment::START;
    let mut marks = Vec::new();
    for (name, seconds) in parts {
        let to = from + Duration::from_secs(*seconds);
        marks.push(StageMark { scenario: scenario.into(), name: (*name).into(), from, to });
        from = to;
    }
    marks
}
