//! One worker's numbers of the current second. No locks: each worker owns one and hands over what it has once a second.

use super::axes::{Axes, Cell};
use super::catalog::{Counter, Distribution};
use super::custom::{Sample, Series};
use super::histogram::Histogram;
use super::label::Labelled;
use crate::units::Duration;

/// The numbers of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    counters: [u64; Counter::COUNT],
    /// Made when the first sample comes: most cells never see most distributions.
    histograms: [Option<Box<Histogram>>; Distribution::COUNT],
    /// By number of the suite's own metrics, as far as any was recorded: of a suite without any nothing.
    customs: Vec<Series>,
}

// By hand, because arrays beyond 32 items have no default.
impl Default for Numbers {
    fn default() -> Self {
        Self { counters: [0; Counter::COUNT], histograms: [const { None }; Distribution::COUNT], customs: Vec::new() }
    }
}

impl Numbers {
    #[must_use]
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// The sum of several counters.
    #[must_use]
    pub fn sum(&self, counters: &[Counter]) -> u64 {
        counters.iter().map(|counter| self.counter(*counter)).sum()
    }

    #[must_use]
    pub fn histogram(&self, distribution: Distribution) -> Option<&Histogram> {
        self.histograms[distribution as usize].as_deref().filter(|histogram| histogram.count() > 0)
    }

    pub fn count(&mut self, counter: Counter, n: u64) {
        self.counters[counter as usize] += n;
    }

    pub fn record(&mut self, distribution: Distribution, duration: Duration) {
        self.histograms[distribution as usize].get_or_insert_default().record(duration);
    }

    /// Records a metric of the suite's own.
    pub fn sample(&mut self, custom: usize, sample: Sample) {
        if self.customs.len() <= custom {
            self.customs.resize_with(custom + 1, Series::default);
        }
        self.customs[custom].record(sample);
    }

    #[must_use]
    pub fn custom(&self, custom: usize) -> Option<&Series> {
        self.customs.get(custom)
    }

    pub fn add(&mut self, other: &Self) {
        if self.customs.len() < other.customs.len() {
            self.customs.resize_with(other.customs.len(), Series::default);
        }
        for (mine, theirs) in self.customs.iter_mut().zip(&other.customs) {
            mine.add(theirs);
        }
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *mine += theirs;
        }
        for (mine, theirs) in self.histograms.iter_mut().zip(&other.histograms) {
            if let Some(theirs) = theirs.as_deref().filter(|histogram| histogram.count() > 0) {
                mine.get_or_insert_default().add(theirs);
            }
        }
    }

    /// Forgets the numbers and keeps the memory.
    pub fn reset(&mut self) {
        self.counters = [0; Counter::COUNT];
        for histogram in self.histograms.iter_mut().flatten() {
            histogram.reset();
        }
        self.customs.clear();
    }
}

/// Numbers of every cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorder {
    cells: Vec<Numbers>,
    /// By number of the label: of a suite without any nothing.
    labels: Vec<Labelled>,
}

impl Recorder {
    /// A recorder of that many cells ([`Axes::len`](super::axes::Axes::len)).
    #[must_use]
    pub fn new(cells: usize) -> Self {
        Self { cells: vec![Numbers::default(); cells], labels: Vec::new() }
    }

    /// The same, with numbers by labels beside them.
    #[must_use]
    pub fn of(axes: &Axes) -> Self {
        Self { labels: axes.labels.iter().map(Labelled::new).collect(), ..Self::new(axes.len()) }
    }

    /// The numbers by a value of a label.
    pub fn labelled(&mut self, label: usize, value: &str, cell: Cell) -> &mut Numbers {
        if self.labels.len() <= label {
            self.labels.resize_with(label + 1, Labelled::default);
        }
        self.labels[label].numbers(value, cell)
    }

    #[must_use]
    pub fn label(&self, label: usize) -> Option<&Labelled> {
        self.labels.get(label)
    }

    pub fn count(&mut self, cell: Cell, counter: Counter) {
        self.cells[cell.0 as usize].count(counter, 1);
    }

    pub fn count_many(&mut self, cell: Cell, counter: Counter, n: u64) {
        self.cells[cell.0 as usize].count(counter, n);
    }

    pub fn record(&mut self, cell: Cell, distribution: Distribution, duration: Duration) {
        self.cells[cell.0 as usize].record(distribution, duration);
    }

    /// Records a metric of the suite's own.
    pub fn sample(&mut self, cell: Cell, custom: usize, sample: Sample) {
        self.cells[cell.0 as usize].sample(custom, sample);
    }

    #[must_use]
    pub fn cell(&self, cell: Cell) -> &Numbers {
        &self.cells[cell.0 as usize]
    }

    /// All cells added up.
    #[must_use]
    pub fn total(&self) -> Numbers {
        let mut total = Numbers::default();
        for cell in &self.cells {
            total.add(cell);
        }
        total
    }

    pub fn add(&mut self, other: &Self) {
        if self.cells.len() < other.cells.len() {
            self.cells.resize_with(other.cells.len(), Numbers::default);
        }
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            mine.add(theirs);
        }
        if self.labels.len() < other.labels.len() {
            self.labels.resize_with(other.labels.len(), Labelled::default);
        }
        for (mine, theirs) in self.labels.iter_mut().zip(&other.labels) {
            mine.add(theirs);
        }
    }

    pub fn reset(&mut self) {
        self.cells.iter_mut().for_each(Numbers::reset);
        self.labels.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_add_up_over_workers_and_cells() {
        let (mut a, mut b) = (Recorder::new(2), Recorder::new(2));
        a.count(Cell(0), Counter::Ok);
        a.record(Cell(0), Distribution::AckLatency, Duration::from_millis(5));
        b.count_many(Cell(1), Counter::Ok, 3);
        b.record(Cell(1), Distribution::AckLatency, Duration::from_millis(7));
        a.add(&b);
        let total = a.total();
        assert_eq!(total.counter(Counter::Ok), 4);
        assert_eq!(total.histogram(Distribution::AckLatency).map(Histogram::count), Some(2));
        assert_eq!(total.histogram(Distribution::TimerLag), None);
        a.reset();
        assert_eq!(a.total().counter(Counter::Ok), 0);
        assert_eq!(a.total().histogram(Distribution::AckLatency), None);
    }
}
