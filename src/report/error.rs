//! Why a report could not be written or read.

/// What went wrong with a report, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the report template `{template}` could not be rendered: {}; this is a bug of cotillion, please report it", chain(.source))]
    Template { template: &'static str, source: tera::Error },
    /// A template that somebody gave; the mistake is in it.
    #[error("template {place}: {why}; report-templates/README.md says what a template gets")]
    OwnTemplate { place: String, why: String },
    #[error("junit.xml could not be written: {0}; this is a bug of cotillion, please report it")]
    JUnit(#[from] quick_junit::SerializeError),
    #[error("results.json could not be written: {0}; this is a bug of cotillion, please report it")]
    Json(#[source] serde_json::Error),
    #[error("timeline.csv could not be written: {0}; this is a bug of cotillion, please report it")]
    Csv(#[from] csv::Error),
    #[error("not the results of a run: {0}; give a results.json that cotillion wrote")]
    NotResults(#[source] serde_json::Error),
    #[error(
        "results in format `{format}` version {version}, but this cotillion reads `{expected}` version {reads}; use the version that wrote them"
    )]
    OtherVersion { format: String, version: u32, expected: &'static str, reads: u32 },
}

/// Tera says only the outermost reason; the useful one is its source.
pub(super) fn chain(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
