//! The suite file: its text, and where in it everything stands.

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::node::{Content, Node};
use super::problem::{Location, Path, Problem, Problems, Segment};
use super::syntax::Finding;
use super::yaml;

/// A suite file as it was written, `${NAME}` and all.
#[derive(Debug, Clone)]
pub struct Source {
    file: Arc<PathBuf>,
    text: Arc<str>,
    /// The byte at which each line begins.
    lines: Vec<usize>,
    root: Option<Node>,
}

impl Source {
    /// Reads the YAML and notes the place of everything. `file` is the path as the user named it. What is wrong with
    /// the file as YAML comes beside it.
    #[must_use]
    pub fn parse(file: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> (Self, Problems) {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        let (root, findings) = yaml::parse(&text);
        let source = Self { file: Arc::new(file.into()), text, lines, root };
        let problems = findings.into_iter().map(|finding| source.problem(finding)).collect();
        (source, Problems(problems))
    }

    /// The path as the user named it.
    #[must_use]
    pub fn file(&self) -> &FilePath {
        &self.file
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree of the file; `None` when its YAML is broken or it holds nothing.
    #[must_use]
    pub const fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// What was written at `path`, before `${NAME}` was filled in.
    #[must_use]
    pub fn written(&self, path: &Path) -> Option<&Node> {
        let trail = self.trail(path);
        if trail.len() < path.segments().len() {
            return None;
        }
        trail.last().map_or(self.root.as_ref(), |step| Some(step.value))
    }

    /// Where the value at `path` stands. For a value without a text of its own (left out, or a block of lines) that is
    /// its key; for what is not in the file at all, its nearest ancestor.
    #[must_use]
    pub fn at(&self, path: &Path) -> Location {
        let trail = self.trail(path);
        let place = trail.iter().rev().find_map(|step| {
            self.own_text(step.value).or_else(|| step.key.clone()).or_else(|| self.first_text(step.value))
        });
        self.location(place.or_else(|| self.root_text()).unwrap_or(0..0))
    }

    /// Where the key of `path` stands; for a list item its value, for what is not in the file its nearest ancestor.
    #[must_use]
    pub fn at_key(&self, path: &Path) -> Location {
        let trail = self.trail(path);
        let place = trail.iter().rev().find_map(|step| {
            step.key.clone().or_else(|| self.own_text(step.value)).or_else(|| self.first_text(step.value))
        });
        self.location(place.or_else(|| self.root_text()).unwrap_or(0..0))
    }

    /// Where `needle` stands in the text of the value at `path`; the value itself where it cannot be found as written.
    #[must_use]
    pub fn within(&self, path: &Path, needle: &str) -> Location {
        let span = self.written(path).map(|node| node.span.clone());
        let found = span.and_then(|span| Some(span.start + self.text[span].find(needle)?));
        found.map_or_else(|| self.at(path), |start| self.location(start..start + needle.len()))
    }

    /// The place of some bytes of the text, cut off at the end of their first line.
    #[must_use]
    pub fn location(&self, span: Range<usize>) -> Location {
        let start = span.start.min(self.text.len());
        let number = self.lines.partition_point(|line| *line <= start).max(1);
        let begin = self.lines[number - 1];
        let line = self.text[begin..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let end = span.end.clamp(start, (begin + line.len()).max(start));
        Location {
            file: Arc::clone(&self.file),
            line: number,
            column: self.text[begin..start].chars().count() + 1,
            length: self.text[start..end].trim_end().chars().count().max(1),
            text: line.to_owned(),
        }
    }

    /// A finding of the YAML pass as a problem.
    fn problem(&self, finding: Finding) -> Problem {
        let location = self.location(finding.span);
        Problem { help: finding.help, ..Problem::error(finding.what).at(location) }
    }

    /// As many steps of `path` as the file has.
    fn trail(&self, path: &Path) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        let mut node = self.root.as_ref();
        for segment in path.segments() {
            let step = match (node.map(|node| &node.content), segment) {
                (Some(Content::Map(entries)), Segment::Key(key)) => {
                    entries.get(key).map(|entry| Step { key: Some(entry.key.clone()), value: &entry.value })
                }
                (Some(Content::List(items)), Segment::Index(index)) => {
                    items.get(*index).map(|value| Step { key: None, value })
                }
                _ => None,
            };
            let Some(step) = step else { break };
            node = Some(step.value);
            steps.push(step);
        }
        steps
    }

    /// The bytes that show a value: its own, unless it is empty or a block of lines.
    fn own_text(&self, node: &Node) -> Option<Range<usize>> {
        let is_block = match &node.content {
            Content::Scalar(_) => false,
            Content::List(_) | Content::Map(_) => !self.text[node.span.start..].starts_with(['{', '[']),
        };
        (!is_block && !node.span.is_empty()).then(|| node.span.clone())
    }

    /// What stands for a value that has neither a key nor a text of its own: the first thing in it.
    fn first_text(&self, node: &Node) -> Option<Range<usize>> {
        match &node.content {
            Content::Scalar(_) => None,
            Content::List(items) => {
                items.first().and_then(|item| self.own_text(item).or_else(|| self.first_text(item)))
            }
            Content::Map(entries) => entries.first().map(|(_, entry)| entry.key.clone()),
        }
    }

    fn root_text(&self) -> Option<Range<usize>> {
        let start = self.root.as_ref()?.span.start;
        Some(start..start)
    }
}

struct Step<'a> {
    key: Option<Range<usize>>,
    value: &'a Node,
}
