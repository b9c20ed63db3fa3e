//! What will happen: total, typed, immutable, and known before the first socket is opened.
//!
//! [`compile`](compile::compile) makes a [`Plan`] of a suite, or finds everything that is wrong with it.

pub mod compile;
mod compile_custom;
mod compile_delivery;
mod compile_emit;
mod compile_http;
mod compile_invariant;
mod compile_meeting;
mod compile_namespaces;
mod compile_message;
mod compile_scenario;
mod compile_step;
pub mod feed;
pub mod contention;
pub mod cooldown;
pub mod credentials;
pub mod critic;
pub mod custom;
pub mod label;
pub mod delivery;
mod delivery_thresholds;
pub mod invariant;
pub mod lanes;
pub mod language;
pub mod load;
pub mod meeting;
pub mod message;
pub mod once;
pub mod overrides;
pub mod pattern;
pub mod proof;
pub mod proxy;
pub mod raw;
mod resource;
mod rotation;
mod rows;
pub mod scenario;
pub mod step;
pub mod subject;
pub mod summary;
pub mod target;
pub mod threshold;
pub mod transports;
pub mod visits;

use std::path::PathBuf;

pub use overrides::Overrides;
pub use scenario::{Rhythm, Scenario, Turn};
pub use threshold::Threshold;

use crate::metrics::Axes;
use crate::secrets::Secrets;
use crate::units::{Duration, Moment};
use contention::Contention;
use cooldown::Cooldown;
use credentials::Credentials;
use delivery::Deliveries;
use feed::Feeds;
use invariant::{Invariant, Watch};
use language::Resource;
use message::Naming;
use once::Once;
use proof::Proof;
use scenario::Rotation;
use target::Target;
use visits::{Party, Visits};

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
    /// Which names the messages of a raw WebSocket go by.
    pub naming: Naming,
    pub scenarios: Vec<Scenario>,
    pub resources: Vec<Resource>,
    pub credentials: Credentials,
    pub feeds: Feeds,
    pub cooldown: Option<Cooldown>,
    /// The cooldowns held against the rotation; `None` where none is declared, or nothing can be proved (a closed loop).
    pub proof: Option<Proof>,
    /// Its proof is broken, and it is to be run all the same.
    pub forced: bool,
    pub deliveries: Deliveries,
    pub invariants: Vec<Invariant>,
    pub thresholds: Vec<Threshold>,
    /// What is done before and after the run, by no user.
    pub once: Once,
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

    /// Until when a user of a scenario stays after its own turns, to hear of what others did: to the last deadline of their last
    /// deliveries. `None` where it hears nothing, or leaves while others still act: what is on its way then is ambiguous.
    #[must_use]
    pub fn hears_until(&self, scenario: &Scenario, leaves: Moment) -> Option<Moment> {
        let hears = scenario.connect.socket && self.is_heard() && scenario.most_turns.is_none();
        let (last, patience) = (Moment::START + self.duration, self.patience());
        (hears && leaves + patience >= last).then_some(last + patience)
    }

    /// Does anybody listen for what others do?
    #[must_use]
    pub fn is_heard(&self) -> bool {
        !self.deliveries.is_empty() || self.watches().next().is_some()
    }

    /// The events that invariants look at.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.invariants.iter().filter_map(|invariant| invariant.rule.watch())
    }

    /// The longest that anybody waits for what others did.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.watches().map(|watch| watch.within).max().unwrap_or_default().max(self.deliveries.patience())
    }

    /// How much its users meet on the resources; `None` where nobody acts on any, or not in a common step.
    #[must_use]
    pub fn contention(&self) -> Option<Contention> {
        let (visits, step) = self.visits()?;
        Some(Contention::of(&visits, step, self.duration))
    }

    /// Who visits which resource when, in steps of that length; `None` where nobody does, or not in a common step.
    #[must_use]
    pub fn visits(&self) -> Option<(Visits, Duration)> {
        let in_step = self.scenarios.iter().filter_map(|scenario| match (scenario.rotation, scenario.rhythm) {
            (Some(rotation), Rhythm::Step { every, .. }) => Some((scenario, rotation, every)),
            _ => None,
        });
        let in_step: Vec<_> = in_step.collect();
        let (_, first, every) = in_step.first()?;
        let step = Duration::from_nanos(every.as_nanos() / first.stride);
        let is_common = |(_, rotation, every): &(&Scenario, Rotation, Duration)| {
            let same = rotation.pattern.name == first.pattern.name && rotation.setting == first.setting;
            same && step * rotation.stride == *every
        };
        let party = |(scenario, rotation, _): &(&Scenario, Rotation, Duration)| Party {
            users: scenario.users,
            first_user: scenario.first_user,
            stride: rotation.stride,
        };
        let parties: Vec<Party> = in_step.iter().map(party).collect();
        // Those of a closed loop have numbers in the rotation, too, but no moments.
        let all_here = parties.iter().map(|party| party.users).sum::<u64>() == first.setting.users;
        let rows = self.credentials.shared_rows();
        let visits = Visits { pattern: first.pattern, setting: first.setting, parties, rows };
        (all_here && in_step.iter().all(is_common)).then_some((visits, step))
    }
}
