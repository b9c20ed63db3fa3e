//! Groups in a load: members arrive one after another, as the load and the connect rate ask, and leave together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Course, Presence};
use crate::plan::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::{Moment, Rate};

/// A group's stay: number of the group, and of the stay.
type Stay = (u64, usize);

/// The load of one group in place of one user, where users arrive on their own: as many users arrive, but in groups.
#[must_use]
pub fn arriving(load: &schema::Load, size: u64) -> schema::Load {
    let fewer = |rate: Rate| Rate { count: rate.count / size.max(1) as f64, ..rate };
    schema::Load { arrivals: load.arrivals.map(fewer), ..load.clone() }
}

impl Course {
    /// The course of groups of that size. Where users arrive, each of them stands for a whole group.
    #[must_use]
    pub fn in_groups(mut self, size: u64) -> Self {
        self.group = size;
        let Some(arrived) = &mut self.arrived else { return self };
        let group = |stay: &Presence| {
            let stay = *stay;
            (0..size).map(move |member| Presence { user: stay.user * size + member, ..stay })
        };
        *arrived = arrived.iter().flat_map(group).collect();
        for span in &mut self.spans {
            (span.from_users, span.to_users) = (span.from_users * size, span.to_users * size);
        }
        self
    }
}

/// Only whole groups come.
pub fn check(load: &schema::Load, size: u64, path: &Path, critic: &Critic<'_>) {
    let whole = |users: u64, path: &Path| {
        if !users.is_multiple_of(size) {
            let (fewer, more) = (users - users % size, users - users % size + size);
            let help = if fewer > 0 { format!("write {fewer} or {more}") } else { format!("write {more}") };
            critic.error(path, format!("{users} users do not make whole groups of {size}"), help);
        }
    };
    if let Some(users) = load.users {
        whole(users.0, &path.key("users"));
    }
    for (index, stage) in load.stages.iter().flatten().enumerate() {
        whole(stage.target.0, &path.key("stages").index(index).key("target"));
    }
}

/// Gives each stay its place in the connect rate; a group leaves when the first of its members has to, and a group of which
/// somebody would come too late does not come.
#[must_use]
pub fn paced(mut all: Vec<Presence>, size: u64, rate: Rate) -> Vec<Presence> {
    let stays = numbered(&all, size);
    let mut until = BTreeMap::new();
    for (presence, stay) in all.iter().zip(&stays) {
        let until = until.entry(*stay).or_insert(presence.until);
        *until = presence.until.min(*until);
    }
    for (presence, stay) in all.iter_mut().zip(&stays) {
        presence.until = until[stay];
    }
    let (mut free, mut left_out) = (Moment::START, BTreeSet::new());
    for (presence, stay) in all.iter_mut().zip(&stays) {
        if left_out.contains(stay) {
            continue;
        }
        presence.slot = presence.asked.max(free);
        if presence.slot < presence.until {
            free = presence.slot + rate.interval();
        } else {
            left_out.insert(*stay);
        }
    }
    all.into_iter().zip(stays).filter(|(_, stay)| !left_out.contains(stay)).map(|(presence, _)| presence).collect()
}

/// For each presence its group's stay.
fn numbered(all: &[Presence], size: u64) -> Vec<Stay> {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let stay = |presence: &Presence| {
        let number = seen.entry(presence.user).or_insert(0);
        *number += 1;
        (presence.user / size, *number - 1)
    };
    all.iter().map(stay).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;
    use crate::units::Duration;

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    /// Users that are asked for at some milliseconds, and leave at others.
    fn stays(stays: &[(u64, u64, u64)]) -> Vec<Presence> {
        let stay = |&(user, asked, until): &(u64, u64, u64)| Presence {
            user,
            asked: at(asked),
            slot: at(asked),
            until: at(until),
        };
        stays.iter().map(stay).collect()
    }

    fn check(all: &[(u64, u64, u64)], rate: f64, expected: &[(u64, u64, u64)]) {
        let paced = paced(stays(all), 2, Rate::per_second(rate));
        let found = paced.iter().map(|stay| (stay.user, stay.slot, stay.until)).collect::<Vec<_>>();
        let expected: Vec<_> = expected.iter().map(|&(user, slot, until)| (user, at(slot), at(until))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_group_leaves_together_and_comes_whole_or_not_at_all() {
        let ramp = [(0, 0, 900), (1, 100, 800), (2, 200, 700), (3, 300, 600)];
        check(&ramp, 1000.0, &[(0, 0, 800), (1, 100, 800), (2, 200, 600), (3, 300, 600)]);
        // Two a second: user 2 would come at 1000, after it has to leave.
        check(&ramp, 2.0, &[(0, 0, 800), (1, 500, 800)]);
        let again = [(0, 0, 100), (1, 0, 200), (0, 300, 500), (1, 300, 400)];
        check(&again, 1000.0, &[(0, 0, 100), (1, 1, 100), (0, 300, 400), (1, 301, 400)]);
    }

    #[test]
    fn groups_arrive_as_one() {
        let span = Span { name: "a".into(), from: at(0), to: at(10), from_users: 2, to_users: 2 };
        let arrived = Some(stays(&[(0, 0, 5), (1, 3, 8), (0, 6, 10)]));
        let course = Course { spans: vec![span], arrived, group: 0 }.in_groups(3);
        assert_eq!(course.users(), 6);
        let users: Vec<u64> = course.presences(Rate::per_second(1e6)).iter().map(|stay| stay.user).collect();
        assert_eq!(users, [0, 1, 2, 3, 4, 5, 0, 1, 2]);
    }
}
