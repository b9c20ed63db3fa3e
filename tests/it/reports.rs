//! Every report format over every example outcome: how it looks, that it can be read back, that it is complete, and
//! that text of a server stays text.

use std::collections::HashSet;
use std::path::Path;

use cotillion::metrics::number;
use cotillion::report::{FORMATS, Look, html, json, junit, terminal};
use cotillion::verdict::Outcome;
use cotillion::verdict::outcome::{ThresholdResult, Totals};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use quick_xml::Reader;
use quick_xml::events::Event;

mod agreement;
mod deliveries;
mod endings;
mod for_ci;

/// Examples, and what their JUnit report comes to: tests, failures, errors, skipped.
pub fn examples() -> Vec<(&'static str, Outcome, [usize; 4])> {
    vec![
        ("failed", Outcome::example(), [15, 5, 0, 0]),
        ("passed", Outcome::example_passed(), [15, 0, 0, 0]),
        ("interrupted", Outcome::example_interrupted(), [14, 0, 1, 13]),
        ("unreachable", Outcome::example_unreachable(), [13, 0, 1, 12]),
        ("skipped", Outcome::example_skipped(), [13, 0, 0, 13]),
        ("suspect", Outcome::example_suspect(), [15, 0, 0, 0]),
        ("invalid", Outcome::example_invalid(), [15, 0, 1, 14]),
        ("aborted", Outcome::example_aborted(), [15, 1, 0, 10]),
        ("long", Outcome::example_long(), [20, 7, 0, 0]),
    ]
}

pub fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../reports");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// To be looked at: every report is written to `target/tmp/reports/`.
#[test]
fn examples_can_be_looked_at() {
    let hostile = poisoned(&Outcome::example());
    let examples = examples().into_iter().map(|(name, outcome, _)| (name, outcome)).chain([("hostile", hostile)]);
    for (name, outcome) in examples {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for format in FORMATS {
            std::fs::write(folder.join(format.file), (format.render)(&outcome, &Look::default()).unwrap()).unwrap();
        }
        std::fs::write(folder.join("terminal.txt"), terminal::render(&outcome, true, 80)).unwrap();
    }
}

#[test]
fn looks() {
    for (name, outcome, _) in examples() {
        snapshot(&format!("{name}.terminal"), &terminal::render(&outcome, false, 80));
        snapshot(&format!("{name}.junit"), &junit::render(&outcome, &Look::default()).unwrap());
    }
    let failed = Outcome::example();
    snapshot("failed.terminal-colour", &terminal::render(&failed, true, 80).replace('\u{1b}', "␛"));
    snapshot("failed.terminal-narrow", &terminal::render(&failed, false, 40));
    // A long timeline says nothing new; the others hold every kind of thing.
    snapshot("failed.json", &json::render(&failed, &Look::default()).unwrap());
    snapshot("failed.html", &body(&html::render(&failed, &Look::default()).unwrap()));
}

/// A page without its style sheet and its script, which are files of their own.
pub fn body(page: &str) -> String {
    let mut text = page.to_owned();
    for tag in ["style", "script"] {
        let Some(start) = text.find(&format!("<{tag}>")).map(|at| at + tag.len() + 2) else { continue };
        let end = text.find(&format!("</{tag}>")).expect("it ends");
        text.replace_range(start..end, "");
    }
    text
}

#[test]
fn results_give_back_the_outcome() {
    for (name, outcome, _) in examples() {
        let text = json::render(&outcome, &Look::default()).unwrap();
        assert_eq!(json::read(&text).unwrap(), outcome, "{name}");
    }
}

#[test]
fn other_documents_are_refused_with_what_they_are() {
    let good = json::render(&Outcome::example_unreachable(), &Look::default()).unwrap();
    let check = |text: &str, expected: &str| {
        let error = json::read(text).expect_err("it is refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&good.replacen("\"version\": 1", "\"version\": 2", 1), "`cotillion-results` version 2");
    check(&good.replacen("cotillion-results", "k6-summary", 1), "`k6-summary` version 1");
    check(&good.replacen("\"errors\": [", "\"mistakes\": [", 1), "missing field `errors`");
    check("[]", "not the results of a run");
    check("", "not the results of a run");
}

