//! `${NAME}` and `${NAME:-default}`: values from outside, put into scalars after parsing, never into raw YAML.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde_json::Value;
use url::form_urlencoded;

use super::problem::{Path, Problem, Problems, Segment};
use super::shape::Shape;
use super::source::Source;
use crate::secrets::Secrets;

/// The variables that a suite may ask for. Prints their names, never their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    may_lack: bool,
}

impl Environment {
    /// For suites that are read and not run: that a variable is missing is no problem, and its place keeps its text as written.
    #[must_use]
    pub fn that_may_lack(self) -> Self {
        Self { may_lack: true, ..self }
    }

    /// May variables be missing?
    #[must_use]
    pub fn may_lack(&self) -> bool {
        self.may_lack
    }

    /// The value of a variable, if it is set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, may_lack: false }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
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
                    let whole: String = filled.iter().map(|piece| piece.text.as_str()).collect();
                    Kind::of(path, shape, &whole).keep(&filled, &whole, &mut self.filled.secrets);
                    *text = whole;
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
        if self.environment.may_lack {
            return;
        }
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

/// Keys of the language whose text is printed everywhere.
const PUBLIC_KEYS: &[&str] = &["name", "tags", "allow"];
/// Keys of the language that hold a URL or its path.
const URL_KEYS: &[&str] = &["url", "path", "get", "post", "put", "delete", "proxy"];

impl Kind {
    /// Of a place that holds `whole`, variables filled in.
    fn of(path: &Path, shape: Option<Shape>, whole: &str) -> Self {
        let alternatives = shape.map(Shape::alternatives).unwrap_or_default();
        if alternatives.is_empty() {
            return Self::Secret;
        }
        let key = path.segments().iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        });
        let stands_in = |keys: &[&str]| key.is_some_and(|key| keys.contains(&key));
        let is_word = |choices: &Vec<Value>| choices.iter().any(|choice| choice == whole);
        let is_public = |shape: &Shape| shape.format().is_some() || shape.choices().is_some_and(is_word);
        if alternatives.iter().any(is_public) || stands_in(PUBLIC_KEYS) {
            Self::Public
        } else if stands_in(URL_KEYS) {
            Self::Url
        } else {
            Self::Secret
        }
    }

    /// Keeps what must not be printed.
    fn keep(self, pieces: &[Piece], whole: &str, secrets: &mut Secrets) {
        let hidden = match self {
            Self::Public => Vec::new(),
            Self::Url => hidden_parts(whole),
            Self::Secret => std::iter::once(0..whole.len()).collect(),
        };
        let mut start = 0;
        for piece in pieces {
            let end = start + piece.text.len();
            for part in hidden.iter().filter(|_| piece.from_outside) {
                let text = whole.get(part.start.max(start)..part.end.min(end)).unwrap_or_default();
                secrets.insert(text);
                if self == Self::Url {
                    url_secrets(text).for_each(|text| secrets.insert(&text));
                }
            }
            start = end;
        }
    }
}

/// User information, and everything from the query on.
fn hidden_parts(url: &str) -> Vec<Range<usize>> {
    let query = url.find(['?', '#']).unwrap_or(url.len());
    let authority = url.find("://").filter(|scheme| *scheme < query).map_or(0, |scheme| scheme + 3);
    let path = url[authority..query].find('/').map_or(query, |slash| authority + slash);
    let user = url[authority..path].rfind('@').map(|at| authority..authority + at);
    user.into_iter().chain((query < url.len()).then(|| query + 1..url.len())).collect()
}

/// The single values in user information or a query, as written and as they are meant.
fn url_secrets(text: &str) -> impl Iterator<Item = String> {
    // In `user:password` and `key=value` what follows the sign is the value.
    let values = text.split('&').flat_map(|pair| [pair.split_once('='), pair.split_once(':')]);
    let values = values.flatten().map(|(_, value)| value);
    values.chain([text]).flat_map(|written| [written.to_owned(), decoded(written)])
}

/// `written` without percent-encoding.
fn decoded(written: &str) -> String {
    let one_value = written.replace('=', "%3D").replace('&', "%26");
    form_urlencoded::parse(one_value.as_bytes()).map(|(value, _)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_into_their_variables() {
        let check = |text: &str, expected: &[&str]| {
            let parts = split(text).into_iter().map(|part| match part {
                Part::Literal(text) => format!("{text:?}"),
                Part::Variable { name, default, .. } => format!("{name}/{}", default.unwrap_or("none")),
                Part::Broken { written } => format!("broken {written}"),
            });
            assert_eq!(parts.collect::<Vec<_>>(), expected, "{text}");
        };
        check("${A}", &["A/none"]);
        check("x${A}y${B:-z}", &["\"x\"", "A/none", "\"y\"", "B/z"]);
        check("${A:-}", &["A/"]);
        check("$${A}", &["\"${\"", "\"A}\""]);
        check("a$$${A}", &["\"a$\"", "\"${\"", "\"A}\""]);
        check("$A {{ x }}", &["\"$A {{ x }}\""]);
        check("${a-b}", &["broken ${a-b}"]);
        check("${A:?set it}", &["broken ${A:?set it}"]);
        check("${1}", &["broken ${1}"]);
        check("${A", &["broken ${A"]);
        check("${A:-${B}}", &["broken ${A:-${B}", "\"}\""]);
    }

    #[test]
    fn only_user_and_query_of_a_url_are_hidden() {
        let check = |url: &str, expected: &[&str]| {
            let hidden: Vec<&str> = hidden_parts(url).into_iter().map(|part| &url[part]).collect();
            assert_eq!(hidden, expected, "{url}");
        };
        check("https://user:pass@host/path?key=value#x", &["user:pass", "key=value#x"]);
        check("wss://host:3000/a@b", &[]);
        check("/login?token=abc", &["token=abc"]);
        check("/go?to=http://a@b", &["to=http://a@b"]);
        check("demo", &[]);
    }

    #[test]
    fn an_environment_prints_names_only() {
        let environment: Environment = [("TOKEN", "hunter22")].into_iter().collect();
        assert_eq!(format!("{environment:?}"), "{\"TOKEN\"}");
    }
}
