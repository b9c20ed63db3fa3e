//! How much users of a plan meet: without contention a load test of shared resources tests little.

use crate::units::Duration;

/// Who meets whom on the resources, over the whole run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contention {
    /// Fewest and most distinct users that a resource sees.
    pub users_per_resource: (u64, u64),
    /// Ordered pairs (A, then directly B, on one resource) that occur.
    pub pairs: u64,
    /// U·(U−1): those that could.
    pub possible_pairs: u64,
    /// Counted over a part of the users only, and scaled.
    pub sampled: bool,
    /// Median time between two different users on one resource; `None` when that never happens.
    pub between: Option<Duration>,
}

impl Contention {
    /// Do any two users ever meet on a resource?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.pairs > 0
    }
}
