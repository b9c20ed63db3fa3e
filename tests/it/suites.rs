//! Suites as data: everything in `tests/suites/ok` is read without a problem, and everything in `tests/suites/err` has
//! exactly the problems that its comments name.
//!
//! A trailing comment `#! 9 unknown key` expects, on its line, a problem in column 9 whose message begins so; after
//! ` => ` stands how its help begins. `#! 3:9 …` names the line, too, where the line itself can hold no comment. A
//! comment `#env NAME=value` sets a variable.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cotillion::suite::diagnostic::render;
use cotillion::suite::env::Environment;
use cotillion::suite::problem::{Problem, Problems, Severity};
use cotillion::suite::read::{Loaded, read};
use cotillion::suite::schema::json_schema;
use proptest::prelude::*;

const OK: &str = "tests/suites/ok";
const ERR: &str = "tests/suites/err";

/// Everything that is found before a run, of whichever room.
fn all_problems(file: &Path, text: &str, environment: &Environment) -> (Option<Loaded>, Problems) {
    read(file, text, environment)
}

fn check(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let (_, problems) = all_problems(file, &text, &environment(&text));
    let mut wrong = String::new();
    let mut found: Vec<&Problem> = problems.0.iter().collect();
    for expected in expectations(&text) {
        match found.iter().position(|problem| expected.is_met_by(problem)) {
            Some(index) => {
                found.remove(index);
            }
            None => writeln!(wrong, "not found: {expected:?}").unwrap(),
        }
    }
    for problem in found {
        let place = problem.location.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
        writeln!(wrong, "unexpected: {place} {} => {}", problem.what, problem.help.as_deref().unwrap_or_default())
            .unwrap();
    }
    assert!(wrong.is_empty(), "{}\n{wrong}\n{}", file.display(), render(&problems, false));
}

fn environment(text: &str) -> Environment {
    text.lines().filter_map(|line| line.strip_prefix("#env ")?.split_once('=')).collect()
}

#[derive(Debug)]
struct Expected<'a> {
    line: usize,
    column: usize,
    what: &'a str,
    help: &'a str,
}

impl Expected<'_> {
    fn is_met_by(&self, problem: &Problem) -> bool {
        let place = problem.location.as_ref().map(|place| (place.line, place.column));
        let help = problem.help.as_deref().unwrap_or_default();
        place == Some((self.line, self.column)) && problem.what.starts_with(self.what) && help.starts_with(self.help)
    }
}

fn expectations<'a>(text: &'a str) -> Vec<Expected<'a>> {
    let of_line = |(index, line): (usize, &'a str)| {
        line.split("#! ").skip(1).map(move |comment| {
            let (place, message) = comment.trim().split_once(' ').expect("a place and a message");
            let (what, help) = message.split_once(" => ").unwrap_or((message, ""));
            let (line, column) = match place.split_once(':') {
                Some((line, column)) => (line.parse().unwrap(), column),
                None => (index + 1, place),
            };
            Expected { line, column: column.parse().expect("a column"), what, help }
        })
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

fn suites(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut suites: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "yaml")).collect();
    suites.sort();
    assert!(!suites.is_empty(), "{folder} holds no suites");
    suites
}

#[test]
fn good_suites_have_no_problems() {
    for file in suites(OK) {
        let text = fs::read_to_string(&file).unwrap();
        let (loaded, problems) = all_problems(&file, &text, &environment(&text));
        assert!(problems.is_empty(), "{}", render(&problems, false));
        assert!(loaded.is_some(), "{}", file.display());
    }
}

#[test]
fn faulty_suites_have_the_problems_that_they_say() {
    let files = suites(ERR);
    files.iter().for_each(|file| check(file));
    let cases: usize = files.iter().map(|file| expectations(&fs::read_to_string(file).unwrap()).len()).sum();
    assert!(cases >= 40, "only {cases} cases");
}
