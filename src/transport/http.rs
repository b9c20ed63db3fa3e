//! A small HTTP/1.1 client for login steps and polling: one request at a time, no redirects, no compression, everything
//! bounded.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use hyper_util::rt::TokioIo;

use super::dial::{DialError, Endpoint, Phases, dial};
use super::meter::{Meter, Metered};
use super::stage::Stage;
use super::stream::{Fault, Stream};
use crate::units::Moment;

/// How we introduce ourselves where the author of a suite says nothing.
pub(super) const USER_AGENT: &str = concat!("cotillion/", env!("CARGO_PKG_VERSION"));

/// A request, as it goes over the wire. `Host` is added, and `Content-Length`; nothing else that is given is changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// As `/login?next=%2F`, already percent-encoded.
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// An answer. Names of headers are in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Response {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 in it is replaced.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

// By hand, because headers and bodies of logins are where passwords and tokens live.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({}, {} headers, {} bytes)", self.method, self.headers.len(), self.body.len())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Response({}, {} headers, {} bytes)", self.status, self.headers.len(), self.body.len())
    }
}

/// How much of an answer is taken, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The status line and all headers.
    pub head: usize,
    pub body: usize,
}

impl Default for Limits {
    /// 64 KiB of headers and 1 MiB of body: more than any login answers, less than would hurt with many users.
    fn default() -> Self {
        Self { head: 64 << 10, body: 1 << 20 }
    }
}

/// Connects, sends one request, and gives the answer and how long the phases of the connection took.
///
/// There is no deadline; callers give up by dropping the future.
pub async fn send(
    endpoint: &Endpoint,
    request: &Request,
    limits: &Limits,
    now: &dyn Fn() -> Moment,
) -> Result<(Response, Phases), HttpError> {
    let (stream, phases) = dial(endpoint, now).await?;
    Stage::Answer.enter();
    // Boxed for the same reason as in `dial`.
    let answer = Box::pin(async {
        let mut connection = Connection::open(stream, limits).await?;
        connection.send(&host_header(endpoint), request).await
    });
    Ok((answer.await?, phases))
}

/// What the `Host` header says for an endpoint: the port is left out where it is the usual one.
#[must_use]
pub fn host_header(endpoint: &Endpoint) -> String {
    let host = endpoint.host.as_str();
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    match (endpoint.port, &endpoint.tls) {
        (80, None) | (443, Some(_)) => host,
        (port, _) => format!("{host}:{port}"),
    }
}

type Body = Full<Bytes>;
type HttpWire = http1::Connection<TokioIo<Metered>, Body>;

/// An HTTP/1.1 connection that can carry one request after another. It has no task of its own: it moves only while a
/// request on it is awaited.
pub struct Connection {
    sender: http1::SendRequest<Body>,
    /// Gone once it has ended and somebody still waited for it.
    wire: Option<HttpWire>,
    body_limit: usize,
    finished: bool,
    /// Has the head of an answer to the last request come?
    answered: bool,
}

impl Connection {
    pub async fn open(stream: Stream, limits: &Limits) -> Result<Self, HttpError> {
        Self::metered(stream, limits, None).await
    }

    /// The same, with its bytes counted.
    pub(super) async fn metered(stream: Stream, limits: &Limits, meter: Option<Arc<Meter>>) -> Result<Self, HttpError> {
        let (sender, wire) = http1::Builder::new()
            // Some servers and proxies still compare names of headers letter by letter.
            .title_case_headers(true)
            .max_header_size(limits.head)
            .handshake(TokioIo::new(Metered { stream, meter }))
            .await
            .map_err(|e| HttpError::of(&e))?;
        Ok(Self { sender, wire: Some(wire), body_limit: limits.body, finished: false, answered: false })
    }

