//! One expression, compiled to the cheapest form that gives its value.
//!
//! | form | example | cost |
//! |---|---|---|
//! | constant | `true`, `vars.currency` | none |
//! | slot | `step.number`, `user.name` | a field access |
//! | path | `ack.ok` | a scan of the borrowed JSON |
//! | comparison | `ack.error == 'cooldown'`, `data.ref == action.id` | the same, and a compare |
//! | program | `ack.price > step.number * 2` | minijinja, microseconds |

use std::borrow::Cow;
use std::fmt;

use minijinja::value::Value as Dynamic;
use serde_json::Value;

use super::answer::{Answer, AnswerKind, Root};
use super::binary;
use super::bindings::{Bindings, Slot, SlotValue};
use super::functions::{DRAW, Draw, LANGUAGE, mix};
use super::json_path::{Key, Path};
use super::names::{Meaning, Names, Place, UnknownName};
use super::{parse, words};

/// A compiled expression.
#[derive(Debug)]
pub enum Expression {
    Constant(Value),
    Slot(Slot),
    Path(Root, Path),
    /// `path == literal`, or `!=`.
    Comparison {
        root: Root,
        path: Path,
        equal: bool,
        literal: Value,
    },
    /// A path of an answer is what a slot is.
    Same {
        root: Root,
        path: Path,
        slot: Slot,
    },
    Program(Program),
}

/// An expression that minijinja evaluates.
pub struct Program {
    compiled: minijinja::Expression<'static, 'static>,
    inputs: Vec<ProgramInput>,
    /// Hash of the text and of where it stands, for randomness.
    place: u64,
}

/// A value that a program may look at: a whole root, or one field of it.
#[derive(Debug)]
struct ProgramInput {
    root: Box<str>,
    field: Option<Box<str>>,
    meaning: Meaning,
}

/// Why an expression has no value: a step error, counted and shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvaluationError(pub String);

impl Expression {
    /// Compiles `text`, which stands at `path` of the suite.
    pub fn compile(text: &str, path: &str, names: &Names<'_>, place: Place) -> Result<Self, UnknownName> {
        let text = parse::without_braces(text);
        if let Some(literal) = parse::literal(text) {
            return Ok(Self::Constant(literal));
        }
        if let Some((root, path)) = parse::path(text).filter(|(_, path)| !looks_into_bytes(path)) {
            return Ok(match names.resolve(&root, &path, place)? {
                Meaning::Constant(value) => Self::Constant(value),
                Meaning::Slot(slot) => Self::Slot(slot),
                Meaning::Answer(root, path) => Self::Path(root, path),
            });
        }
        if let Some((root, path, equal, literal)) = parse::comparison(text)
            && !looks_into_bytes(&path)
            && let Meaning::Answer(root, path) = names.resolve(&root, &path, place)?
        {
            return Ok(Self::Comparison { root, path, equal, literal });
        }
        let equation = parse::equation(text);
        if let Some(((root, path), (other, slot))) =
            equation.filter(|(a, b)| !looks_into_bytes(&a.1) && !looks_into_bytes(&b.1))
        {
            let sides = (names.resolve(&root, &path, place)?, names.resolve(&other, &slot, place)?);
            if let (Meaning::Answer(root, path), Meaning::Slot(slot))
            | (Meaning::Slot(slot), Meaning::Answer(root, path)) = sides
            {
                return Ok(Self::Same { root, path, slot });
            }
        }
        Program::compile(text, path, names, place).map(Self::Program)
    }

