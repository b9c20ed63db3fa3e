//! The summary at the end of a run, for a terminal or a job log.
//!
//! Lines never begin with text that somebody else wrote and hold no control characters of theirs, because CI servers
//! take commands from a log.

mod deliveries;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::metrics::number::{clock, count, counted, duration, milliseconds, value};
use crate::report::page::{BOLD, DIM, GREEN, PLAIN, Page, RED, YELLOW, bar, head};
use crate::report::untrusted::for_log;
use crate::report::{causes, invariants, own, table};
use crate::units::Duration;
use crate::verdict::Outcome;
use crate::verdict::outcome::{CheckResult, ErrorRow, Judged, Status, ThresholdResult, Totals, Validity};

/// How many kinds of errors are listed; the reports have the others.
const ERRORS_SHOWN: usize = 5;

/// An outcome's part of the bar: its colour, and its letter where there is no colour.
const BAR: &[(&str, Style, char)] = &[
    ("ok", GREEN, '█'),
    ("rejected", YELLOW, '▓'),
    ("failed", RED, '▒'),
    ("timeout", AnsiColor::Magenta.on_default(), '▒'),
    ("disconnected", AnsiColor::Blue.on_default(), '░'),
    ("not sent", AnsiColor::Cyan.on_default(), '░'),
    ("unfinished", DIM, '·'),
];

/// The outcome in a few lines of at most `width` columns (at least 40), with ANSI colours if `colour`, ending with a
/// line end. Where the reports are is not in it: only the caller knows.
#[must_use]
pub fn render(outcome: &Outcome, colour: bool, width: usize) -> String {
    let mut page = Page::new(colour, width);
    verdict(&mut page, outcome);
    if outcome.verdict.status == Status::Skipped {
        // Of what was not done there is nothing to list.
        return page.text;
    }
    thresholds(&mut page, &outcome.thresholds);
    invariants::section(&mut page, &outcome.invariants);
    checks(&mut page, outcome);
    actions(&mut page, outcome);
    deliveries::rows(&mut page, outcome);
    latencies(&mut page, outcome);
    if !outcome.labels.is_empty() {
        section(&mut page, "By label", &own::by_label(&outcome.labels));
    }
    if !outcome.customs.is_empty() {
        section(&mut page, "Metrics of the suite", &own::table(&outcome.customs));
    }
    connections(&mut page, &outcome.totals);
    deliveries::unmatched(&mut page, &outcome.unmatched_events);
    errors(&mut page, &outcome.errors);
    notes(&mut page, outcome);
    page.text
}

fn verdict(page: &mut Page, outcome: &Outcome) {
    let verdict = &outcome.verdict;
    let style = match (verdict.status, verdict.validity) {
        (Status::Pass, Validity::Valid) => GREEN,
        (Status::Pass | Status::Interrupted | Status::Skipped, _) => YELLOW,
        (Status::Fail | Status::Invalid | Status::Unreachable, _) => RED,
    };
    // The other validities are in the status already.
    let suspect = verdict.validity == Validity::Suspect;
    let validity = if suspect { format!(" ({})", verdict.validity.word()) } else { String::new() };
    let name = for_log(&outcome.suite.name);
    page.line(&[(style.bold(), verdict.status.word()), (style, &validity), (PLAIN, "  "), (BOLD, &name)]);
    page.wrapped(PLAIN, "  ", "  ", &for_log(&verdict.sentence));
    for reason in &verdict.reasons {
        page.wrapped(YELLOW, "  ! ", "    ", &for_log(reason));
    }
    let run = &outcome.run;
    let target = for_log(&run.target);
    let lasted = match verdict.status {
        // Of what has no plan nobody knows how long it would take.
        Status::Skipped if run.planned_duration > Duration::ZERO => {
            format!("0 s of {}", duration(run.planned_duration))
        }
        _ => duration(run.duration),
    };
    let facts = format!("  {lasted} against {target} · run {} · seed {}", for_log(&run.id), run.seed);
    page.line(&[(DIM, &facts)]);
}

