//! A server of which a test is the other half: each request comes to it, in order, and is answered when it says so.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use super::{read_head, within};

/// A request, and the way to answer it.
pub struct Asked {
    /// Number of the connection it came on, from 1.
    pub connection: usize,
    pub head: String,
    pub body: String,
    reply: oneshot::Sender<Reply>,
}

enum Reply {
    Http { text: String, close: bool },
    WebSocket { accept: String, into: oneshot::Sender<WebSocketStream<TcpStream>> },
}

impl Asked {
    /// `GET`, `POST`, `CONNECT`.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap()
    }

    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        found.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub fn answer(self, body: &str) {
        self.answer_with("200 OK", "", body, false);
    }

    /// `headers` end with a line break each.
    pub fn answer_with(self, status: &str, headers: &str, body: &str, close: bool) {
        let text = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        assert!(self.reply.send(Reply::Http { text, close }).is_ok(), "the connection is gone");
    }

    /// Drops the connection without an answer.
    pub fn hang_up(self) {
        let _ = self.reply.send(Reply::Http { text: String::new(), close: true });
    }

    /// Makes a WebSocket of the connection.
    pub async fn switch(self) -> Socket {
        let accept = derive_accept_key(self.header("sec-websocket-key").expect("a key").as_bytes());
        let (into, socket) = oneshot::channel();
        assert!(self.reply.send(Reply::WebSocket { accept, into }).is_ok(), "the connection is gone");
        Socket(within(socket).await.unwrap())
    }
}

/// The server's end of a WebSocket.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn say(&mut self, text: &str) {
        within(self.0.send(Message::text(text))).await.unwrap();
    }

    /// The next text, or how it ended.
    pub async fn hear(&mut self) -> String {
        match within(self.0.next()).await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => format!("{other:?}"),
        }
    }
}

/// The requests of all connections, in the order in which they came.
pub struct Server {
    pub address: SocketAddr,
    asked: mpsc::UnboundedReceiver<Asked>,
}

impl Server {
    pub async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for connection in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, connection, sender.clone()));
            }
        });
        Self { address, asked }
    }

    pub async fn next(&mut self) -> Asked {
        within(self.asked.recv()).await.unwrap()
    }

    /// The next request, which has to be of that method.
    pub async fn next_of(&mut self, method: &str) -> Asked {
        let asked = self.next().await;
        assert_eq!(asked.method(), method, "{} {}", asked.head, asked.body);
        asked
    }

    /// A request that has come already.
    pub fn waiting(&mut self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }
}

async fn serve(mut stream: TcpStream, connection: usize, asked: mpsc::UnboundedSender<Asked>) {
    loop {
        if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
            return;
        }
        let head = read_head(&mut stream).await;
        let lengths = head.lines().filter_map(|line| line.split_once(": "));
        let mut length =
            lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value);
        let mut body = vec![0; length.next().map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        let (reply, replied) = oneshot::channel();
        let body = String::from_utf8(body).unwrap();
        if asked.send(Asked { connection, head, body, reply }).is_err() {
            return;
        }
        match replied.await {
            Ok(Reply::Http { text, close }) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                if close {
                    return;
                }
            }
            Ok(Reply::WebSocket { accept, into }) => {
                let head = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                let _ = into.send(WebSocketStream::from_raw_socket(stream, Role::Server, None).await);
                return;
            }
            Err(_) => return,
        }
    }
}
