//! The interop matrix: every published server over every way to it, and each count of ours against the server's own.
//!
//! Without more it asks the servers that every change must work with. `COTILLION_MATRIX=full` asks all of them, which needs
//! Redis and nginx, and `COTILLION_MATRIX=write` writes the results to `docs/interop.md`, too; `ci/matrix` does that.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::cells::{Cell, Program as Software, SERVERS, Server, Sticky, cells};
use self::page::Outcome;
use self::servers::{Target, folder, missing};
use crate::support::{Program, check_sums};

mod cells;
mod cluster;
mod counts;
mod page;
mod servers;

/// So many servers are asked at once: two cores bear it without being late.
const AT_ONCE: usize = 3;

fn is_wanted(how: &[&str]) -> bool {
    std::env::var("COTILLION_MATRIX").is_ok_and(|wanted| how.contains(&wanted.as_str()))
}

/// Cells that one process of a server can be asked one after another.
fn lanes(cells: Vec<Cell>) -> Vec<Vec<Cell>> {
    let mut lanes: Vec<Vec<Cell>> = Vec::new();
    for cell in cells {
        let same = |lane: &&mut Vec<Cell>| lane[0].server.name == cell.server.name && lane[0].flags() == cell.flags();
        match lanes.iter_mut().find(same) {
            Some(lane) => lane.push(cell),
            None => lanes.push(vec![cell]),
        }
    }
    // The longest last, as they are taken from the end.
    lanes.sort_by_key(Vec::len);
    lanes
}

/// Runs a cell; how many things both sides counted alike, or what is wrong.
fn ask(cell: &Cell, target: &Target) -> Result<u64, String> {
    target.reset();
    let mut program = Program::new().env("PROTOCOL", cell.server.protocol);
    for way in cells::WAYS {
        program = program.env(&way.to_uppercase(), if *way == cell.way { "100%" } else { "0%" });
    }
    for (name, value) in target.variables() {
        program = program.env(&name, &value);
    }
    let suite = folder().join(format!("suites/{}.yaml", cell.suite()));
    let ended = program.run(&["run", suite.to_str().expect("a path")]);
    if !program.has_results(cell.suite()) {
        return Err(format!("exit code {}\n{}", ended.code, ended.printed()));
    }
    let results = program.results(cell.suite());
    check_sums(&results);
    let pairs = counts::pairs(cell, &results, &target.stats());
    let mut wrong = faults(&results);
    wrong.extend(counts::differences(&pairs));
    if ended.code != 0 && wrong.is_empty() {
        wrong.push(ended.printed());
    }
    if wrong.is_empty() && ended.code == 0 {
        Ok(pairs.iter().map(|pair| pair.ours).sum())
    } else {
        Err(format!("exit code {}\n    {}", ended.code, wrong.join("\n    ")))
    }
}

/// What the run itself says is wrong: thresholds, checks and errors.
fn faults(results: &Value) -> Vec<String> {
    let rows = |list: &str| results[list].as_array().cloned().unwrap_or_default();
    let judged = [rows("thresholds"), rows("checks")].concat();
    let bad = judged.iter().filter(|row| !matches!(row["result"].as_str(), Some("met" | "true")));
    let told = bad.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        format!("{}: {} {}{}", text("name"), text("result"), text("observed_text"), text("detail"))
    });
    let errors = rows("errors");
    let errors = errors.iter().map(|error| {
        let example = error["examples"][0]["detail"].as_str().unwrap_or_default();
        format!("{} × {}: {example}", error["count"], error["kind"].as_str().unwrap_or_default())
    });
    told.chain(errors).collect()
}

