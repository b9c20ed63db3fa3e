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

/// The parser stopped at byte `place`, inside the `{` or `[` at byte `flow` if there is one.
#[must_use]
pub fn on_syntax_error(text: &str, kind: &ErrorKind, place: usize, flow: Option<usize>) -> Finding {
    let place = place.min(text.len());
    let line_start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let help = match flow {
        Some(opened) if text[..place].ends_with('$') => Some(in_flow_variable(&text[place..], &text[opened..])),
        Some(opened) if opened < line_start => Some(unclosed(text, opened)),
        _ => help(kind, line, flow.is_some()),
    };
    Finding { span: place..place, what: format!("this is not YAML: {}", reason(kind)), help }
}

const QUOTES_IN_FLOW: &str = "inside `{ }` and `[ ]` a value with one of `[ ] { } , : #` needs quotes, \
     as in `{ ok: \"ack[0] is none\" }`";

/// `{ users: ${USERS} }`: the brace of the variable ends the text.
fn in_flow_variable(rest: &str, flow: &str) -> String {
    let name = rest.split_inclusive('}').next().unwrap_or_default();
    let brackets = if flow.starts_with('[') { "[ ]" } else { "{ }" };
    format!("inside `{brackets}` a variable needs quotes: `\"${name}\"`")
}

fn unclosed(text: &str, opened: usize) -> String {
    let line = text[..opened].matches('\n').count() + 1;
    let bracket = &text[opened..=opened];
    format!("is the `{bracket}` of line {line} closed? {QUOTES_IN_FLOW}")
}

/// The parser's words, or plainer ones for what happens often.
fn reason(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::ExpectedBlockMappingKey => "a key is expected here".to_owned(),
        ErrorKind::ExpectedBlockSequenceEntry => "a `- ` is expected here".to_owned(),
        ErrorKind::ExpectedFlowMappingSeparator => "a `,` or `}` is expected here".to_owned(),
        ErrorKind::ExpectedFlowSequenceSeparator => "a `,` or `]` is expected here".to_owned(),
        ErrorKind::MappingValueNotAllowed => "a `: ` cannot stand here".to_owned(),
        ErrorKind::InvalidBlockScalarHeader => "a block of text cannot begin so".to_owned(),
        ErrorKind::UnknownQuotedScalarEscape => "this text holds an unknown escape".to_owned(),
        ErrorKind::UnexpectedCharacter { character } => format!("no value begins with `{character}`"),
        ErrorKind::UnclosedQuotedScalar => "this quote is never closed".to_owned(),
        kind if is_tab(kind) => "a tab cannot stand here".to_owned(),
        kind => kind.to_string(),
    }
}

const fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

fn help(kind: &ErrorKind, line: &str, in_flow: bool) -> Option<String> {
    let help = match kind {
        kind if is_tab(kind) => "indent with spaces".to_owned(),
        ErrorKind::UnclosedQuotedScalar => "in single quotes, `''` stands for one; in double quotes, `\\\"`".to_owned(),
        ErrorKind::UnknownQuotedScalarEscape => {
            "in `\"…\"` a backslash begins an escape; single quotes take it as it is".to_owned()
        }
        ErrorKind::InvalidBlockScalarHeader => quote_value(line, "`>` and `|` begin a block of text"),
        ErrorKind::UnexpectedCharacter { .. } => quote_value(line, "it has a meaning in YAML"),
        _ if in_flow => QUOTES_IN_FLOW.to_owned(),
        _ if line.contains(": {{") => quote_value(line, "`{{ }}` begins a map in YAML"),
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed | ErrorKind::InvalidIndentation => {
            "check the indentation here and in the line above; a value with `: ` needs quotes".to_owned()
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            "keys of one map begin in the same column, and so do the `-` of one list".to_owned()
        }
        _ => return None,
    };
    Some(help)
}

/// The line's value in quotes, as the author should have written it.
fn quote_value(line: &str, why: &str) -> String {
    match line.split_once(": ") {
        Some((key, value)) if !value.trim().is_empty() => {
            let key = key.trim_start().trim_start_matches("- ");
            let value = value.split(" #").next().unwrap_or_default().trim();
            format!("{why}; put the value in quotes: `{key}: \"{value}\"`")
        }
        _ => format!("{why}; put the value in quotes"),
    }
}
