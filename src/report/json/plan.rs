//! The document of `cotillion plan --format json`: everything that the page of a plan shows, versioned.

use serde::{Deserialize, Serialize};

use super::mirror::{Mirror as _, PlanSummary};
use super::{Stamp, escaped};
use crate::plan::summary;
use crate::report::error::ReportError;

/// What the document says it is.
pub const FORMAT: &str = "cotillion-plan";
/// Of the document's shape, counted as that of `results.json` is.
pub const VERSION: u32 = 1;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    #[serde(flatten)]
    pub stamp: Stamp,
    /// Of the suite.
    pub name: String,
    pub plan: PlanSummary,
}

/// The plan of a suite as JSON, with two spaces of indent and a line end.
///
/// # Errors
/// Only by a bug.
pub fn render(name: &str, plan: &summary::PlanSummary) -> Result<String, ReportError> {
    let stamp = Stamp { format: FORMAT.into(), version: VERSION };
    let document = Planned { stamp, name: name.to_owned(), plan: PlanSummary::of(plan) };
    let mut text = serde_json::to_string_pretty(&document).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(escaped(text))
}
