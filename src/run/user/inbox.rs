//! The events that a user keeps until a step expects them. Only those come here that some `expect` of the scenario names.

use std::collections::VecDeque;

use crate::protocol::Args;

/// Most events that a user keeps; a further one takes the place of the oldest.
const MOST: usize = 1_000;

/// An event that has come.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Counts the events that the user has kept.
    pub number: u64,
    /// Number of the event in its scenario.
    pub event: usize,
    pub args: Args,
}

/// Events in the order in which they came.
#[derive(Debug, Default)]
pub struct Inbox {
    letters: VecDeque<Letter>,
    next: u64,
}

impl Inbox {
    /// The number of the next event: what has come since then has that number or a higher one.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Keeps an event. `false` when an older one had to go.
    pub fn keep(&mut self, event: usize, args: Args) -> bool {
        let has_room = self.letters.len() < MOST;
        if !has_room {
            self.letters.pop_front();
        }
        self.letters.push_back(Letter { number: self.next, event, args });
        self.next += 1;
        has_room
    }

    /// Lets go what came before the event with that number.
    pub fn forget_before(&mut self, number: u64) {
        while self.letters.front().is_some_and(|letter| letter.number < number) {
            self.letters.pop_front();
        }
    }

    /// The first event of that kind with that number or a higher one.
    pub fn find(&self, event: usize, from: u64) -> Option<&Letter> {
        let start = self.letters.partition_point(|letter| letter.number < from);
        self.letters.range(start..).find(|letter| letter.event == event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut inbox = Inbox::default();
        let args = || Args::new("[]".into(), 0..2);
        assert!((0..MOST).all(|number| inbox.keep(number % 2, args())));
        assert!(!inbox.keep(7, args()));
        assert_eq!(inbox.find(0, 0).map(|letter| letter.number), Some(2));
        assert_eq!(inbox.find(7, 0).map(|letter| letter.number), Some(MOST as u64));
        inbox.forget_before(10);
        assert_eq!(inbox.find(1, 0).map(|letter| letter.number), Some(11));
        assert!(inbox.find(1, MOST as u64).is_none());
    }
}
