//! Invariants as text: the section on the terminal, and what a JUnit case says.

use unicode_width::UnicodeWidthStr as _;

use crate::metrics::number::{clock, count};
use crate::report::page::{DIM, GREEN, PLAIN, Page, RED, head};
use crate::report::table;
use crate::report::untrusted::{for_junit_line, for_log};
use crate::verdict::outcome::{ExampleRow, InvariantResult, InvariantRow};

/// How many examples of one invariant the terminal shows; the reports have the others.
const SHOWN: usize = 1;

/// A row for each, and what broke it.
pub fn section(page: &mut Page, rows: &[InvariantRow]) {
    if rows.is_empty() {
        return;
    }
    page.heading("Invariants", "");
    let names: Vec<String> = rows.iter().map(|row| for_log(&format!("{}: {}", row.name, row.rule))).collect();
    let right = rows.iter().map(|row| row.found_text.width()).max().unwrap_or(0);
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let least = page.width / 3;
    let room = widest.min(page.width.saturating_sub(right + 6).max(least));
    for (row, name) in rows.iter().zip(&names) {
        let (mark, style) = match row.result {
            InvariantResult::Held => ('✓', GREEN),
            InvariantResult::Broken | InvariantResult::NoData => ('✗', RED),
            InvariantResult::NotJudged => ('-', DIM),
        };
        let name =
            if name.width() > room { format!("{}…", head(name, room.saturating_sub(1))) } else { name.clone() };
        let found = for_log(&row.found_text);
        let gap = " ".repeat((2 + room + right).saturating_sub(name.width() + found.width()).max(2));
        page.line(&[(style, &format!("  {mark} ")), (PLAIN, &name), (PLAIN, &gap), (style, &found)]);
        if let Some(why) = why(row) {
            page.line(&[(DIM, &format!("    {why} · {}:{}", for_log(&row.file), row.line))]);
            for example in examples(row).take(SHOWN) {
                page.wrapped(DIM, "    └ ", "      ", &for_log(&told(example)));
            }
        }
    }
}

/// Why it fails, if it does.
const fn why(row: &InvariantRow) -> Option<&'static str> {
    match row.result {
        InvariantResult::Held | InvariantResult::NotJudged => None,
        InvariantResult::Broken => Some("does not hold"),
        InvariantResult::NoData => Some("no data fails"),
    }
}

/// What it has come to, in a line.
#[must_use]
pub fn message(row: &InvariantRow) -> String {
    format!("{}: expected {}, {}", row.name, row.rule, row.found_text)
}

/// The same at length, with all examples.
#[must_use]
pub fn text(row: &InvariantRow) -> String {
    let facts = table::columns_left(&[
        vec!["Invariant".into(), row.name.clone()],
        vec!["Expected".into(), row.rule.clone()],
        vec!["Held".into(), count(row.held)],
        vec!["Broken".into(), count(row.broken)],
        vec!["Undecided".into(), count(row.undecided)],
        vec!["Where".into(), format!("{}:{}", row.file, row.line)],
    ]);
    let list = |title: &str, examples: &[ExampleRow]| {
        let lines: Vec<String> =
            examples.iter().map(|example| format!("    {}", for_junit_line(&told(example)))).collect();
        if lines.is_empty() { String::new() } else { format!("\n\n{title}\n{}", lines.join("\n")) }
    };
    format!("{facts}{}{}", list("Broken", &row.broken_examples), list("Undecided", &row.undecided_examples))
}

/// What explains a failure: of what is broken, or else of what nobody can say.
fn examples(row: &InvariantRow) -> impl Iterator<Item = &ExampleRow> {
    let undecided = row.undecided_examples.iter().filter(|_| row.result == InvariantResult::NoData);
    row.broken_examples.iter().chain(undecided)
}

/// As `at 0:40, user 3 on lot-4: step 38: …`.
fn told(example: &ExampleRow) -> String {
    let on = example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
    format!("at {}, user {}{on}: {}", clock(example.at.second()), example.user, example.detail)
}
