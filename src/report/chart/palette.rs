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
pub const DISCONNECTS: Key = Key { cell: "disconnects", name: "connections lost", colour: "#4a6fa5" };
pub const ERRORS: Key = Key { cell: "errors", name: "errors", colour: "#c4472f" };
pub const CPU: Key = Key { cell: "cpu", name: "generator CPU", colour: "#83898f" };

/// The colour of an outcome as `Totals::outcomes` names it.
#[must_use]
pub fn colour(outcome: &str) -> &'static str {
    OUTCOMES.iter().find(|(key, _)| key.name == outcome).map_or("#969ba1", |(key, _)| key.colour)
}
