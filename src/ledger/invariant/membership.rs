//! Who was a member of what, for sure, and from when to when.

use std::collections::HashMap;

use crate::ledger::delivery::{Audience, What};
use crate::units::{Duration, Moment};

/// All audiences of which anybody is, or was lately, a member.
#[derive(Debug, Default)]
pub struct Membership {
    audiences: HashMap<Audience, Roll>,
    of_user: HashMap<u32, Vec<Audience>>,
    /// Of users that may take up their lost sessions: what they were in, and whether for sure.
    away: HashMap<u32, HashMap<Audience, bool>>,
    /// Audiences that nobody was left in, in that order.
    emptied: Vec<(Moment, Audience)>,
}

/// One audience.
#[derive(Debug, Default)]
pub struct Roll {
    pub stands: HashMap<u32, Stand>,
    /// How many are in it, or on their way.
    inside: usize,
    emptied: Option<Moment>,
}

/// How a user stands to an audience.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stand {
    /// A member for sure from then on …
    since: Option<Moment>,
    /// … until then.
    until: Option<Moment>,
    /// In it, or on its way in or out.
    inside: bool,
}

impl Stand {
    /// Was it a member for sure from so long before the moment until so long after it?
    #[must_use]
    pub fn is_sure(&self, at: Moment, window: Duration) -> bool {
        self.since.is_some_and(|since| since + window <= at) && self.until.is_none_or(|until| until >= at + window)
    }
}

impl Membership {
    /// Takes what a user tells, in the order of the moments.
    pub fn take(&mut self, at: Moment, what: What) {
        match what {
            What::Changing { user, audience } | What::Joined { user, audience } | What::Left { user, audience }
                if self.away.contains_key(&user) =>
            {
                let stands = self.away.entry(user).or_default();
                match what {
                    What::Left { .. } => _ = stands.remove(&audience),
                    _ => _ = stands.insert(audience, matches!(what, What::Joined { .. })),
                }
            }
            What::Changing { user, audience } => self.enter(user, audience, |stand| {
                if stand.since.is_some() {
                    stand.until.get_or_insert(at);
                }
            }),
            What::Joined { user, audience } => self.enter(user, audience, |stand| {
                (stand.since, stand.until) = (Some(at), None);
            }),
            What::Left { user, audience } => {
                if let Some(audiences) = self.of_user.get_mut(&user) {
                    audiences.retain(|known| *known != audience);
                }
                self.leave(user, audience, at, at);
            }
            What::Away { user, since } => {
                let audiences = self.of_user.remove(&user).unwrap_or_default();
                let is_sure = |audience| {
                    let stand = self.roll(audience).and_then(|roll| roll.stands.get(&user));
                    stand.is_some_and(|stand| stand.since.is_some() && stand.until.is_none())
                };
                let stood = audiences.iter().map(|audience| (*audience, is_sure(*audience))).collect();
                audiences.iter().for_each(|audience| self.leave(user, *audience, since, at));
                self.away.insert(user, stood);
            }
            What::Recovered { user } => {
                for (audience, is_sure) in self.away.remove(&user).unwrap_or_default() {
                    self.take(at, What::Changing { user, audience });
                    if is_sure {
                        self.take(at, What::Joined { user, audience });
                    }
                }
            }
            What::Lost { user, since } => {
                self.away.remove(&user);
                for audience in self.of_user.remove(&user).unwrap_or_default() {
                    self.leave(user, audience, since, at);
                }
            }
            What::Sent(_) | What::Ended { .. } | What::Received { .. } | What::Counted { .. } => {}
        }
    }

    #[must_use]
    pub fn roll(&self, audience: Audience) -> Option<&Roll> {
        self.audiences.get(&audience)
    }

    /// Takes an audience out that has been empty for longer than `window`, if there is one.
    pub fn take_empty(&mut self, now: Moment, window: Duration) -> Option<(Audience, Roll)> {
        while let Some((at, audience)) = self.emptied.first().copied().filter(|(at, _)| *at + window < now) {
            self.emptied.remove(0);
            // Somebody may have come since.
            let is_empty = |roll: &&Roll| roll.inside == 0 && roll.emptied == Some(at);
            if self.audiences.get(&audience).filter(is_empty).is_some() {
                return Some((audience, self.audiences.remove(&audience)?));
            }
        }
        None
    }

