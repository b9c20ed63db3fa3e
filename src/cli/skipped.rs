//! Suites that are not run, as somebody wanted it: their reports say so. Nothing is opened and no secret is needed.

use super::args::RunArgs;
use super::exit::Exit;
use super::load::{self, Prepared, Ready};
use super::machine::Machine;
use super::run::{Order, report, run_info};
use super::{ci, environment, overview, screen, selection};
use crate::record::{Header, Results};
use crate::secrets::Redactor;
use crate::suite::problem::{Problem, Problems, Severity};
use crate::units::Duration;
use crate::verdict::outcome::{Ended, Outcome, RunInfo, SuiteInfo};
use crate::verdict::{Circumstances, freeze};

/// What a report says of a target that stands in a variable that is not set.
const UNKNOWN: &str = "unknown";

/// `--enabled false`: reports in which everything is skipped. Whatever is wrong with a suite is told and is no failure,
/// since what is switched off never breaks a build; only reports that cannot be written do.
pub fn all(args: &RunArgs, order: &Order<'_>, reason: &str) -> Exit {
    let (environment, problems) = environment::read(args.overrides.env_file.as_deref());
    tell(problems);
    let found = selection::look(args, &environment.that_may_lack());
    let chosen = match found.and_then(|prepared| selection::chosen(prepared, &args.which)) {
        Ok(chosen) => chosen,
        Err(problem) => {
            tell(Problems(vec![problem]));
            ci::conclude(&[], order.output, Exit::Ok);
            return Exit::Ok;
        }
    };
    let (mut exit, mut outcomes) = (Exit::Ok, Vec::new());
    let asked = chosen.len();
    for Prepared { ready, problems } in chosen {
        tell(problems);
        // A name that is none may not become a folder.
        let Some(ready) = ready.filter(|ready| is_slug(&ready.loaded.suite.name)) else { continue };
        let outcome = outcome(&ready, order, reason);
        match report(&outcome, order.output) {
            Ok(()) => outcomes.push(outcome),
            Err(failed) => exit = exit.worse(failed),
        }
    }
    overview::show(&outcomes, asked, order.output);
    ci::conclude(&outcomes, order.output, exit);
    exit
}

/// Problems as notes: they would be errors if the suites were run.
fn tell(mut problems: Problems) {
    problems.0.iter_mut().for_each(|problem: &mut Problem| problem.severity = Severity::Warning);
    if problems.is_empty() {
        return;
    }
    load::show(&problems, None);
    screen::note("nothing is run, so this is no failure\n");
}

fn is_slug(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(plain) && name.chars().all(|c| plain(c) || "._-".contains(c))
}

/// The outcome of a suite that is not run.
pub fn outcome(ready: &Ready, order: &Order<'_>, reason: &str) -> Outcome {
    let machine = Machine::here(order.how.workers);
    let ended = Ended::Skipped { reason: reason.to_owned() };
    let (suite, source) = (&ready.loaded.suite, &ready.loaded.source);
    let folder = order.output.folder_of(&suite.name);
    if let Some(mut plan) = ready.compile(order.overrides, None, machine.seed).0 {
        if !ready.has_target {
            UNKNOWN.clone_into(&mut plan.target.display);
        }
        let results = Results::new(Header { axes: plan.axes.clone() });
        let summary = plan.summary();
        let run = run_info(&plan, &results, ended, &machine, order.output);
        let circumstances = Circumstances { run, plan: summary, strict: order.how.strict, stopped_by: None };
        return freeze(&plan, &results, circumstances, &Redactor::new(&plan.secrets));
    }
    let run = RunInfo {
        id: machine.run_id,
        started: machine.started,
        duration: Duration::ZERO,
        planned_duration: Duration::ZERO,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: machine.seed,
        target: UNKNOWN.to_owned(),
        protocol: suite.target.protocol.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
        overrides: order.overrides.as_given(),
        workers: machine.workers,
        machine: machine.name,
        warnings: Vec::new(),
        ended,
        report_dir: folder.is_relative().then(|| folder.display().to_string()),
        report_url: ci::report_url(order.output.ci, &folder),
    };
    let info = SuiteInfo {
        name: suite.name.clone(),
        description: suite.description.clone(),
        tags: suite.tags.clone(),
        file: source.file().display().to_string(),
        line: source.at(&crate::suite::problem::Path::root().key("name")).line,
    };
    Outcome::skipped(info, run, reason, &Redactor::new(&ready.loaded.secrets))
}
