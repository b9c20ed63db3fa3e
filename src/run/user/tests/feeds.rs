//! Rows of feeds: which action gets which.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::books::Told;
use super::server::{ack, polite};
use super::simulation::{Simulation, suite_with};

/// So many rows `w0`, `w1`, …
fn words(rows: u64) -> String {
    (0..rows).fold("text,kind\n".to_owned(), |mut text, row| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "w{row},{}", if row % 2 == 0 { "even" } else { "odd" });
        text
    })
}

fn suite(take: &str, scenario: &str) -> String {
    let top = format!("feeds: {{ words: {{ file: words.csv, take: {take} }} }}");
    suite_with(&top, &format!("pattern: none\n{scenario}"))
}

/// The words of each event `say`, by user and in order.
fn said(told: &Told, user: u64) -> String {
    let all = told.payloads("say").into_iter().zip(told.sent("say"));
    let own = all.filter(|(_, (_, by))| *by == user);
    let words = own.map(|(text, _)| text.trim_start_matches("[\"say\",").trim_end_matches(']').replace('"', ""));
    words.collect::<Vec<_>>().join(" ")
}

fn check(take: &str, rows: u64, scenario: &str, expected: &[&str]) -> Told {
    let told = Simulation::with_words(&suite(take, scenario), &words(rows)).run();
    let found: Vec<String> = (0..expected.len() as u64).map(|user| said(&told, user)).collect();
    assert_eq!(found, expected, "{:#?}", told.log);
    told
}

const TWO: &str = "every: 1s\nload: { users: 2, duration: 3s }\n";

#[test]
fn each_action_takes_a_row_and_names_it_everywhere() {
    let act = r#"act:
  - when: feed.words.kind != 'none'
    emit: say
    args: ["{{ feed.words.text }}", "{{ feed.words.text ~ '!' }}"]
    ack: { ok: "ack == feed.words.text" }
  - { emit: say, name: again, args: ["{{ feed.words.text }}", "{{ feed.words['kind'] }}"] }"#;
    // Turns 0, 1 and 2 could be the first user's: of turn 0 nobody knows before the run whether it is ready.
    let text = suite("unique", &format!("{TWO}{act}"));
    let server = |seen: &super::server::Seen<'_>| match (seen.asks("say"), seen.text()) {
        (Some(number), Some(text)) => {
            let word = text.split('"').nth(3).unwrap();
            vec![(20, ack(number, &format!("[\"{word}\"]")))]
        }
        _ => polite(seen),
    };
    let told = Simulation::with_words(&text, &words(10)).server(server).run();
    assert_eq!(said(&told, 0), "w2,w2! w3,odd w4,w4! w5,odd");
    assert_eq!(said(&told, 1), "w6,w6! w7,odd w8,w8! w9,odd");
    assert_eq!(told.actions(), "planned 8, sent 8, acks 4, ok 8");
}

#[test]
fn rows_are_taken_one_after_another_and_again() {
    let act = "act: [{ repeat: 2, emit: say, args: [\"{{ feed.words.text }}\"] }]";
    check("cycle", 3, &format!("{TWO}{act}"), &["w2 w0 w1 w2", "w0 w1 w2 w0"]);
    check("unique", 10, &format!("{TWO}{act}"), &["w2 w3 w4 w5", "w6 w7 w8 w9"]);
    let random = check("random", 1, &format!("{TWO}{act}"), &["w0 w0 w0 w0", "w0 w0 w0 w0"]);
    assert_eq!(random.life(), "connections 2");
}

#[test]
fn a_setup_that_is_done_again_takes_the_same_row() {
    let scenario = r#"every: 1s
load: { users: 2, duration: 3s }
setup: [{ emit: say, args: ["{{ feed.words.text }}"] }]
act: [{ when: step.number == 1, steps: [{ disconnect: clean }, { reconnect: true }] }]"#;
    check("unique", 2, scenario, &["w0 w0", "w1 w1"]);
}

#[test]
fn a_closed_loop_runs_dry_in_the_run() {
    let scenario = r#"every: asap
load: { users: 2, duration: 400ms }
act: [{ emit: say, args: ["{{ feed.words.text }}"], ack: {} }, { pause: 100ms }]"#;
    let told = check("unique", 5, scenario, &["w0 w2 w4", "w1 w3"]);
    assert_eq!(told.example("say cannot be sent"), "`feed.words.text` is undefined: the feed has no row left");
}

#[test]
fn a_plan_says_how_many_rows_it_needs() {
    let act = "act: [{ each: [1, 2, 3], emit: say, args: [\"{{ feed.words.text }}\"] }]";
    let login = "login: [{ post: /login, json: \"{{ feed.words.text }}\" }]\n";
    let needs = |rows| {
        let (_, problems) = Simulation::plan(&suite("unique", &format!("{TWO}{login}{act}")), &words(rows));
        problems.0.first().map(|problem| problem.what.clone())
    };
    // Two logins; turns 0, 1 and 2 of user 0, and of user 1, who comes 20 ms later, two, of three actions each.
    assert_eq!(needs(16).as_deref(), Some("`words` has 16 rows, and the plan needs 17"));
    assert_eq!(needs(17), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whoever comes and goes when, with whatever delays: nobody takes a row twice, and as many as the plan needs do.
    #[test]
    fn unique_rows_are_unique(
        targets in prop::collection::vec(0u64..5, 1..4),
        size in 1u64..3,
        times in 1u64..3,
        lag in 0u64..400,
    ) {
        let stages: Vec<String> =
            targets.iter().chain(&[2]).map(|target| format!("{{ duration: 1.3s, target: {} }}", target * size)).collect();
        let scenario = format!(
            r#"every: 1s
load: {{ stages: [{}] }}
group: {{ size: {size} }}
act:
  - {{ repeat: {times}, emit: say, args: ["{{{{ feed.words.text }}}}"], ack: {{}} }}
  - mix: [{{ steps: [{{ emit: say, name: b, args: ["{{{{ feed.words.text }}}}"] }}] }}, {{ steps: [] }}]"#,
            stages.join(", ")
        );
        let text = suite("unique", &scenario);
        let (_, problems) = Simulation::plan(&text, &words(1));
        let needed = problems.0.first().and_then(|problem| problem.what.rsplit(' ').next()?.parse().ok());
        let told = Simulation::with_words(&text, &words(needed.unwrap_or(1))).lag(lag).run();
        let all = told.payloads("say");
        let different: BTreeSet<&str> = all.iter().copied().collect();
        prop_assert_eq!(all.len(), different.len(), "{:?}", all);
        prop_assert_eq!(told.life().contains("step errors"), false);
    }
}
