//! What is measured: the metrics that thresholds can name and reports show, one row each.
//!
//! Workers only ever record [`Counter`]s, [`Distribution`]s and [`Gauge`]s; every metric of [`METRICS`] is read off
//! those. A new metric is a row here and, unless it is derived, the call that records it.

use serde::{Deserialize, Serialize};

macro_rules! recorded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub const COUNT: usize = Self::ALL.len();
        }
    };
}

recorded! {
    /// Things counted, by addition only.
    Counter {
        /// Actions of turns that were due (closed loop: begun). Always the sum of the outcomes below.
        Planned,
        Ok,
        Rejected,
        Failed,
        Timeout,
        Disconnected,
        /// Not sent: the user was still busy with its last turn.
        NotSentBusy,
        /// Not sent: the user was not connected.
        NotSentOffline,
        /// Not sent: this generator could not, for instance because a payload could not be rendered.
        NotSentGenerator,
        /// Not sent: an earlier step of the turn failed, which ended it.
        NotSentAbandoned,
        /// Still open when the run was stopped.
        Unfinished,
        /// Rejected, and our own gap was below a declared cooldown.
        RejectedExplained,
        /// Rejected, with a gap inside the margin.
        RejectedJitter,
        /// Rejected, although the gap was kept.
        RejectedUnexplained,
        /// Rejected, as the loser of a collision by design.
        RejectedContested,
        /// Of the explained: those where only this generator's lateness broke the gap.
        RejectedByUs,
        /// Sent with the declared gaps to what was sent before.
        GapsKept,
        /// Sent too soon after another, which the plan would have kept: this generator was late.
        GapsBrokenByUs,
        /// Sent too soon after another, as planned or because turns waited for the server.
        GapsBroken,
        /// Actions that left this process.
        Sent,
        /// Answers to actions that came in time: acks, replies, refusals, responses.
        Acks,
        /// Acks and replies that came after their deadline.
        LateAnswers,
        /// Attempts to connect that succeeded or failed, reconnects included. What we gave up ourselves, because the
        /// user's time was over, says nothing about the server.
        ConnectAttempts,
        /// Attempts that ended with a connected namespace.
        Connections,
        ConnectFailures,
        /// Attempts that the server refused as it was to.
        Refusals,
        Logins,
        LoginFailures,
        /// Links that were to move from polling to WebSocket, and have, or will not any more.
        UpgradesDue,
        /// Links that have moved.
        Upgrades,
        /// Connections that ended although nobody here asked for it.
        Disconnects,
        /// Connections after a loss whose setup succeeded.
        Reconnects,
        /// Connections that were to take up a lost session.
        RecoveriesAsked,
        /// Those that did.
        Recovered,
        /// HTTP steps whose status or deadline was missed.
        HttpFailures,
        /// Steps outside of actions that failed, and expressions that could not be evaluated.
        StepErrors,
        /// Events whose handler did not run, because too many of that user ran already.
        HandlersDropped,
        /// Events that a user could not keep until a step expects them.
        EventsForgotten,
        /// Packets that broke the protocol.
        ProtocolErrors,
        /// Deliveries that a member was owed: in time, late or missing.
        DeliveryExpected,
        DeliveryInTime,
        DeliveryLate,
        DeliveryMissing,
        /// Receipts after the first.
        DeliveryDuplicate,
        DeliveryOutOfOrder,
        /// Of those out of order, where another user received the two the other way round.
        DeliveryDisagreement,
        /// Receipts by somebody outside, or of an action that was refused.
        DeliveryLeaked,
        /// Deliveries to users that were joining, leaving or lost at the time.
        DeliveryAmbiguous,
        ReceivedEvents,
        ReceivedBytes,
        SentBytes,
    }
}

recorded! {
    /// Durations kept as histograms.
    Distribution {
        AckLatency,
        AckService,
        SendLateness,
        GeneratorLateness,
        /// From the send of an action to its receipt by each member.
        DeliveryLatency,
        ConnectLatency,
        ConnectDns,
        ConnectTcp,
        ConnectTls,
        ConnectUpgrade,
        ConnectNamespace,
        /// From the opening of a link by polling to its move to WebSocket.
        UpgradeLatency,
        LoginLatency,
        HttpLatency,
        ReconnectLatency,
        TimerLag,
    }
}

recorded! {
    /// States read once a second.
    Gauge {
        UsersConnected,
        GeneratorCpu,
        GeneratorWait,
        GeneratorMemory,
    }
}

