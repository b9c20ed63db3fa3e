//! How reports are to look: what the caller chose, and what only the caller knows.

/// What a report is rendered with beside the outcome. The default is what a run without any option gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Templates by name that stand in for the built-in ones (`--template`): names and texts.
    pub templates: Vec<(String, String)>,
    /// JUnit that validates against the schema of Jenkins' xUnit plug-in (`--junit-strict`).
    pub junit_strict: bool,
    /// Where the HTML report can be opened once the job has ended; only some CI servers say.
    pub report_url: Option<String>,
}
