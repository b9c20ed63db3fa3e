//! Rows of data from files and variables.

use serde_json::Value;

use super::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema::Map;
use crate::suite::table::{self, TableError};

/// Reads a file that a suite names, relative to the suite; the error says why it could not.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// The text of a file; a problem where it cannot be read.
fn text_of(name: &str, path: &Path, files: Files<'_>, critic: &Critic<'_>) -> Option<String> {
    let as_text = |bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
    let read = files(name).and_then(as_text);
    let told = |error| {
        critic.error(path, format!("`{name}` cannot be read: {error}"), "the path is relative to the suite file")
    };
    read.map_err(told).ok()
}

fn told<T>(result: Result<Vec<T>, TableError>, help: &str, path: &Path, critic: &Critic<'_>) -> Vec<T> {
    result.unwrap_or_else(|error| {
        critic.error(path, error.to_string(), help);
        Vec::new()
    })
}

/// The rows of a JSON or CSV file.
pub fn from_file(name: &str, path: &Path, files: Files<'_>, critic: &Critic<'_>) -> Vec<Map<Value>> {
    text_of(name, path, files, critic).map_or_else(Vec::new, |text| from_text(&text, path, critic))
}

/// The rows of a text: a JSON array of objects, or CSV with a header row.
pub fn from_text(text: &str, path: &Path, critic: &Critic<'_>) -> Vec<Map<Value>> {
    told(table::rows(text), "give a JSON array of objects, or CSV with a header row", path, critic)
}

/// The items of a file: a JSON array of anything, or CSV with a header row.
pub fn items_of_file(name: &str, path: &Path, files: Files<'_>, critic: &Critic<'_>) -> Vec<Value> {
    let Some(text) = text_of(name, path, files, critic) else { return Vec::new() };
    told(table::items(&text), "give a JSON array of ids or objects, or CSV with a header row", path, critic)
}
