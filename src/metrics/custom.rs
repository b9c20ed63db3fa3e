//! Metrics that a suite brings itself: shares of true (`check`), counters (`count`) and distributions (`measure`).

use serde::{Deserialize, Serialize};

use super::catalog::{Statistic, Unit};
use super::spread::Spread;

/// One metric of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    pub name: String,
    pub kind: CustomKind,
}

/// What it is, by the verb that records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomKind {
    Check,
    Count,
    Measure,
}

impl CustomKind {
    /// The word in the suite.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Count => "count",
            Self::Measure => "measure",
        }
    }

    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Check => Unit::Share,
            Self::Count => Unit::Count,
            Self::Measure => Unit::Number,
        }
    }
}

/// One thing to record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    Check(bool),
    Count(u64),
    /// Finite and not negative.
    Measure(f64),
}

/// The numbers of one metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Times that it was recorded.
    samples: u64,
    /// Of a check those that were true, of a counter the sum.
    total: u64,
    /// Made when the first measured value comes.
    spread: Option<Box<Spread>>,
}

impl Series {
    pub fn record(&mut self, sample: Sample) {
        self.samples += 1;
        match sample {
            Sample::Check(holds) => self.total += u64::from(holds),
            Sample::Count(n) => self.total = self.total.saturating_add(n),
            Sample::Measure(value) => self.spread.get_or_insert_default().record(value),
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.total = self.total.saturating_add(other.total);
        if let Some(spread) = &other.spread {
            self.spread.get_or_insert_default().add(spread);
        }
    }

    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    #[must_use]
    pub fn spread(&self) -> Option<&Spread> {
        self.spread.as_deref()
    }

    /// Its number, or one of its numbers; `None` where there is nothing to say. A counter that never went up is 0.
    #[must_use]
    pub fn value(&self, kind: CustomKind, statistic: Option<Statistic>) -> Option<f64> {
        match kind {
            CustomKind::Check => (self.samples > 0).then(|| self.total as f64 / self.samples as f64),
            CustomKind::Count => Some(self.total as f64),
            CustomKind::Measure => self.spread()?.statistic(statistic?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: CustomKind, samples: &[Sample], statistic: Option<Statistic>, expected: Option<f64>) {
        let (mut half, mut other) = (Series::default(), Series::default());
        for (index, sample) in samples.iter().enumerate() {
            if index % 2 == 0 { half.record(*sample) } else { other.record(*sample) }
        }
        half.add(&other);
        assert_eq!(half.value(kind, statistic), expected, "{samples:?}");
        assert_eq!(half.samples(), samples.len() as u64);
    }

    #[test]
    fn a_series_is_a_share_a_sum_or_a_distribution() {
        use Sample::{Check, Count, Measure};
        check(CustomKind::Check, &[Check(true), Check(true), Check(false), Check(true)], None, Some(0.75));
        check(CustomKind::Check, &[], None, None);
        check(CustomKind::Count, &[Count(1), Count(41)], None, Some(42.0));
        check(CustomKind::Count, &[], None, Some(0.0));
        check(CustomKind::Measure, &[Measure(1.5), Measure(2.5)], Some(Statistic::Avg), Some(2.0));
        check(CustomKind::Measure, &[], Some(Statistic::Avg), None);
    }
}
