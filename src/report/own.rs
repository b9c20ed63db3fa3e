//! The suite's own: its metrics, and its checks after the run, as lines of text.

use crate::metrics::number::{NONE, count, plain, value};
use crate::verdict::outcome::{CheckResult, CheckRow, CustomRow};

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
