//! What the files for CI servers say: Markdown by its tables, the others by their formats.

use std::collections::BTreeMap;

use cotillion::metrics::catalog::find;
use cotillion::metrics::number;
use serde_json::Value;

use super::{Fact, Told};

/// What a reviewer must be told.
pub const SUMMARY: &[&str] = &[
    "verdict/status",
    "suite/name",
    "lines/*/observed",
    "lines/*/samples",
    "latencies/*/p50_ms",
    "latencies/*/p95_ms",
    "latencies/*/p99_ms",
    "latencies/*/max_ms",
    "events/*/expected",
    "events/*/in_time",
];

/// References to characters and the tags of our own, as a browser shows them.
fn seen(text: &str) -> String {
    let mut text = text.replace("<code>", "").replace("</code>", "").replace("**", "").replace("<br>", "\n");
    while let Some((before, rest)) = text.split_once("&#") {
        let (code, after) = rest.split_once(';').expect("a reference ends");
        let c = char::from_u32(code.parse().expect("a number")).expect("a character");
        text = format!("{before}{c}{after}");
    }
    text
}

/// Rows of the tables, by the heading of the section that they are in.
fn rows(text: &str) -> Vec<(String, Vec<String>)> {
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut section);
        }
        if let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) {
            rows.push((section.clone(), cells.split(" | ").map(|cell| seen(cell.trim())).collect()));
        }
    }
    rows
}

fn shown(text: &str) -> Told {
    Told::Shown(text.to_owned(), |value| number::count(value as u64))
}

fn milliseconds(text: &str) -> Told {
    Told::Shown(text.to_owned(), number::milliseconds)
}

/// `summary.md`.
pub fn summary(text: &str) -> Vec<Fact> {
    let heading = seen(text.lines().next().unwrap());
    let (status, name) = heading.split_once(" · ").expect("a verdict and a name");
    let word = status.split(' ').nth(2).expect("an icon and a word").to_lowercase();
    let mut facts =
        vec![("verdict/status".into(), Told::Word(word)), ("suite/name".into(), Told::Word(name.to_owned()))];
    for line in text.lines() {
        let Some((planned, rest)) = line.split_once(" planned · ") else { continue };
        let (rate, throughput) = rest.split_once(" ok · ").expect("two rates");
        facts.push(("totals/planned".into(), shown(planned)));
        facts.push(("metrics/success_rate/value".into(), Told::InUnit(rate.into())));
        let throughput = throughput.trim_end_matches(" sent").to_owned();
        facts.push(("metrics/action_throughput/value".into(), Told::InUnit(throughput)));
    }
    for (section, cells) in rows(text) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        match (section.as_str(), cells.as_slice()) {
            ("Thresholds", [_, _, observed, samples, place]) if place.contains(':') => {
                let line = place.rsplit(':').next().unwrap();
                let told = if *observed == "no samples" { Told::Nothing } else { Told::InUnit((*observed).into()) };
                facts.push((format!("lines/{line}/observed"), told));
                facts.push((format!("lines/{line}/samples"), shown(samples.split(' ').next().unwrap())));
            }
            ("Actions", [square, outcome, count]) if !square.is_empty() && *square != "---" => {
                let place = if *outcome == "not sent" { "sums/not sent".into() } else { format!("totals/{outcome}") };
                facts.push((place, shown(count)));
            }
            ("Latencies", [subject, numbers @ .., samples]) if samples.starts_with(|c: char| c.is_ascii_digit()) => {
                let place = format!("latencies/{}", place_of(subject));
                for (name, text) in ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"].iter().zip(numbers) {
                    facts.push((format!("{place}/{name}"), milliseconds(text)));
                }
                facts.push((format!("{place}/count"), shown(samples)));
            }
            ("Deliveries", [_, what, owed, in_time, _, _]) if what.contains(" → ") => {
                let title = what.lines().next().unwrap().replace(" → ", ", ");
                facts.push((format!("events/{title}/expected"), shown(owed)));
                facts.push((format!("events/{title}/in_time"), shown(in_time)));
            }
            _ => {}
        }
    }
    facts
}

