//! `cotillion check`: everything that is wrong with suites, at once.

use super::args::CheckArgs;
use super::exit::Exit;
use super::{load, screen};

pub fn check(args: &CheckArgs) -> Exit {
    match load::named(&args.suites, &args.overrides) {
        Ok(suites) => {
            for suite in &suites {
                screen::print(&format!("{}: ok\n", suite.file().display()));
            }
            Exit::Ok
        }
        Err(exit) => exit,
    }
}
