//! The documents say what is so: every YAML block is read and compiled, every link leads somewhere, every command line is
//! one that the program takes, and tables are those that the program works with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cotillion::cli::exit::EXITS;
use cotillion::metrics::METRICS;
use cotillion::metrics::catalog::{Kind, STATISTICS, Unit};
use cotillion::plan::load::LOADS;
use cotillion::plan::pattern::PATTERNS;
use cotillion::protocol::PROTOCOLS;
use cotillion::report::{Ci, FORMATS, Written};
use cotillion::suite::schema::json_schema;
use cotillion::verdict::validity;

use self::markdown::{Block, blocks, headings, links};

mod fragment;
mod markdown;

/// Every document for people.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in [".", "docs", "report-templates", "tests/interop", "ci"] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix("./").map(Path::to_path_buf).unwrap_or(path), text));
            }
        }
    }
    found.sort();
    found
}

/// What is wrong with a block, if anything. YAML that is for another program is marked with that program's name.
fn fault_of(block: &Block) -> Option<String> {
    let words: Vec<&str> = block.language.split_whitespace().collect();
    match words.as_slice() {
        ["yaml"] => fragment::check(&block.text).err(),
        ["yaml", "gitlab" | "github"] => {
            serde_yaml::from_str::<serde_yaml::Value>(&block.text).err().map(|error| error.to_string())
        }
        ["sh"] => commands(&block.text).into_iter().find_map(|command| refusal_of(&command)),
        ["json"] => serde_json::from_str::<serde_json::Value>(&block.text).err().map(|error| error.to_string()),
        ["text" | "rust" | "csv"] => None,
        _ => Some(format!("nobody knows how to check a block of `{}`", block.language)),
    }
}

/// The arguments of each call of ours in a shell block, without what the shell adds.
fn commands(text: &str) -> Vec<Vec<String>> {
    let call = |line: &str| {
        let words: Vec<&str> =
            line.split_whitespace().take_while(|word| !matches!(*word, "#" | ">" | "|" | "&&")).collect();
        let words: Vec<&str> = words.into_iter().skip_while(|word| word.contains('=')).collect();
        let ours = match words.as_slice() {
            ["cotillion", ours @ ..] => ours,
            ["cargo", "run", rest @ ..] => &rest[rest.iter().position(|word| *word == "--")? + 1..],
            _ => return None,
        };
        Some(ours.iter().map(|word| word.trim_matches('"').to_owned()).collect())
    };
    text.lines().filter_map(call).collect()
}

