//! A server that answered the request for a WebSocket, or one of polling, with something else than yes.

use std::fmt;

use crate::secrets::cut;

/// What the server answered instead of switching to WebSocket, or of taking part in polling. Printed, it says what happened and what to do next; the
/// server's words are not yet redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub asked: Asked,
    pub status: u16,
    /// All headers of the answer, names in lower case; `Set-Cookie` among them.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, at most [`Refusal::BODY`] bytes; what is not UTF-8 is replaced.
    pub body: String,
}

// By hand, because session cookies stand in the headers.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("asked", &self.asked)
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body", &self.body)
            .finish()
    }
}

/// What was asked for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asked {
    /// That the connection become a WebSocket.
    #[default]
    Upgrade,
    /// A request of polling.
    Poll,
}

/// A status that has a usual cause.
struct Cause {
    status: u16,
    kind: Kinds,
    advice: &'static str,
}

/// What reports group by, for each thing that can be asked.
struct Kinds {
    upgrade: &'static str,
    poll: &'static str,
}

macro_rules! kinds {
    ($status:literal) => {
        Kinds { upgrade: concat!("upgrade refused: ", $status), poll: concat!("polling refused: ", $status) }
    };
}

const CAUSES: &[Cause] = &[
    Cause {
        status: 200,
        kind: kinds!("200 OK"),
        advice: "an ordinary page answers there, not a WebSocket; check the path, and that proxies pass `Upgrade` on",
    },
    Cause { status: 301, kind: kinds!("301 redirect"), advice: REDIRECT },
    Cause { status: 302, kind: kinds!("302 redirect"), advice: REDIRECT },
    Cause { status: 303, kind: kinds!("303 redirect"), advice: REDIRECT },
    Cause { status: 307, kind: kinds!("307 redirect"), advice: REDIRECT },
    Cause { status: 308, kind: kinds!("308 redirect"), advice: REDIRECT },
    Cause {
        status: 400,
        kind: kinds!("400 bad request"),
        advice: "the server or a proxy did not understand the request; check `protocol`, and that proxies pass the \
                 `Upgrade` and `Connection` headers on",
    },
    Cause {
        status: 401,
        kind: kinds!("401 unauthorized"),
        advice: "the server wants credentials in the request; give them in `headers` or `query`",
    },
    Cause {
        status: 403,
        kind: kinds!("403 forbidden"),
        advice: "the server does not let this client in; check credentials, the `Origin` header and address filters",
    },
    Cause {
        status: 404,
        kind: kinds!("404 not found"),
        advice: "this is not the Engine.IO path: mind the trailing slash (`/socket.io/`), and a prefix that a proxy adds",
    },
    Cause {
        status: 405,
        kind: kinds!("405 method not allowed"),
        advice: "there is a service at this path, but no WebSocket; check the path",
    },
    Cause {
        status: 407,
        kind: kinds!("407 proxy authentication"),
        advice: "the proxy wants credentials; put them into its URL",
    },
    Cause {
        status: 413,
        kind: kinds!("413 too large"),
        advice: "a message of ours is larger than the server or a proxy takes (`maxHttpBufferSize` in socket.io, 1 MB by \
                 default); send less or raise the limit",
    },
    Cause {
        status: 426,
        kind: kinds!("426 upgrade required"),
        advice: "the server did not see our `Upgrade` header, or wants another version; check the proxies between",
    },
    Cause {
        status: 429,
        kind: kinds!("429 too many requests"),
        advice: "a rate limit is in force; connect slower with `connect.rate`, or have the limit lifted for this machine",
    },
    Cause { status: 500, kind: kinds!("500 server error"), advice: "the server failed; its log should say where" },
    Cause {
        status: 502,
        kind: kinds!("502 bad gateway"),
        advice: "a proxy cannot reach the server behind it; check that it runs",
    },
    Cause {
        status: 503,
        kind: kinds!("503 unavailable"),
        advice: "the server or a proxy is overloaded or has no healthy backend; use fewer users or check the backends",
    },
    Cause {
        status: 504,
        kind: kinds!("504 gateway timeout"),
        advice: "the server behind a proxy does not answer in time; check whether it is overloaded",
    },
];

