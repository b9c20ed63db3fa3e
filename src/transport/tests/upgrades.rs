//! The upgrade request, and the ways in which a server says no.

use tokio::io::AsyncWriteExt;
use tungstenite::handshake::derive_accept_key;

use super::{answer, connect, read_head, serve, within};
use crate::protocol::{Frame, Text};
use crate::transport::websocket::Limits;
use crate::transport::{Link, LinkEnd, UpgradeError, Upgraded, upgrade};

async fn ask(pieces: &'static [&'static str]) -> Result<Upgraded, UpgradeError> {
    let (address, _server) = serve(move |stream| answer(stream, pieces)).await;
    let stream = connect(address).await;
    within(upgrade(stream, "server", "/socket.io/?EIO=4", &[], &Limits::default())).await
}

/// An answer in `pieces` fails the upgrade with this kind, and the message has all of `words` in it.
async fn check(pieces: &'static [&'static str], kind: &str, words: &[&str]) {
    let error = ask(pieces).await.unwrap_err();
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in: {message}");
    }
}

#[tokio::test]
async fn refusals() {
    check(
        &[
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n",
            "Unsupported protocol version",
        ],
        "upgrade refused: protocol version",
        &["status 400", "`Unsupported protocol version`", "set `protocol: socket.io`"],
    )
    .await;
    check(
        &["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{\"code\":1,\"mess", "age\":\"Session ID unknown\"}"],
        "upgrade refused: session unknown",
        &["sticky"],
    )
    .await;
    check(
        &["HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"],
        "upgrade refused: 401 unauthorized",
        &["`headers`"],
    )
    .await;
    check(
        &["HTTP/1.1 302 Found\r\nLocation: https://login/\r\nContent-Length: 0\r\n\r\n"],
        "upgrade refused: 302 redirect",
        &["to https://login/", "not followed"],
    )
    .await;
    check(
        &["HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\nCannot GET /socket"],
        "upgrade refused: 404 not found",
        &["Cannot GET", "trailing slash"],
    )
    .await;
    check(
        &["HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n", "0\r\n\r\n"],
        "upgrade refused: 503 unavailable",
        &["`busy`", "overloaded"],
    )
    .await;
    check(&["HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"], "upgrade refused: another status", &["status 418"])
        .await;
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"], "upgrade refused: 200 OK", &["ordinary page"]).await;
}

