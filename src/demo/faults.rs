//! What the built-in target does wrong on purpose, so that every gate of a run can be seen to fail. Which event is hit for
//! which receiver follows from a seed, never from the order in which things happen.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use crate::units::{Duration, Percent, UnitError};

/// The faults of one server; none by default. Shares are of deliveries, each receiver by itself, unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    pub seed: u64,
    /// Not sent at all.
    pub drop: Percent,
    /// Sent twice.
    pub duplicate: Percent,
    /// Of two events of one lot within 50 ms the second is sent first.
    pub reorder: Percent,
    /// Sent where it does not belong: to a user outside of the room, or about a bid that was rejected.
    pub leak: Percent,
    /// Sent so much later, in order.
    pub delay: Option<Range>,
    /// Of bids: no ack is sent.
    pub no_ack: Percent,
    /// The server stands still for so long.
    pub freeze: Option<Timed<Duration>>,
    /// So many of the connections are closed.
    pub disconnect: Option<Timed<Percent>>,
}

impl Default for Faults {
    fn default() -> Self {
        let none = Percent(0.0);
        Self {
            seed: 0,
            drop: none,
            duplicate: none,
            reorder: none,
            leak: none,
            delay: None,
            no_ack: none,
            freeze: None,
            disconnect: None,
        }
    }
}

/// What is decided by lot: each kind of fault draws for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Drop,
    Duplicate,
    Reorder,
    Leak,
    NoAck,
    Disconnect,
}

/// What a delay draws as: a length, and no hit or miss.
const DELAY: u8 = u8::MAX;

impl Faults {
    /// Is every member told by itself? Else a room is told in one go.
    #[must_use]
    pub fn touch_deliveries(&self) -> bool {
        let shares = [self.drop, self.duplicate, self.reorder, self.leak];
        self.delay.is_some() || self.disconnect.is_some() || shares.iter().any(|share| share.0 > 0.0)
    }

    /// Do events wait on the server before they are sent?
    #[must_use]
    pub fn hold_back(&self) -> bool {
        self.delay.is_some() || self.reorder.0 > 0.0
    }

    /// Is this occasion hit, for this user?
    #[must_use]
    pub fn hits(&self, fault: Fault, occasion: impl Hash, user: &str) -> bool {
        let share = match fault {
            Fault::Drop => self.drop,
            Fault::Duplicate => self.duplicate,
            Fault::Reorder => self.reorder,
            Fault::Leak => self.leak,
            Fault::NoAck => self.no_ack,
            Fault::Disconnect => self.disconnect.map_or(Percent(0.0), |timed| timed.what),
        };
        // Without the fault nothing is drawn: this stands on the way of every bid.
        share.0 > 0.0 && self.draw(fault as u8, occasion, user) < share.0
    }

    /// How long this occasion is held back for this user.
    #[must_use]
    pub fn delay(&self, occasion: impl Hash, user: &str) -> Duration {
        let Some(Range { from, to }) = self.delay else { return Duration::ZERO };
        let spread = to.saturating_sub(from).as_secs_f64();
        from + Duration::from_secs_f64(spread * self.draw(DELAY, occasion, user))
    }

    /// From 0 to below 1.
    fn draw(&self, kind: u8, occasion: impl Hash, user: &str) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, kind, user).hash(&mut hasher);
        occasion.hash(&mut hasher);
        // The upper 53 bits are what a fraction of this type can hold.
        (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// From one duration to another. Written `50ms..200ms`; one alone is both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: Duration,
    pub to: Duration,
}

impl FromStr for Range {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let range = Self { from: from.parse()?, to: to.parse()? };
        if range.from > range.to {
            let instead = format!("write `{}..{}`", range.to, range.from);
            return Err(UnitError { what: format!("the range `{text}` ends before it begins"), instead });
        }
        Ok(range)
    }
}

/// Something that happens once, so long after the first user has come. Written `2s@10s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed<T> {
    pub what: T,
    pub at: Duration,
}

impl<T: FromStr<Err = UnitError>> FromStr for Timed<T> {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (what, at) = text.split_once('@').ok_or_else(|| UnitError {
            what: format!("`{text}` does not say when"),
            instead: format!("write `{text}@10s`: ten seconds after the first user has come"),
        })?;
        Ok(Self { what: what.parse()?, at: at.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr<Err = UnitError> + PartialEq + std::fmt::Debug>(text: &str, expected: Result<T, &str>) {
        let found = text.parse::<T>().map_err(|error| error.to_string());
        match (found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{text}"),
        }
    }

    #[test]
    fn what_the_command_line_says() {
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        check("50ms..200ms", Ok(Range { from: ms(50), to: ms(200) }));
        check("50ms", Ok(Range { from: ms(50), to: ms(50) }));
        check::<Range>("2s..1s", Err("write `1s..2s`"));
        check("2s@10s", Ok(Timed { what: s(2), at: s(10) }));
        check("5%@20s", Ok(Timed { what: Percent(0.05), at: s(20) }));
        check::<Timed<Percent>>("5%", Err("write `5%@10s`"));
    }

    #[test]
    fn a_share_is_hit_by_seed_and_not_by_chance() {
        let faults = Faults { drop: Percent(0.1), seed: 7, ..Faults::default() };
        let hits = |faults: &Faults, fault| -> Vec<u32> {
            (0..10_000).filter(|seq| faults.hits(fault, ("vase", seq), "ada")).collect()
        };
        let dropped = hits(&faults, Fault::Drop);
        assert!((800..1_200).contains(&dropped.len()), "{}", dropped.len());
        assert_eq!(dropped, hits(&faults, Fault::Drop));
        assert_ne!(dropped, hits(&Faults { seed: 8, ..faults }, Fault::Drop));
        assert_eq!(hits(&faults, Fault::Duplicate), [0; 0]);
        assert_eq!(hits(&Faults { drop: Percent(1.0), ..faults }, Fault::Drop).len(), 10_000);
    }

    #[test]
    fn delays_lie_in_their_range() {
        let ms = Duration::from_millis;
        let faults = Faults { delay: Some(Range { from: ms(50), to: ms(200) }), ..Faults::default() };
        let delays: Vec<Duration> = (0..1_000).map(|seq| faults.delay(seq, "ada")).collect();
        assert!(delays.iter().all(|delay| (ms(50)..ms(200)).contains(delay)));
        assert!(delays.iter().any(|delay| *delay > ms(190)) && delays.iter().any(|delay| *delay < ms(60)));
        assert_eq!(Faults::default().delay(1, "ada"), Duration::ZERO);
    }
}
