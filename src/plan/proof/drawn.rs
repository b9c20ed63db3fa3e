//! The gaps of what is drawn: it never begins anew, so the visits of the run itself are looked at, as long as they are not too
//! many.

use std::collections::VecDeque;

use super::span::{Span, smallest_of_stretch};
use super::{Check, MOST_VISITS};
use crate::plan::cooldown::Rule;
use crate::plan::visits::Visits;
use crate::units::Duration;

/// Puts what really occurs in so many steps in the place of a bound.
pub fn sharpen(check: &mut Check, visits: &Visits, step: Duration, steps: u64) {
    let fits = visits.turns(steps) <= MOST_VISITS;
    match check.rule {
        Rule::PerUser | Rule::PerAddress => {}
        Rule::PerUserResource if fits => {
            let found = per_user_resource(visits, check.limit.count, steps);
            check.span = found.map(|parts| Span { parts, whole: visits.parts() });
            check.exact = true;
        }
        Rule::PerUserResource => {}
        Rule::PerResource => {
            let looked_at = if fits { steps } else { (MOST_VISITS / visits.turns(1).max(1)).clamp(1, steps.max(1)) };
            let (smallest, inside) = per_resource(check, visits, step, looked_at);
            check.inside = Some(inside);
            if fits {
                check.span = smallest.map(|steps| Span { parts: steps, whole: 1 });
                check.exact = true;
            }
        }
    }
}

/// In parts.
fn per_user_resource(visits: &Visits, count: u64, steps: u64) -> Option<u64> {
    let mut by_row: Vec<(u64, u64)> = (0..visits.setting.users).map(|user| (visits.row(user), user)).collect();
    by_row.sort_unstable();
    let of_row = |same: &[(u64, u64)]| {
        let mut all: Vec<(u64, u64)> = Vec::new();
        for (_, user) in same {
            let turns = (0..steps).step_by(visits.stride(*user) as usize);
            let visit =
                |step| Some((visits.pattern.resource(*user, step, &visits.setting)?, visits.moment(*user, step)));
            all.extend(turns.filter_map(visit));
        }
        all.sort_unstable();
        let of_resource = |same: &[(u64, u64)]| {
            let times: Vec<u64> = same.iter().map(|(_, time)| *time).collect();
            smallest_of_stretch(&times, count)
        };
        all.chunk_by(|a, b| a.0 == b.0).filter_map(of_resource).min()
    };
    by_row.chunk_by(|a, b| a.0 == b.0).filter_map(of_row).min()
}

/// The smallest span of visited steps, in steps, and the share of actions that come sooner than the rule allows.
fn per_resource(check: &Check, visits: &Visits, step: Duration, steps: u64) -> (Option<u64>, f64) {
    let count = usize::try_from(check.limit.count).unwrap_or(usize::MAX);
    let allowed = u128::from(check.limit.per.as_nanos()) * u128::from(visits.parts());
    let is_sooner = |from: u64, to: u64| u128::from(to - from) * u128::from(step.as_nanos()) < allowed;
    // By resource: the last steps that saw a visit, and the moments inside the stretch that the rule looks back on.
    let resources = usize::try_from(visits.setting.resources).unwrap_or(usize::MAX);
    let mut visited: Vec<VecDeque<u64>> = vec![VecDeque::new(); resources];
    let mut recent: Vec<VecDeque<u64>> = vec![VecDeque::new(); resources];
    let (mut smallest, mut sooner, mut actions) = (None::<u64>, 0_u64, 0_u64);
    let in_step = visits.is_in_step();
    for number in 0..steps {
        for user in (0..visits.setting.users).filter(|user| in_step || number.is_multiple_of(visits.stride(*user))) {
            let Some(resource) = visits.pattern.resource(user, number, &visits.setting) else { continue };
            let (visited, recent) = (&mut visited[resource as usize], &mut recent[resource as usize]);
            if visited.back() != Some(&number) {
                visited.push_back(number);
                if visited.len() > count {
                    let first = visited.pop_front().unwrap_or(number);
                    smallest = smallest.into_iter().chain([number - first]).min();
                }
            }
            let now = visits.moment(user, number);
            while recent.front().is_some_and(|then| !is_sooner(*then, now)) {
                recent.pop_front();
            }
            sooner += u64::from(recent.len() >= count);
            recent.push_back(now);
            actions += 1;
        }
    }
    (smallest, sooner as f64 / actions.max(1) as f64)
}
