//! What a run says of itself: why actions were rejected, whether the generator kept up, and when to stop early.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::cli::suite;
use crate::runs::await_bids;
use crate::support::{Ended, Program, ServerProcess, check_sums, number};

/// Lots that are declared to take a bid a second; ten users, each in turn, with room for a busy machine.
fn run(name: &str, changes: &[(&str, &str)], server: &[&str], arguments: &[&str]) -> (Ended, Value) {
    let server = ServerProcess::built_in(server);
    let program = Program::new().file("suite.yaml", &suite(name, changes)).env("TARGET_URL", &server.url);
    let ended = program.run(&[&["run", "suite.yaml"], arguments].concat());
    let results = program.results(name);
    check_sums(&results);
    assert_eq!(number(&results, "/totals/rejected"), server.stats()["rejected"], "{}", ended.printed());
    (ended, results)
}

fn reasons(results: &Value) -> String {
    results["verdict"]["reasons"].to_string()
}

#[test]
fn a_proved_plan_is_not_rejected_once_and_its_run_is_valid() {
    let (ended, results) = run("proved", &[], &[], &[]);
    assert_eq!((ended.code, number(&results, "/totals/rejected")), (0, 0), "{}", ended.printed());
    assert_eq!(results["verdict"]["validity"], "valid", "{}", reasons(&results));
    assert!(number(&results, "/totals/ok") > 20);
    let lanes = &results["lanes"];
    assert_eq!(lanes["resources"].as_array().map(Vec::len), Some(10), "{lanes}");
    let marks = lanes["marks"].as_array().expect("marks");
    assert_eq!(marks.len() as u64, number(&results, "/totals/sent"));
    assert!(marks.iter().all(|mark| mark["end"] == "accepted"), "{lanes}");
}

#[test]
fn a_forced_step_is_rejected_and_explains_it() {
    // 0.8 of the second that a lot asks for, without anything to spare.
    let changes =
        [("per_user: 200ms, margin: 400ms", "margin: 0ms"), ("success_rate: \">= 99%\"", "success_rate: \">= 1%\"")];
    let (refused, arguments) = (["--every", "800ms"], ["--every", "800ms", "--force"]);
    let program = Program::new().file("suite.yaml", &suite("forced", &changes));
    assert_eq!(program.run(&[&["check", "suite.yaml"][..], &refused[..]].concat()).code, 104);
    let (ended, results) = run("forced", &changes, &[], &arguments);
    let rejected = number(&results, "/totals/rejected");
    assert!(rejected > 5, "{}", ended.printed());
    assert_eq!(number(&results, "/totals/rejected_explained"), rejected, "{}", results["errors"]);
    assert_eq!((ended.code, &results["verdict"]["validity"]), (0, &Value::from("suspect")), "{}", ended.printed());
    assert!(reasons(&results).contains("--force"), "{}", reasons(&results));
    let errors = results["errors"].to_string();
    assert!(errors.contains("bid rejected: explained") && errors.contains("after the last one there"), "{errors}");
}

#[test]
fn a_server_that_is_stricter_than_declared_is_not_explained() {
    // A lot is visited every 1,440 ms, well beyond the margin.
    let changes = [("margin: 400ms", "margin: 100ms"), ("duration: 6s", "duration: 8s")];
    let (ended, results) = run("stricter", &changes, &["--lot-cooldown", "2500ms"], &["--every", "1600ms"]);
    let rejected = number(&results, "/totals/rejected");
    assert!(rejected > 5, "{}", ended.printed());
    assert_eq!(number(&results, "/totals/rejected_unexplained"), rejected, "{}", results["errors"]);
    assert_eq!((ended.code, &results["verdict"]["validity"]), (99, &Value::from("valid")), "{}", ended.printed());
}

#[test]
fn losers_of_a_burst_are_contested() {
    let (_, results) = run(
        "burst",
        &[("pattern: rotate", "pattern: burst"), ("cooldown:", "x-cooldown: &c")],
        &[],
        &["--every", "1500ms"],
    );
    // Without a declared cooldown nothing explains a rejection.
    assert_eq!(number(&results, "/totals/rejected"), number(&results, "/totals/rejected_unexplained"));
    let (ended, results) = run("burst", &[("pattern: rotate", "pattern: burst")], &[], &["--every", "1500ms"]);
    let rejected = number(&results, "/totals/rejected");
    assert!(rejected >= 18, "{}", ended.printed());
    assert_eq!(number(&results, "/totals/rejected_contested"), rejected, "{}", results["errors"]);
}

