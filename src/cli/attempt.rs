//! `cotillion try`: one user (of a scenario with groups, one group), one turn, every frame. For writing a suite.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::args::TryArgs;
use super::exit::Exit;
use super::load;
use super::machine::Machine;
use super::target::BuiltIn;
use super::{screen, signals, tls};
use crate::metrics::catalog::FINISHED;
use crate::metrics::{Counter, Part};
use crate::plan::load::Presence;
use crate::plan::{Plan, Rhythm};
use crate::record::{Class, Found, Results};
use crate::run::execute::RunError;
use crate::run::trace::{Direction, Trace, TraceLine};
use crate::run::{Collected, Settings, Stopper, execute};
use crate::secrets::Redactor;
use crate::suite::problem::Problems;
use crate::units::{Duration, Moment};

/// However long connecting, setting up and a turn may take, the try ends.
const LONGEST: Duration = Duration::from_secs(3600);

pub fn attempt(args: &TryArgs) -> Exit {
    let overrides = args.overrides.overrides();
    let ready = match load::named(std::slice::from_ref(&args.suite), &args.overrides, None) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let Some(ready) = ready.first() else { return Exit::Suite };
    let machine = Machine::here(Some(1));
    let built_in = match BuiltIn::start(ready) {
        Ok(built_in) => built_in,
        Err(exit) => return exit,
    };
    let (plan, problems) = ready.compile(&overrides, built_in.url().as_deref(), machine.seed);
    let Some(mut plan) = plan else { return load::show(&problems, None) };
    if let Err(exit) = narrow(&mut plan, args.scenario.as_deref()) {
        return exit;
    }
    let context = match tls::context(ready, &plan) {
        Ok(context) => context,
        Err(problem) => return load::show(&Problems(vec![problem]), None),
    };
    let stopper = Stopper::new();
    if let Err(error) = signals::listen(stopper.clone()) {
        screen::note(&format!("signals cannot be heard: {error}\n"));
        return Exit::Internal;
    }
    let (sender, lines) = channel();
    let plan = Arc::new(plan);
    let settings =
        Settings { workers: 1, cores: machine.cores, tls: context, facts: machine.facts, trace: Some(Trace(sender)) };
    let collected = execute(&plan, settings, &stopper, &mut |_| {});
    tell(collected, &lines, &plan)
}

fn tell(collected: Result<Collected, RunError>, lines: &Receiver<TraceLine>, plan: &Plan) -> Exit {
    match collected {
        Ok(collected) => {
            let mut secrets = plan.secrets.clone();
            secrets.merge(collected.secrets);
            let redactor = Redactor::new(&secrets);
            // Only now: a token is known for a secret once the login that brought it has been read.
            lines.iter().for_each(|line| screen::print(&show(&line, &redactor)));
            conclude(&collected.results, &redactor)
        }
        Err(RunError::Unreachable(failure)) => {
            screen::note(&format!("{}\n", Redactor::new(&plan.secrets).redact(&failure.detail)));
            Exit::Unreachable
        }
        Err(error) => {
            screen::note(&format!("{error}\n"));
            Exit::Internal
        }
    }
}

/// One scenario, one user or group, one turn.
fn narrow(plan: &mut Plan, name: Option<&str>) -> Result<(), Exit> {
    let chosen = match name {
        Some(name) => plan.scenarios.iter().position(|scenario| scenario.name == name),
        None => plan.scenarios.iter().position(|scenario| !scenario.act.is_empty()).or(Some(0)),
    };
    let Some(chosen) = chosen else {
        let names: Vec<&str> = plan.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        screen::note(&format!("there is no scenario `{}`; there is {}\n", name.unwrap_or_default(), names.join(", ")));
        return Err(Exit::Usage);
    };
    for (number, scenario) in plan.scenarios.iter_mut().enumerate() {
        // Of a group all members: one of them alone would wait for the others.
        scenario.users = if number == chosen { scenario.group.unwrap_or(1) } else { 0 };
        scenario.presences.clear();
    }
    let scenario = &mut plan.scenarios[chosen];
    let acts = !scenario.act.is_empty();
    let (start, until) = (Moment::START, Moment::START + LONGEST);
    scenario.presences = (0..scenario.users).map(|user| Presence { user, asked: start, slot: start, until }).collect();
    scenario.rhythm = Rhythm::ClosedLoop;
    scenario.most_turns = Some(u64::from(acts));
    scenario.reconnect = None;
    Ok(())
}

fn show(line: &TraceLine, redactor: &Redactor) -> String {
    let arrow = match line.direction {
        Direction::Sent => "→",
        Direction::Received => "←",
        Direction::Local => "·",
    };
    let text = crate::report::untrusted::for_log(&redactor.redact(&line.text));
    format!("{:>8.1} ms  {arrow} {text}\n", line.at.since(Moment::START).as_millis_f64())
}

fn conclude(results: &Results, redactor: &Redactor) -> Exit {
    let numbers = results.numbers(Part::default());
    for (kind, tally) in results.findings.iter() {
        let detail = tally.examples.first().map_or("", |example| &example.detail);
        let text = crate::report::untrusted::for_log(&redactor.redact(&format!("{}: {detail}", kind.name)));
        // That nothing waited for an event is no error.
        let mark = if kind.class == Class::Event { "- nothing matched" } else { "✗" };
        screen::print(&format!("             {mark} {text}\n"));
    }
    if results.ready_users == 0 {
        screen::print("\nthe user never became ready\n");
        return Exit::Unreachable;
    }
    let mut hold = true;
    for check in &results.checks {
        let (mark, said) = match &check.found {
            Found::True(values) => ('✓', values.as_str()),
            Found::False(values) => ('✗', values.as_str()),
            Found::Error(why) => ('✗', why.as_str()),
            Found::Skipped => ('-', "its `when` did not hold"),
        };
        hold &= !check.fails();
        let text = crate::report::untrusted::for_log(&redactor.redact(&format!("after: {}: {said}", check.name)));
        screen::print(&format!("             {mark} {text}\n"));
    }
    let (ok, all) = (numbers.counter(Counter::Ok), numbers.sum(FINISHED));
    let errors = numbers.counter(Counter::StepErrors) + numbers.counter(Counter::ProtocolErrors);
    screen::print(&format!("\n{ok} of {all} actions ok, {errors} errors\n"));
    if ok == all && errors == 0 && hold { Exit::Ok } else { Exit::Failed }
}
