//! Not built yet.
pub fn render(_: &crate::verdict::Outcome) -> Result<String, crate::report::ReportError> {
    Ok(String::new())
}
