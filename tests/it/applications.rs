//! The suites of `loadtests/` against the applications that they are for, as they stand there: each passes, and each fails
//! when its application goes wrong.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Program, ServerProcess, check_sums};

/// Runs a suite against its application with these flags. `broken` is what must be told of, by names as the terminal has them.
fn check(application: &str, flags: &[&str], broken: &[&str]) {
    check_with(&[], application, flags, broken);
}

/// The same with overrides.
fn check_with(overrides: &[&str], application: &str, flags: &[&str], broken: &[&str]) {
    let Some(server) = ServerProcess::node(application, flags) else { return };
    let text = fs::read_to_string(format!("loadtests/{application}.yaml")).expect("a suite");
    let program = Program::new().file("suite.yaml", &text).env("TARGET_URL", &server.url).env("STEADY", "10s");
    let ended = program.run(&[&["run", "suite.yaml"], overrides].concat());
    let results = program.results(application);
    assert_eq!(ended.code, if broken.is_empty() { 0 } else { 99 }, "{flags:?}\n{}", ended.printed());
    check_sums(&results);
    let judged = ["thresholds", "invariants", "checks"].map(|list| results[list].as_array().expect("a list"));
    let good = ["met", "held", "true"];
    let bad = judged.into_iter().flatten().filter(|row| row["result"].as_str().is_none_or(|how| !good.contains(&how)));
    let names: Vec<&str> = bad.filter_map(|row| row["name"].as_str().or_else(|| row["metric"].as_str())).collect();
    for name in broken {
        assert!(names.iter().any(|bad| bad.starts_with(name)), "{flags:?}: {name} is not in {names:?}");
    }
    assert_eq!(names.is_empty(), broken.is_empty(), "{flags:?}: {names:?}");
}

#[test]
fn documents_that_many_edit() {
    check("collaboration", &[], &[]);
    check("collaboration", &["--fork"], &["agreed", "delivery_out_of_order"]);
    check("collaboration", &["--lose", "5%"], &["agreed", "delivery_missing"]);
}

#[test]
fn games_for_two() {
    check("matchmaking", &[], &[]);
    check("matchmaking", &["--never-pair"], &["success_rate"]);
    check("matchmaking", &["--two-winners"], &["winner_agreed"]);
}

#[test]
fn a_dashboard_that_is_published_to_by_http() {
    check("dashboard", &[], &[]);
    check("dashboard", &["--deaf", "10%"], &["delivery_missing"]);
}

#[test]
fn messages_under_limits() {
    // Of itself the suite goes to the limits, and a machine that tests other things, too, is late now and then.
    let every = ["--every", "250ms"];
    check_with(&every, "messaging", &[], &[]);
    check_with(&every, "messaging", &["--limit", "3"], &["rejected_rate"]);
    check_with(&every, "messaging", &["--mute", "5%"], &["delivery_missing", "every_message_told"]);
}

#[test]
fn events_that_lead_to_others() {
    check("orders", &[], &[]);
    check("orders", &["--forget", "10%"], &["all_accepted", "step_errors"]);
}

#[test]
fn bids_by_graphql() {
    check("graphql", &[], &[]);
    check("graphql", &["--lose", "5%"], &["delivery_missing"]);
    check("graphql", &["--leave", "5%"], &["success_rate", "disconnects"]);
}

#[test]
fn channels_as_phoenix_has_them() {
    // The heartbeat comes every 2 s, and a server that waits for less than that ends the connection with 1000.
    check("phoenix", &["--timeout", "4s"], &[]);
    check("phoenix", &["--timeout", "1s"], &["disconnects"]);
    check("phoenix", &["--mute", "5%"], &["delivery_missing", "every_message_told"]);
    check("phoenix", &["--refuse", "10%"], &["rejected_rate"]);
}

#[test]
fn the_applications_do_what_they_promise() {
    for application in ["collaboration", "matchmaking", "dashboard", "messaging", "orders", "graphql", "phoenix"] {
        // It says by itself whether its packages may be missing.
        if ServerProcess::node(application, &[]).is_none() {
            continue;
        }
        let mut node = Command::new("node");
        node.args(["--test", "conformance.test.mjs"]).current_dir(Path::new("tests/interop").join(application));
        let output = node.output().expect("node");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{application}\n{printed}");
        let passed = printed.lines().find_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix("pass "));
        assert!(passed.is_some_and(|number| number != "0"), "{application} tested nothing:\n{printed}");
    }
}
