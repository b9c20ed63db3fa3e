//! The small part of the language that needs no minijinja: literals, dotted paths, and a path compared with a literal; and
//! where the expressions of a template begin and end.

use serde_json::Value;
use winnow::Parser;
use winnow::ascii::{dec_uint, multispace0};
use winnow::combinator::{alt, delimited, preceded, repeat};
use winnow::error::{ContextError, ErrMode};
use winnow::token::{take_till, take_while};

use super::json_path::{Key, Path};

type Outcome<T> = Result<T, ErrMode<ContextError>>;

/// `{{ x }}` as `x`: keys that can only be an expression allow the braces.
#[must_use]
pub fn without_braces(text: &str) -> &str {
    let trimmed = text.trim();
    let inner = trimmed.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    inner.filter(|inner| !inner.contains("{{")).map_or(trimmed, |inner| inner.trim_matches('-').trim())
}

/// `true`, `none`, `12`, `-1.5`, `'text'`.
#[must_use]
pub fn literal(text: &str) -> Option<Value> {
    match text {
        "true" | "True" => return Some(true.into()),
        "false" | "False" => return Some(false.into()),
        "none" | "None" | "null" => return Some(Value::Null),
        _ => {}
    }
    if let Ok(text) = quoted.parse(text) {
        return Some(text.into());
    }
    let number = text.strip_prefix('-').unwrap_or(text);
    let plain =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain { serde_json::from_str(text).ok() } else { None }
}

/// `user.name`, `ack[0].ok`, `data['odd key']`.
#[must_use]
pub fn path(text: &str) -> Option<(String, Path)> {
    dotted.parse(text).ok()
}

/// `ack.error == 'cooldown'`: root, path, whether `==` (else `!=`), literal.
#[must_use]
pub fn comparison(text: &str) -> Option<(String, Path, bool, Value)> {
    let operator =
        delimited(multispace0::<_, ErrMode<ContextError>>, alt(("==".value(true), "!=".value(false))), multispace0);
    let ((root, path), equal, rest) = (dotted, operator, take_while(1.., |_| true)).parse(text).ok()?;
    Some((root, path, equal, literal(rest.trim())?))
}

/// A name and the path behind it.
type Dotted = (String, Path);

/// `data.ref == action.id`: both sides.
#[must_use]
pub fn equation(text: &str) -> Option<(Dotted, Dotted)> {
    let equals = delimited(multispace0::<_, ErrMode<ContextError>>, "==", multispace0);
    let (left, _, right) = (dotted, equals, dotted).parse(text).ok()?;
    Some((left, right))
}

/// The parts of `a and b and c`; the whole where `and` does not join everything.
#[must_use]
pub fn conjuncts(text: &str) -> Vec<&str> {
    if split(text, &[" or ", " if "]).len() > 1 { vec![text] } else { split(text, &[" and "]) }
}

/// Splits at every separator that stands neither in a text nor in brackets.
#[must_use]
pub fn split<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let (mut quote, mut depth, mut start, mut parts) = (None, 0_usize, 0, Vec::new());
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => _ = characters.next(),
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 && position >= start => {
                if let Some(separator) = separators.iter().find(|separator| text[position..].starts_with(**separator)) {
                    parts.push(text[start..position].trim());
                    start = position + separator.len();
                }
            }
            (None, _) => {}
        }
    }
    parts.push(text[start.min(text.len())..].trim());
    parts
}

fn dotted(input: &mut &str) -> Outcome<(String, Path)> {
    let key = alt((
        preceded('.', name).map(|name: &str| Key::Name(name.into())),
        delimited('[', dec_uint::<_, usize, _>, ']').map(Key::Index),
        delimited('[', quoted, ']').map(|name: &str| Key::Name(name.into())),
    ));
    (name.map(str::to_owned), repeat(0.., key)).parse_next(input)
}

fn name<'a>(input: &mut &'a str) -> Outcome<&'a str> {
    let start = |c: char| c.is_alphabetic() || c == '_';
    (take_while(1, start), take_while(0.., |c: char| c.is_alphanumeric() || c == '_')).take().parse_next(input)
}