/// Asks all lanes, several at once, and brings the outcomes into the order of the table.
fn outcomes(wanted: Vec<Cell>) -> Vec<Outcome> {
    let waiting = Mutex::new(lanes(wanted.clone()));
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(lane) = waiting.lock().expect("no panic").pop() else { return };
                    let target = Target::start(lane[0].server, lane[0].flags());
                    for cell in lane {
                        let start = Instant::now();
                        let result = ask(&cell, &target);
                        let took = start.elapsed();
                        found.lock().expect("no panic").push(Outcome { cell, result, took });
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no panic");
    let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    found.sort_by_key(|outcome| names.iter().position(|name| *name == outcome.cell.to_string()));
    found
}

#[test]
fn every_servers_own_count_is_ours() {
    let full = is_wanted(&["full", "write"]);
    let wanted: Vec<Cell> = cells(full).into_iter().filter(|cell| !missing(cell.server)).collect();
    let number = wanted.len();
    let found = outcomes(wanted);
    if is_wanted(&["write"]) {
        page::write(&found);
    }
    let failed: Vec<String> = found
        .iter()
        .filter_map(|outcome| outcome.result.as_ref().err().map(|why| format!("{}: {why}", outcome.cell)))
        .collect();
    let slowest = found.iter().map(|outcome| outcome.took).max().unwrap_or_default();
    assert_eq!(found.len(), number, "each cell has an outcome");
    assert!(failed.is_empty(), "{} of {number} cells fail:\n{}", failed.len(), failed.join("\n"));
    assert!(slowest < Duration::from_secs(30), "a cell took {slowest:?}");
}

#[test]
fn without_stickiness_a_run_says_so() {
    if !is_wanted(&["full", "write"]) {
        return;
    }
    const CLUSTER: Server = Server {
        name: "two nodes of 4.8, not sticky",
        program: Software::Cluster(Sticky::Not),
        protocol: "socket.io",
        features: &["text"],
        always: false,
    };
    let target = Target::start(&CLUSTER, &[]);
    for way in ["polling", "upgrade"] {
        let why = ask(&Cell { server: &CLUSTER, feature: "text", way }, &target).expect_err("it cannot work");
        assert!(why.contains("Session ID unknown") && why.contains("sticky"), "{way}: {why}");
    }
    // Over WebSocket alone every connection is of one node, and nothing has to be kept.
    let result = ask(&Cell { server: &CLUSTER, feature: "text", way: "websocket" }, &target);
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn the_committed_table_has_every_cell_and_names_what_it_was_made_against() {
    let text = std::fs::read_to_string(page::FILE).expect("the page");
    let wrong = page::differences(&text);
    assert!(wrong.is_empty(), "{}; run `ci/matrix --write`\n{}", page::FILE, wrong.join("\n"));
}

#[test]
fn a_table_that_has_rotted_is_noticed() {
    let text = std::fs::read_to_string(page::FILE).expect("the page");
    let row = text.lines().find(|line| line.starts_with("| socket.io 2.5 | polling")).expect("a row");
    let changes = [
        (text.replace(row, ""), "`socket.io 2.5 · polling` has no row"),
        (text.replace("| binary |", "| bytes |"), "the columns are"),
        (text.replace("socket.io 4.8.4", "socket.io 4.8.3"), "it was not made against socket.io 4.8.4"),
        (
            format!("{text}| socket.io 1.0 | polling | 1 | 1 | 1 | 1 | 1 | | |\n"),
            "`socket.io 1.0 · polling` is none of ours",
        ),
        (
            text.replace(row, "| socket.io 2.5 | polling | 1 | | 1 | 1 | 1 | | |"),
            "`socket.io 2.5 · polling` has other cells",
        ),
        (text.replace("bids_by_graphql", "bids"), "the applications on a raw WebSocket"),
    ];
    for (changed, expected) in changes {
        let found = page::differences(&changed).join("\n");
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn the_servers_of_the_matrix_do_what_they_promise() {
    if SERVERS.iter().any(missing) {
        return;
    }
    let mut node = std::process::Command::new("node");
    node.args(["--test", "conformance.test.mjs"]).current_dir(folder());
    let output = node.output().expect("node");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let passed = printed.lines().find_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix("pass "));
    assert!(passed.is_some_and(|number| number != "0"), "nothing was tested:\n{printed}");
}
