//! The parts of the summary, in the order in which they are read.

use crate::metrics::number::{clock, count, counted, duration, milliseconds, share, value};
use crate::report::markdown::{Table, code, details, prose};
use crate::report::page::bar;
use crate::report::sparkline::sparkline;
use crate::report::untrusted::for_markdown;
use crate::report::{causes, chart, deliveries, own, table};
use crate::verdict::Outcome;
use crate::verdict::outcome::{
    CheckResult, ErrorRow, ExampleRow, InvariantResult, InvariantRow, Judged, Point, Status, ThresholdResult, Validity,
};

/// Rows of a table that decides about the verdict, and of all others.
const DECIDING: usize = 100;
const FURTHER: usize = 40;
/// Characters of the verdict's sentence, and of each of its reasons.
const SENTENCE: usize = 2_000;
/// Squares of the bar of outcomes, and letters of a sparkline: what fits on a phone, and what fits beside its numbers.
const SQUARES: usize = 25;
const LETTERS: usize = 50;
/// The outcomes of actions in the order of [`crate::verdict::outcome::Totals::outcomes`].
const COLOURS: [&str; 7] = ["🟩", "🟨", "🟥", "🟪", "🟦", "⬜", "⬛"];
/// What is ok in a run that cannot judge the server.
const UNJUDGED: &str = "🔳";

/// Everything.
pub fn whole(outcome: &Outcome) -> String {
    let all = |_: bool| true;
    let judged = [thresholds(outcome, all), invariants(outcome, all), checks(outcome, all)].concat();
    if matches!(outcome.verdict.status, Status::Skipped | Status::Unreachable) {
        // Nothing was judged: what there would have been is there for who asks.
        let unjudged = details("What was not judged", &format!("{judged}{}", of_deliveries(outcome)));
        return [verdict(outcome), errors(outcome), unjudged, notes(outcome), about(outcome)].concat();
    }
    [
        verdict(outcome),
        judged,
        actions(outcome),
        latencies(outcome),
        over_time(outcome),
        of_deliveries(outcome),
        of_the_suite(outcome),
        errors(outcome),
        unmatched(outcome),
        notes(outcome),
        about(outcome),
    ]
    .concat()
}

/// What made it fail, and nothing else.
pub fn failures(outcome: &Outcome) -> String {
    let failed = |fails: bool| fails;
    [
        verdict(outcome),
        "The whole summary would be longer than GitHub takes; what failed is here, all of it in the HTML report.\n\n"
            .into(),
        thresholds(outcome, failed),
        invariants(outcome, failed),
        checks(outcome, failed),
    ]
    .concat()
}

/// What came out, in words.
pub fn verdict(outcome: &Outcome) -> String {
    let verdict = &outcome.verdict;
    let icon = match (verdict.status, verdict.validity) {
        (Status::Pass, Validity::Valid) => "✅",
        (Status::Pass, _) => "⚠️",
        (Status::Fail, _) => "❌",
        (Status::Invalid, _) => "🚫",
        (Status::Interrupted, _) => "🛑",
        (Status::Unreachable, _) => "🔌",
        (Status::Skipped, _) => "⏭️",
    };
    // The other validities are in the status already.
    let suspect = verdict.validity == Validity::Suspect;
    let doubt = if suspect { format!(" ({})", verdict.validity.word()) } else { String::new() };
    let mut text = format!(
        "## {icon} {}{doubt} · {}\n\n**{}**\n\n",
        verdict.status.word(),
        code(&outcome.suite.name),
        long(&verdict.sentence)
    );
    for reason in verdict.reasons.iter().take(FURTHER) {
        text.push_str(&format!("- ⚠️ {}\n", long(reason)));
    }
    if !verdict.reasons.is_empty() {
        text.push('\n');
    }
    let run = &outcome.run;
    if verdict.status == Status::Skipped {
        return text;
    }
    text.push_str(&format!(
        "{} against {} · run {} · seed {}",
        duration(run.duration),
        code(&run.target),
        code(&run.id),
        run.seed
    ));
    if let Some(folder) = &run.report_dir {
        text.push_str(&format!(" · report {}", code(&format!("{}/report.html", folder.trim_end_matches('/')))));
    }
    if let Some(url) = run.report_url.as_deref().and_then(link) {
        text.push_str(&format!(" in the [artifacts]({url})"));
    }
    text.push_str("\n\n");
    text
}