#[test]
fn junit_reads_back_with_all_that_ci_servers_show() {
    for (name, outcome, counts) in examples() {
        let report = Report::deserialize_from_str(&junit::render(&outcome, &Look::default()).unwrap()).unwrap();
        assert_eq!([report.tests, report.failures, report.errors, report.skipped], counts, "{name}");
        let mut keys = HashSet::new();
        for suite in &report.test_suites {
            assert!(suite.properties.iter().any(|property| &*property.name == "run.id"), "{name}");
            for case in &suite.test_cases {
                check_case(name, case);
                assert!(
                    keys.insert((case.classname.clone(), case.name.clone())),
                    "{name}: {} comes twice",
                    &*case.name
                );
            }
        }
        for judged in &outcome.thresholds {
            assert!(keys.iter().any(|(_, case)| **case == *judged.name), "{name}: {} is missing", judged.name);
        }
        for row in &outcome.invariants {
            let expected = format!("invariant {}", row.name);
            assert!(keys.iter().any(|(_, case)| **case == *expected), "{name}: {expected} is missing");
        }
    }
}

fn check_case(name: &str, case: &TestCase) {
    let at = format!("{name}: {}", &*case.name);
    assert!(case.classname.as_ref().is_some_and(|class| class.starts_with("cotillion.auction")), "{at}");
    assert_eq!(&**case.extra.get("file").expect("a file"), "loadtests/auction.yaml", "{at}");
    assert!(case.extra.get("line").expect("a line").parse::<usize>().is_ok_and(|line| line > 0), "{at}");
    assert!(case.time.is_some(), "{at}");
    match &case.status {
        TestCaseStatus::Success { .. } => {}
        TestCaseStatus::NonSuccess { kind, message, ty, description, .. } => {
            let (message, ty) = (message.as_ref().expect("a message"), ty.as_ref().expect("a type"));
            let text = description.as_ref().expect("a text");
            assert!(!message.is_empty() && !message.contains('\n'), "{at}");
            assert!(text.lines().count() > 2 && text.contains("rrors"), "{at}: {}", &**text);
            let types: &[&str] = match kind {
                NonSuccessKind::Failure => &["ThresholdNotMet", "NoData", "InvariantBroken", "CheckFailed"],
                NonSuccessKind::Error => &["Interrupted", "Unreachable", "InvalidRun", "CheckNotAsked"],
            };
            assert!(types.contains(&&**ty), "{at}: {}", &**ty);
            if *kind == NonSuccessKind::Failure {
                let further: &[&str] = match &**ty {
                    "CheckFailed" => &["Observed", "Values"],
                    _ if case.name.starts_with("invariant ") => &["Held", "Undecided", "user"],
                    _ => &["Observed", "Samples", "p95"],
                };
                for part in ["Expected", "loadtests/auction.yaml:"].iter().chain(further) {
                    assert!(text.contains(part), "{at}: no {part}");
                }
                let output = case.system_out.as_ref().expect("output");
                assert!(output.contains("[[ATTACHMENT|cotillion-report/auction/report.html]]"), "{at}");
            }
        }
        TestCaseStatus::Skipped { message, .. } => {
            assert!(message.as_ref().is_some_and(|text| !text.is_empty()), "{at}")
        }
    }
}

#[test]
fn junit_survives_what_is_unusual() {
    let mut outcome = Outcome::example();
    // Two thresholds of one name, no place for the reports, more text than a server takes.
    outcome.thresholds.push(outcome.thresholds[0].clone());
    outcome.run.report_dir = Some("../elsewhere".into());
    outcome.verdict.sentence = "long ".repeat(40_000);
    outcome.verdict.status = cotillion::verdict::outcome::Status::Invalid;
    let text = junit::render(&outcome, &Look::default()).unwrap();
    let report = Report::deserialize_from_str(&text).unwrap();
    assert!(!text.contains("ATTACHMENT"));
    let cases: Vec<&TestCase> = report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    assert!(cases.iter().any(|case| &*case.name == "success_rate >= 95% #2"));
    assert!(cases.iter().filter_map(|case| case.system_out.as_ref()).all(|output| output.len() < 66_000));
    // Without a scenario the file still says what became of the run.
    let mut outcome = Outcome::example_unreachable();
    outcome.scenarios.clear();
    outcome.thresholds.clear();
    outcome.invariants.clear();
    let report = Report::deserialize_from_str(&junit::render(&outcome, &Look::default()).unwrap()).unwrap();
    assert_eq!((report.tests, report.errors, report.skipped), (2, 1, 1));
}

