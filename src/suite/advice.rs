//! The second half of a message: what the author probably meant, and the words for it.

use serde_json::Value;

use super::node::Content;
use super::problem::{Path, Segment};
use super::shape::Shape;
use super::source::Source;

/// Words of other tools, and ours for the same thing.
const FOREIGN: &[(&str, &str)] = &[
    ("arguments", "args"),
    ("timeout", "within"),
    ("vus", "users"),
    ("hold", "duration"),
    ("think", "pause"),
    ("think_time", "pause"),
    ("sleep", "pause"),
    ("loop", "each"),
    ("event", "emit"),
    ("data", "args"),
    ("body", "json"),
    ("capture", "save"),
    ("environment", "vars"),
    ("rampUp", "stages"),
];

/// `key` stands in the object at `parent`, which does not know it.
#[must_use]
pub fn on_unknown_key(parent: &Path, key: &str, shape: Option<Shape>, source: &Source) -> Option<String> {
    if forgot_quotes(&parent.key(key), source) {
        return Some(
            "inside `{ }` a value with one of `[ ] { } , : #` needs quotes, as in `{ ok: \"ack[0] is none\" }`"
                .to_owned(),
        );
    }
    let shape = shape?;
    let known: Vec<&str> = shape.properties()?.keys().map(String::as_str).collect();
    let below: Vec<String> = known
        .iter()
        .filter(|name| shape.child(&Segment::Key((**name).to_owned())).is_some_and(|child| child.knows(key)))
        .map(|name| (*name).to_owned())
        .collect();
    if !below.is_empty() {
        return Some(format!("`{key}` belongs under {}", list(&below, "or")));
    }
    if let Some(near) = closest(key, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if let Some((_, ours)) = FOREIGN.iter().find(|(foreign, ours)| *foreign == key && known.contains(ours)) {
        return Some(format!("it is called `{ours}` here"));
    }
    let above = std::iter::successors(parent.parent(), Path::parent)
        .find(|above| Shape::of(above).is_some_and(|shape| shape.knows(key)));
    if let Some(above) = above {
        let place = if above.segments().is_empty() { "at the top".to_owned() } else { format!("in `{above}`") };
        return Some(format!("`{key}` belongs further out, {place}"));
    }
    let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
    Some(format!("known here are {}", list(&known, "and")))
}

/// `{ ok: ack.a, b }`: the comma ended the value, and its rest became a key without a value.
fn forgot_quotes(path: &Path, source: &Source) -> bool {
    let in_flow = path
        .parent()
        .and_then(|parent| source.written(&parent))
        .is_some_and(|map| source.text()[map.span.start..].starts_with('{'));
    let nothing = |node: &super::node::Node| node.span.is_empty() && node.content == Content::Scalar(Value::Null);
    in_flow && source.written(path).is_some_and(nothing)
}

/// Help for a value of the wrong type.
#[must_use]
pub fn on_wrong_type(alternatives: &[Shape], value: &Value) -> Option<String> {
    let takes = |name: &str| alternatives.iter().any(|shape| shape.types().contains(&name));
    let takes_any_text = alternatives
        .iter()
        .any(|shape| shape.types().contains(&"string") && shape.format().is_none() && shape.choices().is_none());
    match value {
        Value::Null => Some("give it a value, or leave the key out".to_owned()),
        Value::Number(_) | Value::Bool(_) if takes_any_text => Some(format!("put it in quotes: `\"{value}\"`")),
        Value::Object(_) if takes("array") => Some("a list item begins with `- `".to_owned()),
        Value::Array(_) if takes("object") => Some("leave the `- ` out: this is a map, and not a list".to_owned()),
        Value::String(text) => {
            let words = alternatives.iter().filter_map(|shape| shape.choices()).flatten().filter_map(Value::as_str);
            if let Some(near) = closest(text, words) {
                return Some(format!("did you mean `{near}`?"));
            }
            if alternatives.iter().any(|shape| shape.types() == ["array"] && shape.plural().is_none()) {
                return Some("put it in brackets, as `[one, two]`".to_owned());
            }
            let known = alternatives.iter().find_map(|shape| shape.properties())?;
            Some(format!("write a map with {}", list(&known.keys().cloned().collect::<Vec<_>>(), "or")))
        }
        _ => None,
    }
}

/// What a shape wants, as "a list of steps".
#[must_use]
pub fn noun(shape: Shape) -> String {
    if let Some(format) = shape.format() {
        return format.noun.to_owned();
    }
    if let Some(choices) = shape.choices() {
        return list(&choices.iter().map(plain).collect::<Vec<_>>(), "or");
    }
    match shape.types().first() {
        Some(&"array") => shape.plural().map_or_else(|| "a list".to_owned(), |items| format!("a list of {items}")),
        Some(&"object") => "a map".to_owned(),
        Some(&"string") => "text".to_owned(),
        Some(&"boolean") => "`true` or `false`".to_owned(),
        _ => "a number".to_owned(),
    }
}

/// What a value is, as "text".
#[must_use]
pub const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// The value as a message may show it: where the environment gave it, as it was written.
#[must_use]
pub fn shown(path: &Path, value: &Value, source: &Source) -> String {
    origin(path, source).unwrap_or_else(|| plain(value))
}

/// The text as written of a value that came from the environment.
#[must_use]
pub fn origin(path: &Path, source: &Source) -> Option<String> {
    match &source.written(path)?.content {
        Content::Scalar(Value::String(text)) if text.contains("${") => Some(text.clone()),
        _ => None,
    }
}

/// A scalar without the quotes of JSON.
#[must_use]
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A scalar as it would be written in a suite; empty for what has no short form.
#[must_use]
pub fn yaml(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => String::new(),
        Value::String(text) if text.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./%".contains(c)) => {
            value.to_string()
        }
        scalar => plain(scalar),
    }
}

