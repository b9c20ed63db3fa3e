//! Deliveries in words, as every report says them.

use crate::ledger::misdelivery::Fault;
use crate::metrics::Distribution;
use crate::metrics::catalog::{Kind, find};
use crate::metrics::number::{clock, count, milliseconds, span};
use crate::verdict::Outcome;
use crate::verdict::outcome::{DeliveryRow, ExampleRow, FaultRow, Judged};

/// What to do about events that nothing matched.
pub const UNMATCHED: &str = "A typo in `delivery.event` or `match`, or events that nobody waits for.";

/// As in `bid → bid-placed`.
#[must_use]
pub fn title(row: &DeliveryRow) -> String {
    format!("{} → {}", row.action, row.event)
}

/// As in `to all others within 500 ms, in one order for all`.
#[must_use]
pub fn promise(row: &DeliveryRow) -> String {
    let whom = match row.to.as_str() {
        "members" => "all members",
        "others" => "all others",
        "actor" => "the actor",
        "group" => "the group",
        "partners" => "the partners in the group",
        other => other,
    };
    let order = match row.order.as_str() {
        "per_sender" => ", each sender's in their order",
        "per_resource" => ", in one order for all",
        _ => "",
    };
    let counted = if row.matched == "order" { "; its events carry no key and are only counted" } else { "" };
    format!("to {whom} within {}{order}{counted}", span(row.within))
}

/// Owed and in time, and whatever else there is to tell.
#[must_use]
pub fn counts(row: &DeliveryRow) -> Vec<(&'static str, u64)> {
    let more = [
        ("late", row.late),
        ("missing", row.missing),
        ("received twice", row.duplicate),
        ("out of order", row.out_of_order),
        ("in different orders", row.disagreement),
        ("leaked", row.leaked),
        ("ambiguous", row.ambiguous),
    ];
    let always = [("owed", row.expected), ("in time", row.in_time)];
    always.into_iter().chain(more.into_iter().filter(|(_, number)| *number > 0)).collect()
}

/// The same as one line, with the p95 behind.
#[must_use]
pub fn counted(row: &DeliveryRow) -> Vec<String> {
    let counts = counts(row).into_iter().map(|(name, number)| format!("{} {name}", count(number)));
    counts.chain(row.latency.as_ref().map(|latency| format!("p95 {}", milliseconds(latency.p95)))).collect()
}

/// A delivery that went wrong: `0:41 to user 3 on lot-7: …`.
#[must_use]
pub fn said(example: &ExampleRow) -> String {
    let on = example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
    format!("{} to user {}{on}: {}", clock(example.at.second()), example.user, example.detail)
}

/// An event that nothing matched: `0:41 user 3: …`.
#[must_use]
pub fn received(example: &ExampleRow) -> String {
    format!("{} user {}: {}", clock(example.at.second()), example.user, example.detail)
}

/// What goes wrong where a metric is not as it should be.
#[must_use]
pub fn faults_of(metric: &str) -> Vec<Fault> {
    let Some(metric) = find(metric).filter(|metric| metric.is_of_deliveries()) else { return Vec::new() };
    match metric.kind {
        Kind::Share { .. } => vec![Fault::Missing, Fault::Late],
        Kind::Distribution(Distribution::DeliveryLatency) => vec![Fault::Late],
        Kind::Count(counters) => {
            let is = |fault: &Fault| counters.contains(&fault.counter());
            Fault::ALL.into_iter().filter(is).collect()
        }
        _ => Vec::new(),
    }
}

/// Is a threshold about deliveries?
#[must_use]
pub fn is_about(judged: &Judged) -> bool {
    find(&judged.metric).is_some_and(|metric| metric.is_of_deliveries())
}

/// The faults of a rule that made thresholds fail.
#[must_use]
pub fn held_against<'a>(outcome: &Outcome, row: &'a DeliveryRow) -> Vec<&'a FaultRow> {
    let broken = outcome.thresholds.iter().filter(|judged| row.broken.contains(&judged.name));
    let faults: Vec<Fault> = broken.flat_map(|judged| faults_of(&judged.metric)).collect();
    row.faults.iter().filter(|found| faults.contains(&found.fault)).collect()
}

/// The faults that a threshold is about, each with the rule that has them.
#[must_use]
pub fn behind<'a>(outcome: &'a Outcome, judged: &Judged) -> Vec<(&'a DeliveryRow, &'a FaultRow)> {
    let faults = faults_of(&judged.metric);
    let rows = outcome.deliveries.iter().filter(|row| row.broken.contains(&judged.name));
    let found = rows.flat_map(|row| row.faults.iter().map(move |found| (row, found)));
    found.filter(|(_, found)| faults.contains(&found.fault)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metric: &str, expected: &[Fault]) {
        assert_eq!(faults_of(metric), expected, "{metric}");
    }

    #[test]
    fn every_fault_is_behind_its_metric() {
        check("delivery_missing", &[Fault::Missing]);
        check("delivery_rate", &[Fault::Missing, Fault::Late]);
        check("delivery_latency", &[Fault::Late]);
        check("delivery_disagreement", &[Fault::Disagreement]);
        check("delivery_expected", &[]);
        check("success_rate", &[]);
        // Late deliveries have a count and a latency.
        let expected = |fault| if fault == Fault::Late { 2 } else { 1 };
        for fault in Fault::ALL {
            let metrics = crate::metrics::METRICS.iter();
            assert_eq!(
                metrics.filter(|metric| faults_of(metric.name) == [fault]).count(),
                expected(fault),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_promise_reads_as_a_sentence() {
        let row = Outcome::example().deliveries.remove(0);
        assert_eq!(promise(&row), "to all others within 500 ms, in one order for all");
        let row = DeliveryRow { to: "everyone".into(), matched: "order".into(), order: "none".into(), ..row };
        let expected = "to everyone within 500 ms; its events carry no key and are only counted";
        assert_eq!(promise(&row), expected);
        assert_eq!(counted(&row).first().map(String::as_str), Some("23,503 owed"));
    }
}
