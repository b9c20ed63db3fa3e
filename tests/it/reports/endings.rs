//! How runs look that did not come to a verdict, in every format there is, and on the terminal.

use cotillion::report::{FORMATS, Look, terminal};
use cotillion::secrets::Redactor;
use cotillion::units::Duration;
use cotillion::verdict::Outcome;
use cotillion::verdict::outcome::RunInfo;

use super::{body, snapshot};

/// Runs that say nothing of the server: none may look like a pass or like a fail.
fn endings() -> Vec<(&'static str, Outcome)> {
    vec![
        ("interrupted", Outcome::example_interrupted()),
        ("invalid", Outcome::example_invalid()),
        ("unreachable", Outcome::example_unreachable()),
        ("skipped", Outcome::example_skipped()),
        ("skipped-unplanned", unplanned()),
    ]
}

/// One of which nobody could make a plan, for instance since a variable is missing.
fn unplanned() -> Outcome {
    let Outcome { suite, run, .. } = Outcome::example_skipped();
    let run = RunInfo { planned_duration: Duration::ZERO, target: "unknown".into(), ..run };
    Outcome::skipped(suite, run, "stage 10-smoke did not pass", &Redactor::new(&Default::default()))
}

/// A timeline and its pictures say nothing of an ending: these files hold what stands before and after.
const LONG: &[&str] = &["points", "marks"];

fn rendered(outcome: &Outcome) -> Vec<(String, String)> {
    let look = Look::default();
    let files = FORMATS.iter().map(|format| {
        let text = (format.render)(outcome, &look).unwrap();
        (format.name.to_owned(), text)
    });
    files.chain([("terminal".to_owned(), terminal::render(outcome, false, 80))]).collect()
}

#[test]
fn every_format_says_how_a_run_ended() {
    for (name, outcome) in endings() {
        for (format, text) in rendered(&outcome) {
            let shown = match format.as_str() {
                "html" => body(&text),
                "json" => shortened(&text),
                _ => text,
            };
            snapshot(&format!("{name}.{format}"), &shown);
        }
    }
}

/// A document without what is only long.
fn shortened(text: &str) -> String {
    fn shorten(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, field) in fields {
                    if let (true, Some(items)) = (LONG.contains(&name.as_str()), field.as_array_mut()) {
                        items.truncate(1);
                    }
                    shorten(field);
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(shorten),
            _ => {}
        }
    }
    let mut document = serde_json::from_str(text).unwrap();
    shorten(&mut document);
    serde_json::to_string_pretty(&document).unwrap()
}

/// What only a run says that was judged. Words in a picture's style, in names and in help do not count.
const VERDICTS: &[&str] =
    &["✓", "✗", "✅", "❌", "<failure", "\"result\": \"met\"", "\"result\": \"held\"", "\"result\": \"broken\""];

#[test]
fn nothing_is_green_or_red_that_was_not_judged() {
    let judged: Vec<(String, String)> = rendered(&Outcome::example());
    for part in VERDICTS {
        assert!(judged.iter().any(|(_, text)| text.contains(part)), "{part} is said of no run");
    }
    for (name, outcome) in endings() {
        for (format, text) in rendered(&outcome) {
            // The proof of the plan is judged before any run, and the page draws it.
            let text = text.replace("✓ kept", "");
            for part in VERDICTS {
                assert!(!text.contains(part), "{format} of {name}: {part}");
            }
        }
    }
}

#[test]
fn a_skipped_run_has_neither_success_nor_failure() {
    for (format, text) in [Outcome::example_skipped(), unplanned()].iter().flat_map(rendered) {
        let text = if format == "html" { body(&text) } else { text };
        // A metric that counts to nothing says that it is not.
        let text: String = text.lines().filter(|line| !line.ends_with("} 0")).collect();
        for part in ["PASS", "FAIL", "<failure", "<error", "100 %", "NaN", "#2e7d58", "🟩"] {
            assert!(!text.contains(part), "{format}: {part}");
        }
    }
}
