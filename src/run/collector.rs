//! Adds up what the workers hand over, second by second.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use super::causes::{Books, Causes};
use super::health::Health;
use super::invariants::Invariants;
use super::quiet::Quiet;
use super::receipts::Receipts;
use super::worker::HandOver;
use crate::record::{Gauges, Header, Results, Second};
use crate::secrets::Secrets;
use crate::units::{Duration, Moment};

/// A run's numbers, and what was learned in it that must not be printed.
#[derive(Debug, Default)]
pub struct Collected {
    pub results: Results,
    pub secrets: Secrets,
}

/// Collects until every worker has handed over its last. `on_second` sees the results after each second that is complete.
pub fn collect(
    receiver: &Receiver<HandOver>,
    workers: usize,
    header: Header,
    (mut causes, mut receipts, mut invariants, mut quiet): (Causes, Receipts, Invariants, Quiet),
    mut health: Health,
    on_second: &mut dyn FnMut(&Results),
) -> Collected {
    let mut collected = Collected { results: Results::new(header), secrets: Secrets::default() };
    let mut open: BTreeMap<u64, Second> = BTreeMap::new();
    let mut workers: Vec<Worker> = vec![Worker::default(); workers];
    while workers.iter().any(|worker| !worker.ended) {
        let Ok(hand_over) = receiver.recv() else { break };
        let worker = &mut workers[hand_over.worker];
        *worker = Worker {
            reached: hand_over.second + u64::from(hand_over.complete),
            ended: hand_over.last,
            connected: hand_over.connected,
            ready: hand_over.ready,
        };
        let is_quiet = quiet.look(&hand_over);
        collected.secrets.merge(hand_over.secrets);
        let second = open.entry(hand_over.second).or_default();
        second.recorder.add(&hand_over.recorder);
        second.findings.add(hand_over.findings);
        let (recorder, findings) = (&mut second.recorder, &mut second.findings);
        let told = (hand_over.told, hand_over.last);
        invariants.take(hand_over.worker, &hand_over.notes, hand_over.sights, told);
        let course = &mut collected.results.course;
        let mut books = Books { recorder, findings, course, invariants: &mut invariants };
        causes.take(hand_over.worker, hand_over.acts, &mut books);
        receipts.take(hand_over.worker, hand_over.notes, told, recorder, findings);
        if is_quiet && !receipts.awaits() && !invariants.awaits() {
            quiet.release();
        }
        second.end = second.end.max(hand_over.end);
        let complete = workers.iter().filter(|worker| !worker.ended).map(|worker| worker.reached).min();
        let complete = complete.unwrap_or(u64::MAX);
        while let Some(entry) = open.first_entry().filter(|entry| *entry.key() < complete) {
            let (number, second) = entry.remove_entry();
            let gauges = Gauges {
                users: workers.iter().map(|worker| worker.connected).sum(),
                cpu: health.cpu(second.end),
                wait: health.wait(second.end),
                memory: health.memory(),
            };
            fill_gap(&mut collected.results, number);
            let ready_users = workers.iter().map(|worker| worker.ready).sum();
            collected.results.add(Second { number, gauges, ready_users, ..second });
            on_second(&collected.results);
        }
    }
    causes.conclude(&mut collected.results);
    invariants.conclude(&mut collected.results);
    collected
}

/// Seconds in which no worker could hand over anything are there all the same: a stall must not shorten the timeline.
fn fill_gap(results: &mut Results, until: u64) {
    for number in results.seconds()..until {
        let gauges = results.timeline.last().map_or_else(Gauges::default, |point| point.gauges);
        let end = Moment::START + Duration::SECOND * (number + 1);
        results.add(Second { number, end, gauges, ..Second::default() });
    }
}

#[derive(Debug, Clone, Default)]
struct Worker {
    /// All seconds below this one are handed over.
    reached: u64,
    ended: bool,
    connected: u64,
    ready: u64,
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::ledger::{Act, ActionOutcome, Acts, Cause};
    use crate::metrics::{Axes, Cell, Counter, Part, Recorder, ScenarioAxis};
    use crate::plan::compile::{Context, compile};
    use crate::plan::{Overrides, Plan};
    use crate::record::Findings;
    use crate::run::post::Post;
    use crate::run::user::Facts;
    use crate::suite::env::Environment;
    use crate::suite::read::read;

    const SUITE: &str = "name: t\ntarget: { url: \"http://127.0.0.1:9\" }\nresources: { count: 2 }
cooldown: { per_resource: 1s }
scenarios: { s: { load: { users: 2, duration: 5s }, act: [{ emit: bid, ack: {} }] } }
";

    fn plan() -> Arc<Plan> {
        let (loaded, problems) = read(Path::new("suite.yaml"), SUITE, &Environment::default());
        assert!(!problems.has_errors(), "{problems:?}");
        let files = |name: &str| Err(format!("{name}: there are no files"));
        let context = Context { overrides: &Overrides::default(), files: &files, built_in: None, seed: 7 };
        Arc::new(compile(&loaded.unwrap(), &context).0.unwrap())
    }

    fn hand_over(worker: usize, second: u64, ok: u64, last: bool) -> HandOver {
        let mut recorder = Recorder::new(1);
        recorder.count_many(Cell(0), Counter::Ok, ok);
        HandOver {
            worker,
            second,
            end: Moment::START + Duration::SECOND * (second + 1),
            recorder,
            findings: Findings::default(),
            acts: Acts::default(),
            notes: Vec::new(),
            told: Moment::START,
            sights: Vec::new(),
            secrets: Secrets::default(),
            connected: ok,
            ready: 1,
            resting: false,
            complete: true,
            last,
        }
    }

