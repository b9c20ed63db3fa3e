//! The rows of the outcome: numbers of the results, laid out as reports show them.

use super::outcome::{ActionRow, Bucket, LatencyRow, MetricRow, Point, ScenarioRow, StageMark, Timeline, Totals};
use crate::metrics::catalog::{FINISHED, Kind};
use crate::metrics::{Counter, Distribution, Histogram, METRICS, Metric, Numbers, Part, Statistic};
use crate::plan::{Plan, Rhythm, Scenario};
use crate::record::Results;
use crate::record::results::TimelinePoint;
use crate::units::Duration;

#[must_use]
pub fn totals(numbers: &Numbers) -> Totals {
    let of = |counter| numbers.counter(counter);
    Totals {
        planned: of(Counter::Planned),
        ok: of(Counter::Ok),
        rejected: of(Counter::Rejected),
        failed: of(Counter::Failed),
        timeout: of(Counter::Timeout),
        disconnected: of(Counter::Disconnected),
        not_sent_busy: of(Counter::NotSentBusy),
        not_sent_offline: of(Counter::NotSentOffline),
        not_sent_generator: of(Counter::NotSentGenerator),
        not_sent_abandoned: of(Counter::NotSentAbandoned),
        unfinished: of(Counter::Unfinished),
        rejected_explained: of(Counter::RejectedExplained),
        rejected_jitter: of(Counter::RejectedJitter),
        rejected_unexplained: of(Counter::RejectedUnexplained),
        rejected_contested: of(Counter::RejectedContested),
        sent: of(Counter::Sent),
        acks: of(Counter::Acks),
        late_answers: of(Counter::LateAnswers),
        connect_attempts: of(Counter::ConnectAttempts),
        connections: of(Counter::Connections),
        connect_failures: of(Counter::ConnectFailures),
        logins: of(Counter::Logins),
        login_failures: of(Counter::LoginFailures),
        disconnects: of(Counter::Disconnects),
        reconnects: of(Counter::Reconnects),
        upgrades_due: of(Counter::UpgradesDue),
        upgrades: of(Counter::Upgrades),
        received_events: of(Counter::ReceivedEvents),
    }
}

fn success_rate(numbers: &Numbers) -> Option<f64> {
    let finished = numbers.sum(FINISHED);
    (finished > 0).then(|| numbers.counter(Counter::Ok) as f64 / finished as f64)
}

#[must_use]
pub fn scenarios(plan: &Plan, results: &Results) -> Vec<ScenarioRow> {
    let row = |(number, scenario): (usize, &Scenario)| {
        let part = Part { scenario: Some(number), ..Part::default() };
        let numbers = results.numbers(part);
        let actions = scenario.actions.iter().enumerate().map(|(index, action)| {
            let numbers = results.numbers(Part { action: Some(index), ..part });
            ActionRow {
                name: action.name.clone(),
                line: action.line,
                totals: totals(&numbers),
                success_rate: success_rate(&numbers),
            }
        });
        ScenarioRow {
            name: scenario.name.clone(),
            line: scenario.line,
            users: scenario.users,
            pattern: scenario.rotation.map_or_else(|| "none".to_owned(), |rotation| rotation.pattern.name.to_owned()),
            every: every(scenario),
            duration: duration(scenario, results),
            totals: totals(&numbers),
            success_rate: success_rate(&numbers),
            actions: actions.collect(),
        }
    };
    plan.scenarios.iter().enumerate().map(row).collect()
}

fn every(scenario: &Scenario) -> Option<String> {
    match scenario.rhythm {
        Rhythm::Still => None,
        Rhythm::ClosedLoop => Some("closed loop".to_owned()),
        Rhythm::Step { every, auto } => Some(if auto { format!("{every} (auto)") } else { every.to_string() }),
    }
}

/// From its first slot to its planned end, or to the end of a run that ended before.
fn duration(scenario: &Scenario, results: &Results) -> Duration {
    let from = scenario.presences.iter().map(|stay| stay.slot).min().unwrap_or_default();
    scenario.end().min(results.end).since(from)
}

