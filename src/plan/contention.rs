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
                all(visits, part, users.div_ceil(SAMPLE)).grown(seen as f64 / part.max(1) as f64, users)
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
    /// How often each time lay between two different users, in parts of a step.
    gaps: BTreeMap<u64, u64>,
}

impl Tally {
    /// From a part of a run to the whole of it, for what is drawn anew at each step: what has not been seen in a part is seen
    /// in the next with the same chance.
    fn grown(self, times: f64, users: u64) -> Self {
        let grow = |seen: u64, of: u64| {
            let unseen = 1.0 - (seen as f64 / of.max(1) as f64).min(1.0);
            ((1.0 - unseen.powf(times)) * of as f64).round() as u64
        };
        let pairs = grow(self.pairs, users * (users - 1));
        Self { users: (grow(self.users.0, users), grow(self.users.1, users)), pairs, ..self }
    }
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
    let mut pairs = 0_u64;
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
                pairs += u64::from(before.is_multiple_of(each) && followed.mark(before / each, user));
            }
        }
    }
    let fewest = by_resource.iter().min().copied().unwrap_or(0);
    let most = by_resource.iter().max().copied().unwrap_or(0);
    Tally { users: (fewest, most), pairs: (pairs * users).div_ceil(users.div_ceil(each)).min(users * (users - 1)), gaps }
}

/// Follows some users of a pattern that begins anew, and looks at some resources.
fn sample(visits: &Visits, steps: u64) -> Tally {
    let (users, resources) = (visits.setting.users, visits.setting.resources);
    let at_once = visits.setting.cohorts().saturating_mul(visits.setting.contenders);
    let sampled = users.min(SAMPLE);
    let each = (MOST_VISITS / (at_once + 1) / sampled).clamp(2, steps.max(2));
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
    Tally { users: users_seen, pairs: pairs * users / sampled, gaps }
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
