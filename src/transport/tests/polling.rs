//! Polling: what crosses, in which order, and how it ends.

use bytes::Bytes;

use super::scripted::{Asked, Server};
use super::{clock, endpoint, within};
use crate::protocol::{Frame, Text, Version};
use crate::transport::cookies::Cookies;
use crate::transport::polling::{self, Opened, Place};
use crate::transport::websocket::Limits;
use crate::transport::{Arrival, Link, LinkEnd, PollingError, QueueError, TargetLink};
use crate::units::Duration;

pub fn text(text: &str) -> Frame {
    Frame::Text(Text::from(text))
}

pub fn place(server: &Server, version: Version) -> Place {
    let number = if version == Version::V3 { "3&b64=1" } else { "4" };
    Place {
        endpoint: endpoint(server.address),
        authority: server.address.to_string(),
        polling: format!("/socket.io/?EIO={number}&transport=polling"),
        websocket: format!("/socket.io/?EIO={number}&transport=websocket"),
        headers: vec![("x-load-test".to_owned(), "yes".to_owned())],
        version,
        limits: Limits { message: 10_000, queue: 4_000 },
    }
}

pub const OPEN: &str =
    r#"0{"sid":"s/1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":500}"#;

/// Opens a session, the first request answered with this.
pub async fn open(server: &mut Server, version: Version, upgrades: bool, first: &str) -> Opened {
    let place = place(server, version);
    let now = clock();
    let answer = async {
        let asked = server.next_of("GET").await;
        assert!(!asked.target().contains("sid=") && asked.target().contains("&t="), "{}", asked.head);
        asked.answer_with("200 OK", "Set-Cookie: node=a; Path=/\r\n", first, false);
    };
    let (opened, ()) = tokio::join!(within(polling::open(place, Cookies::default(), upgrades, &now)), answer);
    opened.unwrap()
}

/// Polls the link while the other half of the test goes on. What arrives meanwhile is a mistake of the test.
pub async fn meanwhile<T>(link: &mut TargetLink, other: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        arrived = link.recv() => panic!("{arrived:?}"),
        outcome = within(other) => outcome,
    }
}

pub async fn expect(link: &mut TargetLink, expected: &[&str]) {
    for frame in expected {
        assert_eq!(within(link.recv()).await, Ok(text(frame).into()));
    }
}

#[tokio::test]
async fn frames_cross_in_both_directions() {
    let mut server = Server::start().await;
    let opened = open(&mut server, Version::V4, false, OPEN).await;
    assert!(opened.headers.contains(&("set-cookie".to_owned(), "node=a; Path=/".to_owned())));
    let mut link = TargetLink::Polling(opened.link);
    expect(&mut link, &[OPEN]).await;
    for number in 0..20 {
        link.queue(text(&format!("42[{number}]"))).unwrap();
    }
    link.queue(Frame::Binary(Bytes::from_static(&[1, 2]))).unwrap();
    let (post, get) = meanwhile(&mut link, async { (server.next().await, server.next().await) }).await;
    let (post, get) = if post.method() == "POST" { (post, get) } else { (get, post) };
    assert_eq!((post.connection, get.connection), (2, 1), "the first connection is kept for the GETs");
    let target = "/socket.io/?EIO=4&transport=polling&t=";
    for asked in [&post, &get] {
        assert!(asked.target().starts_with(target) && asked.target().ends_with("&sid=s%2F1"), "{}", asked.head);
        assert_eq!((asked.header("cookie"), asked.header("x-load-test")), (Some("node=a"), Some("yes")));
    }
    assert_ne!(post.target(), get.target());
    assert_eq!(post.header("content-type"), Some("text/plain;charset=UTF-8"));
    let sixteen: Vec<String> = (0..16).map(|number| format!("42[{number}]")).collect();
    assert_eq!(post.body, sixteen.join("\u{1e}"));
    post.answer_with("200 OK", "Set-Cookie: node=b; Path=/\r\n", "ok", false);
    let post = meanwhile(&mut link, server.next_of("POST")).await;
    assert_eq!(post.body, "42[16]\u{1e}42[17]\u{1e}42[18]\u{1e}42[19]\u{1e}bAQI=");
    assert_eq!((post.connection, post.header("cookie")), (2, Some("node=b")));
    get.answer("2\u{1e}6\u{1e}42[\"a\"]\u{1e}bAwQ=");
    expect(&mut link, &["2", "42[\"a\"]"]).await;
    assert_eq!(within(link.recv()).await, Ok(Frame::Binary(Bytes::from_static(&[3, 4])).into()));
    let get = meanwhile(&mut link, server.next_of("GET")).await;
    assert_eq!(get.connection, 1);
    // While a POST is under way the next has to wait.
    link.queue(text("3")).unwrap();
    meanwhile(&mut link, tokio::task::yield_now()).await;
    assert!(server.waiting().is_none());
    post.answer("ok");
    let post = meanwhile(&mut link, server.next_of("POST")).await;
    assert_eq!(post.body, "3");
    post.answer("ok");
    let traffic = link.traffic();
    assert!(traffic.sent > 800 && traffic.received > 300, "{traffic:?}");
}

