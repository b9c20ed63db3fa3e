//! `cotillion check`: everything that is wrong with suites, at once.

use super::args::CheckArgs;
use super::environment::variable;
use super::exit::Exit;
use super::{load, screen};
use crate::report::Ci;

pub fn check(args: &CheckArgs) -> Exit {
    match load::named(&args.suites, &args.overrides, Ci::detect(variable)) {
        Ok(suites) => {
            for suite in &suites {
                screen::print(&format!("{}: ok\n", suite.file().display()));
            }
            Exit::Ok
        }
        Err(exit) => exit,
    }
}
