//! The whole run on its resources, in a memory that does not grow with it: how many actions ended how, by resource and by
//! columns of time. When the run outgrows its columns, every two of them become one.

use crate::ledger::{LaneCounts, LaneEnd};
use crate::units::Moment;

/// Most columns: more are thinner than what can be seen.
pub const COLUMNS: usize = 300;

/// The counts so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// A column is two to the power of this seconds wide.
    doublings: u32,
    /// By resource, then by column, each as far as something was counted.
    rows: Vec<Vec<LaneCounts>>,
}

impl Overview {
    /// One more action on a resource, at the moment of its send.
    pub fn count(&mut self, resource: usize, at: Moment, end: LaneEnd) {
        let column = self.reach(at.second());
        if self.rows.len() <= resource {
            self.rows.resize(resource + 1, Vec::new());
        }
        let row = &mut self.rows[resource];
        if row.len() <= column {
            row.resize(column + 1, LaneCounts::default());
        }
        row[column][end as usize] += 1;
    }

    /// Makes columns as wide as it takes that this second lies in one of them: the one that is returned.
    pub fn reach(&mut self, second: u64) -> usize {
        loop {
            match usize::try_from(second >> self.doublings) {
                Ok(column) if column < COLUMNS => return column,
                _ => self.double(),
            }
        }
    }

    /// Seconds that a column stands for.
    #[must_use]
    pub const fn step(&self) -> u64 {
        1 << self.doublings
    }

    /// By resource, then by column; what is not there is nothing.
    #[must_use]
    pub fn rows(&self) -> &[Vec<LaneCounts>] {
        &self.rows
    }

    fn double(&mut self) {
        self.doublings += 1;
        for row in &mut self.rows {
            *row = row.chunks(2).map(sum).collect();
        }
    }
}

fn sum(pair: &[LaneCounts]) -> LaneCounts {
    std::array::from_fn(|end| pair.iter().map(|counts| counts[end]).sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Duration;

    /// A resource, a second, and how it ended.
    type Seen = (usize, u64, LaneEnd);

    fn overview(seen: &[Seen]) -> Overview {
        let mut overview = Overview::default();
        for (resource, second, end) in seen {
            overview.count(*resource, Moment::START + Duration::from_secs(*second), *end);
        }
        overview
    }

    /// Counts the same again from all of it at once, cell by cell.
    fn check(overview: &Overview, seen: &[Seen], last: u64) {
        let step = (0..).map(|power| 1_u64 << power).find(|step| last / step < COLUMNS as u64).expect("a width");
        assert_eq!(overview.step(), step);
        let resources = seen.iter().map(|(resource, ..)| resource + 1).max().unwrap_or(0);
        assert_eq!(overview.rows().len(), resources);
        for (resource, row) in overview.rows().iter().enumerate() {
            assert!(row.len() <= COLUMNS);
            for column in 0..COLUMNS {
                let there = |(at, second, _): &&Seen| *at == resource && *second / step == column as u64;
                let mut expected = LaneCounts::default();
                seen.iter().filter(there).for_each(|(.., end)| expected[*end as usize] += 1);
                assert_eq!(row.get(column).copied().unwrap_or_default(), expected, "{resource} {column}");
            }
        }
    }

    fn seen() -> impl Strategy<Value = Vec<Seen>> {
        let length = prop_oneof![1_u64..400, 1_u64..10_000, 1_u64..1_000_000];
        length.prop_flat_map(|length| {
            prop::collection::vec((0_usize..5, 0..length, prop::sample::select(&LaneEnd::ALL[..])), 0..120)
        })
    }

    proptest! {
        #[test]
        fn it_is_what_counting_everything_at_once_gives_in_any_order(seen in seen(), longer in 0_u64..3_000) {
            let last = seen.iter().map(|(_, second, _)| *second).max().unwrap_or(0);
            let mut all = overview(&seen);
            check(&all, &seen, last);
            let backwards: Vec<Seen> = seen.iter().rev().copied().collect();
            prop_assert_eq!(&overview(&backwards), &all);
            // The run may go on when nobody acts any more.
            all.reach(last + longer);
            check(&all, &seen, last + longer);
        }
    }

    #[test]
    fn no_moment_is_out_of_reach_and_no_run_needs_more_columns() {
        let end = LaneEnd::Failed;
        let mut all = overview(&[(0, 0, LaneEnd::Accepted), (1, 299, end)]);
        assert_eq!((all.step(), all.rows()[1].len()), (1, 300));
        all.count(0, Moment::START + Duration::from_secs(300), end);
        assert_eq!((all.step(), all.rows()[0].len(), all.rows()[1].len()), (2, 151, 150));
        all.count(0, Moment::NEVER, end);
        assert!(all.rows().iter().all(|row| row.len() <= COLUMNS));
        assert_eq!(all.rows()[0][0], [1, 0, 0, 1]);
        all.reach(u64::MAX);
        assert_eq!(all.rows()[0].iter().map(sum_of_all).sum::<u64>(), 3);
    }

    fn sum_of_all(counts: &LaneCounts) -> u64 {
        counts.iter().sum()
    }
}
