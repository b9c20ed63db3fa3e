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
    ask_all(script, arguments, &[(name.to_owned(), text.to_owned())])
}

/// The same of several texts at once, each with the name of its file.
pub fn ask_all(script: &str, arguments: &[&str], texts: &[(String, String)]) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    let python = folder.join(".venv/bin/python");
    if !python.is_file() {
        assert!(std::env::var_os("COTILLION_INTEROP").is_none(), "run `ci/test`, it installs {}", folder.display());
        return None;
    }
    let written = texts.iter().map(|(name, text)| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("read-{name}"));
        std::fs::write(&file, text).unwrap();
        file
    });
    let files: Vec<PathBuf> = written.collect();
    Some(Command::new(python).arg(folder.join(script)).args(arguments).args(files).output().expect("python"))
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

/// What the schema says of reports.
fn check_schema(texts: &[(String, String)], expected: &[&str]) {
    let Some(output) = ask_all("junit.py", &["validate"], texts) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(i32::from(!expected.is_empty())), "{said}{output:?}");
    assert_eq!(said.trim().is_empty(), expected.is_empty(), "{said}");
    for part in expected {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn the_strict_flavour_is_what_the_schema_allows() {
    let strict = Look { junit_strict: true, ..Look::default() };
    let examples = examples().into_iter().flat_map(|(name, outcome, _)| {
        let rendered = |outcome| junit::render(outcome, &strict).unwrap();
        [
            (format!("strict-{name}.xml"), rendered(&outcome)),
            (format!("strict-hostile-{name}.xml"), rendered(&poisoned(&outcome))),
        ]
    });
    check_schema(&examples.collect::<Vec<_>>(), &[]);
}

#[test]
fn the_schema_refuses_what_it_does_not_know() {
    let rich = junit::render(&Outcome::example(), &Look::default()).unwrap();
    let expected = [
        "'skipped' attribute not allowed",
        "'timestamp' attribute not allowed",
        "'file' attribute not allowed",
        "Unexpected child with tag 'properties'",
    ];
    check_schema(&[("rich.xml".into(), rich)], &expected);
    let strict = junit::render(&Outcome::example(), &Look { junit_strict: true, ..Look::default() }).unwrap();
    let wrong = strict.replacen("tests=", "cases=", 2);
    check_schema(
        &[("strict-wrong.xml".into(), wrong)],
        &["'cases' attribute not allowed", "missing required attribute 'tests'"],
    );
}
