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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Acts;
    use crate::ledger::delivery::{Audience, Note, What};
    use crate::ledger::invariant::{About, Sight, Value};
    use crate::metrics::Recorder;
    use crate::plan::Overrides;
    use crate::plan::compile::{Context, compile};
    use crate::record::Findings;
    use crate::run::post::{Mail, Post};
    use crate::secrets::Secrets;
    use crate::suite::env::Environment;
    use crate::suite::read::read;

    const DELIVERY: &str = "ack: {}, delivery: { event: placed, match: data }";
    const WATCH: &str = "invariants: { agreed: { converged: data, event: other } }";

    /// With these keys of the action, and these of the suite.
    fn plan(action: &str, top: &str) -> Plan {
        let text = format!(
            "name: t\ntarget: {{ url: \"http://127.0.0.1:9\" }}\nscenarios: {{ s: {{ load: {{ users: 2, duration: 5s }}, every: 1s,
  act: [ {{ emit: bid, {action} }} ] }} }}\n{top}\n"
        );
        let (loaded, problems) = read(std::path::Path::new("suite.yaml"), &text, &Environment::default());
        assert!(!problems.has_errors(), "{problems:?}\n{text}");
        let files = |name: &str| Err(format!("{name}: there are no files"));
        let context = Context { overrides: &Overrides::default(), files: &files, built_in: None, seed: 7 };
        compile(&loaded.unwrap(), &context).0.unwrap()
    }

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    /// What worker 0 or 1 tells at a number of milliseconds.
    #[derive(Clone, Copy)]
    enum Told {
        Acting,
        Resting,
        /// At rest, after a note of that millisecond.
        Heard(u64),
        Saw(u64),
        Ended,
    }
    use Told::{Acting, Ended, Heard, Resting, Saw};

    fn hand_over(ms: u64, worker: usize, told: Told) -> HandOver {
        let note = |ms| Note { at: at(ms), what: What::Joined { user: 0, audience: Audience::EVERYONE } };
        let sight = |ms| Sight { at: at(ms), invariant: 0, user: 0, about: About::Everything, value: Value::Missing };
        HandOver {
            worker,
            second: 0,
            end: at(ms),
            recorder: Recorder::default(),
            findings: Findings::default(),
            acts: Acts::default(),
            notes: if let Heard(ms) = told { vec![note(ms)] } else { Vec::new() },
            told: at(ms),
            sights: if let Saw(ms) = told { vec![sight(ms)] } else { Vec::new() },
            secrets: Secrets::default(),
            connected: 0,
            ready: 0,
            resting: !matches!(told, Acting),
            complete: false,
            last: matches!(told, Ended),
        }
    }

    /// Two workers that tell every 100 ms that they rest, from 0 on, and what else they tell: when is it quiet?
    fn check(plan: &Plan, told: &[(u64, usize, Told)], quiet_at: Option<u64>) {
        let (mut offices, all) = Post::offices(2);
        let mut quiet = Quiet::new(plan, all, 2);
        let mut found = None;
        for ms in 0..100 {
            let (worker, ms) = (ms % 2, ms as u64 / 2 * 100);
            let said = told.iter().find(|(at, who, _)| (*at, *who) == (ms, worker)).map(|(.., told)| *told);
            let said = said.unwrap_or(Resting);
            if quiet.look(&hand_over(ms, worker, said)) && found.is_none() {
                found = Some(ms);
                quiet.release();
            } else {
                assert!(found.is_none() || !quiet.watches);
            }
        }
        assert_eq!(found, quiet_at);
        let told_all = offices.iter_mut().all(|office| matches!(office.incoming.try_recv(), Ok(Mail::AllHeard)));
        assert_eq!(told_all, quiet_at.is_some());
    }

    #[test]
    fn half_a_second_after_the_last_thing_that_happened_anywhere() {
        let plan = plan(DELIVERY, "");
        check(&plan, &[], Some(500));
        check(&plan, &[(300, 0, Acting)], Some(800));
        check(&plan, &[(200, 1, Heard(130)), (400, 0, Heard(350))], Some(900));
        check(&plan, &[(200, 1, Saw(130))], Some(700));
        // A membership that settles in the future has not happened yet.
        check(&plan, &[(200, 1, Heard(900))], Some(1_400));
        let always: Vec<(u64, usize, Told)> = (0..50).map(|look| (look * 100, 0, Acting)).collect();
        check(&plan, &always, None);
    }

    #[test]
    fn who_has_ended_is_not_waited_for() {
        let plan = plan(DELIVERY, "");
        let (_offices, all) = Post::offices(2);
        let mut quiet = Quiet::new(&plan, all, 2);
        assert!(!quiet.look(&hand_over(10, 0, Ended)));
        let quiet_at = (0..20).map(|look| look * 100).find(|ms| quiet.look(&hand_over(*ms, 1, Resting)));
        assert_eq!(quiet_at, Some(500));
    }

    #[test]
    fn after_a_stall_one_look_says_nothing() {
        let plan = plan(DELIVERY, "");
        let (_offices, all) = Post::offices(1);
        let mut quiet = Quiet::new(&plan, all, 1);
        assert!(!quiet.look(&hand_over(0, 0, Acting)));
        let looks = (0..20).map(|look| 5_000 + look * 100);
        let quiet_at = looks.clone().find(|ms| quiet.look(&hand_over(*ms, 0, Resting)));
        assert_eq!(quiet_at, Some(5_400));
    }

    #[test]
    fn what_nobody_owes_is_waited_for_as_long_as_it_may_take() {
        check(&plan("ack: {}", WATCH), &[(200, 0, Saw(150))], Some(1_200));
        // Nobody stays to hear.
        check(&plan("ack: {}", ""), &[], None);
    }
}
