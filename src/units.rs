//! Quantities that carry a unit: moments, durations, rates, shares and sizes.
//!
//! Each is parsed from what a suite's author writes, printed as a person reads it, and refuses a bare number
//! where the unit would have to be guessed: tools disagree about what `timeout: 5` means.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a quantity: what is wrong with it and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {instead}")]
pub struct UnitError {
    pub what: String,
    pub instead: String,
}

impl UnitError {
    fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }
}

/// A point on the run's one clock, in nanoseconds since the run started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    pub const START: Self = Self(0);
    /// Later than any moment of a run; a timer set to it never fires.
    pub const NEVER: Self = Self(u64::MAX);

    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start of the run.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The whole second that this moment lies in.
    #[must_use]
    pub const fn second(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration(self.0).fmt(f)
    }
}

/// A length of time, in nanoseconds. Written with a unit: `500ms`, `2s`, `1m30s`, `1.5s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Duration {
    pub const ZERO: Self = Self(0);
    pub const SECOND: Self = Self(1_000_000_000);

    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// From seconds; negative and not-a-number become zero.
    #[must_use]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1e9).round() as u64)
    }

    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }

    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Duration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Mul<u64> for Duration {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl FromStr for Duration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        if text == "0" {
            return Ok(Self::ZERO);
        }
        if text.parse::<f64>().is_ok() {
            return Err(UnitError::new(format!("`{text}` has no unit"), format!("write `{text}ms` or `{text}s`")));
        }
        humantime::parse_duration(text).map(Self::from).map_err(|e| {
            UnitError::new(format!("`{text}` is not a duration ({e})"), "write one such as `500ms`, `2s` or `1m30s`")
        })
    }
}

impl fmt::Display for Duration {
    /// Exact, in the units of a suite: `1m30s`, `1s500ms`, `250µs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in [
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("µs", 1_000),
            ("ns", 1),
        ] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// How often something may happen: `count` times in each `per`. Written `20/s`, `300/m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub count: f64,
    pub per: Duration,
}

impl Rate {
    #[must_use]
    pub const fn per_second(count: f64) -> Self {
        Self { count, per: Duration::SECOND }
    }

    /// The even distance between two events of this rate.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(self.per.as_secs_f64() / self.count)
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(format!("`{text}` is not a rate"), "write one such as `20/s` or `300/m`");
        let (count, per) = text.trim().split_once('/').ok_or_else(wrong)?;
        let count: f64 = count.trim().parse().map_err(|_| wrong())?;
        let per = match per.trim() {
            "s" => Duration::SECOND,
            "m" | "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            _ => return Err(wrong()),
        };
        if count.is_finite() && count > 0.0 {
            Ok(Self { count, per })
        } else {
            Err(UnitError::new(format!("the rate `{text}` is not above zero"), "write one such as `20/s`"))
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per.as_nanos() / 1_000_000_000 {
            60 => "m",
            3_600 => "h",
            _ => "s",
        };
        write!(f, "{}/{per}", self.count)
    }
}

/// At most so many in any stretch of that length. Written `100 per 1s`; a plain duration is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub count: u64,
    pub per: Duration,
}

impl RateLimit {
    /// One in that time: a plain cooldown.
    #[must_use]
    pub const fn one_in(per: Duration) -> Self {
        Self { count: 1, per }
    }
}

impl FromStr for RateLimit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let Some((count, per)) = text.split_once(" per ") else { return text.parse().map(Self::one_in) };
        let count: u64 = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(|| {
            UnitError::new(format!("`{text}` does not say how many"), "write a duration such as `1s`, or `100 per 1s`")
        })?;
        Ok(Self { count, per: per.parse()? })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 1 { self.per.fmt(f) } else { write!(f, "{} per {}", self.count, self.per) }
    }
}

/// A share of a whole, kept as a fraction (0.99 is 99 %). Written `99%`, `99.5%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(format!("`{text}` is not a percentage"), "write one such as `99%` or `99.5%`");
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?;
        let value: f64 = number.trim().parse().map_err(|_| wrong())?;
        if (0.0..=100.0).contains(&value) { Ok(Self(value / 100.0)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ten digits undo the error of the division by 100 without hiding a digit that anybody wrote.
        write!(f, "{}%", (self.0 * 100.0 * 1e10).round() / 1e10)
    }
}

