//! `cotillion run`: suite → plan → run → outcome → reports → exit code, on one screen.

use std::sync::Arc;

use super::args::{How, RunArgs};
use super::enabled::Enabled;
use super::exit::Exit;
use super::limit::{self, Limit};
use super::load::{self, Ready};
use super::machine::Machine;
use super::options::Options;
use super::output::Output;
use super::progress::Progress;
use super::stage::Failed;
use super::target::BuiltIn;
use super::{ci, config, files, overview, screen, selection, skipped, tls};
use crate::plan::summary::PlanSummary;
use crate::plan::{Overrides, Plan};
use crate::record::{Class, Example, Header, Results};
use crate::report::terminal;
use crate::run::execute::RunError;
use crate::run::{Collected, Reason, Settings, Stopper, execute, limits};
use crate::secrets::Redactor;
use crate::suite::problem::{Problem, Problems};
use crate::units::Moment;
use crate::verdict::outcome::{Ended, Outcome, RunInfo};
use crate::verdict::{Abort, Circumstances, freeze};

/// What was ordered, whatever suite is run.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub overrides: &'a Overrides,
    pub how: &'a How,
    pub output: &'a Output,
    /// The next stage follows also when the last did not pass.
    pub keep_going: bool,
}

pub fn run(args: &RunArgs, options: &Options) -> Exit {
    let output = match Output::of(args.how.out.clone(), &args.how.reports) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    if args.print_config {
        return config::print(options, &output);
    }
    let overrides = args.overrides.overrides();
    let order = Order { overrides: &overrides, how: &args.how, output: &output, keep_going: args.which.keep_going };
    if args.which.enabled == Enabled::No {
        return skipped::all(args, &order, &format!("switched off by `{}`", options.words("enabled")));
    }
    match selection::select(args, output.ci) {
        Ok(ready) => run_all(&ready, &order),
        Err(exit) => {
            ci::conclude(&[], &output, exit);
            exit
        }
    }
}

/// Runs suites one after another. A threshold may stop one of them; a signal stops the one that runs and leaves out the rest;
/// a stage that did not pass leaves out the later ones, with reports that say so.
pub fn run_all(suites: &[Ready], order: &Order<'_>) -> Exit {
    let (stopper, _limit) = match begin(suites, order) {
        Ok(stopper) => stopper,
        Err(exit) => {
            ci::conclude(&[], order.output, exit);
            return exit;
        }
    };
    let (mut exit, mut outcomes, mut failed) = (Exit::Ok, Vec::new(), Failed::default());
    for ready in suites {
        let held_up = failed.before(ready.stage.as_ref()).filter(|_| !order.keep_going);
        let came = match held_up {
            Some(reason) => {
                let outcome = skipped::outcome(ready, order, &reason);
                report(&outcome, order.output).map(|()| outcome)
            }
            None => run_one(ready, order, &stopper),
        };
        let of_suite = came.as_ref().map_or_else(|failed| *failed, Exit::of);
        if of_suite != Exit::Ok {
            failed.note(ready.stage.as_ref());
        }
        exit = exit.worse(of_suite);
        outcomes.extend(came);
        stopper.next_run();
        if stopper.reason().is_some() {
            break;
        }
    }
    overview::show(&outcomes, suites.len(), order.output);
    ci::conclude(&outcomes, order.output, exit);
    exit
}

/// What stops the runs, once it is known that they fit into their time, and their reports into their folder. The error has
/// been shown.
pub fn begin(suites: &[Ready], order: &Order<'_>) -> Result<(Stopper, Option<Limit>), Exit> {
    let stopper = limit::stopper(suites, order.how, order.output.ci)?;
    files::try_folder(&order.output.folder).map_err(|error| {
        screen::note(&format!("{error}\n"));
        Exit::Usage
    })?;
    Ok(stopper)
}

/// The outcome of a suite, its reports written; or why there is none, already told.
pub fn run_one(ready: &Ready, order: &Order<'_>, stopper: &Stopper) -> Result<Outcome, Exit> {
    let machine = Machine::here(order.how.workers);
    let built_in = BuiltIn::start(ready)?;
    let (plan, problems) = ready.compile(order.overrides, built_in.url().as_deref(), machine.seed);
    let plan = Arc::new(plan.ok_or_else(|| load::show(&problems, order.output.ci))?);
    let settings =
        settings(ready, &plan, &machine).map_err(|problem| load::show(&Problems(vec![problem]), order.output.ci))?;
    let summary = plan.summary();
    announce(&plan, &summary, order.how);
    let progress = Progress::new(plan.duration, order.how.quiet);
    let mut abort = Abort::new(&plan.thresholds);
    let collected = execute(&plan, settings, stopper, &mut |results| {
        progress.second(results);
        // At its planned end there is nothing left to stop.
        let goes_on = results.end < Moment::START + plan.duration;
        if let Some(stop) = abort.second(results).filter(|_| goes_on) {
            stopper.stop(Reason::Threshold { name: stop.threshold, reason: stop.reason });
        }
    });
    progress.finish();
    conclude(&plan, summary, collected, order, stopper, &machine)
}

