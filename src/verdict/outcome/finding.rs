//! What went wrong, by kind, with its first examples.

use crate::units::Moment;

/// One kind of thing that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorRow {
    /// `connect`, `login`, `disconnect`, `protocol`, `step`, `action`.
    pub class: String,
    /// As `connection refused`, `bid rejected`.
    pub kind: String,
    pub scenario: String,
    pub count: u64,
    /// The first few.
    pub examples: Vec<ExampleRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExampleRow {
    pub at: Moment,
    /// `user.index`.
    pub user: u64,
    pub resource: Option<String>,
    /// What the server or the system said, redacted and cut to a length.
    pub detail: String,
}

impl ExampleRow {
    /// What somebody else wrote.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        std::iter::once(&mut self.detail).chain(&mut self.resource)
    }
}
