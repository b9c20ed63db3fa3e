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

    /// How the samples lie, in steps of which ten make a power of ten: up to how many milliseconds, and how many of them.
    /// From the lowest step that has any to the highest, without gaps. What is less than 1 % above the end of a step may count to it.
    #[must_use]
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        for found in self.counts.iter_recorded() {
            let micros = self.counts.lowest_equivalent(found.value_iterated_to());
            let step = step(micros.max(LOWEST_MICROS) as f64);
            // Steps without a sample, up to this one.
            let from = buckets.len() as i32 + buckets.first().map_or(step, |(first, _)| self::step(first * 1e3));
            buckets.extend((from..=step).map(|step| (upper(step), 0)));
            if let Some((_, count)) = buckets.last_mut() {
                *count += found.count_at_value();
            }
        }
        buckets
    }
}

/// Round numbers, about equally far from each other where they are multiplied.
const STEPS: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0];

/// The number of the first step that is not below so many microseconds.
fn step(micros: f64) -> i32 {
    let decade = micros.log10().floor().max(0.0) as i32;
    (decade * 10..).find(|step| upper(*step) * 1e3 >= micros * (1.0 - 1e-9)).unwrap_or_default()
}

/// Where a step ends, in milliseconds.
fn upper(step: i32) -> f64 {
    let factor = STEPS.get(step.rem_euclid(10) as usize).copied().unwrap_or(1.0);
    // A division gives the nearest number to what is written; a product of powers may not.
    match step.div_euclid(10) - 3 {
        power @ 0.. => factor * 10_f64.powi(power),
        power => factor / 10_f64.powi(-power),
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

    #[test]
    fn buckets_are_round_and_without_gaps() {
        assert_eq!(Histogram::new().buckets(), []);
        assert_eq!(of(&[1]).buckets(), [(0.001, 1)]);
        assert_eq!(of(&[1_000, 1_000, 1_020]).buckets(), [(1.0, 2), (1.25, 1)]);
        assert_eq!(
            of(&[31_000, 60_000, 60_500, 110_000]).buckets(),
            [(32.0, 1), (40.0, 0), (50.0, 0), (63.0, 2), (80.0, 0), (100.0, 0), (125.0, 1)]
        );
    }

    proptest! {
        #[test]
        fn buckets_hold_every_sample(samples in prop::collection::vec(0u64..4_000_000_000, 0..200)) {
            let buckets = of(&samples).buckets();
            prop_assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), samples.len() as u64);
            prop_assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(buckets.first().is_none_or(|first| first.1 > 0) && buckets.last().is_none_or(|last| last.1 > 0));
        }

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
