//! Numbers as a person reads them. Every format prints through here, so that one value looks the same everywhere.

use crate::metrics::catalog::Unit;
use crate::units::{Duration, RateLimit};

/// Stands where there is no value.
pub const NONE: &str = "–";

/// Milliseconds with three digits that count: `0.42 ms`, `37.2 ms`, `871 ms`, `1.24 s`.
#[must_use]
pub fn milliseconds(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 99_950.0 => format!("{} s", count((value / 1_000.0).round() as u64)),
        _ if size >= 9_995.0 => format!("{:.1} s", value / 1_000.0),
        _ if size >= 999.5 => format!("{:.2} s", value / 1_000.0),
        _ if size >= 99.95 => format!("{value:.0} ms"),
        _ if size >= 9.995 => format!("{value:.1} ms"),
        _ if size == 0.0 => "0 ms".into(),
        _ => format!("{value:.2} ms"),
    }
}

/// A share of a whole, given as a fraction: `99.42 %`. Only a true whole is printed as 100 %, only a true nothing as 0 %.
#[must_use]
pub fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let shown = match percent {
        _ if percent > 99.99 && percent < 100.0 => 99.99,
        _ if percent > 0.0 && percent < 0.01 => 0.01,
        _ => percent,
    };
    let text = format!("{shown:.2}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A whole number with its thousands set apart: `1,238`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 sample`, `1,238 samples`. The noun is given in the singular and takes an `s`.
#[must_use]
pub fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A size: `812 B`, `18.3 MiB`.
#[must_use]
pub fn bytes(value: f64) -> String {
    const STEPS: &[&str] = &["KiB", "MiB", "GiB", "TiB"];
    if value < 1_024.0 {
        return format!("{value:.0} B");
    }
    let mut size = value / 1_024.0;
    let mut step = 0;
    while size >= 1_024.0 && step + 1 < STEPS.len() {
        size /= 1_024.0;
        step += 1;
    }
    format!("{size:.1} {}", STEPS[step])
}

/// A value of a metric in its unit.
#[must_use]
pub fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => share(value),
        Unit::Count if value.fract() == 0.0 => count(value as u64),
        Unit::Count => format!("{value:.1}"),
        Unit::PerSecond if value >= 999.5 => format!("{}/s", count(value.round() as u64)),
        Unit::PerSecond => format!("{value:.1}/s"),
        Unit::Milliseconds => milliseconds(value),
        Unit::Bytes => bytes(value),
        Unit::Number => plain(value),
    }
}

/// A number without a unit, with three digits that count and no zeros at the end: `0.042`, `37.2`, `1,238`.
#[must_use]
pub fn plain(value: f64) -> String {
    if value.abs() >= 999.5 || value.fract() == 0.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(value.abs().round() as u64));
    }
    let decimals = if value.abs() >= 99.95 {
        1
    } else if value.abs() >= 9.995 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How long something lasted: `4.1 s`, `1 min 15 s`, `1 h 0 min`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 3_600 {
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        format!("{} h {} min", whole / 3_600, whole % 3_600 / 60)
    }
}

/// A length of time of a plan, to a thousandth and without zeros at the end: `50.7 ms`, `1.106 s`, `18 s`, `1 min 15 s`, `1 h`.
#[must_use]
pub fn span(span: Duration) -> String {
    let trimmed = |text: String| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    let millis = span.as_millis_f64();
    match millis {
        _ if millis == 0.0 => "0 s".into(),
        _ if millis < 1.0 => format!("{} ms", trimmed(format!("{millis:.3}"))),
        _ if millis < 999.95 => format!("{} ms", trimmed(format!("{millis:.1}"))),
        _ if millis < 59_999.5 => format!("{} s", trimmed(format!("{:.3}", millis / 1_000.0))),
        _ => {
            let whole = (millis / 1_000.0).round() as u64;
            let parts = [(whole / 3_600, "h"), (whole % 3_600 / 60, "min"), (whole % 60, "s")];
            let said = parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}"));
            said.collect::<Vec<_>>().join(" ")
        }
    }
}

/// What a rule allows: `1 s`, or `100 per 1 s`.
#[must_use]
pub fn limit(limit: RateLimit) -> String {
    if limit.count == 1 { span(limit.per) } else { format!("{} per {}", count(limit.count), span(limit.per)) }
}

/// A moment of the run as a clock shows it: `0:42`, `1:02:05`.
#[must_use]
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_keep_three_digits() {
        let cases = [
            (0.0, "0 ms"),
            (0.423, "0.42 ms"),
            (9.994, "9.99 ms"),
            (37.24, "37.2 ms"),
            (99.96, "100 ms"),
            (871.4, "871 ms"),
            (1_241.0, "1.24 s"),
            (61_440.0, "61.4 s"),
            (1_200_000.0, "1,200 s"),
        ];
        for (value, expected) in cases {
            assert_eq!(milliseconds(value), expected);
        }
    }

    #[test]
    fn a_share_is_whole_only_when_it_is() {
        let cases = [
            (1.0, "100 %"),
            (0.99999, "99.99 %"),
            (0.9942, "99.42 %"),
            (0.5, "50 %"),
            (0.000_001, "0.01 %"),
            (0.0, "0 %"),
        ];
        for (value, expected) in cases {
            assert_eq!(share(value), expected);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (value, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(value), expected);
        }
        assert_eq!(counted(1, "sample"), "1 sample");
        assert_eq!(counted(0, "sample"), "0 samples");
    }

    #[test]
    fn values_follow_their_unit() {
        let cases = [
            (0.25, Unit::Share, "25 %"),
            (1_238.0, Unit::Count, "1,238"),
            (1_238.4, Unit::Number, "1,238"),
            (37.25, Unit::Number, "37.25"),
            (0.5, Unit::Number, "0.5"),
            (612.04, Unit::Number, "612"),
            (18.97, Unit::PerSecond, "19.0/s"),
            (243.2, Unit::Milliseconds, "243 ms"),
            (812.0, Unit::Bytes, "812 B"),
            (19_240_000.0, Unit::Bytes, "18.3 MiB"),
        ];
        for (number, unit, expected) in cases {
            assert_eq!(value(number, unit), expected);
        }
    }

    #[test]
    fn times_are_read_as_a_clock_or_said() {
        for (seconds, expected) in [(5, "0:05"), (75, "1:15"), (3_725, "1:02:05")] {
            assert_eq!(clock(seconds), expected);
        }
        for (millis, expected) in [(4_100, "4.1 s"), (75_412, "1 min 15 s"), (3_600_000, "1 h 0 min")] {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn a_span_is_exact_where_that_can_be_read() {
        for (micros, expected) in [
            (0, "0 s"),
            (250, "0.25 ms"),
            (50_700, "50.7 ms"),
            (999_960, "1 s"),
            (1_050_000, "1.05 s"),
            (1_050_700, "1.051 s"),
            (18_000_000, "18 s"),
            (75_412_000, "1 min 15 s"),
            (3_599_999_999, "1 h"),
            (5_400_000_000, "1 h 30 min"),
        ] {
            assert_eq!(span(Duration::from_micros(micros)), expected);
        }
        assert_eq!(limit(RateLimit { count: 100, per: Duration::SECOND }), "100 per 1 s");
    }
}
