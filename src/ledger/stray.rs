//! Events that belong to nothing: they carried the key of no open action, or no key, and nobody was owed them.

use crate::units::Moment;

/// Those of one listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strays {
    pub count: u64,
    /// When the first of them came, and to which user.
    pub first: Option<(Moment, u32)>,
}

impl Strays {
    pub fn add(&mut self, at: Moment, user: u32) {
        self.count += 1;
        let first = self.first.get_or_insert((at, user));
        *first = (*first).min((at, user));
    }
}
