//! The last sends at every key of a rule, as far back as the rule looks.

use std::collections::{HashMap, VecDeque};

use crate::units::{Duration, Moment};

/// What a rule is kept for: a resource, a user, both, or everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Key {
    pub resource: Option<usize>,
    pub account: Option<u64>,
}

/// One send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub at: Moment,
    /// How late it was through this generator alone.
    pub lateness: Duration,
    pub user: u64,
    pub step: u64,
}

/// The last `depth` sends at each key.
#[derive(Debug)]
pub struct Recent {
    depth: usize,
    /// Older ones need not be known.
    keep: Duration,
    keys: HashMap<Key, VecDeque<Seen>>,
    /// With so many keys, old ones are looked for.
    crowd: usize,
}

/// Fewer keys are never looked through for old ones.
const CROWD: usize = 4_096;

impl Recent {
    /// Of a rule that counts back `depth` sends, and for which nothing older than `keep` matters.
    #[must_use]
    pub fn new(depth: u64, keep: Duration) -> Self {
        let depth = usize::try_from(depth).unwrap_or(usize::MAX).max(1);
        Self { depth, keep, keys: HashMap::new(), crowd: CROWD }
    }

    /// The send `depth` back from the next one; `None` when there were not so many, or it is too old to matter.
    #[must_use]
    pub fn before(&self, key: Key) -> Option<Seen> {
        self.keys.get(&key).filter(|seen| seen.len() >= self.depth)?.front().copied()
    }

    /// The very last one.
    #[must_use]
    pub fn last(&self, key: Key) -> Option<Seen> {
        self.keys.get(&key)?.back().copied()
    }

    /// Adds a send, which must not be older than those before.
    pub fn note(&mut self, key: Key, seen: Seen) {
        let here = self.keys.entry(key).or_default();
        if here.len() >= self.depth {
            here.pop_front();
        }
        here.push_back(seen);
        if self.keys.len() > self.crowd {
            let keep = self.keep;
            self.keys.retain(|_, here| here.back().is_some_and(|last| seen.at < last.at + keep));
            self.crowd = CROWD.max(2 * self.keys.len());
        }
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ms: u64) -> Seen {
        Seen { at: Moment::START + Duration::from_millis(ms), lateness: Duration::ZERO, user: 0, step: 0 }
    }

    #[test]
    fn the_one_that_counts_is_so_many_back() {
        let mut recent = Recent::new(3, Duration::SECOND);
        let key = Key { resource: Some(1), account: None };
        for (ms, expected) in [(0, None), (10, None), (20, None), (30, Some(0)), (40, Some(10))] {
            assert_eq!(recent.before(key), expected.map(seen), "{ms}");
            recent.note(key, seen(ms));
        }
        assert_eq!((recent.last(key), recent.before(Key::default())), (Some(seen(40)), None));
    }

    #[test]
    fn a_long_run_of_ever_new_keys_does_not_fill_the_memory() {
        let mut recent = Recent::new(1, Duration::from_millis(100));
        for ms in 0..100_000 {
            recent.note(Key { resource: None, account: Some(ms) }, seen(ms));
        }
        assert!(recent.len() <= CROWD + 1, "{}", recent.len());
        assert!(recent.last(Key { resource: None, account: Some(99_999) }).is_some());
    }
}
