//! What the language says of a place in a suite: its part of the JSON Schema.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::problem::Segment;
use super::schema::json_schema;

static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

/// The part of the schema that holds for one place.
#[derive(Debug, Clone, Copy, PartialEq)]
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

    /// Its alternatives with references followed: more than one for `anyOf`, none for where anything may stand.
    #[must_use]
    pub fn alternatives(self) -> Vec<Self> {
        let Some(object) = self.0.as_object() else { return Vec::new() };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return Self::at(reference.trim_start_matches('#')).map(Self::alternatives).unwrap_or_default();
        }
        if let Some(branches) = object.get("anyOf").and_then(Value::as_array) {
            return branches.iter().flat_map(|branch| Self(branch).alternatives()).collect();
        }
        if ["type", "enum", "format"].iter().any(|keyword| object.contains_key(*keyword)) {
            vec![self]
        } else {
            Vec::new()
        }
    }

    /// The shape of a part; `None` where the language leaves open what stands there, or knows no such part.
    #[must_use]
    pub fn child(self, segment: &Segment) -> Option<Self> {
        self.alternatives().into_iter().find_map(|shape| match segment {
            Segment::Index(_) => shape.0.get("items").map(Self),
            Segment::Key(key) => shape
                .properties()
                .and_then(|properties| properties.get(key))
                .or_else(|| shape.0.get("additionalProperties").filter(|rest| rest.is_object()))
                .map(Self),
        })
    }

    /// The keys of an object, when the language knows them.
    #[must_use]
    pub fn properties(self) -> Option<&'static Map<String, Value>> {
        self.0.get("properties").and_then(Value::as_object)
    }

    /// Text of a keyword, as of `format`.
    #[must_use]
    pub fn keyword(self, name: &str) -> Option<&'static Value> {
        self.0.get(name)
    }
}
