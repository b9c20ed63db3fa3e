//! What came of the checks of `after`: the server's own count beside ours.

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCheck {
    pub name: String,
    /// Line in the suite, from 1.
    pub line: usize,
    pub found: Found,
}

impl ServerCheck {
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self.found, Found::True(_))
    }
}

/// What it came to. Texts are as they came: they are redacted when the outcome is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// With the values that it looked at.
    True(String),
    /// With the values that say why.
    False(String),
    /// It could not be asked; why.
    Error(String),
}
