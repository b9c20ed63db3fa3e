//! Invariants judged by what came of their checks.

use super::deliveries::example;
use super::outcome::{ExampleRow, InvariantResult, InvariantRow};
use crate::ledger::invariant::Tally;
use crate::metrics::number::{count, counted};
use crate::plan::Plan;
use crate::record::{Checked, Example, Results};

/// A row for each, in the order of the file. `judge` is false where the run cannot judge the server: then what was found is
/// shown, and nothing is concluded from it. What a run had no time for that was `cut` short is not held against it.
#[must_use]
pub fn invariants(plan: &Plan, results: &Results, judge: bool, cut: bool) -> Vec<InvariantRow> {
    let nothing = Checked::default();
    let row = |(number, invariant): (usize, &crate::plan::invariant::Invariant)| {
        let checked = results.invariants.get(number).unwrap_or(&nothing);
        let tally = checked.tally;
        let rows = |examples: &[Example]| examples.iter().map(example).collect();
        InvariantRow {
            name: invariant.name.to_string(),
            rule: invariant.rule.words(),
            result: result(tally, judge, cut),
            held: tally.held,
            broken: tally.broken,
            undecided: tally.undecided,
            found_text: found(tally),
            broken_examples: rows(&checked.broken),
            undecided_examples: rows(&checked.undecided),
            file: plan.file.display().to_string(),
            line: invariant.line,
        }
    };
    plan.invariants.iter().enumerate().map(row).collect()
}

const fn result(tally: Tally, judge: bool, cut: bool) -> InvariantResult {
    match (judge, tally.broken, tally.held) {
        (false, ..) => InvariantResult::NotJudged,
        (_, 1.., _) => InvariantResult::Broken,
        (_, 0, 1..) => InvariantResult::Held,
        (_, 0, 0) if cut => InvariantResult::NotJudged,
        (_, 0, 0) => InvariantResult::NoData,
    }
}

fn found(tally: Tally) -> String {
    let Tally { held, broken, undecided } = tally;
    let found = match (held, broken) {
        (0, 0) => "nothing was seen that decides it".to_owned(),
        (_, 0) => format!("held in {}", counted(held, "check")),
        _ => format!("broken in {} of {}", count(broken), counted(tally.decided(), "check")),
    };
    if undecided == 0 { found } else { format!("{found}, {} undecided", count(undecided)) }
}

/// What a sentence says of those that failed; `None` when none has.
#[must_use]
pub fn failed(invariants: &[InvariantRow]) -> Option<String> {
    let failed: Vec<&InvariantRow> = invariants.iter().filter(|row| row.fails()).collect();
    let first = failed.first()?;
    let (all, were) = (counted(invariants.len() as u64, "invariant"), if failed.len() == 1 { "does" } else { "do" });
    let more = if failed.len() > 1 { format!(", and {} more", failed.len() - 1) } else { String::new() };
    Some(format!("{} of {all} {were} not hold: {} ({}){more}", failed.len(), first.name, first.found_text))
}

/// What a sentence says of those that hold; `None` where there are none.
#[must_use]
pub fn held(invariants: &[InvariantRow]) -> Option<String> {
    match invariants.len() {
        0 => None,
        1 => Some("the one invariant holds".to_owned()),
        all => Some(format!("all {all} invariants hold")),
    }
}

impl InvariantRow {
    /// What somebody else may have written.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let examples = self.broken_examples.iter_mut().chain(&mut self.undecided_examples);
        std::iter::once(&mut self.rule).chain(examples.flat_map(ExampleRow::texts))
    }

    /// Does this one break the build?
    #[must_use]
    pub const fn fails(&self) -> bool {
        matches!(self.result, InvariantResult::Broken | InvariantResult::NoData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: (u64, u64, u64), judge: bool, cut: bool, result_is: InvariantResult, text: &str) {
        let tally = Tally { held: counts.0, broken: counts.1, undecided: counts.2 };
        assert_eq!((result(tally, judge, cut), found(tally).as_str()), (result_is, text), "{tally:?}");
    }

    #[test]
    fn no_data_is_never_green() {
        use InvariantResult::{Broken, Held, NoData, NotJudged};
        check((40, 0, 0), true, false, Held, "held in 40 checks");
        check((1, 0, 3), true, false, Held, "held in 1 check, 3 undecided");
        check((36, 4, 0), true, false, Broken, "broken in 4 of 40 checks");
        check((0, 1, 0), true, true, Broken, "broken in 1 of 1 check");
        check((0, 0, 0), true, false, NoData, "nothing was seen that decides it");
        check((0, 0, 7), true, false, NoData, "nothing was seen that decides it, 7 undecided");
        check((0, 0, 7), true, true, NotJudged, "nothing was seen that decides it, 7 undecided");
        check((36, 4, 0), false, false, NotJudged, "broken in 4 of 40 checks");
    }
}
