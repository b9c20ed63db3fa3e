//! `cotillion plan`: what a suite will do, before anything is opened.

use super::args::PlanArgs;
use super::exit::Exit;
use super::{load, screen};
use crate::plan::summary::{PlanSummary, StepTable};
use crate::secrets::Redactor;

pub fn plan(args: &PlanArgs) -> Exit {
    let overrides = args.overrides.overrides();
    let ready = match load::named(std::slice::from_ref(&args.suite), &args.overrides) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    for ready in ready {
        let (plan, problems) = ready.compile(&overrides, None, 0);
        let Some(plan) = plan else { return load::show(&problems) };
        let text = render(&plan.name, &plan.summary());
        screen::print(&Redactor::new(&plan.secrets).redact(&text));
    }
    Exit::Ok
}

fn render(name: &str, summary: &PlanSummary) -> String {
    let width = summary.facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let mut text = format!("{name}\n\n");
    for (label, value) in &summary.facts {
        text.push_str(&format!("  {label:<width$}  {value}\n"));
    }
    for warning in &summary.warnings {
        text.push_str(&format!("\n  note: {warning}\n"));
    }
    if let Some(steps) = &summary.steps {
        text.push('\n');
        text.push_str(&table(steps));
    }
    text
}

fn table(steps: &StepTable) -> String {
    let cells = steps.rows.iter().flat_map(|(_, cells)| cells).chain(&steps.columns);
    let cell = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
    let label = steps.rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let line = |name: &str, cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|text| format!("{text:<cell$}")).collect();
        format!("  {name:<label$}  {}\n", cells.join("  ").trim_end())
    };
    let mut text = line("", &steps.columns);
    for (name, cells) in &steps.rows {
        text.push_str(&line(name, cells));
    }
    if let Some(more) = &steps.more {
        text.push_str(&format!("  {more}\n"));
    }
    text
}
