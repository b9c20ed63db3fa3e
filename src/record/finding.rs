//! What went wrong, by kind: counted in full, with the first few examples of each. Bounded, whatever a server says.

use indexmap::IndexMap;

use crate::secrets::{cut, shortened};
use crate::units::Moment;

/// Where in a user's life something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    Connect,
    Login,
    Disconnect,
    Protocol,
    Step,
    Action,
    /// A delivery that went wrong.
    Delivery,
    /// An event that nothing was waiting for.
    Event,
    Check,
}

impl Class {
    /// As reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Login => "login",
            Self::Disconnect => "disconnect",
            Self::Protocol => "protocol",
            Self::Step => "step",
            Self::Action => "action",
            Self::Delivery => "delivery",
            Self::Event => "event",
            Self::Check => "check",
        }
    }
}

/// One occurrence. Texts are as they came: they are redacted when the outcome is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub at: Moment,
    /// `user.index`.
    pub user: u64,
    /// Id of the resource that was bound.
    pub resource: Option<String>,
    pub detail: String,
}

/// What findings are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    pub class: Class,
    /// Number of the scenario.
    pub scenario: usize,
    /// As `connection refused`, `bid rejected`.
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub count: u64,
    pub examples: Vec<Example>,
}

/// Findings by kind, in the order in which the kinds first came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(IndexMap<Kind, Tally>);

/// Most examples kept of a kind.
const EXAMPLES: usize = 3;
/// Most kinds kept of a class; the rest are counted together. A server that makes up names of events does not push out errors.
const KINDS: usize = 200;
/// Longest detail kept, in characters.
const DETAIL: usize = 400;
/// Longest name kept of a kind: servers name events.
const NAME: usize = 100;
/// The kind that counts what is over the limit.
const OTHER: &str = "other kinds";

impl Findings {
    /// Counts one more. `example` is asked only while more examples are wanted.
    pub fn note(&mut self, class: Class, scenario: usize, name: &str, example: impl FnOnce() -> Example) {
        let tally = self.tally(class, scenario, name);
        tally.count += 1;
        if tally.examples.len() < EXAMPLES {
            tally.examples.push(shorter(example()));
        }
    }

    /// Counts so many more, of which there are some examples.
    pub fn note_many(
        &mut self,
        class: Class,
        scenario: usize,
        name: &str,
        count: u64,
        examples: impl IntoIterator<Item = Example>,
    ) {
        let tally = self.tally(class, scenario, name);
        tally.count += count;
        let room = EXAMPLES.saturating_sub(tally.examples.len());
        tally.examples.extend(examples.into_iter().take(room).map(shorter));
    }

    fn tally(&mut self, class: Class, scenario: usize, name: &str) -> &mut Tally {
        let mut kind = Kind { class, scenario, name: shortened(name, NAME) };
        if self.0.len() >= KINDS && !self.0.contains_key(&kind) && self.kinds(class) >= KINDS {
            kind.name = OTHER.to_owned();
        }
        self.0.entry(kind).or_default()
    }

    fn kinds(&self, class: Class) -> usize {
        self.0.keys().filter(|kind| kind.class == class).count()
    }

    pub fn add(&mut self, other: Self) {
        for (kind, more) in other.0 {
            let tally = self.tally(kind.class, kind.scenario, &kind.name);
            tally.count += more.count;
            let room = EXAMPLES.saturating_sub(tally.examples.len());
            tally.examples.extend(more.examples.into_iter().take(room));
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Kind, &Tally)> {
        self.0.iter()
    }
}

fn shorter(mut example: Example) -> Example {
    cut(&mut example.detail, DETAIL);
    example
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(user: u64) -> Example {
        Example { at: Moment::START, user, resource: None, detail: "x ".repeat(1000) }
    }

    #[test]
    fn everything_is_counted_and_little_is_kept() {
        let mut findings = Findings::default();
        for user in 0..10 {
            findings.note(Class::Connect, 0, "connection refused", || example(user));
        }
        let (kind, tally) = findings.iter().next().unwrap();
        assert_eq!((kind.name.as_str(), tally.count, tally.examples.len()), ("connection refused", 10, 3));
        assert_eq!(tally.examples[0].detail.chars().count(), DETAIL + 1);
    }

    #[test]
    fn a_long_name_is_cut_and_counted_once() {
        let mut findings = Findings::default();
        for end in ["a", "b"] {
            findings.note(Class::Event, 0, &format!("{}{end}", "event ".repeat(1_000)), || example(0));
        }
        let found: Vec<(usize, u64)> = findings.iter().map(|(kind, tally)| (kind.name.len(), tally.count)).collect();
        assert!(found.len() == 1 && found[0].1 == 2 && found[0].0 < NAME + 4, "{found:?}");
    }

    #[test]
    fn a_server_with_a_thousand_different_errors_does_not_fill_the_memory() {
        let mut findings = Findings::default();
        for number in 0..1000 {
            findings.note(Class::Step, 0, &format!("error {number}"), || example(number));
        }
        assert!(findings.iter().count() <= KINDS + 1);
        assert_eq!(findings.iter().map(|(_, tally)| tally.count).sum::<u64>(), 1000);
        findings.note(Class::Connect, 0, "connection refused", || example(1));
        assert_eq!(findings.iter().last().map(|(kind, _)| kind.name.as_str()), Some("connection refused"));
    }

    #[test]
    fn adding_counts_both_sides() {
        let (mut a, mut b) = (Findings::default(), Findings::default());
        a.note(Class::Step, 0, "x", || example(1));
        b.note(Class::Step, 0, "x", || example(2));
        b.note(Class::Step, 1, "x", || example(3));
        a.add(b);
        let counts: Vec<(usize, u64)> = a.iter().map(|(kind, tally)| (kind.scenario, tally.count)).collect();
        assert_eq!(counts, [(0, 2), (1, 1)]);
    }
}