#[test]
fn a_threshold_stops_a_run_that_is_lost() {
    let changes = [
        ("pattern: rotate", "pattern: burst"),
        ("duration: 6s", "duration: 60s"),
        (
            "success_rate: \">= 99%\"",
            "success_rate: { limit: \">= 99%\", abort_after: 2s }\n  reconnect_latency: p99 < 1s",
        ),
    ];
    let (ended, results) = run("lost", &changes, &[], &["--every", "1s"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    assert!(ended.took.as_secs() < 20, "{:?}", ended.took);
    assert_eq!(results["verdict"]["status"], "fail");
    let sentence = results["verdict"]["sentence"].as_str().unwrap_or_default();
    assert!(sentence.contains("stopped early") && sentence.contains("success_rate >= 99%"), "{sentence}");
    let judged: Vec<&Value> =
        results["thresholds"].as_array().expect("thresholds").iter().map(|t| &t["result"]).collect();
    assert_eq!(judged, ["broken", "not_judged", "met"], "{}", results["thresholds"]);
}

#[test]
fn after_a_run_that_was_stopped_early_the_next_suite_follows() {
    let server = ServerProcess::built_in(&[]);
    let lost = [
        ("pattern: rotate", "pattern: burst"),
        ("duration: 6s", "duration: 60s"),
        ("success_rate: \">= 99%\"", "rejections: { limit: \"== 0\", abort_after: 0s }"),
    ];
    // Lots may still rest from the run before.
    let short = [("duration: 6s", "duration: 3s"), ("success_rate: \">= 99%\"", "success_rate: \">= 1%\"")];
    let program = Program::new()
        .file("suites/1-lost.yaml", &suite("lost", &lost))
        .file("suites/2-short.yaml", &suite("short", &short))
        .env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suites", "--quiet"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    assert!(
        ended.stdout.contains("2 of 2 suites ran\nFAIL        lost: The run was stopped early"),
        "{}",
        ended.stdout
    );
    let short = program.results("short");
    assert_eq!(short["verdict"]["status"], "pass", "{}", ended.stdout);
    assert!(number(&short, "/totals/ok") > 0 && number(&short, "/totals/unfinished") == 0, "{}", short["totals"]);
}

#[test]
fn a_threshold_that_only_warns_cannot_stop_a_run() {
    let warns = [("disconnects: \"== 0\"", "disconnects: { limit: \"== 0\", severity: warn, abort_after: 5s }")];
    let ended = Program::new().file("suite.yaml", &suite("warns", &warns)).run(&["check", "suite.yaml"]);
    assert_eq!(ended.code, 104, "{}", ended.printed());
    assert!(ended.printed().contains("only warns cannot stop the run"), "{}", ended.printed());
}

/// Something that keeps a core busy for so many seconds.
struct Hog(Child);

impl Hog {
    fn on_core_0(seconds: u32) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", "timeout", &seconds.to_string(), "sh", "-c", "while :; do :; done"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("taskset and timeout"))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        // `timeout` passes this on; a kill would leave its child alone.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

fn does(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Puts all threads of a process on core 0, behind everybody else who wants it.
fn starve(pid: u32) {
    let pid = pid.to_string();
    assert!(does("taskset", &["-a", "-c", "-p", "0", &pid]));
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
    for thread in threads {
        let thread = thread.expect("a thread").file_name();
        // One that has ended meanwhile needs no starving.
        does("renice", &["-n", "19", "-p", &thread.to_string_lossy()]);
    }
}

#[test]
fn a_starved_generator_is_invalid_and_says_so() {
    if !does("taskset", &["-c", "0", "timeout", "1", "renice", "--version"]) {
        // Such a system has no way to starve one program alone.
        return;
    }
    let server = ServerProcess::built_in(&["--lot-cooldown", "100ms", "--user-cooldown", "10ms"]);
    let changes = [
        ("per_resource: 1s, per_user: 200ms, margin: 400ms", "per_resource: 100ms, margin: 400ms"),
        ("duration: 6s", "duration: 12s"),
        ("users: 10", "users: 20"),
        ("count: 10", "count: 20"),
    ];
    let program = Program::new().file("suite.yaml", &suite("starved", &changes)).env("TARGET_URL", &server.url);
    let running = program.start(&["run", "suite.yaml"]);
    // Setting up is not what is to be starved, nor is writing reports.
    await_bids(&server, 20);
    starve(running.pid());
    let hogs: Vec<Hog> = (0..4).map(|_| Hog::on_core_0(8)).collect();
    let ended = running.end();
    drop(hogs);
    let results = program.results("starved");
    assert_eq!((ended.code, &results["verdict"]["status"]), (111, &Value::from("invalid")), "{}", ended.printed());
    assert!(reasons(&results).contains("the generator"), "{}", reasons(&results));
    assert!(!ended.stdout.contains("PASS"), "{}", ended.stdout);
    let judged = results["thresholds"].as_array().expect("thresholds");
    assert!(judged.iter().all(|threshold| threshold["result"] == "not_judged"), "{}", results["thresholds"]);
    check_sums(&results);
    let ended = program.run(&["run", "suite.yaml"]);
    let results = program.results("starved");
    assert_eq!((ended.code, &results["verdict"]["validity"]), (0, &Value::from("valid")), "{}", ended.printed());
}