fn thresholds(page: &mut Page, thresholds: &[Judged]) {
    if thresholds.is_empty() {
        return;
    }
    page.heading("Thresholds", "");
    let names: Vec<String> = thresholds.iter().map(|judged| for_log(&judged.name)).collect();
    let observed: Vec<String> = thresholds.iter().map(|judged| for_log(&judged.observed_text)).collect();
    let right = observed.iter().map(|text| text.width()).max().unwrap_or(0);
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let room = widest.min(page.width.saturating_sub(right + 6));
    for ((judged, name), observed) in thresholds.iter().zip(&names).zip(&observed) {
        let (mark, style) = mark(judged);
        let name =
            if name.width() > room { format!("{}…", head(name, room.saturating_sub(1))) } else { name.clone() };
        let gap = " ".repeat(2 + room - name.width() + right - observed.width());
        page.line(&[(style, &format!("  {mark} ")), (PLAIN, &name), (PLAIN, &gap), (style, observed)]);
        if let Some(detail) = detail(judged) {
            page.line(&[(DIM, &format!("    {detail}"))]);
        }
    }
}

fn checks(page: &mut Page, outcome: &Outcome) {
    if outcome.checks.is_empty() {
        return;
    }
    page.heading("Checks after the run", "");
    for check in &outcome.checks {
        let (mark, style) = match check.result {
            CheckResult::True => ('✓', GREEN),
            CheckResult::False | CheckResult::Error => ('✗', RED),
            CheckResult::NotJudged => ('-', DIM),
        };
        page.line(&[(style, &format!("  {mark} ")), (PLAIN, &for_log(&check.name))]);
        if !check.detail.is_empty() {
            page.wrapped(DIM, "    ", "    ", &for_log(&check.detail));
        }
        if check.fails() {
            let place = format!("    {} · {}:{}", own::result(check), for_log(&outcome.suite.file), check.line);
            page.line(&[(DIM, &place)]);
        }
    }
}

fn section(page: &mut Page, name: &str, rows: &[Vec<String>]) {
    page.heading(name, "");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| for_log(cell)).collect()).collect();
    for line in table::columns(&rows).lines() {
        page.line(&[(PLAIN, &format!("  {line}"))]);
    }
}

fn mark(judged: &Judged) -> (char, Style) {
    match judged.result {
        ThresholdResult::Met => ('✓', GREEN),
        ThresholdResult::Broken | ThresholdResult::NoData if judged.warn_only => ('!', YELLOW),
        ThresholdResult::Broken => ('✗', RED),
        ThresholdResult::NoData => ('✗', RED),
        ThresholdResult::NotJudged => ('-', DIM),
    }
}

fn detail(judged: &Judged) -> Option<String> {
    let place = format!("{}:{}", for_log(&judged.file), judged.line);
    let few = if judged.too_few_samples { ", too few" } else { "" };
    let samples = counted(judged.samples, "sample");
    match judged.result {
        ThresholdResult::Met if judged.too_few_samples => Some(format!("met, but on {samples}{few} · {place}")),
        ThresholdResult::Met => None,
        ThresholdResult::NotJudged => None,
        ThresholdResult::Broken | ThresholdResult::NoData if judged.warn_only => {
            Some(format!("only warns · {samples}{few} · {place}"))
        }
        ThresholdResult::Broken => Some(format!("not met · {samples}{few} · {place}")),
        ThresholdResult::NoData => Some(format!("no data fails · {place}")),
    }
}

fn actions(page: &mut Page, outcome: &Outcome) {
    let totals = &outcome.totals;
    if totals.planned == 0 {
        return;
    }
    let metric = |name: &str| {
        let row = outcome.metrics.iter().find(|row| row.name == name)?;
        Some(value(row.value?, row.unit))
    };
    let rate = metric("success_rate").map_or_else(String::new, |rate| format!(" · {rate} ok"));
    let throughput = metric("action_throughput").map_or_else(String::new, |rate| format!(" · {rate} sent"));
    page.heading("Actions", &format!("  {} planned{rate}{throughput}", count(totals.planned)));

    let parts = totals.outcomes();
    page.text.push_str("  ");
    for ((_, style, letter), cells) in BAR.iter().zip(bar(&parts, page.width - 4)) {
        let cells: String = std::iter::repeat_n(if page.colour { '█' } else { *letter }, cells).collect();
        page.paint(*style, &cells);
    }
    page.text.push('\n');
    let shown = parts.iter().zip(BAR).filter(|((_, number), _)| *number > 0);
    page.flow(shown.map(|((name, number), (_, style, letter))| {
        [(*style, format!("  {letter} ")), (PLAIN, format!("{name} {}", count(*number)))]
    }));
    if totals.rejected > 0 {
        let named = causes::causes(totals).into_iter().filter(|cause| cause.count > 0);
        let said: Vec<String> = named.map(|cause| format!("{} {}", count(cause.count), cause.name)).collect();
        // A run that was recorded without causes says nothing of them.
        if !said.is_empty() {
            page.wrapped(DIM, "  rejected: ", "    ", &said.join(", "));
        }
    }
}