#[tokio::test]
async fn a_post_holds_what_the_server_takes() {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, false, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    let sizes = [300, 150, 600, 10];
    sizes.iter().for_each(|size| link.queue(text(&"4".repeat(*size))).unwrap());
    let (mut posts, mut gets) = (Vec::new(), Vec::new());
    while posts.len() < 3 {
        let asked = meanwhile(&mut link, server.next()).await;
        if asked.method() == "POST" {
            posts.push(asked.body.len());
            asked.answer("ok");
        } else {
            gets.push(asked);
        }
    }
    assert_eq!((gets.len(), posts.len()), (1, 3));
    assert_eq!(posts, [300 + 1 + 150, 600, 10]);
    let large = text(&"4".repeat(5_000));
    assert_eq!(link.queue(large), Err(QueueError::TooLarge { size: 5_000, limit: 4_000 }));
    link.queue(text(&"4".repeat(3_000))).unwrap();
    assert_eq!(link.queue(text(&"4".repeat(3_000))), Err(QueueError::Full { limit: 4_000 }));
}

#[tokio::test]
async fn version_3_counts_its_packets() {
    let mut server = Server::start().await;
    let handshake = r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    let first = format!("{}:{handshake}2:40", handshake.len());
    let mut link = TargetLink::Polling(open(&mut server, Version::V3, false, &first).await.link);
    expect(&mut link, &[handshake, "40"]).await;
    link.queue(text("42[\"😀\"]")).unwrap();
    link.queue(Frame::Binary(Bytes::from_static(&[4, 1, 2]))).unwrap();
    let (one, other) = meanwhile(&mut link, async { (server.next().await, server.next().await) }).await;
    let (post, get) = if one.method() == "POST" { (one, other) } else { (other, one) };
    assert_eq!(post.body, "8:42[\"😀\"]6:b4AQI=");
    post.answer("ok");
    get.answer("2:4€6:b4AwQ=");
    expect(&mut link, &["4€"]).await;
    assert_eq!(within(link.recv()).await, Ok(Frame::Binary(Bytes::from_static(&[4, 3, 4])).into()));
}

#[tokio::test]
async fn what_the_server_closed_between_requests_is_dialed_anew() {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, false, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    for connection in 1..4 {
        let get = meanwhile(&mut link, server.next_of("GET")).await;
        assert_eq!(get.connection, connection);
        // Announced to nobody, as by a server whose patience with idle connections ends.
        get.answer_with("200 OK", "", "42[]", true);
        expect(&mut link, &["42[]"]).await;
    }
    // One that breaks just when it is used is tried once more, and the second time is told.
    let get = meanwhile(&mut link, server.next_of("GET")).await;
    get.answer("42[]");
    expect(&mut link, &["42[]"]).await;
    meanwhile(&mut link, server.next_of("GET")).await.hang_up();
    let again = meanwhile(&mut link, server.next_of("GET")).await;
    assert_eq!(again.connection, 5);
    again.hang_up();
    let end = within(link.recv()).await.unwrap_err();
    assert_eq!(end.kind(), "connection dropped before the answer", "{end}");
}

/// The first answer leads to a failure of this kind, with these words.
async fn check_open(status: &str, headers: &str, body: &str, kind: &str, words: &str) {
    let mut server = Server::start().await;
    let (place, now) = (place(&server, Version::V4), clock());
    let answer = async { server.next_of("GET").await.answer_with(status, headers, body, false) };
    let (outcome, ()) = tokio::join!(within(polling::open(place, Cookies::default(), true, &now)), answer);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "`{words}` is missing in: {error}");
}

#[tokio::test]
async fn sessions_that_do_not_begin() {
    let v3 = r#"96:0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":5000}2:40"#;
    check_open("200 OK", "", v3, "server speaks Engine.IO 3", "set `protocol: socket.io-v2`").await;
    check_open("200 OK", "", "<html>hello</html>", "polling without OPEN", "`<html>hello</html>`").await;
    check_open("200 OK", "", "40", "polling without OPEN", "another packet").await;
    check_open("200 OK", "", "", "polling without OPEN", "empty").await;
    check_open("200 OK", "", "0{\"sid\":1}", "polling without OPEN", "check host, port and `path`").await;
    check_open("200 OK", "", "0{\u{fffd}", "polling without OPEN", "OPEN").await;
    check_open("200 OK", "Content-Encoding: gzip\r\n", OPEN, "polling answer compressed", "gzip").await;
    check_open("200 OK", "", &"x".repeat(10_001), "polling answer too large", "10000 bytes").await;
    let version = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    check_open("400 Bad Request", "", version, "polling refused: protocol version", "set `protocol: socket.io`").await;
    let unknown = r#"{"code":0,"message":"Transport unknown"}"#;
    check_open("400 Bad Request", "", unknown, "polling refused: transport unknown", "`transports`").await;
    check_open("404 Not Found", "", "no", "polling refused: 404 not found", "trailing slash").await;
    check_open("302 Found", "Location: /login\r\n", "", "polling refused: 302 redirect", "(to /login)").await;
    check_open("503 Unavailable", "", "busy", "polling refused: 503 unavailable", "a polling request").await;
}

