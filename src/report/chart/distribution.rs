//! How the samples of a distribution lie: a bar a step, steps that grow with the value, percentiles marked.

use std::fmt::Write as _;

use serde::Serialize;

use crate::metrics::number::{count, counted, milliseconds, share};
use crate::report::chart::palette::{P50, P95, P99};
use crate::report::untrusted::for_html;
use crate::verdict::Outcome;
use crate::verdict::outcome::{Bucket, LatencyRow};

/// Those that say something of the server, in the order in which they are drawn; the others are in the table.
const DRAWN: &[(&str, &str)] = &[
    ("ack_latency", "Ack latency"),
    ("delivery_latency", "Delivery latency"),
    ("http_latency", "HTTP latency"),
    ("connect_latency", "Connect latency"),
    ("login_latency", "Login latency"),
    ("reconnect_latency", "Reconnect latency"),
];
/// Pixels of the bars, of the names of the percentiles above them and of the numbers below.
const HEIGHT: f64 = 120.0;
const ABOVE: f64 = 46.0;
const BELOW: f64 = 24.0;
/// Numbers below the bars are at least so far apart, as a share of the width.
const APART: f64 = 0.13;
/// Fewer samples have no shape.
const FEWEST: u64 = 10;

/// A distribution drawn, and the same in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shape {
    pub metric: String,
    pub title: &'static str,
    pub about: String,
    /// `1,238 samples`.
    pub samples: String,
    pub svg: String,
    pub rows: Vec<ShapeRow>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShapeRow {
    /// `50 ms to 63 ms`.
    pub range: String,
    pub count: String,
    /// Of all samples.
    pub share: String,
    /// Of all samples, this bar and those before it.
    pub below: String,
}

/// The distributions of the whole run that have enough samples.
#[must_use]
pub fn shapes(outcome: &Outcome) -> Vec<Shape> {
    let row = |metric| {
        let whole = |row: &&LatencyRow| {
            row.metric == metric && row.scenario.is_none() && row.count >= FEWEST && !row.buckets.is_empty()
        };
        outcome.latencies.iter().find(whole)
    };
    DRAWN.iter().filter_map(|(metric, title)| Some(shape(row(*metric)?, title))).collect()
}

fn shape(row: &LatencyRow, title: &'static str) -> Shape {
    let mut before = 0;
    let rows = row.buckets.iter().enumerate().map(|(place, bucket)| {
        before += bucket.count;
        ShapeRow {
            range: range(&row.buckets, place),
            count: count(bucket.count),
            share: share(part(bucket.count, row.count)),
            below: share(part(before, row.count)),
        }
    });
    Shape {
        metric: row.metric.clone(),
        title,
        about: row.about.clone(),
        samples: counted(row.count, "sample"),
        rows: rows.collect(),
        svg: draw(row, title),
    }
}

fn part(of: u64, whole: u64) -> f64 {
    of as f64 / whole.max(1) as f64
}

fn range(buckets: &[Bucket], place: usize) -> String {
    let to = buckets.get(place).map_or(0.0, |bucket| bucket.up_to);
    match place.checked_sub(1).and_then(|before| buckets.get(before)) {
        Some(from) => format!("{} to {}", step(from.up_to), step(to)),
        None => format!("up to {}", step(to)),
    }
}

/// The end of a step: it is round, so that no digit is added.
fn step(ms: f64) -> String {
    let number = |value: f64| format!("{}", (value * 1e3).round() / 1e3);
    match ms {
        _ if ms >= 1_000.0 => format!("{} s", number(ms / 1e3)),
        _ if ms >= 1.0 => format!("{} ms", number(ms)),
        _ => format!("{} µs", number(ms * 1e3)),
    }
}

/// Where a value lies among the bars, from 0 to 1.
fn place(buckets: &[Bucket], ms: f64) -> f64 {
    let Some(found) = buckets.iter().position(|bucket| ms <= bucket.up_to * (1.0 + 1e-9)) else { return 1.0 };
    let to = buckets.get(found).map_or(1.0, |bucket| bucket.up_to);
    let from = found.checked_sub(1).and_then(|before| buckets.get(before)).map_or(to / 1.25, |bucket| bucket.up_to);
    let within = ((ms / from).ln() / (to / from).ln()).clamp(0.0, 1.0);
    (found as f64 + within) / buckets.len() as f64
}

