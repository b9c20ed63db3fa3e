//! Checks of `after` and metrics of the suite's own, made up.

use crate::metrics::catalog::Unit;
use crate::verdict::outcome::{CheckResult, CheckRow, CustomRow, LabelRow, SpreadRow, Totals};

/// The server counts what we count; with `lost`, it has one bid more than we.
pub(in crate::verdict) fn checks(totals: &Totals, lost: bool) -> Vec<CheckRow> {
    let theirs = totals.ok + u64::from(lost);
    let result = if lost { CheckResult::False } else { CheckResult::True };
    let detail = format!("now.accepted - was.accepted = {theirs}, counts.bid.ok = {}", totals.ok);
    let refusals = format!("now.rejected - was.rejected = {0}, counts.bid.rejected = {0}", totals.rejected);
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

/// Two nodes, one of which has all the trouble.
pub(in crate::verdict) fn labels(totals: &Totals, slow: f64) -> Vec<LabelRow> {
    let half = totals.ok / 2;
    let row = |value: &str, planned: u64, ok: u64, timeout: u64, slow: f64| LabelRow {
        label: "node".into(),
        value: value.into(),
        planned,
        ok,
        rejected: planned - ok - timeout,
        failed: 0,
        timeout,
        disconnected: 0,
        not_sent: 0,
        unfinished: 0,
        success_rate: Some(ok as f64 / planned as f64),
        p50: Some(35.5),
        p95: Some(243.0 * slow),
        p99: Some(870.0 * slow),
        max: Some(1_004.0 * slow),
    };
    vec![
        row("a", half, half, 0, 0.38),
        row("b", totals.ok - half + totals.timeout + totals.rejected, totals.ok - half, totals.timeout, slow),
    ]
}
