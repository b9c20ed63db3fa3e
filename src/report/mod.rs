//! One frozen [`Outcome`] as text, in every format that people and machines read. No format computes a number: a report
//! only lays out what the verdict settled.

pub mod causes;
pub mod chart;
pub mod compare;
pub mod deliveries;
pub mod error;
pub mod html;
pub mod json;
pub mod junit;
pub mod page;
pub mod plan_page;
pub mod table;
pub mod terminal;
pub mod untrusted;

pub use error::ReportError;

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
    pub render: fn(&Outcome) -> Result<String, ReportError>,
}

/// Every report format there is. The summary on the terminal is not here: it needs a width and a colour
/// ([`terminal::render`]).
pub const FORMATS: &[Format] = &[
    Format {
        name: "html",
        file: "report.html",
        about: "for people: one file that needs no network and no JavaScript",
        render: html::render,
    },
    Format { name: "junit", file: "junit.xml", about: "for the test panels of CI servers", render: junit::render },
    Format {
        name: "json",
        file: "results.json",
        about: "for programs: everything the reports show, versioned",
        render: json::render,
    },
];

/// The format of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