fn draw(row: &LatencyRow, title: &str) -> String {
    let id = format!("shape-{}", row.metric.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let marks = [("p50", row.p50, P50.colour), ("p95", row.p95, P95.colour), ("p99", row.p99, P99.colour)];
    let said: Vec<String> = marks.iter().map(|(name, value, _)| format!("{name} {}", milliseconds(*value))).collect();
    let mut svg = String::new();
    let _ = write!(
        svg,
        r##"<svg class="chart shape" width="100%" height="{}" role="img" aria-labelledby="{id}-t {id}-d" overflow="visible" font-family="system-ui, sans-serif"><title id="{id}-t">{title}: how the samples lie</title><desc id="{id}-d">{}; {}, from {} to {}.</desc><svg class="plot" y="{ABOVE}" width="100%" height="{HEIGHT}" overflow="visible"><line class="ground" x1="0" x2="100%" y1="{HEIGHT}" y2="{HEIGHT}" stroke="#8a8f98" stroke-opacity="0.6"/>"##,
        ABOVE + HEIGHT + BELOW,
        counted(row.count, "sample"),
        for_html(&said.join(", ")),
        milliseconds(row.min),
        milliseconds(row.max),
    );
    bars(&mut svg, row);
    let mut last = f64::NEG_INFINITY;
    for (level, (name, value, colour)) in marks.into_iter().enumerate() {
        let at = place(&row.buckets, value);
        let y = -(ABOVE - 12.0) + level as f64 * 14.0;
        let (anchor, dx) = if at > 0.7 { ("end", -5) } else { ("start", 5) };
        let _ = write!(
            svg,
            r##"<line class="{name}" x1="{x:.2}%" x2="{x:.2}%" y1="{}" y2="{HEIGHT}" stroke="{colour}" stroke-width="1.5"/><text class="mark halo" x="{x:.2}%" dx="{dx}" y="{y}" text-anchor="{anchor}" font-size="12" fill="currentColor">{name} {}</text>"##,
            y - 10.0,
            for_html(&milliseconds(value)),
            x = at * 100.0,
        );
    }
    for (number, bucket) in row.buckets.iter().enumerate() {
        let at = (number + 1) as f64 / row.buckets.len() as f64;
        let is_last = number + 1 == row.buckets.len();
        // The last one hangs to the left of its end.
        if at - last >= APART && (is_last || at <= 1.0 - APART * 1.6) {
            let anchor = if is_last { "end" } else { "middle" };
            let _ = write!(
                svg,
                r#"<text class="axis" x="{:.2}%" y="{}" text-anchor="{anchor}" font-size="12" fill="currentColor">{}</text>"#,
                at * 100.0,
                HEIGHT + 17.0,
                step(bucket.up_to)
            );
            last = at;
        }
    }
    svg.push_str("</svg></svg>");
    svg
}

/// A bar for each step; whatever is there at all is seen. A pointer that rests on one is told its numbers.
fn bars(svg: &mut String, row: &LatencyRow) {
    let most = row.buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1);
    let wide = 100.0 / row.buckets.len() as f64;
    for (number, bucket) in row.buckets.iter().enumerate().filter(|(_, bucket)| bucket.count > 0) {
        let high = (bucket.count as f64 / most as f64 * HEIGHT).max(1.5);
        let _ = write!(
            svg,
            r##"<rect class="step" x="{:.2}%" width="{:.2}%" y="{:.1}" height="{high:.1}" fill="#5b7186"><title>{}: {} ({})</title></rect>"##,
            wide * number as f64 + wide * 0.06,
            wide * 0.88,
            HEIGHT - high,
            range(&row.buckets, number),
            count(bucket.count),
            share(part(bucket.count, row.count)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(buckets: &[(f64, u64)], ms: f64, expected: f64) {
        let buckets: Vec<Bucket> =
            buckets.iter().map(|(up_to, count)| Bucket { up_to: *up_to, count: *count }).collect();
        let found = place(&buckets, ms);
        assert!((found - expected).abs() < 1e-6, "{ms} lies at {found}, not {expected}");
    }

    #[test]
    fn a_value_lies_where_its_logarithm_does() {
        let two = [(1.0, 3), (100.0, 1)];
        check(&two, 1.0, 0.5);
        check(&two, 10.0, 0.75);
        check(&two, 100.0, 1.0);
        check(&two, 0.8, 0.0);
        check(&two, 1_000.0, 1.0);
    }

    #[test]
    fn the_numbers_beside_a_picture_are_all_samples() {
        let outcome = Outcome::example();
        let shapes = shapes(&outcome);
        assert!(shapes.len() >= 3);
        for shape in &shapes {
            assert_eq!(shape.rows.last().map(|row| row.below.as_str()), Some("100 %"), "{}", shape.metric);
        }
        assert_eq!(
            (step(0.125), step(1.25), step(63.0), step(1_600.0)),
            ("125 µs".into(), "1.25 ms".into(), "63 ms".into(), "1.6 s".into())
        );
    }
}