/// The last key of a path.
#[must_use]
pub fn key_name(path: &Path) -> String {
    let key = path.segments().iter().rev().find_map(|segment| match segment {
        Segment::Key(key) => Some(key.clone()),
        Segment::Index(_) => None,
    });
    key.unwrap_or_default()
}

/// The candidate that `word` is most likely a slip of, or a longer or shorter form of.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let length = word.chars().count();
    let rank = |candidate: &'a str| {
        let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        let shorter = length.min(candidate.chars().count());
        let same_beginning = shorter >= 3 && (word.starts_with(candidate) || candidate.starts_with(&word));
        let is_slip = distance <= (length / 3).max(1) && distance < shorter;
        (is_slip || same_beginning).then_some((!is_slip, distance, candidate))
    };
    candidates.filter_map(rank).min().map(|(_, _, candidate)| candidate)
}

/// `` `a`, `b` or `c` ``, cut short when there are many.
#[must_use]
pub fn list(words: &[String], conjunction: &str) -> String {
    const MANY: usize = 12;
    let mut words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    if words.len() > MANY {
        words.truncate(MANY);
        return format!("{} …", words.join(", "));
    }
    join(&words, conjunction)
}

/// `a, b or c`.
#[must_use]
pub fn join(words: &[String], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// A sentence to go on with inside another.
#[must_use]
pub fn lower_first(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

/// The nearest name that is a slug.
#[must_use]
pub fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "my-suite".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let check = |word: &str, expected: Option<&str>| {
            let known = ["emit", "ack", "within", "args", "on_failure", "status", "each", "json"];
            assert_eq!(closest(word, known.into_iter()), expected, "{word}");
        };
        check("acknowlege", Some("ack"));
        check("emti", Some("emit"));
        check("emmit", Some("emit"));
        check("on-failure", Some("on_failure"));
        check("witin", Some("within"));
        check("stat", Some("status"));
        check("banana", None);
    }

    #[test]
    fn slugs_are_proposed() {
        assert_eq!(slug("My Suite!"), "my-suite");
        assert_eq!(slug("…"), "my-suite");
    }
}
