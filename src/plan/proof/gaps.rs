//! The smallest gaps of a rotation, from the visits themselves: over one period where the pattern begins anew. Symmetry makes
//! that quick: where all resources see the same one after another, one stands for all; and on resources seen by a user
//! all users of a scenario are alike.

use super::MOST_VISITS;
use super::span::{smallest, smallest_of_stretch, spans};
use crate::plan::pattern::{Setting, Takes, balanced};
use crate::plan::visits::{Visits, least_common_multiple};
use crate::units::{Duration, RateLimit};

/// So many visits of a resource are looked at where its period is too long.
const STRETCH: u64 = 1_000_000;

/// The smallest span found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// In parts of a step; `None` where there never are so many visits.
    pub parts: Option<u64>,
    /// From the visits themselves; otherwise a bound that none of them goes below.
    pub exact: bool,
}

impl Found {
    const fn exactly(parts: Option<u64>) -> Self {
        Self { parts, exact: true }
    }

    const fn at_least(parts: u64) -> Self {
        Self { parts: Some(parts), exact: false }
    }
}

/// Between two visits of a resource, whoever acts. Where users collide by design, those at one moment count as one; of what
/// is drawn, those of one step.
pub fn per_resource(visits: &Visits, count: u64) -> Found {
    let Some(period) = visits.period() else { return Found::at_least(count.saturating_mul(visits.parts())) };
    let collides = (visits.pattern.collides)(&visits.setting);
    let all = visits.representatives();
    let each = period.saturating_mul(most_at_once(visits));
    let looked_at = (MOST_VISITS / each.max(1)).min(all);
    if looked_at == 0 {
        // Not even one whole period: a stretch of it may show that the bound is reached.
        let steps = STRETCH / most_at_once(visits);
        let (bound, found) =
            (resource_bound(visits, count), smallest_of_stretch(&track(visits, 0, steps, collides), count));
        return Found { parts: Some(bound), exact: found == Some(bound) };
    }
    let length = period.saturating_mul(visits.parts());
    let seen = (0..looked_at).map(|number| number * (all / looked_at));
    let found = seen.filter_map(|resource| smallest(&track(visits, resource, period, collides), length, count)).min();
    if looked_at == all {
        return Found::exactly(found);
    }
    let bound = resource_bound(visits, count);
    Found { parts: Some(bound), exact: found == Some(bound) }
}

/// How many steps and visits a step of one resource costs to look at.
const fn most_at_once(visits: &Visits) -> u64 {
    visits.setting.cohorts().saturating_mul(1 + visits.setting.contenders)
}

/// The moments at which a resource is visited in so many steps, sorted; those at one moment once, if `merged`.
fn track(visits: &Visits, resource: u64, steps: u64, merged: bool) -> Vec<u64> {
    let mut times = Vec::new();
    for step in 0..steps {
        visits.on(resource, step, |user| times.push(visits.moment(user, step)));
    }
    if merged {
        times.dedup();
    }
    times
}

/// No span of visits on a resource is shorter: it is that of a rotation in which every user acts at every step, and in which, in
/// an order that is too long to look at, no user is missing.
fn resource_bound(visits: &Visits, count: u64) -> u64 {
    if !visits.is_in_step() {
        return per_resource(&in_step(visits), count).parts.unwrap_or(0);
    }
    let Setting { resources, spread, .. } = visits.setting;
    let groups = visits.setting.groups();
    if !spread {
        count
    } else if groups < resources {
        count.saturating_mul(groups) - (groups - 1)
    } else {
        count.saturating_mul(resources) - (resources - 1)
    }
}

/// The same users, all of them at every step.
fn in_step(visits: &Visits) -> Visits {
    let mut visits = visits.clone();
    visits.parties.iter_mut().for_each(|party| party.stride = 1);
    visits
}

/// Between two visits of a user, whatever it acts on. Users that share a row are one.
pub fn per_user(visits: &Visits, count: u64) -> Found {
    if visits.rows.is_some() {
        return by_key(visits, count, &|user| visits.row(user));
    }
    let stride = visits.parties.iter().filter(|party| party.users > 0).map(|party| party.stride).min();
    Found::exactly(stride.map(|stride| count.saturating_mul(stride).saturating_mul(visits.parts())))
}

/// Between two visits of anybody: all users have one address.
pub fn per_address(visits: &Visits, count: u64) -> Found {
    by_key(visits, count, &|_| 0)
}

/// Between two visits of those with one key, whatever they act on.
fn by_key(visits: &Visits, count: u64, key: &dyn Fn(u64) -> u64) -> Found {
    let period = visits.alternation();
    if visits.turns(period) > MOST_VISITS && !visits.is_in_step() {
        return Found { exact: false, ..by_key(&in_step(visits), count, key) };
    }
    let mut all: Vec<(u64, u64)> = Vec::new();
    for user in 0..visits.setting.users {
        let (key, stride) = (key(user), visits.stride(user));
        all.extend((0..period).step_by(stride as usize).map(|step| (key, visits.moment(user, step))));
    }
    Found::exactly(smallest_by_key(all, period.saturating_mul(visits.parts()), count))
}

