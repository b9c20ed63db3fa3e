//! What the language says of a place in a suite: its part of the JSON Schema.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::format::Format;
use super::problem::{Path, Segment};
use super::schema::json_schema;

/// The schema of the language.
pub static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

/// The part of the schema that holds for one place.
#[derive(Debug, Clone, Copy)]
pub struct Shape(&'static Value);

impl Shape {
    /// The shape of a whole suite.
    #[must_use]
    pub fn root() -> Self {
        Self(&SCHEMA)
    }

    /// The shape at a JSON Pointer of the schema.
    #[must_use]
    pub fn at(pointer: &str) -> Option<Self> {
        SCHEMA.pointer(pointer).map(Self)
    }

    /// The shape of a place; `None` where the language leaves open what stands there, or knows no such place.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        path.segments().iter().try_fold(Self::root(), |shape, segment| shape.child(segment))
    }

    /// Its alternatives with references followed: several for `anyOf`, none where anything may stand. Absence is none.
    #[must_use]
    pub fn alternatives(self) -> Vec<Self> {
        let Some(object) = self.0.as_object() else { return Vec::new() };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return Self::at(reference.trim_start_matches('#')).map(Self::alternatives).unwrap_or_default();
        }
        if let Some(branches) = object.get("anyOf").and_then(Value::as_array) {
            return branches.iter().flat_map(|branch| Self(branch).alternatives()).collect();
        }
        let says_something = ["type", "enum"].iter().any(|keyword| object.contains_key(*keyword));
        if says_something && self.types() != ["null"] { vec![self] } else { Vec::new() }
    }

    /// The shape of a part; `None` where the language leaves open what stands there, or knows no such part.
    #[must_use]
    pub fn child(self, segment: &Segment) -> Option<Self> {
        self.alternatives().into_iter().find_map(|shape| match segment {
            Segment::Index(_) => shape.0.get("items").map(Self),
            Segment::Key(key) => {
                let rest = || shape.0.get("additionalProperties").filter(|rest| rest.is_object());
                shape.properties().and_then(|known| known.get(key)).or_else(rest).map(Self)
            }
        })
    }

    /// The keys of an object, when the language knows them.
    #[must_use]
    pub fn properties(self) -> Option<&'static Map<String, Value>> {
        self.0.get("properties").and_then(Value::as_object)
    }

    /// Does one of its alternatives have this key?
    #[must_use]
    pub fn knows(self, key: &str) -> bool {
        self.alternatives().iter().filter_map(|shape| shape.properties()).any(|known| known.contains_key(key))
    }

    /// Must an object of this shape have `key`?
    #[must_use]
    pub fn requires(self, key: &str) -> bool {
        let required = |shape: &Self| shape.0.get("required").and_then(Value::as_array);
        self.alternatives().iter().filter_map(required).flatten().any(|name| name == key)
    }

    /// Is this the definition of that name?
    #[must_use]
    pub fn is(self, definition: &str) -> bool {
        let pointer = format!("/$defs/{definition}");
        Self::at(&pointer).is_some_and(|there| self.alternatives().iter().any(|shape| std::ptr::eq(shape.0, there.0)))
    }

    /// The names of its JSON types.
    #[must_use]
    pub fn types(self) -> Vec<&'static str> {
        match self.0.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    #[must_use]
    pub fn format(self) -> Option<&'static Format> {
        self.0.get("format").and_then(Value::as_str).and_then(Format::named)
    }

    /// The words of which one must stand here.
    #[must_use]
    pub fn choices(self) -> Option<&'static Vec<Value>> {
        self.0.get("enum").and_then(Value::as_array)
    }

    /// What the language says of it, its first sentence.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        let text = self.0.get("description").and_then(Value::as_str)?;
        Some(text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.'))
    }

    /// The word for a list item of this shape, in the plural, as "steps".
    #[must_use]
    pub fn plural(self) -> Option<String> {
        let reference = self.0.get("items")?.get("$ref").and_then(Value::as_str)?;
        Some(format!("{}s", reference.rsplit('/').next()?.to_lowercase()))
    }

    /// Some value of this shape, to go on reading with where the author's is faulty.
    #[must_use]
    pub fn stand_in(self) -> Value {
        let Some(shape) = self.alternatives().first().copied() else { return Value::Null };
        if let Some(format) = shape.format() {
            return (format.example)();
        }
        if let Some(choice) = shape.choices().and_then(|choices| choices.first()) {
            return choice.clone();
        }
        if let Some(example) = shape.0.get("examples").and_then(|examples| examples.get(0)) {
            return example.clone();
        }
        match shape.types().first() {
            Some(&"object") => {
                let required = shape.0.get("required").and_then(Value::as_array).into_iter().flatten();
                let stand_in =
                    |key: &str| Some((key.to_owned(), shape.child(&Segment::Key(key.to_owned()))?.stand_in()));
                Value::Object(required.filter_map(Value::as_str).filter_map(stand_in).collect())
            }
            Some(&"array") => json!([]),
            Some(&"boolean") => json!(false),
            Some(&("integer" | "number")) => json!(1),
            _ => json!(""),
        }
    }
}
