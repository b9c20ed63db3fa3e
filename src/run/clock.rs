//! The run's one clock, and the only reader of the machine's.

use std::time::Duration as StdDuration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::units::Moment;

/// Counts from the start of the run. Tokio's clock, so that tests can stop it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

/// Far enough that no timer set to it fires, near enough that the arithmetic holds.
const NEVER: StdDuration = StdDuration::from_secs(365 * 24 * 3600);

impl Clock {
    /// A clock whose moment 0 is now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that everybody else asks")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that everybody else asks")]
    pub fn now(&self) -> Moment {
        let elapsed = Instant::now().saturating_duration_since(self.start);
        Moment::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The instant of a moment, for timers.
    #[must_use]
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + StdDuration::from_nanos(moment.as_nanos()).min(NEVER)
    }

    /// Ends at that moment.
    pub fn sleep_until(&self, moment: Moment) -> Sleep {
        sleep_until(self.instant(moment))
    }
}
