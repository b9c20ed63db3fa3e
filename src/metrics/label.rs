//! Numbers by the values of a label. How many values a server can have is not for it to say: the first of them are kept
//! apart, the rest together.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::axes::Cell;
use super::recorder::Numbers;
use crate::secrets::shortened;

/// What has no value counts as this one.
pub const NONE: &str = "none";
/// What comes when there are too many counts as this one.
pub const OTHER: &str = "other";
/// Most values kept apart, beside those two.
pub const MOST: usize = 20;
/// Longest value kept as it is, in characters.
const LONGEST: usize = 60;

/// A label of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabelAxis {
    pub name: String,
    /// Values that thresholds name: these are always kept apart.
    pub wanted: Vec<String>,
}

/// The numbers of one label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labelled {
    values: IndexMap<Box<str>, BTreeMap<Cell, Numbers>>,
    /// How many values are kept apart; `None` where others have limited what comes in.
    most: Option<usize>,
}

impl Labelled {
    #[must_use]
    pub fn new(axis: &LabelAxis) -> Self {
        let values = axis.wanted.iter().map(|value| (value.as_str().into(), BTreeMap::new())).collect();
        Self { values, most: Some(MOST.max(axis.wanted.len())) }
    }

    /// The numbers of a value in a cell.
    pub fn numbers(&mut self, value: &str, cell: Cell) -> &mut Numbers {
        self.cells(value).entry(cell).or_default()
    }

    fn cells(&mut self, value: &str) -> &mut BTreeMap<Cell, Numbers> {
        let head;
        let mut value = value;
        // A threshold may name a longer one; and what others have limited is as it should be.
        if value.len() > LONGEST && self.most.is_some() && !self.values.contains_key(value) {
            head = head_of(value);
            value = &head;
        }
        let known = self.values.contains_key(value) || [NONE, OTHER].contains(&value);
        let apart = self.values.keys().filter(|value| ![NONE, OTHER].contains(&&***value)).count();
        let room = self.most.is_none_or(|most| apart < most);
        let value = if known || room { value } else { OTHER };
        if !self.values.contains_key(value) {
            self.values.insert(value.into(), BTreeMap::new());
        }
        &mut self.values[value]
    }

    pub fn add(&mut self, other: &Self) {
        for (value, theirs) in &other.values {
            if theirs.is_empty() {
                continue;
            }
            let mine = self.cells(value);
            theirs.iter().for_each(|(cell, numbers)| mine.entry(*cell).or_default().add(numbers));
        }
    }

    #[must_use]
    pub fn get(&self, value: &str, cell: Cell) -> Option<&Numbers> {
        self.values.get(value)?.get(&cell)
    }

    /// Every value that has numbers, in the order of the alphabet, with its numbers over all cells; the rest and what has none last.
    #[must_use]
    pub fn totals(&self) -> Vec<(&str, Numbers)> {
        let total = |cells: &BTreeMap<Cell, Numbers>| {
            let mut total = Numbers::default();
            cells.values().for_each(|numbers| total.add(numbers));
            total
        };
        let used = self.values.iter().filter(|(_, cells)| !cells.is_empty());
        let mut totals: Vec<(&str, Numbers)> = used.map(|(value, cells)| (&**value, total(cells))).collect();
        let last = |value: &str| (value == NONE, value == OTHER);
        totals.sort_by(|(a, _), (b, _)| (last(a), a).cmp(&(last(b), b)));
        totals
    }
}

fn head_of(value: &str) -> String {
    shortened(value, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Counter;

    fn counted(labelled: &Labelled) -> Vec<(String, u64)> {
        labelled.totals().into_iter().map(|(value, numbers)| (value.to_owned(), numbers.counter(Counter::Ok))).collect()
    }

    #[test]
    fn twenty_values_are_kept_apart_and_those_that_thresholds_name() {
        let axis = LabelAxis { name: "node".into(), wanted: vec!["z".into()] };
        let mut labelled = Labelled::new(&axis);
        for number in 0..30 {
            labelled.numbers(&format!("n{number:02}"), Cell(0)).count(Counter::Ok, 1);
        }
        labelled.numbers("z", Cell(1)).count(Counter::Ok, 5);
        labelled.numbers(NONE, Cell(1)).count(Counter::Ok, 2);
        let counted = counted(&labelled);
        assert_eq!(counted.len(), 22);
        assert_eq!(counted[18..], [("n18", 1), ("z", 5), ("other", 11), ("none", 2)].map(|(v, n)| (v.to_owned(), n)));
    }

    #[test]
    fn long_values_are_cut_unless_thresholds_name_them() {
        let (wanted, other) = ("w".repeat(70), "o".repeat(70));
        let mut labelled = Labelled::new(&LabelAxis { name: "node".into(), wanted: vec![wanted.clone()] });
        for value in [&wanted, &other] {
            labelled.numbers(value, Cell(0)).count(Counter::Ok, 1);
        }
        let mut all = Labelled::default();
        all.add(&labelled);
        all.add(&labelled);
        let of =
            |labelled: &Labelled, value: &str| labelled.get(value, Cell(0)).map(|numbers| numbers.counter(Counter::Ok));
        let head = format!("{}…", "o".repeat(60));
        assert_eq!([of(&labelled, &wanted), of(&labelled, &head), of(&labelled, &other)], [Some(1), Some(1), None]);
        assert_eq!(
            [of(&all, &wanted), of(&all, &head), counted(&all).len().try_into().ok()],
            [Some(2), Some(2), Some(2)]
        );
    }

    #[test]
    fn adding_loses_nothing_however_many_values_there_are() {
        let (mut all, mut second) = (Labelled::new(&LabelAxis::default()), Labelled::default());
        for number in 0..100 {
            second.numbers(&number.to_string(), Cell(0)).count(Counter::Ok, 1);
        }
        all.add(&second);
        all.add(&second);
        assert_eq!(counted(&all).iter().map(|(_, n)| n).sum::<u64>(), 200);
        assert_eq!(counted(&all).len(), MOST + 1);
    }
}
