//! What a user has seen: an event in which an invariant looks at a value.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value as Json;

use crate::ledger::delivery::{Audience, Key};
use crate::secrets::head;
use crate::units::Moment;

/// One user's receipt of an event that an invariant looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    pub at: Moment,
    /// Number of the invariant.
    pub invariant: u16,
    /// `user.index`.
    pub user: u32,
    pub about: About,
    pub value: Value,
}

/// Which resource an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// There is only one thing to be about.
    Everything,
    Named(Audience),
    /// That of the action with one of these keys, unless the suite names it.
    Action {
        keys: Vec<Key>,
        of: Option<Audience>,
    },
}

/// The value that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(Number),
    /// Anything else: told apart by its hash, and shown by its head.
    Other {
        hash: u64,
        head: Box<str>,
    },
    /// The event has no such value.
    Missing,
}

/// A number of JSON. Whole ones are compared exactly: sequence numbers may be beyond what a fraction can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i128),
    Fraction(f64),
}

/// So much of a value is shown, in characters.
const HEAD: usize = 120;

impl Value {
    #[must_use]
    pub fn of(json: Option<&Json>) -> Self {
        let Some(json) = json else { return Self::Missing };
        if let Some(number) = Number::of(json) {
            return Self::Number(number);
        }
        let mut text = String::new();
        write(json, &mut text);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self::Other { hash: hasher.finish(), head: head(&text, HEAD).into() }
    }

    /// Is it the same value?
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.order(*b) == Ordering::Equal,
            (Self::Other { hash: a, .. }, Self::Other { hash: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Number {
    fn of(json: &Json) -> Option<Self> {
        let Json::Number(number) = json else { return None };
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| number.as_f64().map(Self::Fraction))
    }

    /// How it stands to the other. JSON has no numbers that are none.
    #[must_use]
    pub fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            (a, b) => a.fraction().total_cmp(&b.fraction()),
        }
    }

    const fn fraction(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Fraction(fraction) => fraction,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Fraction(fraction) => write!(f, "{fraction}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Other { head, .. } => f.write_str(head),
            Self::Missing => f.write_str("nothing"),
        }
    }
}

/// JSON in one way only: keys in their order, whatever order they came in, and numbers by their value.
fn write(json: &Json, text: &mut String) {
    match json {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (place, (key, value)) in entries.into_iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                text.push_str(&Json::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Json::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                write(value, text);
            }
            text.push(']');
        }
        Json::Number(_) => {
            text.push_str(&Number::of(json).map_or_else(|| json.to_string(), |number| number.to_string()))
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(a: Json, b: Json, same: bool) {
        let (a, b) = (Value::of(Some(&a)), Value::of(Some(&b)));
        assert_eq!((a.is(&b), b.is(&a)), (same, same), "{a} {b}");
    }

    #[test]
    fn values_are_the_same_whatever_way_they_are_written() {
        check(json!({ "a": 1, "b": [2, 3.0] }), serde_json::from_str(r#"{"b":[2,3],"a":1.0}"#).unwrap(), true);
        check(json!(7), json!(7.0), true);
        check(json!(0), json!(-0.5), false);
        check(json!(u64::MAX), json!(u64::MAX - 1), false);
        check(json!("7"), json!(7), false);
        check(json!(null), json!(null), true);
        check(json!([1, 2]), json!([2, 1]), false);
        check(json!("x".repeat(100)), json!(format!("{}y", "x".repeat(99))), false);
        // What is not there is the same as nothing.
        assert!(!Value::Missing.is(&Value::Missing));
    }

    #[test]
    fn whole_numbers_are_compared_exactly() {
        let of = |json: Json| Number::of(&json).unwrap();
        assert_eq!(of(json!(9_007_199_254_740_993_u64)).order(of(json!(9_007_199_254_740_992_u64))), Ordering::Greater);
        assert_eq!(of(json!(-1)).order(of(json!(u64::MAX))), Ordering::Less);
        assert_eq!(of(json!(1.5)).order(of(json!(2))), Ordering::Less);
    }

    #[test]
    fn little_of_a_value_is_kept() {
        let head = |text: String| Value::of(Some(&json!(text))).to_string();
        assert!((HEAD..=HEAD + 1).contains(&head("ü ".repeat(1_000)).chars().count()));
        assert_eq!(head(format!("a token: {}", "x1._-".repeat(50))), "\"a token: …");
    }
}
