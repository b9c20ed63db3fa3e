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
    pub const fn fails(&self) -> bool {
        matches!(self.found, Found::False(_) | Found::Error(_))
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
    /// It was not to be asked: its `when` did not hold.
    Skipped,
}
