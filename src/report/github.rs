//! The summary of a job on GitHub: Markdown that is read in a browser, a verdict first, by whoever asks why a job is red.
//!
//! GitHub takes a mebibyte of each step and shows nothing of more, so that a summary has a limit, and several suites of a
//! step share it. What does not fit is left out in whole parts.

mod sections;

use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::verdict::Outcome;

/// Bytes of all summaries of one step together. GitHub's own limit is 1 MiB.
pub const LIMIT: usize = 900 * 1024;

/// `summary.md`.
///
/// # Errors
/// Never; other formats may fail.
pub fn render(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    Ok(fitting(outcome, LIMIT))
}

/// The summary in at most `room` bytes: whole, or only what failed, or only the verdict, or nothing.
#[must_use]
pub fn fitting(outcome: &Outcome, room: usize) -> String {
    let whole = sections::whole(outcome);
    if whole.len() <= room {
        return whole;
    }
    let failures = sections::failures(outcome);
    if failures.len() <= room {
        return failures;
    }
    let verdict = sections::verdict(outcome);
    if verdict.len() <= room { verdict } else { String::new() }
}
