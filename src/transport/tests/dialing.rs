//! TCP: who answers, from where, and why nobody does.

use std::net::IpAddr;

use tokio::net::TcpListener;

use super::{clock, connect, endpoint, serve, within};
use crate::transport::http::{self, Request};
use crate::transport::websocket::Limits;
use crate::transport::{DialError, Endpoint, Phases, Stream, dial, upgrade};

async fn kind(endpoint: &Endpoint) -> Result<(), DialError> {
    within(dial(endpoint, &clock())).await.map(|_| ())
}

fn named(host: &str, port: u16) -> Endpoint {
    Endpoint { host: host.to_owned(), port, tls: None, source: None, proxy: None }
}

#[tokio::test]
async fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(kind(&endpoint(address)).await, Err(DialError::Refused { address }));
    assert_eq!(kind(&named("localhost", address.port())).await, Err(DialError::Refused { address }));
}

#[tokio::test]
async fn a_name_that_nobody_has() {
    let error = kind(&named("nonexistent.invalid", 80)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_ours()), ("DNS failure", false), "{error}");
}

#[tokio::test]
async fn localhost_is_both_families() {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(kind(&named("localhost", port)).await, Ok(()));
    assert_eq!(kind(&named("[::1]", port)).await, Ok(()));
    assert_eq!(kind(&named("::1", port)).await, Ok(()));
}

#[tokio::test]
async fn source_addresses() {
    let (address, server) = serve(async |stream| stream.peer_addr().unwrap().ip()).await;
    let from = |source: &str| Endpoint { source: Some(source.parse().unwrap()), ..endpoint(address) };
    // 192.0.2.0/24 is for documentation: no machine has it.
    let foreign: IpAddr = "192.0.2.1".parse().unwrap();
    let error = kind(&from("192.0.2.1")).await.unwrap_err();
    assert_eq!((&error, error.is_ours()), (&DialError::Source { source: foreign }, true));
    assert_eq!(kind(&from("::1")).await.unwrap_err().kind(), "no address of the source's family");
    assert_eq!(kind(&from("127.0.0.2")).await, Ok(()));
    assert_eq!(within(server).await.unwrap().to_string(), "127.0.0.2");
}

#[tokio::test]
async fn frames_are_not_held_back() {
    let (address, _server) = serve(async |stream| drop(stream)).await;
    let Stream::Plain(stream) = connect(address).await else { panic!("no TLS was asked for") };
    assert!(stream.nodelay().unwrap());
}

/// What each user pays for as long as it lives, whether or not it is connecting just now.
#[tokio::test]
async fn futures_and_links_are_small() {
    let here = named("localhost", 1);
    let now = clock();
    let request = Request { method: String::new(), path_and_query: String::new(), headers: vec![], body: "".into() };
    let (address, _server) = serve(async |stream| drop(stream)).await;
    let stream = connect(address).await;
    let limits = Limits::default();
    let sizes = [
        ("dial", size_of_val(&dial(&here, &now)), 48),
        ("send", size_of_val(&http::send(&here, &request, &http::Limits::default(), &now)), 128),
        ("upgrade", size_of_val(&upgrade(stream, "h", "/", &[], &limits)), 128),
        ("Stream", size_of::<Stream>(), 32),
        ("Phases", size_of::<Phases>(), 32),
        ("WebSocketLink", size_of::<crate::transport::WebSocketLink>(), 384),
        ("LinkEnd", size_of::<crate::transport::LinkEnd>(), 40),
    ];
    for (what, size, limit) in sizes {
        assert!(size <= limit, "{what} has {size} bytes, more than {limit}");
    }
}
