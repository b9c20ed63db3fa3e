//! The only place that writes to standard output and standard error. A closed pipe is no error: whoever closed it has seen
//! enough.

#![expect(clippy::disallowed_methods, reason = "this is the one place that everybody else prints through")]

use std::io::{IsTerminal, Write, stderr, stdout};

use super::environment::variable;

/// Where results go.
pub fn print(text: &str) {
    let _ = stdout().lock().write_all(text.as_bytes());
}

/// Where everything goes that is not the result.
pub fn note(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Is somebody looking at standard error?
#[must_use]
pub fn is_watched() -> bool {
    stderr().is_terminal()
}

/// May standard output be coloured? (no-color.org; `CLICOLOR_FORCE` for CI logs that show colours.)
#[must_use]
pub fn colour() -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    set("CLICOLOR_FORCE") || stdout().is_terminal() && !set("NO_COLOR") && variable("TERM").as_deref() != Some("dumb")
}

/// Columns to write for: what `COLUMNS` says, or the terminal's, or those of an old one.
#[must_use]
pub fn width() -> usize {
    const UNKNOWN: usize = 80;
    let said = || variable("COLUMNS")?.parse().ok();
    let seen = || terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
    said().or_else(seen).unwrap_or(UNKNOWN).clamp(60, 120)
}
