//! `report.html`: the report for people, one file that needs no network, no script and not even a style sheet.
//!
//! The look is a template (`report-templates/`); it gets the same document as `results.json` and, beside it, what is
//! laid out here: charts, marks and the colours of the plan. `report-templates/README.md` says what there is.

use serde::Serialize;
use tera::Context;

use crate::metrics::number;
use crate::report::causes::causes;
use crate::report::chart::{self, Columns};
use crate::report::deliveries;
use crate::report::error::ReportError;
use crate::report::failures::failures;
use crate::report::json::Results;
use crate::report::look::Look;
use crate::report::templates;
use crate::units::Moment;
use crate::verdict::Outcome;
use crate::verdict::outcome::{DeliveryRow, Status, StepTable};

/// The template that is rendered.
const TEMPLATE: &str = "report.html.tera";

/// The outcome as a page.
///
/// # Errors
/// Only by a mistake in a template.
pub fn render(outcome: &Outcome, look: &Look) -> Result<String, ReportError> {
    templates::render(TEMPLATE, &context(outcome), look)
}

fn context(outcome: &Outcome) -> Context {
    let columns = Columns::of(&outcome.timeline.points);
    let judged = chart::is_judged(outcome);
    let mut context = Context::new();
    context.insert("results", &Results::from(outcome));
    context.insert("status_word", outcome.verdict.status.word());
    context.insert("validity_word", outcome.verdict.validity.word());
    context.insert("failures", &failures(outcome));
    context.insert("figures", &figures(outcome));
    context.insert("outcomes", &outcomes(outcome));
    context.insert("causes", &causes(&outcome.totals));
    let scenario_causes: Vec<_> = outcome.scenarios.iter().map(|row| causes(&row.totals)).collect();
    context.insert("scenario_causes", &scenario_causes);
    context.insert("lanes", &chart::lanes::of_run(outcome));
    context.insert("outcome_bar", &chart::outcome_bar(&outcome.totals, judged));
    let bars: Vec<_> = outcome.scenarios.iter().map(|row| chart::outcome_bar(&row.totals, judged)).collect();
    context.insert("scenario_bars", &bars);
    context.insert("deliveries", &outcome.deliveries.iter().map(|row| Delivery::of(row, judged)).collect::<Vec<_>>());
    context.insert("delivery_keys", &chart::delivery_keys(judged));
    context.insert("gauges", &outcome.thresholds.iter().map(chart::gauge).collect::<Vec<_>>());
    context.insert("stage_strip", &chart::strip(outcome, &columns));
    context.insert("charts", &chart::charts(outcome, &columns));
    context.insert("shapes", &chart::shapes(outcome));
    context.insert("stages", &stages(outcome, &columns));
    context.insert("column_seconds", &columns.step);
    context.insert("column_names", &columns.names());
    context.insert("columns", &columns.rows());
    context.insert("steps", &outcome.plan.steps.as_ref().map(colours));
    context
}

/// A stage that the charts can be narrowed to.
#[derive(Debug, Serialize)]
struct Stage<'a> {
    scenario: &'a str,
    name: &'a str,
    /// Where it lies among the charts, from 0 to 1, to five digits.
    from: String,
    to: String,
}

fn stages<'a>(outcome: &'a Outcome, columns: &Columns) -> Vec<Stage<'a>> {
    let place = |moment: Moment| format!("{:.5}", columns.place(moment.as_secs_f64()));
    let stages = outcome.timeline.stages.iter().filter(|stage| columns.place(stage.from.as_secs_f64()) < 1.0);
    stages
        .map(|stage| Stage {
            scenario: &stage.scenario,
            name: &stage.name,
            from: place(stage.from),
            to: place(stage.to),
        })
        .collect()
}

/// A `delivery` in words and as a picture.
#[derive(Debug, Serialize)]
struct Delivery {
    promise: String,
    bar: Option<String>,
    /// What each of its faults is called.
    faults: Vec<&'static str>,
}

impl Delivery {
    fn of(row: &DeliveryRow, judged: bool) -> Self {
        Self {
            promise: deliveries::promise(row),
            bar: chart::delivery_bar(row, judged),
            faults: row.faults.iter().map(|found| found.fault.words()).collect(),
        }
    }
}

