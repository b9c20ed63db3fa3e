//! A worker's own list of what its users sent, in the order of their sends, kept until it is handed over.
//!
//! Whoever looks for causes needs the acts of all workers in one order, and an outcome comes later than its send. So a
//! sheet hands over what lies before its oldest open act, with a mark: nothing older will follow.

use std::collections::VecDeque;

use super::act::Act;
use super::action::ActionOutcome;
use crate::plan::Plan;
use crate::secrets::shortened;
use crate::units::Moment;

/// What a sheet is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// Nobody acts on a resource.
    #[default]
    Nothing,
    /// All of it, for the causes, the picture, and to see who won.
    Everything,
}

/// The list.
#[derive(Debug, Default)]
pub struct Sheet {
    wanted: Wanted,
    entries: VecDeque<Entry>,
    /// Number of the first entry.
    first: u64,
    /// Answers kept since the last hand-over.
    answers: usize,
}

#[derive(Debug)]
struct Entry {
    act: Act,
    open: bool,
}

/// Stands for an open act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What a sheet hands over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acts {
    /// In the order of their sends; each has its outcome.
    pub acts: Vec<Act>,
    /// Nothing that was sent before will follow.
    pub mark: Moment,
}

/// Most answers to rejections kept between two hand-overs: they are examples.
const ANSWERS: usize = 16;
/// Longest answer kept, in characters.
const ANSWER: usize = 300;

impl Wanted {
    /// What this plan needs.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let acts = plan.scenarios.iter().any(|scenario| scenario.rotation.is_some());
        if acts { Self::Everything } else { Self::Nothing }
    }
}

impl Sheet {
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Writes down an act that has just been sent; `None` when nobody wants it.
    pub fn open(&mut self, act: impl FnOnce() -> Act) -> Option<Ticket> {
        if self.wanted == Wanted::Nothing {
            return None;
        }
        self.entries.push_back(Entry { act: act(), open: true });
        Some(Ticket(self.first + self.entries.len() as u64 - 1))
    }

    /// An open act has its outcome. `answer` is kept of a few rejections.
    pub fn close(&mut self, ticket: Ticket, outcome: ActionOutcome, answer: &str) {
        let index = ticket.0.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) else { return };
        (entry.open, entry.act.outcome) = (false, outcome);
        if outcome == ActionOutcome::Rejected && self.answers < ANSWERS {
            self.answers += 1;
            entry.act.answer = Some(shortened(answer, ANSWER).into());
        }
    }

    /// Gives away what is complete. The last time that is everything.
    pub fn hand_over(&mut self, now: Moment, last: bool) -> Acts {
        let complete = if last {
            self.entries.len()
        } else {
            self.entries.iter().position(|entry| entry.open).unwrap_or(self.entries.len())
        };
        let acts: Vec<Act> = self.entries.drain(..complete).map(|entry| entry.act).collect();
        self.first += acts.len() as u64;
        self.answers = 0;
        let oldest = self.entries.front().map_or(now, |entry| entry.act.sent);
        let mark = if last { Moment::NEVER } else { oldest };
        Acts { acts, mark }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::attribution::tests::act;
    use crate::units::Duration;

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    fn check(handed: &Acts, users: &[u64], mark: Moment) {
        let found: Vec<u64> = handed.acts.iter().map(|act| act.user).collect();
        assert_eq!((found.as_slice(), handed.mark), (users, mark));
    }

    #[test]
    fn what_lies_behind_an_open_act_waits_for_it() {
        let mut sheet = Sheet::new(Wanted::Everything);
        let tickets: Vec<Ticket> =
            (0..4).map(|user| sheet.open(|| act(100 * user, user, 0, ActionOutcome::Unfinished)).unwrap()).collect();
        for user in [0, 2, 3] {
            sheet.close(tickets[user], ActionOutcome::Ok, "");
        }
        check(&sheet.hand_over(at(500), false), &[0], at(100));
        sheet.close(tickets[1], ActionOutcome::Rejected, "no");
        let handed = sheet.hand_over(at(600), false);
        check(&handed, &[1, 2, 3], at(600));
        assert_eq!(handed.acts[0].answer.as_deref(), Some("no"));
        // What was handed over is out of reach, and what is open at the end goes with the rest.
        sheet.close(tickets[1], ActionOutcome::Ok, "");
        sheet.open(|| act(700, 9, 0, ActionOutcome::Unfinished));
        let handed = sheet.hand_over(at(800), true);
        check(&handed, &[9], Moment::NEVER);
        assert_eq!(handed.acts[0].outcome, ActionOutcome::Unfinished);
    }

    #[test]
    fn few_answers_are_kept_and_none_is_long() {
        let mut sheet = Sheet::new(Wanted::Everything);
        for user in 0..100 {
            let ticket = sheet.open(|| act(user, user, 0, ActionOutcome::Unfinished)).unwrap();
            sheet.close(ticket, ActionOutcome::Rejected, &"ü ".repeat(1000));
        }
        let handed = sheet.hand_over(at(500), false);
        let kept: Vec<&str> = handed.acts.iter().filter_map(|act| act.answer.as_deref()).collect();
        assert_eq!((kept.len(), kept[0].chars().count()), (ANSWERS, ANSWER + 1));
    }

    #[test]
    fn where_nobody_acts_on_a_resource_nothing_is_kept() {
        assert_eq!(Sheet::new(Wanted::Nothing).open(|| act(0, 0, 0, ActionOutcome::Ok)), None);
    }
}
