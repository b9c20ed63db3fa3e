//! Does the plan keep the declared cooldowns? And which step would?
//!
//! Gaps come from the closed form of each pattern; they are what brute force finds (the test of `pattern` compares them).

use super::cooldown::{Cooldown, Rule};
use super::pattern::{Gaps, Pattern, Size};
use crate::units::{Duration, RateLimit};

/// `auto` gives whole milliseconds: nobody reads finer, and servers do not measure finer.
const GRAIN: u64 = 1_000_000;

/// The declared rules held against a plan with its step.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// One for each declared rule.
    pub checks: Vec<Check>,
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
    /// next), in steps; `None` where there never are so many.
    pub steps: Option<f64>,
    /// Users collide on purpose: never held against the plan.
    pub by_design: bool,
    /// From the visits themselves; otherwise a bound.
    pub exact: bool,
    /// Where users collide by design: share of the actions that come sooner than the rule allows.
    pub inside: Option<f64>,
}

impl Proof {
    /// Is every rule kept, but for what collides by design?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.kept(self.step))
    }

    /// How late a turn may start without breaking a rule: the least that any gap has to spare.
    #[must_use]
    pub fn slack(&self) -> Option<Duration> {
        slack(&self.checks, self.step)
    }
}

impl Cooldown {
    /// Every declared rule against a pattern of this size.
    #[must_use]
    pub fn checks(&self, pattern: &Pattern, size: Size) -> Vec<Check> {
        let Gaps { resource, collides, user, user_resource } = (pattern.gaps)(size);
        let of = |rule: Rule| match rule {
            Rule::PerResource => (resource, collides),
            Rule::PerUserResource => (user_resource, false),
            Rule::PerUser | Rule::PerAddress => (user, false),
        };
        let check = |(rule, limit): (Rule, RateLimit)| {
            let (steps, by_design) = of(rule);
            let needed = limit.per + self.margin;
            Check { rule, limit, needed, steps: Some(steps), by_design, exact: true, inside: None }
        };
        self.rules().map(check).collect()
    }
}

impl Check {
    /// The smallest gap with that step.
    #[must_use]
    pub fn gap(&self, step: Duration) -> Option<Duration> {
        self.steps.map(|steps| Duration::from_secs_f64(steps * step.as_secs_f64()))
    }

    /// Is the rule kept? Collisions on purpose are never held against a plan.
    #[must_use]
    pub fn kept(&self, step: Duration) -> bool {
        // A nanosecond of grace: the gap went through floating point.
        self.by_design || self.gap(step).is_none_or(|gap| gap + Duration::from_nanos(1) >= self.needed)
    }

    /// The shortest step that keeps the rule, in whole milliseconds.
    #[must_use]
    pub fn shortest_step(&self) -> Duration {
        let exact = self.needed.as_nanos() as f64 / self.steps.unwrap_or(f64::INFINITY);
        let grains = (exact / GRAIN as f64 - 1e-6).ceil() as u64;
        Duration::from_nanos(grains * GRAIN)
    }
}

/// `every: auto`: the shortest step that keeps all rules; `None` without a rule.
#[must_use]
pub fn shortest_step(checks: &[Check]) -> Option<Duration> {
    checks.iter().map(Check::shortest_step).max()
}

/// How late a turn may start without breaking a rule: the least that any gap has to spare.
#[must_use]
pub fn slack(checks: &[Check], step: Duration) -> Option<Duration> {
    let bound = checks.iter().filter(|check| !check.by_design);
    bound.filter_map(|check| Some(check.gap(step)?.saturating_sub(check.needed))).min()
}

#[cfg(test)]
mod tests {
    use super::super::pattern::find;
    use super::*;
    use crate::suite::schema;

    fn cooldown(per_resource: u64, per_user: u64, margin: u64) -> Cooldown {
        let some = |millis| (millis > 0).then(|| Duration::from_millis(millis));
        Cooldown::of(&schema::Cooldown {
            per_resource: some(per_resource),
            per_user: some(per_user),
            per_user_resource: None,
            margin: Some(Duration::from_millis(margin)),
        })
    }

    fn check(pattern: &str, size: (u64, u64), cooldown: Cooldown, expected_ms: u64) {
        let size = Size { users: size.0, resources: size.1 };
        let checks = cooldown.checks(find(pattern).unwrap(), size);
        let step = shortest_step(&checks).unwrap();
        assert_eq!(step, Duration::from_millis(expected_ms), "{pattern} {size:?}");
        assert!(checks.iter().all(|check| check.kept(step)));
        let shorter = step.saturating_sub(Duration::from_millis(1));
        assert!(!checks.iter().all(|check| check.kept(shorter)) || checks.iter().any(|check| check.by_design));
    }

    #[test]
    fn auto_is_the_shortest_step_that_keeps_every_rule() {
        check("rotate", (12, 12), cooldown(1000, 0, 50), 1146); // 1050 / (1 − 1/12)
        check("rotate", (2, 20), cooldown(1000, 0, 50), 700);
        check("rotate", (3, 3), cooldown(1000, 0, 50), 1050);
        check("rotate", (50, 20), cooldown(1000, 0, 0), 3158); // 1000 / 0.31667
        check("rotate", (20, 40), cooldown(100, 500, 50), 550);
        check("dedicated", (20, 20), cooldown(1000, 200, 50), 1050);
        check("burst", (20, 20), cooldown(1000, 200, 50), 250);
    }

    #[test]
    fn slack_is_what_the_tightest_gap_has_to_spare() {
        let checks = cooldown(1000, 500, 50).checks(find("dedicated").unwrap(), Size { users: 4, resources: 4 });
        assert_eq!(slack(&checks, Duration::from_millis(1200)), Some(Duration::from_millis(150)));
        assert_eq!(slack(&[], Duration::from_millis(1200)), None);
    }
}
