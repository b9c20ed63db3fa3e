//! The checks of `after`: the server's own count beside ours.

use crate::record::{Found, Results, ServerCheck};

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    pub name: String,
    /// Line in the suite, from 1.
    pub line: usize,
    pub result: CheckResult,
    /// The values that it looked at, or why it could not be asked.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    True,
    False,
    /// It could not be asked: never green.
    Error,
    /// The run was invalid or interrupted, or the check's `when` did not hold.
    NotJudged,
}

impl CheckRow {
    /// Does this one break the build?
    #[must_use]
    pub const fn fails(&self) -> bool {
        matches!(self.result, CheckResult::False | CheckResult::Error)
    }

    /// What a failing one says, as a clause.
    #[must_use]
    pub fn complaint(&self) -> String {
        let is = if self.result == CheckResult::False { "is false" } else { "could not be asked" };
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        format!("the check `{}` of `after` {is}{detail}", self.name)
    }
}

/// The rows, in the order in which they were asked. `judge` is false where the run cannot judge the server.
#[must_use]
pub fn rows(results: &Results, judge: bool) -> Vec<CheckRow> {
    let row = |check: &ServerCheck| {
        let (result, detail) = match &check.found {
            Found::True(values) => (CheckResult::True, values.as_str()),
            Found::False(values) => (CheckResult::False, values.as_str()),
            Found::Error(why) => (CheckResult::Error, why.as_str()),
            Found::Skipped => (CheckResult::NotJudged, "its `when` did not hold"),
        };
        let result = if judge { result } else { CheckResult::NotJudged };
        CheckRow { name: check.name.clone(), line: check.line, result, detail: detail.to_owned() }
    };
    results.checks.iter().map(row).collect()
}
