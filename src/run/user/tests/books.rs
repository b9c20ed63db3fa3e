//! What a simulated run left behind, and what must hold in all of them.

use std::sync::Arc;

use crate::ledger::Cause;
use crate::metrics::catalog::{FINISHED, NOT_SENT};
use crate::metrics::{Cell, Counter, Distribution, Histogram, Statistic};
use crate::plan::Plan;
use crate::record::Course;
use crate::run::sink::Sink;
use crate::units::Moment;

pub struct Told {
    pub plan: Arc<Plan>,
    pub sink: Sink,
    pub course: Course,
    pub end: Moment,
    /// Moment, user and what happened.
    pub log: Vec<(Moment, u64, String)>,
}

/// Words of the counters of actions, in the order in which `actions` tells them.
const ACTIONS: &[(Counter, &str)] = &[
    (Counter::Planned, "planned"),
    (Counter::Sent, "sent"),
    (Counter::Acks, "acks"),
    (Counter::Ok, "ok"),
    (Counter::Rejected, "rejected"),
    (Counter::Failed, "failed"),
    (Counter::Timeout, "timeout"),
    (Counter::Disconnected, "disconnected"),
    (Counter::NotSentBusy, "busy"),
    (Counter::NotSentOffline, "offline"),
    (Counter::NotSentGenerator, "generator"),
    (Counter::NotSentAbandoned, "abandoned"),
    (Counter::Unfinished, "unfinished"),
    (Counter::LateAnswers, "late"),
];

const LIFE: &[(Counter, &str)] = &[
    (Counter::Connections, "connections"),
    (Counter::ConnectFailures, "connect failures"),
    (Counter::Refusals, "refusals"),
    (Counter::Logins, "logins"),
    (Counter::LoginFailures, "login failures"),
    (Counter::Disconnects, "disconnects"),
    (Counter::Reconnects, "reconnects"),
    (Counter::HttpFailures, "http failures"),
    (Counter::StepErrors, "step errors"),
    (Counter::ProtocolErrors, "protocol errors"),
];

const DELIVERIES: &[(Counter, &str)] = &[
    (Counter::DeliveryExpected, "expected"),
    (Counter::DeliveryInTime, "in time"),
    (Counter::DeliveryLate, "late"),
    (Counter::DeliveryMissing, "missing"),
    (Counter::DeliveryDuplicate, "duplicate"),
    (Counter::DeliveryOutOfOrder, "out of order"),
    (Counter::DeliveryDisagreement, "disagreement"),
    (Counter::DeliveryLeaked, "leaked"),
    (Counter::DeliveryAmbiguous, "ambiguous"),
];

impl Told {
    /// Counters of deliveries that are not zero.
    pub fn deliveries(&self) -> String {
        self.words(DELIVERIES)
    }

    pub fn count(&self, counter: Counter) -> u64 {
        self.sink.recorder.total().counter(counter)
    }

    /// Counters of actions that are not zero: `planned 3, sent 3, acks 3, ok 3`.
    pub fn actions(&self) -> String {
        self.words(ACTIONS)
    }

    /// Counters of connecting and living that are not zero.
    pub fn life(&self) -> String {
        self.words(LIFE)
    }

    fn words(&self, counters: &[(Counter, &str)]) -> String {
        let total = self.sink.recorder.total();
        let all = counters.iter().map(|(counter, word)| (total.counter(*counter), word));
        let words: Vec<String> = all.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{word} {n}")).collect();
        words.join(", ")
    }

    /// Milliseconds and text of what matches, of all users in the order of time.
    pub fn log(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.log.iter().filter(|(_, _, text)| wanted(text));
        lines.map(|(at, _, text)| format!("{} {text}", ms(*at))).collect()
    }

    /// Milliseconds of what begins so.
    pub fn moments(&self, beginning: &str) -> Vec<f64> {
        self.log.iter().filter(|(_, _, text)| text.starts_with(beginning)).map(|(at, ..)| ms(*at)).collect()
    }

    /// Milliseconds and user of each event of that name that was sent.
    pub fn sent(&self, event: &str) -> Vec<(f64, u64)> {
        let name = format!("[\"{event}\"");
        let lines = self.log.iter().filter(|(_, _, text)| text.starts_with("> 42") && text.contains(&name));
        lines.map(|(at, user, _)| (ms(*at), *user)).collect()
    }

