//! The HTTP client of login steps.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{answer, clock, connect, endpoint, read_head, serve, within};
use crate::transport::Endpoint;
use crate::transport::http::{Connection, HttpError, Limits, Request, Response, host_header, send};
use crate::units::Duration;

const SMALL: Limits = Limits { head: 8192, body: 16 };

fn request(method: &str, body: &'static str) -> Request {
    let headers = vec![("X-Load-Test".to_owned(), "1".to_owned())];
    Request { method: method.to_owned(), path_and_query: "/login?a=%20".to_owned(), headers, body: body.into() }
}

async fn ask(pieces: &'static [&'static str]) -> Result<Response, HttpError> {
    let (address, _server) = serve(move |stream| answer(stream, pieces)).await;
    within(send(&endpoint(address), &request("GET", ""), &SMALL, &clock())).await.map(|(response, _)| response)
}

/// An answer in `pieces` is read as this status and body, or fails with this kind.
async fn check(pieces: &'static [&'static str], expected: Result<(u16, &str), &str>) {
    let outcome = ask(pieces).await;
    let seen = outcome.as_ref().map(|r| (r.status, r.text())).map_err(HttpError::kind);
    assert_eq!(seen, expected.map(|(status, body)| (status, body.into())), "{pieces:?} {outcome:?}");
}

#[tokio::test]
async fn answers() {
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"], Ok((200, "ok"))).await;
    check(&["HTTP/1.1 200 OK\r\nContent-", "Length: 4\r\n\r\nok", "ok"], Ok((200, "okok"))).await;
    check(
        &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "1\r\n!\r\n0\r\n\r\n"],
        Ok((200, "ok!")),
    )
    .await;
    check(&["HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"], Ok((302, ""))).await;
    check(&["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"], Ok((204, ""))).await;
    check(&["HTTP/1.1 500 Oops\r\nContent-Length: 16\r\n\r\n0123456789abcdef"], Ok((500, "0123456789abcdef"))).await;
}

#[tokio::test]
async fn answers_that_are_refused() {
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n0123456789abcdefg"], Err("answer's body too large")).await;
    let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks: &'static [&'static str] = vec![endless, "8\r\n01234567\r\n", "8\r\n01234567\r\n", "1\r\n0\r\n"].leak();
    check(chunks, Err("answer's body too large")).await;
    let cookies: &'static str = format!("HTTP/1.1 200 OK\r\nSet-Cookie: {}\r\n\r\n", "a".repeat(20_000)).leak();
    check(vec![cookies].leak(), Err("answer's head too large")).await;
    let many: &'static str = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(300)).leak();
    check(vec![many].leak(), Err("answer's head too large")).await;
    check(&["ERR unknown command\r\n"], Err("answer is not HTTP")).await;
    check(&["HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"], Err("answer is not HTTP")).await;
}

#[tokio::test]
async fn answers_that_break_off() {
    for (start, kind) in [
        ("", "connection dropped before the answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "connection dropped before the answer"),
    ] {
        let (address, _server) = serve(move |mut stream: tokio::net::TcpStream| async move {
            read_head(&mut stream).await;
            stream.write_all(start.as_bytes()).await.unwrap();
        })
        .await;
        let error = within(send(&endpoint(address), &request("GET", ""), &SMALL, &clock())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn what_is_sent() {
    let (address, server) = serve(async |mut stream| {
        let head = read_head(&mut stream).await;
        let mut body = [0; 8];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\nX-Token: t\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        (head, body)
    })
    .await;
    let outcome = within(send(&endpoint(address), &request("POST", "user=ann"), &SMALL, &clock())).await;
    let (response, phases) = outcome.unwrap();
    assert_eq!((response.status, response.header("x-TOKEN")), (201, Some("t")));
    let millisecond = Duration::from_millis(1);
    assert_eq!((phases.dns, phases.tcp, phases.tls), (millisecond, millisecond, None));

    let (head, body) = within(server).await.unwrap();
    assert_eq!(&body, b"user=ann");
    assert!(head.starts_with("POST /login?a=%20 HTTP/1.1\r\n"), "{head}");
    for line in [&format!("Host: {address}"), "X-Load-Test: 1", "Content-Length: 8", "User-Agent: cotillion/"] {
        assert!(head.contains(line), "`{line}` is missing in {head}");
    }
    assert!(!head.to_lowercase().contains("accept-encoding"), "{head}");
}

#[tokio::test]
async fn one_connection_carries_several_requests() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let (address, _server) = serve(async |mut stream| {
        for answer in [OK, OK, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"] {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut connection = Connection::open(connect(address).await, &SMALL).await.unwrap();
    for reusable in [true, true, false] {
        assert_eq!(within(connection.send("h", &request("GET", ""))).await.unwrap().text(), "ok");
        assert_eq!(connection.is_reusable(), reusable);
    }
    assert_eq!(
        within(connection.send("h", &request("GET", ""))).await.unwrap_err().kind(),
        "connection dropped before the answer"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_the_callers_to_give_up_on() {
    let (address, server) = serve(|stream| answer(stream, &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"])).await;
    let (endpoint, request, now) = (endpoint(address), request("GET", ""), clock());
    let asked = send(&endpoint, &request, &SMALL, &now);
    assert!(tokio::time::timeout(std::time::Duration::from_secs(5), asked).await.is_err());
    assert!(server.await.unwrap().starts_with("GET /login"), "the connection is closed with the future");
}

#[tokio::test]
async fn requests_that_cannot_be_sent() {
    let (address, _server) = serve(async |_stream| ()).await;
    let mut bad = request("GET", "");
    bad.headers.push(("Authorization".to_owned(), "Bearer hunter2\n".to_owned()));
    let error = within(send(&endpoint(address), &bad, &SMALL, &clock())).await.unwrap_err();
    assert_eq!(error.kind(), "bad request of ours");
    assert!(error.to_string().contains("`Authorization`") && !error.to_string().contains("hunter2"), "{error}");
    assert!(!format!("{bad:?}").contains("hunter2"));
}

#[test]
fn host_headers() {
    for (host, port, expected) in [
        ("example.com", 80, "example.com"),
        ("example.com", 443, "example.com:443"),
        ("::1", 3000, "[::1]:3000"),
        ("[::1]", 80, "[::1]"),
    ] {
        let endpoint = Endpoint { host: host.to_owned(), port, tls: None, source: None, proxy: None };
        assert_eq!(host_header(&endpoint), expected);
    }
}
