//! What came of an action, as a picture shows it.

use super::action::ActionOutcome;

/// From the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneEnd {
    Accepted,
    Rejected,
    /// Timed out.
    Late,
    /// Failed, or lost its connection.
    Failed,
}

/// How many actions ended how, in the order of [`LaneEnd::ALL`].
pub type LaneCounts = [u64; LaneEnd::ALL.len()];

impl LaneEnd {
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Rejected, Self::Late, Self::Failed];

    /// Of what is still open nobody knows how it would have ended: it is not shown.
    #[must_use]
    pub const fn of(outcome: ActionOutcome) -> Option<Self> {
        match outcome {
            ActionOutcome::Ok => Some(Self::Accepted),
            ActionOutcome::Rejected => Some(Self::Rejected),
            ActionOutcome::Timeout => Some(Self::Late),
            ActionOutcome::Failed | ActionOutcome::Disconnected => Some(Self::Failed),
            ActionOutcome::NotSent(_) | ActionOutcome::Unfinished => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: ActionOutcome, expected: Option<LaneEnd>) {
        assert_eq!(LaneEnd::of(outcome), expected);
    }

    #[test]
    fn a_mark_says_what_came_of_an_action() {
        check(ActionOutcome::Ok, Some(LaneEnd::Accepted));
        check(ActionOutcome::Rejected, Some(LaneEnd::Rejected));
        check(ActionOutcome::Timeout, Some(LaneEnd::Late));
        check(ActionOutcome::Failed, Some(LaneEnd::Failed));
        check(ActionOutcome::Disconnected, Some(LaneEnd::Failed));
        check(ActionOutcome::Unfinished, None);
    }

    #[test]
    fn a_count_stands_where_its_end_does() {
        for (place, end) in LaneEnd::ALL.into_iter().enumerate() {
            assert_eq!(end as usize, place);
        }
    }
}
