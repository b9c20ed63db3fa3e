//! What is wrong with a suite: where, what, and what to write instead. Problems are collected, never thrown one at a
//! time, so that an author mends a file in one go.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where something stands in a suite: keys and list positions from the root, as `scenarios.bidders.act[0].ack`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of `key` under this one.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment::Key(key.into()));
        Self(segments)
    }

    /// The path of the list item at `index` under this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment::Index(index));
        Self(segments)
    }

    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last key or position; `None` for the root.
    #[must_use]
    pub fn last(&self) -> Option<&Segment> {
        self.0.last()
    }

    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A stretch of one line of a suite file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the user named it.
    pub file: Arc<PathBuf>,
    pub line: usize,
    pub column: usize,
    /// Length of the offending text, in characters, at least 1, never past the line's end.
    pub length: usize,
    /// The line as the file has it: with `${NAME}`, not with its value.
    pub text: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Does a problem stop everything, or is it only worth saying?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// What is wrong, as "unknown key `acknowlege`".
    pub what: String,
    /// What to do about it, as "did you mean `ack`?".
    pub help: Option<String>,
    /// `None` for what no line of the file can be blamed for.
    pub location: Option<Location>,
}

impl Problem {
    #[must_use]
    pub fn error(what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, what: what.into(), help: None, location: None }
    }

    #[must_use]
    pub fn warning(what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what) }
    }

    /// What to write instead.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    #[must_use]
    pub fn at(self, location: Location) -> Self {
        Self { location: Some(location), ..self }
    }
}

/// All that is wrong with a suite, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a later check found, without what it says of a stretch of text in which an error stands already: a place
    /// that was found faulty and replaced would otherwise be blamed twice.
    pub fn add_later(&mut self, later: Self) {
        let errors = self.0.iter().filter(|problem| problem.severity == Severity::Error);
        let faulty: HashSet<(usize, usize)> =
            errors.filter_map(|problem| problem.location.as_ref()).map(|place| (place.line, place.column)).collect();
        let is_told = |problem: &Problem| {
            problem.location.as_ref().is_some_and(|place| {
                (place.column..place.column + place.length).any(|column| faulty.contains(&(place.line, column)))
            })
        };
        self.0.extend(later.0.into_iter().filter(|problem| !is_told(problem)));
    }

    /// Puts the problems in the order of the file, each once; those without a place come last. What stands behind an
    /// alias is found once for each alias.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|problem| {
            problem.location.as_ref().map_or((usize::MAX, usize::MAX), |place| (place.line, place.column))
        });
        let mut seen = HashSet::new();
        self.0.retain(|problem| {
            let place = problem.location.as_ref().map(|place| (place.line, place.column));
            seen.insert((place, problem.what.clone()))
        });
    }
}
