//! Where a running program stands, and which passes of its loops it is in.

use serde_json::Value;

use crate::plan::step::{Items, Operation, Program};

/// A place in a program.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    next: usize,
    /// Positions of the loops that it is in, the outermost first, and the pass that each is in.
    loops: Vec<usize>,
    passes: Vec<u64>,
}

impl Cursor {
    /// The next operation that does something, loops and jumps done. `None` at the end.
    pub fn step<'p>(&mut self, program: &'p Program, resources: u64) -> Option<&'p Operation> {
        loop {
            let operation = program.operations.get(self.next)?;
            self.next += 1;
            match operation {
                Operation::Each { over, end } => self.enter(over.len(resources), *end),
                Operation::Next { start } => {
                    if let Some(Operation::Each { over, .. }) = program.operations.get(*start) {
                        self.again(*start, over.len(resources));
                    }
                }
                Operation::Jump { to } => self.next = *to,
                _ => return Some(operation),
            }
        }
    }

    /// Goes on at that position.
    pub const fn jump(&mut self, to: usize) {
        self.next = to;
    }

    fn enter(&mut self, length: u64, end: usize) {
        if length == 0 {
            self.next = end;
        } else {
            self.loops.push(self.last());
            self.passes.push(0);
        }
    }

    fn again(&mut self, start: usize, length: u64) {
        let Some(pass) = self.passes.last_mut() else { return };
        *pass += 1;
        if *pass < length {
            self.next = start + 1;
        } else {
            self.loops.pop();
            self.passes.pop();
        }
    }

    /// Position of the operation that ran last.
    pub const fn last(&self) -> usize {
        self.next.saturating_sub(1)
    }

    /// The passes of its loops, the outermost first.
    pub fn passes(&self) -> &[u64] {
        &self.passes
    }

    /// What the loops go through and where they are, the innermost first.
    fn loops<'p>(&self, program: &'p Program) -> impl Iterator<Item = (&'p Items, usize)> {
        self.loops.iter().zip(&self.passes).rev().filter_map(|(start, pass)| match program.operations.get(*start) {
            Some(Operation::Each { over, .. }) => Some((over, usize::try_from(*pass).unwrap_or(usize::MAX))),
            _ => None,
        })
    }

    /// Index of the resource of the innermost loop over resources.
    pub fn resource(&self, program: &Program) -> Option<usize> {
        self.loops(program).find(|(items, _)| matches!(items, Items::Resources)).map(|(_, index)| index)
    }

    /// The item of the innermost loop over a list.
    pub fn item<'p>(&self, program: &'p Program) -> Option<&'p Value> {
        self.loops(program).find_map(|(items, index)| match items {
            Items::List(list) => list.get(index),
            Items::Resources | Items::Times(_) => None,
        })
    }
}
