//! Who acts on what at each step, and when inside the step: pure functions of user and step. The mathematics is in the
//! row of each pattern; [`choice`] is how a suite chooses one.

pub mod balanced;
mod burst;
pub mod choice;
mod dedicated;
mod drawn;
mod hotspot;
mod none;
pub mod phase;
mod random;
mod rotate;
mod setting;

pub use choice::Choice;
pub use setting::{Order, Setting};

/// A pattern.
#[derive(Debug)]
pub struct Pattern {
    /// The word in the suite.
    pub name: &'static str,
    pub about: &'static str,
    pub takes: Takes,
    /// Do users collide on a resource on purpose?
    pub collides: fn(&Setting) -> bool,
    /// Does every user keep one resource, so that it is bound everywhere?
    pub fixed_resource: bool,
    /// What users should know before they read a result; `None` when there is nothing odd about it.
    pub caution: Option<&'static str>,
}

/// How users get their resources.
#[derive(Debug)]
pub enum Takes {
    /// They get none.
    Nothing,
    /// At step N group g takes resource (g + moved) mod R.
    Shifted {
        /// By how much a cohort has moved at a step; below R.
        moved: fn(cohort: u64, step: u64, &Setting) -> u64,
        /// After how many steps it begins anew, shifts of cohorts apart.
        period: fn(&Setting) -> u64,
        /// Does each step move everybody by one resource, so that every resource sees the same, only later?
        even: fn(&Setting) -> bool,
    },
    /// The resource of a user at a step, from a hash.
    Drawn(fn(user: u64, step: u64, &Setting) -> u64),
}

/// The patterns there are; the first is the default.
pub const PATTERNS: &[Pattern] =
    &[rotate::PATTERN, dedicated::PATTERN, burst::PATTERN, random::PATTERN, hotspot::PATTERN, none::PATTERN];

/// The pattern of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Pattern> {
    PATTERNS.iter().find(|pattern| pattern.name == name)
}

impl Pattern {
    /// The resource of a user (by its number in the rotation) at a step.
    #[must_use]
    pub fn resource(&self, user: u64, step: u64, setting: &Setting) -> Option<u64> {
        match self.takes {
            Takes::Nothing => None,
            Takes::Shifted { moved, .. } => {
                let group = user / setting.contenders;
                Some((group % setting.resources + moved(group / setting.resources, step, setting)) % setting.resources)
            }
            Takes::Drawn(resource) => Some(resource(user, step, setting)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Percent;

    impl Setting {
        /// A sequential rotation, not spread.
        #[must_use]
        pub fn for_tests(users: u64, resources: u64) -> Self {
            Choice::default().setting(users, resources, 0)
        }
    }

    fn shares(pattern: &str, setting: Setting) -> Vec<f64> {
        let pattern = find(pattern).unwrap();
        let mut counts = vec![0_u64; setting.resources as usize];
        let steps = 2_000;
        for step in 0..steps {
            for user in 0..setting.users {
                counts[pattern.resource(user, step, &setting).unwrap() as usize] += 1;
            }
        }
        counts.iter().map(|count| *count as f64 / (steps * setting.users) as f64).collect()
    }

    #[test]
    fn draws_are_even_or_as_hot_as_they_say() {
        let setting = Setting { share: Percent(0.8), on: Percent(0.2), ..Setting::for_tests(20, 10) };
        assert!(shares("random", setting).iter().all(|share| (share - 0.1).abs() < 0.01));
        let hot = shares("hotspot", setting);
        assert!(hot[..2].iter().all(|share| (share - 0.4).abs() < 0.02), "{hot:?}");
        assert!(hot[2..].iter().all(|share| (share - 0.025).abs() < 0.005), "{hot:?}");
        let all = Setting { on: Percent(1.0), ..setting };
        assert!(shares("hotspot", all).iter().all(|share| (share - 0.1).abs() < 0.01));
    }

    #[test]
    fn another_seed_draws_otherwise() {
        let pattern = find("random").unwrap();
        let of = |seed| {
            let setting = Setting { seed, ..Setting::for_tests(1, 1_000) };
            (0..8).map(|step| pattern.resource(0, step, &setting)).collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn everybody_takes_a_resource_of_its_own_while_there_are_enough() {
        for order in [Order::Sequential, Order::Balanced] {
            for (users, resources) in [(5, 5), (4, 7), (12, 12), (1, 1)] {
                let setting = Setting { order, ..Setting::for_tests(users, resources) };
                for step in 0..3 * resources {
                    let mut taken: Vec<_> = (0..users).map(|user| PATTERNS[0].resource(user, step, &setting)).collect();
                    taken.sort_unstable();
                    taken.dedup();
                    assert_eq!(taken.len() as u64, users, "{order:?} {users} {resources} step {step}");
                }
            }
        }
    }
}
