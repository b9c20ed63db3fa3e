//! A row of the overview of the lanes as it leaves the process: one short text, since an hour has thousands of cells.
//!
//! `8 7/1 12x 6/0/0/2` is a column with eight that were accepted, one with seven accepted and one rejected, twelve without an action,
//! and one with six accepted and two failed. In the order of `LaneEnd`; zeros at the end of a cell, and what is empty at the end of
//! a row, are left out.

use serde::{Deserialize, Serialize};

use super::mirror::Mirror;
use crate::verdict::outcome::LaneCounts;

/// Columns without an action that a text may claim: as many as any run has, and more.
const LONGEST: usize = 10_000;

/// The row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LaneRow(Vec<LaneCounts>);

impl Mirror<Vec<LaneCounts>> for LaneRow {
    fn of(inner: &Vec<LaneCounts>) -> Self {
        Self(inner.clone())
    }
    fn back(self) -> Vec<LaneCounts> {
        self.0
    }
}

impl From<LaneRow> for String {
    fn from(row: LaneRow) -> Self {
        let mut cells = Vec::new();
        let mut empty = 0;
        for counts in row.0 {
            let Some(last) = counts.iter().rposition(|count| *count > 0) else {
                empty += 1;
                continue;
            };
            if empty > 0 {
                cells.push(format!("{empty}x"));
                empty = 0;
            }
            cells.push(counts[..=last].iter().map(u64::to_string).collect::<Vec<_>>().join("/"));
        }
        cells.join(" ")
    }
}

impl TryFrom<String> for LaneRow {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |cell: &str| format!("`{cell}` is no cell of a row of lanes; one is as in `7/1`, or `12x`");
        let mut row = Vec::new();
        for cell in text.split_whitespace() {
            if let Some(empty) = cell.strip_suffix('x') {
                let empty = empty.parse().ok().filter(|empty: &usize| row.len().saturating_add(*empty) <= LONGEST);
                row.resize(row.len() + empty.ok_or_else(|| wrong(cell))?, LaneCounts::default());
                continue;
            }
            let mut counts = LaneCounts::default();
            for (place, number) in cell.split('/').enumerate() {
                *counts.get_mut(place).ok_or_else(|| wrong(cell))? = number.parse().map_err(|_| wrong(cell))?;
            }
            row.push(counts);
        }
        Ok(Self(row))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(row: &[LaneCounts], text: &str) {
        assert_eq!(String::from(LaneRow(row.to_vec())), text);
        assert_eq!(LaneRow::try_from(text.to_owned()), Ok(LaneRow(row.to_vec())));
    }

    #[test]
    fn a_row_is_a_short_text() {
        check(&[], "");
        check(&[[8, 0, 0, 0], [7, 1, 0, 0], [0; 4], [0; 4], [0, 0, 0, 2]], "8 7/1 2x 0/0/0/2");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in
            ["eight", "1/2/3/4/5", "x", "-1", "1//2", "99999999x", "18446744073709551616", "18446744073709551615x"]
        {
            let told = LaneRow::try_from(format!("1 {text} 2")).expect_err(text);
            assert!(told.contains(text), "{told}");
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_back(row in prop::collection::vec(prop::array::uniform4(0_u64..3), 0..40)) {
            let text = String::from(LaneRow(row.clone()));
            let mut back = LaneRow::try_from(text).expect("a row").back();
            prop_assert!(back.len() <= row.len());
            back.resize(row.len(), LaneCounts::default());
            prop_assert_eq!(back, row);
        }
    }
}
