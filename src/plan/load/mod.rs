//! How many users there are, when. A load is compiled to a [`Course`]: a row of [`Span`]s, and where users arrive on their own the
//! stays themselves. [`Course::presences`] says when each user comes and goes.

mod arrivals;
pub mod groups;
mod stages;
mod steady;

use super::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::{Duration, Moment, Rate};

/// One stretch of a load: the number of users moves evenly from `from_users` to `to_users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub name: String,
    pub from: Moment,
    pub to: Moment,
    pub from_users: u64,
    pub to_users: u64,
}

/// A load, compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    pub spans: Vec<Span>,
    /// Of arrivals: each stay, in the order in which they are asked for; otherwise the spans say them.
    arrived: Option<Vec<Presence>>,
    /// How many users come and go together; 0 where each is on its own.
    group: u64,
}

impl Course {
    /// The highest number of users at once.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.spans.iter().map(|span| span.to_users).max().unwrap_or(0)
    }

    /// When its last user has to leave.
    #[must_use]
    pub fn end(&self) -> Moment {
        self.spans.last().map(|span| span.to).unwrap_or_default()
    }

    /// When each user comes and goes, by slot. `rate` spaces the slots; a stay whose slot would come after its end is left
    /// out.
    #[must_use]
    pub fn presences(&self, rate: Rate) -> Vec<Presence> {
        let all = self.arrived.clone().unwrap_or_else(|| asked(&self.spans));
        if self.group > 1 { groups::paced(all, self.group, rate) } else { paced(all, rate) }
    }
}

impl From<Vec<Span>> for Course {
    fn from(spans: Vec<Span>) -> Self {
        Self { spans, arrived: None, group: 0 }
    }
}

/// A kind of load.
pub struct Load {
    /// The key that chooses it.
    pub key: &'static str,
    pub about: &'static str,
    chosen: fn(&schema::Load) -> bool,
    compile: fn(&schema::Load, &Path, u64, &Critic<'_>) -> Course,
}

/// The loads there are.
pub const LOADS: &[Load] = &[
    Load {
        key: "stages",
        about: "move to `target` users over `duration`, one stage after another",
        chosen: |load| load.stages.is_some(),
        compile: |load, path, _, critic| stages::compile(load, path, critic).into(),
    },
    Load {
        key: "users",
        about: "so many users for a `duration`",
        chosen: |load| load.users.is_some() || load.duration.is_some() && load.arrivals.is_none(),
        compile: |load, path, _, critic| steady::compile(load, path, critic).into(),
    },
    Load {
        key: "arrivals",
        about: "users arrive at this rate for a `duration`, and each stays for its `stay`",
        chosen: |load| load.arrivals.is_some(),
        compile: arrivals::compile,
    },
];

/// The load; without spans if something is wrong with it. `seed` is for arrivals by chance.
#[must_use]
pub fn compile(load: &schema::Load, path: &Path, seed: u64, critic: &Critic<'_>) -> Course {
    let chosen: Vec<&Load> = LOADS.iter().filter(|kind| (kind.chosen)(load)).collect();
    if load.arrivals.is_none() {
        for (key, _) in [("stay", load.stay.is_some()), ("spacing", load.spacing.is_some())].iter().filter(|key| key.1)
        {
            critic.error_at_key(
                &path.key(*key),
                format!("`{key}` is for `arrivals`"),
                "write `arrivals: 5/s`, or leave it out",
            );
        }
    }
    match chosen.as_slice() {
        [kind] => (kind.compile)(load, path, seed, critic),
        [] if critic.is_written(&path.key("stages")) => Course::default(),
        [] => {
            critic.error(path, "the load is empty", "write `stages: […]`, or `users: 20` with `duration: 1m`");
            Course::default()
        }
        [first, second, ..] => {
            let what = format!("`{}` and `{}` do not go together", first.key, second.key);
            critic.error(path, what, "keep one of them");
            Course::default()
        }
    }
}

/// One stay of one user: it connects in its slot and stops acting at `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// `user.index_in_scenario`.
    pub user: u64,
    /// When the load asks for the user.
    pub asked: Moment,
    /// The later of that and the user's place in the connect rate.
    pub slot: Moment,
    pub until: Moment,
}