#[test]
fn the_page_is_well_formed_and_accessible() {
    for (name, outcome, _) in examples() {
        check_page(name, &html::render(&outcome, &Look::default()).unwrap());
    }
}

/// What the page that compares leads to.
const REPORTS: &[&str] = &["burst/report.html", "dedicated/report.html", "rotate/report.html"];

#[test]
fn a_run_that_cannot_judge_looks_like_no_success_anywhere() {
    let outcome = Outcome::example_invalid();
    let page = body(&html::render(&outcome, &Look::default()).unwrap());
    for colour in ["#4f8f80", "#2e7d58"] {
        assert!(!page.contains(colour), "{colour} is the colour of what is well");
        assert!(
            body(&html::render(&Outcome::example(), &Look::default()).unwrap()).contains(colour),
            "{colour} is in others"
        );
    }
    for text in [page, terminal::render(&outcome, false, 80), junit::render(&outcome, &Look::default()).unwrap()] {
        assert!(!text.contains("PASS") && text.contains("INVALID") && text.contains("ot judged") | text.contains("- "));
    }
}

#[test]
fn a_run_that_was_stopped_early_has_one_failure_and_says_why() {
    let outcome = Outcome::example_aborted();
    let text = junit::render(&outcome, &Look::default()).unwrap();
    assert_eq!(text.matches("<failure").count() + text.matches("<error").count(), 1, "{text}");
    assert!(text.contains("success_rate: expected"));
    let why = "The run was stopped early: success_rate &gt;= 95% was broken for 10 s.";
    assert!(text.contains(why), "{text}");
    // Without a threshold that fails, the run itself is what failed.
    let mut outcome = outcome;
    outcome.thresholds.clear();
    assert!(junit::render(&outcome, &Look::default()).unwrap().contains("type=\"Aborted\""));
}

/// Tags are balanced, ids unique and found, headings in order, tables and pictures named, nothing fetched.
pub fn check_page(name: &str, page: &str) {
    let text = body(page).replacen("<!doctype html>", "", 1);
    let mut reader = Reader::from_str(&text);
    // `meta` is never closed in HTML.
    reader.config_mut().check_end_names = false;
    let (mut open, mut ids, mut references, mut level) = (vec![], HashSet::new(), vec![], 0);
    loop {
        let event =
            reader.read_event().unwrap_or_else(|error| panic!("{name}: {error} at {}", reader.error_position()));
        let (tag, attributes, empty) = match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes: Vec<(String, String)> = tag
                    .html_attributes()
                    .map(|attribute| attribute.unwrap_or_else(|error| panic!("{name}: {error}")))
                    .map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.to_string()))
                    .collect();
                (tag.name().as_ref().to_owned(), attributes, matches!(event, Event::Empty(_)))
            }
            Event::End(tag) => {
                let closed = tag.name().as_ref().to_owned();
                assert_eq!(open.pop().as_ref(), Some(&closed), "{name}: before byte {}", reader.buffer_position());
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let value = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        assert!(
            !["link", "img", "iframe", "object", "embed", "base", "form"].contains(&tag.as_str()),
            "{name}: <{tag}>"
        );
        assert!(value("src").is_none() && attributes.iter().all(|(key, _)| !key.starts_with("on")), "{name}: <{tag}>");
        if let Some(id) = value("id") {
            assert!(ids.insert(id.to_owned()), "{name}: id {id} comes twice");
        }
        // Pages lead to their own parts, and the one that compares to the reports of its runs.
        let href = value("href").filter(|href| !REPORTS.contains(href));
        references.extend(href.map(|href| href.strip_prefix('#').expect("only places in the page").to_owned()));
        references.extend(value("aria-labelledby").into_iter().flat_map(str::split_whitespace).map(str::to_owned));
        if let Some(next) = tag.strip_prefix('h').and_then(|rest| rest.parse::<u32>().ok()) {
            assert!(next <= level + 1, "{name}: h{next} below h{level}");
            level = next;
        }
        assert!(tag != "th" || value("scope").is_some(), "{name}: a th without scope");
        assert!(
            tag != "svg" || open.iter().any(|outer| outer == "svg") || value("role").or(value("aria-hidden")).is_some()
        );
        if !empty && tag != "meta" {
            open.push(tag);
        }
    }
    assert_eq!(open, [""; 0], "{name}: never closed");
    for reference in references {
        assert!(ids.contains(&reference), "{name}: nothing has the id {reference}");
    }
    assert_eq!(text.matches("<table").count(), text.matches("<caption").count(), "{name}: a table without a caption");
    for part in ["url(", "@import", "fetch(", "XMLHttpRequest", "import(", "srcset", "data:image"] {
        assert!(!page.contains(part), "{name}: {part}");
    }
}