/// A quoted text without escapes; what has some is left to minijinja.
fn quoted<'a>(input: &mut &'a str) -> Outcome<&'a str> {
    alt((delimited('\'', take_till(0.., ['\'', '\\']), '\''), delimited('"', take_till(0.., ['"', '\\']), '"')))
        .parse_next(input)
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// What stands between the braces, trimmed.
    Expression(&'a str),
}

/// Splits a template at its `{{ … }}`. `Err` where one is not closed.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, &str> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let inside = &rest[start + 2..];
        let length = end_of_expression(inside).ok_or(&rest[start..])?;
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(Piece::Expression(inside[..length].trim()));
        rest = &inside[length + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Where `}}` closes the expression: not inside a quoted text, nor where it closes a map in a map.
fn end_of_expression(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_usize);
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => _ = characters.next(),
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if characters.peek().is_some_and(|(_, next)| *next == '}') => return Some(position),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals() {
        for (text, expected) in [
            ("true", Some(json!(true))),
            ("none", Some(json!(null))),
            ("12", Some(json!(12))),
            ("-1.5", Some(json!(-1.5))),
            ("'cooldown'", Some(json!("cooldown"))),
            ("\"a b\"", Some(json!("a b"))),
            ("'it\\'s'", None),
            ("ack.ok", None),
            ("1 + 1", None),
            ("- 1", None),
        ] {
            assert_eq!(literal(text), expected, "{text}");
        }
    }

    #[test]
    fn paths() {
        let key = |name: &str| Key::Name(name.into());
        for (text, expected) in [
            ("ack", Some(("ack", vec![]))),
            ("ack.ok", Some(("ack", vec![key("ok")]))),
            ("args[1]._stateID", Some(("args", vec![Key::Index(1), key("_stateID")]))),
            ("data['odd key']", Some(("data", vec![key("odd key")]))),
            ("ack.ok or true", None),
            ("f()", None),
            ("a..b", None),
            ("1.x", None),
        ] {
            assert_eq!(path(text), expected.map(|(root, path)| (root.to_owned(), path)), "{text}");
        }
    }

    #[test]
    fn comparisons() {
        let found = comparison("ack.error == 'cooldown'").unwrap();
        assert_eq!((found.0.as_str(), found.2, found.3), ("ack", true, json!("cooldown")));
        assert!(!comparison("ack.n!=3").unwrap().2);
        assert_eq!(comparison("ack.error == 'a' or ack.b"), None);
        assert_eq!(comparison("ack.a == ack.b"), None);
    }

    #[test]
    fn conditions_are_split_where_all_of_them_must_hold() {
        for (text, expected) in [
            ("a == b", vec!["a == b"]),
            ("a == b and 'x and y' in c  and (d and e)", vec!["a == b", "'x and y' in c", "(d and e)"]),
            ("a and b or c", vec!["a and b or c"]),
            ("a and b if c else d", vec!["a and b if c else d"]),
            ("'it\\'s and' in a and b", vec!["'it\\'s and' in a", "b"]),
        ] {
            assert_eq!(conjuncts(text), expected);
        }
        assert!(equation("data.ref == action.id").is_some() && equation("data.ref == 'x'").is_none());
    }

    fn check(template: &str, expected: Result<&[Piece<'_>], &str>) {
        assert_eq!(pieces(template).as_deref(), expected.as_ref().map(|pieces| *pieces), "{template}");
    }

    #[test]
    fn templates_are_split_at_their_braces() {
        use Piece::{Expression, Text};
        check("lot-{{ index }}", Ok(&[Text("lot-"), Expression("index")]));
        check("{{ a }}{{ b }}", Ok(&[Expression("a"), Expression("b")]));
        check("{{ '}}' }}!", Ok(&[Expression("'}}'"), Text("!")]));
        check("{{ {'a': {'b': 1}} }}", Ok(&[Expression("{'a': {'b': 1}}")]));
        check("plain { } text", Ok(&[Text("plain { } text")]));
        check("", Ok(&[]));
        check("a {{ b", Err("{{ b"));
    }
}
