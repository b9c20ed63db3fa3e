//! Binary data: in suites `{ $base64: … }`, `{ $hex: … }`, `{ $file: … }` and `{ $random: … }`, in JSON text and in saved values
//! always `{"$base64":"…"}` (standard alphabet, padded), in expressions bytes.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use minijinja::value::{Serde, Value as Dynamic, ValueKind};
use serde_json::Value;

use super::bindings::Bindings;
use super::expression::EvaluationError;
use super::functions::{Draw, mix};
use super::names::{Names, Place, UnknownName};
use super::text::Text;
use crate::suite::problem::Path;
use crate::units::Bytes;

/// The key of bytes in JSON.
pub const BYTES: &str = "$base64";
/// The key that keeps what stands under it as it is.
const LITERAL: &str = "$literal";
/// What makes binary data. Other keys with a dollar are the server's.
const KEYS: &[&str] = &[BYTES, "$hex", "$file", "$random"];
/// Most bytes drawn for one value.
const MOST: u64 = 64 << 20;

/// As people and tools write it: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Binary data that is not the same each time.
#[derive(Debug)]
pub enum Blob {
    Base64(Text),
    Hex(Text),
    Random {
        size: usize,
        /// Hash of where it stands.
        place: u64,
    },
}

/// What an object of a suite is.
#[derive(Debug)]
pub enum Written<'a> {
    /// An object like any other.
    Plain,
    /// What stands under `$literal`.
    Literal(&'a Value),
    /// Bytes that are known now.
    Constant(Vec<u8>),
    Blob(Blob),
}

/// What an object of a suite, which stands at `path`, is.
pub fn written<'a>(
    map: &'a serde_json::Map<String, Value>,
    path: &Path,
    names: &Names<'_>,
    place: Place,
) -> Result<Written<'a>, UnknownName> {
    let ours = |key: &&String| KEYS.contains(&key.as_str()) || *key == LITERAL;
    let Some(key) = map.keys().find(ours) else { return Ok(Written::Plain) };
    let told = |what: String, help: String| Err(UnknownName { what, help: Some(help) });
    if map.len() > 1 {
        let help = format!("give it a map of its own, or keep all of this as it is: `{{ $literal: {{ {key}: … }} }}`");
        return told(format!("beside `{key}` stands nothing else"), help);
    }
    let value = &map[key];
    if key == LITERAL {
        return Ok(Written::Literal(value));
    }
    if !place.binary {
        let help = "binary data goes in `args` and `answer`; here write text, as `\"{{ name | base64 }}\"`, or keep the key as it \
                    is: `{ $literal: … }`";
        return told(format!("`{key}` makes binary data, and here stands JSON, which has none"), help.into());
    }
    let Value::String(text) = value else {
        return told(format!("`{key}` wants a text, and this is {value}"), "put it in quotes".into());
    };
    match key.as_str() {
        BYTES => of_text(text, path, names, place, from_base64, Blob::Base64),
        "$hex" => of_text(text, path, names, place, from_hex, Blob::Hex),
        "$file" => of_file(text, names),
        _ => random(text, path),
    }
}

type Decode = fn(&str) -> Result<Vec<u8>, UnknownName>;

fn of_text<'a>(
    template: &str,
    path: &Path,
    names: &Names<'_>,
    place: Place,
    decode: Decode,
    blob: fn(Text) -> Blob,
) -> Result<Written<'a>, UnknownName> {
    let text = Text::compile(template, &path.to_string(), names, place)?;
    match text.as_constant() {
        Some(constant) => Ok(Written::Constant(decode(constant)?)),
        None => Ok(Written::Blob(blob(text))),
    }
}

fn of_file<'a>(name: &str, names: &Names<'_>) -> Result<Written<'a>, UnknownName> {
    let told = |what: String, help: &str| UnknownName { what, help: Some(help.into()) };
    if name.contains("{{") {
        let help = "name one file; for different ones write different steps, as under a `mix`";
        return Err(told("files are read before the run, and this name is not known then".into(), help));
    }
    let read = names.files.map_or_else(|| Err("there are no files here".to_owned()), |files| files(name));
    let why = |error| told(format!("`{name}` cannot be read: {error}"), "the path is relative to the suite file");
    read.map(Written::Constant).map_err(why)
}

fn random<'a>(text: &str, path: &Path) -> Result<Written<'a>, UnknownName> {
    let wrong = |what: String| UnknownName { what, help: Some("write a size such as `60B`, `1KiB` or `2MiB`".into()) };
    if text.contains("{{") {
        return Err(wrong("the size of random data is known before the run".into()));
    }
    let Bytes(size) = text.parse().map_err(|_| wrong(format!("`{text}` is not a size")))?;
    let small = usize::try_from(size).ok().filter(|_| size <= MOST);
    let size = small.ok_or_else(|| wrong(format!("`{text}` is more than {}", Bytes(MOST))))?;
    let place = path.to_string().bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    Ok(Written::Blob(Blob::Random { size, place }))
}

