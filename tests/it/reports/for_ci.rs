//! The files for CI servers: how they look, that others read them, that they keep to the limits, and that text of a server
//! stays text.

use cotillion::report::annotations::{self, Annotation, Level, MOST};
use cotillion::report::{FORMATS, Format, Look, Written, github};
use cotillion::verdict::Outcome;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use super::{HOSTILE, examples, no_controls, poisoned, snapshot};
use crate::readers::ask;

fn format(name: &str) -> &'static Format {
    cotillion::report::find(name).expect("a format")
}

fn rendered(name: &str, outcome: &Outcome) -> String {
    (format(name).render)(outcome, &Look::default()).unwrap()
}

#[test]
fn looks() {
    for (name, outcome, _) in examples() {
        snapshot(&format!("{name}.github"), &rendered("github", &outcome));
        snapshot(&format!("{name}.annotations"), &annotations::commands(&annotations::of(&outcome)));
    }
    for name in ["gitlab", "gitlab-metrics", "openmetrics", "csv"] {
        snapshot(&format!("failed.{name}"), &rendered(name, &Outcome::example()));
    }
}

#[test]
fn every_number_of_the_timeline_is_a_column() {
    let record: Value = serde_json::from_str(&rendered("json", &Outcome::example())).unwrap();
    let numbers = record["timeline"]["points"][0].as_object().expect("a second").len();
    let text = rendered("csv", &Outcome::example());
    // The stages are no number of a second.
    assert_eq!(csv::Reader::from_reader(text.as_bytes()).headers().unwrap().len(), numbers + 1);
}

/// What a Markdown text is made of: its tags of HTML, its links, and the numbers of cells in the rows of its tables.
#[derive(Debug, Default)]
struct Made {
    html: Vec<String>,
    links: Vec<String>,
    text: String,
    headings: Vec<String>,
    rows: Vec<usize>,
    tables: usize,
}

fn made(markdown: &str) -> Made {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH | Options::ENABLE_FOOTNOTES;
    let mut made = Made::default();
    let (mut cells, mut heading) = (0, false);
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Html(tag) | Event::InlineHtml(tag) => made.html.push(tag.trim().to_owned()),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                made.links.push(dest_url.to_string())
            }
            Event::Start(Tag::Heading { .. }) => {
                heading = true;
                made.headings.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Start(Tag::Table(_)) => made.tables += 1,
            Event::Start(Tag::TableRow) => cells = 0,
            Event::End(TagEnd::TableRow) => made.rows.push(cells),
            Event::End(TagEnd::TableCell) => cells += 1,
            Event::Text(text) => {
                if let Some(last) = made.headings.last_mut().filter(|_| heading) {
                    last.push_str(&text);
                }
                made.text.push_str(&text);
            }
            Event::Code(_) | Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {
                panic!("{event:?} is none of ours")
            }
            _ => {}
        }
    }
    made
}

/// All tags of HTML that the summary has.
const TAGS: &[&str] = &["<code>", "</code>", "<br>", "<details>", "</details>", "<summary>", "</summary>"];

#[test]
fn a_summary_is_what_it_seems() {
    for (name, outcome, _) in examples() {
        for (outcome, hostile) in [(poisoned(&outcome), true), (outcome, false)] {
            let text = rendered("github", &outcome);
            assert!(no_controls(&text), "{name}");
            let made = made(&text);
            for html in &made.html {
                let left = TAGS.iter().fold(html.clone(), |left, tag| left.replace(tag, ""));
                assert!(!left.contains('<'), "{name}: {html}");
            }
            assert!(made.links.iter().all(|link| link == "https://ci.example/report.html"), "{name}: {:?}", made.links);
            assert_eq!(made.tables, text.matches("| ---").count().min(made.tables), "{name}");
            assert_eq!(made.text.contains("<script>alert(1)</script>"), hostile, "{name}: it is shown");
            assert!(made.headings[0].contains(outcome.verdict.status.word()), "{name}");
            // A text at the beginning of a line could be a list, a heading, or a command where the file is printed.
            for line in text.lines() {
                assert!(!line.starts_with("::") && !line.starts_with("##vso"), "{name}: {line}");
            }
        }
    }
    let wild = made(&HOSTILE.replace('\n', " "));
    assert!(wild.html.iter().any(|html| html.contains("script")), "the text would do harm: {wild:?}");
}

#[test]
fn a_summary_leads_to_the_report_where_that_is_known() {
    let check = |url: &str, expected: &[&str]| {
        let mut outcome = Outcome::example();
        outcome.run.report_url = Some(url.to_owned());
        let text = (format("github").render)(&outcome, &Look::default()).unwrap();
        assert_eq!(made(&text).links, expected, "{url}");
    };
    check("https://ci.example/runs/7#artifacts", &["https://ci.example/runs/7#artifacts"]);
    check("https://ci.example/a)b [x", &["https://ci.example/a%29b%20[x"]);
    check("javascript:alert(1)", &[]);
    check("nonsense", &[]);
}

