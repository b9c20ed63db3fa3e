//! From the text of a file to its [`Node`]: one pass over the events of the YAML parser.
//!
//! YAML 1.2 as people use it: anchors, aliases and merge keys, but no tags, one document, and keys that are text.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, options};
use indexmap::IndexMap;
use serde_json::Value;

use super::node::{Content, Entry, Node};
use super::syntax::{Finding, on_syntax_error};

/// Deeper than any suite is, and shallow enough for everything that walks a suite recursively.
const MAX_DEPTH: usize = 64;
/// Values that aliases repeat. Without a limit a small file could ask for all memory.
const MAX_REPEATED: usize = 250_000;

/// The tree of `text`, when its syntax allows one, and everything that is wrong with it as YAML.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut builder = Builder { text, ..Builder::default() };
    let options = options! { emit_comments: false, emit_unresolved_aliases: true };
    for event in Parser::new_from_str_with_options(text, options) {
        let done = match event {
            Ok((event, span)) => builder.take(event, &span),
            Err(error) => {
                let place = error.marker().byte_offset().unwrap_or(text.len());
                let finding = on_syntax_error(text, error.kind(), place, builder.in_flow());
                // `{{ a }} and more`: the missing quotes are told, and what follows from them need not be.
                let line = text[..finding.span.start].rfind('\n').unwrap_or_default();
                if builder.bare_expression.is_none_or(|expression| expression < line) {
                    builder.findings.push(finding);
                }
                Err(Stop)
            }
        };
        if done.is_err() {
            return (None, builder.findings);
        }
    }
    (builder.root, builder.findings)
}

/// There is no sense in reading on.
struct Stop;

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    /// Values that aliases have repeated so far.
    repeated: usize,
    /// Where the last `{{ }}` without quotes stands.
    bare_expression: Option<usize>,
    findings: Vec<Finding>,
}

/// A collection that has begun and not yet ended.
struct Open {
    start: usize,
    anchor: usize,
    flow: bool,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: IndexMap<String, Entry>, key: Option<Key>, merges: Vec<Node> },
}

struct Key {
    name: String,
    span: Range<usize>,
    /// `<<`: what comes is merged into the map.
    merge: bool,
    /// The key was unusable or a duplicate; its value is read and dropped.
    ignored: bool,
}

