//! When a run may end: everybody has acted, all that somebody must hear has been heard, and nothing has come for a while. Then
//! those who stay only to hear are let go.

use super::post::Outgoing;
use super::worker::HandOver;
use crate::plan::Plan;
use crate::units::{Duration, Moment};

/// How often workers tell when the acting is over by plan.
pub const LOOK: Duration = Duration::from_millis(100);
/// So long nothing may have come. What nobody owes, such as a duplicate, has that long to show.
const QUIET: Duration = Duration::from_millis(500);
/// So often each worker must have looked in that time and found nothing: after a stall of this machine, what has come waits
/// to be read, and one look says nothing.
const LOOKS: u32 = 5;

/// Watches for the end of a run.
#[derive(Debug)]
pub struct Quiet {
    users: Outgoing,
    /// Does anybody stay only to hear, and have they not been let go?
    watches: bool,
    patience: Duration,
    /// The last moment at which somebody acted, or anything came.
    since: Moment,
    workers: Vec<Looks>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    told: Moment,
    ended: bool,
    resting: bool,
    /// Since anything has happened anywhere.
    count: u32,
}

impl Quiet {
    /// Will tell these workers.
    #[must_use]
    pub fn new(plan: &Plan, users: Outgoing, workers: usize) -> Self {
        // What no action owes can only be waited for.
        let unowed = plan.watches().filter(|watch| watch.listeners.is_empty()).map(|watch| watch.within);
        Self {
            users,
            watches: plan.is_heard(),
            patience: unowed.max().unwrap_or_default().max(QUIET),
            since: Moment::START,
            workers: vec![Looks::default(); workers],
        }
    }

    /// Takes note of what a worker hands over. `true`: as far as anybody can see from here, the run may end.
    pub fn look(&mut self, hand_over: &HandOver) -> bool {
        if !self.watches {
            return false;
        }
        let notes = hand_over.notes.iter().map(|note| note.at);
        let last = if hand_over.resting {
            notes.chain(hand_over.sights.iter().map(|sight| sight.at)).max()
        } else {
            Some(hand_over.told)
        };
        if let Some(last) = last {
            self.since = self.since.max(last);
            self.workers.iter_mut().for_each(|worker| worker.count = 0);
        }
        let worker = &mut self.workers[hand_over.worker];
        let count = worker.count + u32::from(last.is_none());
        *worker = Looks { told: hand_over.told, ended: hand_over.last, resting: hand_over.resting, count };
        let quiet = self.since + self.patience;
        self.workers
            .iter()
            .all(|worker| worker.ended || worker.resting && worker.count >= LOOKS && worker.told >= quiet)
    }

    /// Lets those go who stay only to hear.
    pub fn release(&mut self) {
        self.watches = false;
        self.users.release();
    }
}