fn long(text: &str) -> String {
    match text.char_indices().nth(SENTENCE) {
        Some((end, _)) => format!("{}…", for_markdown(&text[..end])),
        None => for_markdown(text),
    }
}

/// An address that can stand in a link; only web pages are led to.
fn link(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"))?;
    Some(parsed.as_str().replace('(', "%28").replace(')', "%29"))
}

fn thresholds(outcome: &Outcome, shown: impl Fn(bool) -> bool) -> String {
    let mut table = Table::new(&["", "Threshold", ">Observed", ">Samples", "Where"], DECIDING);
    for judged in outcome.thresholds.iter().filter(|judged| shown(judged.fails())) {
        let few = if judged.too_few_samples { " ⚠️ too few" } else { "" };
        let observed = for_markdown(&judged.observed_text);
        table.row(&[
            mark(judged).into(),
            code(&judged.name),
            if judged.fails() { format!("**{observed}**") } else { observed },
            format!("{}{few}", count(judged.samples)),
            place(&judged.file, judged.line),
        ]);
    }
    section("Thresholds", &table.finish())
}

const fn mark(judged: &Judged) -> &'static str {
    match judged.result {
        ThresholdResult::Met => "✅",
        ThresholdResult::Broken | ThresholdResult::NoData if judged.warn_only => "⚠️",
        ThresholdResult::Broken | ThresholdResult::NoData => "❌",
        ThresholdResult::NotJudged => "➖",
    }
}

fn place(file: &str, line: usize) -> String {
    code(&format!("{file}:{line}"))
}

fn section(title: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("### {title}\n\n{body}") }
}

fn invariants(outcome: &Outcome, shown: impl Fn(bool) -> bool) -> String {
    let mut table = Table::new(&["", "Invariant", "Found", "Where"], DECIDING);
    for row in outcome.invariants.iter().filter(|row| shown(row.fails())) {
        let mark = match row.result {
            InvariantResult::Held => "✅",
            InvariantResult::Broken | InvariantResult::NoData => "❌",
            InvariantResult::NotJudged => "➖",
        };
        table.row(&[mark.into(), code(&format!("{}: {}", row.name, row.rule)), found(row), place(&row.file, row.line)]);
    }
    section("Invariants", &table.finish())
}

fn found(row: &InvariantRow) -> String {
    match row.broken_examples.first().filter(|_| row.fails()) {
        Some(example) => format!("{}<br>{}", prose(&row.found_text), told(example)),
        None => prose(&row.found_text),
    }
}

fn told(example: &ExampleRow) -> String {
    let on = example.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
    let who = format!("{} user {}{on}:", clock(example.at.second()), example.user);
    format!("{} {}", prose(&who), code(&example.detail))
}

fn checks(outcome: &Outcome, shown: impl Fn(bool) -> bool) -> String {
    let mut table = Table::new(&["", "Check", "", "Values", "Where"], DECIDING);
    for check in outcome.checks.iter().filter(|check| shown(check.fails())) {
        let mark = match check.result {
            CheckResult::True => "✅",
            CheckResult::False | CheckResult::Error => "❌",
            CheckResult::NotJudged => "➖",
        };
        let place = place(&outcome.suite.file, check.line);
        table.row(&[mark.into(), code(&check.name), own::result(check).into(), code(&check.detail), place]);
    }
    section("Checks after the run", &table.finish())
}

fn actions(outcome: &Outcome) -> String {
    let totals = &outcome.totals;
    if totals.planned == 0 {
        return String::new();
    }
    let metric = |name: &str| {
        let row = outcome.metrics.iter().find(|row| row.name == name)?;
        Some(value(row.value?, row.unit))
    };
    let rate = metric("success_rate").map_or_else(String::new, |rate| format!(" · {rate} ok"));
    let throughput = metric("action_throughput").map_or_else(String::new, |rate| format!(" · {rate} sent"));
    let parts = totals.outcomes();
    let squares = bar(&parts, SQUARES);
    let mut colours = COLOURS;
    if !chart::is_judged(outcome) {
        colours[0] = UNJUDGED;
    }
    let bar: String = colours.iter().zip(squares).map(|(square, cells)| square.repeat(cells)).collect();
    let mut text = format!("{} planned{rate}{throughput}\n\n{bar}\n\n", count(totals.planned));
    let mut table = Table::new(&["", "Outcome", ">Actions"], FURTHER);
    for ((name, number), square) in parts.iter().zip(colours).filter(|((_, number), _)| *number > 0) {
        table.row(&[square.into(), (*name).into(), count(*number)]);
    }
    for cause in causes::causes(totals).iter().filter(|cause| cause.count > 0) {
        table.row(&[String::new(), format!("rejected, {}: {}", cause.name, cause.about), count(cause.count)]);
    }
    text.push_str(&table.finish());
    if outcome.scenarios.len() > 1 {
        text.push_str(&by_scenario(outcome));
    }
    section("Actions", &text)
}

