//! Suites as data: everything in `tests/suites/ok` is read without a problem, and everything in `tests/suites/err` has
//! exactly the problems that its comments name.
//!
//! A trailing comment `#! 9 unknown key `x`` expects, on its line, a problem in column 9 that says so; after ` => `
//! stands how its help begins. `#! 3:9 …` names the line, too, where the line itself can hold no comment. A
//! comment `#env NAME=value` sets a variable.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cotillion::plan::Overrides;
use cotillion::plan::compile::{Context, compile};
use cotillion::secrets::Redactor;
use cotillion::suite::diagnostic::render;
use cotillion::suite::env::Environment;
use cotillion::suite::problem::{Path as Place, Problem, Problems};
use cotillion::suite::read::{Loaded, read};
use cotillion::suite::schema::json_schema;
use cotillion::suite::source::Source;
use proptest::prelude::*;

const OK: &str = "tests/suites/ok";
const ERR: &str = "tests/suites/err";

/// Everything that is found before a run: by reading, and, where that finds nothing, by compiling.
fn all_problems(file: &Path, text: &str, environment: &Environment) -> (Option<Loaded>, Problems) {
    let (loaded, problems) = read(file, text, environment);
    let Some(suite) = loaded.as_ref().filter(|_| problems.is_empty() && file.starts_with(ERR)) else {
        return (loaded, problems);
    };
    let files = |name: &str| match name {
        "words.csv" => Ok(b"text,length\nyes,3\nno,2\n".to_vec()),
        "blob.bin" => Ok(vec![0, 255, 1]),
        _ => Err(format!("{name}: there is no such file")),
    };
    let overrides = Overrides::default();
    let context = Context { overrides: &overrides, files: &files, built_in: Some("http://127.0.0.1:9"), seed: 1 };
    let (_, problems) = compile(suite, &context);
    (loaded, problems)
}

fn check(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let (loaded, problems) = all_problems(file, &text, &environment(&text));
    // Only broken YAML hides what later checks would find.
    let is_yaml = !file.file_name().unwrap().to_string_lossy().starts_with("syntax-");
    assert_eq!(loaded.is_some(), is_yaml, "{}", file.display());
    let mut wrong = String::new();
    let mut found: Vec<&Problem> = problems.0.iter().collect();
    for expected in expectations(&text) {
        match found.iter().position(|problem| expected.is_met_by(problem)) {
            Some(index) => {
                found.remove(index);
            }
            None => writeln!(wrong, "not found: {expected:?}").unwrap(),
        }
    }
    for problem in found {
        let place = problem.location.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
        writeln!(wrong, "unexpected: {place} {} => {}", problem.what, problem.help.as_deref().unwrap_or_default())
            .unwrap();
    }
    assert!(wrong.is_empty(), "{}\n{wrong}\n{}", file.display(), render(&problems, false));
}

fn environment(text: &str) -> Environment {
    text.lines().filter_map(|line| line.strip_prefix("#env ")?.split_once('=')).collect()
}

#[derive(Debug)]
struct Expected<'a> {
    line: usize,
    column: usize,
    what: &'a str,
    help: &'a str,
}

impl Expected<'_> {
    fn is_met_by(&self, problem: &Problem) -> bool {
        let place = problem.location.as_ref().map(|place| (place.line, place.column));
        let help = problem.help.as_deref().unwrap_or_default();
        place == Some((self.line, self.column)) && problem.what == self.what && help.starts_with(self.help)
    }
}

fn expectations<'a>(text: &'a str) -> Vec<Expected<'a>> {
    let of_line = |(index, line): (usize, &'a str)| {
        line.split("#! ").skip(1).map(move |comment| {
            let (place, message) = comment.trim().split_once(' ').expect("a place and a message");
            let (what, help) = message.split_once(" => ").unwrap_or((message, ""));
            let (line, column) = match place.split_once(':') {
                Some((line, column)) => (line.parse().unwrap(), column),
                None => (index + 1, place),
            };
            Expected { line, column: column.parse().expect("a column"), what, help }
        })
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

fn suites(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut suites: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "yaml")).collect();
    suites.sort();
    assert!(!suites.is_empty(), "{folder} holds no suites");
    suites
}

#[test]
fn good_suites_have_no_problems() {
    for file in suites(OK) {
        let text = fs::read_to_string(&file).unwrap();
        let (loaded, problems) = all_problems(&file, &text, &environment(&text));
        assert!(problems.is_empty(), "{}", render(&problems, false));
        assert!(loaded.is_some(), "{}", file.display());
    }
}

#[test]
fn faulty_suites_have_the_problems_that_they_say() {
    let files = suites(ERR);
    files.iter().for_each(|file| check(file));
    let cases: usize = files.iter().map(|file| expectations(&fs::read_to_string(file).unwrap()).len()).sum();
    assert!(cases >= 40, "only {cases} cases");
}

/// Nothing that a user may have put into the environment is shown by a problem, wherever it went wrong.
#[test]
fn problems_show_no_secret() {
    let template = fs::read_to_string("tests/suites/ok/every-key.yaml").unwrap();
    let secret = "hunter2-planted";
    for (number, line) in template.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && line.contains(": "))
    {
        let (key, _) = line.rsplit_once(": ").unwrap();
        let planted = format!("{key}: \"${{PLANTED}}\"");
        let text = template.replacen(line, &planted, 1) + "\nunknown: 1\n";
        let environment = environment(&format!("{template}\n#env PLANTED={secret}"));
        let (loaded, problems) = all_problems(Path::new("planted.yaml"), &text, &environment);
        let shown = render(&problems, false);
        let secrets = loaded.map(|loaded| loaded.secrets).unwrap_or_default();
        let is_kept = secrets.iter().any(|kept| kept.expose() == secret);
        assert!(!is_kept || !shown.contains(secret), "line {}: {shown}", number + 1);
    }
}

