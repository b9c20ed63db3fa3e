//! What the command line changes in a suite: shown in every report, because a result without them is not the suite's.

use serde_json::Value;

use crate::suite::scalar::Count;
use crate::suite::schema::{Load, Suite};
use crate::units::{Duration, Rate};

/// The changes. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Users of the whole suite at its peak; scenarios keep their proportions. Arrivals come oftener or more seldom, so that
    /// about so many are there at once.
    pub users: Option<u64>,
    /// Length of every load; stages keep their proportions.
    pub duration: Option<Duration>,
    /// The step of every scenario that acts, as in a suite.
    pub every: Option<String>,
    pub seed: Option<u64>,
    /// A plan that breaks its proof is made all the same.
    pub force: bool,
    pub vars: Vec<(String, String)>,
    /// More hosts that may be put under load.
    pub allow: Vec<String>,
}

impl Overrides {
    /// Changes `suite`.
    pub fn apply(&self, suite: &mut Suite) {
        for (name, value) in &self.vars {
            suite.vars.insert(name.clone(), Value::from(value.as_str()));
        }
        if let Some(users) = self.users {
            let peaks: Vec<u64> = suite.scenarios.values().map(|scenario| peak(&scenario.load)).collect();
            let shares = proportional(&peaks, users);
            for ((scenario, before), after) in suite.scenarios.values_mut().zip(&peaks).zip(shares) {
                scale_users(&mut scenario.load, *before, after);
            }
        }
        for scenario in suite.scenarios.values_mut() {
            if let Some(duration) = self.duration {
                scale_duration(&mut scenario.load, duration);
            }
            if let Some(every) = self.every.as_ref().filter(|_| !scenario.act.is_empty()) {
                scenario.every = Some(every.clone());
            }
        }
    }

    /// Each as it was given.
    #[must_use]
    pub fn as_given(&self) -> Vec<String> {
        let users = self.users.map(|users| format!("--users {users}"));
        let duration = self.duration.map(|duration| format!("--duration {duration}"));
        let every = self.every.as_ref().map(|every| format!("--every {every}"));
        let seed = self.seed.map(|seed| format!("--seed {seed}"));
        let vars = self.vars.iter().map(|(name, value)| format!("--var {name}={value}"));
        let allow = self.allow.iter().map(|host| format!("--allow {host}"));
        let force = self.force.then(|| "--force".to_owned());
        [users, duration, every, seed, force].into_iter().flatten().chain(vars).chain(allow).collect()
    }
}

fn peak(load: &Load) -> u64 {
    let stages = load.stages.iter().flatten().map(|stage| stage.target.0);
    let arrived = load.arrivals.map(|rate| arrived(rate, load));
    stages.chain(load.users.map(|users| users.0)).chain(arrived).max().unwrap_or(0)
}

/// How many users are there at once on average, when nobody of the first has left yet; at least 1.
fn arrived(rate: Rate, load: &Load) -> u64 {
    let stay = load.stay.unwrap_or(Duration::ZERO).min(load.duration.unwrap_or(Duration::ZERO));
    ((stay.as_secs_f64() / rate.interval().as_secs_f64()).round() as u64).max(1)
}

/// `total` in the proportions of `weights`, by largest remainder, so that the shares add up to it.
#[must_use]
pub fn proportional(weights: &[u64], total: u64) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum::<u128>().max(1);
    let exact = |weight: u64| u128::from(weight) * u128::from(total);
    let mut shares: Vec<u64> = weights.iter().map(|weight| (exact(*weight) / sum) as u64).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact(weights[*index]) % sum));
    let missing = total.saturating_sub(shares.iter().sum());
    for index in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[index] += 1;
    }
    shares
}

fn scale_users(load: &mut Load, before: u64, after: u64) {
    let scale = |count: Count| Count((count.0 * after + before / 2) / before.max(1));
    for stage in load.stages.iter_mut().flatten() {
        stage.target = scale(stage.target);
    }
    load.users = load.users.map(scale);
    load.arrivals = load.arrivals.map(|rate| Rate { count: rate.count * after as f64 / before.max(1) as f64, ..rate });
}

fn scale_duration(load: &mut Load, after: Duration) {
    if load.duration.is_some() {
        load.duration = Some(after);
    }
    let Some(stages) = &mut load.stages else { return };
    let before: u128 = stages.iter().map(|stage| u128::from(stage.duration.as_nanos())).sum::<u128>().max(1);
    for stage in stages {
        let scaled = u128::from(stage.duration.as_nanos()) * u128::from(after.as_nanos()) / before;
        stage.duration = Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_keep_their_proportions() {
        assert_eq!(proportional(&[20, 20], 10), [5, 5]);
        assert_eq!(proportional(&[12, 20], 7), [3, 4]);
        assert_eq!(proportional(&[1, 1, 1], 2), [1, 1, 0]);
    }

    #[test]
    fn arrivals_come_oftener_for_more_users() {
        let mut load = Load {
            stages: None,
            users: None,
            arrivals: Some(Rate::per_second(5.0)),
            duration: Some(Duration::from_secs(120)),
            stay: Some(Duration::from_secs(30)),
            spacing: None,
        };
        assert_eq!(peak(&load), 150);
        scale_users(&mut load, 150, 30);
        assert_eq!((load.arrivals, peak(&load)), (Some(Rate::per_second(1.0)), 30));
        scale_duration(&mut load, Duration::from_secs(10));
        assert_eq!((load.duration, load.stay), (Some(Duration::from_secs(10)), Some(Duration::from_secs(30))));
    }

    proptest! {
        #[test]
        fn shares_add_up(weights in prop::collection::vec(1u64..10_000, 1..6), total in 1u64..100_000) {
            prop_assert_eq!(proportional(&weights, total).iter().sum::<u64>(), total);
        }
    }
}
