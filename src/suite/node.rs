//! The YAML of a suite as a tree in which everything knows where it stands.
//!
//! One event pass builds it, so values and places can never disagree. Aliases and merge keys are already resolved:
//! what they bring keeps the place at which its text stands.

use std::ops::Range;

use indexmap::IndexMap;
use serde_json::Value;

/// One value of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Bytes of the file; empty for a value that was left out, as in `key:`.
    pub span: Range<usize>,
    pub content: Content,
    /// Number of values in this tree, itself among them.
    pub size: usize,
    /// Levels of this tree: 1 for a scalar.
    pub height: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(IndexMap<String, Entry>),
}

/// A value with the key that it stands under.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Bytes of the key.
    pub key: Range<usize>,
    pub value: Node,
}

impl Node {
    #[must_use]
    pub fn scalar(span: Range<usize>, value: Value) -> Self {
        Self { span, content: Content::Scalar(value), size: 1, height: 1 }
    }

    #[must_use]
    pub fn list(span: Range<usize>, items: Vec<Self>) -> Self {
        let (size, height) = measure(items.iter());
        Self { span, content: Content::List(items), size, height }
    }

    #[must_use]
    pub fn map(span: Range<usize>, entries: IndexMap<String, Entry>) -> Self {
        let (size, height) = measure(entries.values().map(|entry| &entry.value));
        Self { span, content: Content::Map(entries), size, height }
    }

    /// The same without places.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|(key, entry)| (key.clone(), entry.value.value())).collect())
            }
        }
    }
}

fn measure<'a>(children: impl Iterator<Item = &'a Node>) -> (usize, usize) {
    children.fold((1, 1), |(size, height), child| (size + child.size, height.max(child.height + 1)))
}
