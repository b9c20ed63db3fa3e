//! The suite's own: its metrics, and its checks after the run, as lines of text.

use crate::metrics::number::{NONE, count, milliseconds, plain, share, value};
use crate::verdict::outcome::{CheckResult, CheckRow, CustomRow, LabelRow};

/// The metrics in a table: name, value or percentiles, samples.
#[must_use]
pub fn table(rows: &[CustomRow]) -> Vec<Vec<String>> {
    let mut table = vec![["", "value", "p50", "p95", "p99", "max", "samples"].map(String::from).to_vec()];
    for row in rows {
        let name = row.scenario.as_ref().map_or_else(|| row.name.clone(), |of| format!("{} in {of}", row.name));
        let number = row.value.map_or_else(|| NONE.to_owned(), |number| value(number, row.unit));
        let spread = row.spread.map(|spread| [spread.p50, spread.p95, spread.p99, spread.max].map(plain));
        let spread = spread.unwrap_or_else(|| [NONE; 4].map(String::from));
        table.push([name, number].into_iter().chain(spread).chain([count(row.samples)]).collect());
    }
    table
}

/// What became of a check, in a word or two.
#[must_use]
pub const fn result(row: &CheckRow) -> &'static str {
    match row.result {
        CheckResult::True => "true",
        CheckResult::False => "false",
        CheckResult::Error => "not asked",
        CheckResult::NotJudged => "not judged",
    }
}

/// Outcomes and latencies by label: value, actions, share that is ok, percentiles.
#[must_use]
pub fn by_label(rows: &[LabelRow]) -> Vec<Vec<String>> {
    let mut table = vec![["", "actions", "ok", "p50", "p95", "p99", "max"].map(String::from).to_vec()];
    for row in rows {
        let rate = row.success_rate.map_or_else(|| NONE.to_owned(), share);
        let spread = [row.p50, row.p95, row.p99, row.max].map(|ms| ms.map_or_else(|| NONE.to_owned(), milliseconds));
        let name = format!("{} {}", row.label, row.value);
        table.push([name, count(row.planned), rate].into_iter().chain(spread).collect());
    }
    table
}
