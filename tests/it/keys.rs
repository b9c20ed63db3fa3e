//! The keys by which CI servers compare JUnit files: class and name of a case. No two cases of a file have the same, and
//! every run of a suite has the same ones, whatever came of it.

use std::collections::HashSet;

use cotillion::report::{Look, junit};
use cotillion::verdict::Outcome;
use quick_junit::Report;

use crate::cli::suite;
use crate::reports::poisoned;
use crate::support::{Program, ServerProcess};

/// All keys in the order of the file; it fails where two are the same.
fn keys(text: &str) -> Vec<(String, String)> {
    let report = Report::deserialize_from_str(text).unwrap();
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let keys: Vec<(String, String)> =
        cases.map(|case| (case.classname.as_ref().unwrap().to_string(), case.name.to_string())).collect();
    let different: HashSet<&(String, String)> = keys.iter().collect();
    assert_eq!(different.len(), keys.len(), "{keys:#?}");
    keys
}

fn of(outcome: &Outcome) -> Vec<(String, String)> {
    keys(&junit::render(outcome, &Look::default()).unwrap())
}

#[test]
fn names_say_what_is_asked_and_not_what_came_of_it() {
    let failed = of(&Outcome::example());
    assert_eq!(failed, of(&Outcome::example_passed()));
    assert_eq!(failed, of(&Outcome::example_suspect()));
    assert_eq!(failed, of(&Outcome::example_invalid()));
    // Where nobody was asked after the run there is no case of it; nothing else is missing, and nothing is new.
    let asked: Vec<_> = failed.iter().filter(|(_, name)| !name.starts_with("after: ")).cloned().collect();
    assert!(asked.len() < failed.len());
    for outcome in [Outcome::example_unreachable(), Outcome::example_skipped()] {
        assert_eq!(of(&outcome), asked);
    }
    let interrupted = of(&Outcome::example_interrupted());
    assert!(asked.iter().all(|key| interrupted.contains(key)) && interrupted.iter().all(|key| failed.contains(key)));
}

#[test]
fn keys_are_unique_even_where_every_name_is_the_same() {
    let mut outcome = Outcome::example();
    outcome.deliveries.push(outcome.deliveries[0].clone());
    outcome.checks.push(outcome.checks[0].clone());
    outcome.invariants.push(outcome.invariants[0].clone());
    outcome.scenarios.push(outcome.scenarios[0].clone());
    outcome.thresholds.push(outcome.thresholds[0].clone());
    of(&outcome);
    of(&poisoned(&outcome));
}

#[test]
fn two_runs_have_the_same_keys() {
    let server = ServerProcess::built_in(&[]);
    let run = |arguments: &[&str]| {
        let program = Program::new()
            .file("suite.yaml", &suite("twice", &[("duration: 6s", "duration: 3s")]))
            .env("TARGET_URL", &server.url);
        let ended = program.run(&[&["run", "suite.yaml"], arguments].concat());
        assert!([0, 99].contains(&ended.code), "{}", ended.printed());
        (ended.code, keys(&program.left("cotillion-report/twice/junit.xml")))
    };
    let (passed, first) = run(&[]);
    // Another seed, other users, and another verdict.
    let (failed, second) = run(&["--seed", "7", "--users", "6", "--every", "300ms", "--force"]);
    assert_eq!((passed, failed), (0, 99));
    assert_eq!(first, second);
    assert!(first.len() >= 3, "{first:?}");
}
