//! `timeline.csv`: a row a second, for spreadsheets and data frames. Columns have their unit in the name; a cell without a
//! measurement is empty.

use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::untrusted::for_csv;
use crate::units::{Duration, Moment};
use crate::verdict::Outcome;
use crate::verdict::outcome::{Point, Timeline};

/// The columns in their order.
pub const COLUMNS: &[&str] = &[
    "second",
    "stages",
    "users",
    "ok",
    "rejected",
    "failed",
    "timeout",
    "disconnected",
    "not_sent",
    "connections_lost",
    "errors",
    "events_received",
    "ack_p50_ms",
    "ack_p95_ms",
    "ack_p99_ms",
    "delivery_p50_ms",
    "delivery_p95_ms",
    "delivery_p99_ms",
    "generator_cpu_share",
    "generator_memory_bytes",
];

/// The timeline as text.
///
/// # Errors
/// Only by a bug.
pub fn render(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for point in &outcome.timeline.points {
        writer.write_record(cells(&outcome.timeline, point))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cells(timeline: &Timeline, point: &Point) -> Vec<String> {
    let measured = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut cells = vec![point.second.to_string(), stages(timeline, point.second)];
    let counts = [
        point.users,
        point.ok,
        point.rejected,
        point.failed,
        point.timeout,
        point.disconnected,
        point.not_sent,
        point.disconnects,
        point.errors,
        point.received,
    ];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([point.ack_p50, point.ack_p95, point.ack_p99].map(measured));
    cells.extend([point.delivery_p50, point.delivery_p95, point.delivery_p99, point.cpu].map(measured));
    cells.push(point.memory.map_or_else(String::new, |bytes| bytes.to_string()));
    cells
}

/// The stages that a second begins in: `bidders: steady; sellers: early`.
fn stages(timeline: &Timeline, second: u64) -> String {
    let at = Moment::START + Duration::from_secs(second);
    let those = timeline.stages.iter().filter(|stage| stage.from <= at && at < stage.to);
    let names: Vec<String> = those.map(|stage| format!("{}: {}", stage.scenario, stage.name)).collect();
    for_csv(&names.join("; "))
}
