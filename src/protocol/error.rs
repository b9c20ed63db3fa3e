//! Who broke the rule: ourselves or the suite ([`Misuse`]), or the peer ([`Violation`]).

use crate::secrets::shortened;

/// Something was asked of a session that its protocol or its state does not allow. The suite's fault or ours,
/// never the server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    #[error("the request path `{path}` cannot be used: {what}")]
    Path { path: String, what: &'static str },
    #[error("the query key `{key}` is set by the session itself; take it out of the query")]
    Query { key: String },
    #[error("the namespace `{name}` cannot be used: {what}")]
    Namespace { name: String, what: &'static str },
    /// The text is not repeated: it is where tokens live.
    #[error("the auth of namespace `{namespace}` {what}; write an object, as `{{\"token\":\"…\"}}`")]
    Auth { namespace: String, what: String },
    #[error("`recovery` is a feature of socket.io 4, and {protocol} does not know it; take it out of the target")]
    Recovery { protocol: &'static str },
    #[error("the namespace `{namespace}` is not connected, so nothing can be sent to it; connect it first")]
    NotConnected { namespace: String },
    #[error("there is no namespace number {index}: the session was made with {known}")]
    UnknownNamespace { index: usize, known: usize },
    #[error("`{name}` is reserved by Socket.IO: the server closes the connection on it; choose another event name")]
    ReservedEvent { name: String },
    #[error("the payload is not what {protocol} can carry: {what}")]
    Payload { protocol: &'static str, what: String },
    #[error("ack {id} was answered already, the server never asked for it, or too many were asked for since")]
    UnknownAck { id: u64 },
    #[error("{limit} acks are waiting in namespace `{namespace}`; give up those that timed out before asking for more")]
    TooManyAcks { namespace: String, limit: usize },
    #[error("the session is closed; reconnect before sending")]
    Closed,
}

/// The peer broke its protocol: a finding to count and to show, never a reason to crash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} (in {layer}): `{excerpt}`")]
pub struct Violation {
    /// `Engine.IO`, `Socket.IO` or `WebSocket`.
    pub layer: &'static str,
    /// What is wrong, and where known what to do about it.
    pub what: String,
    /// The beginning of the offending text, at most [`Violation::EXCERPT`] characters and a mark where it
    /// was cut, not yet redacted.
    pub excerpt: String,
}

impl Violation {
    /// Longest excerpt kept, in characters.
    pub const EXCERPT: usize = 120;

    #[must_use]
    pub fn new(layer: &'static str, what: impl Into<String>, offending: &str) -> Self {
        // No more than can be shown is copied: what a peer sends may be long.
        Self { layer, what: what.into(), excerpt: shortened(offending, Self::EXCERPT) }
    }
}
