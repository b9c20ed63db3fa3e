//! From the text of a suite file to the suite, or to everything that is wrong with it.

use std::path::Path as FilePath;

use serde_json::Value;

use super::check::{self, Fault};
use super::env::{Environment, fill_in};
use super::mend::mend;
use super::node::Content;
use super::problem::{Path, Problem, Problems};
use super::schema::Suite;
use super::source::Source;
use super::verb;
use crate::secrets::{Redactor, Secrets};

/// A suite that could be read, if perhaps with problems.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub suite: Suite,
    pub source: Source,
    /// What came from the environment and must not be printed.
    pub secrets: Secrets,
    pub environment: Environment,
}

/// Reads a suite. `file` is its path as the user named it; the environment is the caller's, `.env` already in it.
///
/// All problems come at once, in the order of the file. With some of them there still is a suite, in which the faulty
/// places are left out or stand-ins, so that later checks can add what they find ([`Problems::add_later`]).
#[must_use]
pub fn read(file: &FilePath, text: &str, environment: &Environment) -> (Option<Loaded>, Problems) {
    let (source, mut problems) = Source::parse(file, text);
    let Some(mut value) = suite_value(&source, &mut problems) else { return (None, problems) };
    let filled = fill_in(&mut value, &source, environment);
    problems.extend(filled.problems);
    let faults = check::check(&value, &source);
    problems.extend(verb::check(&value, &source));
    mend(&mut value, &faults);
    let told_already = |fault: &Fault| filled.unset.contains(&fault.path);
    problems.0.extend(faults.into_iter().filter(|fault| !told_already(fault)).map(|fault| fault.problem));
    let suite = deserialize(&value, &source, &mut problems);
    let redactor = Redactor::new(&filled.secrets);
    for problem in &mut problems.0 {
        problem.what = redactor.redact(&problem.what).into_owned();
        problem.help = problem.help.as_deref().map(|help| redactor.redact(help).into_owned());
    }
    problems.sort();
    let environment = environment.clone();
    (suite.map(|suite| Loaded { suite, source, secrets: filled.secrets, environment }), problems)
}

/// The file's value without the keys that are the author's own.
fn suite_value(source: &Source, problems: &mut Problems) -> Option<Value> {
    let root = match source.root() {
        Some(root) if root.content != Content::Scalar(Value::Null) => root,
        _ => {
            if !problems.has_errors() {
                let help = "a suite has at least `name`, `target` and `scenarios`";
                problems.push(Problem::error("the file is empty").help(help).at(source.at(&Path::root())));
            }
            return None;
        }
    };
    let Value::Object(entries) = value_of(source, problems).unwrap_or_else(|| root.value()) else {
        let help = "a suite is a map with the keys `name`, `target`, `scenarios` …";
        problems.push(Problem::error("this is not a suite").help(help).at(source.at(&Path::root())));
        return None;
    };
    Some(Value::Object(entries.into_iter().filter(|(key, _)| !key.starts_with("x-")).collect()))
}

/// The file as `yaml_serde` reads it. Where it stops at the first mistake (a key that stands twice), the tree of places goes
/// on instead, so that one mistake never hides the others.
fn value_of(source: &Source, problems: &Problems) -> Option<Value> {
    if problems.has_errors() {
        return None;
    }
    let mut value: serde_yaml::Value = serde_yaml::from_str(source.text()).ok()?;
    value.apply_merge().ok()?;
    serde_yaml::from_value(value).ok()
}

/// The last net: whatever the schema let pass and the types do not.
fn deserialize(value: &Value, source: &Source, problems: &mut Problems) -> Option<Suite> {
    match serde_path_to_error::deserialize::<_, Suite>(value) {
        Ok(suite) => Some(suite),
        // With other problems this one may come from what was left out for them.
        Err(_) if problems.has_errors() => None,
        Err(error) => {
            let mut path = Path::root();
            for segment in error.path() {
                path = match segment {
                    serde_path_to_error::Segment::Seq { index } => path.index(*index),
                    serde_path_to_error::Segment::Map { key } => path.key(key),
                    _ => path,
                };
            }
            problems.push(Problem::error(error.inner().to_string()).at(source.at(&path)));
            None
        }
    }
}
