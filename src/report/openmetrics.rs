//! `openmetrics.txt`: the results of a run as OpenMetrics text, for a Pushgateway, the text files of a node exporter, or
//! whatever reads Prometheus. In base units (seconds, bytes, ratios), with the suite, the scenario and the action as labels.

use std::collections::{BTreeMap, HashSet};

use crate::metrics::catalog::Unit;
use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::untrusted::{for_name, one_line};
use crate::verdict::Outcome;
use crate::verdict::outcome::{CustomRow, InvariantResult, LatencyRow, Status, ThresholdResult};

const STATUSES: [Status; 6] =
    [Status::Pass, Status::Fail, Status::Invalid, Status::Interrupted, Status::Unreachable, Status::Skipped];

/// A name and its value.
type Label<'a> = (&'a str, &'a str);

/// What a family is said to be.
#[derive(Debug)]
struct Metric<'a> {
    name: &'a str,
    kind: &'a str,
    unit: &'a str,
    about: &'a str,
}

/// Families by their names: samples of one may not be mixed with those of another.
#[derive(Debug, Default)]
struct Families(BTreeMap<String, Family>);

#[derive(Debug)]
struct Family {
    head: String,
    samples: String,
    seen: HashSet<String>,
}

impl Families {
    fn sample(&mut self, of: &Metric<'_>, suffix: &str, labels: &[Label<'_>], number: f64) {
        let Metric { name, kind, unit, about } = of;
        let family = self.0.entry((*name).to_owned()).or_insert_with(|| {
            let unit = if unit.is_empty() { String::new() } else { format!("# UNIT {name} {unit}\n") };
            let head = format!("# TYPE {name} {kind}\n{unit}# HELP {name} {}\n", escaped(about));
            Family { head, samples: String::new(), seen: HashSet::new() }
        });
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let series = format!("{name}{suffix}{{{}}}", labels.join(","));
        // A reader refuses the whole file where a series comes twice.
        if family.seen.insert(series.clone()) {
            family.samples.push_str(&format!("{series} {}\n", plain(number)));
        }
    }

    fn gauge(&mut self, name: &str, unit: &str, about: &str, labels: &[Label<'_>], number: f64) {
        self.sample(&Metric { name, kind: "gauge", unit, about }, "", labels, number);
    }

    fn finish(self) -> String {
        let mut text: String = self.0.into_values().map(|family| family.head + &family.samples).collect();
        text.push_str("# EOF\n");
        text
    }
}

fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// To a billionth, which is a nanosecond of a second.
fn plain(number: f64) -> String {
    let text = format!("{number:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The results as text.
///
/// # Errors
/// Never; other formats may fail.
pub fn render(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let mut families = Families::default();
    run(&mut families, outcome);
    judged(&mut families, outcome);
    actions(&mut families, outcome);
    metrics(&mut families, outcome);
    outcome.latencies.iter().for_each(|row| latency(&mut families, &outcome.suite.name, row));
    deliveries(&mut families, outcome);
    outcome.customs.iter().for_each(|row| custom(&mut families, &outcome.suite.name, row));
    Ok(families.finish())
}

fn run(families: &mut Families, outcome: &Outcome) {
    let (suite, run) = (outcome.suite.name.as_str(), &outcome.run);
    let seed = run.seed.to_string();
    let labels = [
        ("suite", suite),
        ("run", run.id.as_str()),
        ("version", &run.version),
        ("protocol", &run.protocol),
        ("target", &run.target),
        ("seed", &seed),
        ("started", &run.started),
    ];
    families.sample(
        &Metric { name: "cotillion_run", kind: "info", unit: "", about: "The run that the other numbers are of." },
        "_info",
        &labels,
        1.0,
    );
    for status in STATUSES {
        let is = f64::from(u8::from(outcome.verdict.status == status));
        let word = status.word().to_lowercase();
        let labels = [("suite", suite), ("cotillion_verdict", word.as_str())];
        families.sample(
            &Metric { name: "cotillion_verdict", kind: "stateset", unit: "", about: "What the run came to." },
            "",
            &labels,
            is,
        );
    }
    let seconds = run.duration.as_secs_f64();
    families.gauge("cotillion_run_duration_seconds", "seconds", "How long the run took.", &[("suite", suite)], seconds);
}

/// Thresholds and invariants: 1 where they are kept, 0 where they are not, nothing where they were not judged.
fn judged(families: &mut Families, outcome: &Outcome) {
    let suite = outcome.suite.name.as_str();
    for judged in &outcome.thresholds {
        let met = match judged.result {
            ThresholdResult::Met => 1.0,
            ThresholdResult::Broken | ThresholdResult::NoData => 0.0,
            ThresholdResult::NotJudged => continue,
        };
        let line = judged.line.to_string();
        let labels = [("suite", suite), ("threshold", judged.name.as_str()), ("line", &line)];
        families.gauge("cotillion_threshold_met", "", "Whether a threshold was met.", &labels, met);
    }
    for row in &outcome.invariants {
        let held = match row.result {
            InvariantResult::Held => 1.0,
            InvariantResult::Broken | InvariantResult::NoData => 0.0,
            InvariantResult::NotJudged => continue,
        };
        let labels = [("suite", suite), ("invariant", row.name.as_str())];
        families.gauge("cotillion_invariant_held", "", "Whether an invariant holds.", &labels, held);
    }
}

fn actions(families: &mut Families, outcome: &Outcome) {
    let suite = outcome.suite.name.as_str();
    for scenario in &outcome.scenarios {
        for action in &scenario.actions {
            for (end, number) in action.totals.outcomes() {
                let labels =
                    [("suite", suite), ("scenario", &scenario.name), ("action", &action.name), ("outcome", end)];
                let about = "Actions by what became of them.";
                families.sample(
                    &Metric { name: "cotillion_actions", kind: "counter", unit: "", about },
                    "_total",
                    &labels,
                    number as f64,
                );
            }
        }
    }
}

/// Everything that is one number over the whole run.
fn metrics(families: &mut Families, outcome: &Outcome) {
    for row in &outcome.metrics {
        let Some(number) = row.value else { continue };
        let (unit, factor) = base(row.unit);
        families.gauge(&named(&row.name, unit), unit, &row.about, &[("suite", &outcome.suite.name)], number * factor);
    }
}

/// The base unit, and what a number is multiplied with to be in it.
const fn base(unit: Unit) -> (&'static str, f64) {
    match unit {
        Unit::Share => ("ratio", 1.0),
        Unit::Milliseconds => ("seconds", 0.001),
        Unit::Bytes => ("bytes", 1.0),
        Unit::PerSecond => ("per_second", 1.0),
        Unit::Count | Unit::Number => ("", 1.0),
    }
}

/// With `cotillion_` before and the unit behind, as OpenMetrics wants it. `run_` keeps apart what is counted by outcome, too.
fn named(name: &str, unit: &str) -> String {
    let name = for_name(name);
    let end = if unit.is_empty() || name.ends_with(&format!("_{unit}")) { String::new() } else { format!("_{unit}") };
    format!("cotillion_run_{name}{end}")
}

fn latency(families: &mut Families, suite: &str, row: &LatencyRow) {
    let name = format!("cotillion_{}_seconds", for_name(&row.metric));
    let mut labels = vec![("suite", suite)];
    labels.extend(row.scenario.as_deref().map(|scenario| ("scenario", scenario)));
    labels.extend(row.action.as_deref().map(|action| ("action", action)));
    let quantiles = [("0.5", row.p50), ("0.9", row.p90), ("0.95", row.p95), ("0.99", row.p99), ("0.999", row.p999)];
    for (quantile, number) in quantiles {
        let labels: Vec<Label<'_>> = labels.iter().copied().chain([("quantile", quantile)]).collect();
        families.sample(
            &Metric { name: &name, kind: "summary", unit: "seconds", about: &row.about },
            "",
            &labels,
            number / 1_000.0,
        );
    }
    families.sample(
        &Metric { name: &name, kind: "summary", unit: "seconds", about: &row.about },
        "_count",
        &labels,
        row.count as f64,
    );
    let name = format!("cotillion_{}_max_seconds", for_name(&row.metric));
    let about = format!("{}: the highest", row.about);
    families.gauge(&name, "seconds", &about, &labels, row.max / 1_000.0);
}

fn deliveries(families: &mut Families, outcome: &Outcome) {
    let suite = outcome.suite.name.as_str();
    for row in &outcome.deliveries {
        let line = row.line.to_string();
        let parts = [
            ("in time", row.in_time),
            ("late", row.late),
            ("missing", row.missing),
            ("duplicate", row.duplicate),
            ("out of order", row.out_of_order),
            ("leaked", row.leaked),
        ];
        for (end, number) in parts {
            let labels = [
                ("suite", suite),
                ("scenario", &row.scenario),
                ("action", &row.action),
                ("event", &row.event),
                ("line", &line),
                ("outcome", end),
            ];
            let about = "Deliveries by what became of them; those owed are in time, late or missing.";
            families.sample(
                &Metric { name: "cotillion_deliveries", kind: "counter", unit: "", about },
                "_total",
                &labels,
                number as f64,
            );
        }
    }
}

/// A metric of the suite's own: its name is a label, so that it can be any.
fn custom(families: &mut Families, suite: &str, row: &CustomRow) {
    let mut labels = vec![("suite", suite), ("metric", row.name.as_str())];
    labels.extend(row.scenario.as_deref().map(|scenario| ("scenario", scenario)));
    if let Some(number) = row.value {
        families.gauge("cotillion_custom", "", "A metric of the suite's own that is one number.", &labels, number);
    }
    if let Some(spread) = row.spread {
        let about = "A metric of the suite's own that is measured.";
        for (quantile, number) in [("0.5", spread.p50), ("0.95", spread.p95), ("0.99", spread.p99)] {
            let labels: Vec<Label<'_>> = labels.iter().copied().chain([("quantile", quantile)]).collect();
            families.sample(
                &Metric { name: "cotillion_custom_measured", kind: "summary", unit: "", about },
                "",
                &labels,
                number,
            );
        }
        families.sample(
            &Metric { name: "cotillion_custom_measured", kind: "summary", unit: "", about },
            "_count",
            &labels,
            row.samples as f64,
        );
    }
}
