//! What the YAML parser says, in the words of an author, with the likely mistake.

use std::ops::Range;

use granit_parser::ErrorKind;

/// A problem whose place is still bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub span: Range<usize>,
    pub what: String,
    pub help: Option<String>,
}

impl Finding {
    #[must_use]
    pub fn new(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { span, what: what.into(), help: None }
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The parser stopped at byte `place`; `in_flow` says whether inside `{ }` or `[ ]`.
#[must_use]
pub fn on_syntax_error(text: &str, kind: &ErrorKind, place: usize, in_flow: bool) -> Finding {
    let place = place.min(text.len());
    let line_start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let (what, help) = explain(kind, line, in_flow);
    Finding { span: place..place, what: format!("this is not YAML: {what}"), help }
}

const QUOTES_IN_FLOW: &str = "inside `{ }` and `[ ]` a value with one of `[ ] { } , : #` needs quotes, \
     as in `{ ok: \"ack[0] is none\" }`";
const TABS: &str = "indent with spaces";

fn explain(kind: &ErrorKind, line: &str, in_flow: bool) -> (String, Option<String>) {
    let help = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => Some(TABS.to_owned()),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::UnexpectedEof => {
            Some("a quote that opens must close; `'it''s'` holds one quote".to_owned())
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            Some("in `\"…\"` a backslash begins an escape; single quotes take it as it is".to_owned())
        }
        ErrorKind::InvalidBlockScalarHeader => Some(quote_value(line, "`>` and `|` begin a block of text")),
        ErrorKind::UnexpectedCharacter { character } => {
            Some(quote_value(line, &format!("a text cannot begin with `{character}`")))
        }
        _ if line.contains("{{") && !line.contains("\"{{") => {
            Some("a value with `{{ }}` needs quotes: `\"{{ user.name }}\"`".to_owned())
        }
        _ if in_flow => Some(QUOTES_IN_FLOW.to_owned()),
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed | ErrorKind::InvalidIndentation => {
            Some("check the indentation here and in the line above; a value with `: ` needs quotes".to_owned())
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            Some("keys of one map begin in the same column, and so do the `-` of one list".to_owned())
        }
        _ => None,
    };
    (kind.to_string(), help)
}

/// The line's value in quotes, as the author should have written it.
fn quote_value(line: &str, why: &str) -> String {
    match line.split_once(": ") {
        Some((key, value)) if !value.trim().is_empty() => {
            let key = key.trim_start().trim_start_matches("- ");
            let value = value.trim();
            format!("{why}; put the value in quotes: `{key}: \"{value}\"`")
        }
        _ => format!("{why}; put the value in quotes"),
    }
}
