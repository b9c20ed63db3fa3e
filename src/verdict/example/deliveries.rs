//! What became of the deliveries of a made-up auction: every bid is owed to everybody else in the room.

use crate::ledger::misdelivery::Fault;
use crate::metrics::catalog;
use crate::units::{Duration, Moment};
use crate::verdict::outcome::{DeliveryRow, EventRow, ExampleRow, FaultRow, LatencyRow, Totals};

fn at(ms: u64) -> Moment {
    Moment::START + Duration::from_millis(ms)
}

fn row(action: &str, event: &str, line: usize, counts: [u64; 8], tail: [f64; 7]) -> DeliveryRow {
    let [in_time, late, missing, duplicate, out_of_order, disagreement, leaked, ambiguous] = counts;
    let expected = in_time + late + missing;
    let [min, p50, p90, p95, p99, p999, max] = tail;
    let latency = LatencyRow {
        metric: "delivery_latency".into(),
        about: catalog::find("delivery_latency").map_or("", |metric| metric.about).into(),
        scenario: Some("bidders".into()),
        action: Some(action.into()),
        count: in_time + late,
        min,
        avg: (p50 * 2.0 + p95) / 3.0,
        p50,
        p90,
        p95,
        p99,
        p999,
        max,
        buckets: vec![],
    };
    DeliveryRow {
        scenario: "bidders".into(),
        action: action.into(),
        event: event.into(),
        matched: "data.ref".into(),
        to: "others".into(),
        within: Duration::from_millis(500),
        grace: Duration::from_secs(5),
        order: "per_resource".into(),
        line,
        expected,
        in_time,
        late,
        missing,
        duplicate,
        out_of_order,
        disagreement,
        leaked,
        ambiguous,
        rate: (expected > 0).then(|| in_time as f64 / expected as f64),
        latency: (in_time + late > 0).then_some(latency),
        faults: Vec::new(),
        broken: Vec::new(),
    }
}

fn fault(row: &DeliveryRow, fault: Fault, users: [u64; 3]) -> FaultRow {
    let count = row.count(fault);
    let example = |(place, user): (u64, &u64)| {
        let sent = 41_207 + place * 913;
        let (took, said) = match fault {
            Fault::Missing => (0, "nothing came within 5.5 s".to_owned()),
            Fault::Late => (1_204, "it came 1.20 s after".to_owned()),
            Fault::Duplicate => (61, "it came again 61 ms after".to_owned()),
            Fault::OutOfOrder => (44, "it came after a later one".to_owned()),
            Fault::Disagreement => (44, format!("user {} received the two in the other order", user + 2)),
            Fault::Leaked => (18, "the bid was rejected, and the user heard of it all the same".to_owned()),
        };
        ExampleRow {
            at: at(sent + took),
            user: *user,
            resource: Some(format!("lot-{}", 7 + place)),
            detail: format!(
                "{} {:x} of user {} was sent at 0:{}.{:03}; {said}",
                row.action,
                6_512_301 + 77 * place,
                user + 1,
                sent / 1_000,
                sent % 1_000
            ),
        }
    };
    FaultRow { fault, count, examples: (0..count).zip(&users).map(example).collect() }
}

/// Of a server that loses one in a thousand, and more while it stalls. `broken` is the threshold that was not met for it.
pub(super) fn deliveries(totals: &Totals, broken: &str) -> Vec<DeliveryRow> {
    let owed = totals.ok * 19;
    let faulty = totals.timeout > 0;
    let counts = if faulty { [owed - 25, 18, 7, 3, 4, 2, 1, 38] } else { [owed, 0, 0, 0, 0, 0, 0, totals.ok.min(19)] };
    let slow = if faulty { 1.0 } else { 0.4 };
    let tail = [1.2, 11.8, 31.0, 46.2 * slow, 214.0 * slow, 481.0 * slow, 1_204.0 * slow];
    let mut bid = row("bid", "bid-placed", 26, counts, tail);
    for (kind, users) in
        Fault::ALL.into_iter().zip([[3, 11, 14], [5, 5, 18], [2, 2, 9], [8, 12, 16], [8, 12, 4], [6, 6, 6]])
    {
        if bid.count(kind) > 0 {
            let found = fault(&bid, kind, users);
            bid.faults.push(found);
        }
    }
    if faulty && !broken.is_empty() {
        bid.broken.push(broken.to_owned());
    }
    vec![bid]
}

/// The metrics of these deliveries.
pub(super) fn rates(totals: &Totals) -> [(&'static str, Option<f64>); 3] {
    let row = deliveries(totals, "").remove(0);
    let counted = |count: u64| (row.expected > 0).then_some(count as f64);
    [
        ("delivery_rate", row.rate),
        ("delivery_expected", counted(row.expected)),
        ("delivery_missing", counted(row.missing)),
    ]
}

/// Deliveries that are only counted, of an action that hardly anybody takes.
pub(super) fn counted(times: u64) -> DeliveryRow {
    let row = row("close", "lot-closed", 41, [times * 100, 0, 0, 0, 0, 0, 0, 0], [0.0; 7]);
    DeliveryRow { matched: "order".into(), to: "everyone".into(), order: "none".into(), latency: None, ..row }
}

/// What a typo in a suite leads to, and an event that nobody waits for.
pub(super) fn unmatched_events() -> Vec<EventRow> {
    let example =
        |ms: u64, user: u64, detail: &str| ExampleRow { at: at(ms), user, resource: None, detail: detail.into() };
    vec![
        EventRow {
            name: "bid-placed without data.reff".into(),
            scenarios: vec!["bidders".into()],
            count: 1_412,
            examples: vec![
                example(1_061, 4, r#"[{"lot":"lot-3","amount":2,"ref":"1a-2f"}]"#),
                example(1_062, 7, r#"[{"lot":"lot-3","amount":2,"ref":"1a-2f"}]"#),
            ],
        },
        EventRow {
            name: "presence".into(),
            scenarios: vec!["bidders".into()],
            count: 20,
            examples: vec![example(214, 0, r#"[{"online":1}]"#)],
        },
    ]
}
