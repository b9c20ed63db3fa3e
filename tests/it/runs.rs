//! Whole runs against the built-in target: what is reported equals what the server counted, however the run ends.

use std::time::Duration;

use crate::cli::suite;
use crate::support::{Program, Running, ServerProcess, check_counts, check_sums, http, number};

fn program(name: &str, changes: &[(&str, &str)], server: &ServerProcess) -> Program {
    Program::new().file("suite.yaml", &suite(name, changes)).env("TARGET_URL", &server.url)
}

/// Waits until the server has seen so many bids: the run is in its middle then.
pub fn await_bids(server: &ServerProcess, bids: u64) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while server.stats()["bids"] < bids {
        assert!(std::time::Instant::now() < deadline, "no {bids} bids: {:?}", server.stats());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn the_report_equals_the_servers_count() {
    let server = ServerProcess::built_in(&[]);
    let program = program("equal", &[], &server);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let (results, stats) = (program.results("equal"), server.stats());
    check_counts(&results, &stats);
    assert_eq!(number(&results, "/totals/planned"), stats["bids"]);
    assert!(stats["bids"] >= 20, "{stats:?}");
    assert!(ended.stdout.contains("PASS") && ended.stdout.contains("report.html"), "{}", ended.stdout);
}

#[test]
fn two_suites_have_a_folder_each_and_the_worse_exit_code() {
    let server = ServerProcess::built_in(&[]);
    let short = [("duration: 6s", "duration: 3s")];
    let program = Program::new()
        .file("suites/1-good.yaml", &suite("good", &short))
        .file("suites/2-bad.yaml", &suite("bad", &[short[0], ("pattern: rotate", "pattern: burst")]))
        .env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suites", "--quiet"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    assert_eq!(program.results("good")["verdict"]["status"], "pass");
    assert_eq!(program.results("bad")["verdict"]["status"], "fail");
    assert!(ended.stdout.contains("PASS  good") && ended.stdout.contains("FAIL"), "{}", ended.stdout);
    let (_, lines) = ended.stdout.split_once("2 of 2 suites ran\n").expect("a line for each at the end");
    assert!(lines.starts_with("PASS        good: ") && lines.contains("\nFAIL        bad: "), "{lines}");
}

fn interrupt(signal: &str, name: &str) {
    let server = ServerProcess::built_in(&[]);
    let program = program(name, &[("duration: 6s", "duration: 60s")], &server);
    let running = program.start(&["run", "suite.yaml"]);
    await_bids(&server, 5);
    running.signal(signal);
    let sent = std::time::Instant::now();
    let ended = running.end();
    assert!(sent.elapsed() < Duration::from_secs(7), "{:?}", sent.elapsed());
    assert_eq!(ended.code, 105, "{}", ended.printed());
    let results = program.results(name);
    assert_eq!(results["verdict"]["status"], "interrupted");
    assert!(ended.stdout.contains(&format!("SIG{signal}")), "{}", ended.stdout);
    check_sums(&results);
    assert_eq!(number(&results, "/totals/sent"), server.stats()["bids"]);
    assert!(program.left(&format!("cotillion-report/{name}/report.html")).ends_with("</html>\n"));
    assert!(program.left(&format!("cotillion-report/{name}/junit.xml")).contains("Interrupted"));
}

#[test]
fn sigterm_in_the_middle_leaves_complete_reports() {
    interrupt("TERM", "terminated");
}

#[test]
fn sigint_in_the_middle_leaves_complete_reports() {
    interrupt("INT", "interrupted");
}

#[test]
fn a_second_signal_ends_at_once() {
    let server = ServerProcess::built_in(&[]);
    // Acks that never come keep the run draining for its three seconds.
    let changes =
        [("duration: 6s", "duration: 60s"), ("emit: bid", "emit: nobody-answers"), ("within: 1s", "within: 30s")];
    let program = program("twice", &changes, &server);
    let running = program.start(&["run", "suite.yaml"]);
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while server.stats()["joins"] < 100 {
        assert!(std::time::Instant::now() < deadline, "{:?}", server.stats());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    // A step and more, so that every user waits for an ack.
    std::thread::park_timeout(Duration::from_secs(2));
    running.signal("TERM");
    std::thread::park_timeout(Duration::from_millis(300));
    running.signal("TERM");
    let sent = std::time::Instant::now();
    let ended = running.end();
    assert!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
    assert_eq!(ended.code, 105, "{}", ended.printed());
}

#[test]
fn a_server_that_dies_in_the_middle_is_counted_and_nothing_hangs() {
    let server = ServerProcess::built_in(&[]);
    let program = program("dies", &[], &server);
    let running: Running = program.start(&["run", "suite.yaml"]);
    await_bids(&server, 15);
    server.crash();
    let ended = running.end();
    assert_eq!(ended.code, 99, "{}", ended.printed());
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
    let results = program.results("dies");
    check_sums(&results);
    assert_eq!(number(&results, "/totals/disconnects"), 10);
    assert!(
        number(&results, "/totals/not_sent_offline") > 0 && number(&results, "/totals/connect_failures") > 0,
        "{}",
        results["totals"]
    );
}

#[test]
fn a_user_in_a_pause_answers_the_built_in_targets_pings() {
    let server = ServerProcess::built_in(&["--ping-interval", "500ms", "--ping-timeout", "400ms"]);
    let program = program("pings", &[("emit: bid", "pause: 1200ms\n      - emit: bid")], &server);
    let ended = program.run(&["run", "suite.yaml", "--every", "2s"]);
    let results = program.results("pings");
    assert_eq!((ended.code, number(&results, "/totals/disconnects")), (0, 0), "{}", ended.printed());
    assert!(number(&results, "/totals/ok") > 0, "{}", results["totals"]);
}

#[test]
fn a_threshold_without_samples_fails_the_build() {
    let server = ServerProcess::built_in(&[]);
    let program = program(
        "empty",
        &[
            ("disconnects: \"== 0\"", "disconnects: \"== 0\"\n  reconnect_latency: p95 < 1s"),
            ("duration: 6s", "duration: 3s"),
        ],
        &server,
    );
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    let junit = program.left("cotillion-report/empty/junit.xml");
    assert!(junit.contains("reconnect_latency p95 &lt; 1s") && junit.contains("NoData"), "{junit}");
}

#[test]
fn users_that_send_nothing_make_the_run_invalid_and_strict_makes_suspect_ones_so() {
    let server = ServerProcess::built_in(&[]);
    let program_invalid = program(
        "nothing",
        &[("ref: \"{{ action.id }}\"", "ref: \"{{ user.password.deeper }}\""), ("duration: 6s", "duration: 3s")],
        &server,
    );
    let ended = program_invalid.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 111, "{}", ended.printed());
    assert!(ended.stdout.contains("INVALID") && !ended.stdout.contains("PASS"), "{}", ended.stdout);
    check_sums(&program_invalid.results("nothing"));
    let few = [
        ("success_rate: \">= 99%\"", "ack_latency: { limit: p99 < 5s, min_samples: 100000 }"),
        ("duration: 6s", "duration: 3s"),
    ];
    let program = program("few", &few, &server);
    let ended = program.run(&["run", "suite.yaml"]);
    assert!(ended.code == 0 && ended.stdout.contains("SUSPECT"), "{}", ended.printed());
    assert_eq!(program.run(&["run", "suite.yaml", "--strict"]).code, 111);
}

/// Everything a run leaves, searched for secrets in several encodings.
fn check_hidden(program: &Program, printed: &str, secrets: &[&str]) {
    use base64::Engine as _;
    let mut texts: Vec<(String, String)> = vec![("output".into(), printed.to_owned())];
    texts.extend(
        program
            .all_left()
            .into_iter()
            .map(|(path, bytes)| (path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned())),
    );
    assert!(texts.len() >= 4, "reports are there to be searched");
    for secret in secrets {
        let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for (place, text) in &texts {
            for form in [secret, &*base64, &*percent] {
                assert!(!text.contains(form), "{form:?} is in {place}");
            }
        }
    }
}

#[test]
fn a_planted_password_and_token_appear_nowhere() {
    let server = ServerProcess::built_in(&[]);
    // The token goes into the payload of a bid and so into what the server says of it.
    let changes = [
        ("lot: \"{{ resource.id }}\"", "lot: { wrong: \"{{ token }} {{ user.password }}\" }"),
        ("duration: 6s", "duration: 3s"),
    ];
    let program = program("secrets", &changes, &server).env("AUCTION_PASSWORD", "pl4nted-p4ssword!");
    let login = http(&server.url, "POST", "/login", r#"{"user":"bidder-3","password":"pl4nted-p4ssword!"}"#);
    let login: serde_json::Value = serde_json::from_str(&login).expect("JSON");
    let token = login["token"].as_str().expect("a token");
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    assert!(number(&program.results("secrets"), "/totals/failed") > 0, "the server must have answered");
    check_hidden(&program, &ended.printed(), &["pl4nted-p4ssword!", token]);
    let tried = program.run(&["try", "suite.yaml"]);
    check_hidden(&program, &tried.printed(), &["pl4nted-p4ssword!", token]);
}
