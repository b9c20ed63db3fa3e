//! What came of all suites of a call together: a line each, and a page that leads to their reports.

use super::output::Output;
use super::{files, screen};
use crate::report::index_page::{self, Listed};
use crate::report::untrusted::for_log;
use crate::verdict::outcome::{Outcome, Status};

/// Tells of each suite in a line, where more than one was asked for, and writes the page.
pub fn show(outcomes: &[Outcome], asked: usize, output: &Output) {
    if asked < 2 {
        return;
    }
    let ran = outcomes.iter().filter(|outcome| outcome.verdict.status != Status::Skipped).count();
    screen::print(&format!("\n{ran} of {asked} suites ran\n"));
    for outcome in outcomes {
        let verdict = &outcome.verdict;
        let line = format!("{:<12}{}: {}", verdict.status.word(), outcome.suite.name, verdict.sentence);
        screen::print(&format!("{}\n", for_log(&line)));
    }
    let listed: Vec<Listed<'_>> =
        outcomes.iter().map(|outcome| Listed { outcome, folder: &outcome.suite.name }).collect();
    page(&listed, output);
}

/// The page leads to HTML reports, so that there is none without them.
pub fn page(suites: &[Listed<'_>], output: &Output) {
    if suites.is_empty() || !output.formats.iter().any(|format| format.name == "html") {
        return;
    }
    let path = output.folder.join(index_page::FILE);
    let written = index_page::render(suites, &output.look)
        .map_err(|error| error.to_string())
        .and_then(|text| files::replace(&path, &text).map_err(|error| error.to_string()));
    match written {
        Ok(()) => screen::print(&format!("all suites on one page: {}\n", path.display())),
        Err(error) => screen::note(&format!("`{}` was not written: {error}\n", path.display())),
    }
}
