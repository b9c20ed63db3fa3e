//! The rules of the auction, without a clock: whether a bid is accepted, and whether the lot's room hears of it.

use std::collections::HashMap;

use crate::units::{Duration, Moment};

/// How long a bid blocks the bids after it. Only an accepted bid blocks; a rejected one changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Between two accepted bids on one lot, whoever makes them.
    pub lot_cooldown: Duration,
    /// Between two accepted bids of one user, whatever they are on.
    pub user_cooldown: Duration,
    /// A fault: a lot that has just taken a bid takes the next one, too.
    pub two_winners: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { lot_cooldown: Duration::SECOND, user_cooldown: Duration::from_millis(200), two_winners: false }
    }
}

/// What became of a bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The bid stands. `price` is the lot's highest amount so far.
    Accepted { price: u64, news: News },
    /// Too soon after another accepted bid; the same bid is accepted once `retry_in` has passed, if nobody is faster.
    Cooldown { retry_in: Duration },
}

/// Whether the lot's room is to hear of an accepted bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The lot has a new leader. `seq` counts the broadcasts of this lot from 1, without a gap.
    Broadcast { seq: u64 },
    /// The leader has bid again, which changes the lot but is no news to anybody.
    Silent,
}

/// All lots and the users' latest bids. A lot exists from its first accepted bid on.
#[derive(Debug)]
pub struct Auction {
    rules: Rules,
    lots: HashMap<String, Lot>,
    latest_of_user: HashMap<String, Moment>,
}

#[derive(Debug)]
struct Lot {
    leader: String,
    latest: Moment,
    /// The last bid was a second one, while the lot rested.
    is_taken_twice: bool,
    price: u64,
    broadcasts: u64,
}

impl Auction {
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, lots: HashMap::new(), latest_of_user: HashMap::new() }
    }

    /// Decides a bid, and remembers it if it is accepted. `now` never runs backwards.
    pub fn bid(&mut self, now: Moment, user: &str, lot: &str, amount: u64) -> Decision {
        let retry_in = self.blocked_for(now, user, lot);
        if !retry_in.is_zero() {
            return Decision::Cooldown { retry_in };
        }
        self.latest_of_user.insert(user.to_owned(), now);
        let Rules { two_winners, lot_cooldown, .. } = self.rules;
        let lot = self.lots.entry(lot.to_owned()).or_insert_with(Lot::unsold);
        // Of a second winner the lot does not know that it has taken it: it rests from the first one on.
        lot.is_taken_twice = two_winners && !lot.leader.is_empty() && now.since(lot.latest) < lot_cooldown;
        if !lot.is_taken_twice {
            lot.latest = now;
        }
        lot.price = lot.price.max(amount);
        let news = if lot.leader == user {
            News::Silent
        } else {
            user.clone_into(&mut lot.leader);
            lot.broadcasts += 1;
            News::Broadcast { seq: lot.broadcasts }
        };
        Decision::Accepted { price: lot.price, news }
    }

    /// Forgets all lots and cooldowns.
    pub fn reset(&mut self) {
        *self = Self::new(self.rules);
    }

    /// What is left of the two cooldowns, whichever is longer; zero when a bid would be accepted.
    fn blocked_for(&self, now: Moment, user: &str, lot: &str) -> Duration {
        let left = |latest: Moment, cooldown: Duration| cooldown - now.since(latest);
        let rests = |lot: &&Lot| !self.rules.two_winners || lot.is_taken_twice;
        let of_lot = self.lots.get(lot).filter(rests).map(|lot| left(lot.latest, self.rules.lot_cooldown));
        let of_user = self.latest_of_user.get(user).map(|latest| left(*latest, self.rules.user_cooldown));
        of_lot.max(of_user).unwrap_or(Duration::ZERO)
    }
}

