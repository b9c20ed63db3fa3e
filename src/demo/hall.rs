//! What all connections share: the auction, the counts, and who is logged in, behind one lock that is never held over
//! an await.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::faults::Faults;
use super::rules::{Auction, Decision, Rules};
use super::stats::Counts;
use crate::units::{Duration, Moment};

/// The state of one server.
#[derive(Debug)]
pub struct Hall {
    opened: Instant,
    password: Option<String>,
    faults: Faults,
    token_key: RandomState,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    auction: Auction,
    counts: Counts,
    /// User by token. A user gets the same token at every login, so this grows with the users, not with the logins.
    users: HashMap<String, Arc<str>>,
}

impl Hall {
    /// With `password`, only that one logs in; without, any that is not empty does.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the target is no part of a run, and has a clock of its own")]
    pub fn new(rules: Rules, faults: Faults, password: Option<String>) -> Self {
        let books = Books { auction: Auction::new(rules), counts: Counts::default(), users: HashMap::new() };
        Self { opened: Instant::now(), password, faults, token_key: RandomState::new(), books: Mutex::new(books) }
    }

    /// The user's token, or `None` if the name or the password is not accepted.
    pub fn log_in(&self, user: &str, password: &str) -> Option<String> {
        let accepted = self.password.as_ref().map_or(!password.is_empty(), |expected| expected == password);
        if user.is_empty() || !accepted {
            return None;
        }
        let token = self.token(user);
        let mut books = self.books();
        books.users.insert(token.clone(), user.into());
        books.counts.logins += 1;
        Some(token)
    }

    /// The user that a token belongs to; without one, the attempt is counted as refused.
    pub fn admit(&self, token: Option<&str>) -> Option<Arc<str>> {
        let mut books = self.books();
        let user = token.and_then(|token| books.users.get(token)).cloned();
        books.counts.refused += u64::from(user.is_none());
        user
    }

    /// The server's own clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the target is no part of a run, and has a clock of its own")]
    pub fn now(&self) -> Moment {
        Moment::START + Duration::from(self.opened.elapsed())
    }

    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// A socket has entered. Is it the first since the start or the last reset?
    pub fn enter(&self) -> bool {
        let mut books = self.books();
        books.counts.connections += 1;
        books.counts.connected += 1;
        books.counts.connections == 1
    }

    /// Decides a bid at this very moment, and counts it; with its number.
    pub fn bid(&self, user: &str, lot: &str, amount: u64) -> (Decision, u64) {
        // The clock is read under the lock: moments reach the auction in order.
        let mut books = self.books();
        let now = self.now();
        let decision = books.auction.bid(now, user, lot, amount);
        let accepted = matches!(decision, Decision::Accepted { .. });
        books.counts.bids += 1;
        books.counts.accepted += u64::from(accepted);
        books.counts.rejected += u64::from(!accepted);
        (decision, books.counts.bids)
    }

    /// Counts something where it happens.
    pub fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.books().counts);
    }

    /// The counts at this moment, all of one instant.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.books().counts
    }

    /// Zeroes the counts and forgets lots and cooldowns. Tokens stay valid: a reset between two runs disturbs nobody.
    pub fn reset(&self) {
        let mut books = self.books();
        books.auction.reset();
        books.counts = books.counts.after_reset();
    }

    /// Cannot be guessed from the name: `RandomState` is SipHash under a random key.
    fn token(&self, user: &str) -> String {
        let half = |which: u8| self.token_key.hash_one((which, user));
        format!("{:016x}{:016x}", half(0), half(1))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nothing panics while it holds the books")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: Option<&str>, user: &str, given: &str, accepted: bool) {
        let hall = Hall::new(Rules::default(), Faults::default(), password.map(str::to_owned));
        assert_eq!(hall.log_in(user, given).is_some(), accepted, "{user} with {given} where {password:?} is asked");
        assert_eq!(hall.counts().logins, u64::from(accepted));
    }

    #[test]
    fn who_may_log_in() {
        check(None, "ada", "anything", true);
        check(None, "ada", "", false);
        check(None, "", "anything", false);
        check(Some("sesame"), "ada", "sesame", true);
        check(Some("sesame"), "ada", "anything", false);
        check(Some("sesame"), "", "sesame", false);
    }

    #[test]
    fn a_token_belongs_to_one_user() {
        let hall = Hall::new(Rules::default(), Faults::default(), None);
        let [ada, again, bob] = ["ada", "ada", "bob"].map(|user| hall.log_in(user, "x").unwrap());
        assert_eq!(ada, again);
        assert_ne!(ada, bob);
        assert_eq!(hall.admit(Some(&bob)).as_deref(), Some("bob"));
        assert_eq!(hall.admit(Some("bob")), None);
        assert_eq!(hall.admit(None), None);
        assert_eq!(hall.counts().refused, 2);
    }
}
