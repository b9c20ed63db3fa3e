//! A case for each `delivery` of the suite. It fails where a threshold on deliveries was not met for it; what no threshold
//! asks for fails nothing, and is told in its output.

use crate::ledger::misdelivery::Fault;
use crate::metrics::number::{NONE, count, milliseconds, share};
use crate::report::deliveries::{behind, held_against, is_about, promise, said, title};
use crate::report::table;
use crate::report::untrusted::for_junit_line;
use crate::units::Duration;
use crate::verdict::Outcome;
use crate::verdict::outcome::{DeliveryRow, FaultRow, Judged, LatencyRow, Status, ThresholdResult};

/// What a case is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryCase {
    pub name: String,
    /// Of the `delivery` in the suite file.
    pub line: usize,
    /// p95 of the latency, where there is one.
    pub time: Duration,
    pub end: End,
    pub message: String,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Passed,
    /// With the type of the failure.
    Failed(&'static str),
    /// No user was to receive any of it: no news is no good news.
    NothingOwed,
    NotJudged,
}

/// The cases of a scenario.
pub fn cases<'a>(outcome: &'a Outcome, scenario: &'a str) -> impl Iterator<Item = DeliveryCase> {
    of_scenario(outcome, scenario).map(|row| case(outcome, row))
}

fn of_scenario<'a>(outcome: &'a Outcome, scenario: &'a str) -> impl Iterator<Item = &'a DeliveryRow> {
    outcome.deliveries.iter().filter(move |row| row.scenario == scenario)
}

fn case(outcome: &Outcome, row: &DeliveryRow) -> DeliveryCase {
    let failed: Vec<&Judged> =
        outcome.thresholds.iter().filter(|judged| judged.fails() && row.broken.contains(&judged.name)).collect();
    let p95 = row.latency.as_ref().map_or(0.0, |latency| latency.p95);
    let names: Vec<&str> = failed.iter().map(|judged| judged.name.as_str()).collect();
    let is_not = if names.len() == 1 { "is not" } else { "are not" };
    let counted = match row.expected {
        0 => format!("{}: nobody was owed anything", title(row)),
        owed => format!("{}: {} of {} in time, {} missing", title(row), count(row.in_time), count(owed), row.missing),
    };
    let message = if names.is_empty() { counted } else { format!("{counted}; {} {is_not} met", names.join(", ")) };
    DeliveryCase {
        name: format!("delivery of {} ({})", row.action, row.event),
        line: row.line,
        time: Duration::from_secs_f64(p95 / 1_000.0),
        end: end(outcome, row, &failed),
        message,
        text: text(outcome, row, &failed),
    }
}

fn end(outcome: &Outcome, row: &DeliveryRow, failed: &[&Judged]) -> End {
    if !failed.is_empty() {
        let no_data = failed.iter().all(|judged| judged.result == ThresholdResult::NoData);
        return End::Failed(if no_data { "NoData" } else { "ThresholdNotMet" });
    }
    let mut about = outcome.thresholds.iter().filter(|judged| is_about(judged) && concerns(judged, row)).peekable();
    let open = about.peek().is_some() && about.all(|judged| judged.result == ThresholdResult::NotJudged);
    match outcome.verdict.status {
        Status::Pass | Status::Fail if row.expected == 0 && row.faults.is_empty() => End::NothingOwed,
        Status::Pass | Status::Fail if !open => End::Passed,
        _ => End::NotJudged,
    }
}

fn concerns(judged: &Judged, row: &DeliveryRow) -> bool {
    judged.scenario.as_ref().is_none_or(|name| *name == row.scenario)
        && judged.action.as_ref().is_none_or(|name| *name == row.action)
}

