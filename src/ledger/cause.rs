//! Why an action was rejected: was it our own doing, or the server's?

use crate::metrics::Counter;

/// The cause of a rejection, by the gap to the last actions there that were not rejected, from actual send times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Our own gap was below a declared cooldown: the server was right.
    Explained,
    /// The gap was inside the margin: the network may have closed it.
    Jitter,
    /// The gap was kept, and the server rejected all the same.
    Unexplained,
    /// Another user got the resource in the same step, in a pattern where users collide on purpose.
    Contested,
}

impl Cause {
    pub const ALL: [Self; 4] = [Self::Explained, Self::Jitter, Self::Unexplained, Self::Contested];

    /// As in "bid rejected, explained".
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::Jitter => "jitter",
            Self::Unexplained => "unexplained",
            Self::Contested => "contested",
        }
    }

    /// What findings call it: `bid rejected: explained`.
    #[must_use]
    pub fn of_rejected(self, action: &str) -> String {
        format!("{action} rejected: {}", self.word())
    }

    /// The counter that it is counted in. The four together are all rejections.
    #[must_use]
    pub const fn counter(self) -> Counter {
        match self {
            Self::Explained => Counter::RejectedExplained,
            Self::Jitter => Counter::RejectedJitter,
            Self::Unexplained => Counter::RejectedUnexplained,
            Self::Contested => Counter::RejectedContested,
        }
    }
}