/// `ack_latency of bid in bidders` as the record has it.
fn place_of(subject: &str) -> String {
    let (subject, scenario) = subject.split_once(" in ").map_or((subject, None), |(left, right)| (left, Some(right)));
    let (metric, action) = subject.split_once(" of ").map_or((subject, None), |(left, right)| (left, Some(right)));
    [Some(metric), scenario, action].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the widget shows.
pub const LOAD_PERFORMANCE: &[&str] = &[
    "totals/ok",
    "totals/sent",
    "metrics/success_rate/value",
    "metrics/action_throughput/value",
    "latencies/ack_latency/p90_ms",
    "latencies/ack_latency/p95_ms",
];

/// `load-performance.json`.
pub fn load_performance(text: &str) -> Vec<Fact> {
    let document: Value = serde_json::from_str(text).unwrap();
    let places = [
        ("/metrics/http_reqs/count", "totals/sent"),
        ("/metrics/http_reqs/rate", "metrics/action_throughput/value"),
        ("/metrics/http_req_waiting/avg", "latencies/ack_latency/avg_ms"),
        ("/metrics/http_req_waiting/min", "latencies/ack_latency/min_ms"),
        ("/metrics/http_req_waiting/med", "latencies/ack_latency/p50_ms"),
        ("/metrics/http_req_waiting/p(90)", "latencies/ack_latency/p90_ms"),
        ("/metrics/http_req_waiting/p(95)", "latencies/ack_latency/p95_ms"),
        ("/metrics/http_req_waiting/max", "latencies/ack_latency/max_ms"),
        ("/metrics/checks/passes", "totals/ok"),
        ("/metrics/checks/value", "metrics/success_rate/value"),
    ];
    let told = |(from, to): (&str, &str)| Some((to.to_owned(), Told::Number(document.pointer(from)?.as_f64()?)));
    places.into_iter().filter_map(told).collect()
}

/// What a merge request compares.
pub const METRICS: &[&str] = &[
    "metrics/success_rate/value",
    "metrics/delivery_missing/value",
    "metrics/action_throughput/value",
    "latencies/ack_latency/p95_ms",
    "latencies/connect_latency/p95_ms",
];

/// `metrics.txt`.
pub fn metrics(text: &str) -> Vec<Fact> {
    let lines = text.strip_suffix("# EOF\n").expect("its last line").lines();
    let fact = |line: &str| {
        let (name, value) = line.strip_prefix("cotillion_auction_").unwrap().split_once(' ').unwrap();
        let latency = name.strip_suffix("_ms").and_then(|name| name.rsplit_once('_'));
        let place = match latency {
            Some((metric, statistic)) => format!("latencies/{metric}/{statistic}_ms"),
            None => format!("metrics/{}/value", metric_of(name)),
        };
        (place, Told::Shown(value.to_owned(), |value| format!("{value:.2e}").parse::<f64>().unwrap().to_string()))
    };
    lines.map(fact).collect()
}

/// The metric that a name with a unit behind it is of.
fn metric_of(name: &str) -> &str {
    if find(name).is_some() {
        return name;
    }
    let units = ["_ratio", "_per_second", "_seconds", "_bytes", "_ms"];
    units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name)
}

/// What a link says.
pub const LINK: &[&str] = &["suite/name", "verdict/status"];

/// `annotations.json`.
pub fn link(text: &str) -> Vec<Fact> {
    let document: Value = serde_json::from_str(text).unwrap();
    let (section, links) = document.as_object().unwrap().iter().next().expect("a section");
    let label = links[0]["external_link"]["label"].as_str().unwrap();
    let (status, _) = label.split_once(':').unwrap();
    vec![
        ("suite/name".into(), Told::Word(section.strip_prefix("Load test ").unwrap().to_owned())),
        ("verdict/status".into(), Told::Word(status.to_lowercase())),
    ]
}

/// What is stored of a run.
pub const OPENMETRICS: &[&str] = &[
    "suite/name",
    "run/id",
    "run/target",
    "run/version",
    "verdict/status",
    "metrics/*/value",
    "latencies/*/p50_ms",
    "latencies/*/p90_ms",
    "latencies/*/p95_ms",
    "latencies/*/p99_ms",
    "latencies/*/p99_9_ms",
    "latencies/*/max_ms",
    "latencies/*/count",
    "scenarios/*/actions/*/totals/ok",
    "scenarios/*/actions/*/totals/rejected",
    "scenarios/*/actions/*/totals/timeout",
    "deliveries/*/in_time",
    "deliveries/*/late",
    "deliveries/*/missing",
    "deliveries/*/leaked",
];

