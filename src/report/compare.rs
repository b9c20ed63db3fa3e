//! `compare.html`: runs of one suite under several patterns, side by side on one page. It stands beside the folders of
//! the runs and leads to the report of each.

use serde::Serialize;
use tera::Context;

use crate::metrics::number::{NONE, count, counted, milliseconds, share, span};
use crate::report::causes::{CauseCount, causes};
use crate::report::chart::{self, lanes::LanesFigure};
use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::templates;
use crate::verdict::Outcome;
use crate::verdict::outcome::Status;

/// The page's name in the report folder.
pub const FILE: &str = "compare.html";
const TEMPLATE: &str = "compare.html.tera";

/// One of the runs that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    pub outcome: &'a Outcome,
    /// Its folder, beside the page.
    pub folder: &'a str,
}

/// What a pattern makes of the same users and resources.
struct Story {
    pattern: &'static str,
    title: &'static str,
    text: &'static str,
}

const STORIES: &[Story] = &[
    Story {
        pattern: "burst",
        title: "Everybody at once",
        text: "At every step all users bid on one lot. The first of them gets it, and its cooldown turns the others away: \
               such a test mostly measures refusals.",
    },
    Story {
        pattern: "dedicated",
        title: "Everybody alone",
        text: "Every user keeps a lot. All is accepted, but nobody ever meets a rival: who raises a bid of one's own makes \
               no news, and the others hear next to nothing.",
    },
    Story {
        pattern: "rotate",
        title: "Everybody in turn",
        text: "At every step each user moves on to the next lot, in the shortest step that keeps the cooldowns. Every bid \
               meets a rival's, is accepted, and is news to all.",
    },
];

/// The runs as a page, in their order.
///
/// # Errors
/// Only by a mistake in the template.
pub fn render(runs: &[Compared<'_>], look: &Look) -> Result<String, ReportError> {
    let mut context = Context::new();
    context.insert("runs", &runs.iter().map(side).collect::<Vec<_>>());
    context.insert("rows", &rows(runs));
    if let Some(first) = runs.first() {
        let Outcome { suite, run, plan, .. } = first.outcome;
        let users = counted(plan.totals.users, "user");
        context.insert("same", &format!("{users} on {}", counted(plan.totals.resources, "resource")));
        context.insert("duration", &span(run.planned_duration));
        context.insert("target", &run.target);
        context.insert("started", &run.started);
        context.insert("version", &run.version);
        context.insert("file", &suite.file);
        context.insert("machine", &run.machine);
    }
    templates::render(TEMPLATE, &context, look)
}

/// The same three numbers of the runs for a terminal, a line each.
#[must_use]
pub fn table(runs: &[Compared<'_>]) -> Vec<Vec<String>> {
    let head = ["", "accepted", "rejected", "broadcasts", "step", "verdict"].map(String::from).to_vec();
    let line = |run: &Compared<'_>| {
        let totals = &run.outcome.totals;
        let numbers = [totals.ok, totals.rejected, totals.received_events].map(count);
        let step = run.outcome.plan.proof.step.map_or_else(|| NONE.into(), span);
        let last = [step, verdict(run.outcome)];
        [pattern(run.outcome).to_owned()].into_iter().chain(numbers).chain(last).collect()
    };
    std::iter::once(head).chain(runs.iter().map(line)).collect()
}

fn verdict(outcome: &Outcome) -> String {
    let (status, validity) = (outcome.verdict.status.word(), outcome.verdict.validity.word());
    if outcome.verdict.status == Status::Invalid { status.to_owned() } else { format!("{status}, {validity}") }
}

/// Of its first scenario that acts.
fn pattern(outcome: &Outcome) -> &str {
    outcome.scenarios.iter().find(|row| row.every.is_some()).map_or("none", |row| &row.pattern)
}

/// A run as the page shows it.
#[derive(Debug, Serialize)]
struct Side {
    id: String,
    pattern: String,
    title: String,
    text: &'static str,
    /// Of its own report.
    href: String,
    status: &'static str,
    verdict: String,
    sentence: String,
    proof: String,
    outcome_bar: Option<String>,
    causes: Vec<CauseCount>,
    lanes: Option<LanesFigure>,
}

fn side(run: &Compared<'_>) -> Side {
    let outcome = run.outcome;
    let pattern = pattern(outcome);
    let story = STORIES.iter().find(|story| story.pattern == pattern);
    let status = match outcome.verdict.status {
        Status::Pass => "pass",
        Status::Interrupted | Status::Skipped => "interrupted",
        Status::Fail | Status::Invalid | Status::Unreachable => "fail",
    };
    Side {
        id: format!("run-{pattern}"),
        pattern: pattern.to_owned(),
        title: story.map_or_else(|| pattern.to_owned(), |story| story.title.to_owned()),
        text: story.map_or("", |story| story.text),
        href: format!("{}/report.html", run.folder),
        status,
        verdict: verdict(outcome),
        sentence: outcome.verdict.sentence.clone(),
        proof: outcome.plan.proof.sentence.clone(),
        outcome_bar: chart::outcome_bar(&outcome.totals, chart::is_judged(outcome)),
        causes: causes(&outcome.totals).into_iter().filter(|cause| cause.count > 0).collect(),
        lanes: chart::lanes::of_run(outcome),
    }
}

/// One number of every run, with bars where the numbers are of one measure.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    about: &'static str,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    text: String,
    bar: Option<String>,
}

