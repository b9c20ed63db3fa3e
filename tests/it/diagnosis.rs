//! Servers that misbehave: each misbehaviour is told under a kind of its own, with a sentence that says what to do, as often
//! as it happened, in all reports, in time; and nothing hangs.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cotillion::protocol::breach::BREACHES;
use serde_json::Value;

use crate::support::{Program, number};

mod certificates;
mod peer;
mod poller;
mod rows;

use certificates::Tls;
use peer::Peer;
use rows::{Place, ROWS, Row};

const SUITE: &str = "name: peer
target: { url: URL, allow: [\"*.invalid\"], MORE }
scenarios:
  users:
    load: { users: 2, duration: 2s }
    every: 500ms
    reconnect: off
    connect: { within: 1s, rate: 100/s }
    act:
      - emit: hello
";

/// Runs at the same time: they wait more than they work.
const AT_ONCE: usize = 12;
/// A busy machine may be late by that much, in milliseconds.
const SLACK: u64 = 1500;
/// Rows of a failure that other rows show, too: it comes in other ways.
const THE_SAME: &[&str] = &[
    "a head without an end",
    "polling, a wrong length",
    "polling, GET never answered",
    "silence after the move",
    "never pings",
    "polling, a page in the middle",
];
/// No run takes longer, beyond what its row waits for: two seconds, a second for each goodbye, and the start of a slow machine.
const LONGEST: Duration = Duration::from_secs(12);

#[test]
fn every_misbehaviour_is_told() {
    let next = AtomicUsize::new(0);
    let complaints = std::thread::scope(|scope| {
        let work = || {
            let rows = std::iter::from_fn(|| ROWS.get(next.fetch_add(1, Ordering::SeqCst)));
            rows.filter_map(|row| check(row).err().map(|what| format!("{}: {what}", row.name))).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), ROWS.len(), complaints.join("\n"));
}

#[test]
fn no_two_rows_are_the_same_failure() {
    assert!(ROWS.len() >= 40, "{}", ROWS.len());
    let mut names = HashSet::new();
    let mut kinds = HashSet::new();
    for row in ROWS {
        assert!(names.insert(row.name), "{} twice", row.name);
        let is_new = row.told.is_none_or(|(class, kind, _)| kinds.insert((class, kind)));
        assert!(is_new || THE_SAME.contains(&row.name), "{}: {:?} twice", row.name, row.told);
    }
}

/// The page for people lists every kind, and what to do about broken rules in the program's own words.
#[test]
fn every_kind_is_documented() {
    let page = std::fs::read_to_string("docs/diagnosis.md").unwrap();
    let kinds = ROWS.iter().filter_map(|row| row.told.map(|(_, kind, _)| kind));
    let lacking: Vec<_> = kinds.filter(|kind| !page.contains(&format!("| `{kind}` | "))).collect();
    assert!(lacking.is_empty(), "docs/diagnosis.md lacks {lacking:?}");
    let rows: String = BREACHES.iter().map(|breach| format!("| `{}` | {} |\n", breach.kind, breach.advice)).collect();
    assert!(page.contains(&rows), "docs/diagnosis.md lacks, word for word:\n{rows}");
}

/// Runs a suite against the peer of a row. The error says what was told otherwise than it should.
fn check(row: &Row) -> Result<(), String> {
    let (tls, authority) = match row.place {
        Place::Tls(tls) => tls.config(),
        _ => Tls::Fine.config(),
    };
    let tls = matches!(row.place, Place::Tls(_)).then_some(tls);
    let peer = Peer::start(row.script, row.later, tls);
    let url = match row.place {
        Place::Plain | Place::TlsForPlain => format!("http://127.0.0.1:{}", peer.port),
        Place::Tls(_) | Place::PlainForTls => format!("https://localhost:{}", peer.port),
        Place::Nobody | Place::Proxy => "http://127.0.0.1:1".to_owned(),
        Place::Unresolved => "http://nowhere.invalid".to_owned(),
    };
    let mut suite = SUITE.replace("URL", &url).replace("MORE", "tls: { ca: ca.pem }");
    for (from, to) in row.suite {
        assert!(suite.contains(from), "{from:?} is not in the suite");
        suite = suite.replace(from, to);
    }
    let suite = suite.replace("PEER", &format!("127.0.0.1:{}", peer.port));
    let program =
        Program::new().file("ca.pem", &authority).file("suite.yaml", &suite.replace("BIG", &"x".repeat(300_000)));
    let ended = program.run(&["run", "suite.yaml"]);
    let results = program.results("peer");
    let complain = |what: String| Err(format!("{what}\n{}\n", ended.printed()));
    if ended.took > LONGEST + Duration::from_millis(row.by) {
        return complain(format!("it took {:?}", ended.took));
    }
    let found: Vec<&Value> = results["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| {
            // What is not sent for lack of a connection is told under `action`, and is not the failure itself.
            let told = row.told.map_or("connect", |(class, ..)| class);
            ["connect", "disconnect", "protocol", "step", told].map(Value::from).contains(&error["class"])
        })
        .collect();
    let Some((class, kind, words)) = row.told else {
        let served = number(&results, "/totals/connections") == 2 && peer.done() == 2;
        let is_fine = found.is_empty() && served && ended.code == 0;
        return if is_fine { Ok(()) } else { complain(format!("something is wrong: {found:?}")) };
    };
    let [error] = found[..] else { return complain(format!("not one finding but {found:#?}")) };
    if (error["class"].as_str(), error["kind"].as_str()) != (Some(class), Some(kind)) {
        return complain(format!("{error:#}"));
    }
    check_counts(row, &peer, error, &results).or_else(complain)?;
    let late = error["examples"][0]["at_ms"].as_f64().is_none_or(|at| at > (row.by + SLACK) as f64);
    if late || (class == "connect" && !kind.starts_with("not upgraded")) != (ended.code == 112) {
        return complain(format!("exit code {}, {error:#}", ended.code));
    }
    let pages = [
        ("the terminal", ended.stdout.clone()),
        ("junit.xml", program.left("cotillion-report/peer/junit.xml")),
        ("report.html", program.left("cotillion-report/peer/report.html")),
        ("results.json", error.to_string()),
    ];
    for (name, page) in pages {
        let page = plain(&page);
        if page.contains("s3cret") {
            return complain(format!("{name} has a secret"));
        }
        if !page.contains(&plain(words)) || !page.contains(&plain(kind)) {
            return complain(format!("{name} does not say {kind:?} and {words:?}: {error:#}"));
        }
    }
    Ok(())
}

/// It was told as often as the peer did it, and so say the totals.
fn check_counts(row: &Row, peer: &Peer, error: &Value, results: &Value) -> Result<(), String> {
    let class = error["class"].as_str().unwrap_or_default();
    let times = if row.place.is_seen_before() { 1 } else { 2 };
    let totals = |name: &str| number(results, &format!("/totals/{name}"));
    let counted = match class {
        _ if row.place.is_seen_before() => 1,
        "connect" if error["kind"].as_str().is_some_and(|kind| kind.starts_with("not upgraded")) => {
            // They stay, and work.
            totals("connections") - totals("connect_failures") - totals("disconnects")
        }
        "connect" => totals("connect_failures"),
        "action" => metric(results, "http_failures"),
        "disconnect" => totals("disconnects"),
        _ => metric(results, "errors"),
    };
    let came_back = class == "disconnect" && totals("reconnects") == 2;
    let by_peer = if row.place.is_seen_before() || row.place == Place::Tls(Tls::Mutual) { times } else { peer.done() };
    let expected = if came_back { by_peer - 2 } else { by_peer };
    if (error["count"].as_u64(), counted, expected) == (Some(times), times, times) {
        return Ok(());
    }
    Err(format!("the peer did it {by_peer} times, the totals say {counted}, and {error:#}"))
}

/// A metric of the whole run.
fn metric(results: &Value, name: &str) -> u64 {
    let rows = results["metrics"].as_array().into_iter().flatten();
    let value = rows.filter(|row| row["name"] == name).find_map(|row| row["value"].as_f64());
    value.unwrap_or_else(|| panic!("no metric {name}")) as u64
}

/// A page without its line breaks and escapes.
fn plain(page: &str) -> String {
    let mut page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for (escape, character) in [
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&#x2F;", "/"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        page = page.replace(escape, character);
    }
    page
}