#[test]
fn a_summary_fits_and_is_whole() {
    let mut outcome = poisoned(&Outcome::example_long());
    outcome.suite.name = "auction".into();
    let long = "| <b> ".repeat(2_000);
    for threshold in &mut outcome.thresholds {
        threshold.name.clone_from(&long);
    }
    let of_one = outcome.thresholds.clone();
    for _ in 0..500 {
        outcome.thresholds.extend(of_one.iter().cloned());
    }
    let most = outcome.errors.clone();
    (0..100).for_each(|_| outcome.errors.extend(most.iter().cloned()));
    let text = rendered("github", &outcome);
    assert!(text.len() <= github::LIMIT, "{} bytes", text.len());
    let mut lengths = Vec::new();
    for room in [github::LIMIT, 400_000, 100_000, 30_000, 10_000, 3_000, 100, 0] {
        let text = github::fitting(&Outcome::example(), room);
        let hard = github::fitting(&outcome, room);
        assert!(text.len() <= room && hard.len() <= room, "{room}: {} and {}", text.len(), hard.len());
        for text in [text, hard] {
            let made = made(&text);
            assert_eq!(
                made.html.iter().filter(|tag| tag.contains("<details>")).count(),
                text.matches("</details>").count()
            );
            assert!(text.is_empty() || text.ends_with("\n\n") && made.headings[0].contains("FAIL"), "{room}");
            lengths.push(text.len());
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() >= 5, "whole, failures, verdict and nothing: {lengths:?}");
}

#[test]
fn annotations_are_few_and_on_their_lines() {
    let found = annotations::of(&Outcome::example());
    let places: Vec<(Level, usize)> = found.iter().map(|annotation| (annotation.level, annotation.line)).collect();
    assert!(places.contains(&(Level::Error, 33)) && places.contains(&(Level::Warning, 35)), "{places:?}");
    assert!(found.iter().all(|annotation| annotation.file == "loadtests/auction.yaml"), "{found:?}");
    assert!(annotations::of(&Outcome::example_passed()).is_empty());
    for (outcome, level) in [
        (Outcome::example_unreachable(), Level::Error),
        (Outcome::example_invalid(), Level::Error),
        (Outcome::example_interrupted(), Level::Error),
        (Outcome::example_suspect(), Level::Warning),
        (Outcome::example_skipped(), Level::Notice),
    ] {
        let levels: Vec<Level> = annotations::of(&outcome).iter().map(|annotation| annotation.level).collect();
        assert_eq!(levels, [level], "{:?}", outcome.verdict.status);
    }
    let many: Vec<Annotation> = found.iter().cycle().take(60).cloned().collect();
    let text = annotations::commands(&many);
    for (level, word) in [(Level::Error, "::error "), (Level::Warning, "::warning ")] {
        let all = many.iter().filter(|annotation| annotation.level == level).count();
        assert!(all > MOST + 1, "{all}");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(word)).collect();
        assert_eq!(lines.len(), MOST + 1, "{text}");
        assert!(lines[MOST].ends_with(&format!("::and {} more: see the log and the report", all - MOST)), "{text}");
    }
}

#[test]
fn an_annotation_is_one_command_whatever_it_says() {
    for (name, outcome, _) in examples() {
        let mut outcome = poisoned(&outcome);
        outcome.verdict.sentence = format!("{HOSTILE} 100 % {}", "long ".repeat(4_000));
        let found = annotations::of(&outcome);
        let text = annotations::commands(&found);
        assert!(no_controls(&text), "{name}");
        for line in text.lines() {
            let known = ["::error ", "::warning ", "::notice "].iter().any(|word| line.starts_with(word));
            assert!(known && line.contains("title="), "{name}: {line}");
            let (head, _) = line[2..].split_once("::").unwrap();
            assert!(head.matches(',').count() <= 2, "{name}: {head}");
            assert!(line.len() < 16_384, "{name}: {}", line.len());
        }
    }
}

#[test]
fn gitlabs_lines_are_a_name_and_a_number() {
    for (name, outcome, _) in examples() {
        for outcome in [poisoned(&outcome), outcome] {
            let text = rendered("gitlab-metrics", &outcome);
            let lines = text.strip_suffix("# EOF\n").expect("its last line");
            for line in lines.lines() {
                let (metric, number) = line.split_once(' ').unwrap_or_else(|| panic!("{name}: {line}"));
                assert!(metric.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{line}");
                assert!(number.parse::<f64>().is_ok_and(f64::is_finite), "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_spreadsheet_gets_a_table_and_no_formula() {
    for (name, outcome, _) in examples() {
        let mut outcome = poisoned(&outcome);
        for stage in &mut outcome.timeline.stages {
            stage.scenario = "=HYPERLINK(\"http://x\")".into();
        }
        let text = rendered("csv", &outcome);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), outcome.timeline.points.len(), "{name}");
        assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{name}");
    }
}

#[test]
fn another_library_reads_openmetrics() {
    for (name, outcome, _) in examples() {
        for (outcome, hostile) in [(poisoned(&outcome), true), (outcome, false)] {
            let text = rendered("openmetrics", &outcome);
            assert!(no_controls(&text) && text.ends_with("\n# EOF\n"), "{name}");
            let Some(output) = ask("openmetrics.py", &[], &format!("{name}-{hostile}.openmetrics"), &text) else {
                return;
            };
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let samples: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(samples.len(), lines, "{name}");
            let suite = |sample: &Value| sample["labels"]["suite"].as_str().map(str::to_owned);
            let expected = cotillion::report::untrusted::one_line(&outcome.suite.name).into_owned();
            assert!(samples.iter().all(|sample| suite(sample).as_ref() == Some(&expected)), "{name}");
        }
    }
    let broken = rendered("openmetrics", &Outcome::example()).replace("# EOF\n", "");
    let Some(output) = ask("openmetrics.py", &[], "broken.openmetrics", &broken) else { return };
    assert!(!output.status.success(), "a file without an end is refused");
}

#[test]
fn every_server_has_files_of_its_own() {
    for (ci, ..) in cotillion::report::ci::CIS {
        assert!(FORMATS.iter().any(|format| format.written == Written::In(*ci)), "{ci:?}");
    }
}
