//! Every way to reach a server, in whole runs: polling, the move to WebSocket, shares, IPv6, source addresses, proxies, TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;

use crate::cli::suite;
use crate::support::{Program, ServerProcess, check_counts, number};

/// The suite of an auction with these keys in its target.
fn with_target(name: &str, keys: &str) -> String {
    let target = format!("namespace: /auction, {keys} }}");
    suite(name, &[("namespace: /auction }", target.as_str()), ("duration: 6s", "duration: 4s")])
}

/// A run of it that passes, with the server's counts ours.
fn run(server: &ServerProcess, name: &str, keys: &str) -> Value {
    let program = Program::new().file("suite.yaml", &with_target(name, keys)).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    let results = program.results(name);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    check_counts(&results, &server.stats());
    assert!(number(&results, "/totals/ok") >= 20, "{}", results["totals"]);
    results
}

/// A metric of a run as `results.json` has it.
fn metric<'a>(results: &'a Value, name: &str) -> &'a Value {
    let metrics = results["metrics"].as_array().expect("metrics");
    metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name} in {metrics:?}"))
}

/// How many of the ten users begin by polling, and how many of them move.
struct Expected {
    name: &'static str,
    transports: &'static str,
    polling: u64,
    moved: u64,
}

const WAYS: &[Expected] = &[
    Expected { name: "websocket", transports: "[websocket]", polling: 0, moved: 0 },
    Expected { name: "polling", transports: "[polling]", polling: 10, moved: 0 },
    Expected { name: "upgrade", transports: "[polling, websocket]", polling: 10, moved: 10 },
    Expected { name: "shares", transports: "{ websocket: 50%, upgrade: 30%, polling: 20% }", polling: 5, moved: 3 },
];

#[test]
fn every_way_to_npms_socket_io_has_the_servers_counts() {
    for Expected { name, transports, polling, moved } in WAYS {
        let Some(server) = ServerProcess::node_auction(&[]) else { return };
        run(&server, name, &format!("transports: {transports}"));
        let stats = server.stats();
        assert_eq!((stats["by_polling"], stats["upgraded"]), (*polling, *moved), "{name}: {stats:?}");
        assert_eq!((stats["connections"], stats["disconnects"]), (10, 10), "{name}: all said goodbye: {stats:?}");
    }
}

#[test]
fn every_way_to_the_built_in_target_has_its_counts() {
    for Expected { name, transports, .. } in WAYS {
        let server = ServerProcess::built_in(&[]);
        run(&server, name, &format!("transports: {transports}"));
        assert_eq!(server.stats()["connections"], 10, "{name}");
    }
}
