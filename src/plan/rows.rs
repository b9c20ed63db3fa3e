//! Rows of data from files and variables.

use super::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema::Map;
use crate::suite::table;

/// Reads a file that a suite names, relative to the suite; the error says why it could not.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// The rows of a JSON or CSV file.
pub fn from_file(name: &str, path: &Path, files: Files<'_>, critic: &Critic<'_>) -> Vec<Map<serde_json::Value>> {
    match files(name) {
        Ok(text) => from_text(&text, path, critic),
        Err(error) => {
            critic.error(path, format!("`{name}` cannot be read: {error}"), "the path is relative to the suite file");
            Vec::new()
        }
    }
}

/// The rows of a text: a JSON array of objects, or CSV with a header row.
pub fn from_text(text: &str, path: &Path, critic: &Critic<'_>) -> Vec<Map<serde_json::Value>> {
    match table::rows(text) {
        Ok(rows) => rows,
        Err(error) => {
            critic.error(path, error.to_string(), "give a JSON array of objects, or CSV with a header row");
            Vec::new()
        }
    }
}