    /// The arguments of each event of that name that was sent, from its name on.
    pub fn payloads(&self, event: &str) -> Vec<&str> {
        let name = format!("[\"{event}\"");
        let lines = self.log.iter().map(|(_, _, text)| text.as_str()).filter(|text| text.starts_with("> 42"));
        lines.filter_map(|text| Some(&text[text.find(&name)?..])).collect()
    }

    /// Number of samples, the smallest and the largest, in milliseconds.
    pub fn spread(&self, distribution: Distribution) -> (u64, f64, f64) {
        let total = self.sink.recorder.total();
        let of = |histogram: &Histogram, statistic| histogram.statistic(statistic).unwrap_or(f64::NAN);
        total.histogram(distribution).map_or((0, 0.0, 0.0), |histogram| {
            (histogram.count(), of(histogram, Statistic::Min), of(histogram, Statistic::Max))
        })
    }

    /// Class, kind and number of the findings.
    pub fn findings(&self) -> Vec<String> {
        let all = self.sink.findings.iter();
        all.map(|(kind, tally)| format!("{}: {} ×{}", kind.class.name(), kind.name, tally.count)).collect()
    }

    /// Detail of the first example of that kind.
    pub fn example(&self, kind: &str) -> &str {
        let found = self.sink.findings.iter().find(|(known, _)| known.name == kind);
        let Some((_, tally)) = found else { panic!("no `{kind}` among {:?}", self.findings()) };
        &tally.examples[0].detail
    }

    /// What holds whatever a server does.
    pub fn check_books(&self) {
        for index in 0..self.plan.axes.len() {
            let numbers = self.sink.recorder.cell(Cell(u32::try_from(index).unwrap()));
            let count = |counter| numbers.counter(counter);
            let (planned, ends) = (count(Counter::Planned), numbers.sum(FINISHED) + count(Counter::Unfinished));
            assert_eq!(planned, ends, "planned and outcomes in cell {index}: {}", self.actions());
            let (sent, left) = (count(Counter::Sent), planned - numbers.sum(NOT_SENT));
            assert!(sent <= left && sent + count(Counter::Unfinished) >= left, "{sent} sent in cell {index}");
            let causes: u64 = Cause::ALL.iter().map(|cause| count(cause.counter())).sum();
            assert_eq!(count(Counter::Rejected), causes, "rejections and causes in cell {index}");
            let judged = numbers.sum(&[Counter::Ok, Counter::Rejected, Counter::Failed]);
            assert!(count(Counter::Acks) <= judged, "more acks than answers in cell {index}");
            let answered = count(Counter::Acks) + count(Counter::Timeout);
            for distribution in [Distribution::AckLatency, Distribution::AckService] {
                assert_eq!(numbers.histogram(distribution).map_or(0, Histogram::count), answered, "{distribution:?}");
            }
            for distribution in [Distribution::SendLateness, Distribution::GeneratorLateness] {
                assert_eq!(numbers.histogram(distribution).map_or(0, Histogram::count), sent, "{distribution:?}");
            }
            let gaps = [Counter::GapsKept, Counter::GapsBroken, Counter::GapsBrokenByUs];
            let looked_at = self.plan.cooldown.is_some() && self.plan.scenarios[0].rotation.is_some();
            assert_eq!(numbers.sum(&gaps), if looked_at { sent } else { 0 }, "gaps in cell {index}");
        }
        let total = self.sink.recorder.total();
        let tried = total.sum(&[Counter::Connections, Counter::ConnectFailures, Counter::Refusals]);
        assert_eq!(total.counter(Counter::ConnectAttempts), tried, "attempts that nothing became of");
        assert_eq!(self.sink.connected, 0, "users that are still counted as connected");
        let users = self.plan.scenarios.iter().map(|scenario| scenario.users).sum();
        assert!(self.sink.ready <= users, "{} of {users} ready", self.sink.ready);
    }
}

fn ms(at: Moment) -> f64 {
    at.as_nanos() as f64 / 1e6
}
