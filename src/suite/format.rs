//! What a text must look like where the JSON Schema names a `format`: the check, and the words for it.

use std::str::FromStr;

use serde_json::{Value, json};

use super::scalar::{Count, Factor, Flag};
use crate::units::{Bytes, Duration, Percent, Rate, RateLimit, UnitError};

/// A format of the schema. All of them are quantities: what stands there is never secret.
#[derive(Debug)]
pub struct Format {
    pub name: &'static str,
    /// With an article, as "a duration".
    pub noun: &'static str,
    /// A value of this format.
    pub example: fn() -> Value,
    /// What is wrong with a text, if anything.
    pub check: fn(&str) -> Result<(), UnitError>,
}

pub const FORMATS: &[Format] = &[
    Format { name: "count", noun: "a whole number", example: || json!(1), check: count },
    Format { name: "count-or-name", noun: "a whole number or a name", example: || json!(1), check: count_or_name },
    Format { name: "factor", noun: "a number of at least 1", example: || json!(2), check: factor },
    Format { name: "flag", noun: "`true` or `false`", example: || json!(true), check: flag },
    Format { name: "duration-with-unit", noun: "a duration", example: || json!("1s"), check: unit::<Duration> },
    Format {
        name: "duration-or-range",
        noun: "a duration or a range",
        example: || json!("1s"),
        check: duration_or_range,
    },
    Format { name: "every", noun: "a duration, `auto` or `asap`", example: || json!("1s"), check: every },
    Format { name: "rate", noun: "a rate", example: || json!("20/s"), check: unit::<Rate> },
    Format {
        name: "rate-limit",
        noun: "a duration, or so many in one",
        example: || json!("1s"),
        check: unit::<RateLimit>,
    },
    Format { name: "percent", noun: "a percentage", example: || json!("50%"), check: unit::<Percent> },
    Format { name: "size", noun: "a size", example: || json!("1KiB"), check: unit::<Bytes> },
    // Its grammar names metrics, and so belongs to the plan.
    Format { name: "limit", noun: "a limit such as `\"p95 < 200ms\"`", example: || json!("== 0"), check: |_| Ok(()) },
];

impl Format {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

fn unit<T: FromStr<Err = UnitError>>(text: &str) -> Result<(), UnitError> {
    text.parse::<T>().map(|_| ())
}

fn duration_or_range(text: &str) -> Result<(), UnitError> {
    let Some((from, to)) = text.split_once("..") else { return unit::<Duration>(text) };
    if from.parse::<Duration>()? > to.parse::<Duration>()? {
        let instead = format!("write `{}..{}`", to.trim(), from.trim());
        return Err(UnitError { what: format!("the range `{text}` ends before it begins"), instead });
    }
    Ok(())
}

fn every(text: &str) -> Result<(), UnitError> {
    match text.trim() {
        "auto" | "asap" => Ok(()),
        text if text.starts_with(|c: char| c.is_ascii_digit()) => unit::<Duration>(text),
        _ => Err(UnitError {
            what: format!("`{text}` is no step"),
            instead: "write a duration such as `2s`, `auto` (the shortest that keeps every cooldown) or `asap`"
                .to_owned(),
        }),
    }
}

fn count(text: &str) -> Result<(), UnitError> {
    scalar(Count::of(&json!(text)).is_some(), text, "a whole number", "write one such as `12`")
}

fn count_or_name(text: &str) -> Result<(), UnitError> {
    let fits = Count::of(&json!(text)).is_some() || text.parse::<f64>().is_err();
    scalar(fits, text, "a whole number or a name", "beside `expect` write one such as `2`, else the name of a metric")
}

fn factor(text: &str) -> Result<(), UnitError> {
    scalar(Factor::of(&json!(text)).is_some(), text, "a number of at least 1", "write one such as `2` or `1.5`")
}

fn flag(text: &str) -> Result<(), UnitError> {
    scalar(Flag::of(&json!(text)).is_some(), text, "`true` or `false`", "write `true` or `false`")
}

fn scalar(fits: bool, text: &str, noun: &str, instead: &str) -> Result<(), UnitError> {
    let wrong = || UnitError { what: format!("`{text}` is not {noun}"), instead: instead.to_owned() };
    if fits { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_of_their_format() {
        for format in FORMATS {
            let example = (format.example)();
            let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            assert_eq!((format.check)(&text), Ok(()), "{}", format.name);
        }
    }

    fn check(format: &str, text: &str, expected: Result<(), &str>) {
        let result = (Format::named(format).expect("a format of the table").check)(text);
        assert_eq!(result.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn texts_are_checked() {
        check("duration-or-range", "100ms..300ms", Ok(()));
        check("duration-or-range", "3s..1s", Err("the range `3s..1s` ends before it begins; write `1s..3s`"));
        check("duration-or-range", "1..2s", Err("`1` has no unit; write `1ms` or `1s`"));
        check("every", "auto", Ok(()));
        check("every", "2", Err("`2` has no unit; write `2ms` or `2s`"));
        check("rate-limit", "100 per 1s", Ok(()));
        check("rate-limit", "100 per 1", Err("`1` has no unit; write `1ms` or `1s`"));
        check("count", "1.5", Err("`1.5` is not a whole number; write one such as `12`"));
        check("count-or-name", "orders", Ok(()));
        let help = "beside `expect` write one such as `2`, else the name of a metric";
        check("count-or-name", "1.5", Err(&format!("`1.5` is not a whole number or a name; {help}")));
        check("flag", "yes", Err("`yes` is not `true` or `false`; write `true` or `false`"));
    }
}