/// A size in bytes. Written `60B`, `1KiB`, `2MiB`, `1kB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

const BYTE_UNITS: &[(&str, u64)] =
    &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("MB", 1_000_000), ("B", 1)];

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let trimmed = text.trim();
        let wrong = || UnitError::new(format!("`{text}` is not a size"), "write one such as `60B`, `1KiB` or `2MiB`");
        let (number, unit) = BYTE_UNITS
            .iter()
            .find_map(|(unit, size)| trimmed.strip_suffix(unit).map(|number| (number, *size)))
            .ok_or_else(wrong)?;
        let number: u64 = number.trim().parse().map_err(|_| wrong())?;
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in BYTE_UNITS[..3].iter().rev() {
            if self.0 >= *size && self.0.is_multiple_of(*size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// Serde and JSON Schema through the text form. `format` names the check that `suite/schema` registers.
macro_rules! as_text {
    ($($type:ident, $format:literal, $example:literal;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format, "examples": [$example] })
            }
        }
    )*};
}

as_text! {
    Duration, "duration-with-unit", "500ms";
    Rate, "rate", "20/s";
    RateLimit, "rate-limit", "1s";
    Percent, "percent", "99%";
    Bytes, "size", "1KiB";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check<T: FromStr<Err = UnitError> + fmt::Display>(text: &str, expected: Result<&str, &str>) {
        match (text.parse::<T>(), expected) {
            (Ok(value), Ok(expected)) => assert_eq!(value.to_string(), expected, "{text}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{text}: {error}"),
            (Ok(value), Err(_)) => panic!("{text} was taken for {value}"),
            (Err(error), Ok(_)) => panic!("{text} was refused: {error}"),
        }
    }

    #[test]
    fn durations() {
        check::<Duration>("500ms", Ok("500ms"));
        check::<Duration>("1m30s", Ok("1m30s"));
        check::<Duration>("1.5s", Ok("1s500ms"));
        check::<Duration>("90s", Ok("1m30s"));
        check::<Duration>("0", Ok("0s"));
        check::<Duration>("200", Err("write `200ms` or `200s`"));
        check::<Duration>("soon", Err("not a duration"));
        check::<Duration>("", Err("not a duration"));
    }

    #[test]
    fn rates() {
        check::<Rate>("20/s", Ok("20/s"));
        check::<Rate>("300/m", Ok("300/m"));
        check::<Rate>("0/s", Err("not above zero"));
        check::<Rate>("20", Err("`20/s`"));
        assert_eq!(Rate::per_second(20.0).interval(), Duration::from_millis(50));
    }

    #[test]
    fn rate_limits() {
        check::<RateLimit>("1s", Ok("1s"));
        check::<RateLimit>("100 per 1s", Ok("100 per 1s"));
        check::<RateLimit>("1 per 500ms", Ok("500ms"));
        check::<RateLimit>("0 per 1s", Err("does not say how many"));
        check::<RateLimit>("many per 1s", Err("`100 per 1s`"));
        check::<RateLimit>("5 per 1", Err("no unit"));
    }

    #[test]
    fn percentages() {
        check::<Percent>("99%", Ok("99%"));
        check::<Percent>("99.5 %", Ok("99.5%"));
        check::<Percent>("0.99", Err("not a percentage"));
        check::<Percent>("101%", Err("not a percentage"));
    }

    #[test]
    fn sizes() {
        check::<Bytes>("1KiB", Ok("1KiB"));
        check::<Bytes>("60B", Ok("60B"));
        check::<Bytes>("1kB", Ok("1000B"));
        check::<Bytes>("60", Err("`60B`"));
    }

    proptest! {
        #[test]
        fn a_printed_duration_reads_back(nanos in 0..u64::from(u32::MAX) * 100_000) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse::<Duration>().unwrap(), duration);
        }

        #[test]
        fn a_printed_percentage_reads_back(basis_points in 0u32..=10_000) {
            let percent = Percent(f64::from(basis_points) / 10_000.0);
            let again = percent.to_string().parse::<Percent>().unwrap();
            prop_assert!((again.0 - percent.0).abs() < 1e-12);
        }
    }
}