/// A number that stands large at the top.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: String,
    note: String,
}

fn figures(outcome: &Outcome) -> Vec<Figure> {
    let totals = &outcome.totals;
    let mut figures = vec![];
    // Large zeros would look like a result.
    if outcome.verdict.status == Status::Skipped {
        return figures;
    }
    let metric = |name: &str| outcome.metrics.iter().find(|row| row.name == name && row.value.is_some());
    let mut add = |name, value: String, note: String| figures.push(Figure { name, value, note });
    if let Some(row) = metric("success_rate") {
        add(
            "Success",
            number::value(row.value.unwrap_or_default(), row.unit),
            format!("{} ok", number::count(totals.ok)),
        );
    }
    let delivered = metric("delivery_rate");
    if let Some(row) = delivered {
        let missing: u64 = outcome.deliveries.iter().map(|row| row.missing).sum();
        let note = format!("{} missing", number::count(missing));
        add("Delivered", number::value(row.value.unwrap_or_default(), row.unit), note);
    }
    let rate = metric("action_throughput").map(|row| number::value(row.value.unwrap_or_default(), row.unit));
    let sent = rate.map_or_else(String::new, |rate| format!("{rate} sent"));
    add("Actions", number::count(totals.planned), sent);
    if let Some(row) = outcome.latencies.iter().find(|row| row.metric == "ack_latency" && row.scenario.is_none()) {
        add("Ack p95", number::milliseconds(row.p95), format!("median {}", number::milliseconds(row.p50)));
        add("Ack p99", number::milliseconds(row.p99), format!("highest {}", number::milliseconds(row.max)));
    }
    let of = format!("of {}", number::counted(totals.connect_attempts, "attempt"));
    // One figure more than a row has room for.
    if delivered.is_some() {
        let lost = format!("{of}, {} lost", number::count(totals.disconnects));
        add("Connections", number::count(totals.connections), lost);
        return figures;
    }
    add("Connections", number::count(totals.connections), of);
    add("Lost", number::count(totals.disconnects), format!("{} came back", number::count(totals.reconnects)));
    figures
}

/// One outcome of the actions with its colour.
#[derive(Debug, Serialize)]
struct OutcomeCount {
    name: &'static str,
    class: String,
    colour: &'static str,
    count: u64,
}

fn outcomes(outcome: &Outcome) -> Vec<OutcomeCount> {
    let row = |(name, count): (&'static str, u64)| OutcomeCount {
        name,
        class: name.replace(' ', "-"),
        colour: if name == "ok" && !chart::is_judged(outcome) { chart::UNJUDGED } else { chart::colour(name) },
        count,
    };
    outcome.totals.outcomes().map(row).into()
}

/// The steps of the plan with a colour a resource, so that the pattern is seen.
#[derive(Debug, Serialize)]
struct Steps<'a> {
    columns: &'a [String],
    rows: Vec<StepRow<'a>>,
    more: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StepRow<'a> {
    name: &'a str,
    cells: Vec<StepCell<'a>>,
}

#[derive(Debug, Serialize)]
struct StepCell<'a> {
    text: &'a str,
    /// In degrees; `None` for an empty cell.
    hue: Option<usize>,
}

fn colours(table: &StepTable) -> Steps<'_> {
    // Resources in the order in which they are met down the first column: neighbours in a rotation get neighbouring hues.
    let mut order: Vec<&str> = vec![];
    let deepest = table.rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    for column in 0..deepest {
        for cell in table.rows.iter().filter_map(|(_, cells)| cells.get(column)) {
            if !cell.is_empty() && !order.contains(&cell.as_str()) {
                order.push(cell);
            }
        }
    }
    let hue = |text: &str| order.iter().position(|known| *known == text).map(|place| place * 360 / order.len());
    let rows = table
        .rows
        .iter()
        .map(|(name, cells)| StepRow {
            name,
            cells: cells.iter().map(|text| StepCell { text, hue: hue(text) }).collect(),
        })
        .collect();
    Steps { columns: &table.columns, rows, more: table.more.as_deref() }
}
