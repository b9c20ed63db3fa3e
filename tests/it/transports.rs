//! Every way to reach a server, in whole runs: polling, the move to WebSocket, shares, IPv6, source addresses, proxies, TLS.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::cli::suite;
use crate::support::{Program, ServerProcess, check_counts, http, number};

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
        let came: BTreeMap<String, u64> =
            serde_json::from_str(&http(&server.url, "GET", "/transports", "")).expect("counts");
        assert_eq!((came["by_polling"], came["upgraded"]), (*polling, *moved), "{name}: {came:?}");
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

const MIXED: &str = "transports: { websocket: 40%, upgrade: 40%, polling: 20% }";

#[test]
fn the_move_has_metrics_and_thresholds() {
    let server = ServerProcess::built_in(&[]);
    let target = with_target("moves", MIXED);
    let text =
        format!("{target}  upgrade_rate: \"== 100%\"\n  upgrade_latency: {{ limit: \"p50 < 5s\", min_samples: 1 }}\n");
    let program = Program::new().file("suite.yaml", &text).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let results = program.results("moves").to_string();
    let (html, junit) =
        (program.left("cotillion-report/moves/report.html"), program.left("cotillion-report/moves/junit.xml"));
    for (report, text) in [("terminal", &ended.stdout), ("JSON", &results), ("HTML", &html), ("JUnit", &junit)] {
        for name in ["upgrade_rate", "upgrade_latency"] {
            assert!(text.contains(name), "{name} is missing in {report}: {text}");
        }
    }
    assert!(ended.stdout.contains("4 of 4 moved to WebSocket"), "{}", ended.stdout);
    assert!(html.contains("<dt>moved to WebSocket</dt><dd>4 of 4</dd>"), "{html}");
}

/// Passes connections on to a server, and writes down what it saw of them.
#[derive(Clone)]
struct Relay {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug, Clone)]
struct Seen {
    from: IpAddr,
    /// What a proxy was asked, headers and all.
    head: String,
}

enum Kind {
    Plain,
    Tls(TlsAcceptor),
    /// A load balancer that does not know of WebSockets.
    NoWebSocket,
    /// A proxy that wants this `Proxy-Authorization`.
    Proxy(&'static str),
}

impl Relay {
    fn start(kind: Kind, server: &str) -> Self {
        Self::at("127.0.0.1:0", kind, server)
    }

    fn at(address: &str, kind: Kind, server: &str) -> Self {
        let server: SocketAddr = server.strip_prefix("http://").expect("an http URL").parse().expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(address)).expect("a port");
        let relay = Self { address: listener.local_addr().expect("an address"), seen: Arc::default() };
        let (kind, here) = (Arc::new(kind), relay.clone());
        thread::spawn(move || {
            runtime.block_on(async move {
                while let Ok((stream, peer)) = listener.accept().await {
                    let (kind, here) = (Arc::clone(&kind), here.clone());
                    tokio::spawn(async move { here.pass(&kind, stream, peer.ip(), server).await });
                }
            });
        });
        relay
    }

    async fn pass(&self, kind: &Kind, stream: TcpStream, from: IpAddr, server: SocketAddr) {
        match kind {
            Kind::Plain => {
                self.saw(from, String::new());
                join(stream, server, "").await;
            }
            Kind::Tls(acceptor) => {
                self.saw(from, String::new());
                if let Ok(stream) = acceptor.accept(stream).await {
                    join(stream, server, "").await;
                }
            }
            Kind::NoWebSocket => {
                let (mut stream, head) = head_of(stream).await;
                self.saw(from, head.clone());
                if head.contains("Upgrade: websocket") {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno").await;
                } else {
                    join(stream, server, &head).await;
                }
            }
            Kind::Proxy(authorization) => {
                let (mut stream, head) = head_of(stream).await;
                let allowed = head.contains(&format!("Proxy-Authorization: {authorization}\r\n"));
                self.saw(from, head);
                let answer = if allowed { "200 Connection established" } else { "407 Proxy Authentication Required" };
                let length = if allowed { "" } else { "Content-Length: 0\r\n" };
                let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\n{length}\r\n").as_bytes()).await;
                if allowed {
                    join(stream, server, "").await;
                }
            }
        }
    }