const REDIRECT: &str = "the server sends clients elsewhere and redirects are not followed; put the new address into \
                        `target.url`, or log in first if it is a login page";

const OTHER: Cause = Cause {
    status: 0,
    kind: kinds!("another status"),
    advice: "look the status up in the server's or the proxy's log",
};

/// An error of Engine.IO, which says more than the status it comes with.
struct EngineError {
    code: u8,
    message: &'static str,
    kind: Kinds,
    advice: &'static str,
}

/// As in engine.io's `server.ts`. Over polling they come as JSON with the code, over WebSocket as the bare message.
const ENGINE_ERRORS: &[EngineError] = &[
    EngineError {
        code: 0,
        message: "Transport unknown",
        kind: kinds!("transport unknown"),
        advice: "the server has this transport switched off (`transports`); switch it on, or use another here",
    },
    EngineError {
        code: 1,
        message: "Session ID unknown",
        kind: kinds!("session unknown"),
        advice: "another node opened this session; make the load balancer sticky",
    },
    EngineError {
        code: 2,
        message: "Bad handshake method",
        kind: kinds!("bad method"),
        advice: "a proxy changed the method of the request; check the proxies between",
    },
    EngineError {
        code: 3,
        message: "Bad request",
        kind: kinds!("bad request"),
        advice: "the `Upgrade` header was lost on the way, or the session has moved to WebSocket already; have the proxies \
                 pass `Upgrade` and `Connection` on",
    },
    EngineError {
        code: 4,
        message: "Forbidden",
        kind: kinds!("forbidden"),
        advice: "the server's `allowRequest` refused; check credentials and `Origin`",
    },
    EngineError {
        code: 5,
        message: "Unsupported protocol version",
        kind: kinds!("protocol version"),
        advice: "set `protocol: socket.io`: servers of socket.io 3 and 4 say so to clients of Engine.IO 3, unless they have \
                 `allowEIO3`",
    },
];

impl Refusal {
    /// Most that is kept of a body, in bytes.
    pub const BODY: usize = 1024;

    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let kind = self.engine_error().map_or(&self.cause().kind, |known| &known.kind);
        match self.asked {
            Asked::Upgrade => kind.upgrade,
            Asked::Poll => kind.poll,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.engine_error().map_or_else(|| self.cause().advice, |known| known.advice)
    }

    /// Where a redirect leads.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str())
    }

    /// When the server wants to be asked again: seconds, or a date.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "retry-after").map(|(_, value)| value.as_str())
    }

    fn cause(&self) -> &'static Cause {
        CAUSES.iter().find(|known| known.status == self.status).unwrap_or(&OTHER)
    }

    fn engine_error(&self) -> Option<&'static EngineError> {
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&self.body) {
            let code = json.get("code").and_then(serde_json::Value::as_u64)?;
            json.get("message")?;
            return ENGINE_ERRORS.iter().find(|known| u64::from(known.code) == code);
        }
        ENGINE_ERRORS.iter().find(|known| known.message == self.body.trim())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = match self.asked {
            Asked::Upgrade => "the WebSocket request",
            Asked::Poll => "a polling request",
        };
        write!(f, "the server answered {asked} with status {}", self.status)?;
        if let Some(location) = self.location() {
            write!(f, " (to {location})")?;
        }
        if let Some(when) = self.retry_after() {
            write!(f, " (Retry-After: {when})")?;
        }
        let body = self.body.trim();
        if !body.is_empty() {
            let mut excerpt = body.replace(char::is_control, " ");
            cut(&mut excerpt, 120);
            write!(f, " and `{excerpt}`")?;
        }
        write!(f, "; {}", self.advice())
    }
}