impl Lot {
    /// Nobody leads it: logins refuse the empty name.
    fn unsold() -> Self {
        Self { leader: String::new(), latest: Moment::START, is_taken_twice: false, price: 0, broadcasts: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn told(price: u64, seq: u64) -> Decision {
        Decision::Accepted { price, news: News::Broadcast { seq } }
    }

    const fn silent(price: u64) -> Decision {
        Decision::Accepted { price, news: News::Silent }
    }

    const fn wait(millis: u64) -> Decision {
        Decision::Cooldown { retry_in: Duration::from_millis(millis) }
    }

    /// Bids as (millisecond, user, lot, amount) with what becomes of each, under the default rules.
    fn check(bids: &[(u64, &str, &str, u64, Decision)]) {
        check_under(Rules::default(), bids);
    }

    fn check_under(rules: Rules, bids: &[(u64, &str, &str, u64, Decision)]) {
        let mut auction = Auction::new(rules);
        for &(millis, user, lot, amount, expected) in bids {
            let now = Moment::START + Duration::from_millis(millis);
            assert_eq!(auction.bid(now, user, lot, amount), expected, "{user} on {lot} at {millis} ms");
        }
    }

    #[test]
    fn a_lot_takes_one_bid_a_second_from_whoever() {
        check(&[
            (0, "ada", "vase", 1, told(1, 1)),
            (1, "bob", "vase", 2, wait(999)),
            (999, "cy", "vase", 2, wait(1)),
            (1_000, "bob", "vase", 2, told(2, 2)),
        ]);
    }

    #[test]
    fn a_user_may_bid_five_times_a_second() {
        check(&[
            (0, "ada", "vase", 1, told(1, 1)),
            (150, "ada", "lamp", 1, wait(50)),
            (150, "bob", "lamp", 1, told(1, 1)),
            (200, "ada", "rug", 1, told(1, 1)),
        ]);
    }

    #[test]
    fn the_longer_of_both_cooldowns_counts() {
        check(&[
            (0, "ada", "vase", 1, told(1, 1)),
            (900, "bob", "lamp", 1, told(1, 1)),
            (950, "bob", "vase", 2, wait(150)),
            (950, "ada", "lamp", 2, wait(950)),
        ]);
    }

    #[test]
    fn a_rejected_bid_blocks_nobody() {
        check(&[
            (0, "ada", "vase", 1, told(1, 1)),
            (990, "bob", "vase", 2, wait(10)),
            (1_000, "bob", "vase", 2, told(2, 2)),
            (1_050, "bob", "lamp", 1, wait(150)),
            (1_200, "bob", "lamp", 1, told(1, 1)),
        ]);
    }

    #[test]
    fn the_leader_bidding_again_is_no_news_but_starts_the_cooldowns() {
        check(&[
            (0, "ada", "vase", 1, told(1, 1)),
            (1_000, "ada", "vase", 5, silent(5)),
            (1_500, "bob", "vase", 6, wait(500)),
            (2_000, "bob", "vase", 6, told(6, 2)),
            (3_000, "ada", "vase", 7, told(7, 3)),
        ]);
    }

    #[test]
    fn a_lower_amount_is_accepted_and_the_price_never_falls() {
        check(&[(0, "ada", "vase", 9, told(9, 1)), (1_000, "bob", "vase", 2, told(9, 2))]);
    }

    #[test]
    fn with_two_winners_a_lot_takes_a_second_bid_while_it_rests_and_no_third() {
        let rules = Rules { two_winners: true, ..Rules::default() };
        check_under(
            rules,
            &[
                (0, "ada", "vase", 1, told(1, 1)),
                (5, "bob", "vase", 2, told(2, 2)),
                (6, "cy", "vase", 3, wait(994)),
                (1_000, "cy", "vase", 3, told(3, 3)),
                (1_001, "ada", "vase", 4, told(4, 4)),
                (1_002, "dora", "vase", 5, wait(998)),
                (3_000, "ada", "vase", 6, silent(6)),
            ],
        );
    }

    #[test]
    fn a_reset_forgets_lots_and_cooldowns() {
        let mut auction = Auction::new(Rules::default());
        assert_eq!(auction.bid(Moment::START, "ada", "vase", 9), told(9, 1));
        auction.reset();
        assert_eq!(auction.bid(Moment::START, "ada", "vase", 2), told(2, 1));
    }
}
