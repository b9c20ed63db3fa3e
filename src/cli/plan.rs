//! `cotillion plan`: what a suite will do, before anything is opened.

use super::args::{PlanArgs, PlanFormat};
use super::exit::Exit;
use super::{files, load, screen};
use crate::plan::Plan;
use crate::report::{ReportError, chart, json, plan_page};
use crate::secrets::Redactor;

pub fn plan(args: &PlanArgs) -> Exit {
    let overrides = args.overrides.overrides();
    let ready = match load::named(std::slice::from_ref(&args.suite), &args.overrides, None) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    if ready.len() > 1 && (args.format != PlanFormat::Text || args.out.is_some()) {
        screen::note(&format!("`{}` holds {} suites; name one of them\n", args.suite.display(), ready.len()));
        return Exit::Usage;
    }
    for ready in ready {
        let (plan, problems) = ready.compile(&overrides, None, 0);
        let Some(plan) = plan else { return load::show(&problems, None) };
        let text = match text(&plan, args) {
            Ok(text) => Redactor::new(&plan.secrets).redact(&text).into_owned(),
            Err(why) => {
                screen::note(&format!("{why}\n"));
                return Exit::Internal;
            }
        };
        match &args.out {
            None => screen::print(&text),
            Some(path) => {
                if let Err(error) = files::replace(path, &text) {
                    screen::note(&format!("`{}` cannot be written: {error}\n", path.display()));
                    return Exit::Internal;
                }
            }
        }
    }
    Exit::Ok
}

fn text(plan: &Plan, args: &PlanArgs) -> Result<String, ReportError> {
    match args.format {
        PlanFormat::Text => {
            let colour = args.out.is_none() && screen::colour();
            Ok(plan_page::render(&plan.name, &plan.summary(), colour, screen::width()))
        }
        PlanFormat::Json => json::plan::render(&plan.name, &plan.summary()),
        PlanFormat::Svg => Ok(chart::lanes::planned(&plan.name, plan.lanes().as_ref())),
    }
}
