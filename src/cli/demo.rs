//! `cotillion demo` and `cotillion serve`: the built-in target with its suite, and alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::args::{DemoArgs, ServeArgs};
use super::exit::Exit;
use super::load::{self, SuiteText};
use super::output::Output;
use super::run::Order;
use super::{environment, files, run, screen, signals, target};
use crate::demo::{self, Options, Rules};
use crate::report::compare::{self, Compared};
use crate::report::table;
use crate::run::Stopper;
use crate::verdict::outcome::{Outcome, Status};

/// The built-in suite. It stands among the others, and is part of the binary.
const SUITE: &str = include_str!("../../loadtests/demo.yaml");
const SUITE_FILE: &str = "loadtests/demo.yaml";

pub fn demo(args: &DemoArgs) -> Exit {
    let output = match Output::of(args.how.out.clone(), &args.how.reports) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    if args.compare {
        return compare(args, &output);
    }
    let overrides = args.overrides.overrides();
    let suite = SuiteText { file: SUITE_FILE.into(), text: SUITE.to_owned(), stage: None };
    match load::prepare_all(&[suite], environment::read(args.overrides.env_file.as_deref()), &overrides, None) {
        Ok(ready) => {
            run::run_all(&ready, &Order { overrides: &overrides, how: &args.how, output: &output, keep_going: false })
        }
        Err(exit) => exit,
    }
}

/// The patterns that are compared, the one that everybody thinks of first at the beginning.
const COMPARED: [&str; 3] = ["burst", "dedicated", "rotate"];

/// Runs the built-in suite once a pattern, and writes one page that shows the runs side by side. A threshold that was not
/// met is no failure here: that the patterns differ is the point.
fn compare(args: &DemoArgs, output: &Output) -> Exit {
    let overrides = args.overrides.overrides();
    let suites = COMPARED.map(|pattern| SuiteText {
        file: SUITE_FILE.into(),
        text: SUITE
            .replace("name: demo", &format!("name: {pattern}"))
            .replace("pattern: rotate", &format!("pattern: {pattern}")),
        stage: None,
    });
    let environment = environment::read(args.overrides.env_file.as_deref());
    let ready = match load::prepare_all(&suites, environment, &overrides, None) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let order = Order { overrides: &overrides, how: &args.how, output, keep_going: false };
    let (stopper, _limit) = match run::begin(&ready, &order) {
        Ok(stopper) => stopper,
        Err(exit) => return exit,
    };
    let mut outcomes: Vec<Outcome> = Vec::new();
    for suite in &ready {
        match run::run_one(suite, &order, &stopper) {
            Ok(outcome) if matches!(outcome.verdict.status, Status::Interrupted | Status::Unreachable) => {
                return Exit::of(&outcome);
            }
            Ok(outcome) => outcomes.push(outcome),
            Err(exit) => return exit,
        }
    }
    let runs: Vec<Compared<'_>> =
        outcomes.iter().map(|outcome| Compared { outcome, folder: &outcome.suite.name }).collect();
    let path = output.folder.join(compare::FILE);
    let written = compare::render(&runs, &output.look)
        .map_err(|error| error.to_string())
        .and_then(|page| files::replace(&path, &page).map_err(|error| error.to_string()));
    if let Err(error) = written {
        screen::note(&format!("`{}` was not written: {error}\n", path.display()));
        return Exit::Internal;
    }
    screen::print(&format!("\n{}\n\nside by side: {}\n", table::columns(&compare::table(&runs)), path.display()));
    Exit::Ok
}

pub fn serve(args: &ServeArgs) -> Exit {
    let options = Options {
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port),
        rules: Rules {
            lot_cooldown: args.lot_cooldown,
            user_cooldown: args.user_cooldown,
            two_winners: args.faults.two_winners,
        },
        faults: args.faults.faults(),
        ping_interval: args.ping_interval,
        ping_timeout: args.ping_timeout,
        ..Options::default()
    };
    let stopper = Stopper::new();
    let served = signals::listen(stopper.clone()).and_then(|()| demo::spawn(options));
    match served {
        Ok(handle) => {
            screen::print(&format!("listening {}\n", handle.url()));
            stopper.wait();
            Exit::Ok
        }
        Err(error) => target::not_started(&error),
    }
}
