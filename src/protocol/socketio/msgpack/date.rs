//! Dates as JavaScript writes them into JSON.

const DAY: i64 = 86_400_000;
/// The furthest date of JavaScript from 1970, in milliseconds. (ECMA-262, "Time Values and Time Range".)
const FURTHEST: u64 = 8_640_000_000_000_000;

/// A moment in milliseconds since 1970 as `Date.prototype.toJSON` gives it; `None` where that is `null`.
pub fn json(millis: i64) -> Option<String> {
    if millis.unsigned_abs() > FURTHEST {
        return None;
    }
    let (day, time) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let (year, month, day) = civil(day);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+07}"),
    };
    let (hours, minutes, seconds) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60);
    Some(format!("\"{year}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z\"", time % 1_000))
}

/// Year, month and day of the Gregorian calendar, of a day counted from 1970-01-01. The year is taken to begin in March, so
/// that the leap day is its last one.
fn civil(day: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        // As node prints them.
        for (millis, expected) in [
            (0, "\"1970-01-01T00:00:00.000Z\""),
            (-1, "\"1969-12-31T23:59:59.999Z\""),
            (951_782_400_000, "\"2000-02-29T00:00:00.000Z\""),
            (1_772_366_400_123, "\"2026-03-01T12:00:00.123Z\""),
            (4_107_542_400_000, "\"2100-03-01T00:00:00.000Z\""),
            (253_402_300_800_000, "\"+010000-01-01T00:00:00.000Z\""),
            (-62_198_755_200_000, "\"-000001-01-01T00:00:00.000Z\""),
            (8_640_000_000_000_000, "\"+275760-09-13T00:00:00.000Z\""),
            (-8_640_000_000_000_000, "\"-271821-04-20T00:00:00.000Z\""),
        ] {
            assert_eq!(json(millis).as_deref(), Some(expected), "{millis}");
        }
        assert_eq!(json(8_640_000_000_000_001), None);
        assert_eq!(json(i64::MIN), None);
    }
}
