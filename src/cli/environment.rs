//! The one door through which the environment comes in.

use std::path::Path;

use crate::suite::dotenv;
use crate::suite::env::Environment;
use crate::suite::problem::{Problem, Problems};

/// One variable; `None` where it is unset or no text.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one door")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The names of all variables.
#[expect(clippy::disallowed_methods, reason = "this is the one door")]
pub fn names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// All variables, with what a `.env` file adds: it never overrides what is set. `file` is `--env-file`, which must be there;
/// without it, `.env` of the working directory is read if there is one.
pub fn read(file: Option<&Path>) -> (Environment, Problems) {
    let mut problems = Problems::default();
    let name = file.unwrap_or_else(|| Path::new(".env"));
    let from_file = if file.is_some() || name.is_file() { from_file(name, &mut problems) } else { Vec::new() };
    #[expect(clippy::disallowed_methods, reason = "this is the one door")]
    let real =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    // The real one comes last and so wins.
    (from_file.into_iter().chain(real).collect(), problems)
}

fn from_file(name: &Path, problems: &mut Problems) -> Vec<(String, String)> {
    let text = match std::fs::read_to_string(name) {
        Ok(text) => text,
        Err(error) => {
            let what = format!("`{}` cannot be read: {error}", name.display());
            problems.push(Problem::error(what).help("give a file with lines `NAME=value`, or leave out `--env-file`"));
            return Vec::new();
        }
    };
    problems.extend(dotenv::warnings(name, &text));
    let mut variables = Vec::new();
    for entry in dotenvy::from_read_iter(text.as_bytes()) {
        match entry {
            Ok(variable) => variables.push(variable),
            // Its own words would repeat the line, and with it a secret.
            Err(_) => {
                let what = format!("`{}` has a line that is not `NAME=value`", name.display());
                problems.push(Problem::error(what).help("quote values with spaces or `#` in them"));
            }
        }
    }
    variables
}