fn from_base64(text: &str) -> Result<Vec<u8>, UnknownName> {
    let dense: String = text.split_ascii_whitespace().collect();
    LENIENT.decode(&dense).map_err(|_| UnknownName {
        what: format!("`{text}` is not base64"),
        help: Some("write it in the standard alphabet (A–Z, a–z, 0–9, +, /), as `AQI=`".into()),
    })
}

fn from_hex(text: &str) -> Result<Vec<u8>, UnknownName> {
    let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    dense.chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| UnknownName {
        what: format!("`{text}` is not hexadecimal"),
        help: Some("write two digits (0–9, a–f) for each byte, as `00ff`".into()),
    })
}

impl Blob {
    /// Writes it as JSON to the end of `out`.
    pub fn write(&self, bindings: &Bindings<'_>, out: &mut Vec<u8>) -> Result<(), EvaluationError> {
        let decoded = |text: &Text, decode: Decode| {
            decode(&text.render(bindings)?).map_err(|unknown| EvaluationError(unknown.what))
        };
        let bytes = match self {
            Self::Base64(text) => decoded(text, from_base64)?,
            Self::Hex(text) => decoded(text, from_hex)?,
            Self::Random { size, place } => {
                let draw = Draw::new(bindings.seed, bindings.user, bindings.step, place ^ bindings.pass);
                let words = std::iter::repeat_with(|| draw.next().to_le_bytes());
                words.take(size.div_ceil(8)).flatten().take(*size).collect()
            }
        };
        out.extend_from_slice(to_json_text(&bytes).as_bytes());
        Ok(())
    }
}

/// Bytes as JSON text.
#[must_use]
pub fn to_json_text(bytes: &[u8]) -> String {
    format!("{{\"{BYTES}\":\"{}\"}}", STANDARD.encode(bytes))
}

/// Bytes as a value.
#[must_use]
pub fn to_value(bytes: &[u8]) -> Value {
    Value::Object([(BYTES.to_owned(), Value::from(STANDARD.encode(bytes)))].into_iter().collect())
}

/// The bytes that a JSON value is, if it is bytes.
#[must_use]
pub fn of_value(value: &Value) -> Option<Vec<u8>> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    STANDARD.decode(map.get(BYTES)?.as_str()?).ok()
}

/// The same of JSON text.
#[must_use]
pub fn of_json(json: &str) -> Option<Vec<u8>> {
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten().as_ref().and_then(of_value)
}

/// Are there bytes anywhere in it?
#[must_use]
pub fn is_in(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(map) => of_value(value).is_some() || map.values().any(is_in),
        _ => false,
    }
}

/// A value as expressions look at it. What has no bytes in it is handed over as it is.
#[must_use]
pub fn to_dynamic(value: &Value) -> Dynamic {
    if is_in(value) { with_bytes(value) } else { Dynamic::from(Serde(value)) }
}

fn with_bytes(value: &Value) -> Dynamic {
    match value {
        Value::Array(items) => items.iter().map(with_bytes).collect::<Vec<_>>().into(),
        Value::Object(map) => of_value(value).map_or_else(
            || Dynamic::from_pairs(map.iter().map(|(key, item)| (key.as_str(), with_bytes(item)))),
            Dynamic::from_bytes,
        ),
        plain => Dynamic::from(Serde(plain)),
    }
}

/// What an expression has given, as JSON.
pub fn of_dynamic(value: &Dynamic) -> Result<Value, EvaluationError> {
    let plain =
        || serde_json::to_value(value).map_err(|error| EvaluationError(format!("its value is no JSON: {error}")));
    if !has_bytes(value) {
        return plain();
    }
    let items = || value.try_iter().map_err(|error| EvaluationError(error.to_string()));
    match value.kind() {
        ValueKind::Bytes => Ok(to_value(value.as_bytes().unwrap_or_default())),
        ValueKind::Seq => items()?.map(|item| of_dynamic(&item)).collect::<Result<_, _>>().map(Value::Array),
        ValueKind::Map => {
            let entry = |key: Dynamic| {
                let item = value.get_item(&key).map_err(|error| EvaluationError(error.to_string()))?;
                Ok((key.to_string(), of_dynamic(&item)?))
            };
            items()?.map(entry).collect::<Result<_, _>>().map(Value::Object)
        }
        _ => plain(),
    }
}

fn has_bytes(value: &Dynamic) -> bool {
    let items = || value.try_iter().ok();
    match value.kind() {
        ValueKind::Bytes => true,
        ValueKind::Seq => items().is_some_and(|mut items| items.any(|item| has_bytes(&item))),
        ValueKind::Map => {
            items().is_some_and(|mut keys| keys.any(|key| value.get_item(&key).is_ok_and(|item| has_bytes(&item))))
        }
        _ => false,
    }
}

/// An object of a suite as written under `$literal`: its keys are the server's, and none makes bytes.
#[must_use]
pub fn escaped(key: &str) -> Option<&'static str> {
    // The same JSON, and not the text that bytes have.
    (key == BYTES).then_some("\"\\u0024base64\"")
}

#[cfg(test)]
mod tests;
