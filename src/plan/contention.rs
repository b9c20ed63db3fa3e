//! How much users of a plan meet: without contention a load test of shared resources tests little.

use std::collections::{BTreeMap, HashSet};

use super::pattern::Takes;
use super::proof::Span;
use super::visits::Visits;
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

/// Up to so many users all pairs are counted.
const COUNTED_USERS: u64 = 5_000;
/// So many visits are looked at, at most.
const MOST_VISITS: u64 = 20_000_000;
/// Of more users, so many are followed.
const SAMPLE: u64 = 200;
/// Users of a resource are counted up to so many marks.
const MOST_MARKS: u64 = 1 << 27;

impl Contention {
    /// Of a rotation with this step that is at its peak for the whole run.
    #[must_use]
    pub fn of(visits: &Visits, step: Duration, run: Duration) -> Self {
        let steps = run.as_nanos().div_ceil(step.as_nanos().max(1));
        let users = visits.setting.users;
        // After two periods nothing new comes.
        let seen = visits.period().map_or(steps, |period| steps.min(period.saturating_mul(2)));
        let is_counted = users <= COUNTED_USERS && visits.turns(seen) <= MOST_VISITS;
        let tally = match visits.pattern.takes {
            _ if is_counted => all(visits, seen, 1),
            Takes::Drawn(_) => {
                let part = (MOST_VISITS / 2 / visits.turns(1).max(1)).clamp(1, seen.max(1)).min(seen);
                let each = users.div_ceil(SAMPLE);
                let times = seen as f64 / part.max(1) as f64;
                all(visits, part, each).grown(times, users, each, visits.setting.resources)
            }
            _ => sample(visits, seen),
        };
        let whole = visits.parts();
        Self {
            users_per_resource: tally.users,
            pairs: tally.pairs,
            possible_pairs: users * (users - 1),
            sampled: !is_counted,
            between: median(&tally.gaps).map(|parts| Span { parts, whole }.with(step)),
        }
    }

    /// Do any two users ever meet on a resource?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.pairs > 0
    }

    /// What a reader of the results should know, if no two users ever meet.
    #[must_use]
    pub const fn caution(&self) -> Option<&'static str> {
        match (self.possible_pairs, self.pairs) {
            (0, _) => Some("one user meets nobody: no contention"),
            (_, 0) => Some("no two users ever act on the same resource in this run: no contention"),
            _ => None,
        }
    }
}

/// What was seen.
struct Tally {
    users: (u64, u64),
    pairs: u64,
    /// The pairs that were counted, by how far apart the numbers of the two are: so many in each stretch of numbers.
    by_distance: Vec<u64>,
    /// How often each time lay between two different users, in parts of a step.
    gaps: BTreeMap<u64, u64>,
}

impl Tally {
    /// From a part of a run to the whole of it, for what is drawn anew at each step: what has not been seen in a part is seen
    /// in the next with the same chance. That of a pair depends on how far apart their numbers are, in the order of which users
    /// act; it is about the same for all of one distance.
    fn grown(self, times: f64, users: u64, each: u64, resources: u64) -> Self {
        let grow = |seen: u64, of: f64| {
            let unseen = 1.0 - (seen as f64 / of.max(1.0)).min(1.0);
            (1.0 - unseen.powf(times)) * of
        };
        let (followed, stretch) = (users.div_ceil(each), stretch(resources));
        let of_stretch = |(number, seen): (usize, &u64)| {
            let from = (number as u64 * stretch).max(1);
            let to = ((number as u64 + 1) * stretch).min(users);
            grow(*seen, (followed * to.saturating_sub(from)) as f64)
        };
        let pairs: f64 = self.by_distance.iter().enumerate().map(of_stretch).sum();
        let pairs = (pairs * users as f64 / followed as f64).round() as u64;
        let seen = |seen: u64| grow(seen, users as f64).round() as u64;
        Self { users: (seen(self.users.0), seen(self.users.1)), pairs, ..self }
    }
}