fn by_scenario(outcome: &Outcome) -> String {
    let mut table = Table::new(&["Scenario", ">Users", ">Planned", ">ok"], FURTHER);
    for row in &outcome.scenarios {
        let rate = row.success_rate.map_or_else(String::new, share);
        table.row(&[code(&row.name), count(row.users), count(row.totals.planned), rate]);
    }
    table.finish()
}

fn latencies(outcome: &Outcome) -> String {
    let mut whole = Table::new(&["", ">p50", ">p90", ">p95", ">p99", ">max", ">samples"], FURTHER);
    let mut parts = Table::new(&["", ">p50", ">p90", ">p95", ">p99", ">max", ">samples"], FURTHER);
    let mut have_parts = false;
    for row in &outcome.latencies {
        let numbers = [row.p50, row.p90, row.p95, row.p99, row.max].map(milliseconds);
        let cells: Vec<String> =
            [code(&table::subject(row))].into_iter().chain(numbers).chain([count(row.count)]).collect();
        if row.scenario.is_none() && row.action.is_none() {
            whole.row(&cells);
        } else {
            have_parts = true;
            parts.row(&cells);
        }
    }
    let mut text = whole.finish();
    if let Some(waiting) = &outcome.waiting {
        text.push_str(&format!("{}\n\n", long(waiting)));
    }
    if have_parts {
        text.push_str(&details("By scenario and action", &parts.finish()));
    }
    section("Latencies", &text)
}

