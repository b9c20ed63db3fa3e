//! What became of what was owed, as a bar: in time, late, missing.

use std::fmt::Write as _;

use serde::Serialize;

use crate::metrics::number::count;
use crate::report::chart::palette::{UNJUDGED, colour};
use crate::verdict::outcome::DeliveryRow;

/// In per cent: whatever is there at all is seen.
const LEAST: f64 = 0.5;

/// One part of the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeliveryKey {
    pub name: &'static str,
    /// In the style sheet.
    pub class: &'static str,
    pub colour: &'static str,
}

/// The parts from left to right. In a run that cannot judge, what came in time is no good sign.
#[must_use]
pub fn delivery_keys(judged: bool) -> [DeliveryKey; 3] {
    let in_time = if judged { ("ok", colour("ok")) } else { ("unjudged", UNJUDGED) };
    [
        DeliveryKey { name: "in time", class: in_time.0, colour: in_time.1 },
        DeliveryKey { name: "late", class: "rejected", colour: colour("rejected") },
        DeliveryKey { name: "missing", class: "failed", colour: colour("failed") },
    ]
}

/// The bar; `None` where nothing was owed.
#[must_use]
pub fn delivery_bar(row: &DeliveryRow, judged: bool) -> Option<String> {
    if row.expected == 0 {
        return None;
    }
    let counts = [row.in_time, row.late, row.missing];
    let mut lengths = counts.map(|number| match number {
        0 => 0.0,
        number => (number as f64 / row.expected as f64 * 100.0).max(LEAST),
    });
    let over = lengths.iter().sum::<f64>() - 100.0;
    if let Some(longest) = lengths.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *longest -= over;
    }
    let keys = delivery_keys(judged);
    let said: Vec<String> =
        keys.iter().zip(counts).map(|(key, number)| format!("{} {}", count(number), key.name)).collect();
    let mut svg = format!(
        r#"<svg class="outcomes" width="100%" height="10" role="img" aria-label="Of {} owed: {}">"#,
        count(row.expected),
        said.join(", ")
    );
    let mut from = 0.0;
    for (key, length) in keys.iter().zip(lengths).filter(|(_, length)| *length > 0.0) {
        let (class, fill) = (key.class, key.colour);
        let _ = write!(svg, r#"<rect class="{class}" x="{from:.3}%" width="{length:.3}%" height="10" fill="{fill}"/>"#);
        from += length;
    }
    svg.push_str("</svg>");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Outcome;

    /// The lengths of the parts, in per cent.
    fn check(in_time: u64, late: u64, missing: u64, expected: &[&str]) {
        let row = Outcome::example().deliveries.remove(0);
        let row = DeliveryRow { expected: in_time + late + missing, in_time, late, missing, ..row };
        let svg = delivery_bar(&row, true).unwrap_or_default();
        let found: Vec<&str> =
            svg.split("width=\"").skip(2).filter_map(|rest| rest.split_once("%\"").map(|(length, _)| length)).collect();
        assert_eq!(found, expected, "{in_time} {late} {missing}");
    }

    #[test]
    fn whatever_is_there_is_seen_and_the_bar_is_full() {
        check(0, 0, 0, &[]);
        check(10, 0, 0, &["100.000"]);
        check(50, 25, 25, &["50.000", "25.000", "25.000"]);
        check(99_999, 1, 1, &["99.000", "0.500", "0.500"]);
        check(1, 0, 99_999, &["0.500", "99.500"]);
    }
}
