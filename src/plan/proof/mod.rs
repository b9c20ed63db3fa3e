//! Does the plan keep the declared cooldowns? And which step would?
//!
//! Every gap grows with the step, so the smallest ones are found once, in parts of a step (`gaps`), from the visits
//! themselves; then a step is held against them. [`advice`] says what would do where a plan cannot keep its rules.

pub mod advice;
mod drawn;
mod gaps;
mod span;

pub use span::Span;

use super::cooldown::{Cooldown, Rule};
use super::visits::Visits;
use crate::units::{Duration, RateLimit};

/// `auto` gives whole milliseconds: nobody reads finer, and servers do not measure finer.
const GRAIN: u64 = 1_000_000;

/// So many visits are looked at one by one; of more than that there is only a bound.
const MOST_VISITS: u64 = 10_000_000;

/// A window of more actions is held to as if it were of so many, which is stricter and keeps numbers small.
const MOST_COUNT: u64 = 1 << 32;

/// The declared rules held against a plan with its step.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// One for each declared rule.
    pub checks: Vec<Check>,
    /// The base step: the shortest of the scenarios that act on the resources.
    pub step: Duration,
}

/// One rule held against the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    pub rule: Rule,
    /// As declared.
    pub limit: RateLimit,
    /// What is declared, and the margin.
    pub needed: Duration,
    /// The smallest span that occurs from an action to the one that the rule counts next (with a plain cooldown the very
    /// next); `None` where there never are so many. Where users collide by design, the collision is one action.
    pub span: Option<Span>,
    /// Users collide on purpose: never held against the plan.
    pub by_design: bool,
    /// From the visits themselves; otherwise a bound.
    pub exact: bool,
    /// Where users collide by design: share of the actions that come sooner than the rule allows, its margin apart.
    pub inside: Option<f64>,
}

impl Proof {
    /// The rules against a rotation. `run` is for how long, for what never begins anew.
    #[must_use]
    pub fn new(visits: &Visits, cooldown: &Cooldown, step: Duration, run: Duration) -> Self {
        let steps = run.as_nanos().div_ceil(step.as_nanos().max(1));
        let checks = cooldown.rules().map(|(rule, limit)| {
            let mut check = Check::new(visits, cooldown, rule, limit);
            if visits.period().is_none() {
                drawn::sharpen(&mut check, visits, step, steps);
            } else if check.by_design {
                check.inside = Some(gaps::inside(visits, limit, step));
            }
            check
        });
        Self { checks: checks.collect(), step }
    }

    /// Is every rule kept, but for what collides by design?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.kept(self.step))
    }

    /// How late a turn may start without breaking a rule: the least that any gap has to spare. `None` where nothing binds.
    #[must_use]
    pub fn slack(&self) -> Option<Duration> {
        let bound = self.checks.iter().filter(|check| !check.by_design);
        bound.filter_map(|check| Some(check.gap(self.step)?.saturating_sub(check.needed))).min()
    }
}

/// Every declared rule against a rotation, whatever the step and the length of the run.
#[must_use]
pub fn checks(visits: &Visits, cooldown: &Cooldown) -> Vec<Check> {
    cooldown.rules().map(|(rule, limit)| Check::new(visits, cooldown, rule, limit)).collect()
}

/// `every: auto`: the shortest step that keeps all rules; `None` where no step does.
#[must_use]
pub fn shortest_step(checks: &[Check]) -> Option<Duration> {
    checks.iter().map(Check::shortest_step).try_fold(Duration::ZERO, |longest, step| Some(longest.max(step?)))
}

impl Check {
    fn new(visits: &Visits, cooldown: &Cooldown, rule: Rule, limit: RateLimit) -> Self {
        let by_design = rule == Rule::PerResource && (visits.pattern.collides)(&visits.setting);
        let count = limit.count.min(MOST_COUNT);
        let found = match rule {
            Rule::PerResource => gaps::per_resource(visits, count),
            Rule::PerUser => gaps::per_user(visits, count),
            Rule::PerUserResource => gaps::per_user_resource(visits, count),
            Rule::PerAddress => gaps::per_address(visits, count),
        };
        let span = found.parts.map(|parts| Span { parts, whole: visits.parts() });
        let needed = limit.per + cooldown.margin;
        Self { rule, limit, needed, span, by_design, exact: found.exact, inside: None }
    }

    /// The smallest gap with that step.
    #[must_use]
    pub fn gap(&self, step: Duration) -> Option<Duration> {
        self.span.map(|span| span.with(step))
    }

    /// Is the rule kept? Collisions on purpose are never held against a plan.
    #[must_use]
    pub fn kept(&self, step: Duration) -> bool {
        self.by_design || self.span.is_none_or(|span| span.reaches(self.needed, step))
    }

    /// The shortest step that keeps the rule, in whole milliseconds; the collision of one step counts as one action.
    #[must_use]
    pub fn shortest_step(&self) -> Option<Duration> {
        self.span.map_or(Some(Duration::ZERO), |span| span.shortest_step(self.needed, GRAIN))
    }
}

#[cfg(test)]
mod tests;
