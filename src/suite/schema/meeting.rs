//! What users have in common as its author wrote it: groups, and rows of data that are handed out.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::suite::scalar::Count;

/// Users that belong together, by their index in the scenario: with a size of 2 users 0 and 1, users 2 and 3, …
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How many users a group has.
    pub size: Count,
}

/// Rows of data: `{{ feed.NAME.FIELD }}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// JSON array of objects, or CSV with a header row; relative to the suite file.
    pub file: String,
    /// Which row an action gets: `unique` (its own), `cycle` (one after another, and again), `random`. Default `cycle`.
    #[schemars(extend("enum" = ["unique", "cycle", "random"]))]
    pub take: Option<String>,
}
