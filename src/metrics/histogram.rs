//! A distribution of durations in fixed memory (HDR histogram: Gil Tene, hdrhistogram.org). Merged by addition.

use crate::metrics::catalog::Statistic;
use crate::units::Duration;

/// Counts of durations, from 1 µs to an hour, to two significant digits (an error below 1 %).
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    counts: hdrhistogram::Histogram<u64>,
    /// Exact, since the histogram's own mean carries its rounding. In microseconds.
    sum: u64,
    min: u64,
    max: u64,
}

const LOWEST_MICROS: u64 = 1;
const HIGHEST_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 2;

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    #[must_use]
    pub fn new() -> Self {
        let counts = hdrhistogram::Histogram::new_with_bounds(LOWEST_MICROS, HIGHEST_MICROS, DIGITS)
            .expect("the bounds are constants that satisfy the library's rules");
        Self { counts, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Longer ones than an hour count as an hour.
    pub fn record(&mut self, duration: Duration) {
        let micros = duration.as_micros();
        self.counts.saturating_record(micros.clamp(LOWEST_MICROS, HIGHEST_MICROS));
        self.sum += micros;
        self.min = self.min.min(micros);
        self.max = self.max.max(micros);
    }

    pub fn add(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        self.counts.add(&other.counts).expect("both have the same constant bounds");
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Forgets all samples and keeps the memory.
    pub fn reset(&mut self) {
        self.counts.reset();
        (self.sum, self.min, self.max) = (0, u64::MAX, 0);
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// In milliseconds; `None` without a sample. Percentiles never exceed the largest sample.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let micros = match statistic {
            Statistic::Percentile(p) => self.counts.value_at_quantile(p).clamp(self.min, self.max) as f64,
            Statistic::Min => self.min as f64,
            Statistic::Max => self.max as f64,
            Statistic::Avg => self.sum as f64 / count as f64,
        };
        Some(micros / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(micros: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for micros in micros {
            histogram.record(Duration::from_micros(*micros));
        }
        histogram
    }

    #[test]
    fn without_samples_there_is_no_number() {
        assert_eq!(Histogram::new().statistic(Statistic::Percentile(0.5)), None);
        assert_eq!(Histogram::new().statistic(Statistic::Max), None);
    }

    #[test]
    fn reset_forgets_everything() {
        let mut histogram = of(&[5, 9_000]);
        histogram.reset();
        assert_eq!(histogram, Histogram::new());
    }

    proptest! {
        #[test]
        fn adding_is_recording_in_one(a in prop::collection::vec(0u64..10_000_000, 0..50), b in prop::collection::vec(0u64..10_000_000, 0..50)) {
            let mut sum = of(&a);
            sum.add(&of(&b));
            prop_assert_eq!(sum, of(&[a, b].concat()));
        }

        #[test]
        fn percentiles_are_within_one_percent(mut samples in prop::collection::vec(1u64..10_000_000, 1..200)) {
            let histogram = of(&samples);
            samples.sort_unstable();
            for p in [0.5, 0.9, 0.99] {
                let rank = ((samples.len() as f64 * p).ceil() as usize).max(1) - 1;
                let exact = samples[rank] as f64 / 1e3;
                let measured = histogram.statistic(Statistic::Percentile(p)).unwrap();
                prop_assert!((measured - exact).abs() <= exact * 0.01 + 0.001, "p{p}: {measured} for {exact}");
            }
        }
    }
}
