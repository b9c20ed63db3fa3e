//! Invariants of the examples.

use crate::units::{Duration, Moment};
use crate::verdict::outcome::{ExampleRow, InvariantResult, InvariantRow};

/// Of the failing run: a lot that two have won, a price that never fell, and members who agree where anybody can say.
pub(super) fn broken() -> Vec<InvariantRow> {
    let mut rows = held();
    rows[0] = InvariantRow {
        result: InvariantResult::Broken,
        held: 411,
        broken: 2,
        undecided: 7,
        found_text: "broken in 2 of 413 checks, 7 undecided".into(),
        broken_examples: vec![
            example(40_183, 3, "lot-4", "step 38: 2 of 3 contenders won: users 3, 17"),
            example(44_391, 9, "lot-11", "step 42: none of 3 contenders won"),
        ],
        undecided_examples: vec![example(
            41_234,
            6,
            "lot-2",
            "step 39: user 6 won, of 3 contenders, and of 1 nobody knows: no answer came",
        )],
        ..rows[0].clone()
    };
    rows
}

/// Of a run in which all of them hold.
pub(super) fn held() -> Vec<InvariantRow> {
    vec![
        row(39, "winner", "one_winner: bid", 420, 0),
        row(40, "price", "monotonic: data.price of bid-placed", 24_018, 0),
        row(41, "agreed", "converged: data.price of bid-placed", 18, 2),
    ]
}

/// The same where nothing is judged.
pub(super) fn not_judged(rows: &mut [InvariantRow]) {
    rows.iter_mut().for_each(|row| row.result = InvariantResult::NotJudged);
}

/// The same where nobody ever acted.
pub(super) fn never_asked() -> Vec<InvariantRow> {
    let found_text = "nothing was seen that decides it";
    let mut rows = held();
    for row in &mut rows {
        (row.held, row.undecided, row.found_text) = (0, 0, found_text.into());
    }
    not_judged(&mut rows);
    rows
}

/// One that nothing was seen of.
pub(super) fn no_data() -> InvariantRow {
    InvariantRow {
        result: InvariantResult::NoData,
        found_text: "nothing was seen that decides it, 3 undecided".into(),
        undecided_examples: vec![example(12_011, 4, "lot-1", "\"soon\" is no number")],
        ..row(42, "numbered", "monotonic: data.seq of closed", 0, 3)
    }
}

fn row(line: usize, name: &str, rule: &str, held: u64, undecided: u64) -> InvariantRow {
    let more = if undecided == 0 { String::new() } else { format!(", {undecided} undecided") };
    InvariantRow {
        name: name.into(),
        rule: rule.into(),
        result: InvariantResult::Held,
        held,
        broken: 0,
        undecided,
        found_text: format!("held in {}{more}", crate::metrics::number::counted(held, "check")),
        broken_examples: vec![],
        undecided_examples: vec![],
        file: "loadtests/auction.yaml".into(),
        line,
    }
}

fn example(ms: u64, user: u64, resource: &str, detail: &str) -> ExampleRow {
    let at = Moment::START + Duration::from_millis(ms);
    ExampleRow { at, user, resource: Some(resource.into()), detail: detail.into() }
}
