//! Tables in plain text, for the terminal and for the output of JUnit cases.

use unicode_width::UnicodeWidthStr as _;

use crate::metrics::number::{count, milliseconds};
use crate::verdict::outcome::LatencyRow;

/// Rows of cells, in columns as wide as their widest cell and two spaces apart: the first column to the left, the others
/// to the right. Without line end after the last row.
#[must_use]
pub fn columns(rows: &[Vec<String>]) -> String {
    aligned(rows, 1)
}

/// The same with every column to the left.
#[must_use]
pub fn columns_left(rows: &[Vec<String>]) -> String {
    aligned(rows, usize::MAX)
}

/// What a latency row is about: `ack_latency`, or `ack_latency of bid in bidders`.
#[must_use]
pub fn subject(row: &LatencyRow) -> String {
    let mut subject = row.metric.clone();
    if let Some(action) = &row.action {
        subject.push_str(" of ");
        subject.push_str(action);
    }
    if let Some(scenario) = &row.scenario {
        subject.push_str(" in ");
        subject.push_str(scenario);
    }
    subject
}

/// Percentiles of these distributions with a heading.
#[must_use]
pub fn latencies<'a>(rows: impl IntoIterator<Item = &'a LatencyRow>) -> String {
    let heading = ["", "samples", "avg", "p50", "p90", "p95", "p99", "p99.9", "max"].map(String::from).to_vec();
    let mut table = vec![heading];
    for row in rows {
        let numbers = [row.avg, row.p50, row.p90, row.p95, row.p99, row.p999, row.max].map(milliseconds);
        table.push([subject(row), count(row.count)].into_iter().chain(numbers).collect());
    }
    columns(&table)
}

/// Columns before `right_from` to the left, the others to the right.
fn aligned(rows: &[Vec<String>], right_from: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            if i > 0 {
                line.push_str("  ");
            }
            let (before, after) = if i < right_from { ("", gap.as_str()) } else { (gap.as_str(), "") };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
