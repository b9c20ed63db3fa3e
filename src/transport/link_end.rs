//! How a link ended: a kind that reports group by, and a sentence on what to do.

use std::fmt;

use super::polling::error::PollingError;
use super::stream::Fault;
use crate::protocol::Text;

/// How a link ended. Printed, it says what happened and what to do next; `reason` and other words of the peer are
/// not yet redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEnd {
    /// We closed it, and the peer has agreed or gone.
    ByUs,
    /// The peer sent a close frame. `code` is `None` when it gave none (what browsers show as 1005).
    Close { code: Option<u16>, reason: Text },
    /// The connection under the link broke; 1006 in browsers.
    Broken(Fault),
    /// A text message was not UTF-8.
    InvalidUtf8,
    /// The peer broke the framing. `what` is the rule it broke.
    Protocol { kind: &'static str, what: Box<str> },
    /// A frame had reserved bits set, as compressed ones have.
    ReservedBits,
    /// The peer wrote an HTTP answer into the open WebSocket, as Engine.IO 4 servers do to clients of version 3.
    HttpAnswer { status: Option<u16> },
    /// A message is longer than we accept, in bytes.
    TooLarge { size: usize, limit: usize },
    /// A request of polling failed.
    Polling(Box<PollingError>),
}

/// A close code that has a meaning, from RFC 6455 and the IANA registry.
struct CloseCode {
    code: u16,
    kind: &'static str,
    advice: &'static str,
}

const CLOSE_CODES: &[CloseCode] = &[
    CloseCode {
        code: 1000,
        kind: "close 1000 (normal)",
        advice: "the server ended the connection on purpose; its log should say why",
    },
    CloseCode {
        code: 1001,
        kind: "close 1001 (going away)",
        advice: "the server or a proxy before it is shutting down; check whether it was restarted or redeployed",
    },
    CloseCode {
        code: 1002,
        kind: "close 1002 (protocol error)",
        advice: "the server found a mistake in our frames; check that `protocol` names what the server speaks",
    },
    CloseCode {
        code: 1003,
        kind: "close 1003 (unsupported data)",
        advice: "the server does not take this type of message; check text against binary",
    },
    CloseCode {
        code: 1007,
        kind: "close 1007 (invalid data)",
        advice: "the server could not read a message of ours; check the payload",
    },
    CloseCode {
        code: 1008,
        kind: "close 1008 (policy)",
        advice: "the server refuses this client; check credentials, origin and rate limits",
    },
    CloseCode {
        code: 1009,
        kind: "close 1009 (too big)",
        advice: "a message of ours is larger than the server takes (`maxHttpBufferSize` in socket.io, 1 MB by \
                 default); send less or raise its limit",
    },
    CloseCode {
        code: 1010,
        kind: "close 1010 (extension missing)",
        advice: "the server insists on an extension; extensions such as permessage-deflate are not offered, make it \
                 optional in the server",
    },
    CloseCode { code: 1011, kind: "close 1011 (server error)", advice: "the server failed; its log should say where" },
    CloseCode {
        code: 1012,
        kind: "close 1012 (restart)",
        advice: "the server is restarting; test again when it is up, or allow `reconnect`",
    },
    CloseCode {
        code: 1013,
        kind: "close 1013 (try again later)",
        advice: "the server is overloaded and says so; use fewer users or a lower rate",
    },
    CloseCode {
        code: 1014,
        kind: "close 1014 (bad gateway)",
        advice: "a proxy got no good answer from the server behind it; check that one",
    },
];

const NO_CODE: CloseCode = CloseCode {
    code: 1005,
    kind: "close 1005 (no code)",
    advice: "the server gave no reason; socket.io servers do this on every protocol error and ping timeout, so look at \
             what was sent last",
};
const LIBRARY: CloseCode = CloseCode {
    code: 3000,
    kind: "close 3000-3999 (library)",
    advice: "look the code up in the documentation of the server's library",
};
const APPLICATION: CloseCode = CloseCode {
    code: 4000,
    kind: "close 4000-4999 (application)",
    advice: "the code is the server application's own; look it up there",
};
const UNKNOWN: CloseCode = CloseCode {
    code: 0,
    kind: "close with an unknown code",
    advice: "the code is not assigned to anything; look for it in the server",
};

impl CloseCode {
    fn of(code: Option<u16>) -> &'static Self {
        let Some(code) = code else { return &NO_CODE };
        CLOSE_CODES.iter().find(|known| known.code == code).unwrap_or(match code {
            3000..=3999 => &LIBRARY,
            4000..=4999 => &APPLICATION,
            _ => &UNKNOWN,
        })
    }
}

impl LinkEnd {
    /// What reports group by. The exact code of an application's close is in the text.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ByUs => "closed by us",
            Self::Close { code, .. } => CloseCode::of(*code).kind,
            Self::Broken(fault) => fault.kind(),
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::Protocol { kind, .. } => kind,
            Self::ReservedBits => "reserved bits set",
            Self::HttpAnswer { .. } => "HTTP answer inside the WebSocket",
            Self::TooLarge { .. } => "message too large",
            Self::Polling(error) => error.kind(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::ByUs => "nothing is wrong",
            Self::Close { code, .. } => CloseCode::of(*code).advice,
            Self::Broken(fault) => fault.advice(),
            Self::InvalidUtf8 => "the server sends binary data as text; make it send a binary message",
            Self::Protocol { .. } => "something between us is not a WebSocket server; check host, port and proxies",
            Self::ReservedBits => {
                "it compresses without being asked (permessage-deflate is not offered); turn that off in the server \
                 or the proxy"
            }
            Self::HttpAnswer { .. } => {
                "a server of socket.io 3 or 4 does so with clients of Engine.IO 3; set `protocol: socket.io`, or \
                 `allowEIO3` in the server"
            }
            Self::TooLarge { .. } => "raise the limit on payloads if the server means to send so much",
            Self::Polling(error) => error.advice(),
        }
    }

    /// The close code that the peer sent, if it sent one.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Close { code, .. } => *code,
            _ => None,
        }
    }
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByUs => write!(f, "we closed the connection")?,
            Self::Close { code, reason } => {
                match code {
                    Some(code) => write!(f, "the server closed the connection with code {code}")?,
                    None => write!(f, "the server closed the connection without a code")?,
                }
                if !reason.is_empty() {
                    write!(f, " and the reason `{}`", reason.as_str())?;
                }
            }
            // A fault's own text has its advice already.
            Self::Broken(fault) => return fault.fmt(f),
            Self::Polling(error) => return error.fmt(f),
            Self::InvalidUtf8 => write!(f, "the server sent a text message that is not UTF-8")?,
            Self::Protocol { what, .. } => write!(f, "the server broke the WebSocket protocol ({what})")?,
            Self::ReservedBits => write!(f, "the server sent a frame with reserved bits set")?,
            Self::HttpAnswer { status: Some(status) } => {
                write!(f, "the server wrote an HTTP answer (status {status}) into the open WebSocket")?;
            }
            Self::HttpAnswer { status: None } => write!(f, "the server wrote an HTTP answer into the open WebSocket")?,
            Self::TooLarge { size, limit } => {
                write!(f, "the server sent a message of at least {size} bytes, more than the limit of {limit}")?;
            }
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for LinkEnd {}