    /// The value; `None` is undefined.
    pub fn value(&self, bindings: &Bindings<'_>, answer: Answer<'_>) -> Result<Option<Value>, EvaluationError> {
        Ok(match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Slot(slot) => bindings.slot(slot).to_json(),
            Self::Path(root, path) => seen(bindings, answer, *root)
                .find(*root, path, |json| json.and_then(|json| serde_json::from_str(json).ok())),
            Self::Comparison { .. } | Self::Same { .. } => Some(self.truth(bindings, answer)?.into()),
            Self::Program(program) => program.value(bindings, answer)?,
        })
    }

    /// The value where one is needed: a slot as it is, anything else evaluated. `source` is the expression's text, for the error
    /// when there is none.
    pub fn needed<'a>(&self, bindings: &Bindings<'a>, source: &str) -> Result<SlotValue<'a>, EvaluationError> {
        let value = match self {
            Self::Slot(slot) => bindings.slot(slot),
            other => other
                .value(bindings, Answer::None)?
                .map_or(SlotValue::Undefined, |value| SlotValue::Json(Cow::Owned(value))),
        };
        if value != SlotValue::Undefined {
            return Ok(value);
        }
        let why = if matches!(self, Self::Slot(Slot::Feed(..))) { ": the feed has no row left" } else { "" };
        Err(EvaluationError(format!("`{source}` is undefined{why}")))
    }

    /// Is it true? Undefined, null, false, zero and what is empty are not.
    pub fn truth(&self, bindings: &Bindings<'_>, answer: Answer<'_>) -> Result<bool, EvaluationError> {
        match self {
            Self::Constant(value) => Ok(truth(value)),
            Self::Slot(slot) => Ok(bindings.slot(slot).to_json().as_ref().is_some_and(truth)),
            Self::Path(root, path) => {
                Ok(seen(bindings, answer, *root).find(*root, path, |json| json.is_some_and(truth_of_json)))
            }
            Self::Comparison { root, path, equal, literal } => {
                let answer = seen(bindings, answer, *root);
                let same = answer.find(*root, path, |json| json.is_some_and(|json| json_is(json, literal)));
                // Of something undefined nothing is true, not even that it differs.
                Ok(if *equal { same } else { !same && answer.find(*root, path, |json| json.is_some()) })
            }
            Self::Same { root, path, slot } => {
                let Some(value) = bindings.slot(slot).to_json() else { return Ok(false) };
                let answer = seen(bindings, answer, *root);
                Ok(answer.find(*root, path, |json| json.is_some_and(|json| json_is(json, &value))))
            }
            Self::Program(program) => Ok(program.value(bindings, answer)?.as_ref().is_some_and(truth)),
        }
    }

    /// The name of the form, for people who look for cost.
    #[must_use]
    pub const fn tier(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Slot(_) => "slot",
            Self::Path(..) => "path",
            Self::Comparison { .. } | Self::Same { .. } => "comparison",
            Self::Program(_) => "program",
        }
    }
}

/// Bytes have no such key, and what only looks like them does: minijinja knows.
fn looks_into_bytes(path: &Path) -> bool {
    path.iter().any(|key| matches!(key, Key::Name(name) if &**name == binary::BYTES))
}

/// Where `root` is found: in the answer, or in the event that the steps answer to.
fn seen<'a>(bindings: &Bindings<'a>, answer: Answer<'a>, root: Root) -> Answer<'a> {
    match (answer, bindings.event) {
        (Answer::Event(_), _) | (_, None) => answer,
        (_, Some(event)) if root.kind() == AnswerKind::Event => Answer::Event(event),
        _ => answer,
    }
}

/// Truth as in Python and minijinja.
#[must_use]
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => binary::of_value(value).map_or(!map.is_empty(), |bytes| !bytes.is_empty()),
    }
}

fn truth_of_json(json: &str) -> bool {
    match json {
        "true" => true,
        "false" | "null" => false,
        other => serde_json::from_str(other).as_ref().is_ok_and(truth),
    }
}

fn json_is(json: &str, literal: &Value) -> bool {
    match literal {
        Value::Bool(flag) => json == if *flag { "true" } else { "false" },
        Value::Null => json == "null",
        Value::String(text) => {
            let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
            inner.is_some_and(|inner| {
                if inner.contains('\\') {
                    serde_json::from_str::<String>(json).is_ok_and(|json| json == *text)
                } else {
                    inner == text
                }
            })
        }
        // 1 and 1.0 are the same number, on both sides of the wire.
        Value::Number(number) => json.parse::<f64>().is_ok_and(|json| Some(json) == number.as_f64()),
        other => serde_json::from_str::<Value>(json).is_ok_and(|json| json == *other),
    }
}

