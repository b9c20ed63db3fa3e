//! What can be drawn: its name, its cell in the table of numbers, its colour where a style sheet does not say otherwise.

use serde::Serialize;

use crate::verdict::outcome::Point;

/// A series of a chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Key {
    /// The name of its column in the table of numbers (`CELLS`), and its class in the style sheet.
    pub cell: &'static str,
    pub name: &'static str,
    pub colour: &'static str,
}

/// Reads a number off a point of the timeline.
pub type Count = fn(&Point) -> u64;

/// Every outcome that a timeline tells apart, from the bottom of the bars to the top.
pub const OUTCOMES: &[(Key, Count)] = &[
    (Key { cell: "ok", name: "ok", colour: "#4f8f80" }, |p| p.ok),
    (Key { cell: "rejected", name: "rejected", colour: "#b9801a" }, |p| p.rejected),
    (Key { cell: "failed", name: "failed", colour: "#c4472f" }, |p| p.failed),
    (Key { cell: "timeout", name: "timeout", colour: "#8e5ea2" }, |p| p.timeout),
    (Key { cell: "disconnected", name: "disconnected", colour: "#4a6fa5" }, |p| p.disconnected),
    (Key { cell: "not-sent", name: "not sent", colour: "#83898f" }, |p| p.not_sent),
];

pub const USERS: Key = Key { cell: "users", name: "users", colour: "#5b7186" };
pub const P50: Key = Key { cell: "p50", name: "p50", colour: "#5a96bd" };
pub const P95: Key = Key { cell: "p95", name: "p95", colour: "#2a7fb0" };
pub const P99: Key = Key { cell: "p99", name: "p99", colour: "#7a5a9e" };
pub const RECEIVED: Key = Key { cell: "received", name: "events received", colour: "#3f8a9d" };
pub const DELIVERY_P50: Key = Key { cell: "delivery-p50", ..P50 };
pub const DELIVERY_P95: Key = Key { cell: "delivery-p95", ..P95 };
pub const DELIVERY_P99: Key = Key { cell: "delivery-p99", ..P99 };
pub const DISCONNECTS: Key = Key { cell: "disconnects", name: "connections lost", colour: "#4a6fa5" };
pub const ERRORS: Key = Key { cell: "errors", name: "errors", colour: "#c4472f" };
pub const CPU: Key = Key { cell: "cpu", name: "generator CPU", colour: "#83898f" };

/// Instead of the colour of what is ok, in a run that cannot judge: nothing there is a good sign.
pub const UNJUDGED: &str = "#83898f";

/// Every outcome with its colour; in a run that cannot judge, ok is grey.
#[must_use]
pub fn outcomes(judged: bool) -> Vec<(Key, Count)> {
    let mut outcomes = OUTCOMES.to_vec();
    if let (false, Some((ok, _))) = (judged, outcomes.first_mut()) {
        ok.colour = UNJUDGED;
    }
    outcomes
}

/// The colour of a user: `place` is from 0 to 1 around the wheel, `chroma` how colourful. All are equally light (that is
/// what OKLCH is for), so that they can be seen on paper and on black.
#[must_use]
pub fn user_colour(place: f64, chroma: f64) -> String {
    const LIGHT: f64 = 0.66;
    let angle = place * std::f64::consts::TAU + 0.35;
    let (a, b) = (chroma * angle.cos(), chroma * angle.sin());
    // From OKLab to linear sRGB (Ottosson 2020).
    let l = (LIGHT + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (LIGHT - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (LIGHT - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ];
    let byte = |value: f64| {
        let value = value.clamp(0.0, 1.0);
        let curved = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (curved * 255.0).round() as u8
    };
    let [red, green, blue] = linear.map(byte);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The colour of an outcome as `Totals::outcomes` names it.
#[must_use]
pub fn colour(outcome: &str) -> &'static str {
    OUTCOMES.iter().find(|(key, _)| key.name == outcome).map_or("#969ba1", |(key, _)| key.colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_differ_and_without_chroma_are_grey() {
        assert_eq!(user_colour(0.0, 0.0), user_colour(0.5, 0.0));
        assert_eq!(user_colour(0.3, 0.0), "#929292");
        let wheel: std::collections::BTreeSet<String> =
            (0..40).map(|place| user_colour(f64::from(place) / 40.0, 0.125)).collect();
        assert_eq!(wheel.len(), 40);
    }
}
