//! A line of numbers as a word of block letters, for places that show text only.

const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there was nothing to measure.
const GAP: char = '·';

/// At most `width` letters, the highest of them for the highest number. Of numbers that share a letter the highest is
/// shown, so that no peak is lost; whatever is more than nothing is seen to be.
#[must_use]
pub fn sparkline(numbers: &[Option<f64>], width: usize) -> String {
    let step = numbers.len().div_ceil(width.max(1)).max(1);
    let columns: Vec<Option<f64>> =
        numbers.chunks(step).map(|part| part.iter().copied().flatten().reduce(f64::max)).collect();
    let top = columns.iter().copied().flatten().fold(0.0, f64::max);
    columns.into_iter().map(|number| number.map_or(GAP, |number| letter(number, top))).collect()
}

fn letter(number: f64, top: f64) -> char {
    if number <= 0.0 || top <= 0.0 {
        return STEPS[0];
    }
    let last = STEPS.len() - 1;
    let place = (number / top * last as f64).round() as usize;
    STEPS[place.clamp(1, last)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[Option<f64>], width: usize, expected: &str) {
        assert_eq!(sparkline(numbers, width), expected, "{numbers:?}");
    }

    #[test]
    fn peaks_are_kept_and_gaps_are_seen() {
        let whole = |numbers: &[u32]| numbers.iter().map(|number| Some(f64::from(*number))).collect::<Vec<_>>();
        check(&whole(&[0, 1, 2, 3, 4, 5, 6, 7]), 40, "▁▂▃▄▅▆▇█");
        check(&whole(&[0, 0, 900, 1]), 40, "▁▁█▂");
        check(&whole(&[0, 9, 0, 0, 0, 9]), 3, "█▁█");
        check(&whole(&[0, 0]), 40, "▁▁");
        check(&[None, Some(2.0), None], 40, "·█·");
        check(&[], 40, "");
    }
}
