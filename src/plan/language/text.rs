//! Text with `{{ … }}` in it: paths, header values, ids, event names.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::bindings::{Bindings, SlotValue};
use super::expression::{EvaluationError, Expression};
use super::names::{Names, Place, UnknownName};
use super::parse::{self, Piece};

/// A compiled text template.
#[derive(Debug)]
pub struct Text(Vec<Part>);

#[derive(Debug)]
enum Part {
    Constant(Box<str>),
    /// The expression, and its text for error messages.
    Value(Expression, Box<str>),
}

impl Text {
    pub fn compile(template: &str, path: &str, names: &Names<'_>, place: Place) -> Result<Self, UnknownName> {
        let mut parts = Vec::new();
        for piece in split(template)? {
            let (constant, source) = match piece {
                Piece::Text(text) => (Some(text.to_owned()), text),
                Piece::Expression(text) => match Expression::compile(text, path, names, place)? {
                    Expression::Constant(value) => (Some(text_of(&value)), text),
                    expression => {
                        parts.push(Part::Value(expression, text.into()));
                        (None, text)
                    }
                },
            };
            match (constant, parts.last_mut()) {
                (Some(more), Some(Part::Constant(text))) => *text = format!("{text}{more}").into(),
                (Some(text), _) => parts.push(Part::Constant(text.into())),
                (None, _) => debug_assert!(!source.is_empty(), "an expression has a text"),
            }
        }
        Ok(Self(parts))
    }

    /// A text without expressions.
    #[must_use]
    pub fn constant(text: impl Into<Box<str>>) -> Self {
        Self(vec![Part::Constant(text.into())])
    }

    /// The text, if it is the same for every user.
    #[must_use]
    pub fn as_constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Constant(text)] => Some(text),
            _ => None,
        }
    }

    pub fn render(&self, bindings: &Bindings<'_>) -> Result<String, EvaluationError> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Constant(constant) => text.push_str(constant),
                Part::Value(expression, source) => push(&mut text, &expression.needed(bindings, source)?),
            }
        }
        Ok(text)
    }
}

/// Splits a template, with words for one that does not close.
pub fn split(template: &str) -> Result<Vec<Piece<'_>>, UnknownName> {
    parse::pieces(template).map_err(|rest| UnknownName {
        what: format!("`{rest}` is not closed"),
        help: Some("close it with `}}`".into()),
    })
}

/// Adds a value as text.
fn push(text: &mut String, value: &SlotValue<'_>) {
    // Writing to a String cannot fail.
    match value {
        SlotValue::Undefined => {}
        SlotValue::Integer(number) => _ = write!(text, "{number}"),
        SlotValue::Text(value) => text.push_str(value),
        SlotValue::ActionId(id) => _ = write!(text, "{id}"),
        SlotValue::Json(value) => text.push_str(&text_of(value)),
    }
}

/// The same of JSON text.
#[must_use]
pub fn text_of_json(json: &str) -> Cow<'_, str> {
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    match inner {
        Some(inner) if inner.contains('\\') => serde_json::from_str(json).map_or(Cow::Borrowed(inner), Cow::Owned),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(json),
    }
}

/// A string without its quotes, anything else as JSON.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