    fn saw(&self, from: IpAddr, head: String) {
        self.seen.lock().expect("the list").push(Seen { from, head });
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the list").clone()
    }
}

async fn head_of(stream: TcpStream) -> (BufReader<TcpStream>, String) {
    let (mut stream, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.unwrap_or(0) > 0 {}
    (stream, head)
}

/// Passes on what was read already, and then everything.
async fn join(mut stream: impl AsyncRead + AsyncWrite + Unpin, server: SocketAddr, head: &str) {
    if let Ok(mut server) = TcpStream::connect(server).await
        && server.write_all(head.as_bytes()).await.is_ok()
    {
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    }
}

#[test]
fn who_cannot_move_stays_and_the_reports_say_why() {
    let server = ServerProcess::built_in(&[]);
    let relay = Relay::start(Kind::NoWebSocket, &server.url);
    let forwarded = r#"headers: { X-Forwarded-For: "10.0.{{ user.index // 250 }}.{{ user.index % 250 + 1 }}" }"#;
    let text = with_target("stays", &format!("transports: {{ upgrade: 40%, polling: 60% }}, {forwarded}"));
    let text = format!("{text}  upgrade_rate: \"== 0%\"\n");
    let url = format!("http://{}", relay.address);
    let program = Program::new().file("suite.yaml", &text).env("TARGET_URL", &url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let results = program.results("stays");
    check_counts(&results, &server.stats());
    assert_eq!(number(&results, "/totals/connect_failures"), 0);
    let lines = relay.seen().into_iter().flat_map(|seen| seen.head.lines().map(str::to_owned).collect::<Vec<_>>());
    let clients: BTreeSet<String> = lines.filter(|line| line.starts_with("X-Forwarded-For: 10.0.0.")).collect();
    assert_eq!(clients.len(), 10, "each user is a client of its own: {clients:?}");
    let errors = results["errors"].as_array().expect("errors");
    let found = errors.iter().find(|error| error["kind"] == "not upgraded: upgrade refused: 400 bad request");
    let found = found.unwrap_or_else(|| panic!("{errors:?}"));
    assert_eq!((&found["class"], &found["count"]), (&Value::from("connect"), &Value::from(4)), "{found}");
    let detail = found["examples"][0]["detail"].as_str().expect("a sentence");
    assert!(detail.starts_with("the user stays on polling: the server answered the WebSocket request"), "{detail}");
    for report in ["report.html", "junit.xml"] {
        let text = program.left(&format!("cotillion-report/stays/{report}"));
        assert!(text.contains("not upgraded: upgrade refused: 400 bad request"), "{report}");
    }
}

#[test]
fn everything_goes_through_the_proxy_and_its_password_nowhere_else() {
    let server = ServerProcess::built_in(&[]);
    let authority = server.url.strip_prefix("http://").expect("an http URL");
    let check = |name: &str, password: &str, no_proxy: &str, code: i32| {
        // `ada:correct%20horse`, as it is sent.
        let relay = Relay::start(Kind::Proxy("Basic YWRhOmNvcnJlY3QgaG9yc2U="), &server.url);
        let proxy = format!("proxy: \"http://ada:${{PROXY_PASSWORD}}@{}\", {MIXED}", relay.address);
        let program = Program::new().file("suite.yaml", &with_target(name, &proxy)).env("TARGET_URL", &server.url);
        let program = program.env("PROXY_PASSWORD", password).env("NO_PROXY", no_proxy).env("no_proxy", "");
        let ended = program.run(&["run", "suite.yaml"]);
        assert_eq!(ended.code, code, "{}", ended.printed());
        let mut all = ended.printed();
        program.all_left().iter().for_each(|(_, bytes)| all.push_str(&String::from_utf8_lossy(bytes)));
        for secret in [password, "correct horse", "YWRhOmNvcnJlY3QgaG9yc2U"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        (relay.seen(), ended.printed())
    };
    let (seen, _) = check("proxied", "correct%20horse", "example.com,10.0.0.0/8", 0);
    // One look whether anybody is there, and of each user a login and a socket; polling takes two, a move a third.
    assert!(seen.len() >= 1 + 10 + 4 + 2 * 2 + 4 * 2, "{} connections", seen.len());
    let asked = format!("CONNECT {authority} HTTP/1.1\r\n");
    assert!(seen.iter().all(|seen| seen.head.starts_with(&asked)), "{seen:?}");
    let (seen, _) = check("direct", "correct%20horse", "localhost,127.0.0.0/8", 0);
    assert!(seen.is_empty(), "{seen:?}");
    let (_, printed) = check("refused", "wrong-password", "", 112);
    assert!(printed.contains("the proxy answered CONNECT with status 407"), "{printed}");
}

#[test]
fn users_come_from_their_addresses_in_turn() {
    let server = ServerProcess::built_in(&[]);
    let relay = Relay::start(Kind::Plain, &server.url);
    let keys = format!("source_addresses: [127.0.0.2, 127.0.0.3], {MIXED}");
    let url = format!("http://{}", relay.address);
    let program = Program::new().file("suite.yaml", &with_target("addresses", &keys)).env("TARGET_URL", &url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let seen = relay.seen();
    let (first, users) = seen.split_first().expect("the look whether anybody is there");
    assert_eq!(first.from.to_string(), "127.0.0.1");
    let of = |address: &str| users.iter().filter(|seen| seen.from.to_string() == address).count();
    // Logins and sockets of five users each; polling takes two connections, a move a third.
    assert!(of("127.0.0.2") >= 10 && of("127.0.0.3") >= 10, "{users:?}");
    let addresses: BTreeSet<IpAddr> = users.iter().map(|seen| seen.from).collect();
    assert_eq!(addresses.len(), 2, "{addresses:?}");
}

#[test]
fn an_ipv6_target_is_reached_every_way() {
    let server = ServerProcess::built_in(&[]);
    let relay = Relay::at("[::1]:0", Kind::Plain, &server.url);
    let url = format!("http://{}", relay.address);
    assert!(url.starts_with("http://[::1]:"), "{url}");
    let keys = format!("source_addresses: [\"::1\"], {MIXED}");
    let program = Program::new().file("suite.yaml", &with_target("ipv6", &keys)).env("TARGET_URL", &url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    assert_eq!(number(&program.results("ipv6"), "/totals/connections"), 10);
}

fn certificate(name: &str) -> (String, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).expect("a server");
    (cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[test]
fn every_way_goes_over_tls_and_nobody_overlooks_that_it_is_not_verified() {
    let server = ServerProcess::built_in(&[]);
    let check = |name: &str, keys: &str, through_proxy: bool, careless: bool| {
        let (pem, acceptor) = certificate("localhost");
        let relay = Relay::start(Kind::Tls(acceptor), &server.url);
        let proxy = Relay::start(Kind::Proxy("Basic YTpi"), &format!("http://{}", relay.address));
        let proxy_key =
            if through_proxy { format!("proxy: \"http://a:b@{}\", ", proxy.address) } else { String::new() };
        let program = Program::new().file("suite.yaml", &with_target(name, &format!("{keys}, {proxy_key}{MIXED}")));
        let program = program.env("NO_PROXY", "").env("no_proxy", "");
        let program =
            program.file("ca.pem", &pem).env("TARGET_URL", &format!("https://localhost:{}", relay.address.port()));
        let ended = program.run(&["run", "suite.yaml"]);
        assert_eq!(ended.code, 0, "{}", ended.printed());
        assert!(relay.seen().len() >= 10 + 10, "{} connections", relay.seen().len());
        assert_eq!(proxy.seen().len(), if through_proxy { relay.seen().len() } else { 0 });
        let left = |file: &str| program.left(&format!("cotillion-report/{name}/{file}"));
        for (report, text) in [
            ("terminal", ended.stdout.clone()),
            ("HTML", left("report.html")),
            ("JUnit", left("junit.xml")),
            ("JSON", program.results(name)["run"]["warnings"].to_string()),
        ] {
            // The terminal breaks its lines.
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words.contains("TLS certificates are not verified"), careless, "{report}: {text}");
        }
    };
    check("verified", "tls: { ca: ca.pem }", false, false);
    check("tunnelled", "tls: { ca: ca.pem }", true, false);
    check("careless", "tls: { verify: false }", false, true);
}