/// Over so many numbers the chance that one user follows another hardly changes.
const fn stretch(resources: u64) -> u64 {
    if resources < 8 { 1 } else { resources / 4 }
}

/// Marks for pairs of numbers.
struct Marks {
    width: u64,
    bits: Vec<u64>,
}

impl Marks {
    fn new(height: u64, width: u64) -> Self {
        Self { width, bits: vec![0; usize::try_from((height * width).div_ceil(64)).unwrap_or(0)] }
    }

    /// Is it new?
    fn mark(&mut self, row: u64, column: u64) -> bool {
        let at = row * self.width + column;
        let (word, bit) = (&mut self.bits[(at / 64) as usize], 1 << (at % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

/// Goes through all visits of so many steps; of pairs only those whose first is one of every `each` users are counted.
fn all(visits: &Visits, steps: u64, each: u64) -> Tally {
    let (users, resources) = (visits.setting.users, visits.setting.resources);
    let watched = (MOST_MARKS / users).clamp(1, resources);
    let mut seen = Marks::new(watched, users);
    let mut by_resource = vec![0_u64; watched as usize];
    let mut followed = Marks::new(users.div_ceil(each), users);
    let (mut pairs, mut by_distance) = (0_u64, vec![0_u64; (users / stretch(resources) + 1) as usize]);
    let mut gaps = BTreeMap::new();
    let mut last: Vec<Option<(u64, u64)>> = vec![None; resources as usize];
    let in_step = visits.is_in_step();
    for step in 0..steps {
        // On a resource users of one step act in the order of their numbers.
        for user in (0..users).filter(|user| in_step || step.is_multiple_of(visits.stride(*user))) {
            let Some(resource) = visits.pattern.resource(user, step, &visits.setting) else { continue };
            let now = visits.moment(user, step);
            if resource < watched && seen.mark(resource, user) {
                by_resource[resource as usize] += 1;
            }
            if let Some((before, then)) = last[resource as usize].replace((user, now)).filter(|last| last.0 != user) {
                *gaps.entry(now - then).or_insert(0) += 1;
                if before.is_multiple_of(each) && followed.mark(before / each, user) {
                    pairs += 1;
                    by_distance[((user + users - before) % users / stretch(resources)) as usize] += 1;
                }
            }
        }
    }
    let fewest = by_resource.iter().min().copied().unwrap_or(0);
    let most = by_resource.iter().max().copied().unwrap_or(0);
    let pairs = (pairs * users / users.div_ceil(each)).min(users * (users - 1));
    Tally { users: (fewest, most), pairs, by_distance, gaps }
}

/// Follows some users of a pattern that begins anew, and looks at some resources.
fn sample(visits: &Visits, steps: u64) -> Tally {
    let (users, resources) = (visits.setting.users, visits.setting.resources);
    let at_once = visits.setting.cohorts().saturating_mul(visits.setting.contenders);
    let sampled = users.min(SAMPLE);
    let each = (MOST_VISITS / (at_once + 1) / sampled).max(2);
    let mut pairs = 0_u64;
    let mut gaps = BTreeMap::new();
    for user in (0..sampled).map(|number| number * users / sampled) {
        let mut next = HashSet::new();
        let mut left = each;
        for step in (0..steps).step_by(visits.stride(user) as usize) {
            let (found, looked_at) = follower(visits, user, step, steps, left);
            left -= looked_at.min(left);
            if let Some((other, gap)) = found.filter(|(other, _)| *other != user) {
                *gaps.entry(gap).or_insert(0) += 1;
                next.insert(other);
            }
            if left == 0 {
                break;
            }
        }
        pairs += next.len() as u64;
    }
    let watched = (MOST_VISITS / (at_once + 1) / steps.max(1)).clamp(1, resources.min(16));
    let distinct = (0..watched).map(|number| {
        let mut seen = HashSet::new();
        let steps = steps.min(visits.period().unwrap_or(steps)).min(MOST_VISITS / (at_once + 1));
        for step in 0..steps {
            visits.on(number * resources / watched, step, |user| _ = seen.insert(user));
        }
        seen.len() as u64
    });
    let distinct: Vec<u64> = distinct.collect();
    let users_seen = (distinct.iter().min().copied().unwrap_or(0), distinct.iter().max().copied().unwrap_or(0));
    Tally { users: users_seen, pairs: pairs * users / sampled, by_distance: Vec::new(), gaps }
}

/// Who acts next on the resource that the user has at a step, and how much later; and how many steps were looked at.
fn follower(visits: &Visits, user: u64, step: u64, steps: u64, most: u64) -> (Option<(u64, u64)>, u64) {
    let Some(resource) = visits.pattern.resource(user, step, &visits.setting) else { return (None, 1) };
    let now = visits.moment(user, step);
    let end = steps.min(step.saturating_add(most.max(1)));
    for later in step..end {
        let mut found = None;
        visits.on(resource, later, |other| {
            if found.is_none() && (later > step || other > user) {
                found = Some((other, visits.moment(other, later) - now));
            }
        });
        if found.is_some() {
            return (found, later - step + 1);
        }
    }
    (None, end.saturating_sub(step))
}

fn median(counts: &BTreeMap<u64, u64>) -> Option<u64> {
    let half = counts.values().sum::<u64>().div_ceil(2);
    let mut seen = 0;
    counts.iter().find_map(|(value, count)| {
        seen += count;
        (seen >= half).then_some(*value)
    })
}

#[cfg(test)]
mod tests {
    use super::super::pattern::{Choice, Order, find};
    use super::super::visits::Party;
    use super::*;

    fn visits(choice: Choice, users: u64, resources: u64) -> Visits {
        let setting = choice.setting(users, resources, 7);
        let parties = vec![Party { users, first_user: 0, stride: 1 }];
        Visits { pattern: choice.pattern, setting, parties, rows: None }
    }

    /// A sample of the users says about the same as all of them.
    #[test]
    fn samples_are_near_what_is_counted() {
        let balanced = Choice { order: Order::Balanced, ..Choice::default() };
        let burst = Choice { pattern: find("burst").unwrap(), ..Choice::default() };
        for (choice, users, resources, steps) in [
            (Choice::default(), 600, 20, 300),
            (Choice::default(), 300, 400, 900),
            (balanced, 400, 400, 900),
            (balanced, 300, 350, 700),
            (balanced, 600, 50, 200),
            (burst, 300, 7, 50),
        ] {
            let visits = visits(choice, users, resources);
            let (counted, sampled) = (all(&visits, steps, 1), sample(&visits, steps));
            let place = format!("{} {users} {resources}", choice.pattern.name);
            let (pairs, guess) = (counted.pairs as f64, sampled.pairs as f64);
            assert!((pairs - guess).abs() <= 0.05 * pairs, "{place}: {pairs} pairs, {guess}");
            let (one, other) = (median(&counted.gaps), median(&sampled.gaps));
            assert_eq!(one, other, "{place}");
            assert!(counted.users.0 <= sampled.users.0 && sampled.users.1 <= counted.users.1, "{place}");
        }
    }

    #[test]
    fn what_is_drawn_is_grown_from_a_part_of_the_run() {
        let random = Choice { pattern: find("random").unwrap(), ..Choice::default() };
        let visits = visits(random, 400, 50);
        let (counted, part) = (all(&visits, 400, 1), all(&visits, 100, 2).grown(4.0, 400, 2, 50));
        let (pairs, guess) = (counted.pairs as f64, part.pairs as f64);
        assert!((pairs - guess).abs() <= 0.05 * pairs, "{pairs} pairs, {guess}");
        assert_eq!(median(&counted.gaps), median(&part.gaps));
    }
}
