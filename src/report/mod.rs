//! One frozen [`Outcome`] as text, in every format that people and machines read. No format computes a number: a report
//! only lays out what the verdict settled.

pub mod causes;
pub mod chart;
pub mod ci;
pub mod compare;
pub mod deliveries;
pub mod error;
mod failures;
pub mod html;
pub mod index_page;
pub mod invariants;
pub mod json;
pub mod junit;
pub mod look;
mod own;
pub mod page;
pub mod plan_page;
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
];

/// The format of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
