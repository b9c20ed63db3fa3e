//! Outcomes made by hand, for report tests and for looking at a report without a run.
//!
//! The numbers are invented but hang together: totals are the sums of the timeline, shares are read off the totals.
//! Nothing here is random, so a report of an example is the same on every machine.

mod deliveries;
mod invariants;
mod own;
mod plan;
mod rows;
mod wave;

use deliveries::{counted, deliveries, unmatched_events};
use own::{checks, customs, labels};
use plan::{lanes, plan};
use rows::{
    error, errors, judged, latencies, metrics, observe, run_info, scenario, share, stages, success, suite_info,
};
use wave::{Connects, Wave, sum};

use crate::units::Duration;
use crate::verdict::outcome::{
    CheckResult, Ended, Judged, Lanes, LanesOverview, Outcome, Point, ScenarioRow, Status, ThresholdResult, Timeline,
    Totals, Validity, Verdict,
};

impl Outcome {
    /// A failing run: 20 users on 20 lots for 75 s, a server that stalls for some seconds, one broken threshold.
    #[must_use]
    pub fn example() -> Self {
        let wave = Wave { seconds: 75, peak: 20, ramp: 10, leave: 5, every: 1.05, trouble: 38..47, depth: 1.0 };
        let points = wave.points();
        let totals = sum(&points, &Connects { attempts: 22, made: 21, lost: 1, back: 1 });
        Self {
            suite: suite_info(),
            run: run_info(Duration::from_millis(75_412)),
            verdict: Verdict {
                status: Status::Fail,
                validity: Validity::Valid,
                reasons: vec![],
                sentence:
                    "2 of 7 thresholds were not met: ack_latency p95 in stage steady was 243 ms, not below 200 ms; 7 deliveries \
                     are missing; 1 of 3 invariants does not hold: winner (broken in 2 of 413 checks, 7 undecided); 1 of 2 \
                     checks is false."
                        .into(),
            },
            thresholds: vec![
                judged(30, "success_rate", None, ">= 95%", 0.95, &totals, success(&totals)),
                judged(31, "rejected_rate", None, "< 5%", 0.05, &totals, share(totals.rejected, &totals)),
                Judged {
                    scenario: Some("bidders".into()),
                    stage: Some("steady".into()),
                    name: "ack_latency p95 < 200ms (scenario bidders, stage steady)".into(),
                    ..judged(33, "ack_latency", Some("p95"), "< 200ms", 200.0, &totals, Some(243.2))
                },
                judged(34, "ack_latency", Some("p99"), "< 1s", 1_000.0, &totals, Some(871.4)),
                Judged {
                    warn_only: true,
                    samples: totals.connections,
                    ..judged(35, "connect_latency", Some("p95"), "< 50ms", 50.0, &totals, Some(61.44))
                },
                judged(36, "disconnects", None, "<= 2", 2.0, &totals, Some(totals.disconnects as f64)),
                Judged {
                    samples: totals.ok * 19,
                    ..judged(37, "delivery_missing", None, "== 0", 0.0, &totals, Some(7.0))
                },
            ],
            invariants: invariants::broken(),
            checks: checks(&totals, true),
            scenarios: vec![scenario("bidders", 14, 20, Duration::from_millis(75_412), totals)],
            metrics: metrics(&totals, 20, 75.4),
            customs: customs(&totals),
            labels: labels(&totals, 1.0),
            latencies: latencies(&totals, 1.0),
            errors: errors(&totals),
            deliveries: deliveries(&totals, "delivery_missing == 0"),
            unmatched_events: unmatched_events(),
            timeline: Timeline { points, stages: stages("bidders", &[("ramp", 10), ("steady", 60), ("leave", 5)]) },
            lanes: Some(lanes(20, 20, [12, 67], true)),
            waiting: Some(
                "Actions waited up to 412 ms before they were sent: ack_latency holds that wait, ack_service does not."
                    .into(),
            ),
            plan: plan(20, 20),
            totals,
        }
    }

