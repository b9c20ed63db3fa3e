//! Collects what is wrong while a plan is compiled, each with its place in the file.

use std::cell::RefCell;

use super::language::UnknownName;
use crate::suite::problem::{Location, Path, Problem, Problems};
use crate::suite::source::Source;

/// Takes problems from everywhere in the compiler, so that one wrong thing never hides another.
#[derive(Debug)]
pub struct Critic<'a> {
    source: &'a Source,
    problems: RefCell<Problems>,
}

impl<'a> Critic<'a> {
    #[must_use]
    pub fn new(source: &'a Source) -> Self {
        Self { source, problems: RefCell::default() }
    }

    /// The value at `path` is wrong.
    pub fn error(&self, path: &Path, what: impl Into<String>, help: impl Into<String>) {
        self.push(Problem::error(what).help(help).at(self.source.at(path)));
    }

    /// The key at `path` should not be there, or not so.
    pub fn error_at_key(&self, path: &Path, what: impl Into<String>, help: impl Into<String>) {
        self.push(Problem::error(what).help(help).at(self.source.at_key(path)));
    }

    pub fn warning(&self, path: &Path, what: impl Into<String>, help: impl Into<String>) {
        self.push(Problem::warning(what).help(help).at(self.source.at(path)));
    }

    /// An expression at `path` names what cannot exist.
    pub fn unknown(&self, path: &Path, unknown: UnknownName) {
        let problem = Problem { help: unknown.help, ..Problem::error(unknown.what) };
        self.push(problem.at(self.source.at(path)));
    }

    /// Does something stand at `path`? What is written and yet absent was wrong, and that was told when the suite was read.
    #[must_use]
    pub fn is_written(&self, path: &Path) -> bool {
        self.source.written(path).is_some()
    }

    /// The place of the key at `path`, for reports.
    #[must_use]
    pub fn place(&self, path: &Path) -> Location {
        self.source.at_key(path)
    }

    fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// All that was found, in the order of the suite.
    #[must_use]
    pub fn into_problems(self) -> Problems {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems
    }
}
