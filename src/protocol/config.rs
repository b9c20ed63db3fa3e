//! What a session is told when its connection is made.

use std::fmt;

/// One connection as the plan wants it. A protocol takes what it has a use for.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Path of the request, used exactly as written: `/socket.io/` and `/socket.io` are different places to a server.
    pub path: String,
    /// The author's own query parameters, not yet percent-encoded, in the order in which they are sent.
    pub query: Vec<(String, String)>,
    /// What to join as soon as the server speaks; intents and events name a namespace by its index here.
    pub namespaces: Vec<Namespace>,
    /// Longest frame that is accepted from the server, in bytes; a longer one ends the session.
    pub max_payload: usize,
    /// How packets are written.
    pub parser: Parser,
    /// Use connection state recovery: what a session keeps for it is given by [`Session::recovery`](super::Session::recovery).
    pub recovery: bool,
    /// What ends a message inside a frame, for protocols whose frames hold several.
    pub split: Option<Split>,
}

/// How Socket.IO packets are written. Nothing in the handshake tells which one a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parser {
    /// socket.io-parser: text, with binary attachments.
    #[default]
    Json,
    /// socket.io-msgpack-parser: a binary message each.
    Msgpack,
}

/// What ends a message inside a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// U+000A, as Centrifugo does.
    Newline,
    /// U+001E, as SignalR does.
    RecordSeparator,
}

impl Split {
    #[must_use]
    pub const fn separator(self) -> char {
        match self {
            Self::Newline => '\n',
            Self::RecordSeparator => '\u{1e}',
        }
    }
}

/// What a session needs to take up where an earlier one was cut off (Socket.IO, "Connection state recovery").
#[derive(Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The server's private name for the session: whoever knows it can take the session over.
    pub pid: String,
    /// Where in the server's log the last event stands that has come; `None` before the first.
    pub offset: Option<String>,
}

impl Config {
    /// Longest frame accepted where nothing else is asked for, in bytes: sixteen times what a socket.io server
    /// takes by default, and small enough that one mad server does not eat the machine.
    pub const MAX_PAYLOAD: usize = 16 << 20;
}

impl Default for Config {
    /// The main namespace of a Socket.IO server at its usual path.
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            query: Vec::new(),
            namespaces: vec![Namespace::new("/")],
            max_payload: Self::MAX_PAYLOAD,
            parser: Parser::Json,
            recovery: false,
            split: None,
        }
    }
}

/// A namespace to join, and the credentials for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Starts with `/`; may contain anything but a comma.
    pub name: String,
    /// A JSON object as text, sent with the CONNECT packet.
    pub auth: Option<String>,
    /// Of the session before, where this one is to take up where it ended.
    pub recovery: Option<Recovery>,
}

impl Namespace {
    /// A namespace that is joined without credentials.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), auth: None, recovery: None }
    }
}

// By hand, because query values and auth are where tokens live, and Debug output ends up in logs and panics.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.query.iter().map(|(key, _)| key).collect();
        f.debug_struct("Config")
            .field("path", &self.path)
            .field("query_keys", &keys)
            .field("namespaces", &self.namespaces)
            .field("max_payload", &self.max_payload)
            .field("parser", &self.parser)
            .field("recovery", &self.recovery)
            .field("split", &self.split)
            .finish()
    }
}

impl fmt::Debug for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recovery").field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("name", &self.name).field("auth", &self.auth.as_ref().map(|_| "…")).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_keeps_tokens_to_itself() {
        let config = Config {
            query: vec![("token".to_owned(), "hunter2".to_owned())],
            namespaces: vec![Namespace {
                auth: Some(r#"{"t":"hunter3"}"#.to_owned()),
                recovery: Some(Recovery { pid: "hunter4".to_owned(), offset: None }),
                ..Namespace::new("/a")
            }],
            ..Config::default()
        };
        let text = format!("{config:?}");
        assert!(!text.contains("hunter") && text.contains("/a") && text.contains("token"), "{text}");
    }
}
