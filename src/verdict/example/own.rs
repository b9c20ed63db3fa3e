//! Checks of `after` and metrics of the suite's own, made up.

use crate::metrics::catalog::Unit;
use crate::verdict::outcome::{CheckResult, CheckRow, CustomRow, SpreadRow, Totals};

/// The server counts what we count; with `lost`, it has one bid more than we.
pub(in crate::verdict) fn checks(totals: &Totals, lost: bool) -> Vec<CheckRow> {
    let theirs = totals.ok + u64::from(lost);
    let result = if lost { CheckResult::False } else { CheckResult::True };
    let detail = format!("now.accepted - was.accepted = {theirs}, counts.bid.ok = {}", totals.ok);
    let refusals =
        format!("now.rejected - was.rejected = {0}, counts.bid.rejected = {0}", totals.rejected);
    vec![
        CheckRow { name: "bids_counted".into(), line: 40, result, detail },
        CheckRow { name: "refusals_counted".into(), line: 41, result: CheckResult::True, detail: refusals },
    ]
}

pub(in crate::verdict) fn customs(totals: &Totals) -> Vec<CustomRow> {
    let row = |name: &str, verb: &str, unit, samples, value, spread| CustomRow {
        name: name.into(),
        verb: verb.into(),
        scenario: None,
        samples,
        unit,
        value,
        spread,
    };
    let spread =
        SpreadRow { min: 1.0, avg: 31.25, p50: 24.5, p90: 61.0, p95: 74.5, p99: 1_238.0, p999: 1_410.0, max: 1_412.5 };
    vec![
        row("price_told", "check", Unit::Share, totals.ok, Some(1.0), None),
        row("euros_bid", "count", Unit::Count, totals.ok, Some(24.0 * totals.ok as f64), None),
        row("rivals", "measure", Unit::Number, totals.ok, None, Some(spread)),
    ]
}
