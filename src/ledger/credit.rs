//! Events without any key: they are counted, and each action claims one of them from every user that should have heard of it.

use std::collections::HashMap;

/// Events that no action has claimed yet, by user and listener.
#[derive(Debug, Default)]
pub struct Credits(HashMap<(u32, u16), u64>);

impl Credits {
    pub fn add(&mut self, user: u32, listener: u16) {
        *self.0.entry((user, listener)).or_default() += 1;
    }

    /// So many are there to be claimed.
    #[must_use]
    pub fn left(&self, user: u32, listener: u16) -> u64 {
        self.0.get(&(user, listener)).copied().unwrap_or_default()
    }

    /// Takes one of them away, if there is one.
    pub fn claim(&mut self, user: u32, listener: u16) -> bool {
        match self.0.get_mut(&(user, listener)).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                true
            }
            None => false,
        }
    }
}
