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

/// Width of the terminal in columns, or what a log is read at.
#[must_use]
pub fn width() -> usize {
    const LOG: usize = 100;
    variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(LOG).clamp(60, 120)
}
