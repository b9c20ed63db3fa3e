//! Who acts on what at each step, and when inside the step: pure functions of user and step. The mathematics is in the
//! row of each pattern: `resource(i, N)` and the phase.

mod burst;
mod dedicated;
mod rotate;

use crate::units::Duration;

/// The size of a rotation: what a pattern may depend on besides user and step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Users at the peak, of all scenarios that share the rotation.
    pub users: u64,
    pub resources: u64,
}

impl Size {
    /// K: how many users share a resource in one step.
    #[must_use]
    pub const fn cohorts(self) -> u64 {
        self.users.div_ceil(self.resources)
    }
}

/// The smallest gaps that a pattern leaves, in steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaps {
    /// Between two actions on one resource. Where users collide on purpose, the collision of one step counts as one visit.
    pub resource: f64,
    /// Do users collide on a resource on purpose?
    pub collides: bool,
    /// Between two actions of one user.
    pub user: f64,
    /// Between two actions of one user on one resource.
    pub user_resource: f64,
}

/// A pattern.
#[derive(Debug)]
pub struct Pattern {
    /// The word in the suite.
    pub name: &'static str,
    pub about: &'static str,
    /// The resource of user i at step N.
    pub resource: fn(u64, u64, Size) -> u64,
    /// When user i acts inside a step of this length.
    pub phase: fn(u64, Size, Duration) -> Duration,
    pub gaps: fn(Size) -> Gaps,
    /// Does every user keep one resource, so that it is bound everywhere?
    pub fixed_resource: bool,
    /// What users should know before they read a result; `None` when there is nothing odd about it.
    pub caution: Option<&'static str>,
}

/// The patterns there are; the first is the default.
pub const PATTERNS: &[Pattern] = &[rotate::PATTERN, burst::PATTERN, dedicated::PATTERN];

/// The pattern of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Pattern> {
    PATTERNS.iter().find(|pattern| pattern.name == name)
}

/// `part` of `whole`, times a step.
fn fraction(step: Duration, part: u64, whole: u64) -> Duration {
    let nanos = u128::from(step.as_nanos()) * u128::from(part) / u128::from(whole.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moment in nanoseconds, user, resource.
    type Visit = (u64, u64, u64);

    /// The smallest gaps over some periods, by looking at every visit.
    fn brute_force(pattern: &Pattern, size: Size) -> Gaps {
        let step = Duration::from_secs(1000);
        let mut visits: Vec<Visit> = Vec::new();
        for number in 0..3 * size.resources + 2 {
            for user in 0..size.users {
                let at = step.as_nanos() * number + (pattern.phase)(user, size, step).as_nanos();
                visits.push((at, user, (pattern.resource)(user, number, size)));
            }
        }
        visits.sort_unstable();
        let collides = visits.windows(2).any(|pair| (pair[0].0, pair[0].2) == (pair[1].0, pair[1].2));
        let smallest = |same: &dyn Fn(&Visit) -> (u64, u64)| {
            let mut last = std::collections::HashMap::new();
            let gaps = visits
                .iter()
                .filter_map(|visit| last.insert(same(visit), visit.0).map(|before| visit.0 - before))
                .filter(|gap| *gap > 0);
            gaps.min().map_or(f64::INFINITY, |gap| gap as f64 / step.as_nanos() as f64)
        };
        Gaps {
            resource: smallest(&|v| (0, v.2)),
            collides,
            user: smallest(&|v| (v.1, 0)),
            user_resource: smallest(&|v| (v.1, v.2)),
        }
    }

    #[test]
    fn the_closed_forms_are_what_brute_force_finds() {
        for pattern in PATTERNS {
            for users in 1..26 {
                for resources in 1..13 {
                    let size = Size { users, resources };
                    let found = brute_force(pattern, size);
                    let gaps = (pattern.gaps)(size);
                    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
                    let place = format!("{} {size:?}: {gaps:?}, found {found:?}", pattern.name);
                    assert!(near(gaps.resource, found.resource) && gaps.collides == found.collides, "{place}");
                    assert!(near(gaps.user, found.user) && near(gaps.user_resource, found.user_resource), "{place}");
                }
            }
        }
    }

    #[test]
    fn known_values() {
        for (users, resources, expected) in [
            (12, 12, 0.9167),
            (2, 20, 1.5),
            (19, 20, 1.0526),
            (50, 20, 0.3167),
            (100, 10, 0.09),
            (3, 3, 1.0),
            (5, 2, 0.3333),
        ] {
            let gap = (rotate::PATTERN.gaps)(Size { users, resources }).resource;
            assert!((gap - expected).abs() < 1e-4, "{users} users, {resources} resources: {gap}");
        }
    }
}
