//! What can go wrong with polling, each with a kind of its own.

use std::fmt;

use crate::secrets::cut;
use crate::transport::http::HttpError;
use crate::transport::refusal::Refusal;
use crate::units::Duration;

/// Why polling did not begin, or ended. Printed, it says what happened and what to do next; the server's words are not yet
/// redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollingError {
    /// A request had no answer that could be read.
    Http(HttpError),
    /// A request was answered with another status than 200.
    Refused(Box<Refusal>),
    /// The answer to the first request does not begin with an OPEN packet.
    NoOpen { what: String, excerpt: String },
    /// The server answered in the encoding of Engine.IO 3.
    Version3,
    /// The body of an answer is not what the protocol says.
    Body { what: String, excerpt: String },
    /// The body of an answer is longer than is accepted, in bytes.
    TooLarge { limit: usize },
    /// The body of an answer is compressed, which was not asked for.
    Compressed { encoding: String },
    /// What was sent was answered with 200, and not with `ok`.
    NotOk { excerpt: String },
    /// A request had no answer for longer than the server's pings may stay away.
    Silent { after: Duration },
}

impl From<HttpError> for PollingError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::BodyTooLarge { limit } => Self::TooLarge { limit },
            error => Self::Http(error),
        }
    }
}

/// The beginning of a body, fit to be shown.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    const LONGEST: usize = 120;
    let start = &body[..body.len().min(4 * LONGEST)];
    let mut excerpt = String::from_utf8_lossy(start).replace(char::is_control, " ");
    cut(&mut excerpt, LONGEST);
    excerpt
}

impl PollingError {
    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http(error) => error.kind(),
            Self::Refused(refusal) => refusal.kind(),
            Self::NoOpen { .. } => "polling without OPEN",
            Self::Version3 => "server speaks Engine.IO 3",
            Self::Body { .. } => "polling answer unreadable",
            Self::TooLarge { .. } => "polling answer too large",
            Self::Compressed { .. } => "polling answer compressed",
            Self::NotOk { .. } => "polling send not confirmed",
            Self::Silent { .. } => "polling request unanswered",
        }
    }

    /// What to do about it; nothing where the text says it already.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Http(_) => "",
            Self::Refused(refusal) => refusal.advice(),
            Self::NoOpen { .. } => "check host, port and `path`: something else than an Engine.IO server answers there",
            Self::Version3 => "set `protocol: socket.io-v2`",
            Self::Body { .. } => {
                "check that `protocol` names what the server speaks, and look for a proxy that changes bodies"
            }
            Self::TooLarge { .. } => "have the server send less at once",
            Self::Compressed { .. } => "turn compression off in the proxy that adds it; it was not asked for",
            Self::NotOk { .. } => "look for a proxy that answers by itself, and at the server's log",
            Self::Silent { .. } => {
                "it hangs, or something between holds its answers back; look at the server and its proxies"
            }
        }
    }

    /// Whether this machine is at fault and not the server.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_ours())
    }
}

impl fmt::Display for PollingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Both have their advice in them.
            Self::Http(error) => return write!(f, "polling: {error}"),
            Self::Refused(refusal) => return refusal.fmt(f),
            Self::NoOpen { what, excerpt } => {
                write!(f, "the first answer of polling is no OPEN packet ({what}): `{excerpt}`")?;
            }
            Self::Version3 => write!(f, "the server speaks Engine.IO 3")?,
            Self::Body { what, excerpt } => write!(f, "an answer of polling cannot be read ({what}): `{excerpt}`")?,
            Self::TooLarge { limit } => write!(f, "an answer of polling is longer than the limit of {limit} bytes")?,
            Self::Compressed { encoding } => write!(f, "an answer of polling is compressed ({encoding})")?,
            Self::NotOk { excerpt } => {
                write!(f, "what was sent by polling was answered with `{excerpt}` instead of `ok`")?;
            }
            Self::Silent { after } => write!(f, "the server did not answer a polling request for {after}")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for PollingError {}