    /// The same suite against a server that keeps up: every threshold met.
    #[must_use]
    pub fn example_passed() -> Self {
        let wave = Wave { seconds: 75, peak: 20, ramp: 10, leave: 5, every: 1.05, trouble: 0..0, depth: 0.0 };
        let points = wave.points();
        let totals = sum(&points, &Connects { attempts: 20, made: 20, lost: 0, back: 0 });
        let mut outcome = Self::example();
        outcome.verdict = Verdict {
            status: Status::Pass,
            validity: Validity::Valid,
            reasons: vec![],
            sentence: "All 7 thresholds were met; all 3 invariants hold; both checks of `after` hold.".into(),
        };
        outcome.invariants = invariants::held();
        for (threshold, observed) in outcome.thresholds.iter_mut().zip([1.0, 0.0, 92.4, 331.1, 38.1, 0.0, 0.0]) {
            observe(threshold, Some(observed), ThresholdResult::Met);
        }
        outcome.scenarios = vec![scenario("bidders", 14, 20, Duration::from_millis(75_018), totals)];
        outcome.run.duration = Duration::from_millis(75_018);
        outcome.metrics = metrics(&totals, 20, 75.0);
        outcome.latencies = latencies(&totals, 0.38);
        outcome.latencies.retain(|row| row.metric != "reconnect_latency");
        outcome.errors.clear();
        outcome.deliveries = deliveries(&totals, "");
        outcome.unmatched_events.clear();
        outcome.checks = checks(&totals, false);
        outcome.customs = customs(&totals);
        outcome.labels = labels(&totals, 0.38);
        outcome.lanes = Some(lanes(20, 20, [12, 67], false));
        outcome.waiting = None;
        outcome.timeline.points = points;
        outcome.totals = totals;
        outcome
    }

    /// A run that was stopped by SIGTERM after 32 s.
    #[must_use]
    pub fn example_interrupted() -> Self {
        let mut outcome = Self::example();
        outcome.timeline.points.truncate(32);
        outcome.lanes = Some(lanes(20, 20, [12, 28], true));
        outcome.timeline.stages.truncate(2);
        outcome.totals = sum(&outcome.timeline.points, &Connects { attempts: 20, made: 20, lost: 0, back: 0 });
        outcome.totals.unfinished = 6;
        outcome.totals.planned += 6;
        outcome.run.duration = Duration::from_millis(32_240);
        outcome.run.ended = Ended::Interrupted { signal: "SIGTERM".into() };
        outcome.verdict = Verdict {
            status: Status::Interrupted,
            validity: Validity::NotJudged,
            reasons: vec![],
            sentence: "Stopped by SIGTERM after 32 s of 75 s; the thresholds were not judged.".into(),
        };
        not_judged(&mut outcome);
        outcome.checks.truncate(1);
        outcome.scenarios = vec![scenario("bidders", 14, 20, outcome.run.duration, outcome.totals)];
        outcome.metrics = metrics(&outcome.totals, 20, 32.2);
        outcome.latencies = latencies(&outcome.totals, 0.38);
        outcome.errors = errors(&outcome.totals);
        outcome.deliveries = deliveries(&outcome.totals, "");
        outcome
    }

    /// Switched off: nothing ran, and nobody wanted it to.
    #[must_use]
    pub fn example_skipped() -> Self {
        let reason = "switched off by `--enabled false`";
        let mut outcome = Self::example_unreachable();
        outcome.run.duration = Duration::ZERO;
        outcome.run.ended = Ended::Skipped { reason: reason.into() };
        outcome.verdict = Verdict {
            status: Status::Skipped,
            validity: Validity::NotMeasured,
            reasons: vec![],
            sentence: format!("Not run: {reason}."),
        };
        outcome.totals = Totals::default();
        outcome.scenarios = vec![scenario("bidders", 14, 0, Duration::ZERO, outcome.totals)];
        outcome.deliveries = deliveries(&outcome.totals, "");
        outcome.invariants = invariants::never_asked();
        outcome.metrics.iter_mut().for_each(|row| row.value = None);
        outcome.errors.clear();
        outcome.timeline = Timeline::default();
        outcome.waiting = None;
        outcome
    }

