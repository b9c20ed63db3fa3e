//! The same suite on a laptop and in a pipeline: the same reports, equal but for what a second run may change anyway, and what
//! only that CI server reads.

use std::collections::BTreeSet;

use cotillion::report::{Ci, FORMATS, Written};
use quick_junit::Report;
use serde_json::Value;

use crate::cli::suite;
use crate::support::{Program, ServerProcess};

const NAME: &str = "hybrid";
const PASSWORD: &str = "correct horse";

/// What may differ in `results.json`, as paths with `*` for any key or number: times, and what follows from them. These are
/// values only: that they are there, under their keys, is compared all the same.
const MASKS: &[&str] = &[
    // The run: its name, when it was, how long it took.
    "/run/id",
    "/run/started",
    "/run/duration_ms",
    // Latencies, and rates that divide by the duration.
    "/thresholds/*/observed",
    "/thresholds/*/observed_text",
    "/latencies/*/*_ms",
    "/latencies/*/buckets/*/*",
    "/metrics/*/value",
    "/deliveries/*/latency/*_ms",
    "/scenarios/*/*_ms",
    "/totals/*_per_second",
    "/waiting",
    // What each second was like, and the machine in it.
    "/timeline/points/*/*",
    // Of events that nothing matched the first few are shown, and who hears first is chance.
    "/unmatched_events/*/examples/*/*",
    // Where users stood at what moment of the first minute.
    "/lanes/from_ms",
    "/lanes/to_ms",
    "/lanes/marks/*/*",
    "/lanes/overview/columns",
    "/lanes/overview/cells/*",
];

/// Lists of which only the first item is compared: a run may touch one second more, a timer may have been looked at once
/// more or less, and latencies may spread further.
const AS_LONG_AS_THEY_ARE: &[&str] = &["/timeline/points", "/lanes/marks", "/latencies/*/buckets"];

/// Counts of what runs by itself beside the suite, in a row that has this metric.
const OWN_COUNTS: &[&str] = &["timer_lag"];

/// Is this path one of these?
fn is_among(masks: &[&str], path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    let fits = |mask: &str| {
        let mask: Vec<&str> = mask.split('/').collect();
        mask.len() == path.len()
            && mask.iter().zip(&path).all(|(mask, part)| match mask.strip_prefix('*') {
                Some(end) => part.ends_with(end),
                None => mask == part,
            })
    };
    masks.iter().any(|mask| fits(mask))
}

/// Every difference that is none of the masks'.
fn differences(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let (left, right): (Vec<&String>, Vec<&String>) = (one.keys().collect(), other.keys().collect());
            if left != right {
                found.push(format!("{path}: keys {left:?} and {right:?}"));
            }
            let own = one.get("metric").and_then(Value::as_str).is_some_and(|name| OWN_COUNTS.contains(&name));
            for (key, value) in one.iter().filter(|(key, _)| !(own && *key == "count")) {
                let Some(beside) = other.get(key) else { continue };
                differences(&format!("{path}/{key}"), value, beside, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            let first_only = is_among(AS_LONG_AS_THEY_ARE, path);
            if one.len() != other.len() && !first_only {
                found.push(format!("{path}: {} and {} items", one.len(), other.len()));
            }
            let compared = if first_only { 1 } else { one.len() };
            for (index, (one, other)) in one.iter().zip(other).take(compared).enumerate() {
                differences(&format!("{path}/{index}"), one, other, found);
            }
        }
        _ if one == other || is_among(MASKS, path) => {}
        _ => found.push(format!("{path}: {one} and {other}")),
    }
}

/// Suites, cases and whether each is well, in order.
fn cases(text: &str) -> Vec<String> {
    let report = Report::deserialize_from_str(text).unwrap();
    let suites = report.test_suites.iter();
    let cases = suites.flat_map(|suite| suite.test_cases.iter().map(move |case| (suite, case)));
    cases
        .map(|(suite, case)| {
            let ok = matches!(case.status, quick_junit::TestCaseStatus::Success { .. });
            format!(
                "{} | {} | {} | {ok}",
                suite.name.as_str(),
                case.classname.as_ref().map_or("", |name| name.as_str()),
                case.name.as_str()
            )
        })
        .collect()
}

/// Headings and ids of a page, digits out.
fn sections(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let id = tag.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let is_heading = ["h1", "h2", "h3"].iter().any(|name| tag.split_whitespace().next() == Some(name));
        if is_heading || id.is_some() {
            let whole = format!("{} {}", id.unwrap_or_default(), if is_heading { text } else { "" });
            found.push(whole.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().trim().to_owned());
        }
    }
    found
}