/// When each user is asked for and goes, by the moment when it is asked for. User i is there while the load is above i, so the highest leaves first and
/// comes back as the same user.
fn asked(spans: &[Span]) -> Vec<Presence> {
    let Some(end) = spans.last().map(|span| span.to) else { return Vec::new() };
    let mut open: Vec<usize> = Vec::new();
    let mut all: Vec<Presence> = Vec::new();
    for span in spans {
        let length = span.to.since(span.from).as_nanos();
        let at = |done: u64, of: u64| {
            let offset = u128::from(length) * u128::from(done) / u128::from(of.max(1));
            span.from + Duration::from_nanos(u64::try_from(offset).unwrap_or(u64::MAX))
        };
        for user in span.from_users..span.to_users {
            open.push(all.len());
            let asked = at(user - span.from_users, span.to_users - span.from_users);
            all.push(Presence { user, asked, slot: asked, until: end });
        }
        for gone in 0..span.from_users.saturating_sub(span.to_users) {
            if let Some(index) = open.pop() {
                all[index].until = at(gone + 1, span.from_users - span.to_users);
            }
        }
    }
    all
}

/// Gives each stay its place in the connect rate; one whose place would come after its end is left out.
fn paced(mut all: Vec<Presence>, rate: Rate) -> Vec<Presence> {
    let mut free = Moment::START;
    all.retain_mut(|presence| {
        presence.slot = presence.asked.max(free);
        let in_time = presence.slot < presence.until;
        if in_time {
            free = presence.slot + rate.interval();
        }
        in_time
    });
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn presences(spans: &[Span], rate: Rate) -> Vec<Presence> {
        paced(asked(spans), rate)
    }

    fn span(from: u64, to: u64, users: (u64, u64)) -> Span {
        let at = |seconds| Moment::START + Duration::from_secs(seconds);
        Span { name: "s".into(), from: at(from), to: at(to), from_users: users.0, to_users: users.1 }
    }

    fn check(spans: &[Span], rate: f64, expected: &[(u64, f64, f64)]) {
        let found: Vec<(u64, f64, f64)> = presences(spans, Rate::per_second(rate))
            .iter()
            .map(|presence| (presence.user, presence.slot.as_secs_f64(), presence.until.as_secs_f64()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn users_come_as_the_load_rises_and_the_highest_leaves_first() {
        check(
            &[span(0, 4, (0, 4)), span(4, 10, (4, 4)), span(10, 14, (4, 0))],
            1000.0,
            &[(0, 0.0, 14.0), (1, 1.0, 13.0), (2, 2.0, 12.0), (3, 3.0, 11.0)],
        );
    }

    #[test]
    fn a_user_that_comes_back_is_the_same_user() {
        check(
            &[span(0, 0, (0, 2)), span(0, 2, (2, 1)), span(2, 4, (1, 2)), span(4, 6, (2, 2))],
            1000.0,
            &[(0, 0.0, 6.0), (1, 0.001, 2.0), (1, 2.0, 6.0)],
        );
    }

    #[test]
    fn the_rate_spaces_the_slots_and_leaves_out_who_would_come_too_late() {
        check(&[span(0, 3, (4, 4))], 1.0, &[]);
        check(&[span(0, 0, (0, 4)), span(0, 3, (4, 4))], 1.0, &[(0, 0.0, 3.0), (1, 1.0, 3.0), (2, 2.0, 3.0)]);
    }

    #[test]
    fn who_is_left_out_takes_nobodys_place_in_the_rate() {
        // A hundred users for two seconds, at one a second: two of them come, and the next stage starts on time.
        let spans = [span(0, 0, (0, 100)), span(0, 2, (100, 100)), span(2, 2, (100, 0)), span(2, 3, (0, 0))];
        let more = [span(3, 3, (0, 1)), span(3, 6, (1, 1))];
        check(&[&spans[..], &more[..]].concat(), 1.0, &[(0, 0.0, 2.0), (1, 1.0, 2.0), (0, 3.0, 6.0)]);
    }

    proptest! {
        #[test]
        fn as_many_are_there_as_the_load_asks(targets in prop::collection::vec((0u64..40, 1u64..5), 1..8), at in 0u64..4000) {
            let (mut spans, mut now, mut users) = (Vec::new(), 0, 0);
            for (target, seconds) in targets {
                spans.push(span(now, now + seconds, (users, target)));
                (now, users) = (now + seconds, target);
            }
            let moment = Moment::START + Duration::from_millis(at);
            let all = presences(&spans, Rate::per_second(1e9));
            if let Some(here) = spans.iter().find(|span| span.from <= moment && moment < span.to) {
                let share = moment.since(here.from).as_secs_f64() / here.to.since(here.from).as_secs_f64();
                let wanted = here.from_users as f64 + (here.to_users as f64 - here.from_users as f64) * share;
                let present = all.iter().filter(|presence| presence.asked <= moment && moment < presence.until).count() as f64;
                // Both went through floating point.
                prop_assert!((present - wanted).abs() <= 1.0 + 1e-9, "{present} for {wanted}");
            }
        }
    }
}