enum Which {
    Get,
    Post,
}

/// An answer in the middle of a session leads to an end of this kind, with these words.
async fn check_end(which: Which, status: &str, body: &str, kind: &str, words: &str) {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, false, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    link.queue(text("40")).unwrap();
    let (one, other) = meanwhile(&mut link, async { (server.next().await, server.next().await) }).await;
    let (post, get) = if one.method() == "POST" { (one, other) } else { (other, one) };
    let asked: Asked = match which {
        Which::Get => get,
        Which::Post => post,
    };
    asked.answer_with(status, "", body, false);
    let end = within(link.recv()).await.unwrap_err();
    assert_eq!(end.kind(), kind, "{end}");
    assert!(end.to_string().contains(words), "`{words}` is missing in: {end}");
    assert!(matches!(end, LinkEnd::Polling(_)));
}

#[tokio::test]
async fn sessions_that_end() {
    let unknown = r#"{"code":1,"message":"Session ID unknown"}"#;
    check_end(Which::Get, "400 Bad Request", unknown, "polling refused: session unknown", "sticky").await;
    check_end(Which::Post, "400 Bad Request", unknown, "polling refused: session unknown", "Session ID unknown").await;
    check_end(Which::Post, "413 Too Large", "", "polling refused: 413 too large", "maxHttpBufferSize").await;
    check_end(Which::Post, "200 OK", "<html>", "polling send not confirmed", "`<html>` instead of `ok`").await;
    check_end(Which::Get, "200 OK", "bAQI", "polling answer unreadable", "base64").await;
    check_end(Which::Get, "502 Bad Gateway", "", "polling refused: 502 bad gateway", "behind it").await;
}

#[tokio::test]
async fn a_request_without_an_answer_ends_the_session() {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, false, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    let _get = meanwhile(&mut link, server.next_of("GET")).await;
    tokio::time::pause();
    let end = link.recv().await.unwrap_err();
    let after = Duration::from_secs(50);
    assert_eq!(
        end,
        LinkEnd::Polling(Box::new(PollingError::Silent { after })),
        "pings every 25 s, 20 s of patience, and some"
    );
}

#[tokio::test]
async fn a_goodbye_is_sent_behind_what_waits() {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, true, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    link.queue(text("42[1]")).unwrap();
    link.queue(text("41")).unwrap();
    let goodbye = async {
        loop {
            let asked = server.next().await;
            if asked.method() == "POST" {
                let body = asked.body.clone();
                // Whatever the server makes of it: we have left.
                asked.answer_with("400 Bad Request", "", "{}", false);
                return body;
            }
        }
    };
    let (body, ()) = tokio::join!(within(goodbye), within(link.close(1000, Duration::from_secs(10))));
    assert_eq!(body, "42[1]\u{1e}41\u{1e}1");
    assert_eq!(link.queue(text("late")), Err(QueueError::Closed));
}

#[tokio::test]
async fn a_server_that_has_closed_is_asked_nothing_more() {
    let mut server = Server::start().await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, false, &format!("{OPEN}\u{1e}1")).await.link);
    expect(&mut link, &[OPEN, "1"]).await;
    within(link.close(1000, Duration::from_secs(10))).await;
    assert!(server.waiting().is_none());
}

#[tokio::test]
async fn over_ipv6() {
    let mut server = Server::at("[::1]:0").await;
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, true, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    let (one, other) = meanwhile(&mut link, async { (server.next().await, server.next().await) }).await;
    let host = server.address.to_string();
    assert!(host.starts_with("[::1]:") && one.header("host") == Some(&host) && other.header("host") == Some(&host));
    assert!([one, other].iter().any(|asked| asked.target().contains("transport=websocket&sid=s%2F1")));
}

#[tokio::test]
async fn nothing_offered_is_nothing_tried() {
    let mut server = Server::start().await;
    let first = OPEN.replace("[\"websocket\"]", "[]");
    let mut link = TargetLink::Polling(open(&mut server, Version::V4, true, &first).await.link);
    expect(&mut link, &[&first]).await;
    let Ok(Arrival::NotUpgraded { kind, detail }) = within(link.recv()).await else { panic!("it moved") };
    assert!(kind == "upgrade not offered" && detail.contains("`upgrades`"), "{kind}: {detail}");
    let get = meanwhile(&mut link, server.next_of("GET")).await;
    get.answer("2");
    expect(&mut link, &["2"]).await;
}
