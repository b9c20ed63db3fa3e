//! A tunnel through an HTTP proxy: `CONNECT host:port` (RFC 9110 §9.3.6), and then the connection is the server's.

use std::fmt;
use std::time::Duration as StdDuration;

use http_body_util::Full;
use hyper::Uri;
use hyper::header::{self, HeaderValue};
use tokio::net::TcpStream;

use super::dial::DialError;
use super::http::{Connection, HttpError, Limits, USER_AGENT};
use super::stream::Stream;
use crate::secrets::cut;

/// Through which proxy to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// A name or a literal address, without brackets.
    pub host: String,
    pub port: u16,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<String>,
}

// By hand, because of the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// How long the body of a refusal is waited for, as for that of a refused upgrade.
const REFUSAL_PATIENCE: StdDuration = StdDuration::from_millis(500);
/// Most that is kept of such a body, in bytes.
const BODY: usize = 1024;

/// Makes the proxy at the other end of `stream` connect it to a host.
pub(super) async fn tunnel(stream: TcpStream, proxy: &Proxy, host: &str, port: u16) -> Result<TcpStream, ProxyError> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let authority = format!("{host}:{port}");
    let wrong = |what: &str| HttpError::Request { what: what.to_owned() };
    let mut request = hyper::Request::new(Full::default());
    *request.method_mut() = hyper::Method::CONNECT;
    *request.uri_mut() = authority.parse::<Uri>().map_err(|_| wrong("the host cannot be asked of a proxy"))?;
    let headers = request.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| wrong("a header has a control character"));
    headers.insert(header::HOST, value(&authority)?);
    headers.insert(header::USER_AGENT, value(USER_AGENT)?);
    if let Some(authorization) = &proxy.authorization {
        headers.insert(header::PROXY_AUTHORIZATION, value(authorization)?);
    }
    let mut connection = Connection::open(Stream::Plain(stream), &Limits::default()).await?;
    let answer = connection.exchange(request).await?;
    let status = answer.status();
    let mut body = answer.into_body();
    if !status.is_success() {
        let mut start = Vec::new();
        let read = connection.read_body(&mut body, &mut start, BODY);
        // Whatever came is good enough for an explanation.
        let _ = tokio::time::timeout(REFUSAL_PATIENCE, read).await;
        return Err(ProxyError::Refused {
            status: status.as_u16(),
            body: String::from_utf8_lossy(&start).trim().to_owned(),
        });
    }
    drop(body);
    match connection.release().await? {
        (Stream::Plain(stream), rest) if rest.is_empty() => Ok(stream),
        // Clients speak first, in HTTP as in TLS.
        _ => Err(ProxyError::SpokeFirst),
    }
}

/// Why there is no tunnel. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyError {
    /// There is no connection to the proxy itself.
    Unreachable(DialError),
    /// The proxy would not connect us.
    Refused { status: u16, body: String },
    /// What the proxy answered cannot be read.
    Http(HttpError),
    /// Something came through the tunnel before anything was sent.
    SpokeFirst,
}

impl From<HttpError> for ProxyError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

/// What a status of a proxy usually means: kind and advice.
fn meaning(status: u16) -> (&'static str, &'static str) {
    match status {
        407 => (
            "proxy refused: 407 authentication",
            "put the right user and password into `target.proxy`, percent-encoded",
        ),
        403 => {
            ("proxy refused: 403 forbidden", "have the proxy allow CONNECT to this host and port, or set `NO_PROXY`")
        }
        405 => ("proxy refused: 405 method not allowed", "this is no proxy that takes CONNECT; check `target.proxy`"),
        502 => {
            ("proxy refused: 502 bad gateway", "the proxy cannot reach the server; check the host, and the proxy's log")
        }
        503 => ("proxy refused: 503 unavailable", "the proxy is overloaded or cannot reach the server; see its log"),
        504 => ("proxy refused: 504 gateway timeout", "the proxy had no answer from the server; check that it is up"),
        _ => ("proxy refused: another status", "look the status up in the proxy's log, and check `target.proxy`"),
    }
}

impl ProxyError {
    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "proxy cannot be reached",
            Self::Refused { status, .. } => meaning(*status).0,
            Self::Http(_) => "proxy without an answer",
            Self::SpokeFirst => "proxy is no tunnel",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "check host and port in `target.proxy`, and that the proxy runs",
            Self::Refused { status, .. } => meaning(*status).1,
            Self::Http(_) => "check that an HTTP proxy listens there, without TLS of its own",
            Self::SpokeFirst => {
                "check that an HTTP proxy listens there, and that it passes on what it is sent unchanged"
            }
        }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the proxy cannot be reached ({})", error.kind())?,
            Self::Refused { status, body } => {
                write!(f, "the proxy answered CONNECT with status {status}")?;
                if !body.is_empty() {
                    let mut excerpt = body.replace(char::is_control, " ");
                    cut(&mut excerpt, 160);
                    write!(f, " and `{excerpt}`")?;
                }
            }
            Self::Http(error) => write!(f, "the proxy gave no answer that can be read ({})", error.kind())?,
            Self::SpokeFirst => write!(f, "the proxy sent something through the tunnel before anything was asked")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for ProxyError {}