#[tokio::test]
async fn the_body_of_a_refusal_is_cut_but_its_headers_are_not() {
    let error = ask(&[
        "HTTP/1.1 403 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 100000\r\n\r\n",
        include_str!("upgrades.rs"),
        include_str!("links.rs"),
    ])
    .await
    .unwrap_err();
    let UpgradeError::Refused(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.body.len(), 1024);
    let cookies: Vec<_> = refusal.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_does_not_hide_the_status() {
    check(&["HTTP/1.1 429 Slow\r\nContent-Length: 10\r\n\r\nwa"], "upgrade refused: 429 too many requests", &["`wa`"])
        .await;
}

#[tokio::test]
async fn answers_that_are_none() {
    check(&["SSH-2.0-OpenSSH_9.6\r\n\r\n"], "answer is not HTTP", &["host and port", "TLS"]).await;
    check(&["\x15\x03\x03\x00\x02\x02\x46"], "server speaks TLS", &["`wss://`"]).await;
    check(&["HTTP/1.1 101 Switching Protocols\r\n\r\n"], "101 without Upgrade", &["`Upgrade: websocket`"]).await;
    check(
        &["HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: guess\r\n\r\n"],
        "101 with a wrong key",
        &["answer to our key"],
    )
    .await;
}

#[tokio::test]
async fn a_connection_that_is_dropped_before_the_answer() {
    let (address, _server) = serve(async |mut stream| drop(read_head(&mut stream).await)).await;
    let stream = connect(address).await;
    let error = within(upgrade(stream, "server", "/", &[], &Limits::default())).await.unwrap_err();
    assert_eq!(error.kind(), "connection dropped before the answer", "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_the_callers_to_give_up_on() {
    let (address, server) = serve(|stream| answer(stream, &[])).await;
    let stream = connect(address).await;
    let limits = Limits::default();
    let asked = upgrade(stream, "server", "/", &[], &limits);
    assert!(tokio::time::timeout(std::time::Duration::from_secs(5), asked).await.is_err());
    assert!(server.await.unwrap().starts_with("GET / HTTP/1.1"), "the connection is closed with the future");
}

/// A server that accepts, adds `more` to its answer's head, and at once writes `then`.
async fn accept(
    more: &'static str,
    then: &'static [u8],
    headers: &[(&str, &str)],
) -> (Result<Upgraded, UpgradeError>, String) {
    let (address, server) = serve(move |mut stream: tokio::net::TcpStream| async move {
        let head = read_head(&mut stream).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).unwrap();
        let accept = derive_accept_key(key.as_bytes());
        let yes = "HTTP/1.1 101 Switching Protocols\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket";
        let mut all = format!("{yes}\r\nsec-websocket-accept: {accept}\r\n{more}\r\n").into_bytes();
        all.extend_from_slice(then);
        stream.write_all(&all).await.unwrap();
        head
    })
    .await;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let stream = connect(address).await;
    let outcome = within(upgrade(stream, "server:81", "/p/?EIO=4", &headers, &Limits::default())).await;
    (outcome, within(server).await.unwrap())
}

#[tokio::test]
async fn what_is_asked() {
    let given = [("Cookie", "a=1"), ("X-Twice", "1"), ("x-twice", "2"), ("User-Agent", "me"), ("host", "other")];
    let (outcome, head) = accept("", b"", &given).await;
    outcome.unwrap();
    let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("Sec-Websocket-Key")).collect();
    assert_eq!(lines.remove(0), "GET /p/?EIO=4 HTTP/1.1");
    lines.sort_unstable();
    let expected = [
        "",
        "Connection: Upgrade",
        "Cookie: a=1",
        "Host: other",
        "Sec-Websocket-Version: 13",
        "Upgrade: websocket",
        "User-Agent: me",
        "X-Twice: 1",
        "X-Twice: 2",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn what_comes_with_the_answer() {
    let (outcome, _) = accept("Set-Cookie: sid=1\r\n", b"\x81\x010\x81\x0240", &[]).await;
    let Upgraded { mut link, headers } = outcome.unwrap();
    assert!(headers.contains(&("set-cookie".to_owned(), "sid=1".to_owned())), "{headers:?}");
    assert_eq!(link.recv().await, Ok(Frame::Text(Text::from_static("0")).into()));
    assert_eq!(link.recv().await, Ok(Frame::Text(Text::from_static("40")).into()));
    assert_eq!(link.traffic().received, 3 + 4);

    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 28\r\n\r\nUnsupported protocol version.................";
    let (outcome, _) = accept("", http, &[]).await;
    assert_eq!(outcome.unwrap().link.recv().await, Err(LinkEnd::HttpAnswer { status: Some(400) }));
}

#[tokio::test]
async fn subprotocols_and_extensions() {
    const ASKED: (&str, &str) = ("Sec-WebSocket-Protocol", "mqtt, v12.stomp");
    let kind = |outcome: Result<Upgraded, UpgradeError>| outcome.map(|_| ()).map_err(|error| error.kind());
    type Case = (&'static str, &'static [(&'static str, &'static str)], Result<(), &'static str>);
    let cases: &[Case] = &[
        ("Sec-WebSocket-Protocol: v12.stomp\r\n", &[ASKED], Ok(())),
        ("", &[ASKED], Err("subprotocol mismatch")),
        ("Sec-WebSocket-Protocol: soap\r\n", &[ASKED], Err("subprotocol mismatch")),
        ("Sec-WebSocket-Protocol: soap\r\n", &[], Err("subprotocol mismatch")),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", &[], Err("upgrade with an unwanted extension")),
    ];
    for (more, headers, expected) in cases {
        assert_eq!(&kind(accept(more, b"", headers).await.0), expected, "{more}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_sent() {
    for (target, name, value) in
        [("no-slash", "a", "b"), ("/a b", "a", "b"), ("/", "a b", "c"), ("/", "a", "b\r\nc: d")]
    {
        let (address, _server) = serve(async |_stream| ()).await;
        let headers = [(name.to_owned(), value.to_owned())];
        let stream = connect(address).await;
        let error = within(upgrade(stream, "h", target, &headers, &Limits::default())).await.unwrap_err();
        assert_eq!(error.kind(), "bad request of ours", "{error}");
    }
}
