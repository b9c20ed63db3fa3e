//! Charts over the time of a run, as SVG that needs neither script nor style sheet.

mod columns;
mod delivery;
mod distribution;
pub mod lanes;
mod overview;
mod mark;
mod palette;
mod plot;
mod scale;

pub use columns::{Columns, Row};
pub use delivery::{DeliveryKey, delivery_bar, delivery_keys};
pub use distribution::{Shape, shapes};
pub use mark::{gauge, outcome_bar};
use palette::{CPU, DELIVERY_P50, DELIVERY_P95, DELIVERY_P99, DISCONNECTS, ERRORS, P50, P95, P99, RECEIVED, USERS};
pub use palette::{Key, UNJUDGED, colour};
use plot::{Plot, stage_strip, whole};
use scale::Scale;
use serde::Serialize;

use crate::metrics::number::{clock, count, milliseconds, share};
use crate::verdict::Outcome;
use crate::verdict::outcome::{Point, Status, ThresholdResult, Totals};

/// A chart and the words around it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Unique in the document.
    pub id: &'static str,
    pub title: &'static str,
    /// What the heights are, as `actions in a second`.
    pub measure: String,
    pub svg: String,
    pub legend: Vec<Key>,
}

/// The stages as a strip above the charts; `None` when there are none.
#[must_use]
pub fn strip(outcome: &Outcome, columns: &Columns) -> Option<String> {
    let stages = &outcome.timeline.stages;
    (!stages.is_empty() && !columns.columns.is_empty()).then(|| stage_strip(columns, stages, "chart-stages"))
}

