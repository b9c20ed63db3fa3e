//! What a pattern may depend on besides user and step, resolved: one setting for all scenarios of a rotation.

use crate::units::Percent;

/// In which order `rotate` goes through the resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// One after another: every user always follows the same one.
    Sequential,
    /// In zigzag, so that every user follows every other one.
    Balanced,
}

/// A pattern's setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Users at the peak, of all scenarios that share the rotation; at least 1.
    pub users: u64,
    /// At least 1.
    pub resources: u64,
    pub order: Order,
    /// So many users, neighbours by their numbers, take the same resource at the same moment; at least 1.
    pub contenders: u64,
    /// Users act one after another inside the step.
    pub spread: bool,
    /// Balanced order with more users than resources: cohort c moves on by c resources each cycle, to meet others.
    pub shift: bool,
    /// Of what users do, the part that goes to the hot resources.
    pub share: Percent,
    /// Of the resources, the part that is hot.
    pub on: Percent,
    /// Of the run, for what is drawn.
    pub seed: u64,
}

impl Setting {
    /// Users that act at one moment on one resource count as one here.
    #[must_use]
    pub const fn groups(&self) -> u64 {
        self.users.div_ceil(self.contenders)
    }

    /// K: how many groups share a resource in one step.
    #[must_use]
    pub const fn cohorts(&self) -> u64 {
        self.groups().div_ceil(self.resources)
    }

    /// How many resources are hot; at least 1.
    #[must_use]
    pub fn hot(&self) -> u64 {
        ((self.on.0 * self.resources as f64).round() as u64).clamp(1, self.resources)
    }
}
