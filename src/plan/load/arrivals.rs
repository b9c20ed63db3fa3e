//! `arrivals`: the open model. Users come at a rate, whatever becomes of those before them, and each stays for a while. A slot
//! that somebody has left is taken again by the same user, which comes back with a new connection.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::{Course, Presence, Span};
use crate::plan::critic::Critic;
use crate::plan::language::functions::Draw;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::{Duration, Moment, Rate};

/// The name of the one stage.
const NAME: &str = "arrivals";
/// More than one generator can make, and than its plan can hold.
const MOST: f64 = 5e6;

pub fn compile(load: &schema::Load, path: &Path, seed: u64, critic: &Critic<'_>) -> Course {
    let (Some(rate), Some(duration), Some(stay)) = (load.arrivals, load.duration, load.stay) else {
        for (key, _) in [("duration", load.duration), ("stay", load.stay)].iter().filter(|key| key.1.is_none()) {
            if !critic.is_written(&path.key(*key)) {
                let help = "write all three, as `{ arrivals: 5/s, duration: 2m, stay: 30s }`";
                critic.error(path, format!("`{key}` is missing"), help);
            }
        }
        return Course::default();
    };
    for (key, _) in [("duration", duration), ("stay", stay)].iter().filter(|key| key.1.is_zero()) {
        critic.error(&path.key(*key), "a load of no time does nothing", "write a duration such as `1m`");
    }
    let expected = duration.as_secs_f64() / rate.per.as_secs_f64() * rate.count;
    if expected > MOST {
        let what = format!("{expected:.0} arrivals are more than one generator can make");
        critic.error(&path.key("arrivals"), what, "lower the rate, or shorten the duration");
        return Course::default();
    }
    let moments =
        if load.spacing.as_deref() == Some("even") { even(rate, duration) } else { poisson(rate, duration, seed) };
    let (arrived, users) = slots(&moments, stay, Moment::START + duration);
    if users == 0 && !duration.is_zero() && !stay.is_zero() {
        let help = "raise the rate, lengthen the duration, or write `spacing: even`";
        critic.error(path, "nobody arrives in this time", help);
    }
    let span = Span {
        name: NAME.into(),
        from: Moment::START,
        to: Moment::START + duration,
        from_users: users,
        to_users: users,
    };
    Course { spans: vec![span], arrived: Some(arrived), group: 0 }
}

/// The first at the start, then one after another at the same distance.
fn even(rate: Rate, duration: Duration) -> Vec<Moment> {
    let interval = rate.per.as_secs_f64() / rate.count;
    let moments = (0..).map(|number: u64| Duration::from_secs_f64(number as f64 * interval));
    moments.take_while(|at| *at < duration).map(|at| Moment::START + at).collect()
}

/// As strangers come: the time to the next one is drawn, whatever came before.
fn poisson(rate: Rate, duration: Duration, seed: u64) -> Vec<Moment> {
    let mean = rate.per.as_secs_f64() / rate.count;
    let draw = Draw::new(seed, 0, 0, 0);
    let mut now = 0.0;
    let next = || {
        // 53 random bits, never 0, whose logarithm is not a number.
        let uniform = ((draw.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        now -= mean * uniform.ln();
        Some(Duration::from_secs_f64(now))
    };
    std::iter::from_fn(next).take_while(|at| *at < duration).map(|at| Moment::START + at).collect()
}

/// Gives everybody the slot that has been free for the longest time, so that who left it is gone, and says how many slots there
/// are.
fn slots(moments: &[Moment], stay: Duration, end: Moment) -> (Vec<Presence>, u64) {
    let mut taken: BinaryHeap<Reverse<(Moment, u64)>> = BinaryHeap::new();
    let mut free: VecDeque<u64> = VecDeque::new();
    let mut slots = 0;
    let mut arrived = Vec::with_capacity(moments.len());
    for asked in moments.iter().copied() {
        while let Some(Reverse((_, user))) = taken.peek().copied().filter(|Reverse((until, _))| *until <= asked) {
            taken.pop();
            free.push_back(user);
        }
        let user = free.pop_front().unwrap_or_else(|| {
            slots += 1;
            slots - 1
        });
        let until = (asked + stay).min(end);
        taken.push(Reverse((until, user)));
        arrived.push(Presence { user, asked, slot: asked, until });
    }
    (arrived, slots)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slot_is_taken_again_by_the_same_user() {
        let moments = even(Rate::per_second(1.0), Duration::from_secs(5));
        let (arrived, slots) = slots(&moments, Duration::from_millis(1500), Moment::START + Duration::from_secs(5));
        let shown: Vec<(u64, f64, f64)> =
            arrived.iter().map(|stay| (stay.user, stay.asked.as_secs_f64(), stay.until.as_secs_f64())).collect();
        assert_eq!(shown, [(0, 0.0, 1.5), (1, 1.0, 2.5), (0, 2.0, 3.5), (1, 3.0, 4.5), (0, 4.0, 5.0)]);
        assert_eq!(slots, 2);
    }

    #[test]
    fn strangers_come_at_their_rate_and_the_seed_replays_them() {
        let of = |seed| poisson(Rate::per_second(50.0), Duration::from_secs(200), seed);
        let count = of(1).len() as f64;
        // Ten standard deviations.
        assert!((count - 10_000.0).abs() < 1_000.0, "{count}");
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let gaps: Vec<f64> = of(1).windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64()).collect();
        // Of an exponential distribution 1/e are longer than the mean.
        let long = gaps.iter().filter(|gap| **gap > 0.02).count() as f64 / gaps.len() as f64;
        assert!((long - (-1.0_f64).exp()).abs() < 0.03, "{long}");
    }

    proptest! {
        #[test]
        fn nobody_is_in_two_places(count in 1.0_f64..60.0, stay in 1_u64..5_000, seed in any::<u64>()) {
            let end = Moment::START + Duration::from_secs(10);
            let moments = poisson(Rate::per_second(count), end.since(Moment::START), seed);
            let (mut arrived, slots) = slots(&moments, Duration::from_millis(stay), end);
            let most = moments.iter().map(|at| arrived.iter().filter(|stay| stay.asked <= *at && *at < stay.until).count()).max();
            prop_assert_eq!(most.unwrap_or(0) as u64, slots);
            arrived.sort_by_key(|stay| (stay.user, stay.asked));
            for pair in arrived.windows(2).filter(|pair| pair[0].user == pair[1].user) {
                prop_assert!(pair[0].until <= pair[1].asked);
            }
        }
    }
}
