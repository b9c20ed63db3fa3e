//! What a run counted against what the server counted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cells::Cell;
use crate::support::number;

/// One thing that both counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    pub what: String,
    pub ours: u64,
    pub theirs: u64,
}

/// Sums of what several nodes counted.
pub fn sum(nodes: &[BTreeMap<String, u64>]) -> BTreeMap<String, u64> {
    let mut sum = BTreeMap::new();
    for (name, count) in nodes.iter().flatten() {
        *sum.entry(name.clone()).or_default() += count;
    }
    sum
}

/// Everything that both sides count, side by side.
pub fn pairs(cell: &Cell, results: &Value, stats: &BTreeMap<String, u64>) -> Vec<Pair> {
    let ours = |name: &str| number(results, &format!("/totals/{name}"));
    let theirs = |name: &str| stats.get(name).copied().unwrap_or_else(|| panic!("the server counts no {name}"));
    let of_both = |name: &str| theirs(name) + theirs(&format!("admin_{name}"));
    let mut pairs = Vec::new();
    let mut pair = |what: &str, ours: u64, theirs: u64| pairs.push(Pair { what: what.to_owned(), ours, theirs });

    let attempts = ours("connect_attempts");
    let (begins, not) = if cell.way == "websocket" { ("websocket", "polling") } else { ("polling", "websocket") };
    pair(&format!("connections that began by {begins}"), attempts, theirs(begins));
    pair(&format!("connections that began by {not}"), 0, theirs(not));
    // Who is refused may be gone before the upgrade.
    let refused = of_both("refused");
    let upgraded = theirs("upgraded");
    let expected = if cell.way != "upgrade" {
        0
    } else if refused == 0 {
        attempts
    } else {
        upgraded.clamp(ours("connections"), attempts)
    };
    pair("upgrades", expected, upgraded);
    pair("refusals", attempts - ours("connections") - ours("connect_failures"), refused);

    let mut asked = 0;
    for action in results["scenarios"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|scenario| scenario["actions"].as_array().into_iter().flatten())
    {
        let name = action["name"].as_str().expect("a name");
        let ok = number(action, "/totals/ok");
        pair(name, ok, theirs(name));
        asked += if name.ends_with("ask") { ok } else { 0 };
    }
    pair("acks to us", ours("acks") + of_both("join"), theirs("acks"));
    pair("right answers to the server", asked, theirs("answers"));
    pair("wrong answers to the server", 0, theirs("wrong_answers"));
    let told = theirs("deliveries") + theirs("replayed");
    pair("events", ours("received_events"), told + theirs("questions"));
    let deliveries = results["deliveries"].as_array().into_iter().flatten();
    pair("deliveries", deliveries.map(|row| number(row, "/in_time")).sum(), told);
    pairs
}

/// What differs, in words.
pub fn differences(pairs: &[Pair]) -> Vec<String> {
    let differ = pairs.iter().filter(|pair| pair.ours != pair.theirs);
    differ.map(|pair| format!("{}: {} by our count, {} by the server's", pair.what, pair.ours, pair.theirs)).collect()
}

#[test]
fn a_count_that_differs_is_noticed() {
    let cell = super::cells::cells(true).into_iter().find(|cell| cell.way == "upgrade").expect("a cell");
    let results = serde_json::json!({
        "totals": { "connect_attempts": 4, "connections": 4, "connect_failures": 0, "acks": 9, "received_events": 8 },
        "scenarios": [{ "actions": [
            { "name": "say", "totals": { "ok": 3 } },
            { "name": "admin_ask", "totals": { "ok": 2 } },
        ] }],
        "deliveries": [{ "in_time": 4 }, { "in_time": 2 }],
    });
    let counted = [
        ("polling", 4),
        ("websocket", 0),
        ("upgraded", 4),
        ("refused", 0),
        ("admin_refused", 0),
        ("say", 3),
        ("admin_ask", 2),
        ("join", 4),
        ("admin_join", 1),
        ("acks", 14),
        ("answers", 2),
        ("wrong_answers", 0),
        ("questions", 2),
        ("deliveries", 5),
        ("replayed", 1),
    ];
    let stats: BTreeMap<String, u64> = counted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let differ = |stats: &BTreeMap<String, u64>| differences(&pairs(&cell, &results, stats));
    assert_eq!(differ(&stats), Vec::<String>::new());
    for name in stats.keys() {
        let mut wrong = stats.clone();
        *wrong.get_mut(name).expect("a count") += 1;
        assert!(!differ(&wrong).is_empty(), "one {name} more is not noticed");
    }
}
