//! The flavour for readers that validate: Jenkins' xUnit plug-in refuses a file that its schema (`junit-10.xsd`) does not
//! allow, and that schema knows neither properties nor a place in a file for a case. Percentiles are properties of the
//! suites in both flavours, and a failure's text says where, so that only attributes for the eye are lost.

use quick_junit::Report;

use crate::report::error::ReportError;

/// The report without anything that the schema forbids.
///
/// # Errors
/// Only by a bug.
pub fn text(mut report: Report) -> Result<String, ReportError> {
    report.timestamp = None;
    for case in report.test_suites.iter_mut().flat_map(|suite| &mut suite.test_cases) {
        case.extra.clear();
        case.properties.clear();
    }
    // On the root alone the schema has no place for it, and the library always writes it. The root is the first element,
    // and no value can hold this text, as quotes in values are escaped.
    let forbidden = format!(" skipped=\"{}\"", report.skipped);
    Ok(report.to_string()?.replacen(&forbidden, "", 1))
}
