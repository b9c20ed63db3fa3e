//! WebSocket: the upgrade request, and the link that comes of it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration as StdDuration;

use bytes::Bytes;
use futures_util::{Sink, Stream as _};
use http_body_util::Full;
use hyper::header;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes};

use super::http::{self, Connection, HttpError};
use super::link::{Arrival, Link, QueueError, Traffic};
use super::link_end::LinkEnd;
use super::refusal::{Asked, Refusal};
use super::stage::Stage;
use super::stream::{Fault, Stream};
use crate::protocol::Frame;

/// Bounds of a WebSocket, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest message that is accepted, whole or in fragments.
    pub message: usize,
    /// Most that may wait to be sent; the longest message that can be sent is a little shorter.
    pub queue: usize,
}

impl Default for Limits {
    /// 16 MiB in, and 1 MiB waiting to go out: what a socket.io server takes in one message by default.
    fn default() -> Self {
        Self { message: crate::protocol::config::Config::MAX_PAYLOAD, queue: 1 << 20 }
    }
}

/// Bytes read at once. tungstenite allocates this for each connection and clears it before each read, so that its own
/// 128 KiB would cost more than anything else here. Longer messages are read in several steps.
const READ_BUFFER: usize = 4096;
/// Queued bytes from which on a frame is written at once. Below it, frames wait for the next poll and leave together.
const WRITE_BATCH: usize = 4096;
/// How long the body of a refusal is waited for. Some servers announce one and never send it, and then the status
/// must not be lost to the caller's deadline.
const REFUSAL_PATIENCE: StdDuration = StdDuration::from_millis(500);

/// An accepted upgrade.
pub struct Upgraded {
    pub link: WebSocketLink,
    /// All headers of the answer, names in lower case; `set-cookie` among them.
    pub headers: Vec<(String, String)>,
}

// By hand, because session cookies stand in the headers.
impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upgraded({} headers)", self.headers.len())
    }
}

/// Asks the server to make a WebSocket of `stream`. `host` is what the `Host` header says (`http::host_header`),
/// `target` path and query as the session gives them; `headers` may replace our own.
///
/// There is no deadline; callers give up by dropping the future.
pub async fn upgrade(
    stream: Stream,
    host: &str,
    target: &str,
    headers: &[(String, String)],
    limits: &Limits,
) -> Result<Upgraded, UpgradeError> {
    // Boxed, because callers keep room for this future in each user for as long as the user lives.
    Box::pin(negotiate(stream, host, target, headers, limits)).await
}

// Not tungstenite's own client handshake: that one drops the connection with all of the body that has not come yet
// when the status is not 101, and the body is where servers say why.
async fn negotiate(
    stream: Stream,
    host: &str,
    target: &str,
    headers: &[(String, String)],
    limits: &Limits,
) -> Result<Upgraded, UpgradeError> {
    Stage::Upgrade.enter();
    let key = generate_key();
    let standard = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
        (header::SEC_WEBSOCKET_KEY, key.as_str()),
    ];
    let request = http::build("GET", target, host, headers, &standard)?;
    let asked = words(request.headers(), &header::SEC_WEBSOCKET_PROTOCOL);
    let mut connection = Connection::open(stream, &http::Limits::default()).await?;
    let answer = connection.exchange(request.map(|()| Full::default())).await?;
    let (parts, mut body) = answer.into_parts();
    let headers = http::plain(&parts.headers);
    if parts.status != hyper::StatusCode::SWITCHING_PROTOCOLS {
        let mut start = Vec::new();
        let read = connection.read_body(&mut body, &mut start, Refusal::BODY);
        // Too long, cut short or too late: whatever came is good enough for an explanation.
        let _ = tokio::time::timeout(REFUSAL_PATIENCE, read).await;
        let body = String::from_utf8_lossy(&start).into_owned();
        let (asked, status) = (Asked::Upgrade, parts.status.as_u16());
        return Err(UpgradeError::Refused(Box::new(Refusal { asked, status, headers, body })));
    }
    verify(&parts.headers, &key, &asked)?;
    drop(body);
    let (stream, rest) = connection.release().await?;
    Ok(Upgraded { link: WebSocketLink::open(stream, &rest, limits).await, headers })
}