/// Every distribution with samples: over the whole run, then by scenario and action where that says more.
#[must_use]
pub fn latencies(plan: &Plan, results: &Results) -> Vec<LatencyRow> {
    let mut rows = Vec::new();
    for metric in METRICS {
        let Kind::Distribution(distribution) = metric.kind else { continue };
        let row = |part: Part, scenario: Option<&str>, action: Option<&str>| {
            let histogram = results.histogram(distribution, part);
            (histogram.count() > 0).then(|| latency(metric.name, metric.about, scenario, action, &histogram))
        };
        rows.extend(
            row(Part::default(), None, None)
                .map(|row| LatencyRow { buckets: buckets(&results.histogram(distribution, Part::default())), ..row }),
        );
        let several = plan.scenarios.len() > 1 && distribution != Distribution::TimerLag;
        for (number, scenario) in plan.scenarios.iter().enumerate() {
            let part = Part { scenario: Some(number), ..Part::default() };
            if several {
                rows.extend(row(part, Some(&scenario.name), None));
            }
            if metric.by_action && scenario.actions.len() > 1 {
                for (index, action) in scenario.actions.iter().enumerate() {
                    rows.extend(row(Part { action: Some(index), ..part }, Some(&scenario.name), Some(&action.name)));
                }
            }
        }
    }
    rows
}

pub(super) fn latency(
    metric: &str,
    about: &str,
    scenario: Option<&str>,
    action: Option<&str>,
    histogram: &Histogram,
) -> LatencyRow {
    let of = |statistic| histogram.statistic(statistic).unwrap_or_default();
    LatencyRow {
        metric: metric.to_owned(),
        about: about.to_owned(),
        scenario: scenario.map(str::to_owned),
        action: action.map(str::to_owned),
        count: histogram.count(),
        min: of(Statistic::Min),
        avg: of(Statistic::Avg),
        p50: of(Statistic::Percentile(0.50)),
        p90: of(Statistic::Percentile(0.90)),
        p95: of(Statistic::Percentile(0.95)),
        p99: of(Statistic::Percentile(0.99)),
        p999: of(Statistic::Percentile(0.999)),
        max: of(Statistic::Max),
        buckets: Vec::new(),
    }
}

fn buckets(histogram: &Histogram) -> Vec<Bucket> {
    histogram.buckets().into_iter().map(|(up_to, count)| Bucket { up_to, count }).collect()
}

/// All metrics that are one number, over the whole run; those of deliveries where the suite has some.
#[must_use]
pub fn metrics(plan: &Plan, results: &Results) -> Vec<MetricRow> {
    let meant = |metric: &&Metric| !plan.deliveries.is_empty() || !metric.is_of_deliveries();
    let single = METRICS.iter().filter(|metric| !matches!(metric.kind, Kind::Distribution(_))).filter(meant);
    single
        .map(|metric| MetricRow {
            name: metric.name.to_owned(),
            about: metric.about.to_owned(),
            unit: metric.unit,
            value: results.observe(metric, None, Part::default()).value,
        })
        .collect()
}

#[must_use]
pub fn timeline(plan: &Plan, results: &Results) -> Timeline {
    let marks = plan.scenarios.iter().flat_map(|scenario| {
        scenario.stages.iter().map(|stage| StageMark {
            scenario: scenario.name.clone(),
            name: stage.name.clone(),
            from: stage.from,
            to: stage.to,
        })
    });
    Timeline { points: results.timeline.iter().map(point).collect(), stages: marks.collect() }
}

fn point(point: &TimelinePoint) -> Point {
    let of = |counter: Counter| point.counters[counter as usize];
    let sum = |counters: &[Counter]| counters.iter().map(|counter| of(*counter)).sum();
    Point {
        second: point.number,
        users: point.gauges.users,
        ok: of(Counter::Ok),
        rejected: of(Counter::Rejected),
        failed: of(Counter::Failed),
        timeout: of(Counter::Timeout),
        disconnected: of(Counter::Disconnected),
        not_sent: sum(crate::metrics::catalog::NOT_SENT),
        disconnects: of(Counter::Disconnects),
        errors: sum(crate::metrics::catalog::ERRORS),
        ack_p50: point.ack.map(|ack| ack[0]),
        ack_p95: point.ack.map(|ack| ack[1]),
        ack_p99: point.ack.map(|ack| ack[2]),
        received: of(Counter::ReceivedEvents),
        delivery_p50: point.delivery.map(|delivery| delivery[0]),
        delivery_p95: point.delivery.map(|delivery| delivery[1]),
        delivery_p99: point.delivery.map(|delivery| delivery[2]),
        cpu: point.gauges.cpu,
        memory: point.gauges.memory,
    }
}
