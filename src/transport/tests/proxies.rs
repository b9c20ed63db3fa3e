//! Through an HTTP proxy, and what proxies say when they do not let us.

use std::sync::Arc;

use super::scripted::Server;
use super::{clock, endpoint, serve, within};
use crate::transport::http::{Limits, Request, send};
use crate::transport::proxy::Proxy;
use crate::transport::{DialError, Endpoint, dial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn through(address: std::net::SocketAddr, authorization: Option<&str>) -> Endpoint {
    let proxy = Proxy {
        host: address.ip().to_string(),
        port: address.port(),
        authorization: authorization.map(ToOwned::to_owned),
    };
    Endpoint { host: "server.example".to_owned(), port: 8080, tls: None, source: None, proxy: Some(Arc::new(proxy)) }
}

#[tokio::test]
async fn a_tunnel_is_the_servers_connection() {
    let (address, server) = serve(|mut stream: TcpStream| async move {
        let asked = super::read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await.unwrap();
        let request = super::read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        (asked, request)
    })
    .await;
    let request = Request { method: "GET".into(), path_and_query: "/x".into(), headers: vec![], body: "".into() };
    let endpoint = through(address, Some("Basic dXNlcjpwdw=="));
    let (response, _) = within(send(&endpoint, &request, &Limits::default(), &clock())).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"ok"[..]));
    let (asked, request) = within(server).await.unwrap();
    assert!(asked.starts_with("CONNECT server.example:8080 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Host: server.example:8080\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpwdw==\r\n"), "{asked}");
    assert!(request.starts_with("GET /x HTTP/1.1\r\n") && !request.contains("Proxy-"), "{request}");
}

#[tokio::test]
async fn an_ipv6_host_is_asked_for_in_brackets() {
    let mut server = Server::start().await;
    let endpoint = Endpoint { host: "::1".to_owned(), ..through(server.address, None) };
    let now = clock();
    let refuse = async {
        let asked = server.next_of("CONNECT").await;
        assert_eq!((asked.target(), asked.header("proxy-authorization")), ("[::1]:8080", None));
        asked.hang_up();
    };
    let (outcome, ()) = tokio::join!(within(dial(&endpoint, &now)), refuse);
    assert_eq!(outcome.unwrap_err().kind(), "proxy without an answer");
}

/// The proxy answers so, and that is the kind, with these words.
async fn check(status: &str, body: &str, kind: &str, words: &str) {
    let mut server = Server::start().await;
    let (endpoint, now) = (through(server.address, None), clock());
    let refuse = async { server.next_of("CONNECT").await.answer_with(status, "", body, false) };
    let (outcome, ()) = tokio::join!(within(dial(&endpoint, &now)), refuse);
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.is_ours()), (kind, false), "{error}");
    assert!(error.to_string().contains(words), "`{words}` is missing in: {error}");
}

#[tokio::test]
async fn refusals() {
    check("407 Proxy Authentication Required", "", "proxy refused: 407 authentication", "`target.proxy`").await;
    check("403 Forbidden", "not here\x1b", "proxy refused: 403 forbidden", "`not here ").await;
    check("405 Method Not Allowed", "", "proxy refused: 405 method not allowed", "CONNECT").await;
    check("502 Bad Gateway", "", "proxy refused: 502 bad gateway", "cannot reach the server").await;
    check("503 Unavailable", "", "proxy refused: 503 unavailable", "overloaded").await;
    check("504 Timeout", "", "proxy refused: 504 gateway timeout", "no answer").await;
    check("302 Found", "", "proxy refused: another status", "status 302").await;
}

#[tokio::test]
async fn a_proxy_that_is_none() {
    let (address, _server) = serve(async |stream| drop(stream)).await;
    let error = within(dial(&through(address, None), &clock())).await.unwrap_err();
    assert_eq!(error.kind(), "proxy without an answer");
    let (address, server) = serve(|mut stream: TcpStream| async move {
        super::read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = within(dial(&through(address, None), &clock())).await.unwrap_err();
    assert_eq!(error.kind(), "proxy is no tunnel");
    within(server).await.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = within(dial(&through(address, None), &clock())).await.unwrap_err();
    assert_eq!(error.kind(), "proxy cannot be reached");
    assert!(error.to_string().contains("(connection refused)"), "{error}");
}

#[tokio::test]
async fn a_source_address_is_that_of_the_connection_to_the_proxy() {
    let (address, _server) = serve(async |stream| drop(stream)).await;
    let source = Some("192.0.2.1".parse().unwrap());
    let error = within(dial(&Endpoint { source, ..through(address, None) }, &clock())).await.unwrap_err();
    assert!(error.is_ours() && matches!(error, DialError::Proxy(_)), "{error}");
    assert!(endpoint(address).proxy.is_none());
}
