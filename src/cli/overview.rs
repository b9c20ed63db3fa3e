//! What came of all suites of a call together.

use super::output::Output;
use super::screen;
use crate::report::untrusted::for_log;
use crate::verdict::outcome::{Outcome, Status};

/// Tells of each suite in a line, where more than one was asked for.
pub fn show(outcomes: &[Outcome], asked: usize, _: &Output) {
    if asked < 2 {
        return;
    }
    let ran = outcomes.iter().filter(|outcome| outcome.verdict.status != Status::Skipped).count();
    screen::print(&format!("\n{ran} of {asked} suites ran\n"));
    for outcome in outcomes {
        let verdict = &outcome.verdict;
        let line = format!("{:<12}{}: {}", verdict.status.word(), outcome.suite.name, verdict.sentence);
        screen::print(&format!("{}\n", for_log(&line)));
    }
}
