//! Who belongs to which audience now. Lists are shared with the actions that were sent to them, and copied when they
//! change: most audiences hear a thousand times more than they change.

use std::collections::HashMap;
use std::sync::Arc;

use super::delivery::Audience;

/// The users of one audience, each list in ascending order.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    pub members: Arc<Vec<u32>>,
    /// On their way in or out.
    pub changing: Arc<Vec<u32>>,
}

/// All audiences.
#[derive(Debug, Default)]
pub struct Audiences {
    rolls: HashMap<Audience, Roll>,
    /// Where a user stands in any list.
    of_user: HashMap<u32, Vec<Audience>>,
}

impl Audiences {
    /// The users of an audience, now.
    #[must_use]
    pub fn roll(&self, audience: Audience) -> Roll {
        self.rolls.get(&audience).cloned().unwrap_or_default()
    }

    /// Is the user in an audience, or on its way in or out?
    #[must_use]
    pub fn is_on(&self, user: u32, audience: Audience) -> bool {
        self.of_user.get(&user).is_some_and(|audiences| audiences.contains(&audience))
    }

    /// Has the user been in any audience since it was lost last?
    #[must_use]
    pub fn knows(&self, user: u32) -> bool {
        self.of_user.contains_key(&user)
    }

    /// Is the user a member of an audience, and not on its way?
    #[must_use]
    pub fn is_member(&self, user: u32, audience: Audience) -> bool {
        self.rolls.get(&audience).is_some_and(|roll| roll.members.binary_search(&user).is_ok())
    }

    pub fn changing(&mut self, user: u32, audience: Audience) {
        let roll = self.enter(user, audience);
        remove(&mut roll.members, user);
        insert(&mut roll.changing, user);
    }

    pub fn joined(&mut self, user: u32, audience: Audience) {
        let roll = self.enter(user, audience);
        remove(&mut roll.changing, user);
        insert(&mut roll.members, user);
    }

    pub fn left(&mut self, user: u32, audience: Audience) {
        if let Some(audiences) = self.of_user.get_mut(&user) {
            audiences.retain(|known| *known != audience);
        }
        self.strike(user, audience);
    }

    /// Leaves all of them.
    pub fn lost(&mut self, user: u32) {
        for audience in self.of_user.remove(&user).unwrap_or_default() {
            self.strike(user, audience);
        }
    }

    /// Puts the user where it stands in the same audiences of another book, and leaves all of them here.
    pub fn move_to(&mut self, user: u32, other: &mut Self) {
        for audience in self.of_user.remove(&user).unwrap_or_default() {
            match self.is_member(user, audience) {
                true => other.joined(user, audience),
                false => other.changing(user, audience),
            }
            self.strike(user, audience);
        }
    }

    fn enter(&mut self, user: u32, audience: Audience) -> &mut Roll {
        let audiences = self.of_user.entry(user).or_default();
        if !audiences.contains(&audience) {
            audiences.push(audience);
        }
        self.rolls.entry(audience).or_default()
    }

    fn strike(&mut self, user: u32, audience: Audience) {
        let Some(roll) = self.rolls.get_mut(&audience) else { return };
        remove(&mut roll.members, user);
        remove(&mut roll.changing, user);
        if roll.members.is_empty() && roll.changing.is_empty() {
            self.rolls.remove(&audience);
        }
    }
}

fn insert(list: &mut Arc<Vec<u32>>, user: u32) {
    if let Err(place) = list.binary_search(&user) {
        Arc::make_mut(list).insert(place, user);
    }
}

fn remove(list: &mut Arc<Vec<u32>>, user: u32) {
    if let Ok(place) = list.binary_search(&user) {
        Arc::make_mut(list).remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VASE: Audience = Audience(1);
    const LAMP: Audience = Audience(2);

    fn check(change: impl FnOnce(&mut Audiences), vase: (&[u32], &[u32]), lamp: &[u32]) {
        let mut audiences = Audiences::default();
        for user in [3, 1, 2] {
            audiences.joined(user, VASE);
        }
        audiences.joined(1, LAMP);
        let before = audiences.roll(VASE);
        change(&mut audiences);
        let roll = audiences.roll(VASE);
        assert_eq!((roll.members.as_slice(), roll.changing.as_slice()), vase);
        assert_eq!(audiences.roll(LAMP).members.as_slice(), lamp);
        assert_eq!(*before.members, [1, 2, 3], "a list that was handed out does not change");
    }

    #[test]
    fn members_come_and_go() {
        check(|_| {}, (&[1, 2, 3], &[]), &[1]);
        check(|all| all.joined(2, VASE), (&[1, 2, 3], &[]), &[1]);
        check(|all| all.changing(2, VASE), (&[1, 3], &[2]), &[1]);
        check(|all| all.left(1, VASE), (&[2, 3], &[]), &[1]);
        check(|all| all.lost(1), (&[2, 3], &[]), &[]);
        check(
            |all| {
                all.left(1, LAMP);
                all.lost(1);
            },
            (&[2, 3], &[]),
            &[],
        );
    }
}
