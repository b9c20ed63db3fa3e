//! `cotillion demo --compare`: three short runs on the built-in target, and the page that shows them side by side.

use std::time::Duration;

use cotillion::metrics::number;
use serde_json::Value;

use crate::support::{self, Program};

const PATTERNS: [&str; 3] = ["burst", "dedicated", "rotate"];

/// What a run counted.
fn total(results: &Value, name: &str) -> u64 {
    support::number(results, &format!("/totals/{name}"))
}

#[test]
fn the_page_says_what_the_runs_say() {
    let program = Program::new();
    let ended = program.run(&["demo", "--compare", "--quiet", "--duration", "4s"]);
    assert_eq!(ended.code, 0, "a burst that is rejected is the point: {}", ended.printed());
    let page = program.left("cotillion-report/compare.html");
    let results = PATTERNS.map(|pattern| program.results(pattern));
    for (pattern, results) in PATTERNS.iter().zip(&results) {
        support::check_sums(results);
        assert_eq!(results["scenarios"][0]["pattern"], *pattern);
        assert!(page.contains(&format!("href=\"{pattern}/report.html\"")), "{pattern} is linked");
        assert!(program.left(&format!("cotillion-report/{pattern}/report.html")).contains("<!doctype html>"));
        let side = page.split(&format!("aria-labelledby=\"run-{pattern}-t\"")).nth(1).expect("a side");
        let side = side.split("</article>").next().expect("its end");
        let row = ended.stdout.lines().rfind(|line| line.starts_with(pattern)).expect("a row on the terminal");
        for name in ["ok", "rejected", "received_events"] {
            let shown = number::count(total(results, name));
            assert!(side.contains(&format!("<dd>{shown}<svg class=\"bar\"")), "{pattern}: {name} {shown}: {side}");
            assert!(row.split_whitespace().any(|word| word == shown), "{pattern}: {name} {shown}: {row}");
        }
        let (status, validity) = (&results["verdict"]["status"], &results["verdict"]["validity"]);
        let word = status.as_str().expect("a word").to_uppercase();
        assert!(side.contains(&word) && row.contains(&word), "{pattern}: {status} {validity}: {row}");
    }
    let [burst, dedicated, rotate] = &results;
    assert!(total(burst, "rejected") > total(burst, "ok"), "{}", burst["totals"]);
    assert_eq!(total(dedicated, "rejected"), 0, "{}", dedicated["totals"]);
    assert!(total(rotate, "received_events") > 2 * total(dedicated, "received_events"), "{}", rotate["totals"]);
    for words in ["It matters who acts on what", "Everybody at once", "Everybody alone", "Everybody in turn"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("20 users on 20 resources") && page.contains("the same 4 s"), "the same for all");
}

#[test]
fn a_wrong_override_is_told_once_a_pattern_and_runs_nothing() {
    let program = Program::new();
    let ended = program.run(&["demo", "--compare", "--duration", "0s"]);
    assert_eq!(ended.code, 104, "{}", ended.printed());
    assert_eq!(program.all_left().len(), 0);
}

#[test]
fn a_signal_ends_the_comparison_with_the_reports_of_what_ran() {
    let program = Program::new();
    let running = program.start(&["demo", "--compare", "--quiet", "--duration", "60s"]);
    std::thread::park_timeout(Duration::from_millis(2_500));
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, 105, "{}", ended.printed());
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
    assert_eq!(program.results("burst")["verdict"]["status"], "interrupted");
    let left = program.all_left();
    assert!(left.iter().all(|(path, _)| !path.ends_with("compare.html") && !path.to_string_lossy().contains("rotate")));
}
