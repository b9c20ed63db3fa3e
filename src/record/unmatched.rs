//! Events that came and that nothing was waiting for, by name. Counted on the hot path: a name is written down once.

use super::finding::{Class, Example, Findings};

/// Most names kept of a worker's second; the rest are counted together.
const NAMES: usize = 50;
const OTHER: &str = "other events";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmatched(Vec<Row>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// Number of the scenario whose user it came to.
    scenario: usize,
    name: Box<str>,
    count: u64,
    example: Example,
}

impl Unmatched {
    /// Counts one more. `example` is asked for the first of a name only.
    pub fn note(&mut self, scenario: usize, name: &str, example: impl FnOnce() -> Example) {
        let name = if self.0.len() < NAMES || self.0.iter().any(|row| row.is(scenario, name)) { name } else { OTHER };
        match self.0.iter_mut().find(|row| row.is(scenario, name)) {
            Some(row) => row.count += 1,
            None => self.0.push(Row { scenario, name: name.into(), count: 1, example: example() }),
        }
    }

    /// Writes them down among the findings.
    pub fn move_to(&mut self, findings: &mut Findings) {
        for row in self.0.drain(..) {
            findings.note_many(Class::Event, row.scenario, &row.name, row.count, [row.example]);
        }
    }
}

impl Row {
    fn is(&self, scenario: usize, name: &str) -> bool {
        self.scenario == scenario && *self.name == *name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Moment;

    #[test]
    fn every_event_is_counted_and_few_names_are_kept() {
        let mut unmatched = Unmatched::default();
        for number in 0..200 {
            let example = || Example { at: Moment::START, user: number, resource: None, detail: String::new() };
            unmatched.note(0, &format!("event-{}", number % 100), example);
        }
        let mut findings = Findings::default();
        unmatched.move_to(&mut findings);
        let found: Vec<(&str, u64)> = findings.iter().map(|(kind, tally)| (kind.name.as_str(), tally.count)).collect();
        assert_eq!((found.len(), found[0], found[NAMES]), (NAMES + 1, ("event-0", 2), (OTHER, 100)));
        assert_eq!(unmatched, Unmatched::default());
    }
}