    /// Whether another request can be sent.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        !self.finished && !self.sender.is_closed()
    }

    /// The same, after a look at the wire: a connection moves only while it is used, so that nobody has noticed yet when the
    /// peer closed it between two requests.
    pub(super) async fn is_still_open(&mut self) -> bool {
        let Self { wire, finished, .. } = self;
        poll_fn(|cx| {
            if let Some(open) = wire {
                *finished = *finished || open.poll_without_shutdown(cx).is_ready();
            }
            Poll::Ready(())
        })
        .await;
        self.is_reusable()
    }

    /// Did any of the answer to the last request come?
    pub(super) const fn was_answered(&self) -> bool {
        self.answered
    }

    /// Sends a request and takes in the whole answer. A connection whose request failed, or was dropped before it was
    /// answered, is not reusable.
    pub async fn send(&mut self, host: &str, request: &Request) -> Result<Response, HttpError> {
        let body = request.body.clone();
        let head = build(&request.method, &request.path_and_query, host, &request.headers, &[])?;
        self.answered = false;
        let (parts, mut incoming) = self.exchange(head.map(|()| Full::new(body))).await?.into_parts();
        self.answered = true;
        let limit = self.body_limit;
        let mut body = Vec::new();
        if let Err(error) = self.read_body(&mut incoming, &mut body, limit).await {
            self.finished = true;
            return Err(error);
        }
        Ok(Response { status: parts.status.as_u16(), headers: plain(&parts.headers), body: body.into() })
    }

    /// Sends a request and gives the head of the answer.
    pub(super) async fn exchange(
        &mut self,
        request: hyper::Request<Body>,
    ) -> Result<hyper::Response<Incoming>, HttpError> {
        let Self { sender, wire, finished, .. } = self;
        let answer = async {
            sender.ready().await?;
            sender.send_request(request).await
        };
        match drive(wire, finished, answer).await {
            Ok(response) => Ok(response),
            Err(error) if error.is_parse() && self.has_heard_tls() => Err(HttpError::Tls),
            Err(error) => Err(HttpError::of(&error)),
        }
    }

    /// Whether what could not be read is a TLS alert or handshake, as servers send it to whoever speaks to them in plain.
    fn has_heard_tls(&mut self) -> bool {
        let heard = self.wire.take().map(|wire| wire.into_parts().read_buf);
        heard.is_some_and(|bytes| matches!(bytes[..], [ALERT | HANDSHAKE, 3, ..]))
    }

    /// Adds what there is of a body to `into`, up to its room for `limit` bytes.
    pub(super) async fn read_body(
        &mut self,
        body: &mut Incoming,
        into: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), HttpError> {
        drive(&mut self.wire, &mut self.finished, collect(body, into, limit)).await
    }

    /// Gives the stream back after the peer has switched protocols, and what it sent since.
    pub(super) async fn release(self) -> Result<(Stream, Bytes), HttpError> {
        let mut wire = self.wire.ok_or(HttpError::Broken(Fault::Dropped))?;
        if !self.finished {
            poll_fn(|cx| wire.poll_without_shutdown(cx)).await.map_err(|error| HttpError::of(&error))?;
        }
        let parts = wire.into_parts();
        Ok((parts.io.into_inner().stream, parts.read_buf))
    }
}

/// Waits for `work`, which needs the wire to move. How the wire ends, `work` hears from it.
async fn drive<T>(wire: &mut Option<HttpWire>, finished: &mut bool, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        // First `work`, which may hand the wire something to write; then again, for what the wire has read.
        if let Poll::Ready(outcome) = work.as_mut().poll(cx) {
            return Poll::Ready(outcome);
        }
        if let Some(open) = wire {
            *finished = *finished || open.poll_without_shutdown(cx).is_ready();
        }
        if let Poll::Ready(outcome) = work.as_mut().poll(cx) {
            return Poll::Ready(outcome);
        }
        if *finished {
            // Only a wire that is gone tells those who still wait for it that it has ended.
            *wire = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}

/// The head of a request. Headers of `given` replace those of `standard` and ours. Values are not repeated in errors:
/// tokens live there.
pub(super) fn build(
    method: &str,
    target: &str,
    host: &str,
    given: &[(String, String)],
    standard: &[(HeaderName, &str)],
) -> Result<hyper::Request<()>, HttpError> {
    let wrong = |what: String| HttpError::Request { what };
    let mut request = hyper::Request::new(());
    *request.method_mut() =
        Method::from_bytes(method.as_bytes()).map_err(|_| wrong(format!("`{method}` is not a method")))?;
    if !target.starts_with('/') {
        return Err(wrong("the path does not start with `/`".to_owned()));
    }
    *request.uri_mut() = target
        .parse::<Uri>()
        .map_err(|e| wrong(format!("the path has characters that must be percent-encoded ({e})")))?;
    let headers = request.headers_mut();
    let ours = [(header::HOST, host), (header::USER_AGENT, USER_AGENT)];
    for (name, value) in ours.iter().chain(standard) {
        let value =
            HeaderValue::from_str(value).map_err(|_| wrong(format!("`{value}` cannot be the {name} header")))?;
        headers.insert(name, value);
    }
    let mut replaced = Vec::new();
    for (name, value) in given {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong(format!("`{name}` is not a name of a header")))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| wrong(format!("the value of the header `{name}` has a line break or a control character")))?;
        if replaced.contains(&key) {
            headers.append(key, value);
        } else {
            replaced.push(key.clone());
            headers.insert(key, value);
        }
    }
    Ok(request)
}

