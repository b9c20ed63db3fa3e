//! Spans between visits of one key, in whole parts of the step.

use crate::units::Duration;

/// A length of time that grows with the step: `parts` of the `whole` that a step is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub parts: u64,
    pub whole: u64,
}

impl Span {
    /// In steps, for people.
    #[must_use]
    pub fn steps(self) -> f64 {
        self.parts as f64 / self.whole as f64
    }

    /// With a step of that length, rounded down as moments of turns are.
    #[must_use]
    pub fn with(self, step: Duration) -> Duration {
        let nanos = u128::from(self.parts) * u128::from(step.as_nanos()) / u128::from(self.whole);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Is it at least that long, exactly?
    #[must_use]
    pub fn reaches(self, needed: Duration, step: Duration) -> bool {
        let nanos = u128::from(needed.as_nanos()) * u128::from(self.whole);
        u128::from(self.parts) * u128::from(step.as_nanos()) >= nanos
    }

    /// The shortest step, in so many nanoseconds at a time, with which it is at least that long; `None` if none is.
    #[must_use]
    pub fn shortest_step(self, needed: Duration, grain: u64) -> Option<Duration> {
        let nanos = u128::from(needed.as_nanos()) * u128::from(self.whole);
        let step = nanos.div_ceil(u128::from(self.parts).max(1)).div_ceil(u128::from(grain)) * u128::from(grain);
        (self.parts > 0 || needed.is_zero()).then(|| Duration::from_nanos(u64::try_from(step).unwrap_or(u64::MAX)))
    }
}

/// The smallest span from a visit to the `count`th after it, on a track that begins anew after `period`. The window may go
/// over several periods. `None` of a track without visits. Times are sorted.
#[must_use]
pub fn smallest(times: &[u64], period: u64, count: u64) -> Option<u64> {
    spans(times, period, count).min()
}

/// The span from each visit to the `count`th after it.
pub fn spans(times: &[u64], period: u64, count: u64) -> impl Iterator<Item = u64> {
    let length = times.len() as u64;
    let (rounds, rest) = count.checked_div(length).map_or((0, 0), |rounds| (rounds, count % length));
    times.iter().enumerate().map(move |(from, start)| {
        let to = from as u64 + rest;
        let (to, rounds) = if to >= length { (to - length, rounds + 1) } else { (to, rounds) };
        times[to as usize].saturating_add(rounds.saturating_mul(period)) - start
    })
}

/// The same where nothing begins anew.
#[must_use]
pub fn smallest_of_stretch(times: &[u64], count: u64) -> Option<u64> {
    let later = times.iter().skip(usize::try_from(count).unwrap_or(usize::MAX));
    times.iter().zip(later).map(|(from, to)| to - from).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_may_go_over_several_periods() {
        let check = |times: &[u64], period, count, expected| {
            assert_eq!(smallest(times, period, count), expected, "{times:?} of {period}, {count}");
        };
        check(&[0], 1, 41, Some(41));
        check(&[3], 10, 1, Some(10));
        check(&[0, 1, 5], 10, 1, Some(1));
        check(&[0, 1, 5], 10, 2, Some(5));
        check(&[0, 1, 5], 10, 3, Some(10));
        check(&[0, 1, 5], 10, 7, Some(21));
        check(&[2, 2], 10, 1, Some(0));
        check(&[2, 2], 10, 2, Some(10));
        check(&[], 10, 2, None);
    }

    #[test]
    fn steps_are_the_shortest_that_reach() {
        let span = Span { parts: 19, whole: 60 };
        let needed = Duration::from_millis(1050);
        let step = span.shortest_step(needed, 1_000_000).unwrap();
        assert_eq!(step, Duration::from_millis(3316));
        assert!(span.reaches(needed, step) && !span.reaches(needed, Duration::from_millis(3315)));
        assert_eq!(Span { parts: 0, whole: 1 }.shortest_step(needed, 1), None);
    }
}