/// How a metric's numbers are to be read and printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A fraction from 0 to 1, printed as a percentage.
    Share,
    /// A whole number.
    Count,
    /// Events in a second.
    PerSecond,
    /// Milliseconds.
    Milliseconds,
    Bytes,
    /// What the suite measures, whatever its unit.
    Number,
}

/// Where a metric's value comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// The sum of `part` over the sum of `whole`.
    Share {
        part: &'static [Counter],
        whole: &'static [Counter],
    },
    /// The sum of these.
    Count(&'static [Counter]),
    /// The sum of these over the run's seconds.
    PerSecond(&'static [Counter]),
    Distribution(Distribution),
    Gauge(Gauge),
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub unit: Unit,
    pub kind: Kind,
    /// A sentence for `cotillion list` and the reports.
    pub about: &'static str,
    /// Only where an action is: the metric can be narrowed by `action`.
    pub by_action: bool,
}

/// All outcomes that a finished action can have: the denominator of the rates.
pub const FINISHED: &[Counter] = &[
    Counter::Ok,
    Counter::Rejected,
    Counter::Failed,
    Counter::Timeout,
    Counter::Disconnected,
    Counter::NotSentBusy,
    Counter::NotSentOffline,
    Counter::NotSentGenerator,
    Counter::NotSentAbandoned,
];

/// Outcomes of actions that never left.
pub const NOT_SENT: &[Counter] =
    &[Counter::NotSentBusy, Counter::NotSentOffline, Counter::NotSentGenerator, Counter::NotSentAbandoned];

/// What `errors` counts.
pub const ERRORS: &[Counter] =
    &[Counter::ConnectFailures, Counter::LoginFailures, Counter::StepErrors, Counter::ProtocolErrors];

/// What a threshold on deliveries looks at.
pub const DELIVERIES: &[Counter] = &[
    Counter::DeliveryExpected,
    Counter::DeliveryInTime,
    Counter::DeliveryLate,
    Counter::DeliveryMissing,
    Counter::DeliveryDuplicate,
    Counter::DeliveryOutOfOrder,
    Counter::DeliveryDisagreement,
    Counter::DeliveryLeaked,
    Counter::DeliveryAmbiguous,
];

const fn rate(name: &'static str, part: &'static [Counter], about: &'static str) -> Metric {
    Metric { name, unit: Unit::Share, kind: Kind::Share { part, whole: FINISHED }, about, by_action: true }
}

const fn count(name: &'static str, of: &'static [Counter], by_action: bool, about: &'static str) -> Metric {
    Metric { name, unit: Unit::Count, kind: Kind::Count(of), about, by_action }
}

const fn bytes(name: &'static str, of: &'static [Counter], about: &'static str) -> Metric {
    Metric { name, unit: Unit::Bytes, kind: Kind::Count(of), about, by_action: false }
}

const fn duration(name: &'static str, of: Distribution, by_action: bool, about: &'static str) -> Metric {
    Metric { name, unit: Unit::Milliseconds, kind: Kind::Distribution(of), about, by_action }
}

const fn gauge(name: &'static str, unit: Unit, of: Gauge, about: &'static str) -> Metric {
    Metric { name, unit, kind: Kind::Gauge(of), about, by_action: false }
}

/// Every metric there is, in the order in which reports list them.
pub const METRICS: &[Metric] = &[
    rate("success_rate", &[Counter::Ok], "ok actions of all that were due and not cut short by a stop"),
    rate("rejected_rate", &[Counter::Rejected], "actions that the server refused"),
    rate("failed_rate", &[Counter::Failed], "actions with an answer that is neither ok nor a rejection"),
    rate("timeout_rate", &[Counter::Timeout], "actions without an answer within their deadline"),
    rate("disconnected_rate", &[Counter::Disconnected], "actions whose connection ended before the answer"),
    rate("not_sent_rate", NOT_SENT, "actions that were due but never left this generator"),
    Metric {
        name: "connect_rate",
        unit: Unit::Share,
        kind: Kind::Share { part: &[Counter::Connections, Counter::Refusals], whole: &[Counter::ConnectAttempts] },
        about: "attempts to connect that succeeded, or were refused where the suite wants that",
        by_action: false,
    },
    Metric {
        name: "recovered_rate",
        unit: Unit::Share,
        kind: Kind::Share { part: &[Counter::Recovered], whole: &[Counter::RecoveriesAsked] },
        about: "lost sessions that the server took up again, of all that it was asked to (target.recovery)",
        by_action: false,
    },
    Metric {
        name: "delivery_rate",
        unit: Unit::Share,
        kind: Kind::Share { part: &[Counter::DeliveryInTime], whole: &[Counter::DeliveryExpected] },
        about: "deliveries in time, of all that were owed",
        by_action: true,
    },
    Metric {
        name: "upgrade_rate",
        unit: Unit::Share,
        kind: Kind::Share { part: &[Counter::Upgrades], whole: &[Counter::UpgradesDue] },
        about: "connections that moved from polling to WebSocket, of those that were to",
        by_action: false,
    },
    count("actions", &[Counter::Planned], true, "actions that were due"),
    count("actions_sent", &[Counter::Sent], true, "actions that left this generator"),
    count("acks", &[Counter::Acks], true, "answers to actions that came in time"),
    count("rejections", &[Counter::Rejected], true, "actions that the server refused"),
    count("rejected_explained", &[Counter::RejectedExplained], true, "rejections that our own gap explains"),
    count("rejected_jitter", &[Counter::RejectedJitter], true, "rejections with a gap inside the margin"),
    count("rejected_unexplained", &[Counter::RejectedUnexplained], true, "rejections although the gap was kept"),
    count(
        "rejected_contested",
        &[Counter::RejectedContested],
        true,
        "rejections of losers where users collide by design",
    ),
    count(
        "rejected_by_us",
        &[Counter::RejectedByUs],
        true,
        "explained rejections where only this generator's lateness broke the gap",
    ),
    count("gaps_kept", &[Counter::GapsKept], true, "actions that kept every declared cooldown, from send to send"),
    count(
        "gaps_broken",
        &[Counter::GapsBroken, Counter::GapsBrokenByUs],
        true,
        "actions that were sent inside a cooldown, collisions by design apart",
    ),
    count(
        "gaps_broken_by_us",
        &[Counter::GapsBrokenByUs],
        true,
        "of these, those where only this generator's lateness broke the gap",
    ),
    count("late_answers", &[Counter::LateAnswers], true, "answers that came after their deadline"),
    count("connections", &[Counter::Connections], false, "connections made, reconnects included"),
    count("connect_failures", &[Counter::ConnectFailures], false, "attempts to connect that failed"),
    count("refusals", &[Counter::Refusals], false, "attempts to connect that were refused as the suite wants"),
    count("login_failures", &[Counter::LoginFailures], false, "logins that failed"),
    count("disconnects", &[Counter::Disconnects], false, "connections that ended although we did not ask for it"),
    count("reconnects", &[Counter::Reconnects], false, "losses after which the user came back"),
    count("http_failures", &[Counter::HttpFailures], false, "HTTP steps whose status or deadline was missed"),
    count(
        "step_errors",
        &[Counter::StepErrors],
        false,
        "steps that failed and expressions that could not be evaluated",
    ),
    count(
        "handlers_dropped",
        &[Counter::HandlersDropped],
        false,
        "events whose `on` did not run, because 16 of that user ran already",
    ),
    count(
        "events_forgotten",
        &[Counter::EventsForgotten],
        false,
        "events that came before their `expect`, and were more than the 1,000 that a user keeps",
    ),
    count(
        "delivery_expected",
        &[Counter::DeliveryExpected],
        true,
        "deliveries that were owed: in time, late or missing",
    ),
    count("delivery_missing", &[Counter::DeliveryMissing], true, "deliveries that never came, `grace` included"),
    count("delivery_late", &[Counter::DeliveryLate], true, "deliveries that came after their `within`"),
    count("delivery_duplicate", &[Counter::DeliveryDuplicate], true, "receipts after the first"),
    count(
        "delivery_out_of_order",
        &[Counter::DeliveryOutOfOrder],
        true,
        "deliveries that came after one that they should have come before",
    ),
    count(
        "delivery_disagreement",
        &[Counter::DeliveryDisagreement],
        true,
        "of these, those that another user received in the other order",
    ),
    count(
        "delivery_leaked",
        &[Counter::DeliveryLeaked],
        true,
        "receipts by somebody outside, or of an action that was rejected or failed",
    ),
    count(
        "delivery_ambiguous",
        &[Counter::DeliveryAmbiguous],
        true,
        "deliveries to users that were joining, leaving or losing their connection, and so in no other count",
    ),
    count("errors", ERRORS, false, "connect, login, step and protocol errors together"),
    count("received_events", &[Counter::ReceivedEvents], false, "events received"),
    bytes("received_bytes", &[Counter::ReceivedBytes], "payload bytes received"),
    bytes("sent_bytes", &[Counter::SentBytes], "payload bytes sent"),
    Metric {
        name: "action_throughput",
        unit: Unit::PerSecond,
        kind: Kind::PerSecond(&[Counter::Sent]),
        about: "actions sent in a second, over the whole run",
        by_action: true,
    },
    duration("ack_latency", Distribution::AckLatency, true, "from the planned moment of an action to its answer"),
    duration("ack_service", Distribution::AckService, true, "from the actual send of an action to its answer"),
    duration("delivery_latency", Distribution::DeliveryLatency, true, "from the send of an action to each receipt"),
    duration("connect_latency", Distribution::ConnectLatency, false, "from the first byte to the namespace's answer"),
    duration("connect_dns", Distribution::ConnectDns, false, "the name lookup of a connect"),
    duration("connect_tcp", Distribution::ConnectTcp, false, "the TCP handshake of a connect"),
    duration("connect_tls", Distribution::ConnectTls, false, "the TLS handshake of a connect"),
    duration("connect_upgrade", Distribution::ConnectUpgrade, false, "the WebSocket upgrade of a connect"),
    duration("connect_namespace", Distribution::ConnectNamespace, false, "from the upgrade to the namespace's answer"),
    duration(
        "upgrade_latency",
        Distribution::UpgradeLatency,
        false,
        "from the first answer of polling to the move to WebSocket",
    ),
    duration("login_latency", Distribution::LoginLatency, false, "all login steps of a user together"),
    duration("http_latency", Distribution::HttpLatency, false, "one HTTP request, connect included"),
    duration(
        "reconnect_latency",
        Distribution::ReconnectLatency,
        false,
        "from noticing a loss to the end of the new setup",
    ),
    duration("send_lateness", Distribution::SendLateness, true, "from the planned moment of an action to its send"),
    duration(
        "generator_lateness",
        Distribution::GeneratorLateness,
        true,
        "of that lateness what is this generator's own: not the wait for an earlier answer",
    ),
    duration("timer_lag", Distribution::TimerLag, false, "how late this generator's own timers fire"),
    gauge("users_connected", Unit::Count, Gauge::UsersConnected, "users with a connected namespace"),
    gauge("generator_cpu", Unit::Share, Gauge::GeneratorCpu, "CPU of this generator, of all its cores"),
    gauge(
        "generator_wait",
        Unit::Share,
        Gauge::GeneratorWait,
        "time that this generator had work to do and got no core, of each of its threads",
    ),
    gauge("generator_memory", Unit::Bytes, Gauge::GeneratorMemory, "resident memory of this generator"),
];

/// The metric of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

impl Metric {
    /// Is it about who received what? Then it says something only where an action has a `delivery`.
    #[must_use]
    pub fn is_of_deliveries(&self) -> bool {
        let of = |counters: &[Counter]| counters.iter().any(|counter| DELIVERIES.contains(counter));
        match self.kind {
            Kind::Share { part, whole } => of(part) || of(whole),
            Kind::Count(counters) | Kind::PerSecond(counters) => of(counters),
            Kind::Distribution(distribution) => distribution == Distribution::DeliveryLatency,
            Kind::Gauge(_) => false,
        }
    }
}

/// A number read off a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The value that this share of the samples does not exceed; 0.95 is p95.
    Percentile(f64),
    Min,
    Avg,
    Max,
}

/// The statistics that a threshold may name.
pub const STATISTICS: &[(&str, Statistic)] = &[
    ("p50", Statistic::Percentile(0.50)),
    ("p90", Statistic::Percentile(0.90)),
    ("p95", Statistic::Percentile(0.95)),
    ("p99", Statistic::Percentile(0.99)),
    ("p99.9", Statistic::Percentile(0.999)),
    ("min", Statistic::Min),
    ("avg", Statistic::Avg),
    ("max", Statistic::Max),
];

impl Statistic {
    /// The name in a suite and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        STATISTICS.iter().find(|(_, statistic)| *statistic == self).map_or("p?", |(name, _)| name)
    }

    /// How many samples this statistic needs before it says something: 1/(1−p) for a percentile.
    #[must_use]
    pub fn samples_needed(self) -> u64 {
        match self {
            // Rounded before the ceiling: 1/(1−0.99) is 100.00000000000009 in floating point.
            Self::Percentile(p) => ((1.0 / (1.0 - p)) - 1e-6).ceil() as u64,
            Self::Min | Self::Avg | Self::Max => 1,
        }
    }
}

#[cfg(test)]
mod tests;