#[test]
fn an_hour_is_not_larger_than_it_must_be() {
    let page = html::render(&Outcome::example_long(), &Look::default()).unwrap();
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let columns =
        page.split("id=\"numbers\"").nth(1).unwrap().split("</table>").next().unwrap().matches("<tr>").count();
    assert_eq!(columns, 300 + 1);
    assert!(page.contains("A column stands for 12 seconds"));
}

#[test]
fn every_number_of_the_totals_is_in_the_page() {
    let mut outcome = Outcome::example();
    let mut next = 1_234_567;
    let mut number = || {
        next += 1_001;
        next
    };
    let totals = Totals {
        planned: number(),
        ok: number(),
        rejected: number(),
        failed: number(),
        timeout: number(),
        disconnected: number(),
        not_sent_busy: number(),
        not_sent_offline: number(),
        not_sent_generator: number(),
        not_sent_abandoned: number(),
        unfinished: number(),
        rejected_explained: number(),
        rejected_jitter: number(),
        rejected_unexplained: number(),
        rejected_contested: number(),
        sent: number(),
        acks: number(),
        late_answers: number(),
        connect_attempts: number(),
        connections: number(),
        connect_failures: number(),
        logins: number(),
        login_failures: number(),
        disconnects: number(),
        reconnects: number(),
        upgrades_due: number(),
        upgrades: number(),
        received_events: number(),
    };
    outcome.totals = totals;
    let page = html::render(&outcome, &Look::default()).unwrap();
    // Through its own document, so that a new total is asked for without a change here.
    let document: serde_json::Value = serde_json::from_str(&json::render(&outcome, &Look::default()).unwrap()).unwrap();
    let totals = document["totals"].as_object().unwrap();
    assert!(totals.len() >= 25);
    for (name, value) in totals {
        let shown = number::count(value.as_u64().unwrap());
        assert!(page.contains(&shown), "{name}: {shown} is not in the page");
    }
}

#[test]
fn every_format_says_what_came_out() {
    for (name, outcome, _) in examples() {
        let texts = [
            html::render(&outcome, &Look::default()).unwrap(),
            junit::render(&outcome, &Look::default()).unwrap(),
            json::render(&outcome, &Look::default()).unwrap(),
            terminal::render(&outcome, false, 80),
        ];
        for judged in outcome.thresholds.iter().filter(|judged| judged.result != ThresholdResult::NotJudged) {
            for text in &texts {
                assert!(text.contains(&judged.observed_text), "{name}: {} of {}", judged.observed_text, judged.name);
            }
        }
        let word = outcome.verdict.status.word();
        assert!(texts.iter().all(|text| text.contains(word) || text.contains(&word.to_lowercase())), "{name}: {word}");
    }
}

/// One text that means harm to every reader: HTML, XML, terminals, GitHub, Azure, GitLab and templates.
pub const HOSTILE: &str = "::error file=a::boom\n::add-mask::x\r\n<script>alert(1)</script>]]>\" onload=\"alert(1)' \u{1b}[31m\
    \u{1b}]0;title\u{7} ##vso[task.complete] ##[error]x [[ATTACHMENT|/etc/passwd]] &lt; {{ 7 * 7 }} {% raw %} \u{202e}abc \
    \u{0}\u{9b}31m \u{2028}::set-output name=a::b";

/// What is one of a few words, or counts, and not a text.
const WORDS: &[&str] = &["format", "status", "validity", "result", "unit", "how", "end", "standing", "fault", "cells"];

