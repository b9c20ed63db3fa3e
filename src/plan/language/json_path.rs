//! Reading one value out of JSON text without building the rest: the borrowed slice of what a path names.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Name(Box<str>),
    Index(usize),
}

/// Steps from a value to one inside it.
pub type Path = Vec<Key>;

/// The JSON text of what `path` names inside `json`; `None` where there is nothing, or `json` is broken.
#[must_use]
pub fn find<'a>(json: &'a str, path: &[Key]) -> Option<&'a str> {
    let mut here = json;
    for key in path {
        let mut deserializer = serde_json::Deserializer::from_str(here);
        here = Step(key).deserialize(&mut deserializer).ok().flatten()?.get();
    }
    Some(here)
}

/// The first item of a JSON array, and how many there are in all.
#[must_use]
pub fn first_and_count(array: &str) -> (Option<&str>, usize) {
    let mut deserializer = serde_json::Deserializer::from_str(array);
    deserializer.deserialize_seq(FirstAndCount).map_or((None, 0), |(first, count)| (first.map(RawValue::get), count))
}

/// The same on a parsed value.
#[must_use]
pub fn find_value<'a>(value: &'a Value, path: &[Key]) -> Option<&'a Value> {
    path.iter().try_fold(value, |here, key| match key {
        Key::Name(name) => here.get(&**name),
        Key::Index(index) => here.get(index),
    })
}

/// Looks one key up and skips the rest.
struct Step<'k>(&'k Key);

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Key::Name(wanted) = self.0 else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let mut found = None;
        while let Some(same) = map.next_key_seed(IsName(wanted))? {
            if same {
                // No early return: serde_json wants a map read to its end, and the last of two equal keys wins, as in JavaScript.
                found = Some(map.next_value::<&RawValue>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let wanted = if let Key::Index(index) = self.0 { *index } else { usize::MAX };
        let mut found = None;
        for position in 0.. {
            if position == wanted {
                let Some(value) = sequence.next_element::<&RawValue>()? else { break };
                found = Some(value);
            } else if sequence.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Compares a key without keeping it.
struct IsName<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct FirstAndCount;

impl<'de> Visitor<'de> for FirstAndCount {
    type Value = (Option<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let first = sequence.next_element::<&RawValue>()?;
        let mut count = usize::from(first.is_some());
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((first, count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(json: &str, path: &[Key], expected: Option<&str>) {
        assert_eq!(find(json, path), expected, "{json} {path:?}");
    }

    fn name(name: &str) -> Key {
        Key::Name(name.into())
    }

    #[test]
    fn paths_find_their_slice() {
        check(r#"{"ok":true,"a":{"b":[1,{"c":"x"}]}}"#, &[name("ok")], Some("true"));
        check(r#"{"a": {"b":[1, {"c":"x"}]}}"#, &[name("a"), name("b"), Key::Index(1), name("c")], Some(r#""x""#));
        check(r#"{"a":1,"a":2}"#, &[name("a")], Some("2"));
        check(r#"{"a":1}"#, &[name("b")], None);
        check(r#"{"a":1}"#, &[name("a"), name("b")], None);
        check("[1,2]", &[Key::Index(2)], None);
        check("[1,2]", &[name("length")], None);
        check(r#""text""#, &[name("a")], None);
        check(r#"{"a":"#, &[name("a")], None);
        check(r#"{"\u0061":1}"#, &[name("a")], Some("1"));
        check("null", &[], Some("null"));
    }

    #[test]
    fn the_first_item_and_the_number_of_items() {
        assert_eq!(first_and_count(r#"[{"ok":true}]"#), (Some(r#"{"ok":true}"#), 1));
        assert_eq!(first_and_count("[null, 2 ,3]"), (Some("null"), 3));
        assert_eq!(first_and_count("[]"), (None, 0));
        assert_eq!(first_and_count("{"), (None, 0));
    }

    proptest! {
        #[test]
        fn agrees_with_the_parsed_value(a in any::<i32>(), text in ".*", deep in any::<bool>()) {
            let value = json!({ "list": [a, { "text": text, "deep": deep }], "a": a });
            let written = value.to_string();
            for path in [vec![name("a")], vec![name("list"), Key::Index(1), name("text")], vec![name("list"), Key::Index(0)], vec![name("none")]] {
                let found = find(&written, &path).map(|json| serde_json::from_str::<Value>(json).unwrap());
                prop_assert_eq!(found.as_ref(), find_value(&value, &path));
            }
        }
    }
}
