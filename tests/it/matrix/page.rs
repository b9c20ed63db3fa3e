//! The table in the documents: made of the results of a whole run, and held against the cells and the locked versions.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::cells::{Cell, FEATURES, SERVERS, WAYS};
use super::servers::folder;

pub const FILE: &str = "docs/interop.md";

/// What the page says of servers that are no cells.
const APPLICATIONS: &str = "\
## On a raw WebSocket

Two servers have whole applications as suites, with their own counts beside ours: npm's `graphql-ws`, which speaks graphql-transport-ws
(`loadtests/graphql.yaml`), and rooms as Phoenix channels in plain JSON, on npm's `ws` (`loadtests/phoenix.yaml`). `ci/test` runs both against
a server that keeps its promises, and against one that goes wrong in each of its ways (`tests/it/applications.rs`: `bids_by_graphql`,
`channels_as_phoenix_has_them`).
";

/// What became of a cell.
#[derive(Debug)]
pub struct Outcome {
    pub cell: Cell,
    /// How much both sides counted alike, or what is wrong.
    pub result: Result<u64, String>,
    pub took: Duration,
}

/// Packages whose versions the page names, as the page calls them and as they are locked for Node.
const NODE: &[(&str, &str)] = &[
    ("socket.io", "socket.io-v4"),
    ("socket.io", "socket.io-v3"),
    ("socket.io", "socket.io-v2"),
    ("socket.io-msgpack-parser", "socket.io-msgpack-parser"),
    ("@socket.io/redis-adapter", "@socket.io/redis-adapter"),
];
const PYTHON: &[&str] = &["python-socketio", "python-engineio", "uvicorn", "msgpack"];

/// Writes the page.
pub fn write(outcomes: &[Outcome]) {
    let today = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let versions = [installed(), debian()].concat().join(", ");
    let rows = SERVERS.iter().flat_map(|server| WAYS.iter().map(move |way| (server.name, *way)));
    let rows: String = rows
        .map(|(server, way)| {
            let cell = |feature: &&str| {
                let is = |outcome: &&Outcome| {
                    (outcome.cell.server.name, outcome.cell.way, outcome.cell.feature) == (server, way, feature)
                };
                match outcomes.iter().find(is).map(|outcome| &outcome.result) {
                    Some(Ok(counted)) => format!(" {counted} |"),
                    Some(Err(_)) => " fails |".to_owned(),
                    None => " |".to_owned(),
                }
            };
            format!("| {server} | {way} |{}\n", FEATURES.iter().map(cell).collect::<String>())
        })
        .collect();
    let page = format!(
        "# Servers it was run against\n\n\
         Every published server is asked over each way to it, with a suite for each feature (`tests/interop/matrix/suites`). The number in a\n\
         cell says how much both sides counted: connections, upgrades, refusals, events, acks, answers and deliveries. Each of these counts is the\n\
         same on both sides, or the cell says *fails*. What a server does not have is left empty.\n\n\
         {}\n{}{rows}\n\
         `ci/matrix --write` made this table on {}, against {versions}.\n\n{APPLICATIONS}",
        head(),
        format_args!("|{}\n", "---|".repeat(2 + FEATURES.len())),
        &today[..10],
    );
    fs::write(FILE, page).expect("a page");
}

fn head() -> String {
    format!("| server | way | {} |", FEATURES.join(" | "))
}

/// In what the page differs from the cells and from what is locked.
pub fn differences(page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !page.contains(&head()) {
        wrong.push(format!("the columns are not `{}`", head()));
    }
    if !page.ends_with(APPLICATIONS) {
        wrong.push("the applications on a raw WebSocket are not told of".to_owned());
    }
    let rows = page.lines().filter(|line| line.starts_with("| ") && *line != head());
    let rows: Vec<Vec<&str>> = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    for row in &rows {
        let known = SERVERS.iter().any(|server| server.name == row[0]) && WAYS.contains(&row[1]);
        if !known && row[0] != "server" {
            wrong.push(format!("`{} · {}` is none of ours", row[0], row[1]));
        }
    }
    for (server, way) in SERVERS.iter().flat_map(|server| WAYS.iter().map(move |way| (server, *way))) {
        let name = format!("`{} · {way}`", server.name);
        let Some(row) = rows.iter().find(|row| row[0] == server.name && row[1] == way) else {
            wrong.push(format!("{name} has no row"));
            continue;
        };
        let filled = FEATURES.iter().zip(&row[2..]).filter(|(_, cell)| !cell.is_empty()).map(|(feature, _)| *feature);
        if !filled.eq(FEATURES.iter().copied().filter(|feature| server.features.contains(feature))) {
            wrong.push(format!("{name} has other cells"));
        }
    }
    let made_against = locked().into_iter().filter(|version| !page.contains(version));
    wrong.extend(made_against.map(|version| format!("it was not made against {version}")));
    wrong
}

/// Versions as the lock files have them.
fn locked() -> Vec<String> {
    let lock = json("package-lock.json");
    let node = NODE.iter().map(|(name, package)| {
        let version = lock["packages"][format!("node_modules/{package}")]["version"].as_str().expect("a version");
        format!("{name} {version}")
    });
    let text = fs::read_to_string(folder().join("requirements.txt")).expect("requirements");
    let python = PYTHON.iter().map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=="))).expect("a version");
        format!("{name} {}", line.trim_end_matches(" \\"))
    });
    node.chain(python).collect()
}

/// Versions as they are installed.
fn installed() -> Vec<String> {
    let node = NODE.iter().map(|(name, package)| {
        format!("{name} {}", json(&format!("node_modules/{package}/package.json"))["version"].as_str().expect("text"))
    });
    let python = PYTHON.iter().map(|name| {
        let asked = format!("import importlib.metadata as m; print(m.version('{name}'))");
        let printed = printed_by(Command::new(folder().join(".venv/bin/python")).args(["-c", &asked]));
        format!("{name} {}", printed.trim())
    });
    node.chain(python).collect()
}

/// Versions of what comes with the system.
fn debian() -> Vec<String> {
    let after = |printed: String, before: &str| {
        let rest = printed.split_once(before).map(|(_, rest)| rest.to_owned()).expect("a version");
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    };
    let nginx = printed_by(Command::new("/usr/sbin/nginx").arg("-v"));
    let redis = printed_by(Command::new("redis-server").arg("--version"));
    vec![format!("nginx {}", after(nginx, "nginx/")), format!("Redis {}", after(redis, "v="))]
}

fn printed_by(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).expect("a file")).expect("JSON")
}