    fn enter(&mut self, user: u32, audience: Audience, change: impl FnOnce(&mut Stand)) {
        let audiences = self.of_user.entry(user).or_default();
        if !audiences.contains(&audience) {
            audiences.push(audience);
        }
        let roll = self.audiences.entry(audience).or_default();
        let stand = roll.stands.entry(user).or_default();
        roll.inside += usize::from(!stand.inside);
        stand.inside = true;
        change(stand);
    }

    fn leave(&mut self, user: u32, audience: Audience, from: Moment, at: Moment) {
        let Some(roll) = self.audiences.get_mut(&audience) else { return };
        let Some(stand) = roll.stands.get_mut(&user).filter(|stand| stand.inside) else { return };
        stand.until = Some(stand.until.map_or(from, |until| until.min(from)));
        stand.inside = false;
        roll.inside -= 1;
        if roll.inside == 0 {
            roll.emptied = Some(at);
            self.emptied.push((at, audience));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOT: Audience = Audience(7);

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    type Told = fn(u32) -> What;

    /// What a user tells at these moments, and whether it is sure at 100 ms, 10 ms around.
    fn check(told: &[(u64, Told)], sure: bool) {
        let mut membership = Membership::default();
        told.iter().for_each(|(ms, what)| membership.take(at(*ms), what(3)));
        let stand = membership.roll(LOT).unwrap().stands[&3];
        assert_eq!(stand.is_sure(at(100), Duration::from_millis(10)), sure, "{stand:?}");
    }

    const fn joined(user: u32) -> What {
        What::Joined { user, audience: LOT }
    }

    const fn changing(user: u32) -> What {
        What::Changing { user, audience: LOT }
    }

    const fn left(user: u32) -> What {
        What::Left { user, audience: LOT }
    }

    const fn lost(user: u32) -> What {
        What::Lost { user, since: at_95() }
    }

    const fn away(user: u32) -> What {
        What::Away { user, since: at_95() }
    }

    const fn back(user: u32) -> What {
        What::Recovered { user }
    }

    const fn at_95() -> Moment {
        Moment::from_nanos(95_000_000)
    }

    #[test]
    fn who_was_there_around_a_moment_is_sure() {
        check(&[(0, changing), (90, joined)], true);
        check(&[(0, changing), (91, joined)], false);
        check(&[(0, changing)], false);
        check(&[(0, joined), (110, left)], true);
        check(&[(0, joined), (109, left)], false);
        check(&[(0, joined), (105, changing), (120, left)], false);
        check(&[(0, joined), (120, lost)], false);
        check(&[(0, joined), (50, lost), (80, joined)], true);
        check(&[(0, joined), (50, changing), (95, joined)], false);
        check(&[(0, joined), (50, away), (80, back)], true);
        check(&[(0, joined), (50, away)], false);
        check(&[(0, joined), (96, away), (98, back)], false);
        check(&[(0, joined), (40, changing), (50, away), (80, back)], false);
        check(&[(0, joined), (40, changing), (50, away), (60, joined), (80, back)], true);
        check(&[(0, joined), (50, away), (60, lost), (80, back)], false);
    }

    #[test]
    fn an_audience_is_forgotten_when_nobody_has_come_back_for_a_while() {
        let mut membership = Membership::default();
        let window = Duration::from_millis(10);
        let told: [(u64, What); 4] = [(0, joined(1)), (20, left(1)), (25, joined(2)), (40, left(2))];
        told.into_iter().for_each(|(ms, what)| membership.take(at(ms), what));
        assert!(membership.take_empty(at(50), window).is_none());
        let (audience, roll) = membership.take_empty(at(51), window).unwrap();
        assert_eq!((audience, roll.stands.len()), (LOT, 2));
        assert!(membership.roll(LOT).is_none() && membership.take_empty(at(99), window).is_none());
    }
}
