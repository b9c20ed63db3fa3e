//! What will happen: total, typed, immutable, and known before the first socket is opened.
//!
//! [`compile`](compile::compile) makes a [`Plan`] of a suite, or finds everything that is wrong with it.

pub mod compile;
mod compile_scenario;
mod compile_step;
pub mod contention;
pub mod cooldown;
pub mod credentials;
pub mod critic;
pub mod language;
pub mod load;
pub mod overrides;
pub mod pattern;
pub mod proof;
mod resource;
mod rotation;
mod rows;
pub mod scenario;
pub mod step;
pub mod summary;
pub mod target;
pub mod threshold;

use std::path::PathBuf;

pub use overrides::Overrides;
pub use scenario::{Rhythm, Scenario, Turn};
pub use threshold::Threshold;

use crate::metrics::Axes;
use crate::secrets::Secrets;
use crate::units::Duration;
use contention::Contention;
use cooldown::Cooldown;
use credentials::Credentials;
use language::Resource;
use proof::Proof;
use target::Target;

/// Everything that a run does, decided.
#[derive(Debug)]
pub struct Plan {
    pub name: String,
    pub description: Option<String>,
    pub tags: Vec<String>,
    /// The suite file as the user named it.
    pub file: PathBuf,
    /// Line of `name` in it, from 1.
    pub name_line: usize,
    pub seed: u64,
    /// What the command line changed, as given.
    pub overrides: Vec<String>,
    pub target: Target,
    pub scenarios: Vec<Scenario>,
    pub resources: Vec<Resource>,
    pub credentials: Credentials,
    pub cooldown: Option<Cooldown>,
    /// The cooldowns held against the rotation; `None` where none is declared, or nothing can be proved (a closed loop).
    pub proof: Option<Proof>,
    /// Its proof is broken, and it is to be run all the same.
    pub forced: bool,
    pub thresholds: Vec<Threshold>,
    pub axes: Axes,
    /// From moment 0 until the last user stops acting.
    pub duration: Duration,
    /// What must not be printed.
    pub secrets: Secrets,
}

impl Plan {
    /// The highest number of users at once, of all scenarios together.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.users).sum()
    }

    /// How much its users meet on the resources; `None` where nobody acts on any.
    #[must_use]
    pub const fn contention(&self) -> Option<Contention> {
        None
    }
}
