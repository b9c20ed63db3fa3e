//! Axes: where a value lies and which values are worth a line.

/// A vertical axis from its lowest to its highest line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// From zero to `top`, a line every `step`.
    Linear { top: f64, step: f64 },
    /// From `low` to `top`, both powers of ten.
    Log { low: f64, top: f64 },
}

impl Scale {
    /// From zero to a round number not below `highest`. With `whole`, lines stand on whole numbers only.
    #[must_use]
    pub fn linear(highest: f64, whole: bool) -> Self {
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let mut step = nice(highest / 4.0);
        if whole {
            step = step.max(1.0);
        }
        Self::Linear { top: (highest / step - 1e-9).ceil() * step, step }
    }

    /// For latencies: linear, unless a few values are so high that the usual ones would lie on the ground.
    #[must_use]
    pub fn latency(usual: f64, highest: f64) -> Self {
        if usual > 0.0 && highest / usual > 60.0 {
            Self::Log { low: 10_f64.powf(usual.log10().floor()), top: 10_f64.powf((highest.log10() - 1e-9).ceil()) }
        } else {
            Self::linear(highest, false)
        }
    }

    /// From 0 at the bottom to 1 at the top.
    #[must_use]
    pub fn place(self, value: f64) -> f64 {
        let place = match self {
            Self::Linear { top, .. } => value / top,
            Self::Log { low, top } => (value.max(low) / low).log10() / (top / low).log10(),
        };
        place.clamp(0.0, 1.0)
    }

    /// The values that get a line, from the bottom.
    #[must_use]
    pub fn lines(self) -> Vec<f64> {
        match self {
            Self::Linear { top, step } => (0..=(top / step).round() as u32).map(|n| f64::from(n) * step).collect(),
            Self::Log { low, top } => {
                (0..=(top / low).log10().round() as i32).map(|power| low * 10_f64.powi(power)).collect()
            }
        }
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `value`.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|nice| *nice >= value * 0.999)
        .unwrap_or(value)
}

/// The seconds that get a mark on an axis of `seconds`: at most eight, at round times.
#[must_use]
pub fn times(seconds: u64) -> Vec<u64> {
    const STEPS: &[u64] =
        &[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];
    let step = STEPS.iter().copied().find(|step| seconds / step <= 8).unwrap_or_else(|| (seconds / 8).max(1));
    (0..=seconds / step).map(|n| n * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_round_numbers() {
        for (highest, whole, expected) in [
            (20.0, true, vec![0.0, 5.0, 10.0, 15.0, 20.0]),
            (1.0, true, vec![0.0, 1.0]),
            (3.0, true, vec![0.0, 1.0, 2.0, 3.0]),
            (0.0, true, vec![0.0, 1.0]),
            (990.0, false, vec![0.0, 250.0, 500.0, 750.0, 1_000.0]),
            (1.0, false, vec![0.0, 0.25, 0.5, 0.75, 1.0]),
        ] {
            assert_eq!(Scale::linear(highest, whole).lines(), expected, "{highest}");
        }
    }

    #[test]
    fn a_scale_is_logarithmic_only_when_it_must() {
        assert_eq!(Scale::latency(31.0, 990.0), Scale::linear(990.0, false));
        let log = Scale::latency(3.1, 5_000.0);
        assert_eq!(log, Scale::Log { low: 1.0, top: 10_000.0 });
        assert_eq!(log.lines(), [1.0, 10.0, 100.0, 1_000.0, 10_000.0]);
        assert!((log.place(100.0) - 0.5).abs() < 1e-9);
        assert_eq!(log.place(0.2), 0.0);
    }

    #[test]
    fn times_are_few_and_round() {
        assert_eq!(times(75), [0, 10, 20, 30, 40, 50, 60, 70]);
        assert_eq!(times(3_600), [0, 600, 1_200, 1_800, 2_400, 3_000, 3_600]);
        assert_eq!(times(5), [0, 1, 2, 3, 4, 5]);
        assert!(times(1_000_000).len() <= 13);
    }
}
