//! The ends that an action can have. Every planned action has exactly one.

use crate::metrics::Counter;

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionOutcome {
    /// Answered as the suite calls a success, or sent when no answer is asked for.
    Ok,
    /// The server said no, in the suite's words.
    Rejected,
    /// An answer that is neither.
    Failed,
    /// No answer within the deadline.
    Timeout,
    /// The connection ended before the answer.
    Disconnected,
    NotSent(NotSent),
    /// Still open when the run was stopped.
    Unfinished,
}

/// Why an action that was due never left the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// The user was still at its last turn.
    Busy,
    /// The user was not connected.
    Offline,
    /// This generator could not: a payload that could not be rendered, a send that failed.
    Generator,
    /// An earlier step of its turn failed, which ended the turn.
    Abandoned,
}

impl ActionOutcome {
    /// All of them, once each.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Rejected,
        Self::Failed,
        Self::Timeout,
        Self::Disconnected,
        Self::NotSent(NotSent::Busy),
        Self::NotSent(NotSent::Offline),
        Self::NotSent(NotSent::Generator),
        Self::NotSent(NotSent::Abandoned),
        Self::Unfinished,
    ];

    /// The counter that it is counted in.
    #[must_use]
    pub const fn counter(self) -> Counter {
        match self {
            Self::Ok => Counter::Ok,
            Self::Rejected => Counter::Rejected,
            Self::Failed => Counter::Failed,
            Self::Timeout => Counter::Timeout,
            Self::Disconnected => Counter::Disconnected,
            Self::NotSent(NotSent::Busy) => Counter::NotSentBusy,
            Self::NotSent(NotSent::Offline) => Counter::NotSentOffline,
            Self::NotSent(NotSent::Generator) => Counter::NotSentGenerator,
            Self::NotSent(NotSent::Abandoned) => Counter::NotSentAbandoned,
            Self::Unfinished => Counter::Unfinished,
        }
    }

    /// As in "bid rejected".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Timeout => "timed out",
            Self::Disconnected => "lost its connection",
            Self::NotSent(NotSent::Busy) => "not sent: the last turn was still running",
            Self::NotSent(NotSent::Offline) => "not sent: not connected",
            Self::NotSent(NotSent::Generator) => "not sent: the generator failed",
            Self::NotSent(NotSent::Abandoned) => "not sent: an earlier step of the turn failed",
            Self::Unfinished => "unfinished",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::metrics::catalog::FINISHED;

    #[test]
    fn every_outcome_has_a_counter_of_its_own_and_finished_ones_are_the_denominator() {
        let counters: BTreeSet<Counter> = ActionOutcome::ALL.iter().map(|outcome| outcome.counter()).collect();
        assert_eq!(counters.len(), ActionOutcome::ALL.len());
        let finished: BTreeSet<Counter> = FINISHED.iter().copied().chain([Counter::Unfinished]).collect();
        assert_eq!(counters, finished);
    }
}