/// The words of a comma-separated header.
fn words(headers: &header::HeaderMap, name: &header::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|word| word.trim().to_owned()).collect()
}

/// The checks of RFC 6455, 4.1, on a 101.
fn verify(headers: &header::HeaderMap, key: &str, asked: &[String]) -> Result<(), UpgradeError> {
    let has = |name, word: &str| words(headers, name).iter().any(|known| known.eq_ignore_ascii_case(word));
    if !has(&header::UPGRADE, "websocket") {
        return Err(UpgradeError::NotWebSocket {
            kind: "101 without Upgrade",
            what: "`Upgrade: websocket` is missing",
        });
    }
    if !has(&header::CONNECTION, "upgrade") {
        let what = "`Connection: Upgrade` is missing";
        return Err(UpgradeError::NotWebSocket { kind: "101 without Connection", what });
    }
    let accept = headers.get(header::SEC_WEBSOCKET_ACCEPT).map(header::HeaderValue::as_bytes);
    if accept != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        let what = "`Sec-WebSocket-Accept` is not the answer to our key";
        return Err(UpgradeError::NotWebSocket { kind: "101 with a wrong key", what });
    }
    if let Some(extension) = words(headers, &header::SEC_WEBSOCKET_EXTENSIONS).into_iter().next() {
        return Err(UpgradeError::Extension { extension });
    }
    let chosen = words(headers, &header::SEC_WEBSOCKET_PROTOCOL).into_iter().next();
    match chosen {
        Some(chosen) if asked.contains(&chosen) => Ok(()),
        None if asked.is_empty() => Ok(()),
        chosen => Err(UpgradeError::Subprotocol { asked: asked.join(", "), chosen }),
    }
}

/// Why there is no WebSocket. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The server answered with another status than 101.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server said 101, but not to what we asked.
    #[error("the server's answer 101 is not that of a WebSocket server ({what}); look for a proxy that answers itself")]
    NotWebSocket { kind: &'static str, what: &'static str },
    #[error(
        "the server insists on the extension `{extension}`, which was not offered; make it optional in the server \
         (permessage-deflate is not supported)"
    )]
    Extension { extension: String },
    #[error(
        "of the subprotocols we asked for ({}) the server chose {}; set `target.subprotocol` to one it speaks",
        if asked.is_empty() { "none" } else { asked },
        chosen.as_deref().unwrap_or("none")
    )]
    Subprotocol { asked: String, chosen: Option<String> },
    /// There was no answer that could be read.
    #[error("WebSocket upgrade: {0}")]
    Http(#[from] HttpError),
}

impl UpgradeError {
    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::NotWebSocket { kind, .. } => kind,
            Self::Extension { .. } => "upgrade with an unwanted extension",
            Self::Subprotocol { .. } => "subprotocol mismatch",
            Self::Http(error) => error.kind(),
        }
    }
}

/// A [`Link`] over WebSocket. Pings of the WebSocket layer are answered inside, whether or not anything else is sent.
#[derive(Debug)]
pub struct WebSocketLink {
    socket: WebSocketStream<Wire>,
    limits: Limits,
    /// Something was queued since everything was last written.
    unflushed: bool,
    /// We said goodbye.
    closing: bool,
    /// A write failed. It is told when there is nothing more to read: what the peer said before it went is worth more.
    write_fault: Option<Box<Fault>>,
}

