//! `cotillion run`: suite → plan → run → outcome → reports → exit code, on one screen.

use std::path::Path;
use std::sync::Arc;

use super::args::{How, RunArgs};
use super::exit::Exit;
use super::load::{self, Ready};
use super::machine::Machine;
use super::options::Options;
use super::output::Output;
use super::progress::Progress;
use super::target::BuiltIn;
use super::{ci, files, screen, signals, tls};
use crate::plan::summary::PlanSummary;
use crate::plan::{Overrides, Plan};
use crate::record::{Class, Example, Header, Results};
use crate::report::terminal;
use crate::report::untrusted::for_log;
use crate::run::execute::RunError;
use crate::run::{Collected, Reason, Settings, Stopper, execute, limits};
use crate::secrets::Redactor;
use crate::suite::problem::{Problem, Problems};
use crate::units::Moment;
use crate::verdict::outcome::{Ended, Outcome, RunInfo};
use crate::verdict::{Abort, Circumstances, freeze};

pub fn run(args: &RunArgs, _: &Options) -> Exit {
    let output = match Output::of(&args.how) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    match load::named(&args.suites, &args.overrides) {
        Ok(ready) => run_all(&ready, &args.overrides.overrides(), &args.how, &output),
        Err(exit) => {
            ci::conclude(&[], &output, exit);
            exit
        }
    }
}

/// Runs suites one after another; a threshold may stop one of them, a signal stops the one that runs and leaves out the rest.
pub fn run_all(suites: &[Ready], overrides: &Overrides, how: &How, output: &Output) -> Exit {
    let stopper = Stopper::new();
    if let Err(error) = signals::listen(stopper.clone()) {
        screen::note(&format!("signals cannot be heard: {error}\n"));
        return Exit::Internal;
    }
    let mut exit = Exit::Ok;
    let mut outcomes = Vec::new();
    for ready in suites {
        match run_one(ready, overrides, how, output, &stopper) {
            Ok(outcome) => {
                exit = exit.worse(Exit::of(&outcome));
                outcomes.push(outcome);
            }
            Err(failed) => exit = exit.worse(failed),
        }
        stopper.next_run();
        if stopper.reason().is_some() {
            break;
        }
    }
    if suites.len() > 1 {
        screen::print(&format!("\n{} of {} suites ran\n", outcomes.len(), suites.len()));
        for outcome in &outcomes {
            let verdict = &outcome.verdict;
            let line = format!("{:<12}{}: {}", verdict.status.word(), outcome.suite.name, verdict.sentence);
            screen::print(&format!("{}\n", for_log(&line)));
        }
    }
    ci::conclude(&outcomes, output, exit);
    exit
}

/// The outcome of a suite, its reports written; or why there is none, already told.
pub fn run_one(
    ready: &Ready,
    overrides: &Overrides,
    how: &How,
    output: &Output,
    stopper: &Stopper,
) -> Result<Outcome, Exit> {
    let machine = Machine::here(how.workers);
    let built_in = BuiltIn::start(ready)?;
    let (plan, problems) = ready.compile(overrides, built_in.url().as_deref(), machine.seed);
    let plan = Arc::new(plan.ok_or_else(|| load::show(&problems))?);
    let settings = settings(ready, &plan, &machine).map_err(|problem| load::show(&Problems(vec![problem])))?;
    let summary = plan.summary();
    announce(&plan, &summary, how);
    let progress = Progress::new(plan.duration, how.quiet);
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
    conclude(&plan, summary, collected, (how, output), stopper, &machine)
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
    (how, output): (&How, &Output),
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
    let folder = output.folder_of(&plan.name);
    let run = run_info(plan, &collected.results, ended, machine, &folder);
    let outcome = freeze(
        plan,
        &collected.results,
        Circumstances { run, plan: summary, strict: how.strict, stopped_by },
        &Redactor::new(&secrets),
    );
    report(&outcome, output)?;
    Ok(outcome)
}

fn run_info(plan: &Plan, results: &Results, ended: Ended, machine: &Machine, folder: &Path) -> RunInfo {
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
    }
}

fn report(outcome: &Outcome, output: &Output) -> Result<(), Exit> {
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
