//! One frozen [`Outcome`] as text, in every format that people and machines read. No format computes a number: a report
//! only lays out what the verdict settled.

pub mod annotations;
pub mod causes;
pub mod chart;
pub mod ci;
pub mod compare;
pub mod csv;
pub mod deliveries;
pub mod error;
pub mod fold;
pub mod github;
pub mod gitlab;
mod failures;
pub mod html;
pub mod index_page;
pub mod invariants;
pub mod json;
pub mod junit;
pub mod look;
pub mod markdown;
pub mod openmetrics;
mod own;
pub mod page;
pub mod plan_page;
pub mod sparkline;
pub mod table;
pub mod templates;
pub mod terminal;
pub mod untrusted;

pub use ci::Ci;
pub use error::ReportError;
pub use look::Look;

use crate::verdict::Outcome;

/// A report that is written as a file.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// As in `--format`.
    pub name: &'static str,
    /// The file's name in the report folder.
    pub file: &'static str,
    /// For help and documentation.
    pub about: &'static str,
    pub written: Written,
    pub render: fn(&Outcome, &Look) -> Result<String, ReportError>,
}

/// When a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// By every run, unless `--format` chooses others.
    Always,
    /// Additionally in jobs of that CI server, whatever `--format` chooses; and where `--format` names it.
    In(Ci),
    /// Only where `--format` names it.
    WhenAsked,
}

/// Every report format there is. The summary on the terminal is not here: it needs a width and a colour
/// ([`terminal::render`]).
pub const FORMATS: &[Format] = &[
    Format {
        name: "html",
        file: "report.html",
        about: "for people: one file that needs no network and no JavaScript",
        written: Written::Always,
        render: html::render,
    },
    Format {
        name: "junit",
        file: "junit.xml",
        about: "for the test panels of CI servers",
        written: Written::Always,
        render: junit::render,
    },
    Format {
        name: "json",
        file: "results.json",
        about: "for programs: everything the reports show, versioned",
        written: Written::Always,
        render: json::render,
    },
    Format {
        name: "github",
        file: "summary.md",
        about: "the summary of a job on GitHub, in Markdown",
        written: Written::In(Ci::GitHub),
        render: github::render,
    },
    Format {
        name: "gitlab",
        file: "load-performance.json",
        about: "for GitLab's load performance widget in merge requests",
        written: Written::In(Ci::GitLab),
        render: gitlab::load_performance,
    },
    Format {
        name: "gitlab-metrics",
        file: "metrics.txt",
        about: "for GitLab's metrics widget in merge requests",
        written: Written::In(Ci::GitLab),
        render: gitlab::metrics,
    },
    Format {
        name: "gitlab-link",
        file: "annotations.json",
        about: "for a link to the report on the page of a GitLab job",
        written: Written::In(Ci::GitLab),
        render: gitlab::annotations,
    },
    Format {
        name: "openmetrics",
        file: "openmetrics.txt",
        about: "for Prometheus and all that reads OpenMetrics",
        written: Written::WhenAsked,
        render: openmetrics::render,
    },
    Format {
        name: "csv",
        file: "timeline.csv",
        about: "for spreadsheets: the run second by second",
        written: Written::WhenAsked,
        render: csv::render,
    },
];

/// The format of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
