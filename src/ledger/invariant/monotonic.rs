//! A number that never falls, on each resource as each user sees it. One that stays the same is fine: a sequence number that
//! repeats is a duplicate, which the deliveries count.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::oddity::{Oddities, Oddity, Why};
use super::sight::{Number, Value};
use super::{Tally, keep};
use crate::ledger::delivery::Audience;
use crate::units::{Duration, Moment};

/// With more numbers than that, old ones are looked for …
const CROWD: usize = 100_000;
/// … and forgotten: what has been silent for so long is over.
const SILENCE: Duration = Duration::from_secs(60);

/// A number that has fallen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    pub user: u32,
    pub subject: Audience,
    pub from: (Moment, Number),
    pub to: (Moment, Number),
}

/// Looks at the numbers of one invariant.
#[derive(Debug, Default)]
pub struct Monotonic {
    /// The last number of each user on each resource.
    last: HashMap<(Audience, u32), (Moment, Number)>,
    /// With more of them than this, old ones are looked for.
    crowd: usize,
    tally: Tally,
    falls: Vec<Fall>,
    pub oddities: Oddities,
}

impl Monotonic {
    /// A user has seen a value, in the order of its moments. The first number is compared with nothing, and no check.
    pub fn seen(&mut self, at: Moment, user: u32, subject: Audience, value: &Value) {
        let Value::Number(number) = *value else {
            let value = value.clone();
            return self.oddities.add(Oddity { at, user, subject: Some(subject), value, why: Why::NoNumber });
        };
        let before = self.last.insert((subject, user), (at, number));
        if self.last.len() > self.crowd.max(CROWD) {
            self.last.retain(|_, (last, _)| *last + SILENCE > at);
            self.crowd = 2 * self.last.len();
        }
        let Some(from) = before else { return };
        if from.1.order(number) == Ordering::Greater {
            self.tally.broken += 1;
            keep(&mut self.falls, || Fall { user, subject, from, to: (at, number) });
        } else {
            self.tally.held += 1;
        }
    }

    #[must_use]
    pub const fn tally(&self) -> Tally {
        Tally { undecided: self.oddities.count(), ..self.tally }
    }

    /// The first ones.
    #[must_use]
    pub fn falls(&self) -> &[Fall] {
        &self.falls
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::units::Duration;

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    /// What users see on resources, one a millisecond.
    fn monotonic(sights: &[(u32, u64, Json)]) -> Monotonic {
        let mut monotonic = Monotonic::default();
        for (ms, (user, resource, value)) in (0..).zip(sights) {
            monotonic.seen(at(ms), *user, Audience(*resource), &Value::of(Some(value)));
        }
        monotonic
    }

    fn check(sights: &[(u32, u64, Json)], held: u64, broken: u64, undecided: u64) {
        assert_eq!(monotonic(sights).tally(), Tally { held, broken, undecided }, "{sights:?}");
    }

    #[test]
    fn numbers_may_stay_and_rise_for_each_user_on_each_resource() {
        check(&[(0, 1, json!(1)), (0, 1, json!(1)), (0, 1, json!(2.5))], 2, 0, 0);
        check(&[(0, 1, json!(5)), (1, 1, json!(3)), (0, 2, json!(1))], 0, 0, 0);
        check(&[(0, 1, json!(5)), (0, 1, json!(3)), (0, 1, json!(4))], 1, 1, 0);
        // What is no number says nothing, and hides nothing.
        check(&[(0, 1, json!(5)), (0, 1, json!("6")), (0, 1, json!(4))], 0, 1, 1);
        check(&[(0, 1, json!(null)), (0, 1, json!("b")), (0, 1, json!("a"))], 0, 0, 3);
    }

    #[test]
    fn a_fall_says_from_where_to_where() {
        let monotonic = monotonic(&[(3, 1, json!(5)), (3, 1, json!(3))]);
        let fall =
            Fall { user: 3, subject: Audience(1), from: (at(0), Number::Whole(5)), to: (at(1), Number::Whole(3)) };
        assert_eq!(monotonic.falls(), [fall]);
    }

    #[test]
    fn ever_new_resources_do_not_fill_the_memory() {
        let mut monotonic = Monotonic::default();
        for resource in 0..3 * CROWD as u64 {
            monotonic.seen(at(resource), 0, Audience(resource), &Value::of(Some(&json!(1))));
        }
        assert!(monotonic.last.len() <= 2 * CROWD, "{}", monotonic.last.len());
        monotonic.seen(at(3 * CROWD as u64), 0, Audience(3 * CROWD as u64 - 1), &Value::of(Some(&json!(0))));
        assert_eq!(monotonic.tally(), Tally { broken: 1, ..Tally::default() });
    }

    proptest! {
        #[test]
        fn as_many_falls_as_looking_back_finds(sights in prop::collection::vec((0_u32..3, 0_u64..2, -3_i64..9), 0..80)) {
            let expected = sights.iter().enumerate().filter_map(|(place, (user, resource, value))| {
                let before = sights[..place].iter().rev().find(|(who, on, _)| (who, on) == (user, resource))?;
                Some(before.2 <= *value)
            });
            let (held, broken): (Vec<bool>, Vec<bool>) = expected.partition(|holds| *holds);
            let sights: Vec<_> = sights.iter().map(|(user, on, value)| (*user, *on, json!(value))).collect();
            let tally = Tally { held: held.len() as u64, broken: broken.len() as u64, undecided: 0 };
            prop_assert_eq!(monotonic(&sights).tally(), tally);
        }
    }
}
