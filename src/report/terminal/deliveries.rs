//! Deliveries on the terminal: a line a rule, and examples of what made a threshold fail.

use unicode_width::UnicodeWidthStr as _;

use crate::metrics::number::count;
use crate::report::deliveries::{UNMATCHED, counted, held_against, received, said, title};
use crate::report::page::{BOLD, DIM, PLAIN, Page, RED};
use crate::report::untrusted::for_log;
use crate::verdict::Outcome;
use crate::verdict::outcome::EventRow;

/// How many names of unmatched events are listed; the reports have the others.
const EVENTS_SHOWN: usize = 5;
/// Examples of each fault.
const EXAMPLES: usize = 3;
/// No column of names is wider.
const NAMES: usize = 32;

/// What became of every `delivery` of the suite.
pub fn rows(page: &mut Page, outcome: &Outcome) {
    if outcome.deliveries.is_empty() {
        return;
    }
    page.heading("Deliveries", "");
    let names: Vec<String> = outcome.deliveries.iter().map(|row| for_log(&title(row))).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0).min(NAMES);
    for (row, name) in outcome.deliveries.iter().zip(&names) {
        let first = format!("  {name}{}  ", " ".repeat(widest.saturating_sub(name.width())));
        page.items(&first, "    ", &counted(row));
        for found in held_against(outcome, row) {
            page.line(&[(RED, &format!("    {} {}", count(found.count), found.fault.words()))]);
            for example in found.examples.iter().take(EXAMPLES) {
                page.wrapped(DIM, "    └ ", "      ", &for_log(&said(example)));
            }
        }
    }
}

/// Events that came and that nothing matched.
pub fn unmatched(page: &mut Page, events: &[EventRow]) {
    if events.is_empty() {
        return;
    }
    page.heading("Events that nothing matched", "");
    let shown = &events[..events.len().min(EVENTS_SHOWN)];
    let width = shown.iter().map(|row| count(row.count).len()).max().unwrap_or(0);
    for row in shown {
        let number = format!("  {:>width$} × ", count(row.count));
        let example =
            row.examples.first().map_or_else(String::new, |example| format!("  {}", for_log(&received(example))));
        page.line(&[(BOLD, &number), (PLAIN, &for_log(&row.name)), (DIM, &example)]);
    }
    if events.len() > shown.len() {
        page.line(&[(DIM, &format!("  … and {} more in the report", count((events.len() - shown.len()) as u64)))]);
    }
    page.wrapped(DIM, "  ", "  ", UNMATCHED);
}