/// The smallest span of any key.
fn smallest_by_key(mut all: Vec<(u64, u64)>, period: u64, count: u64) -> Option<u64> {
    all.sort_unstable();
    let mut times = Vec::new();
    let of_key = |same: &[(u64, u64)]| {
        times.clear();
        times.extend(same.iter().map(|(_, time)| *time));
        smallest(&times, period, count)
    };
    all.chunk_by(|a, b| a.0 == b.0).filter_map(of_key).min()
}

/// Between two visits of a user on one resource.
pub fn per_user_resource(visits: &Visits, count: u64) -> Found {
    let Takes::Shifted { moved, period, .. } = visits.pattern.takes else { return per_user_bound(visits, count) };
    if visits.rows.is_some() {
        return per_row_resource(visits, count);
    }
    if visits.setting.shift {
        return Found::exactly(
            per_user_resource_shifted(&visits.setting, count).map(|steps| steps.saturating_mul(visits.parts())),
        );
    }
    let mut smallest_steps: Option<u64> = None;
    let mut strides: Vec<u64> =
        visits.parties.iter().filter(|party| party.users > 0).map(|party| party.stride).collect();
    strides.sort_unstable();
    strides.dedup();
    for stride in strides {
        // All users of a stride are alike, but for the resource that they begin with.
        let period = least_common_multiple(period(&visits.setting), stride);
        if period / stride > MOST_VISITS {
            return per_user_bound(visits, count);
        }
        let steps = (0..period).step_by(stride as usize);
        let found = smallest_by_key(steps.map(|step| (moved(0, step, &visits.setting), step)).collect(), period, count);
        smallest_steps = smallest_steps.into_iter().chain(found).min();
    }
    Found::exactly(smallest_steps.map(|steps| steps.saturating_mul(visits.parts())))
}

/// A user acts no oftener on one resource than at all.
fn per_user_bound(visits: &Visits, count: u64) -> Found {
    Found { exact: false, ..per_user(visits, count) }
}

/// Users that share a row are not alike: all of them are looked at, if they are not too many.
fn per_row_resource(visits: &Visits, count: u64) -> Found {
    let Some(period) = visits.period().filter(|period| visits.turns(*period) <= MOST_VISITS) else {
        return per_user_bound(visits, count);
    };
    let Setting { users, resources, .. } = visits.setting;
    let mut by_row: Vec<(u64, u64)> = (0..users).map(|user| (visits.row(user), user)).collect();
    by_row.sort_unstable();
    let of_row = |same: &[(u64, u64)]| {
        let mut all = Vec::new();
        for (_, user) in same {
            let steps = (0..period).step_by(visits.stride(*user) as usize);
            let resource = |step| visits.pattern.resource(*user, step, &visits.setting).unwrap_or(resources);
            all.extend(steps.map(|step| (resource(step), visits.moment(*user, step))));
        }
        smallest_by_key(all, period.saturating_mul(visits.parts()), count)
    };
    Found::exactly(by_row.chunk_by(|a, b| a.0 == b.0).filter_map(of_row).min())
}

/// A cohort that moves on each cycle comes to a resource once a cycle, each time at another place of it. In steps.
fn per_user_resource_shifted(setting: &Setting, count: u64) -> Option<u64> {
    let resources = setting.resources;
    let back = |cohort: u64| (cohort % resources) * (count % resources) % resources;
    let cycles = 0..=resources % 2;
    let all = (0..setting.cohorts()).flat_map(|cohort| cycles.clone().map(move |cycle| (cohort, cycle)));
    all.flat_map(|(cohort, cycle)| {
        (0..resources).map(move |from| {
            let to = (from + resources - back(cohort)) % resources;
            let later = count * resources + balanced::place(cycle + count, to, resources);
            later - balanced::place(cycle, from, resources)
        })
    })
    .min()
}

/// Of what collides by design: the share of the actions that come sooner than the rule allows.
pub fn inside(visits: &Visits, limit: RateLimit, step: Duration) -> f64 {
    let Some(period) = visits.period() else { return 0.0 };
    let each = period.saturating_mul(most_at_once(visits));
    let all = visits.representatives();
    let looked_at = (MOST_VISITS / each.max(1)).clamp(1, all);
    let steps = period.min(MOST_VISITS / most_at_once(visits));
    let allowed = u128::from(limit.per.as_nanos()) * u128::from(visits.parts());
    let (mut sooner, mut actions) = (0_u64, 0_u64);
    for number in 0..looked_at {
        let times = track(visits, number * (all / looked_at), steps, false);
        let is_sooner = |span: &u64| u128::from(*span) * u128::from(step.as_nanos()) < allowed;
        sooner += spans(&times, steps.saturating_mul(visits.parts()), limit.count).filter(is_sooner).count() as u64;
        actions += times.len() as u64;
    }
    sooner as f64 / actions.max(1) as f64
}
