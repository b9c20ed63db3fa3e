//! How far the users of one worker are: what belongs to a turn that none of them will come to any more can be forgotten.

use std::collections::{BTreeMap, HashMap};

/// The turns that users have come to. Users go by `user.index`.
#[derive(Debug, Default)]
pub struct Progress {
    at: HashMap<u64, u64>,
    /// How many users are at each turn.
    users: BTreeMap<u64, u64>,
}

impl Progress {
    /// A user has come to that turn.
    pub fn come(&mut self, user: u64, turn: u64) {
        if let Some(before) = self.at.insert(user, turn) {
            self.depart(before);
        }
        *self.users.entry(turn).or_default() += 1;
    }

    /// A user has no more turns for now; the turns of its next stay come later.
    pub fn leave(&mut self, user: u64) {
        if let Some(before) = self.at.remove(&user) {
            self.depart(before);
        }
    }

    fn depart(&mut self, turn: u64) {
        if let Some(users) = self.users.get_mut(&turn) {
            *users -= 1;
            if *users == 0 {
                self.users.remove(&turn);
            }
        }
    }

    /// The turn of those who are least far.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.users.first_key_value().map(|(turn, _)| *turn)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_oldest_turn_is_the_least_of_all(steps in prop::collection::vec((0u64..5, prop::option::of(0u64..9)), 0..60)) {
            let (mut progress, mut at) = (Progress::default(), HashMap::new());
            for (user, turn) in steps {
                match turn {
                    Some(turn) => {
                        progress.come(user, turn);
                        at.insert(user, turn);
                    }
                    None => {
                        progress.leave(user);
                        at.remove(&user);
                    }
                }
                prop_assert_eq!(progress.oldest(), at.values().min().copied());
            }
        }
    }
}