/// Types of TLS records (RFC 8446 §5.1); a major version of 3 follows.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Headers in the form that leaves this room.
pub(super) fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

async fn collect(body: &mut Incoming, into: &mut Vec<u8>, limit: usize) -> Result<(), HttpError> {
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| HttpError::of(&error))?.into_data() else { continue };
        let room = limit.saturating_sub(into.len());
        into.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Err(HttpError::BodyTooLarge { limit });
        }
    }
    Ok(())
}

/// What broke, and what to do. A connection that is dropped before it was of any use is dropped by who took it, not for its age.
fn unanswered(fault: &Fault) -> String {
    if *fault != Fault::Dropped {
        return fault.to_string();
    }
    let what =
        "the server took the connection and dropped it without more; look at its log, and at that of a proxy between";
    format!("{what}, and check the path")
}

/// Why there is no answer. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The request cannot be sent as it is: the suite's fault.
    #[error("the request cannot be sent: {what}; correct it in the suite")]
    Request { what: String },
    /// The connection broke before the answer was complete.
    #[error("no complete answer came: {}", unanswered(.0))]
    Broken(Fault),
    /// What came is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1 ({what}); check host and port, and whether the server wants TLS")]
    NotHttp { what: String },
    /// What came is TLS.
    #[error("the server speaks TLS at this port; write `https://` or `wss://` in the URL, or use its unencrypted port")]
    Tls,
    #[error("the head of the answer is too large ({what}); have the server send fewer headers or shorter cookies")]
    HeadTooLarge { what: String },
    #[error("the body of the answer is larger than {limit} bytes; ask for less, a login needs no large answer")]
    BodyTooLarge { limit: usize },
}

impl HttpError {
    fn of(error: &hyper::Error) -> Self {
        use std::error::Error;
        if error.is_user() {
            return Self::Request { what: error.to_string() };
        }
        if let Some(error) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
            return Self::Broken(Fault::from(error));
        }
        if error.is_parse() {
            let what = error.to_string();
            // hyper has a question for this only in servers.
            return if what.contains("too large") { Self::HeadTooLarge { what } } else { Self::NotHttp { what } };
        }
        // Left are: the connection ended in the middle, or was closed before the request was written.
        Self::Broken(Fault::Dropped)
    }

    /// Whether this machine is at fault and not the server; see [`DialError::is_ours`].
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Dial(error) if error.is_ours())
    }

    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dial(error) => error.kind(),
            Self::Request { .. } => "bad request of ours",
            Self::Broken(fault) => match fault {
                Fault::Reset => "connection reset before the answer",
                Fault::Dropped => "connection dropped before the answer",
                Fault::TimedOut => "connection timed out before the answer",
                Fault::Tls(fault) => fault.kind(),
                Fault::Other { .. } => "connection broken before the answer",
            },
            Self::NotHttp { .. } => "answer is not HTTP",
            Self::Tls => "server speaks TLS",
            Self::HeadTooLarge { .. } => "answer's head too large",
            Self::BodyTooLarge { .. } => "answer's body too large",
        }
    }
}