impl Program {
    fn compile(text: &str, path: &str, names: &Names<'_>, place: Place) -> Result<Self, UnknownName> {
        let compiled = LANGUAGE.compile_expression_owned(text.to_owned()).map_err(|error| UnknownName {
            what: format!("`{text}` is not an expression: {}", error.detail().unwrap_or("it does not parse")),
            help: Some("write it as in minijinja, for instance `ack.error == 'cooldown'`".into()),
        })?;
        if let Some(unknown) = words::unknown(text) {
            return Err(unknown);
        }
        let mut inputs = Vec::new();
        let mut used: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        used.sort();
        for name in used {
            let (root, rest) = name.split_once('.').map_or((name.as_str(), None), |(root, rest)| (root, Some(rest)));
            if LANGUAGE.globals().any(|(global, _)| global == root) {
                continue;
            }
            let field = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
            inputs.extend(ProgramInput::all(root, field, names, place)?);
        }
        let place = format!("{path}\0{text}").bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        Ok(Self { compiled, inputs, place })
    }

    fn value(&self, bindings: &Bindings<'_>, answer: Answer<'_>) -> Result<Option<Value>, EvaluationError> {
        let mut context = std::collections::BTreeMap::<&str, Dynamic>::new();
        let mut fields = std::collections::BTreeMap::<&str, std::collections::BTreeMap<&str, Dynamic>>::new();
        for input in &self.inputs {
            let value = match &input.meaning {
                Meaning::Constant(value) => binary::to_dynamic(value),
                Meaning::Slot(slot) => dynamic(&bindings.slot(slot)),
                Meaning::Answer(root, _) => seen(bindings, answer, *root)
                    .to_json(*root)
                    .map_or(Dynamic::UNDEFINED, |value| binary::to_dynamic(&value)),
            };
            match &input.field {
                Some(field) => _ = fields.entry(&input.root).or_default().insert(field, value),
                None => _ = context.insert(&input.root, value),
            }
        }
        for (root, fields) in fields {
            context.insert(root, Dynamic::from_pairs(fields));
        }
        let draw = Draw::new(bindings.seed, bindings.user, bindings.step, self.place ^ bindings.pass);
        context.insert(DRAW, Dynamic::from_object(draw));
        context.insert(super::functions::NOW_MS, Dynamic::from(bindings.now_ms));
        let value =
            self.compiled.eval(Dynamic::from_pairs(context)).map_err(|error| EvaluationError(describe(&error)))?;
        if value.is_undefined() {
            return Ok(None);
        }
        binary::of_dynamic(&value).map(Some)
    }
}

impl ProgramInput {
    /// What a program needs for `root` or `root.field`: where the fields are many, only the one; where the root is a value, all.
    fn all(root: &str, field: Option<&str>, names: &Names<'_>, place: Place) -> Result<Vec<Self>, UnknownName> {
        let input = |field: Option<&str>, meaning| Self { root: root.into(), field: field.map(Into::into), meaning };
        let path: Path = field.map(|field| Key::Name(field.into())).into_iter().collect();
        match names.resolve(root, &path, place) {
            Ok(Meaning::Slot(Slot::Saved(number, _))) => {
                Ok(vec![input(None, Meaning::Slot(Slot::Saved(number, Path::new())))])
            }
            Ok(Meaning::Slot(Slot::Feed(taker, _))) => {
                Ok(vec![input(field, Meaning::Slot(Slot::Feed(taker, Path::new())))])
            }
            Ok(Meaning::Slot(Slot::Item(_))) => Ok(vec![input(None, Meaning::Slot(Slot::Item(Path::new())))]),
            Ok(answer @ Meaning::Answer(..)) => Ok(vec![input(None, answer)]),
            Ok(meaning) => Ok(vec![input(field, meaning)]),
            Err(unknown) if field.is_some() => Err(unknown),
            // The root alone, as in `user[field]`: all that is known of it.
            Err(unknown) => {
                let fields = names.fields(root);
                let known: Vec<Self> = fields
                    .iter()
                    .filter_map(|field| {
                        Some(input(Some(field), names.resolve(root, &[Key::Name((**field).into())], place).ok()?))
                    })
                    .collect();
                if known.is_empty() { Err(unknown) } else { Ok(known) }
            }
        }
    }
}

fn dynamic(value: &SlotValue<'_>) -> Dynamic {
    match value {
        SlotValue::Undefined => Dynamic::UNDEFINED,
        SlotValue::Integer(number) => Dynamic::from(*number),
        SlotValue::Text(text) => Dynamic::from(text.as_ref()),
        SlotValue::ActionId(id) => Dynamic::from(id.to_string()),
        SlotValue::Json(value) => binary::to_dynamic(value),
    }
}

fn describe(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}
