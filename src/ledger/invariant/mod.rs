//! What must hold of what users do and see: held, broken or undecided, check by check. Nothing here grows with a run: a
//! round of contenders is forgotten when it is decided, a resource when its last member has left.

pub mod converged;
mod membership;
pub mod monotonic;
pub mod oddity;
pub mod one_winner;
pub mod sight;
pub mod sightings;

pub use converged::{Converged, Disagreement};
pub use monotonic::{Fall, Monotonic};
pub use oddity::{Oddities, Oddity, Why};
pub use one_winner::{Contender, OneWinner, Round};
pub use sight::{About, Sight, Value};
pub use sightings::{Kind, Sightings, Terms};

/// What came of the checks of one invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub held: u64,
    pub broken: u64,
    /// Nobody can say: neither held nor broken.
    pub undecided: u64,
}

impl Tally {
    /// Checks that say something.
    #[must_use]
    pub const fn decided(&self) -> u64 {
        self.held + self.broken
    }
}

/// Most examples kept of what is broken, and of what is undecided.
pub const EXAMPLES: usize = 3;

/// Keeps an example while there is room.
fn keep<T>(examples: &mut Vec<T>, example: impl FnOnce() -> T) {
    if examples.len() < EXAMPLES {
        examples.push(example());
    }
}