    /// Nobody listens at the target: nothing was measured.
    #[must_use]
    pub fn example_unreachable() -> Self {
        let reason = "no user became ready: connection refused by 127.0.0.1:4000; is the server running, and is \
                      `target.url` right?";
        let mut outcome = Self::example();
        let totals = Totals { connect_attempts: 60, connect_failures: 60, ..Totals::default() };
        outcome.run.duration = Duration::from_millis(4_100);
        outcome.run.ended = Ended::Unreachable { reason: reason.into() };
        outcome.verdict = Verdict {
            status: Status::Unreachable,
            validity: Validity::NotMeasured,
            reasons: vec![],
            sentence: format!("Nothing was measured: {reason}"),
        };
        outcome.invariants = invariants::never_asked();
        for threshold in &mut outcome.thresholds {
            threshold.samples = 0;
            observe(threshold, None, ThresholdResult::NotJudged);
        }
        outcome.scenarios = vec![scenario("bidders", 14, 0, Duration::from_millis(4_100), totals)];
        outcome.metrics = metrics(&totals, 0, 4.1);
        outcome.latencies.clear();
        outcome.checks.clear();
        outcome.customs.clear();
        outcome.labels.clear();
        outcome.errors = vec![error("connect", "connection refused", 60, "connection refused by 127.0.0.1:4000")];
        outcome.deliveries = deliveries(&totals, "");
        outcome.unmatched_events.clear();
        outcome.timeline = Timeline {
            points: (0..5).map(|second| Point { second, errors: 12, ..Point::default() }).collect(),
            stages: vec![],
        };
        outcome.totals = totals;
        outcome.lanes = None;
        outcome.waiting = None;
        outcome
    }

    /// All thresholds met, but the numbers deserve doubt.
    #[must_use]
    pub fn example_suspect() -> Self {
        let mut outcome = Self::example_passed();
        let reasons = [
            "ack_latency p99 rests on 62 samples, 100 are needed",
            "the generator was busy: CPU was above 85 % for 9 s of 75 s",
        ];
        outcome.thresholds[3].samples = 62;
        outcome.thresholds[3].too_few_samples = true;
        outcome.verdict.validity = Validity::Suspect;
        outcome.verdict.reasons = reasons.map(String::from).into();
        outcome.verdict.sentence = "All 7 thresholds were met, but the run is suspect.".into();
        for point in &mut outcome.timeline.points[40..49] {
            point.cpu = Some(0.91);
        }
        outcome
    }

    /// A run that cannot judge the server: the generator itself was the bottleneck.
    #[must_use]
    pub fn example_invalid() -> Self {
        let mut outcome = Self::example();
        outcome.verdict = Verdict {
            status: Status::Invalid,
            validity: Validity::Invalid,
            reasons: vec![
                "the generator was saturated: 31 % of the actions left more than 50 ms late".into(),
                "CPU of the generator was above 95 % for 71 s of 75 s".into(),
                "our own lateness broke 14 gaps that the plan had proved".into(),
            ],
            sentence: "The run cannot judge the server: the generator was saturated. Use more cores or fewer users."
                .into(),
        };
        not_judged(&mut outcome);
        outcome.deliveries.iter_mut().for_each(|row| row.broken.clear());
        for point in &mut outcome.timeline.points {
            point.cpu = Some(0.97);
        }
        outcome
    }

    /// Stopped early: a threshold with `abort_after` was broken for too long.
    #[must_use]
    pub fn example_aborted() -> Self {
        let reason = "success_rate >= 95% was broken for 10 s";
        let mut outcome = Self::example_interrupted();
        outcome.run.ended = Ended::Aborted { reason: reason.into() };
        outcome.verdict = Verdict {
            status: Status::Fail,
            validity: Validity::Valid,
            reasons: vec![],
            sentence: format!("The run was stopped early: {reason}."),
        };
        outcome.checks = checks(&outcome.totals, false);
        for (place, threshold) in outcome.thresholds.iter_mut().enumerate() {
            let result = if place == 0 { ThresholdResult::Broken } else { ThresholdResult::NotJudged };
            let observed = if place == 0 { Some(0.912) } else { threshold.observed };
            observe(threshold, observed, result);
        }
        outcome
    }

