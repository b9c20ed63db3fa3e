//! JUnit files as others read them: the library of a CI action, and the schema of another. `ci/test` installs both and makes
//! their absence an error.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cotillion::report::{Look, junit};
use cotillion::verdict::Outcome;
use serde_json::Value;

use crate::reports::{examples, poisoned};

/// What a script of `tests/readers` makes of a text; `None` without its packages.
pub fn ask(script: &str, arguments: &[&str], name: &str, text: &str) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    let python = folder.join(".venv/bin/python");
    if !python.is_file() {
        assert!(std::env::var_os("COTILLION_INTEROP").is_none(), "run `ci/test`, it installs {}", folder.display());
        return None;
    }
    let file: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("read-{name}"));
    std::fs::write(&file, text).unwrap();
    Some(Command::new(python).arg(folder.join(script)).args(arguments).arg(file).output().expect("python"))
}

fn read(name: &str, outcome: &Outcome) -> Option<Value> {
    let text = junit::render(outcome, &Look::default()).unwrap();
    let output = ask("junit.py", &["read"], &format!("{name}.xml"), &text)?;
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn cases(read: &Value) -> &[Value] {
    read["cases"].as_array().unwrap()
}

#[test]
fn another_library_reads_where_and_why() {
    for (name, outcome, counts) in examples() {
        let Some(read) = read(name, &outcome) else { return };
        let found = ["tests", "failures", "errors", "skipped"].map(|count| read[count].as_u64().unwrap());
        assert_eq!(found, counts.map(|count| count as u64), "{name}");
        for case in cases(&read) {
            let at = format!("{name}: {case}");
            assert_eq!(case["file"], "loadtests/auction.yaml", "{at}");
            assert!(case["line"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{at}");
            for result in case["results"].as_array().unwrap() {
                for part in ["kind", "type", "message", "text"] {
                    assert!(result[part].as_str().is_some_and(|text| !text.trim().is_empty()), "{part} of {at}");
                }
            }
        }
        let suite = &read["suites"]["auction"];
        for row in outcome.latencies.iter().filter(|row| row.scenario.is_none()) {
            let found = suite[format!("{}.p95_ms", row.metric)].as_str();
            assert_eq!(found, Some(row.p95.to_string().as_str()), "{name}: {}", row.metric);
        }
    }
}

#[test]
fn a_broken_threshold_is_read_with_its_line() {
    let Some(read) = read("failed", &Outcome::example()) else { return };
    let name = "ack_latency p95 < 200ms (scenario bidders, stage steady)";
    let case = cases(&read).iter().find(|case| case["name"] == name).unwrap();
    assert_eq!((&case["line"], &case["time"]), (&Value::from("33"), &Value::from(0.243)));
    let result = &case["results"][0];
    assert_eq!((&result["kind"], &result["type"]), (&"Failure".into(), &"ThresholdNotMet".into()));
    let message = "ack_latency p95: expected < 200ms, observed 243 ms (1,284 samples)";
    assert_eq!(result["message"], message);
    assert!(result["text"].as_str().unwrap().contains("loadtests/auction.yaml:33"), "{result}");
    assert_eq!((&case["properties"]["observed"], &case["properties"]["limit"]), (&"243.2".into(), &"< 200ms".into()));
}

/// What the schema says of a report.
fn check_schema(name: &str, text: &str, expected: &str) {
    let Some(output) = ask("junit.py", &["validate"], &format!("{name}.xml"), text) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.success(), expected.is_empty(), "{name}: {said}");
    assert!(said.contains(expected) && expected.is_empty() == said.trim().is_empty(), "{name}: {said}");
}

#[test]
fn the_strict_flavour_is_what_the_schema_allows() {
    let strict = Look { junit_strict: true, ..Look::default() };
    for (name, outcome, _) in examples() {
        check_schema(&format!("strict-{name}"), &junit::render(&outcome, &strict).unwrap(), "");
        let hostile = junit::render(&poisoned(&outcome), &strict).unwrap();
        check_schema(&format!("strict-hostile-{name}"), &hostile, "");
    }
    // The schema does refuse: what the rich flavour adds, and what is no report.
    let failed = Outcome::example();
    let rich = junit::render(&failed, &Look::default()).unwrap();
    for refused in
        ["'skipped' attribute not allowed", "'file' attribute not allowed", "Unexpected child with tag 'properties'"]
    {
        check_schema("rich", &rich, refused);
    }
    let text = junit::render(&failed, &strict).unwrap();
    check_schema("strict-wrong", &text.replacen("tests=", "cases=", 2), "'cases' attribute not allowed");
}