#[test]
fn what_comes_from_the_environment_is_secret_outside_its_public_keys() {
    let file = Path::new("tests/suites/ok/every-key.yaml");
    let text = fs::read_to_string(file).unwrap();
    let (loaded, _) = all_problems(file, &text, &environment(&text));
    let loaded = loaded.unwrap();
    let mut secrets: Vec<&str> = loaded.secrets.iter().map(cotillion::secrets::Secret::expose).collect();
    secrets.sort_unstable();
    let expected = ["hunter2-password", "hunter2-query", "hunter2-user", "key=hunter2-query", "loadtest:hunter2-user"];
    assert_eq!(secrets, expected);
    let url = Redactor::new(&loaded.secrets).redact(&loaded.suite.target.url).into_owned();
    assert_eq!(url, "https://•••@staging.example.com/base?•••");
    assert_eq!(loaded.suite.tags, ["load", "nightly"]);
    assert_eq!(loaded.suite.credentials.unwrap().generate.unwrap()["literal"], "${PASSWORD}");
}

#[test]
fn everything_is_found_where_it_stands() {
    let file = Path::new("tests/suites/ok/every-key.yaml");
    let text = fs::read_to_string(file).unwrap();
    let (loaded, _) = all_problems(file, &text, &environment(&text));
    let source = loaded.unwrap().source;
    let line_of = |needle: &str| text.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let check = |place: Place, needle: &str, value: usize, key: usize| {
        let (at, at_key) = (source.at(&place), source.at_key(&place));
        assert_eq!((at.line, at.column), (line_of(needle), value), "{place}");
        assert_eq!((at_key.line, at_key.column), (line_of(needle), key), "the key of {place}");
    };
    let root = Place::root();
    let bidders = root.key("scenarios").key("bidders");
    check(root.key("name"), "name: every-key", 7, 1);
    check(root.key("target"), "target:", 1, 1);
    check(root.key("target").key("tls").key("cert"), "tls:", 34, 28);
    check(root.key("tags").index(1), "tags:", 14, 14);
    check(bidders.key("load").key("stages").index(1).key("duration"), "name: steady", 37, 27);
    check(bidders.key("load").key("stages").index(2), "- duration: 5s", 11, 11);
    // Through an alias, through a merge key, and past the end of what is there.
    check(bidders.key("login").index(0).key("status"), "status: 200", 13, 5);
    check(bidders.key("on_failure"), "on_failure", 15, 3);
    check(bidders.key("late"), "late: skip", 11, 5);
    check(bidders.key("nothing").key("here"), "bidders:", 3, 3);
    check(bidders.key("act").index(99), "act:", 5, 5);
}

/// To regenerate: `cargo run -- schema > suite.schema.json`.
#[test]
fn schema_file_is_what_cargo_run_schema_prints() {
    let committed = fs::read_to_string("suite.schema.json").unwrap();
    let generated = serde_json::to_string_pretty(&json_schema()).unwrap();
    assert!(committed.trim_end() == generated, "run `cargo run -- schema > suite.schema.json`");
}

/// Our reading of YAML and that of libyaml agree on everything that both take.
#[test]
fn values_are_those_of_another_parser() {
    for file in suites(OK) {
        let text = fs::read_to_string(&file).unwrap();
        let mut other: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        other.apply_merge().unwrap();
        let other: serde_json::Value = serde_yaml::from_value(other).unwrap();
        let (source, _) = Source::parse(&file, text.as_str());
        assert_eq!(source.root().unwrap().value(), other, "{}", file.display());
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}|[-a{}:,\\[\\]\"'&*!|>#% \n\t$<~0é]{0,80}") {
        let (_, problems) = all_problems(Path::new("any.yaml"), &text, &Environment::default());
        let _ = render(&problems, true);
    }

    #[test]
    fn no_change_to_a_suite_makes_the_reader_panic(
        start in 0_usize..3_400,
        length in 0_usize..40,
        inserted in r#"[-a{}:,\[\]"'&*!|>#% \n\t$<~0é]{0,8}"#,
    ) {
        let mut text = fs::read_to_string("tests/suites/ok/every-key.yaml").unwrap();
        let start = text.floor_char_boundary(start);
        let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
        text.replace_range(start..end, &inserted);
        let (loaded, problems) = all_problems(Path::new("any.yaml"), &text, &environment(&text));
        prop_assert!(loaded.is_some() || problems.has_errors());
        let _ = render(&problems, false);
    }

    #[test]
    fn plain_scalars_are_those_of_another_parser(text in "[-+.0-9eExoa~]{1,8}|null|true|False|yes|off|[0-9]{17,22}") {
        let (source, problems) = Source::parse("any.yaml", format!("a: {text}"));
        let other = serde_yaml::from_str::<serde_json::Value>(&format!("a: {text}"));
        if let (Some(root), Ok(other), true) = (source.root(), other, problems.is_empty()) {
            prop_assert_eq!(root.value(), other);
        }
    }
}
