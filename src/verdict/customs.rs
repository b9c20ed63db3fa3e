//! The metrics of the suite's own as reports show them.

use crate::metrics::catalog::Unit;
use crate::metrics::{Part, Spread, Statistic};
use crate::plan::Plan;
use crate::record::Results;

/// One metric of the suite's own, over the whole run or of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomRow {
    pub name: String,
    /// `check`, `count` or `measure`.
    pub verb: String,
    /// `None`: over the whole run.
    pub scenario: Option<String>,
    /// How often it was recorded.
    pub samples: u64,
    pub unit: Unit,
    /// The share of true, or the count; `None` of what is measured, and of a check that was never asked.
    pub value: Option<f64>,
    /// Of what is measured.
    pub spread: Option<SpreadRow>,
}

/// A distribution of numbers without a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpreadRow {
    pub min: f64,
    pub avg: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl SpreadRow {
    fn of(spread: &Spread) -> Self {
        let of = |statistic| spread.statistic(statistic).unwrap_or_default();
        Self {
            min: of(Statistic::Min),
            avg: of(Statistic::Avg),
            p50: of(Statistic::Percentile(0.50)),
            p90: of(Statistic::Percentile(0.90)),
            p95: of(Statistic::Percentile(0.95)),
            p99: of(Statistic::Percentile(0.99)),
            p999: of(Statistic::Percentile(0.999)),
            max: of(Statistic::Max),
        }
    }
}

/// Each over the whole run, and then by scenario where several have recorded it.
#[must_use]
pub fn rows(plan: &Plan, results: &Results) -> Vec<CustomRow> {
    let mut rows = Vec::new();
    for (number, custom) in plan.axes.customs.iter().enumerate() {
        let row = |part: Part, scenario: Option<&str>| {
            let series = results.custom(number, part);
            CustomRow {
                name: custom.name.clone(),
                verb: custom.kind.verb().to_owned(),
                scenario: scenario.map(str::to_owned),
                samples: series.samples(),
                unit: custom.kind.unit(),
                value: series.value(custom.kind, None),
                spread: series.spread().map(SpreadRow::of),
            }
        };
        rows.push(row(Part::default(), None));
        let by_scenario = plan
            .scenarios
            .iter()
            .enumerate()
            .map(|(scenario, of)| row(Part { scenario: Some(scenario), ..Part::default() }, Some(&of.name)));
        let recorded: Vec<CustomRow> = by_scenario.filter(|row| row.samples > 0).collect();
        if recorded.len() > 1 {
            rows.extend(recorded);
        }
    }
    rows
}
