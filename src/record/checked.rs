//! What came of an invariant.

use super::finding::Example;
use crate::ledger::invariant::Tally;

/// Its checks, counted, with the first examples.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub tally: Tally,
    /// Of what is broken.
    pub broken: Vec<Example>,
    /// Of what nobody can say.
    pub undecided: Vec<Example>,
}