fn rows(runs: &[Compared<'_>]) -> Vec<Row> {
    let counts = |name, about, class, of: fn(&Outcome) -> u64| {
        let most = runs.iter().map(|run| of(run.outcome)).max().unwrap_or(0);
        let cell = |run: &Compared<'_>| {
            let number = of(run.outcome);
            Cell { text: count(number), bar: Some(bar(class, number, most, chart::is_judged(run.outcome))) }
        };
        Row { name, about, cells: runs.iter().map(cell).collect() }
    };
    let words = |name, about, of: &dyn Fn(&Outcome) -> String| {
        let cell = |run: &Compared<'_>| Cell { text: of(run.outcome), bar: None };
        Row { name, about, cells: runs.iter().map(cell).collect() }
    };
    let mut rows = vec![
        counts("accepted", "bids that the server took", "ok", |outcome| outcome.totals.ok),
        counts("rejected", "bids that it refused", "rejected", |outcome| outcome.totals.rejected),
        counts("broadcasts", "events that users received", "users", |outcome| outcome.totals.received_events),
        words("success", "share of the bids that were accepted", &|outcome| {
            outcome.scenarios.first().and_then(|row| row.success_rate).map_or_else(|| NONE.into(), share)
        }),
        words("step", "how often each user bids", &|outcome| outcome.plan.proof.step.map_or_else(|| NONE.into(), span)),
        words("ack p95", "from the planned moment to the answer", &|outcome| {
            let of = |row: &&crate::verdict::outcome::LatencyRow| row.metric == "ack_latency" && row.scenario.is_none();
            outcome.latencies.iter().find(of).map_or_else(|| NONE.into(), |row| milliseconds(row.p95))
        }),
    ];
    if runs.iter().any(|run| run.outcome.plan.contention.is_some()) {
        rows.push(words("users a lot sees", "different ones, as planned", &|outcome| {
            outcome.plan.contention.as_ref().map_or_else(|| NONE.into(), |meet| count(meet.most_users))
        }));
        rows.push(words("who follows whom", "ordered pairs on a lot, of all that could be", &|outcome| {
            let share = outcome.plan.contention.as_ref().and_then(|meet| meet.share);
            share.map_or_else(|| NONE.into(), crate::metrics::number::share)
        }));
        rows.push(words("between two users", "median time on a lot, as planned", &|outcome| {
            let between = outcome.plan.contention.as_ref().and_then(|meet| meet.between);
            between.map_or_else(|| "never".into(), span)
        }));
    }
    rows
}

/// As long as its part of the largest.
fn bar(class: &str, number: u64, most: u64, judged: bool) -> String {
    let length = if most == 0 { 0.0 } else { number as f64 / most as f64 * 100.0 };
    let fill = match class {
        "ok" if !judged => chart::UNJUDGED,
        "users" => "#5b7186",
        class => chart::colour(class),
    };
    let class = if judged { class } else { "unjudged" };
    format!(
        r#"<svg class="bar" width="100%" height="8" aria-hidden="true"><rect class="{class}" width="{length:.2}%" height="8" rx="1" fill="{fill}"/></svg>"#
    )
}