fn latencies(page: &mut Page, outcome: &Outcome) {
    let rows = outcome.latencies.iter().filter(|row| row.scenario.is_none() && row.action.is_none());
    let mut table = vec![["", "p50", "p95", "p99", "max", "samples"].map(String::from).to_vec()];
    table.extend(rows.map(|row| {
        let numbers = [row.p50, row.p95, row.p99, row.max].map(milliseconds);
        [for_log(&row.metric)].into_iter().chain(numbers).chain([count(row.count)]).collect()
    }));
    if table.len() == 1 {
        return;
    }
    let text = table::columns(&table);
    let mut lines = text.lines();
    // The heading of the section stands in the first column of the table's own heading.
    if let Some(heading) = lines.next() {
        let rest = heading.get("Latencies".len()..).filter(|_| heading.starts_with("         ")).unwrap_or(heading);
        page.heading("Latencies", &format!("  {rest}"));
    }
    for line in lines {
        page.line(&[(PLAIN, &format!("  {line}"))]);
    }
    if let Some(waiting) = &outcome.waiting {
        page.wrapped(DIM, "  ", "  ", &for_log(waiting));
    }
}

fn connections(page: &mut Page, totals: &Totals) {
    let mut facts = vec![format!("{} of {}", count(totals.connections), counted(totals.connect_attempts, "attempt"))];
    let more = [
        (totals.connect_failures, "failed"),
        (totals.disconnects, "lost"),
        (totals.reconnects, "came back"),
        (totals.login_failures, "logins failed"),
    ];
    facts.extend(
        more.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", count(*number))),
    );
    if totals.upgrades_due > 0 {
        facts.push(format!("{} of {} moved to WebSocket", count(totals.upgrades), count(totals.upgrades_due)));
    }
    if totals.received_events > 0 {
        facts.push(format!("{} received", counted(totals.received_events, "event")));
    }
    page.heading("Connections", "");
    page.wrapped(PLAIN, "  ", "  ", &facts.join(" · "));
}

fn errors(page: &mut Page, errors: &[ErrorRow]) {
    if errors.is_empty() {
        return;
    }
    page.heading("Errors", "");
    let shown = &errors[..errors.len().min(ERRORS_SHOWN)];
    let width = shown.iter().map(|row| count(row.count).len()).max().unwrap_or(0);
    for row in shown {
        let number = format!("  {:>width$} × ", count(row.count));
        let what = format!("{}: {}", for_log(&row.class), for_log(&row.kind));
        page.line(&[(BOLD, &number), (PLAIN, &what), (DIM, &format!(" ({})", for_log(&row.scenario)))]);
        if let Some(example) = row.examples.first() {
            let on =
                example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {}", for_log(resource)));
            let at = clock(example.at.second());
            let said = format!("{at} user {}{on}: {}", example.user, for_log(&example.detail));
            // Whole: what to do about it stands at the end.
            page.wrapped(DIM, &format!("{}└ ", " ".repeat(width + 3)), &" ".repeat(width + 5), &said);
        }
    }
    if errors.len() > shown.len() {
        page.line(&[(DIM, &format!("  … and {} more in the report", count((errors.len() - shown.len()) as u64)))]);
    }
}

fn notes(page: &mut Page, outcome: &Outcome) {
    let (warnings, notes) = (&outcome.run.warnings, &outcome.plan.warnings);
    if warnings.is_empty() && notes.is_empty() {
        return;
    }
    page.heading("Worth knowing", "");
    for warning in warnings {
        page.wrapped(YELLOW, "  ! ", "    ", &for_log(warning));
    }
    for note in notes {
        page.wrapped(PLAIN, "  - ", "    ", &for_log(note));
    }
}