fn text(outcome: &Outcome, row: &DeliveryRow, failed: &[&Judged]) -> String {
    let mut parts = vec![format!("{} owes {} {}", row.scenario, title(row), promise(row))];
    if !failed.is_empty() {
        let heading = ["Threshold", "Expected", "Observed", "Samples", "Where"].map(String::from).to_vec();
        let one = |judged: &&Judged| {
            let place = format!("{}:{}", judged.file, judged.line);
            vec![judged.name.clone(), judged.limit.clone(), judged.observed_text.clone(), count(judged.samples), place]
        };
        let rows: Vec<_> = std::iter::once(heading).chain(failed.iter().map(one)).collect();
        parts.push(table::columns_left(&rows));
    }
    let numbers: Vec<_> = numbers(row).into_iter().map(Vec::from).collect();
    parts.push(format!("Deliveries\n{}", table::columns(&numbers)));
    let held = held_against(outcome, row);
    // Where nothing is held against it, whatever there is may be worth a look.
    let shown: Vec<&FaultRow> = if held.is_empty() { row.faults.iter().collect() } else { held };
    parts.extend(shown.into_iter().map(|found| examples(row, found)));
    if !outcome.thresholds.iter().any(|judged| is_about(judged) && concerns(judged, row)) {
        let help = "No threshold looks at these deliveries; `delivery_missing: \"== 0\"` under `thresholds` would.";
        parts.push(help.to_owned());
    }
    parts.join("\n\n")
}

/// Every number, for people.
fn numbers(row: &DeliveryRow) -> Vec<[String; 2]> {
    let line = |name: &str, value: String| [name.to_owned(), value];
    let mut numbers = vec![
        line("in time, of all", row.rate.map_or_else(|| NONE.into(), share)),
        line("owed", count(row.expected)),
        line("in time", count(row.in_time)),
    ];
    numbers.extend(Fault::ALL.map(|fault| line(fault.words(), count(row.count(fault)))));
    numbers.push(line("ambiguous", count(row.ambiguous)));
    numbers.extend(percentiles(row).into_iter().map(|(name, value)| line(name, milliseconds(value))));
    numbers
}

fn percentiles(row: &DeliveryRow) -> Vec<(&'static str, f64)> {
    let of = |row: &LatencyRow| vec![("p50", row.p50), ("p95", row.p95), ("p99", row.p99), ("max", row.max)];
    row.latency.as_ref().map_or_else(Vec::new, of)
}

const fn property_name(fault: Fault) -> &'static str {
    match fault {
        Fault::Missing => "missing",
        Fault::Late => "late",
        Fault::Duplicate => "duplicate",
        Fault::OutOfOrder => "out_of_order",
        Fault::Disagreement => "disagreement",
        Fault::Leaked => "leaked",
    }
}

/// The numbers of a scenario's deliveries for programs: name and value.
#[must_use]
pub fn properties(outcome: &Outcome, scenario: &str) -> Vec<(String, String)> {
    let of_row = |row: &DeliveryRow| {
        let always = [("expected", row.expected), ("in_time", row.in_time), ("ambiguous", row.ambiguous)];
        let faults = Fault::ALL.map(|fault| (property_name(fault), row.count(fault)));
        let counts = always.into_iter().chain(faults).map(|(name, number)| (name.to_owned(), number.to_string()));
        let tail = percentiles(row).into_iter().map(|(name, value)| (format!("{name}_ms"), value.to_string()));
        let named = |(name, value)| (format!("delivery.{}.{name}", row.action), value);
        counts.chain(tail).map(named).collect::<Vec<_>>()
    };
    of_scenario(outcome, scenario).flat_map(of_row).collect()
}

fn examples(row: &DeliveryRow, found: &FaultRow) -> String {
    let heading = format!("{} x {} {}", count(found.count), row.action, found.fault.words());
    let said = found.examples.iter().map(|example| format!("    at {}", for_junit_line(&said(example))));
    std::iter::once(heading).chain(said).collect::<Vec<_>>().join("\n")
}

/// Examples of what a threshold on deliveries was not met for; `None` without any.
#[must_use]
pub fn examples_behind(outcome: &Outcome, judged: &Judged) -> Option<String> {
    let all: Vec<String> = behind(outcome, judged).into_iter().map(|(row, found)| examples(row, found)).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}
