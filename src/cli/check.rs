//! `cotillion check`: everything that is wrong with suites, at once.

use super::args::CheckArgs;
use super::exit::Exit;
use super::load;
use super::{environment, screen};
use crate::suite::problem::Problems;

pub fn check(args: &CheckArgs) -> Exit {
    let suites = match load::find(&args.suites) {
        Ok(suites) => suites,
        Err(problem) => return load::show(&Problems(vec![problem])),
    };
    let overrides = args.overrides.overrides();
    match load::prepare_all(&suites, environment::read(args.overrides.env_file.as_deref()), &overrides) {
        Ok(_) => {
            for suite in &suites {
                screen::print(&format!("{}: ok\n", suite.file.display()));
            }
            Exit::Ok
        }
        Err(exit) => exit,
    }
}