    /// The numbers of a run with these hand-overs, and how many seconds were seen.
    fn collected(hand_overs: Vec<HandOver>) -> (Results, usize) {
        let axis = ScenarioAxis { name: "s".into(), stages: vec!["a".into()], actions: vec![] };
        let (sender, receiver) = channel();
        let workers = hand_overs.iter().map(|hand_over| hand_over.worker).max().unwrap_or(0) + 1;
        for hand_over in hand_overs {
            sender.send(hand_over).unwrap();
        }
        drop(sender);
        let mut seen = 0;
        let header = Header { axes: Axes { scenarios: vec![axis], ..Axes::default() } };
        let plan = plan();
        let receipts = Receipts::new(&plan, Facts::default(), workers);
        let quiet = Quiet::new(&plan, Post::offices(workers).1, workers);
        let books = (Causes::new(&plan, workers), receipts, Invariants::new(&plan, workers), quiet);
        let collected = collect(&receiver, workers, header, books, Health::new(1), &mut |_| seen += 1);
        (collected.results, seen)
    }

    fn check(hand_overs: Vec<HandOver>, expected: &[(u64, u64)]) {
        let (results, seen) = collected(hand_overs);
        let found: Vec<(u64, u64)> =
            results.timeline.iter().map(|point| (point.number, point.counters[Counter::Ok as usize])).collect();
        assert_eq!(found, expected);
        let total: u64 = expected.iter().map(|(_, ok)| ok).sum();
        assert_eq!(results.numbers(Part::default()).counter(Counter::Ok), total);
        assert!(seen > 0);
    }

    #[test]
    fn a_second_is_complete_when_every_worker_has_told_of_it() {
        check(
            vec![
                hand_over(0, 0, 1, false),
                hand_over(0, 1, 2, false),
                hand_over(1, 0, 4, false),
                hand_over(1, 1, 8, true),
                hand_over(0, 2, 16, true),
            ],
            &[(0, 5), (1, 10), (2, 16)],
        );
    }

    #[test]
    fn a_look_into_a_second_does_not_complete_it() {
        let look = |worker, second, ok| HandOver { complete: false, ..hand_over(worker, second, ok, false) };
        check(
            vec![
                look(0, 0, 1),
                look(0, 0, 2),
                hand_over(0, 0, 4, false),
                look(0, 1, 8),
                hand_over(0, 1, 16, false),
                hand_over(0, 2, 0, true),
            ],
            &[(0, 7), (1, 24), (2, 0)],
        );
    }

    #[test]
    fn a_stalled_worker_leaves_no_gap_in_the_timeline() {
        check(vec![hand_over(0, 0, 1, false), hand_over(0, 3, 7, true)], &[(0, 1), (1, 0), (2, 0), (3, 7)]);
    }

    #[test]
    fn a_rejection_is_explained_by_an_action_of_another_worker() {
        let act = |ms: u64, user: u64, outcome: ActionOutcome| Act {
            sent: Moment::START + Duration::from_millis(ms),
            lateness: Duration::ZERO,
            scenario: 0,
            action: 0,
            user,
            resource: 1,
            step: 4,
            cell: Cell(0),
            outcome,
            answer: (outcome == ActionOutcome::Rejected).then(|| "{\"error\":\"cooldown\"}".into()),
        };
        let with =
            |hand_over: HandOver, acts: Vec<Act>, mark: Moment| HandOver { acts: Acts { acts, mark }, ..hand_over };
        let second = Moment::START + Duration::SECOND;
        let (results, _) = collected(vec![
            with(hand_over(0, 0, 0, false), vec![act(900, 0, ActionOutcome::Rejected)], second),
            with(hand_over(1, 0, 0, true), vec![act(88, 1, ActionOutcome::Ok)], Moment::NEVER),
            with(hand_over(0, 1, 0, true), vec![act(1120, 0, ActionOutcome::Rejected)], Moment::NEVER),
        ]);
        let numbers = results.numbers(Part::default());
        let counted =
            [Cause::Explained, Cause::Jitter, Cause::Unexplained].map(|cause| numbers.counter(cause.counter()));
        assert_eq!(counted, [1, 1, 0]);
        assert_eq!((numbers.counter(Counter::GapsKept), numbers.counter(Counter::GapsBroken)), (1, 2));
        let told: Vec<(&str, &str)> = results
            .findings
            .iter()
            .map(|(kind, tally)| (kind.name.as_str(), tally.examples[0].detail.as_str()))
            .collect();
        let jitter = "step 4, 1032 ms after the last one there, the cooldown is 1s and the margin 50ms: {\"error\":\"cooldown\"}";
        assert_eq!(
            told,
            [
                (
                    "bid rejected: explained",
                    "step 4, 812 ms after the last one there, the cooldown is 1s: {\"error\":\"cooldown\"}"
                ),
                ("bid rejected: jitter", jitter),
            ]
        );
        let visits: Vec<(u64, Option<Cause>)> =
            results.course.visits.iter().map(|visit| (visit.user, visit.cause)).collect();
        assert_eq!(visits, [(1, None), (0, Some(Cause::Explained)), (0, Some(Cause::Jitter))]);
        let counted = results
            .course
            .overview
            .rows()
            .iter()
            .flatten()
            .fold([0; 4], |sum: [u64; 4], cell| std::array::from_fn(|end| sum[end] + cell[end]));
        assert_eq!((counted, results.course.left_out), ([1, 2, 0, 0], 0));
        assert_eq!(results.smallest_gaps, [(crate::plan::cooldown::Rule::PerResource, Duration::from_millis(220))]);
    }
}
