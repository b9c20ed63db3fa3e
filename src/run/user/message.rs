//! What a user and its driver say to each other.

use std::borrow::Cow;
use std::net::IpAddr;

use super::cookies::Cookies;
use crate::plan::language::Response;
use crate::plan::transports::Way;
use crate::protocol::Frame;
use crate::units::{Duration, Moment};

/// What a user asks of its driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Connect(ConnectRequest),
    Http {
        /// Names the request among all of this user's.
        id: u64,
        request: HttpRequest,
    },
    /// Give the request with that number up. Nothing more comes from it.
    Forget {
        id: u64,
    },
    Send(Frame),
    /// Close the link, or give up connecting. Nothing more comes from it.
    Close,
    /// Drop the link without a goodbye.
    Abort,
    /// The user has no further stay.
    Done,
}

/// A link to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectRequest {
    pub way: Way,
    /// Path and query of the upgrade to WebSocket.
    pub target: String,
    /// Path and query of polling requests; empty where there are none.
    pub polling: String,
    /// With the user's cookies, where it begins as a WebSocket.
    pub headers: Vec<(String, String)>,
    /// For polling, which puts them into each request and learns more.
    pub cookies: Cookies,
    /// The address to connect from, where it matters which of ours it is.
    pub source: Option<IpAddr>,
    /// When it is given up, `within` after it was begun.
    pub deadline: Moment,
    pub within: Duration,
}

/// An HTTP request to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: &'static str,
    /// A path of the target, or an absolute URL.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The address to connect from, where it matters which of ours it is.
    pub source: Option<IpAddr>,
}

/// What happened to a user.
#[derive(Debug)]
pub enum Input {
    /// The moment that `deadline` named has come.
    Timeout,
    /// The link is open.
    Linked(Opened),
    /// The link could not be opened.
    NotLinked(Failure),
    Response {
        id: u64,
        response: Result<Response, Failure>,
    },
    Frame(Frame),
    /// The link has moved from polling to WebSocket, or could not and stays on polling.
    Moved(Result<(), Failure>),
    /// The link has ended: a kind for counting, and a sentence.
    LinkEnded(Failure),
    /// Something has changed that it may wait for: others have come, or have shared a value.
    Called,
    /// The run is being stopped: act no more, and have done by this moment.
    Stop {
        drain_until: Moment,
    },
}

/// What is known of a link that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    pub phases: Phases,
    /// The `Set-Cookie`s of the server's first answer.
    pub set_cookies: Vec<(String, String)>,
}

/// How long each phase of a connect took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    pub dns: Option<Duration>,
    pub tcp: Option<Duration>,
    pub tls: Option<Duration>,
    pub upgrade: Option<Duration>,
}

/// Why something on the network did not work: a kind that is counted, and a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: Cow<'static, str>,
    pub detail: String,
}