/// What a line of a picture is of, its numbers, and the highest of them as text.
type Line = (&'static str, fn(&Point) -> Option<f64>, fn(f64) -> String);

fn over_time(outcome: &Outcome) -> String {
    const LINES: &[Line] = &[
        ("users", |point| Some(point.users as f64), |top| count(top as u64)),
        ("ok in a second", |point| Some(point.ok as f64), |top| count(top as u64)),
        ("ack p95", |point| point.ack_p95, milliseconds),
        ("not ok in a second", |point| Some(not_ok(point) as f64), |top| count(top as u64)),
        ("errors in a second", |point| Some(point.errors as f64), |top| count(top as u64)),
        ("generator CPU", |point| point.cpu, share),
    ];
    let points = &outcome.timeline.points;
    let Some(last) = points.last() else { return String::new() };
    let mut table = Table::new(&["", &format!("0:00 to {}", clock(last.second + 1)), ">highest"], FURTHER);
    for (name, of, said) in LINES {
        let numbers: Vec<Option<f64>> = points.iter().map(of).collect();
        let top = numbers.iter().copied().flatten().reduce(f64::max);
        // A line of nothing says what the totals say.
        if let Some(top) = top.filter(|top| *top > 0.0) {
            table.row(&[(*name).into(), format!("<code>{}</code>", sparkline(&numbers, LETTERS)), said(top)]);
        }
    }
    section("Over time", &table.finish())
}

const fn not_ok(point: &Point) -> u64 {
    point.rejected + point.failed + point.timeout + point.disconnected + point.not_sent
}

fn of_deliveries(outcome: &Outcome) -> String {
    let mut table = Table::new(&["", "Delivery", ">Owed", ">In time", "", ">p95"], FURTHER);
    for row in &outcome.deliveries {
        let wrong: Vec<String> = deliveries::counts(row)
            .into_iter()
            .skip(2)
            .map(|(name, number)| format!("{} {name}", count(number)))
            .collect();
        let judged = matches!(outcome.verdict.status, Status::Pass | Status::Fail);
        let mark = match (row.broken.is_empty(), row.expected) {
            (false, _) => "❌",
            (true, 1..) if judged => "✅",
            (true, _) => "➖",
        };
        let p95 = row.latency.as_ref().map_or_else(String::new, |latency| milliseconds(latency.p95));
        let name = format!("{}<br>{}", code(&deliveries::title(row)), prose(&deliveries::promise(row)));
        table.row(&[mark.into(), name, count(row.expected), count(row.in_time), wrong.join(", "), p95]);
    }
    let mut text = table.finish();
    let mut faults = Table::new(&["Delivery", "Fault", ">Times", "First"], FURTHER);
    for row in &outcome.deliveries {
        for fault in deliveries::held_against(outcome, row) {
            let first = fault.examples.first().map_or_else(String::new, told);
            faults.row(&[code(&deliveries::title(row)), fault.fault.words().into(), count(fault.count), first]);
        }
    }
    text.push_str(&faults.finish());
    section("Deliveries", &text)
}

/// Its metrics and its labels.
fn of_the_suite(outcome: &Outcome) -> String {
    let lay_out = |title: &str, rows: Vec<Vec<String>>| {
        let Some((headings, rows)) = rows.split_first().filter(|(_, rows)| !rows.is_empty()) else {
            return String::new();
        };
        let headings: Vec<String> = headings.iter().map(|heading| format!(">{heading}")).collect();
        let mut names: Vec<&str> = headings.iter().map(String::as_str).collect();
        names[0] = "";
        let mut table = Table::new(&names, FURTHER);
        for row in rows {
            let cells = row.iter().enumerate().map(|(place, cell)| if place == 0 { code(cell) } else { prose(cell) });
            table.row(&cells.collect::<Vec<_>>());
        }
        section(title, &table.finish())
    };
    lay_out("By label", own::by_label(&outcome.labels)) + &lay_out("Metrics of the suite", own::table(&outcome.customs))
}

fn errors(outcome: &Outcome) -> String {
    let mut table = Table::new(&[">", "Error", "Scenario", "First"], FURTHER);
    for row in &outcome.errors {
        let first = row.examples.first().map_or_else(String::new, told);
        table.row(&[count(row.count), code(&kind(row)), code(&row.scenario), first]);
    }
    let Some(most) = outcome.errors.first() else { return String::new() };
    let kinds = counted(outcome.errors.len() as u64, "kind");
    let summary = format!("{kinds}, most often {} × {}", count(most.count), code(&kind(most)));
    if outcome.verdict.status == Status::Unreachable {
        return section("Errors", &table.finish());
    }
    section("Errors", &details(&summary, &table.finish()))
}

fn kind(row: &ErrorRow) -> String {
    format!("{}: {}", row.class, row.kind)
}

fn unmatched(outcome: &Outcome) -> String {
    let mut table = Table::new(&[">", "Event", "First"], FURTHER);
    for row in &outcome.unmatched_events {
        let first = row.examples.first().map_or_else(String::new, told);
        table.row(&[count(row.count), code(&row.name), first]);
    }
    let text = table.finish();
    if text.is_empty() {
        return text;
    }
    let kinds = counted(outcome.unmatched_events.len() as u64, "name");
    details(
        &format!("Events that nothing matched ({kinds})"),
        &format!("{text}{}", for_markdown(deliveries::UNMATCHED)),
    )
}

fn notes(outcome: &Outcome) -> String {
    let warnings = outcome.run.warnings.iter().map(|warning| format!("- ⚠️ {}\n", long(warning)));
    let notes = outcome.plan.warnings.iter().map(|note| format!("- {}\n", long(note)));
    let text: String = warnings.chain(notes).take(FURTHER).collect();
    section("Worth knowing", &if text.is_empty() { text } else { format!("{text}\n") })
}

/// What makes the run the same again.
fn about(outcome: &Outcome) -> String {
    let run = &outcome.run;
    let mut table = Table::new(&["", ""], FURTHER);
    let facts = [
        ("suite", format!("{}:{}", outcome.suite.file, outcome.suite.line)),
        ("protocol", run.protocol.clone()),
        ("started", run.started.clone()),
        ("machine", run.machine.clone()),
        ("cotillion", run.version.clone()),
        ("overrides", run.overrides.join(" ")),
    ];
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        table.row(&[(*name).into(), code(fact)]);
    }
    for (name, fact) in &outcome.plan.facts {
        table.row(&[prose(name), code(fact)]);
    }
    if !outcome.plan.proof.sentence.is_empty() {
        table.row(&["proof".into(), prose(&outcome.plan.proof.sentence)]);
    }
    details("Plan and environment", &table.finish())
}