/// What the program itself says against these arguments. With `--help` at their end nothing is run.
fn refusal_of(arguments: &[String]) -> Option<String> {
    let output = ours().args(arguments).arg("--help").output().unwrap();
    (!output.status.success()).then(|| format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn ours() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cotillion"))
}

#[test]
fn every_block_is_right() {
    let mut wrong = String::new();
    let mut suites = 0;
    for (path, text) in documents() {
        for block in blocks(&text) {
            suites += usize::from(block.language == "yaml");
            if let Some(fault) = fault_of(&block) {
                wrong.push_str(&format!("{}:{}: {fault}\n", path.display(), block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(suites >= 12, "only {suites} blocks of YAML were found");
}

#[test]
fn wrong_blocks_are_found() {
    let check = |language: &str, text: &str, expected: &str| {
        let document = format!("# A title\n\n```{language}\n{text}\n```\n");
        let found = blocks(&document);
        assert_eq!((found.len(), found[0].line), (1, 4), "{text}");
        let fault = fault_of(&found[0]).unwrap_or_default();
        assert!(fault.contains(expected), "{text}: {fault}");
    };
    check("yaml", "name: x\ntarget: { url: demo }\nscenarios: {}", "`scenarios` is empty");
    check("yaml", "cooldown: { per_resource: 1 }", "`1` has no unit");
    check("yaml", "cooldown: { per_lot: 1s }", "unknown key `per_lot`");
    check("yaml", "load: { users: 10 }", "`duration` is missing");
    check("yaml", "- emit: bid\n  acknowlege: {}", "did you mean `ack`?");
    check("yaml", "- emit: bid\n  args: [\"{{ usr.index }}\"]", "unknown name `usr`");
    check("yaml", "- post: login", "neither a path nor a URL");
    check("yaml", "thresholds: { ack_latency: \"p95 < 200\" }", "unit missing");
    check("yaml", "kitchen: 1", "no key of a suite nor of a scenario");
    check("yaml", "pattern: rotate\ncooldown: { per_user: 1s }", "no key of a scenario");
    check("yaml", "a: [", "flow");
    check("yaml", "just words", "neither keys nor steps");
    check("yaml gitlab", "a: [", "flow");
    check("yml", "a: 1", "nobody knows");
    check("", "a: 1", "nobody knows");
    check("sh", "cotillion run loadtests --fastest", "--fastest");
    check("sh", "TARGET_URL=x cotillion rum loadtests > y", "rum");
    check("sh", "cargo run --release -- demo --port 1", "--port");
    check("json", "{", "EOF");
}

#[test]
fn right_blocks_are_let_pass() {
    for (language, text) in [
        ("yaml", "cooldown: { per_resource: 1s }"),
        ("yaml", "pattern: burst\nevery: 2s"),
        ("yaml", "- emit: bid\n  args: [\"{{ resource.id }}\"]\n  ack: { ok: ack.ok }"),
        ("yaml", "- post: /login\n  save: { token: response.json.token }"),
        (
            "sh",
            "cotillion run loadtests --out x # why\nTARGET_URL=x cargo run --release -- demo --users 5\nls --nothing",
        ),
    ] {
        let block = Block { line: 1, language: language.into(), text: text.into() };
        assert_eq!(fault_of(&block), None, "{text}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = String::new();
    for (path, text) in documents() {
        for link in links(&text) {
            if let Some(fault) = fault_of_link(&path, &text, &link) {
                wrong.push_str(&format!("{}: {fault}\n", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let lost = |link: &str| fault_of_link(Path::new("docs/suite.md"), "# One `title` here", link).is_some();
    assert!(lost("nowhere.md") && lost("README.md") && lost("#another") && lost("../README.md#nothing"));
    assert!(!lost("../README.md") && !lost("#one-title-here") && !lost("https://example.com"));
}

fn fault_of_link(from: &Path, text: &str, link: &str) -> Option<String> {
    if link.contains("://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = from.parent().unwrap_or(Path::new("")).join(file);
    if !file.is_empty() && !target.exists() {
        return Some(format!("`{link}` leads nowhere"));
    }
    let anchor = anchor?;
    let there = if file.is_empty() { text.to_owned() } else { fs::read_to_string(&target).unwrap() };
    (!headings(&there).iter().any(|known| known == anchor)).then(|| format!("`{link}`: there is no such heading"))
}

/// The program's own tables as Markdown, and where they stand.
fn tables() -> Vec<(&'static str, String)> {
    let row = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let head = |names: &[&str]| row(names) + &format!("|{}\n", "---|".repeat(names.len()));
    let code = |text: &str| format!("`{text}`");
    let list = |head: String, rows: Vec<(String, &str)>| {
        head + &rows.iter().map(|(name, about)| row(&[name, about])).collect::<String>()
    };
    let exits = EXITS.iter().map(|(_, number, about)| (number.to_string(), *about)).collect();
    let metric = |unit: Unit, kind: &Kind| match (unit, kind) {
        (Unit::Share, _) => "share, as `>= 99%`",
        (Unit::Count, _) => "count, as `== 0`",
        (Unit::PerSecond, _) => "rate, as `>= 20/s`",
        (Unit::Milliseconds, _) => "durations, as `p95 < 200ms`",
        (Unit::Bytes, _) => "bytes, as `< 500MiB`",
        (Unit::Number, _) => "numbers, as `p95 < 600`",
    };
    let metrics = METRICS.iter().map(|row_of| {
        let by = if matches!(row_of.kind, Kind::Gauge(_)) {
            ""
        } else if row_of.by_action {
            "scenario, stage, action"
        } else {
            "scenario, stage"
        };
        row(&[&code(row_of.name), metric(row_of.unit, &row_of.kind), row_of.about, by])
    });
    let doubt = |text: &str| if text.is_empty() { "never".to_owned() } else { text.to_owned() };
    let doubts = validity::RULES.iter().map(|rule| row(&[rule.name, &doubt(rule.invalid), &doubt(rule.suspect)]));
    let formats = FORMATS.iter().map(|format| {
        let written = match format.written {
            Written::Always => "always",
            Written::In(Ci::GitHub) => "in jobs of GitHub",
            Written::In(Ci::GitLab) => "in jobs of GitLab",
            Written::WhenAsked => "when asked for",
        };
        format!("| {} | {} | {written} |\n", code(format.name), code(format.file))
    });
    vec![
        ("docs/suite.md", head(&["doubt", "INVALID when", "SUSPECT when"]) + &doubts.collect::<String>()),
        ("README.md", list(head(&["code", "means"]), exits)),
        ("README.md", list(head(&["file", "is"]), FORMATS.iter().map(|f| (code(f.file), f.about)).collect())),
        ("docs/reports.md", head(&["`--format`", "file", "written"]) + &formats.collect::<String>()),
        ("docs/suite.md", list(head(&["protocol", "is"]), PROTOCOLS.iter().map(|p| (code(p.name), p.about)).collect())),
        ("docs/suite.md", list(head(&["load", "does"]), LOADS.iter().map(|l| (code(l.key), l.about)).collect())),
        ("docs/suite.md", list(head(&["pattern", "does"]), PATTERNS.iter().map(|p| (code(p.name), p.about)).collect())),
        ("docs/suite.md", head(&["metric", "limit", "is", "can be narrowed by"]) + &metrics.collect::<String>()),
        ("docs/suite.md", STATISTICS.iter().map(|(name, _)| code(name)).collect::<Vec<_>>().join(", ")),
    ]
}

#[test]
fn tables_are_the_programs_own() {
    for (path, table) in tables() {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(&table), "{path} lacks, word for word:\n\n{table}");
    }
}

/// Every key of the language stands in its reference, as `key` or in a block as `key:`.
#[test]
fn every_key_is_documented() {
    let text = fs::read_to_string("docs/suite.md").unwrap();
    let schema = json_schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let shapes = definitions.iter().map(|(name, shape)| (name.as_str(), shape)).chain([("Suite", &schema)]);
    let mut missing = BTreeSet::new();
    for (name, shape) in shapes {
        for key in shape["properties"].as_object().into_iter().flat_map(|keys| keys.keys()) {
            let forms = [format!("`{key}"), format!("{key}`"), format!("`{key}:"), format!("{key}: ")];
            if !forms.iter().any(|form| text.contains(form)) {
                missing.insert(format!("{name}.{key}"));
            }
        }
    }
    assert!(definitions.len() >= 10 && missing.is_empty(), "no word on {missing:?}");
}

/// Every command and every option of the program stands in a document.
#[test]
fn every_option_is_documented() {
    let texts: String = documents().into_iter().map(|(_, text)| text).collect();
    let help =
        |arguments: &[&str]| String::from_utf8(ours().args(arguments).arg("--help").output().unwrap().stdout).unwrap();
    let listed = help(&[]);
    let listed = listed.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed: Vec<&str> =
        listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(listed.len() >= 6, "{listed:?}");
    let mut missing = BTreeSet::new();
    for command in listed {
        if !texts.contains(&format!("`cotillion {command}")) {
            missing.insert(format!("cotillion {command}"));
        }
        let help = help(&[command]);
        let options = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options.map(|word| word.trim_end_matches(|c: char| !c.is_ascii_lowercase())) {
            if option != "--help" && !texts.contains(&format!("`{option}")) {
                missing.insert(option.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "no document says what these are: {missing:?}");
}