impl WebSocketLink {
    async fn open(stream: Stream, rest: &Bytes, limits: &Limits) -> Self {
        // tungstenite panics on a queue that cannot hold anything.
        let queue = limits.queue.max(LONGEST_HEADER);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BATCH.min(queue / 2))
            .max_write_buffer_size(queue)
            .max_message_size(Some(limits.message))
            .max_frame_size(Some(limits.message));
        let mut wire = Wire { stream, traffic: Traffic { sent: 0, received: rest.len() as u64 }, head: [0; HEAD] };
        wire.remember(rest);
        let socket = WebSocketStream::from_partially_read(wire, rest.to_vec(), Role::Client, Some(config)).await;
        Self { socket, limits: *limits, unflushed: false, closing: false, write_fault: None }
    }

    /// Adds what crossed other connections before this one to its traffic.
    pub(super) fn count_before(&mut self, before: Traffic) {
        let traffic = &mut self.socket.get_mut().traffic;
        traffic.sent += before.sent;
        traffic.received += before.received;
    }

    fn start_send(&mut self, message: Message) -> Result<(), QueueError> {
        let size = message.len();
        match Pin::new(&mut self.socket).start_send(message) {
            Ok(()) => {
                self.unflushed = true;
                Ok(())
            }
            Err(Error::WriteBufferFull(_)) if size + LONGEST_HEADER > self.limits.queue => {
                Err(QueueError::TooLarge { size, limit: self.limits.queue })
            }
            Err(Error::WriteBufferFull(_)) => Err(QueueError::Full { limit: self.limits.queue }),
            Err(Error::Io(error)) => {
                // As with a frame that is in flight when the connection breaks: the next `recv` tells.
                self.write_fault.get_or_insert_with(|| Box::new(Fault::from(&error)));
                Ok(())
            }
            Err(_) => Err(QueueError::Closed),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(outcome) = Pin::new(&mut self.socket).poll_flush(cx) {
            self.unflushed = false;
            if let Err(Error::Io(error)) = outcome {
                self.write_fault.get_or_insert_with(|| Box::new(Fault::from(&error)));
            }
        }
    }

    /// How the link ended, given the error that reading ended with. Tells the peer, where it broke a rule.
    fn end(&mut self, error: &Error, cx: &mut Context<'_>) -> LinkEnd {
        let (end, code) = match error {
            _ if self.closing => return LinkEnd::ByUs,
            Error::Io(error) => return LinkEnd::Broken(Fault::from(error)),
            Error::ConnectionClosed | Error::AlreadyClosed => return self.dropped(),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                return self.http_answer().unwrap_or_else(|| self.dropped());
            }
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                (LinkEnd::TooLarge { size: *size, limit: *max_size }, CloseCode::Size)
            }
            Error::Utf8(_) => (LinkEnd::InvalidUtf8, CloseCode::Invalid),
            Error::Protocol(ProtocolError::NonZeroReservedBits) => (LinkEnd::ReservedBits, CloseCode::Protocol),
            error => {
                (LinkEnd::Protocol { kind: broken_rule(error), what: error.to_string().into() }, CloseCode::Protocol)
            }
        };
        let (end, code) = self.http_answer().map_or((end, code), |http| (http, CloseCode::Protocol));
        let goodbye = CloseFrame { code, reason: Utf8Bytes::default() };
        // One attempt: a peer that does not take it will notice when the connection is dropped.
        if self.start_send(Message::Close(Some(goodbye))).is_ok() {
            self.poll_flush(cx);
        }
        end
    }

    /// The stream is at its end. The kernel tells of a reset only once, and a write may have heard it.
    fn dropped(&mut self) -> LinkEnd {
        LinkEnd::Broken(self.write_fault.take().map_or(Fault::Dropped, |fault| *fault))
    }

    /// Whether the peer's last words were HTTP.
    fn http_answer(&self) -> Option<LinkEnd> {
        let words = self.socket.get_ref().head.strip_prefix(b"HTTP/1.")?;
        let status = std::str::from_utf8(words.get(2..5)?).ok().and_then(|digits| digits.parse().ok());
        Some(LinkEnd::HttpAnswer { status })
    }
}

