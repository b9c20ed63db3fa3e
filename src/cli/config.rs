//! `--print-config`: every option, its value, and where that comes from.

use super::exit::Exit;
use super::options::{From, Options};
use super::output::Output;
use super::screen;
use crate::report::ci::CIS;
use crate::report::table;
use crate::report::untrusted::for_log;

/// Prints the options, and what follows from them for the reports.
pub fn print(options: &Options, output: &Output) -> Exit {
    let heading = ["option", "value", "from"].map(str::to_owned).to_vec();
    let rows = options.0.iter().map(|given| {
        let from = match &given.from {
            From::CommandLine => "command line".to_owned(),
            From::Environment(variable) => variable.clone(),
            From::BuiltIn => "default".to_owned(),
        };
        let value = if given.value.is_empty() { "-" } else { &given.value };
        vec![format!("--{}", given.name), for_log(value), from]
    });
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let server = CIS.iter().find(|(ci, ..)| Some(*ci) == output.ci).map_or("none", |(_, name, _)| *name);
    let files: Vec<&str> = output.formats.iter().map(|format| format.file).collect();
    screen::print(&format!("{}\n\nCI server: {server}\nreports: {}\n", table::columns_left(&rows), files.join(", ")));
    Exit::Ok
}
