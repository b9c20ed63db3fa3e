//! `results.json`: everything the reports show, for programs and for writing the reports again.

mod lane_row;
mod mirror;
pub mod plan;

pub use mirror::Document;
use mirror::Mirror as _;
use serde::{Deserialize, Serialize};

use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::untrusted;
use crate::verdict::Outcome;

/// What the document says it is.
pub const FORMAT: &str = "cotillion-results";
/// Of the document's shape. A new field is not a new version; a field that goes away or changes its meaning is.
pub const VERSION: u32 = 1;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    #[serde(flatten)]
    pub stamp: Stamp,
    #[serde(flatten)]
    pub outcome: Document,
}

/// What a document is, said at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub format: String,
    pub version: u32,
}

/// The outcome as JSON, with two spaces of indent and a line end.
///
/// # Errors
/// Only by a bug.
pub fn render(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(&Results::from(outcome)).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(escaped(text))
}

/// The outcome that [`render`] wrote.
///
/// # Errors
/// The text is not such a document, or one of another version.
pub fn read(text: &str) -> Result<Outcome, ReportError> {
    // The version first: a document of another shape should be told so, not that a field is missing.
    let stamp: Stamp = serde_json::from_str(text).map_err(ReportError::NotResults)?;
    stamp.check()?;
    let results: Results = serde_json::from_str(text).map_err(ReportError::NotResults)?;
    Outcome::try_from(results)
}

/// Characters that a terminal would obey, as escapes. JSON itself asks for that only below U+0020; above, they can stand
/// nowhere but in strings.
fn escaped(text: String) -> String {
    if !text.chars().any(acts) {
        return text;
    }
    text.chars().map(|c| if acts(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() }).collect()
}

fn acts(c: char) -> bool {
    c > ' ' && untrusted::hidden(c)
}

impl Stamp {
    fn check(&self) -> Result<(), ReportError> {
        if self.format == FORMAT && self.version == VERSION {
            return Ok(());
        }
        Err(ReportError::OtherVersion {
            format: self.format.clone(),
            version: self.version,
            expected: FORMAT,
            reads: VERSION,
        })
    }
}

impl From<&Outcome> for Results {
    fn from(outcome: &Outcome) -> Self {
        Self { stamp: Stamp { format: FORMAT.into(), version: VERSION }, outcome: Document::of(outcome) }
    }
}

impl TryFrom<Results> for Outcome {
    type Error = ReportError;

    fn try_from(results: Results) -> Result<Self, ReportError> {
        results.stamp.check()?;
        Ok(results.outcome.back())
    }
}
