//! `cotillion report`, and what CI servers are told of a run beside its files.

use cotillion::report::{FORMATS, Look, json};
use cotillion::verdict::Outcome;

use crate::cli::suite;
use crate::support::{Program, ServerProcess};

fn all_formats() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(",")
}

fn record(outcome: &Outcome) -> String {
    json::render(outcome, &Look::default()).unwrap()
}

#[test]
fn reports_are_written_again_to_the_byte() {
    let outcomes = [Outcome::example(), Outcome::example_skipped(), Outcome::example_interrupted()];
    let mut program = Program::new();
    for (number, outcome) in outcomes.iter().enumerate() {
        program = program.file(&format!("left/run-{number}/results.json"), &record(outcome));
    }
    let formats = all_formats();
    let ended = program.run(&["report", "left", "--format", &formats, "--ci", "none"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    // The record alone is not written over; a page leads to all of them.
    assert_eq!(ended.stdout.lines().count(), outcomes.len() * (FORMATS.len() - 1) + 1, "{}", ended.stdout);
    assert!(program.left("left/index.html").contains("run-2/report.html"), "{}", ended.stdout);
    for (number, outcome) in outcomes.iter().enumerate() {
        for format in FORMATS {
            let expected = (format.render)(outcome, &Look::default()).unwrap();
            let left = program.left(&format!("left/run-{number}/{}", format.file));
            assert!(left == expected, "{} of run {number} is another", format.file);
        }
    }
    // Elsewhere, from one file, and only what was asked for beside the record.
    let from = "left/run-0/results.json";
    let ended = program.run(&["report", from, "--out", "again", "--format", "csv", "--ci", "none"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    assert_eq!(ended.stdout, "again/auction/results.json\nagain/auction/timeline.csv\n");
    assert_eq!(program.left("again/auction/results.json"), record(&outcomes[0]));
}

#[test]
fn what_cannot_be_read_is_said() {
    let other = record(&Outcome::example()).replacen("\"version\": 1", "\"version\": 2", 1);
    let program = Program::new().file("empty/note.txt", "").file("other/results.json", &other);
    for (from, says) in [
        ("empty", "there is no results.json in `empty`"),
        ("nowhere", "`nowhere` cannot be read"),
        ("other", "version 2, but this cotillion reads"),
        ("empty/note.txt", "not the results of a run"),
    ] {
        let ended = program.run(&["report", from]);
        assert_eq!(ended.code, 2, "{}", ended.printed());
        assert!(ended.stderr.contains(says), "{says:?} is missing in {}", ended.stderr);
    }
}

#[test]
fn a_github_job_is_told_of_all_suites() {
    let server = ServerProcess::built_in(&[]);
    let short = [("duration: 6s", "duration: 3s")];
    let program = Program::new()
        .file("shop/suites/1-good.yaml", &suite("good", &short))
        .file("shop/suites/2-bad.yaml", &suite("bad", &[short[0], ("pattern: rotate", "pattern: burst")]))
        .file("step.md", "what others wrote\n")
        .env("TARGET_URL", &server.url)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "step.md")
        .env("GITHUB_OUTPUT", "outputs")
        .env("GITHUB_WORKSPACE", "shop")
        .env("GITHUB_SERVER_URL", "https://github.example")
        .env("GITHUB_REPOSITORY", "team/shop")
        .env("GITHUB_RUN_ID", "7");
    let ended = program.run(&["run", "shop/suites", "--quiet", "--format", &all_formats()]);
    assert_eq!(ended.code, 99, "{}", ended.printed());

    let (good, bad) =
        (program.left("cotillion-report/good/summary.md"), program.left("cotillion-report/bad/summary.md"));
    assert_eq!(program.left("step.md"), format!("what others wrote\n{good}{bad}"));
    assert!(good.starts_with("## ✅ PASS") && bad.starts_with("## ❌ FAIL"), "{bad}");
    assert!(bad.contains("https://github.example/team/shop/actions/runs/7#artifacts"), "{bad}");

    let outputs = program.left("outputs");
    let names: Vec<&str> = outputs.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["result", "success-rate", "p95-ms", "report-path", "failed-thresholds", "exit-code"]);
    let rate = &program.results("bad")["metrics"][0]["value"];
    for line in ["result=failed", "report-path=cotillion-report", "exit-code=99", &format!("success-rate={rate}")] {
        assert!(outputs.lines().any(|known| known == line), "{line} is missing in {outputs}");
    }

    // From the root of the repository, which is not the working directory.
    assert!(ended.stdout.contains("::error file=suites/2-bad.yaml,line="), "{}", ended.stdout);
    assert!(!ended.stdout.contains("::error file=suites/1-good.yaml"), "{}", ended.stdout);
    let stops: Vec<&str> = ended.stdout.lines().filter_map(|line| line.strip_prefix("::stop-commands::")).collect();
    assert_eq!(stops.len(), 2, "{}", ended.stdout);
    assert_ne!(stops[0], stops[1]);
    for word in stops {
        assert_eq!(ended.stdout.lines().filter(|line| *line == format!("::{word}::")).count(), 1, "{word}");
    }
    assert!(
        ended.stdout.contains("::group::PASS  good") && !ended.stdout.contains("::group::FAIL"),
        "{}",
        ended.stdout
    );

    // The same files come of what the run left.
    let left = program.all_left();
    let ended = program.run(&["report", "--format", &all_formats(), "--out", "cotillion-report"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    assert_eq!(program.all_left(), left);
    let names: Vec<_> = left.iter().map(|(path, _)| path).collect();
    assert_eq!(left.len(), 2 * FORMATS.len() + 1, "the reports of two suites, and a page over both: {names:?}");
}

#[test]
fn a_github_job_is_told_that_a_suite_is_wrong() {
    let program = Program::new()
        .file("suite.yaml", &suite("wrong", &[("pattern: rotate", "patern: rotate")]))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", "outputs");
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 104, "{}", ended.printed());
    let outputs = program.left("outputs");
    assert!(outputs.contains("result=error\n") && outputs.contains("exit-code=104\n"), "{outputs}");
    let line = program.left("suite.yaml").lines().position(|line| line.contains("patern")).unwrap() + 1;
    let expected = format!("::error file=suite.yaml,line={line},col=5,title=suite::unknown key `patern`");
    for command in ["run", "check"] {
        let printed = program.run(&[command, "suite.yaml"]).stdout;
        assert!(printed.contains(&expected), "{expected} is missing in {printed}");
    }
    assert!(!program.run(&["run", "suite.yaml", "--ci", "none"]).stdout.contains("::error"));
}

#[test]
fn a_gitlab_job_gets_its_files_and_a_section() {
    let job = "https://gitlab.example/team/shop/-/jobs/7";
    let program = Program::new()
        .file("suite.yaml", &suite("auction", &[]))
        .env("GITLAB_CI", "true")
        .env("CI_JOB_URL", job)
        .env("GITHUB_STEP_SUMMARY", "step.md");
    let ended = program.run(&["run", "suite.yaml", "--enabled", "false"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let link: serde_json::Value =
        serde_json::from_str(&program.left("cotillion-report/auction/annotations.json")).unwrap();
    let link = &link["Load test auction"][0]["external_link"];
    assert_eq!(link["url"], format!("{job}/artifacts/file/cotillion-report/auction/report.html"));
    assert_eq!(link["label"], "SKIPPED: report.html");
    let empty = "{\n  \"metrics\": {}\n}\n";
    assert_eq!(program.left("cotillion-report/auction/load-performance.json"), empty);
    assert!(program.left("cotillion-report/auction/metrics.txt").ends_with("# EOF\n"));
    for part in
        ["\u{1b}[0Ksection_start:", ":cotillion_auction[collapsed=true]\r\u{1b}[0KSKIPPED  auction", "section_end:"]
    {
        assert!(ended.stdout.contains(part), "{part:?} is missing in {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("::") && !program.folder().join("step.md").exists(), "that is for GitHub only");
}
