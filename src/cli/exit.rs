//! Exit codes, all of them. 99, 104 and 105 are k6's numbers on purpose: existing `allow_failure: exit_codes` lines of
//! pipelines carry over.

use std::process::ExitCode;

use crate::verdict::outcome::{Outcome, Status};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every threshold was met, every invariant holds, the run is valid; or nothing was to be run.
    Ok,
    /// A bug of ours.
    Internal,
    /// Wrong command line.
    Usage,
    /// A threshold was not met, or an invariant does not hold.
    Failed,
    /// The suite is wrong, a secret is missing, or the plan cannot be carried out.
    Suite,
    /// Stopped by a signal or by `--max-duration`; complete reports of what ran are there.
    Interrupted,
    /// The run cannot judge the server.
    Invalid,
    /// The target could not be reached or used: nothing was measured.
    Unreachable,
}

/// Meaning and number of each, worst first: when several hold, the first one wins.
pub const EXITS: &[(Exit, u8, &str)] = &[
    (Exit::Usage, 2, "wrong command line"),
    (Exit::Internal, 1, "internal error: a bug of ours"),
    (Exit::Suite, 104, "the suite is wrong, a secret is missing, or the plan cannot keep the cooldowns"),
    (Exit::Unreachable, 112, "the target could not be reached or used: nothing was measured"),
    (Exit::Interrupted, 105, "interrupted, by a signal or `--max-duration`: complete reports of what ran are there"),
    (Exit::Invalid, 111, "the run is invalid: it cannot judge the server"),
    (Exit::Failed, 99, "a threshold was not met, an invariant does not hold, or a check after the run was false"),
    (Exit::Ok, 0, "every threshold met, every invariant holds, run valid; or switched off: reports say *skipped*"),
];

impl Exit {
    /// What an outcome comes to.
    #[must_use]
    pub const fn of(outcome: &Outcome) -> Self {
        match outcome.verdict.status {
            Status::Pass | Status::Skipped => Self::Ok,
            Status::Fail => Self::Failed,
            Status::Invalid => Self::Invalid,
            Status::Interrupted => Self::Interrupted,
            Status::Unreachable => Self::Unreachable,
        }
    }

    #[must_use]
    pub fn number(self) -> u8 {
        EXITS.iter().find(|(exit, ..)| *exit == self).map_or(1, |(_, number, _)| *number)
    }

    /// The worse of two.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| EXITS.iter().position(|(known, ..)| *known == exit);
        if rank(self) <= rank(other) { self } else { other }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins() {
        let order = [2, 1, 104, 112, 105, 111, 99, 0];
        let numbers: Vec<u8> = EXITS.iter().map(|(_, number, _)| *number).collect();
        assert_eq!(numbers, order);
        assert_eq!(Exit::Failed.worse(Exit::Suite), Exit::Suite);
        assert_eq!(Exit::Ok.worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Interrupted.worse(Exit::Unreachable), Exit::Unreachable);
    }

    #[test]
    fn every_status_has_its_exit() {
        for (outcome, number) in [
            (Outcome::example_passed(), 0),
            (Outcome::example(), 99),
            (Outcome::example_interrupted(), 105),
            (Outcome::example_invalid(), 111),
            (Outcome::example_unreachable(), 112),
            (Outcome::example_skipped(), 0),
        ] {
            assert_eq!(Exit::of(&outcome).number(), number, "{:?}", outcome.verdict.status);
        }
    }
}