    /// An hour, 3,600 points, three scenarios, many kinds of errors and a threshold without samples.
    #[must_use]
    pub fn example_long() -> Self {
        let wave =
            Wave { seconds: 3_600, peak: 320, ramp: 300, leave: 120, every: 2.0, trouble: 1_900..2_130, depth: 1.6 };
        let points = wave.points();
        let totals = sum(&points, &Connects { attempts: 402, made: 371, lost: 51, back: 48 });
        let hour = Duration::from_secs(3_600);
        let mut outcome = Self::example();
        outcome.run.duration = hour;
        outcome.run.planned_duration = hour;
        outcome.run.overrides = vec!["--duration 1h".into(), "--users 320".into(), "--var currency=USD".into()];
        outcome.run.warnings = vec!["TLS certificates were not verified (target.tls.verify: false)".into()];
        let mut missing = judged(41, "http_latency", Some("p95"), "< 300ms", 300.0, &totals, None);
        missing.samples = 0;
        observe(&mut missing, None, ThresholdResult::NoData);
        outcome.thresholds.push(missing);
        outcome.invariants.push(invariants::no_data());
        outcome.verdict.sentence =
            "3 of 8 thresholds were not met: ack_latency p95 in stage steady was 243 ms, not below 200 ms; 7 deliveries are \
             missing; http_latency p95 has no samples; 2 of 4 invariants do not hold: winner (broken in 2 of 413 checks, \
             7 undecided), and 1 more."
                .into();
        outcome.scenarios = long_scenarios(totals, hour);
        outcome.totals = totals;
        outcome.metrics = metrics(&totals, 320, 3_600.0);
        outcome.latencies = latencies(&totals, 1.0);
        outcome.errors.extend((0..36).map(|n| {
            error(
                "step",
                &format!("join refused with code {}", 4_000 + n),
                400 - 11 * n,
                "{\"ok\":false,\"error\":\"room is full\"}",
            )
        }));
        outcome.errors.sort_by_key(|row| std::cmp::Reverse(row.count));
        outcome.deliveries = deliveries(&totals, "delivery_missing == 0");
        outcome.deliveries.push(counted(40));
        outcome.timeline =
            Timeline { points, stages: stages("bidders", &[("ramp", 300), ("steady", 3_180), ("leave", 120)]) };
        outcome.timeline.stages.extend(stages("spectators", &[("users", 3_600)]));
        outcome.timeline.stages.extend(stages("sellers", &[("early", 1_200), ("busy", 1_800), ("late", 600)]));
        outcome.plan = plan(320, 40);
        outcome.plan.totals.resources = 57;
        let whole = lanes(320, 40, [54, 3_250], true);
        outcome.lanes =
            Some(Lanes { overview: LanesOverview { elsewhere: 61_204, open: 3, ..whole.overview }, ..whole });
        outcome
    }
}

/// The run cannot judge the server.
fn not_judged(outcome: &mut Outcome) {
    invariants::not_judged(&mut outcome.invariants);
    for threshold in &mut outcome.thresholds {
        let observed = threshold.observed;
        observe(threshold, observed, ThresholdResult::NotJudged);
    }
    outcome.checks.iter_mut().for_each(|check| check.result = CheckResult::NotJudged);
}

fn long_scenarios(totals: Totals, hour: Duration) -> Vec<ScenarioRow> {
    let watched = Totals { connections: 100, connect_attempts: 104, received_events: 912_442, ..Totals::default() };
    let sold = Totals {
        planned: 7_200,
        ok: 7_200,
        sent: 7_200,
        acks: 7_200,
        connections: 20,
        connect_attempts: 20,
        ..Totals::default()
    };
    vec![
        scenario("bidders", 14, 300, hour, totals),
        ScenarioRow { every: None, actions: vec![], ..scenario("spectators", 48, 100, hour, watched) },
        scenario("sellers", 62, 20, hour, sold),
    ]
}
