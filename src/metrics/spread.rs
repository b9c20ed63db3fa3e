//! A distribution of numbers without a unit in fixed memory, as `measure` records them. Merged by addition.

use super::catalog::Statistic;

/// Numbers from 0 to a billion, to two significant digits (an error below 1 %) and not finer than a millionth.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// In millionths.
    counts: hdrhistogram::Histogram<u64>,
    sum: f64,
    min: f64,
    max: f64,
}

const PER_ONE: f64 = 1e6;
/// Larger ones count as a billion in percentiles; `max` and `avg` have them as they are.
const HIGHEST: u64 = 1_000_000_000_000_000;
const DIGITS: u8 = 2;

impl Default for Spread {
    fn default() -> Self {
        let counts = hdrhistogram::Histogram::new_with_bounds(1, HIGHEST, DIGITS)
            .expect("the bounds are constants that satisfy the library's rules");
        Self { counts, sum: 0.0, min: f64::INFINITY, max: 0.0 }
    }
}

impl Spread {
    /// `value` is finite and not negative.
    pub fn record(&mut self, value: f64) {
        self.counts.saturating_record((value * PER_ONE).round() as u64);
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("both have the same constant bounds");
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// `None` without a sample. Percentiles never leave the range of the samples.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| match statistic {
            Statistic::Percentile(p) => (self.counts.value_at_quantile(p) as f64 / PER_ONE).clamp(self.min, self.max),
            Statistic::Min => self.min,
            Statistic::Max => self.max,
            Statistic::Avg => self.sum / count as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Spread {
        let mut spread = Spread::default();
        values.iter().for_each(|value| spread.record(*value));
        spread
    }

    #[test]
    fn without_samples_there_is_no_number() {
        assert_eq!(Spread::default().statistic(Statistic::Avg), None);
    }

    #[test]
    fn zero_and_what_is_too_large_are_numbers_too() {
        let spread = of(&[0.0, 5e12]);
        assert_eq!(spread.statistic(Statistic::Percentile(0.5)), Some(0.0));
        assert_eq!(spread.statistic(Statistic::Max), Some(5e12));
        let billion = spread.statistic(Statistic::Percentile(0.99)).unwrap();
        assert!((billion - 1e9).abs() <= 1e7, "{billion}");
    }

    proptest! {
        #[test]
        fn adding_is_recording_in_one(a in prop::collection::vec(0u32..10_000_000, 0..50), b in prop::collection::vec(0u32..10_000_000, 0..50)) {
            // Whole numbers, whose sum is exact.
            let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let mut sum = of(&a);
            sum.add(&of(&b));
            prop_assert_eq!(sum, of(&[a, b].concat()));
        }

        #[test]
        fn percentiles_are_within_one_percent(mut samples in prop::collection::vec(0.001f64..1e6, 1..200)) {
            let spread = of(&samples);
            samples.sort_by(f64::total_cmp);
            for p in [0.5, 0.9, 0.99] {
                let rank = ((samples.len() as f64 * p).ceil() as usize).max(1) - 1;
                let measured = spread.statistic(Statistic::Percentile(p)).unwrap();
                prop_assert!((measured - samples[rank]).abs() <= samples[rank] * 0.01 + 1e-6, "p{p}: {measured} for {}", samples[rank]);
            }
        }
    }
}