/// Everything that a run needs and that can be wrong before it: certificates, the open-file limit.
fn settings(ready: &Ready, plan: &Plan, machine: &Machine) -> Result<Settings, Problem> {
    limits::allow_connections(plan.users()).map_err(|error| Problem::error(error.to_string()))?;
    Ok(Settings {
        workers: machine.workers,
        cores: machine.cores,
        tls: tls::context(ready, plan)?,
        facts: machine.facts,
        trace: None,
    })
}

fn announce(plan: &Plan, summary: &PlanSummary, how: &How) {
    if how.quiet {
        return;
    }
    screen::note(&format!(
        "{}: {} users, {} against {}\n",
        plan.name,
        plan.users(),
        plan.duration,
        plan.target.display
    ));
    for warning in &summary.warnings {
        screen::note(&format!("  note: {warning}\n"));
    }
}

/// Judges what was collected, writes the reports, shows the summary.
fn conclude(
    plan: &Plan,
    summary: PlanSummary,
    collected: Result<Collected, RunError>,
    order: &Order<'_>,
    stopper: &Stopper,
    machine: &Machine,
) -> Result<Outcome, Exit> {
    let (ended, stopped_by) = match stopper.reason() {
        None => (Ended::Completed, None),
        Some(Reason::Signal(signal)) => (Ended::Interrupted { signal }, None),
        Some(Reason::Threshold { name, reason }) => (Ended::Aborted { reason }, Some(name)),
    };
    let (collected, ended) = match collected {
        Ok(collected) => (collected, ended),
        Err(RunError::Unreachable(failure)) => {
            let mut results = Results::new(Header { axes: plan.axes.clone() });
            let reason = failure.detail.clone();
            let example = || Example { at: Moment::START, user: 0, resource: None, detail: failure.detail };
            results.findings.note(Class::Connect, 0, &failure.kind, example);
            (Collected { results, ..Collected::default() }, Ended::Unreachable { reason })
        }
        Err(error) => {
            screen::note(&format!("{}\n", Redactor::new(&plan.secrets).redact(&error.to_string())));
            return Err(Exit::Internal);
        }
    };
    let mut secrets = plan.secrets.clone();
    secrets.merge(collected.secrets);
    let run = run_info(plan, &collected.results, ended, machine, order.output);
    let outcome = freeze(
        plan,
        &collected.results,
        Circumstances { run, plan: summary, strict: order.how.strict, stopped_by },
        &Redactor::new(&secrets),
    );
    report(&outcome, order.output)?;
    Ok(outcome)
}

/// What is said of every run, also of one that did not take place.
pub fn run_info(plan: &Plan, results: &Results, ended: Ended, machine: &Machine, output: &Output) -> RunInfo {
    let folder = output.folder_of(&plan.name);
    RunInfo {
        id: machine.run_id.clone(),
        started: machine.started.clone(),
        duration: results.end.since(Moment::START),
        planned_duration: plan.duration,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: plan.seed,
        target: plan.target.display.clone(),
        protocol: plan.target.protocol.clone(),
        overrides: plan.overrides.clone(),
        workers: machine.workers,
        machine: machine.name.clone(),
        warnings: Vec::new(),
        ended,
        report_dir: folder.is_relative().then(|| folder.display().to_string()),
        report_url: ci::report_url(output.ci, &folder),
    }
}

/// Shows the summary and writes the reports.
pub fn report(outcome: &Outcome, output: &Output) -> Result<(), Exit> {
    let mut text = terminal::render(outcome, screen::colour(), screen::width());
    let written = files::write(outcome, output);
    if let Ok(written) = &written {
        let names: Vec<String> = written.iter().map(|path| format!("  {}\n", path.display())).collect();
        text.push_str(&format!("\nreports:\n{}", names.concat()));
    }
    ci::show(outcome, output, &text);
    ci::summarize(outcome, output);
    written.map(drop).map_err(|error| {
        screen::note(&format!("{error}\nmake the folder writable, or choose another with `--out`\n"));
        Exit::Internal
    })
}
