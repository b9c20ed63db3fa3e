//! The filters and tests that an expression names. minijinja asks for them only when it comes to them; a suite is to hear of a
//! misspelt one before the run.

use minijinja::ErrorKind;

use super::functions::LANGUAGE;
use super::names::{UnknownName, suggestion};

/// What people look for most often, to suggest what was meant.
const FILTERS: &[&str] = &[
    "abs",
    "base36",
    "base64",
    "bool",
    "default",
    "first",
    "float",
    "from_json",
    "hex",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "string",
    "sum",
    "to_json",
    "trim",
    "unique",
    "upper",
];
const TESTS: &[&str] =
    &["bytes", "defined", "undefined", "none", "number", "string", "sequence", "mapping", "true", "false", "in"];

/// The first filter or test of an expression that there is not.
pub fn unknown(text: &str) -> Option<UnknownName> {
    let code = without_texts(text);
    let filters = code.split('|').skip(1).map(word).filter(|name| !name.is_empty());
    let is = |error: minijinja::Error, kind: ErrorKind| error.kind() == kind;
    for name in filters {
        if LANGUAGE.empty_state().apply_filter(name, &[]).is_err_and(|error| is(error, ErrorKind::UnknownFilter)) {
            return Some(unknown_word("filter", name, FILTERS));
        }
    }
    let tests = code.split(" is ").skip(1).map(|rest| word(rest.trim_start().trim_start_matches("not ")));
    for name in tests.filter(|name| !name.is_empty()) {
        if LANGUAGE.empty_state().perform_test(name, &[]).is_err_and(|error| is(error, ErrorKind::UnknownTest)) {
            return Some(unknown_word("test", name, TESTS));
        }
    }
    None
}

fn unknown_word(what: &str, name: &str, known: &[&str]) -> UnknownName {
    let help = suggestion(Some(name), known.iter().copied());
    UnknownName {
        what: format!("unknown {what} `{name}`"),
        help: help.or_else(|| Some(format!("{what}s are those of minijinja; often used are {}", known.join(", ")))),
    }
}

/// The word that the rest of an expression begins with.
fn word(rest: &str) -> &str {
    let rest = rest.trim_start();
    &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
}

/// The expression with nothing in its quotes.
fn without_texts(text: &str) -> String {
    let (mut quote, mut code) = (None, String::with_capacity(text.len()));
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match quote {
            Some(_) if character == '\\' => _ = characters.next(),
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '\'' || character == '"' => quote = Some(character),
            None => code.push(if character.is_whitespace() { ' ' } else { character }),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(unknown(text).map(|unknown| unknown.what).as_deref(), expected, "{text}");
    }

    #[test]
    fn misspelt_filters_and_tests_are_found() {
        check("user.index | hx", Some("unknown filter `hx`"));
        check("(a|length) + (b | lenght)", Some("unknown filter `lenght`"));
        check("ack is nil", Some("unknown test `nil`"));
        check("a is\nnot definde", Some("unknown test `definde`"));
    }

    #[test]
    fn what_there_is_is_none() {
        for name in FILTERS {
            check(&format!("a | {name}"), None);
        }
        for name in TESTS {
            check(&format!("a is {name}"), None);
        }
        check("'a | b is c' ~ \"x \\\" | y\" ~ text | replace('|', ' is so')", None);
        check("a is not none and b is divisibleby 3 or a or b", None);
    }
}
