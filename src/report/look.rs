//! How reports are to look: what the caller chose.

/// What a report is rendered with beside the outcome. The default is what a run without any option gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Templates by name that stand in for the built-in ones (`--template`): names and texts.
    pub templates: Vec<(String, String)>,
    /// JUnit that validates against the schema of Jenkins' xUnit plug-in (`--junit-strict`).
    pub junit_strict: bool,
}
