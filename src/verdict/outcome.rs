//! The one frozen document that every report format reads. Everything in it is final: numbers are computed, texts are
//! redacted, rows are in the order in which they are shown. A format only lays it out.

mod delivery;
mod finding;
mod lanes;
mod latency;

pub use delivery::{DeliveryRow, EventRow, FaultRow};
pub use finding::{ErrorRow, ExampleRow};
pub use lanes::{LaneCounts, LaneEnd, LaneMark, Lanes, LanesOverview};
pub use latency::{Bucket, LatencyRow};

pub use super::checks::{CheckResult, CheckRow};
pub use super::customs::{CustomRow, SpreadRow};
pub use super::labels::LabelRow;
use crate::metrics::catalog::Unit;
pub use crate::plan::summary::{PlanSummary, StepTable};
use crate::units::{Duration, Moment};

/// What a run was and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub suite: SuiteInfo,
    pub run: RunInfo,
    pub verdict: Verdict,
    /// In the order of the file.
    pub thresholds: Vec<Judged>,
    /// The checks of `after`, in the order in which they were asked.
    pub checks: Vec<CheckRow>,
    /// In the order of the file.
    pub invariants: Vec<InvariantRow>,
    /// In the order of the file.
    pub scenarios: Vec<ScenarioRow>,
    /// Over all scenarios.
    pub totals: Totals,
    /// Distributions that have samples: first over the whole run, then by scenario and action.
    pub latencies: Vec<LatencyRow>,
    /// All other metrics over the whole run: name, unit and value, in the order of the catalog.
    pub metrics: Vec<MetricRow>,
    /// The suite's own metrics: each over the whole run, and by scenario where that says more.
    pub customs: Vec<CustomRow>,
    /// Outcomes and latencies by the values of labels.
    pub labels: Vec<LabelRow>,
    /// What went wrong, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// Who should have heard of which action, and who did: one row for each `delivery` of the suite, in its order.
    pub deliveries: Vec<DeliveryRow>,
    /// Events that came and that nothing in the suite matched, most frequent first.
    pub unmatched_events: Vec<EventRow>,
    pub timeline: Timeline,
    /// What happened on the resources; `None` when nobody acts on any.
    pub lanes: Option<Lanes>,
    /// One sentence where actions waited before they were sent, so that the two latencies differ.
    pub waiting: Option<String>,
    pub plan: PlanSummary,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SuiteInfo {
    pub name: String,
    pub description: Option<String>,
    pub tags: Vec<String>,
    /// The suite file as the user named it.
    pub file: String,
    /// The line of the `name` key, from 1.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RunInfo {
    /// Short and unique: names the run in logs and reports.
    pub id: String,
    /// UTC, RFC 3339, to the second.
    pub started: String,
    /// From moment 0 to the last frame.
    pub duration: Duration,
    /// What the plan said the duration would be.
    pub planned_duration: Duration,
    /// Of this program.
    pub version: String,
    pub seed: u64,
    /// Without credentials and query.
    pub target: String,
    pub protocol: String,
    /// `--users 5`, `--var currency=USD`, … as given.
    pub overrides: Vec<String>,
    pub workers: usize,
    /// For instance `linux x86_64, 2 cores`.
    pub machine: String,
    /// Things worth knowing that are no errors, for instance that TLS was not verified.
    pub warnings: Vec<String>,
    pub ended: Ended,
    /// The folder the reports are written to, relative to where the command was given; `None` when that is not known or
    /// not below it. CI servers resolve the attachments of a JUnit file against it.
    pub report_dir: Option<String>,
    /// Where the HTML report can be opened once the job has ended; only some CI servers say.
    pub report_url: Option<String>,
}

/// How the run came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Completed,
    /// By SIGINT or SIGTERM; `signal` names it.
    Interrupted {
        signal: String,
    },
    /// A threshold with `abort_after` was broken for so long; the sentence says which.
    Aborted {
        reason: String,
    },
    /// Nothing was measured; the sentence says why and what to do.
    Unreachable {
        reason: String,
    },
    /// It was not run at all, as somebody wanted it: switched off, or an earlier stage did not pass.
    Skipped {
        reason: String,
    },
}

/// The last word. PASS or FAIL is about the server, the validity about the measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    pub validity: Validity,
    /// Why the run is not plainly valid; empty for VALID.
    pub reasons: Vec<String>,
    /// One sentence for a person: what came out and, if it failed, of what.
    pub sentence: String,
}

/// What the whole run comes to. Exit codes follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every threshold was met, every invariant holds, and the run can be trusted.
    Pass,
    /// A threshold was not met, or an invariant does not hold.
    Fail,
    /// The run cannot judge the server; thresholds are not judged.
    Invalid,
    /// Stopped by a signal: what ran is reported.
    Interrupted,
    /// The target could not be reached or used.
    Unreachable,
    /// Not run, as somebody wanted it: neither good nor bad.
    Skipped,
}

impl Status {
    /// In capitals, as reports show it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Invalid => "INVALID",
            Self::Interrupted => "INTERRUPTED",
            Self::Unreachable => "UNREACHABLE",
            Self::Skipped => "SKIPPED",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    Valid,
    Suspect,
    Invalid,
    /// There was no measurement: the run was skipped, or nobody could reach the target.
    NotMeasured,
    /// The run was stopped before its end: what ran was measured, but nobody judged how well.
    NotJudged,
}

impl Validity {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Suspect => "SUSPECT",
            Self::Invalid => "INVALID",
            Self::NotMeasured => "NOT MEASURED",
            Self::NotJudged => "NOT JUDGED",
        }
    }
}

