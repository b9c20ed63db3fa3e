//! JSON with `{{ … }}` in its strings, compiled so that what is constant is serialised once.

use std::io::Write as _;

use serde_json::Value;

use super::bindings::{Bindings, SlotValue};
use super::expression::{EvaluationError, Expression};
use super::names::{Names, Place, UnknownName};
use super::parse::Piece;
use super::text::{split, text_of};
use crate::suite::problem::Path;

/// A compiled JSON template.
#[derive(Debug, Default)]
pub struct Payload(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// JSON as it goes out.
    Constant(Box<str>),
    /// A string that is one expression keeps the expression's type.
    Json(Expression, Box<str>),
    /// An expression inside a string.
    InString(Expression, Box<str>),
}

impl Payload {
    /// Compiles `value`, which stands at `path`; what is wrong in it is handed to `problem` with its place.
    pub fn compile(
        value: &Value,
        path: &Path,
        names: &Names<'_>,
        place: Place,
        problem: &mut dyn FnMut(&Path, UnknownName),
    ) -> Self {
        let mut payload = Self::default();
        payload.append(value, path, names, place, problem);
        payload
    }

    /// Adds JSON text as it is.
    pub fn append_constant(&mut self, json: &str) {
        match self.0.last_mut() {
            Some(Part::Constant(text)) => *text = format!("{text}{json}").into(),
            _ => self.0.push(Part::Constant(json.into())),
        }
    }

    /// Adds a compiled value.
    pub fn append(
        &mut self,
        value: &Value,
        path: &Path,
        names: &Names<'_>,
        place: Place,
        problem: &mut dyn FnMut(&Path, UnknownName),
    ) {
        match value {
            Value::String(text) => {
                if let Err(unknown) = self.append_string(text, path, names, place) {
                    problem(path, unknown);
                }
            }
            Value::Array(items) => {
                self.append_constant("[");
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.append_constant(",");
                    }
                    self.append(item, &path.index(index), names, place, problem);
                }
                self.append_constant("]");
            }
            Value::Object(map) => {
                self.append_constant("{");
                for (index, (key, item)) in map.iter().enumerate() {
                    if index > 0 {
                        self.append_constant(",");
                    }
                    let path = path.key(key.as_str());
                    // A key is text whatever stands in it.
                    match split(key).and_then(|pieces| self.append_text(&pieces, &path, names, place)) {
                        Ok(()) => self.append_constant(":"),
                        Err(unknown) => problem(&path, unknown),
                    }
                    self.append(item, &path, names, place, problem);
                }
                self.append_constant("}");
            }
            other => self.append_constant(&other.to_string()),
        }
    }

    fn append_string(&mut self, text: &str, path: &Path, names: &Names<'_>, place: Place) -> Result<(), UnknownName> {
        let pieces = split(text)?;
        if let [Piece::Expression(source)] = pieces.as_slice() {
            match Expression::compile(source, &path.to_string(), names, place)? {
                Expression::Constant(value) => self.append_constant(&value.to_string()),
                expression => self.0.push(Part::Json(expression, (*source).into())),
            }
            return Ok(());
        }
        self.append_text(&pieces, path, names, place)
    }

    fn append_text(
        &mut self,
        pieces: &[Piece<'_>],
        path: &Path,
        names: &Names<'_>,
        place: Place,
    ) -> Result<(), UnknownName> {
        self.append_constant("\"");
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.append_constant(inside_of_string(text).as_str()),
                Piece::Expression(source) => match Expression::compile(source, &path.to_string(), names, place)? {
                    Expression::Constant(value) => self.append_constant(inside_of_string(&text_of(&value)).as_str()),
                    expression => self.0.push(Part::InString(expression, (*source).into())),
                },
            }
        }
        self.append_constant("\"");
        Ok(())
    }

    /// Writes the JSON to the end of `out`.
    pub fn render(&self, bindings: &Bindings<'_>, out: &mut Vec<u8>) -> Result<(), EvaluationError> {
        for part in &self.0 {
            match part {
                Part::Constant(json) => out.extend_from_slice(json.as_bytes()),
                Part::Json(expression, source) => write_json(out, &expression.needed(bindings, source)?),
                Part::InString(expression, source) => write_in_string(out, &expression.needed(bindings, source)?),
            }
        }
        Ok(())
    }

    /// The value.
    pub fn value(&self, bindings: &Bindings<'_>) -> Result<Value, EvaluationError> {
        let mut json = Vec::new();
        self.render(bindings, &mut json)?;
        serde_json::from_slice(&json).map_err(|error| EvaluationError(error.to_string()))
    }

    /// The JSON, if it is the same for every user.
    #[must_use]
    pub fn as_constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Constant(json)] => Some(json),
            _ => None,
        }
    }

    /// The expressions in it, for those who look for cost.
    pub fn expressions(&self) -> impl Iterator<Item = (&Expression, &str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Constant(_) => None,
            Part::Json(expression, source) | Part::InString(expression, source) => Some((expression, &**source)),
        })
    }
}

fn inside_of_string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Adds a value as JSON.
fn write_json(out: &mut Vec<u8>, value: &SlotValue<'_>) {
    // Writing to a Vec cannot fail.
    match value {
        SlotValue::Undefined => {}
        SlotValue::Integer(number) => _ = write!(out, "{number}"),
        SlotValue::ActionId(id) => _ = write!(out, "\"{id}\""),
        SlotValue::Text(text) => {
            out.push(b'"');
            write_escaped(out, text);
            out.push(b'"');
        }
        SlotValue::Json(value) => _ = serde_json::to_writer(out, value.as_ref()),
    }
}

/// Adds a value as text inside a JSON string.
fn write_in_string(out: &mut Vec<u8>, value: &SlotValue<'_>) {
    match value {
        SlotValue::Text(text) => write_escaped(out, text),
        SlotValue::Json(value) => write_escaped(out, &text_of(value)),
        SlotValue::ActionId(id) => _ = write!(out, "{id}"),
        // A number is the same inside of a string.
        plain => write_json(out, plain),
    }
}

/// The text as it stands inside a JSON string.
fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend_from_slice(inside_of_string(text).as_bytes());
    }
}
