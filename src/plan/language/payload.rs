//! JSON with `{{ … }}` in its strings, compiled so that what is constant is serialised once.

use std::io::Write as _;

use serde_json::Value;

use super::binary::{self, Blob, Written};
use super::bindings::{Bindings, SlotValue};
use super::expression::{EvaluationError, Expression};
use super::names::{Names, Place, UnknownName};
use super::parse::Piece;
use super::text::{split, text_of};
use crate::suite::problem::Path;

/// A compiled JSON template.
#[derive(Debug, Default)]
pub struct Payload {
    parts: Vec<Part>,
    /// Is there binary data in it, whatever its expressions give?
    binary: bool,
}

#[derive(Debug)]
enum Part {
    /// JSON as it goes out.
    Constant(Box<str>),
    /// A string that is one expression keeps the expression's type.
    Json(Expression, Box<str>),
    /// An expression inside a string.
    InString(Expression, Box<str>),
    /// Binary data that is not the same each time.
    Blob(Blob),
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
        match self.parts.last_mut() {
            Some(Part::Constant(text)) => *text = format!("{text}{json}").into(),
            _ => self.parts.push(Part::Constant(json.into())),
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
            Value::Object(map) => match binary::written(map, path, names, place) {
                Ok(Written::Plain) => self.append_object(map, path, names, place, problem),
                Ok(Written::Literal(value)) => self.append_literal(value, path, names, place, problem),
                Ok(Written::Constant(bytes)) => {
                    self.binary = true;
                    self.append_constant(&binary::to_json_text(&bytes));
                }
                Ok(Written::Blob(blob)) => {
                    self.binary = true;
                    self.parts.push(Part::Blob(blob));
                }
                Err(unknown) => problem(path, unknown),
            },
            other => self.append_constant(&other.to_string()),
        }
    }

    /// What stands under `$literal`: its own key is the server's, and makes no binary data.
    fn append_literal(
        &mut self,
        value: &Value,
        path: &Path,
        names: &Names<'_>,
        place: Place,
        problem: &mut dyn FnMut(&Path, UnknownName),
    ) {
        match value {
            Value::Object(map) => self.append_object(map, path, names, place, problem),
            other => self.append(other, path, names, place, problem),
        }
    }

    fn append_object(
        &mut self,
        map: &serde_json::Map<String, Value>,
        path: &Path,
        names: &Names<'_>,
        place: Place,
        problem: &mut dyn FnMut(&Path, UnknownName),
    ) {
        self.append_constant("{");
        for (index, (key, item)) in map.iter().enumerate() {
            if index > 0 {
                self.append_constant(",");
            }
            let path = path.key(key.as_str());
            // A key is text whatever stands in it.
            match self.append_key(key, &path, names, place) {
                Ok(()) => self.append_constant(":"),
                Err(unknown) => problem(&path, unknown),
            }
            self.append(item, &path, names, place, problem);
        }
        self.append_constant("}");
    }

    fn append_key(&mut self, key: &str, path: &Path, names: &Names<'_>, place: Place) -> Result<(), UnknownName> {
        match binary::escaped(key) {
            Some(escaped) => self.append_constant(escaped),
            None => self.append_text(&split(key)?, path, names, place)?,
        }
        Ok(())
    }

    fn append_string(&mut self, text: &str, path: &Path, names: &Names<'_>, place: Place) -> Result<(), UnknownName> {
        let pieces = split(text)?;
        if let [Piece::Expression(source)] = pieces.as_slice() {
            match Expression::compile(source, &path.to_string(), names, place)? {
                Expression::Constant(value) => {
                    self.binary |= binary::is_in(&value);
                    self.append_constant(&value.to_string());
                }
                expression => self.parts.push(Part::Json(expression, (*source).into())),
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
                    expression => self.parts.push(Part::InString(expression, (*source).into())),
                },
            }
        }
        self.append_constant("\"");
        Ok(())
    }

    /// Writes the JSON to the end of `out`.
    pub fn render(&self, bindings: &Bindings<'_>, out: &mut Vec<u8>) -> Result<(), EvaluationError> {
        self.write(bindings, out).map(|_| ())
    }

    /// The same, and tells whether there is binary data in it.
    pub fn write(&self, bindings: &Bindings<'_>, out: &mut Vec<u8>) -> Result<bool, EvaluationError> {
        let mut has_binary = self.binary;
        for part in &self.parts {
            match part {
                Part::Constant(json) => out.extend_from_slice(json.as_bytes()),
                Part::Json(expression, source) => {
                    let value = expression.needed(bindings, source)?;
                    has_binary |= matches!(&value, SlotValue::Json(value) if binary::is_in(value));
                    write_json(out, &value);
                }
                Part::InString(expression, source) => write_in_string(out, &expression.needed(bindings, source)?),
                Part::Blob(blob) => blob.write(bindings, out)?,
            }
        }
        Ok(has_binary)
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
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Constant(json)] => Some(json),
            _ => None,
        }
    }

    /// The expressions in it, for those who look for cost.
    pub fn expressions(&self) -> impl Iterator<Item = (&Expression, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Constant(_) | Part::Blob(_) => None,
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