/// What reports call the rule of RFC 6455 that was broken.
const fn broken_rule(error: &Error) -> &'static str {
    let Error::Protocol(error) = error else { return "WebSocket protocol error" };
    match error {
        ProtocolError::MaskedFrameFromServer => "masked frame",
        ProtocolError::UnexpectedContinueFrame => "continuation of nothing",
        ProtocolError::ExpectedFragment(_) => "message inside a message",
        ProtocolError::FragmentedControlFrame => "fragmented control frame",
        ProtocolError::ControlFrameTooBig => "control frame too big",
        ProtocolError::UnknownControlFrameType(_)
        | ProtocolError::UnknownDataFrameType(_)
        | ProtocolError::InvalidOpcode(_) => "frame of an unknown type",
        ProtocolError::InvalidCloseSequence => "close frame unreadable",
        ProtocolError::ReceivedAfterClosing => "frame after the close frame",
        _ => "WebSocket protocol error",
    }
}

/// Of a frame that a client sends.
const LONGEST_HEADER: usize = 14;

impl Link for WebSocketLink {
    fn queue(&mut self, frame: Frame) -> Result<(), QueueError> {
        if self.closing {
            return Err(QueueError::Closed);
        }
        self.start_send(match frame {
            Frame::Text(text) => Message::Text(text),
            Frame::Binary(bytes) => Message::Binary(bytes),
        })
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, LinkEnd>> {
        if self.unflushed {
            self.poll_flush(cx);
        }
        loop {
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(Message::Text(text)))) => return Poll::Ready(Ok(Frame::Text(text).into())),
                Poll::Ready(Some(Ok(Message::Binary(bytes)))) => return Poll::Ready(Ok(Frame::Binary(bytes).into())),
                // The answer to our goodbye; now the peer closes TCP.
                Poll::Ready(Some(Ok(Message::Close(_)))) if self.closing => {}
                Poll::Ready(Some(Ok(Message::Close(frame)))) => {
                    // tungstenite has prepared the answer; one attempt to write it is all that politeness asks.
                    self.poll_flush(cx);
                    return Poll::Ready(Err(match frame {
                        // tungstenite's own word for a code that must not be sent (RFC 6455 §7.4); the server is not heard.
                        Some(frame) if frame.code == CloseCode::Protocol && frame.reason == "Protocol violation" => {
                            let what = "its close frame has a code that may not be sent".into();
                            LinkEnd::Protocol { kind: "close code not allowed", what }
                        }
                        Some(frame) => LinkEnd::Close { code: Some(frame.code.into()), reason: frame.reason },
                        None => LinkEnd::Close { code: None, reason: Utf8Bytes::default() },
                    }));
                }
                // tungstenite writes the pong with the next `poll_next`, and keeps at it while the peer does not read.
                Poll::Ready(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.end(&error, cx))),
                Poll::Ready(None) => return Poll::Ready(Err(self.end(&Error::ConnectionClosed, cx))),
                Poll::Pending => {
                    return match self.write_fault.take() {
                        Some(_) if self.closing => Poll::Ready(Err(LinkEnd::ByUs)),
                        Some(fault) => Poll::Ready(Err(LinkEnd::Broken(*fault))),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }

    fn queue_close(&mut self, code: u16) {
        if !self.closing {
            self.closing = true;
            let goodbye = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
            // Refused only when the queue is full or the link has ended, and then there is nobody to be polite to.
            let _ = self.start_send(Message::Close(Some(goodbye)));
        }
    }

    fn traffic(&self) -> Traffic {
        self.socket.get_ref().traffic
    }
}

/// How much is remembered of what was last read: enough to see `HTTP/1.1 400`.
const HEAD: usize = 12;

/// A stream that counts, and remembers how the last read began, because that tells HTTP from a broken frame.
#[derive(Debug)]
struct Wire {
    stream: Stream,
    traffic: Traffic,
    head: [u8; HEAD],
}

impl Wire {
    fn remember(&mut self, read: &[u8]) {
        if let Some(head) = read.first_chunk() {
            self.head = *head;
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buf.filled().len();
        let outcome = Pin::new(&mut wire.stream).poll_read(cx, buf);
        let read = &buf.filled()[before..];
        wire.traffic.received += read.len() as u64;
        wire.remember(read);
        outcome
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let outcome = Pin::new(&mut wire.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = outcome {
            wire.traffic.sent += written as u64;
        }
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