impl Builder<'_> {
    /// The byte of the innermost `{` or `[`.
    fn in_flow(&self) -> Option<usize> {
        self.open.last().filter(|open| open.flow).map(|open| open.start)
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let span = span.byte_range().unwrap_or(0..0);
        if event.tag().is_some_and(|tag| !tag.is_yaml_core_schema()) {
            let help = "leave the tag out; where text must begin with `!`, put it in quotes";
            self.findings.push(Finding::new(span.clone(), "tags have no meaning in a suite").help(help));
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let help = "put the second document into a file of its own";
                    self.findings.push(Finding::new(span, "a suite is one YAML document").help(help));
                    return Err(Stop);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let value = if quoted || self.awaits_key() {
                    Value::String(text.clone().into_owned())
                } else {
                    self.resolve(&text, &span)
                };
                if self.awaits_key() && !quoted {
                    self.check_key(&text, &span);
                }
                self.put(Node::scalar(span, value), anchor, !quoted && text == "<<")?;
            }
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    self.findings.push(Finding::new(span, "an alias stands inside the very value that it repeats"));
                    return Err(Stop);
                };
                self.repeated += node.size;
                if self.repeated > MAX_REPEATED {
                    return self
                        .too_much(span, format!("the aliases of this file unfold to more than {MAX_REPEATED} values"));
                }
                self.put(node, 0, false)?;
            }
            Event::UnresolvedAlias(name) => {
                let help = format!(
                    "a text that begins with `*` needs quotes: write `\"*{name}\"`; an alias needs its anchor `&{name}` above it"
                );
                self.findings.push(Finding::new(span.clone(), format!("there is no anchor `&{name}`")).help(help));
                self.put(Node::scalar(span, Value::String(format!("*{name}"))), 0, false)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(span, anchor, Kind::List(Vec::new()))?,
            Event::MappingStart(_, anchor, _) => {
                self.open(span, anchor, Kind::Map { entries: IndexMap::new(), key: None, merges: Vec::new() })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span.end)?,
            _ => {}
        }
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. }))
    }

    /// The value of a plain scalar by the core schema of YAML 1.2, kept as text where a number would lose digits.
    fn resolve(&mut self, text: &str, span: &Range<usize>) -> Value {
        match core_schema(text) {
            Some(value) => value,
            None if is_not_finite(text) => {
                let help = format!("put it in quotes if it is text: `\"{text}\"`");
                self.findings
                    .push(Finding::new(span.clone(), format!("`{text}` is no number that can be sent")).help(help));
                Value::String(text.to_owned())
            }
            None => Value::String(text.to_owned()),
        }
    }

    fn check_key(&mut self, text: &str, span: &Range<usize>) {
        let kind = match core_schema(text) {
            Some(Value::Null) => "nothing",
            Some(Value::Bool(_)) => "a flag",
            Some(Value::Number(_)) => "a number",
            _ => return,
        };
        let finding = Finding::new(span.clone(), format!("the key `{text}` is {kind}, and keys are text"));
        self.findings.push(finding.help(format!("put it in quotes: `\"{text}\"`")));
    }

    fn open(&mut self, span: Range<usize>, anchor: usize, kind: Kind) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            return self.too_much(span, format!("more than {MAX_DEPTH} levels stand inside one another"));
        }
        let flow = self.text[span.start..].starts_with(['{', '[']) && !span.is_empty();
        self.open.push(Open { start: span.start, anchor, flow, kind });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = open.start..end.max(open.start);
        let node = match open.kind {
            Kind::List(items) => Node::list(span, items),
            Kind::Map { entries, .. } if self.is_bare_expression(&span, &entries) => {
                let text = self.text[span.clone()].to_owned();
                let finding = Finding::new(span.clone(), "an expression in `{{ }}` needs quotes here");
                self.findings.push(finding.help(format!("put the whole value in quotes, as `\"{text}\"`")));
                self.bare_expression = Some(span.start);
                Node::scalar(span, Value::String(text))
            }
            Kind::Map { mut entries, merges, .. } => {
                for merge in merges {
                    self.merge(&mut entries, merge);
                }
                Node::map(span, entries)
            }
        };
        self.put(node, open.anchor, false)
    }

    /// `{{ token }}` without quotes is, to YAML, a map whose only key is a map.
    fn is_bare_expression(&self, span: &Range<usize>, entries: &IndexMap<String, Entry>) -> bool {
        entries.is_empty() && self.text[span.clone()].starts_with("{{")
    }

    fn merge(&mut self, entries: &mut IndexMap<String, Entry>, from: Node) {
        match from.content {
            Content::Map(more) => {
                for (key, entry) in more {
                    entries.entry(key).or_insert(entry);
                }
            }
            Content::List(maps) if maps.iter().all(|map| matches!(map.content, Content::Map(_))) => {
                for map in maps {
                    self.merge(entries, map);
                }
            }
            // An alias without an anchor, which is told already.
            Content::Scalar(Value::String(text)) if text.starts_with('*') => {}
            Content::List(_) | Content::Scalar(_) => {
                let help = "write `<<: *anchor`, where the anchor stands on a map";
                self.findings.push(Finding::new(from.span, "only a map can be merged with `<<`").help(help));
            }
        }
    }

    fn put(&mut self, node: Node, anchor: usize, is_merge: bool) -> Result<(), Stop> {
        if self.open.len() + node.height > MAX_DEPTH {
            return self.too_much(node.span, format!("more than {MAX_DEPTH} levels stand inside one another"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let text = self.text;
        let in_list = self.open.iter().rev().nth(1).is_some_and(|outer| matches!(outer.kind, Kind::List(_)));
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { kind: Kind::List(items), .. }) => items.push(node),
            Some(Open { kind: Kind::Map { entries, key, merges }, start, .. }) => match key.take() {
                None => {
                    let (new, finding) = as_key(text, node, is_merge, entries, in_list);
                    // `{{ token }}` without quotes is told once, when it ends.
                    self.findings.extend(finding.filter(|_| !text[*start..].starts_with("{{")));
                    *key = Some(new);
                }
                Some(key) if key.ignored => {}
                Some(key) if key.merge => merges.push(node),
                Some(key) => {
                    entries.insert(key.name, Entry { key: key.span, value: node });
                }
            },
        }
        Ok(())
    }

    fn too_much(&mut self, span: Range<usize>, what: String) -> Result<(), Stop> {
        self.findings.push(Finding::new(span, what).help("split the suite, or write it without nested aliases"));
        Err(Stop)
    }
}

/// A key of a map that has these entries already, and what is wrong with it.
fn as_key(
    text: &str,
    node: Node,
    merge: bool,
    entries: &IndexMap<String, Entry>,
    in_list: bool,
) -> (Key, Option<Finding>) {
    let span = node.span;
    let Content::Scalar(Value::String(name)) = node.content else {
        let finding = Finding::new(span.clone(), "a key is text, and here stands a list or a map");
        return (Key { name: String::new(), span, merge: false, ignored: true }, Some(finding));
    };
    let first = if merge { None } else { entries.get(&name) };
    let finding = first.map(|first| {
        let line = text[..first.key.start].matches('\n').count() + 1;
        let next_item = if in_list { "; a second list item begins with `- `" } else { "" };
        let help = format!("it stands already at line {line}{next_item}");
        Finding::new(span.clone(), format!("the key `{name}` stands twice")).help(help)
    });
    (Key { ignored: first.is_some(), name, span, merge }, finding)
}

/// `None` for text. Numbers with leading zeros are text, as authors mean `007`; so are those that do not fit.
fn core_schema(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')).map(Value::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().filter(|_| !digits.starts_with('+')).map(Value::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = unsigned.len() - unsigned.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if whole > 1 && unsigned.starts_with('0') {
        return None;
    }
    if whole == unsigned.len() {
        let digits = text.strip_prefix('+').unwrap_or(text);
        return digits.parse::<i64>().map(Value::from).or_else(|_| digits.parse::<u64>().map(Value::from)).ok();
    }
    let is_float = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    let number = text.parse::<f64>().ok().filter(|number| is_float && number.is_finite())?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}
