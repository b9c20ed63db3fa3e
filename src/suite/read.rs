//! From the text of a suite file to the suite, or to everything that is wrong with it.

use std::path::Path as FilePath;

use super::env::{Environment, fill_in};
use super::problem::{Path, Problems};
use super::schema::Suite;
use super::source::Source;
use crate::secrets::Secrets;

/// A suite that could be read, if perhaps with problems.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub suite: Suite,
    pub source: Source,
    /// What came from the environment and must not be printed.
    pub secrets: Secrets,
    pub environment: Environment,
}

/// Reads a suite. `file` is its path as the user named it. All problems come at once, in the order of the file; with
/// some of them there still is a suite, in which the faulty places are left out, so that later checks can add theirs.
#[must_use]
pub fn read(file: &FilePath, text: &str, environment: &Environment) -> (Option<Loaded>, Problems) {
    let (source, mut problems) = Source::parse(file, text);
    let Some(root) = source.root() else { return (None, problems) };
    let mut value = root.value();
    let filled = fill_in(&mut value, &source, environment);
    problems.extend(filled.problems);
    let suite = match serde_path_to_error::deserialize::<_, Suite>(&value) {
        Ok(suite) => Some(suite),
        Err(error) => {
            problems.push(super::problem::Problem::error(error.to_string()).at(source.at(&Path::root())));
            None
        }
    };
    problems.sort();
    let environment = environment.clone();
    (suite.map(|suite| Loaded { suite, source, secrets: filled.secrets, environment }), problems)
}