/// A sample: its name, its labels, its value.
fn sample(line: &str) -> (&str, BTreeMap<&str, &str>, &str) {
    let (name, rest) = line.split_once('{').unwrap();
    let (labels, value) = rest.rsplit_once("} ").unwrap();
    let labels = labels.trim_end_matches('"').split("\",").map(|label| label.split_once("=\"").unwrap()).collect();
    (name, labels, value)
}

/// `openmetrics.txt`.
pub fn openmetrics(text: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels, value) = sample(line);
        let name = name.strip_prefix("cotillion_").unwrap();
        let label = |name: &str| labels.get(name).copied();
        let number: f64 = value.parse().unwrap();
        let from_seconds = Told::Rounded(number * 1_000.0, 5);
        match name {
            "run_info" => {
                facts.extend(["run", "target", "version"].map(|of| {
                    let place = if of == "run" { "run/id".to_owned() } else { format!("run/{of}") };
                    (place, Told::Word(labels[of].to_owned()))
                }));
                facts.push(("suite/name".into(), Told::Word(labels["suite"].to_owned())));
            }
            "verdict" if number == 1.0 => {
                facts.push(("verdict/status".into(), Told::Word(labels["cotillion_verdict"].to_lowercase())));
            }
            "threshold_met" if number == 1.0 => {
                facts.push((format!("lines/{}/result", labels["line"]), Told::Word("met".into())));
            }
            "actions_total" if labels["outcome"] != "not sent" => {
                let place = format!(
                    "scenarios/{}/actions/{}/totals/{}",
                    labels["scenario"], labels["action"], labels["outcome"]
                );
                facts.push((place, Told::Number(number)));
            }
            "deliveries_total" => {
                let of = ["scenario", "action", "event"].map(|name| labels[name]).join(", ");
                facts.push((format!("deliveries/{of}/{}", labels["outcome"].replace(' ', "_")), Told::Number(number)));
            }
            "run_duration_seconds" => facts.push(("run/duration_ms".into(), from_seconds)),
            _ if name.starts_with("run_") => {
                let place = format!("metrics/{}/value", metric_of(&name["run_".len()..]));
                facts.push((place, Told::Rounded(number, 8)));
            }
            _ if name.ends_with("_seconds") || name.ends_with("_seconds_count") => {
                let (metric, statistic) = match label("quantile") {
                    Some(quantile) => {
                        let of = [
                            ("0.5", "p50_ms"),
                            ("0.9", "p90_ms"),
                            ("0.95", "p95_ms"),
                            ("0.99", "p99_ms"),
                            ("0.999", "p99_9_ms"),
                        ];
                        (name.trim_end_matches("_seconds"), of.iter().find(|(known, _)| *known == quantile).unwrap().1)
                    }
                    None if name.ends_with("_count") => (name.trim_end_matches("_seconds_count"), "count"),
                    None => (name.trim_end_matches("_max_seconds"), "max_ms"),
                };
                let of = [Some(metric), label("scenario"), label("action")];
                let place = of.into_iter().flatten().collect::<Vec<_>>().join(", ");
                let told = if statistic == "count" { Told::Number(number) } else { from_seconds };
                facts.push((format!("latencies/{place}/{statistic}"), told));
            }
            _ => {}
        }
    }
    facts
}

/// Every second.
pub const TIMELINE: &[&str] = &["timeline/points"];

/// `timeline.csv`.
pub fn timeline(text: &str) -> Vec<Fact> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let mut facts = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        for (name, cell) in names.iter().zip(&record).filter(|(name, _)| *name != "stages") {
            let field = match name {
                "connections_lost" => "disconnects",
                "events_received" => "received",
                "generator_cpu_share" => "cpu_share",
                "generator_memory_bytes" => "memory_bytes",
                name => name,
            };
            let told = if cell.is_empty() { Told::Nothing } else { Told::Number(cell.parse().unwrap()) };
            facts.push((format!("timeline/points/{}/{field}", &record[0]), told));
        }
    }
    facts
}