/// Every chart that has something to show.
#[must_use]
pub fn charts(outcome: &Outcome, columns: &Columns) -> Vec<Chart> {
    if columns.columns.is_empty() {
        return vec![];
    }
    [
        users(outcome, columns),
        actions(outcome, columns),
        latency(outcome, columns, ACKS),
        latency(outcome, columns, DELIVERIES),
        received(outcome, columns),
        losses(outcome, columns),
        cpu(outcome, columns),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn users(outcome: &Outcome, columns: &Columns) -> Option<Chart> {
    let users: Vec<f64> = columns.columns.iter().map(|point| point.users as f64).collect();
    let peak = highest(users.iter().copied())?;
    let mut plot = Plot::new(columns, Scale::linear(peak, true), 96);
    plot.steps("users", USERS.colour, &users);
    plot.stages(&outcome.timeline.stages);
    let about = format!("{}; at most {} users at once.", over(columns), whole(peak));
    Some(Chart {
        id: "chart-users",
        title: "Users",
        measure: "connected".into(),
        svg: plot.finish("chart-users", "Users over time", &about, whole),
        legend: vec![USERS],
    })
}

fn actions(outcome: &Outcome, columns: &Columns) -> Option<Chart> {
    let outcomes = palette::outcomes(is_judged(outcome));
    let due = |point: &Point| outcomes.iter().map(|(_, of)| of(point)).sum::<u64>();
    let peak = columns.columns.iter().map(due).max().filter(|peak| *peak > 0)?;
    let mut plot = Plot::new(columns, Scale::linear(peak as f64, true), 190);
    let mut below = vec![0; columns.columns.len()];
    let mut legend = vec![];
    for (key, of) in &outcomes {
        let values: Vec<u64> = columns.columns.iter().map(of).collect();
        if values.iter().any(|value| *value > 0) {
            plot.bars(key.cell, key.colour, below.iter().copied().zip(values.iter().copied()));
            legend.push(key.clone());
        }
        for (sum, value) in below.iter_mut().zip(values) {
            *sum += value;
        }
    }
    plot.stages(&outcome.timeline.stages);
    let about = format!("{}; {}.", over(columns), said(&outcome.totals));
    Some(Chart {
        id: "chart-actions",
        title: "Actions by outcome",
        measure: format!("in {}", columns.span()),
        svg: plot.finish("chart-actions", "Actions by outcome over time", &about, whole),
        legend,
    })
}

/// Three percentiles of a distribution over time.
struct Percentiles {
    id: &'static str,
    title: &'static str,
    /// Whose thresholds are drawn.
    metric: &'static str,
    /// What they are of.
    samples: &'static str,
    /// p50, p95 and p99.
    of: [fn(&Point) -> Option<f64>; 3],
    legend: [Key; 3],
}

const ACKS: Percentiles = Percentiles {
    id: "chart-latency",
    title: "Ack latency",
    metric: "ack_latency",
    samples: "answers",
    of: [|p| p.ack_p50, |p| p.ack_p95, |p| p.ack_p99],
    legend: [P50, P95, P99],
};

const DELIVERIES: Percentiles = Percentiles {
    id: "chart-delivery-latency",
    title: "Delivery latency",
    metric: "delivery_latency",
    samples: "deliveries",
    of: [|p| p.delivery_p50, |p| p.delivery_p95, |p| p.delivery_p99],
    legend: [DELIVERY_P50, DELIVERY_P95, DELIVERY_P99],
};

fn latency(outcome: &Outcome, columns: &Columns, of: Percentiles) -> Option<Chart> {
    let [p50, p95, p99] = of.of.map(|of| columns.columns.iter().map(of).collect::<Vec<_>>());
    let peak = highest([&p50, &p95, &p99].into_iter().flatten().flatten().copied())?;
    let usual = p50.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    // A limit far above everything would press the lines to the ground.
    let limits: Vec<_> = outcome
        .thresholds
        .iter()
        .filter(|judged| judged.metric == of.metric && judged.bound <= peak * 2.0)
        .filter_map(|judged| {
            let broken = judged.result == ThresholdResult::Broken;
            Some((judged.bound, format!("{} {}", judged.statistic.as_ref()?, judged.limit), broken))
        })
        .collect();
    let top = limits.iter().map(|(bound, ..)| *bound).fold(peak, f64::max);
    let scale = Scale::latency(usual, top);
    let mut plot = Plot::new(columns, scale, 220);
    plot.band("band", P95.colour, &p50, &p95);
    plot.line("p99", P99.colour, 1.5, &p99);
    plot.line("p50", P50.colour, 1.75, &p50);
    plot.line("p95", P95.colour, 2.25, &p95);
    plot.stages(&outcome.timeline.stages);
    for (bound, name, broken) in limits.iter().take(3) {
        plot.limit(*bound, name, *broken);
    }
    let kind = if matches!(scale, Scale::Log { .. }) { ", on a logarithmic scale" } else { "" };
    let about = format!("{}; at most {}{kind}.", over(columns), milliseconds(peak));
    Some(Chart {
        id: of.id,
        title: of.title,
        measure: format!("of the {} in {}{kind}", of.samples, columns.span()),
        svg: plot.finish(of.id, &format!("{} over time", of.title), &about, tick),
        legend: of.legend.into(),
    })
}

fn received(outcome: &Outcome, columns: &Columns) -> Option<Chart> {
    let peak = columns.columns.iter().map(|point| point.received).max().filter(|peak| *peak > 0)?;
    let mut plot = Plot::new(columns, Scale::linear(peak as f64, true), 96);
    plot.bars("received", RECEIVED.colour, columns.columns.iter().map(|point| (0, point.received)));
    plot.stages(&outcome.timeline.stages);
    let about = format!("{}; at most {} in {}.", over(columns), count(peak), columns.span());
    Some(Chart {
        id: "chart-received",
        title: "Events received",
        measure: format!("in {}", columns.span()),
        svg: plot.finish("chart-received", "Events received over time", &about, whole),
        legend: vec![RECEIVED],
    })
}

fn losses(outcome: &Outcome, columns: &Columns) -> Option<Chart> {
    let peak = columns.columns.iter().map(|point| point.disconnects + point.errors).max().filter(|peak| *peak > 0)?;
    let mut plot = Plot::new(columns, Scale::linear(peak as f64, true), 64);
    plot.bars("disconnects", DISCONNECTS.colour, columns.columns.iter().map(|point| (0, point.disconnects)));
    plot.bars("errors", ERRORS.colour, columns.columns.iter().map(|point| (point.disconnects, point.errors)));
    plot.stages(&outcome.timeline.stages);
    let about = format!("{}; at most {} in {}.", over(columns), count(peak), columns.span());
    Some(Chart {
        id: "chart-losses",
        title: "Connections lost and errors",
        measure: format!("in {}", columns.span()),
        svg: plot.finish("chart-losses", "Connections lost and errors over time", &about, whole),
        legend: vec![DISCONNECTS, ERRORS],
    })
}

fn cpu(outcome: &Outcome, columns: &Columns) -> Option<Chart> {
    let cpu: Vec<Option<f64>> = columns.columns.iter().map(|point| point.cpu).collect();
    let peak = highest(cpu.iter().flatten().copied())?;
    let mut plot = Plot::new(columns, Scale::Linear { top: 1.0, step: 0.5 }, 64);
    plot.line("cpu", CPU.colour, 1.75, &cpu);
    plot.stages(&outcome.timeline.stages);
    let about = format!("{}; at most {}.", over(columns), share(peak));
    Some(Chart {
        id: "chart-cpu",
        title: "Generator CPU",
        measure: "of all cores of the machine that made the load".into(),
        svg: plot.finish("chart-cpu", "CPU of the generator over time", &about, share),
        legend: vec![CPU],
    })
}

/// Can the run judge the server? Where it cannot, nothing is drawn as a good sign.
#[must_use]
pub fn is_judged(outcome: &Outcome) -> bool {
    !matches!(outcome.verdict.status, Status::Invalid | Status::Skipped)
}

fn highest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.reduce(f64::max)
}

fn over(columns: &Columns) -> String {
    format!("From 0:00 to {}", clock(columns.seconds()))
}

fn said(totals: &Totals) -> String {
    let parts = totals.outcomes().map(|(name, number)| format!("{} {name}", count(number)));
    parts.join(", ")
}

/// A latency at its line: round numbers need no digits after the point.
fn tick(value: f64) -> String {
    if value >= 1_000.0 { format!("{} s", value / 1_000.0) } else { format!("{value} ms") }
}
