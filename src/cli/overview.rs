//! What came of all suites of a call together: a line each, and a page that leads to their reports.

use super::output::Output;
use super::{files, screen};
use crate::report::index_page::{self, Listed};
use crate::report::untrusted::for_log;
use crate::verdict::outcome::{Outcome, Status, Validity};

/// Tells of each suite in a line, where more than one was asked for, and writes the page.
pub fn show(outcomes: &[Outcome], asked: usize, output: &Output) {
    if asked < 2 {
        return;
    }
    let ran = outcomes.iter().filter(|outcome| outcome.verdict.status != Status::Skipped).count();
    screen::print(&format!("\n{ran} of {asked} suites ran\n"));
    let words: Vec<String> = outcomes.iter().map(word).collect();
    let width = words.iter().map(String::len).max().unwrap_or_default().max(11) + 1;
    for (outcome, word) in outcomes.iter().zip(words) {
        let line = format!("{word:<width$}{}: {}", outcome.suite.name, outcome.verdict.sentence);
        screen::print(&format!("{}\n", for_log(&line)));
    }
    let listed: Vec<Listed<'_>> =
        outcomes.iter().map(|outcome| Listed { outcome, folder: &outcome.suite.name }).collect();
    page(&listed, output);
}

/// The result, with the doubt that there is in it.
fn word(outcome: &Outcome) -> String {
    let verdict = &outcome.verdict;
    let doubt = if verdict.validity == Validity::Suspect { " (SUSPECT)" } else { "" };
    format!("{}{doubt}", verdict.status.word())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_stands_in_the_line_of_a_suite() {
        assert_eq!(word(&Outcome::example_passed()), "PASS");
        assert_eq!(word(&Outcome::example_suspect()), "PASS (SUSPECT)");
        assert_eq!(word(&Outcome::example_interrupted()), "INTERRUPTED");
    }
}
