//! `${NAME}` and `${NAME:-default}`: values from outside, put into scalars after parsing, never into raw YAML.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::problem::{Path, Problem, Problems, Segment};
use super::shape::Shape;
use super::source::Source;
use crate::secrets::Secrets;

/// The variables that a suite may ask for. Prints their names, never their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The value of a variable, if it is set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What came of filling in.
#[derive(Debug, Default)]
pub struct Filled {
    pub secrets: Secrets,
    pub problems: Problems,
    /// Places whose variable is unset or empty; they keep their text as written.
    pub unset: Vec<Path>,
}

/// Puts the variables into every text of `value`, which was read from `source`.
#[must_use]
pub fn fill_in(value: &mut Value, source: &Source, environment: &Environment) -> Filled {
    let mut pass = Pass { source, environment, filled: Filled::default() };
    pass.walk(value, &Path::root(), Some(Shape::root()));
    pass.filled
}

struct Pass<'a> {
    source: &'a Source,
    environment: &'a Environment,
    filled: Filled,
}

impl Pass<'_> {
    fn walk(&mut self, value: &mut Value, path: &Path, shape: Option<Shape>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let shape = shape.and_then(|shape| shape.child(&Segment::Index(index)));
                    self.walk(item, &path.index(index), shape);
                }
            }
            Value::Object(entries) => {
                for (key, item) in entries.iter_mut() {
                    let path = path.key(key);
                    if key.contains("${") {
                        let problem = Problem::error(format!("`{key}` is a key, and only values take `${{NAME}}`"));
                        self.filled.problems.push(problem.at(self.source.at_key(&path)));
                    }
                    let shape = shape.and_then(|shape| shape.child(&Segment::Key(key.clone())));
                    self.walk(item, &path, shape);
                }
            }
            Value::String(text) if text.contains("${") => {
                let parts = split(text);
                if let Some(filled) = self.fill(&parts, path) {
                    Kind::of(path, shape).keep(&filled, &mut self.filled.secrets);
                    *text = filled.into_iter().map(|piece| piece.text).collect();
                } else {
                    self.filled.unset.push(path.clone());
                }
            }
            _ => {}
        }
    }

    /// The pieces of a text; `None` when one of them is missing.
    fn fill(&mut self, parts: &[Part<'_>], path: &Path) -> Option<Vec<Piece>> {
        let mut pieces = Vec::with_capacity(parts.len());
        let mut complete = true;
        for part in parts {
            match *part {
                Part::Literal(text) => pieces.push(Piece { text: text.to_owned(), from_outside: false }),
                Part::Variable { written, name, default } => {
                    let value = self.environment.value(name).filter(|value| !value.is_empty());
                    if let Some(text) = value.or(default) {
                        pieces.push(Piece { text: text.to_owned(), from_outside: true });
                    } else {
                        complete = false;
                        self.missing(written, name, path);
                    }
                }
                Part::Broken { written } => {
                    complete = false;
                    let what = format!("`{written}` is no variable");
                    let help = "write `${NAME}` or `${NAME:-default}`, and `$${` where the text itself has `${`";
                    self.filled.problems.push(Problem::error(what).help(help).at(self.source.within(path, written)));
                }
            }
        }
        complete.then_some(pieces)
    }

    fn missing(&mut self, written: &str, name: &str, path: &Path) {
        let state = if self.environment.value(name).is_some() { "set but empty" } else { "not set" };
        let problem = Problem::error(format!("the environment variable `{name}` is {state}"))
            .help(format!("set `{name}`, put it into `.env`, or write a default: `${{{name}:-…}}`"));
        self.filled.problems.push(problem.at(self.source.within(path, written)));
    }
}

/// A stretch of a text as it was written.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Variable { written: &'a str, name: &'a str, default: Option<&'a str> },
    Broken { written: &'a str },
}

/// A stretch of a text as it became.
struct Piece {
    text: String,
    from_outside: bool,
}

fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find("${") {
        if rest[..dollar].ends_with('$') {
            // `$${`: the first dollar goes, the rest stays.
            parts.push(Part::Literal(&rest[..dollar - 1]));
            parts.push(Part::Literal("${"));
            rest = &rest[dollar + 2..];
            continue;
        }
        parts.push(Part::Literal(&rest[..dollar]));
        let end = rest[dollar..].find('}').map_or(rest.len(), |brace| dollar + brace + 1);
        let written = &rest[dollar..end];
        rest = &rest[end..];
        parts.push(variable(written));
    }
    parts.push(Part::Literal(rest));
    parts.retain(|part| *part != Part::Literal(""));
    parts
}

fn variable(written: &str) -> Part<'_> {
    let Some(inner) = written[2..].strip_suffix('}') else { return Part::Broken { written } };
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name && !default.is_some_and(|default| default.contains("${")) {
        Part::Variable { written, name, default }
    } else {
        Part::Broken { written }
    }
}

/// May what is put in be printed?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    /// Host and path may be printed, user information and query not.
    Url,
    Secret,
}

/// Formats of keys that hold a number, a duration, a rate or a flag.
const QUANTITIES: &[&str] = &[
    "count",
    "factor",
    "flag",
    "duration-with-unit",
    "duration-or-range",
    "every",
    "rate",
    "percent",
    "size",
    "limit",
];
/// Keys of the language whose text is printed everywhere.
const PUBLIC_KEYS: &[&str] = &["name", "tags", "allow"];
/// Keys of the language that hold a URL or its path.
const URL_KEYS: &[&str] = &["url", "path", "get", "post", "put", "delete"];

impl Kind {
    fn of(path: &Path, shape: Option<Shape>) -> Self {
        let alternatives = shape.map(Shape::alternatives).unwrap_or_default();
        if alternatives.is_empty() {
            return Self::Secret;
        }
        let is_quantity = |shape: &Shape| {
            shape.keyword("format").and_then(Value::as_str).is_some_and(|format| QUANTITIES.contains(&format))
        };
        let key = path.segments().iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        });
        let stands_in = |keys: &[&str]| key.is_some_and(|key| keys.contains(&key));
        if alternatives.iter().any(is_quantity) || stands_in(PUBLIC_KEYS) {
            Self::Public
        } else if stands_in(URL_KEYS) {
            Self::Url
        } else {
            Self::Secret
        }
    }

    /// Keeps what must not be printed.
    fn keep(self, pieces: &[Piece], secrets: &mut Secrets) {
        match self {
            Self::Public => {}
            Self::Secret => {
                pieces.iter().filter(|piece| piece.from_outside).for_each(|piece| secrets.insert(&piece.text))
            }
            Self::Url => {}
        }
    }
}
