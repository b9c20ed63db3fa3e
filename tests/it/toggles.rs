//! What is not run, and says so: suites that are switched off, not chosen, behind a stage that failed, or too long.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::cli::suite;
use crate::support::{Ended, Program};

/// A run of three seconds against the built-in target.
const SHORT: (&str, &str) = ("users: 10, duration: 6s", "users: 2, duration: 3s");
const FEW: (&str, &str) = ("count: 10", "count: 2");
/// Nobody listens there, so that it is over at once.
const NOBODY: (&str, &str) = ("${TARGET_URL:-demo}", "http://127.0.0.1:1");

fn tagged(name: &str, tags: &str, more: &[(&str, &str)]) -> String {
    suite(name, more).replacen('\n', &format!("\ntags: [{tags}]\n"), 1)
}

fn status(program: &Program, name: &str) -> String {
    program.results(name)["verdict"]["status"].as_str().unwrap_or_default().to_owned()
}

/// Exit code, and parts of what is said.
fn check(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, code, "{}", ended.printed());
    for part in says {
        assert!(ended.printed().contains(part), "{part:?} is missing in: {}", ended.printed());
    }
}

#[test]
fn off_is_skipped_in_all_words() {
    let program = Program::new().file("suite.yaml", &suite("off", &[]));
    for word in ["false", "0", "no", "off", "", "OFF"] {
        let option = format!("--enabled={word}");
        let _ = std::fs::remove_dir_all(program.folder().join("cotillion-report"));
        check(&program.run(&["run", "suite.yaml", &option]), 0, &["SKIPPED", "switched off by `--enabled"]);
        assert_eq!(status(&program, "off"), "skipped");
        assert_eq!(program.all_left().len(), 3, "all reports are there");
    }
    check(&program.run(&["run", "suite.yaml", "--enabled", "maybe"]), 2, &["write true, 1, yes or on"]);
    let program = program.env("COTILLION_ENABLED", "no");
    check(&program.run(&["run", "suite.yaml"]), 0, &["switched off by `COTILLION_ENABLED=no`"]);
    // The command line wins: this one would run, were there not a mistake in it.
    check(&program.run(&["run", "suite.yaml", "--enabled", "yes", "--every", "1s"]), 104, &["smallest gap"]);
}

#[test]
fn off_needs_no_secret() {
    let text = suite(
        "secret",
        &[
            ("${TARGET_URL:-demo}", "${TARGET_URL}"),
            ("${AUCTION_PASSWORD:-correct horse}", "${AUCTION_PASSWORD}"),
            ("users: 10", "users: \"${USERS}\""),
        ],
    );
    let program = Program::new().file("suite.yaml", &text).env("USERS", "3");
    check(&program.run(&["run", "suite.yaml"]), 104, &["`TARGET_URL` is not set", "`AUCTION_PASSWORD` is not set"]);
    let ended = program.run(&["run", "suite.yaml", "--enabled", "off"]);
    check(&ended, 0, &["SKIPPED  secret"]);
    assert!(ended.stderr.is_empty(), "nothing is wrong with it: {}", ended.stderr);
    let results = program.results("secret");
    assert_eq!(results["run"]["target"], "unknown");
    assert_eq!(results["thresholds"].as_array().unwrap().len(), 2, "the same cases as in a run");
    // With a number that is missing there is still a report.
    let program = Program::new().file("suite.yaml", &text);
    check(&program.run(&["run", "suite.yaml", "--enabled", "off"]), 0, &["SKIPPED  secret"]);
}

