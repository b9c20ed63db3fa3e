//! Who waits for which answer: acks that we asked for, and acks that the server asked for. Both bounded.

use std::collections::VecDeque;

/// Emits that wait for their ack in one namespace. Their wire ids are the session's own, counted from 0.
#[derive(Debug, Default)]
pub struct Acks {
    next: u64,
    /// In the order of their wire ids, because those only grow: a search is binary.
    asked: Vec<Asked>,
    given_up: usize,
}

#[derive(Debug)]
struct Asked {
    wire: u64,
    caller: u64,
    given_up: bool,
}

/// What an ack from the server settles.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    Waiting { caller: u64 },
    GivenUp { caller: u64 },
    Nothing { asked: bool },
}

impl Acks {
    /// Most acks that may wait at a time. A closed loop waits for one; who waits for this many is not served any more.
    pub const LIMIT: usize = 65_536;
    /// Most given-up acks that are remembered. The oldest goes first, and is a stray should it ever be answered.
    pub const GIVEN_UP_LIMIT: usize = 256;

    /// The wire id for an emit whose ack the caller knows as `caller`; `None` when too many wait.
    pub fn ask(&mut self, caller: u64) -> Option<u64> {
        if self.asked.len() - self.given_up >= Self::LIMIT {
            return None;
        }
        let wire = self.next;
        self.next += 1;
        self.asked.push(Asked { wire, caller, given_up: false });
        Some(wire)
    }

    /// The caller does not wait any more; nothing happens when it is not waiting.
    pub fn forget(&mut self, caller: u64) {
        let Some(asked) = self.asked.iter_mut().find(|asked| asked.caller == caller && !asked.given_up) else {
            return;
        };
        asked.given_up = true;
        self.given_up += 1;
        if self.given_up > Self::GIVEN_UP_LIMIT
            && let Some(oldest) = self.asked.iter().position(|asked| asked.given_up)
        {
            self.asked.remove(oldest);
            self.given_up -= 1;
        }
    }

    /// An ack with the id `wire` has come.
    pub fn settle(&mut self, wire: u64) -> Settled {
        let Ok(at) = self.asked.binary_search_by_key(&wire, |asked| asked.wire) else {
            return Settled::Nothing { asked: wire < self.next };
        };
        let Asked { caller, given_up, .. } = self.asked.remove(at);
        if given_up {
            self.given_up -= 1;
            return Settled::GivenUp { caller };
        }
        Settled::Waiting { caller }
    }

    /// Nothing will be answered any more.
    pub fn clear(&mut self) {
        self.asked = Vec::new();
        self.given_up = 0;
    }
}

/// Acks that the server asked for and that nobody has sent yet.
#[derive(Debug, Default)]
pub struct Owed(VecDeque<u64>);

impl Owed {
    /// Most debts remembered. A suite that answers does so soon; one that does not must cost nothing.
    pub const LIMIT: usize = 256;

    pub fn push(&mut self, id: u64) {
        if self.0.len() == Self::LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(id);
    }

    /// Whether the ack was owed; from now on it is not.
    pub fn pay(&mut self, id: u64) -> bool {
        let at = self.0.iter().position(|owed| *owed == id);
        at.and_then(|at| self.0.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_settles_its_own_emit_once() {
        let mut acks = Acks::default();
        assert_eq!((acks.ask(70), acks.ask(71), acks.ask(72)), (Some(0), Some(1), Some(2)));
        assert_eq!(acks.settle(1), Settled::Waiting { caller: 71 });
        assert_eq!(acks.settle(1), Settled::Nothing { asked: true });
        assert_eq!(acks.settle(3), Settled::Nothing { asked: false });
        acks.forget(72);
        acks.forget(72);
        acks.forget(999);
        assert_eq!(acks.settle(2), Settled::GivenUp { caller: 72 });
        assert_eq!(acks.settle(0), Settled::Waiting { caller: 70 });
        assert_eq!((acks.asked.len(), acks.given_up), (0, 0));
    }

    #[test]
    fn waiting_is_bounded_and_giving_up_makes_room() {
        let mut acks = Acks::default();
        for caller in 0..Acks::LIMIT as u64 {
            assert_eq!(acks.ask(caller), Some(caller));
        }
        assert_eq!(acks.ask(0), None);
        for caller in 0..1_000 {
            acks.forget(caller);
            assert_eq!(acks.ask(100_000 + caller), Some(Acks::LIMIT as u64 + caller));
        }
        assert_eq!(acks.asked.len(), Acks::LIMIT + Acks::GIVEN_UP_LIMIT);
        assert_eq!(acks.settle(0), Settled::Nothing { asked: true }, "the oldest was dropped");
        assert_eq!(acks.settle(999), Settled::GivenUp { caller: 999 });
    }

    #[test]
    fn debts_are_bounded_and_paid_once() {
        let mut owed = Owed::default();
        for id in 0..=Owed::LIMIT as u64 {
            owed.push(id);
        }
        assert!(!owed.pay(0), "the oldest was dropped");
        assert!(owed.pay(1));
        assert!(!owed.pay(1));
    }
}
