//! A timeline of any length in at most 300 columns, so that an hour draws like a minute.
//!
//! This is layout, and the report says so under the charts: what is counted is added up, of all that is measured the
//! highest value is kept, so that no peak is lost.

use serde::Serialize;

use crate::metrics::number::{NONE, clock, count, milliseconds, share};
use crate::verdict::outcome::Point;

/// More columns than this are thinner than a pixel on a small screen.
pub const MOST: usize = 300;

/// The timeline as drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Seconds that a column stands for.
    pub step: u64,
    pub columns: Vec<Point>,
}

impl Columns {
    #[must_use]
    pub fn of(points: &[Point]) -> Self {
        let step = points.len().div_ceil(MOST).max(1);
        Self { step: step as u64, columns: points.chunks(step).map(merged).collect() }
    }

    /// Where a moment lies, from 0 to 1.
    #[must_use]
    pub fn place(&self, seconds: f64) -> f64 {
        (seconds / self.seconds() as f64).clamp(0.0, 1.0)
    }

    /// From the left to the right edge of a chart.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        (self.columns.len() as u64 * self.step).max(1)
    }

    /// `in a second`, or `in 12 s`.
    #[must_use]
    pub fn span(&self) -> String {
        if self.step == 1 { "a second".into() } else { format!("{} s", self.step) }
    }

    /// The same as text, for the table below the charts.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let row = |point| {
            let Row { time, cells } = Row::of(point);
            let cells = cells.into_iter().zip(CELLS).filter(|(_, cell)| self.has(cell)).map(|(text, _)| text).collect();
            Row { time, cells }
        };
        self.columns.iter().map(row).collect()
    }

    /// Key and name of each cell of these rows.
    #[must_use]
    pub fn names(&self) -> Vec<(&'static str, &'static str)> {
        CELLS.iter().filter(|cell| self.has(cell)).copied().collect()
    }

    /// Of deliveries nothing is said where there are none.
    fn has(&self, cell: &(&str, &str)) -> bool {
        !cell.0.starts_with("delivery") || self.columns.iter().any(|point| point.delivery_p50.is_some())
    }
}

/// A column of the charts as a row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub time: String,
    pub cells: Vec<String>,
}

/// What the cells of a [`Row`] are, by the key that charts use for their legend.
const CELLS: &[(&str, &str)] = &[
    ("users", "users"),
    ("ok", "ok"),
    ("rejected", "rejected"),
    ("failed", "failed"),
    ("timeout", "timeout"),
    ("disconnected", "disconnected"),
    ("not-sent", "not sent"),
    ("p50", "ack p50"),
    ("p95", "ack p95"),
    ("p99", "ack p99"),
    ("received", "events received"),
    ("delivery-p50", "delivery p50"),
    ("delivery-p95", "delivery p95"),
    ("delivery-p99", "delivery p99"),
    ("disconnects", "connections lost"),
    ("errors", "errors"),
    ("cpu", "generator CPU"),
];

impl Row {
    fn of(point: &Point) -> Self {
        let latency = |value: Option<f64>| value.map_or_else(|| NONE.into(), milliseconds);
        let cells = vec![
            count(point.users),
            count(point.ok),
            count(point.rejected),
            count(point.failed),
            count(point.timeout),
            count(point.disconnected),
            count(point.not_sent),
            latency(point.ack_p50),
            latency(point.ack_p95),
            latency(point.ack_p99),
            count(point.received),
            latency(point.delivery_p50),
            latency(point.delivery_p95),
            latency(point.delivery_p99),
            count(point.disconnects),
            count(point.errors),
            point.cpu.map_or_else(|| NONE.into(), share),
        ];
        Self { time: clock(point.second), cells }
    }
}

fn merged(points: &[Point]) -> Point {
    let first = points.first().copied().unwrap_or_default();
    points.iter().skip(1).fold(first, |sum, point| Point {
        second: sum.second,
        users: sum.users.max(point.users),
        ok: sum.ok + point.ok,
        rejected: sum.rejected + point.rejected,
        failed: sum.failed + point.failed,
        timeout: sum.timeout + point.timeout,
        disconnected: sum.disconnected + point.disconnected,
        not_sent: sum.not_sent + point.not_sent,
        disconnects: sum.disconnects + point.disconnects,
        errors: sum.errors + point.errors,
        ack_p50: highest(sum.ack_p50, point.ack_p50),
        ack_p95: highest(sum.ack_p95, point.ack_p95),
        ack_p99: highest(sum.ack_p99, point.ack_p99),
        received: sum.received + point.received,
        delivery_p50: highest(sum.delivery_p50, point.delivery_p50),
        delivery_p95: highest(sum.delivery_p95, point.delivery_p95),
        delivery_p99: highest(sum.delivery_p99, point.delivery_p99),
        cpu: highest(sum.cpu, point.cpu),
        memory: sum.memory.max(point.memory),
    })
}

fn highest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_and_peaks_are_kept() {
        let point = |second: u64| Point {
            second,
            users: second % 7,
            ok: 2,
            timeout: u64::from(second == 500),
            ack_p99: second.is_multiple_of(2).then_some(second as f64),
            ..Point::default()
        };
        for (length, step, columns) in [(0, 1, 0), (300, 1, 300), (301, 2, 151), (3_600, 12, 300)] {
            let points: Vec<Point> = (0..length).map(point).collect();
            let drawn = Columns::of(&points);
            assert_eq!((drawn.step, drawn.columns.len()), (step, columns), "{length} points");
            assert_eq!(drawn.columns.iter().map(|column| column.ok).sum::<u64>(), length * 2);
            assert_eq!(drawn.columns.iter().map(|column| column.timeout).sum::<u64>(), u64::from(length > 500));
            let peak = points.iter().filter_map(|point| point.ack_p99).fold(None, |a, b| highest(a, Some(b)));
            assert_eq!(drawn.columns.iter().filter_map(|column| column.ack_p99).reduce(f64::max), peak);
        }
    }

    #[test]
    fn every_cell_has_its_name() {
        assert_eq!(Row::of(&Point::default()).cells.len(), CELLS.len());
    }
}