fn names(program: &Program) -> BTreeSet<String> {
    let of_suite = program.folder().join("cotillion-report").join(NAME);
    let relative = |path: &std::path::Path| path.strip_prefix(&of_suite).unwrap().display().to_string();
    program.all_left().iter().map(|(path, _)| relative(path)).collect()
}

fn files(is_written: impl Fn(Written) -> bool) -> BTreeSet<String> {
    FORMATS.iter().filter(|format| is_written(format.written)).map(|format| format.file.to_owned()).collect()
}

/// A run of the suite in `program`, against a server of its own: what it leaves, the server's address out.
fn left(program: Program, server: &ServerProcess) -> Left {
    let ended = program.run(&["run", "suite.yaml", "--seed", "11", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    for (path, bytes) in program.all_left() {
        assert!(!String::from_utf8_lossy(&bytes).contains(PASSWORD), "a secret is in {}", path.display());
    }
    let read = |file: &str| program.left(&format!("cotillion-report/{NAME}/{file}")).replace(&server.url, "TARGET");
    Left {
        files: names(&program),
        results: serde_json::from_str(&read("results.json")).unwrap(),
        cases: cases(&read("junit.xml")),
        sections: sections(&read("report.html")),
    }
}

struct Left {
    files: BTreeSet<String>,
    results: Value,
    cases: Vec<String>,
    sections: Vec<String>,
}

impl Left {
    /// Had the generator time to send when it should?
    fn is_valid(&self) -> bool {
        self.results["verdict"]["validity"] == "valid"
    }
}

/// The same suite on a laptop and in a pipeline. A machine that is busy with something else makes one of two runs suspect, and
/// nothing can be said of where they ran: then both are run again, twice at most.
fn both() -> (Left, Left) {
    let mut runs = a_laptop_and_a_pipeline();
    for _ in 0..2 {
        if runs.0.is_valid() && runs.1.is_valid() {
            break;
        }
        runs = a_laptop_and_a_pipeline();
    }
    runs
}

fn a_laptop_and_a_pipeline() -> (Left, Left) {
    let changes = [
        ("${TARGET_URL:-demo}", "${TARGET_URL}"),
        ("${AUCTION_PASSWORD:-correct horse}", "${AUCTION_PASSWORD}"),
        ("users: 10, duration: 6s", "users: 3, duration: 4s"),
    ];
    let program = || Program::new().file("suite.yaml", &suite(NAME, &changes));
    // What somebody bid before counts on a server, so each has its own.
    let [one, other] = [(), ()].map(|()| ServerProcess::built_in(&[]));
    let dotenv = format!("TARGET_URL={}\nAUCTION_PASSWORD=\"{PASSWORD}\"\n", one.url);
    let laptop = left(program().file(".env", &dotenv).env("TERM", "xterm-256color"), &one);
    let pipeline = program().env("TARGET_URL", &other.url).env("AUCTION_PASSWORD", PASSWORD);
    let pipeline = left(pipeline.env("CI", "true").env("GITHUB_ACTIONS", "true"), &other);
    (laptop, pipeline)
}

#[test]
fn a_laptop_and_a_pipeline_write_the_same() {
    let (laptop, pipeline) = both();
    assert_eq!(laptop.files, files(|written| written == Written::Always));
    assert_eq!(pipeline.files, files(|written| [Written::Always, Written::In(Ci::GitHub)].contains(&written)));
    let mut found = Vec::new();
    differences("", &laptop.results, &pipeline.results, &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(laptop.cases.iter().any(|case| case.contains("success_rate >= 99%")), "{:?}", laptop.cases);
    assert_eq!(laptop.cases, pipeline.cases);
    assert!(laptop.sections.len() >= 8, "{:?}", laptop.sections);
    assert_eq!(laptop.sections, pipeline.sections);
}

#[test]
fn what_differs_is_found() {
    let check = |one: Value, other: Value, expected: usize| {
        let mut found = Vec::new();
        differences("", &one, &other, &mut found);
        assert_eq!(found.len(), expected, "{found:?}");
    };
    let run = |id: &str, seed: u64| serde_json::json!({ "run": { "id": id, "seed": seed } });
    check(run("a", 1), run("b", 1), 0);
    check(run("a", 1), run("a", 2), 1);
    check(run("a", 1), serde_json::json!({ "run": { "id": "a" } }), 1);
    check(serde_json::json!({ "errors": [] }), serde_json::json!({ "errors": [1] }), 1);
    check(serde_json::json!({ "timeline": { "points": [] } }), serde_json::json!({ "timeline": { "points": [1] } }), 0);
}