/// A threshold and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Stable name without measured values: `ack_latency p95 < 200ms (scenario bidders, stage steady)`.
    pub name: String,
    pub metric: String,
    /// `p95`, … for distributions.
    pub statistic: Option<String>,
    /// `< 200ms`.
    pub limit: String,
    /// The number in `limit`, in `unit`: where a report draws its mark.
    pub bound: f64,
    pub scenario: Option<String>,
    pub stage: Option<String>,
    pub action: Option<String>,
    /// Name and value of the label: `node a`.
    pub label: Option<String>,
    /// A broken one only warns.
    pub warn_only: bool,
    pub result: ThresholdResult,
    pub unit: Unit,
    /// In `unit`; `None` without a sample.
    pub observed: Option<f64>,
    /// `observed` as a person reads it: `37.2 ms`, `99.4 %`; `no samples`.
    pub observed_text: String,
    /// How many samples `observed` rests on (for shares: the denominator; for counts: what could have been counted).
    pub samples: u64,
    /// Fewer than asked for.
    pub too_few_samples: bool,
    pub file: String,
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdResult {
    Met,
    Broken,
    /// Never green: no data fails.
    NoData,
    /// The run was invalid, interrupted or never started.
    NotJudged,
}

/// An invariant and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct InvariantRow {
    /// As the suite calls it.
    pub name: String,
    /// What must hold: `one_winner: bid`.
    pub rule: String,
    pub result: InvariantResult,
    pub held: u64,
    pub broken: u64,
    /// Nobody can say: neither held nor broken.
    pub undecided: u64,
    /// What was found, as a person reads it: `held in 40 checks`.
    pub found_text: String,
    /// The first of what is broken.
    pub broken_examples: Vec<ExampleRow>,
    /// The first of what is undecided.
    pub undecided_examples: Vec<ExampleRow>,
    pub file: String,
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvariantResult {
    Held,
    Broken,
    /// Never green: where nothing was seen that decides it, it fails.
    NoData,
    /// The run was invalid, interrupted or never started.
    NotJudged,
}

/// Actions by outcome, and connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// The sum of all outcomes below.
    pub planned: u64,
    pub ok: u64,
    pub rejected: u64,
    pub failed: u64,
    pub timeout: u64,
    pub disconnected: u64,
    pub not_sent_busy: u64,
    pub not_sent_offline: u64,
    pub not_sent_generator: u64,
    /// An earlier step of the turn failed.
    pub not_sent_abandoned: u64,
    pub unfinished: u64,
    /// The causes of the rejections; together they are `rejected`.
    pub rejected_explained: u64,
    pub rejected_jitter: u64,
    pub rejected_unexplained: u64,
    pub rejected_contested: u64,
    pub sent: u64,
    pub acks: u64,
    pub late_answers: u64,
    pub connect_attempts: u64,
    pub connections: u64,
    pub connect_failures: u64,
    pub logins: u64,
    pub login_failures: u64,
    pub disconnects: u64,
    pub reconnects: u64,
    /// Connections by polling that were to move to WebSocket, and those that did.
    pub upgrades_due: u64,
    pub upgrades: u64,
    pub received_events: u64,
}

impl Totals {
    /// Every outcome of an action with its name, in the order in which reports show them.
    #[must_use]
    pub const fn outcomes(&self) -> [(&'static str, u64); 7] {
        [
            ("ok", self.ok),
            ("rejected", self.rejected),
            ("failed", self.failed),
            ("timeout", self.timeout),
            ("disconnected", self.disconnected),
            (
                "not sent",
                self.not_sent_busy + self.not_sent_offline + self.not_sent_generator + self.not_sent_abandoned,
            ),
            ("unfinished", self.unfinished),
        ]
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    pub name: String,
    pub line: usize,
    /// Highest number of users.
    pub users: u64,
    pub pattern: String,
    /// The step as text: `1s50ms (auto)`, `closed loop`; `None` without actions.
    pub every: Option<String>,
    /// From the first user's slot to the last user's end.
    pub duration: Duration,
    pub totals: Totals,
    /// ok ÷ (planned − unfinished); `None` when nothing was due.
    pub success_rate: Option<f64>,
    pub actions: Vec<ActionRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ActionRow {
    pub name: String,
    pub line: usize,
    pub totals: Totals,
    pub success_rate: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
    pub name: String,
    pub about: String,
    pub unit: Unit,
    /// `None`: nothing to compute it from.
    pub value: Option<f64>,
}

/// The run second by second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// One point a second, without gaps, from second 0.
    pub points: Vec<Point>,
    /// Stages of all scenarios, to be marked on the charts.
    pub stages: Vec<StageMark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    pub second: u64,
    /// Users with a connected namespace at the end of the second.
    pub users: u64,
    pub ok: u64,
    pub rejected: u64,
    pub failed: u64,
    pub timeout: u64,
    pub disconnected: u64,
    pub not_sent: u64,
    pub disconnects: u64,
    pub errors: u64,
    /// Milliseconds; `None` in a second without an answer.
    pub ack_p50: Option<f64>,
    pub ack_p95: Option<f64>,
    pub ack_p99: Option<f64>,
    /// Events that came, whatever they were.
    pub received: u64,
    /// Milliseconds from send to receipt; `None` in a second without a delivery.
    pub delivery_p50: Option<f64>,
    pub delivery_p95: Option<f64>,
    pub delivery_p99: Option<f64>,
    /// Of the generator, as a fraction of all its cores.
    pub cpu: Option<f64>,
    /// Of the generator, in bytes.
    pub memory: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StageMark {
    pub scenario: String,
    pub name: String,
    pub from: Moment,
    pub to: Moment,
}
