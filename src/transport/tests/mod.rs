//! Real sockets on the loopback, and what can go wrong on them.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration as StdDuration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Endpoint, Stream, dial};
use crate::units::Moment;

mod certificates;
mod dialing;
mod links;
mod logins;
mod moves;
mod polling;
mod proxies;
mod scripted;
mod sentences;
mod upgrades;

/// Long enough that only a hang reaches it.
const PATIENCE: StdDuration = StdDuration::from_secs(20);

/// A server that takes one connection, and what it has to say when it is done.
async fn serve<F, T>(server: impl FnOnce(TcpStream) -> F + Send + 'static) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(async move { server(listener.accept().await.unwrap().0).await }))
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint { host: address.ip().to_string(), port: address.port(), tls: None, source: None, proxy: None }
}

/// A clock on which each look takes a millisecond.
fn clock() -> impl Fn() -> Moment {
    let looks = Cell::new(0);
    move || {
        looks.set(looks.get() + 1);
        Moment::from_nanos(looks.get() * 1_000_000)
    }
}

async fn connect(address: SocketAddr) -> Stream {
    within(dial(&endpoint(address), &clock())).await.unwrap().0
}

/// Fails a test that hangs, instead of letting it hang.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("no hang")
}

/// Reads a request up to the end of its head.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads a request, writes an answer that is cut into pieces, and waits for the client to go.
async fn answer(mut stream: TcpStream, pieces: &[&str]) -> String {
    let head = read_head(&mut stream).await;
    for piece in pieces {
        // The client may have heard enough and gone; that is for it to say.
        let _ = stream.write_all(piece.as_bytes()).await;
        tokio::task::yield_now().await;
    }
    let _ = stream.read_to_end(&mut Vec::new()).await;
    head
}