#[test]
fn off_opens_no_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let program = Program::new().file("suite.yaml", &suite("socket", &[])).env("TARGET_URL", &url);
    check(&program.run(&["run", "suite.yaml", "--enabled", "off"]), 0, &["SKIPPED"]);
    assert!(listener.accept().is_err(), "somebody connected");
    // The same listener hears of a run that is on.
    let running = program.start(&["run", "suite.yaml", "--enabled", "on"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while listener.accept().is_err() {
        assert!(Instant::now() < deadline, "nobody connected");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    drop(running);
}

#[test]
fn off_never_breaks_a_build() {
    let program = Program::new()
        .file("suites/a.yaml", &suite("wrong", &[("pattern: rotate", "patern: rotate"), ("emit: bid", "emit: 7")]))
        .file("suites/b.yaml", "name: [broken\n")
        .file("suites/c.yaml", &suite("../evil", &[]))
        .file("suites/d.yaml", &suite("good", &[]));
    check(&program.run(&["run", "suites"]), 104, &["problems"]);
    let ended = program.run(&["run", "suites", "--enabled", "off"]);
    check(&ended, 0, &["patern", "nothing is run, so this is no failure", "SKIPPED  wrong", "SKIPPED  good"]);
    check(&ended, 0, &["0 of 4 suites ran"]);
    assert_eq!([status(&program, "wrong"), status(&program, "good")], ["skipped", "skipped"]);
    assert!(!program.folder().join("evil").exists() && !program.has_results("../evil"));
    for arguments in [&["nowhere.yaml"][..], &["suites/d.yaml", "--tags", "none"]] {
        check(&program.run(&[&["run", "--enabled", "off"], arguments].concat()), 0, &["this is no failure"]);
    }
}

#[test]
fn tags_choose_suites() {
    let program = Program::new().file("suites/a.yaml", &tagged("a", "smoke, chat", &[NOBODY])).file(
        "suites/b.yaml",
        &tagged("b", "soak", &[NOBODY, ("${AUCTION_PASSWORD:-correct horse}", "${SOAK_PASSWORD}")]),
    );
    check(&program.run(&["run", "suites"]), 104, &["SOAK_PASSWORD"]);
    // The secret of a suite that is not chosen may be missing.
    check(
        &program.run(&["run", "suites", "--tags", "smoke,load"]),
        112,
        &["1 of 2 suites have the tags", "UNREACHABLE  a"],
    );
    assert!(program.has_results("a") && !program.has_results("b"));
    check(&program.run(&["run", "suites", "--skip-tags", "soak"]), 112, &["UNREACHABLE  a"]);
    check(
        &program.run(&["run", "suites", "--tags", "smoke", "--skip-tags", "chat"]),
        104,
        &["no suite is left by `--tags smoke` and `--skip-tags chat`", "there is `chat`, `smoke`, `soak`"],
    );
}

#[test]
fn a_stage_begins_only_if_the_last_has_passed() {
    let good = suite("good", &[SHORT, FEW]);
    let program = Program::new()
        .file("tests/20-load/b.yaml", &suite("second", &[SHORT, FEW]))
        .file("tests/10-smoke/a.yaml", &suite("first", &[NOBODY]))
        .file("tests/10-smoke/b.yaml", &suite("beside", &[NOBODY]))
        .file("tests/30-soak/c.yaml", &suite("third", &[NOBODY]))
        .file("tests/notes/d.yaml", "no suite at all");
    let ended = program.run(&["run", "tests", "--quiet"]);
    check(&ended, 112, &["2 of 4 suites ran", "SKIPPED     second: Not run: the stage `10-smoke` did not pass."]);
    let statuses = ["first", "beside", "second", "third"].map(|name| status(&program, name));
    assert_eq!(statuses, ["unreachable", "unreachable", "skipped", "skipped"]);
    assert!(program.left("cotillion-report/second/junit.xml").contains("<skipped"));
    // In spite of it, or after it is mended: what fails then is the last stage.
    check(
        &program.run(&["run", "tests", "--quiet", "--keep-going"]),
        112,
        &["4 of 4 suites ran", "PASS        second"],
    );
    let program =
        program.file("tests/10-smoke/a.yaml", &good).file("tests/10-smoke/b.yaml", &suite("beside", &[SHORT, FEW]));
    check(&program.run(&["run", "tests", "--quiet"]), 112, &["4 of 4 suites ran", "PASS        second"]);
    // What stands beside the stages would be forgotten.
    let program = program.file("tests/lost.yaml", &suite("lost", &[]));
    check(&program.run(&["run", "tests"]), 104, &["`tests/lost.yaml` is in none of them"]);
}

#[test]
fn what_takes_too_long_is_refused_or_stopped() {
    let program = Program::new().file("suites/a.yaml", &suite("a", &[])).file("suites/b.yaml", &suite("b", &[]));
    check(&program.run(&["run", "suites/a.yaml", "--max-duration", "5s"]), 104, &["the plan takes 6s", "`--duration`"]);
    check(&program.run(&["run", "suites", "--max-duration", "11s"]), 104, &["the plans take 12s", "`--tags`"]);
    assert!(program.all_left().is_empty(), "nothing ran");
    // The plan fits, and the target does not get ready: somebody listens who says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let waits = ("namespace: /auction", "namespace: /auction, ready: { get: /health, within: 60s }");
    let program = Program::new().file("suite.yaml", &suite("late", &[SHORT, FEW, waits])).env("TARGET_URL", &url);
    let ended = program.run(&["run", "suite.yaml", "--max-duration", "4s"]);
    check(&ended, 105, &["INTERRUPTED", "stopped by --max-duration 4s"]);
    assert!(ended.took > Duration::from_secs(4) && ended.took < Duration::from_secs(20), "{:?}", ended.took);
    assert_eq!(program.results("late")["run"]["ended"]["signal"], "--max-duration 4s");
    assert_eq!(program.results("late")["verdict"]["validity"], "not_judged");
}

#[test]
fn what_is_refused_before_it_runs_is_told_to_later_steps() {
    let program = Program::new()
        .file("suite.yaml", &suite("a", &[]))
        .file("taken", "a file")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", "outputs");
    check(&program.run(&["run", "suite.yaml", "--max-duration", "5s"]), 104, &["the plan takes 6s"]);
    let ended = program.run(&["run", "suite.yaml", "--out", "taken"]);
    check(&ended, 2, &["`taken` takes no reports", "--out", "nothing was run"]);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    let outputs = program.left("outputs");
    assert!(outputs.contains("exit-code=104\n") && outputs.contains("exit-code=2\n"), "{outputs}");
}