/// The outcome with every text in it replaced. Through JSON, so that no field can be forgotten.
pub fn poisoned(outcome: &Outcome) -> Outcome {
    fn poison(value: &mut serde_json::Value, key: &str) {
        match value {
            serde_json::Value::String(_) if WORDS.contains(&key) => {}
            // Of the proof; the verdict of the run is more than a word.
            serde_json::Value::String(_) if key == "verdict" => {}
            serde_json::Value::String(text) => *text = HOSTILE.into(),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key)),
            serde_json::Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key)),
            _ => {}
        }
    }
    let mut document = serde_json::from_str(&json::render(outcome, &Look::default()).unwrap()).unwrap();
    poison(&mut document, "");
    json::read(&document.to_string()).unwrap()
}

#[test]
fn hostile_text_stays_text() {
    for (name, outcome, _) in examples() {
        let mut outcome = poisoned(&outcome);
        assert_eq!(outcome.suite.name, HOSTILE);
        harmless_page(name, &html::render(&outcome, &Look::default()).unwrap());
        harmless_terminal(name, &outcome);

        let text = json::render(&outcome, &Look::default()).unwrap();
        assert!(no_controls(&text), "{name}");
        assert_eq!(json::read(&text).unwrap(), outcome, "{name}");

        harmless_junit(name, &junit::render(&outcome, &Look::default()).unwrap());
        // Our own attachment is the only one.
        outcome.run.report_dir = Some("out".into());
        let text = junit::render(&outcome, &Look::default()).unwrap();
        let ours = text.matches("[[ATTACHMENT|out/report.html]]").count();
        // A skipped run has nothing to show.
        assert!((ours > 0) == (name != "skipped") && text.matches("[[").count() == ours, "{name}");
    }
}

pub fn no_controls(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}

fn harmless_page(name: &str, page: &str) {
    check_page(name, page);
    assert_eq!(page.matches("<script").count(), 1, "{name}");
    for part in ["\" onload=", "' onload=", "<script>alert", "&lt; {{", "7 * 7 }} {% raw %} \u{202e}"] {
        assert!(!page.contains(part), "{name}: {part}");
    }
    assert!(no_controls(page), "{name}");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("{{ 7 * 7 }}"),
        "{name}: it is shown"
    );
}

fn harmless_junit(name: &str, text: &str) {
    let report = Report::deserialize_from_str(text).unwrap();
    assert!(no_controls(text), "{name}");
    assert!(!text.contains("[[ATTACHMENT"), "{name}");
    assert!(report.test_suites.iter().all(|suite| suite.name.contains("<script>alert(1)</script>]]>")), "{name}");
}

fn harmless_terminal(name: &str, outcome: &Outcome) {
    for (colour, width) in [(false, 80), (false, 40), (true, 80)] {
        let mut text = terminal::render(outcome, colour, width);
        if colour {
            text = without_styles(&text);
        }
        assert!(no_controls(&text), "{name}");
        for line in text.lines() {
            let start = line.trim_start();
            assert!(!start.starts_with("::"), "{name}: {line}");
            assert!(!line.contains("##"), "{name}: {line}");
            assert!(!line.contains('\u{202e}') && !line.contains('\u{2028}'), "{name}: {line}");
            assert!(line.chars().count() <= width, "{name}: {line}");
        }
    }
}

/// What is left when the styles that we ourselves write are taken away.
pub fn without_styles(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_digit() && c != ';').expect("a style ends");
        assert_eq!(&piece[end..=end], "m", "only styles");
        plain.push_str(&piece[end + 1..]);
    }
    plain
}

#[test]
fn templates_name_only_what_there_is() {
    let mut outcome = Outcome::example();
    // Everything that may be missing is.
    outcome.thresholds.clear();
    outcome.scenarios.clear();
    outcome.latencies.clear();
    outcome.metrics.clear();
    outcome.errors.clear();
    outcome.deliveries.clear();
    outcome.unmatched_events.clear();
    outcome.timeline = Default::default();
    outcome.plan = Default::default();
    outcome.suite.description = None;
    outcome.suite.tags.clear();
    outcome.run.overrides.clear();
    outcome.totals = Totals::default();
    check_page("empty", &html::render(&outcome, &Look::default()).unwrap());
    assert!(terminal::render(&outcome, true, 80).contains("FAIL"));
    assert!(Report::deserialize_from_str(&junit::render(&outcome, &Look::default()).unwrap()).is_ok());
}
