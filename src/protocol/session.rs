//! The contract between a driver and a protocol: three verbs (`handle`, `poll`, `deadline`) and the types that they
//! exchange. No session reads a clock or a socket; time and bytes are arguments.

use std::fmt;

use bytes::Bytes;

pub use super::args::Args;
use super::config::Recovery;
use super::error::{Misuse, Violation};
use crate::units::{Duration, Moment};

/// UTF-8 text that shares its buffer with the frame it came in. It is tungstenite's own type, so that a text frame
/// crosses from the socket to here without a copy and without being validated twice.
pub type Text = tungstenite::Utf8Bytes;

/// How frames cross to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    /// HTTP long-polling.
    Polling,
}

/// One message of the transport: a WebSocket message, or a packet of a polling body in the form that it would have as a
/// WebSocket message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(Text),
    Binary(Bytes),
}

impl Frame {
    /// Size of its payload, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.as_str().len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the driver asks of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent<'a> {
    /// Send an event. `args` is a JSON array whose first element is the event's name, as `["bid",{"lot":7}]`.
    /// With `ack`, the ack that answers it comes back as [`Event::Ack`] with that `id` of the caller's choosing, which
    /// no other emit in the namespace may be waiting under. What goes over the wire is the session's own numbering.
    /// With `binary`, objects `{"$base64":"…"}` in `args` are binary data.
    Emit { namespace: usize, args: &'a str, binary: bool, ack: Option<u64> },
    /// Answer an event for which the server asked an ack (`id` is that of [`Event::Message`]). `args` is a JSON array,
    /// and `binary` as above.
    Answer { namespace: usize, id: u64, args: &'a str, binary: bool },
    /// Send a message as it is, in protocols that have no events.
    Send(Frame),
    /// Stop waiting for the ack of the emit with that `id`; should it come all the same, it is an [`Event::LateAck`].
    /// Harmless when it came meanwhile, or when the session has closed.
    Forget { namespace: usize, ack: u64 },
    /// Leave politely: say goodbye in every namespace, then close. Harmless when the session has closed already.
    Disconnect,
}

/// What goes into a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// The link is open; the session may speak.
    Opened,
    Frame(Frame),
    /// The moment that `deadline` named has come.
    Timeout,
    Do(Intent<'a>),
    /// The link has ended; nothing more will come.
    Closed,
}

/// What comes out of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Send(Frame),
    Event(Event),
    /// Close the link if it is still open; the reason has been given as [`Event::Disconnected`] of no namespace just
    /// before. The last output of every session, and it comes once.
    Close,
}

/// What a session has understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The namespace accepted us. `id` is the socket's id in it (not the Engine.IO session's), where the server gave
    /// one.
    Connected { namespace: usize, id: Option<String>, recovered: bool },
    /// The namespace refused us; the transport stays open. It may come after `Connected`, from servers that ask their
    /// middlewares only then. `error` is the server's JSON as it came.
    Refused { namespace: usize, error: String },
    /// The answer to an emit with that `id`.
    Ack { namespace: usize, id: u64, args: Args },
    /// An event from the server: `args` is the whole JSON array, the name its first element. `ack` is set when the
    /// server wants an answer.
    Message { namespace: usize, name: Text, args: Args, ack: Option<u64> },
    /// A message of a protocol without events. `args` has the form of those of an event, with an empty name, so that who
    /// finds a name for it need not copy it: `["",{"type":"ping"}]`.
    Data { args: Args },
    /// The answer to an emit with that `id`, after it was given up with [`Intent::Forget`].
    LateAck { namespace: usize, id: u64, args: Args },
    /// An ack came that nobody is waiting for; `wire` is the number it carried. `asked` tells whether that number was
    /// ever used (then it was answered before, or given up a long time ago).
    StrayAck { namespace: usize, wire: u64, asked: bool },
    /// The session, or one namespace of it, has ended. Acks that wait will never come. When the session ends its
    /// namespaces end with it, without an event each.
    Disconnected { namespace: Option<usize>, reason: Closed },
    /// A packet could not be understood, and the session goes on without it.
    Ignored(Violation),
}

/// Why a session ended. `name()` is what reports group by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// We asked for it.
    ByUs,
    /// The server sent a namespace DISCONNECT (a kick, an expired login).
    Namespace,
    /// The server sent an Engine.IO close packet.
    Packet,
    /// The link ended under the session; the driver knows how.
    Link,
    /// The link ended before the server had answered anything at all, right after we had introduced ourselves. `hint` says what
    /// may be behind it.
    Unanswered { hint: &'static str },
    /// No heartbeat from the server for so long.
    PingTimeout { after: Duration },
    /// The server broke the protocol.
    Violation(Violation),
}

impl Closed {
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ByUs => "closed by us",
            Self::Namespace => "namespace disconnect by the server",
            Self::Packet => "close packet from the server",
            Self::Link | Self::Unanswered { .. } => "connection lost",
            Self::PingTimeout { .. } => "ping timeout",
            Self::Violation(_) => "protocol violation",
        }
    }
}

/// One connection's protocol state. A reconnect makes a new session.
///
/// The driver first drains `poll`, then makes exactly one `handle`. `deadline` may change with every `handle`.
pub trait Session: fmt::Debug + Send {
    /// Takes one input in. `Err` is the caller's fault and leaves the session as it was; what the peer does wrong
    /// comes out as an event.
    fn handle(&mut self, now: Moment, input: Input<'_>) -> Result<(), Misuse>;

    /// The next thing to carry out, or `None` when there is nothing for now.
    fn poll(&mut self) -> Option<Output>;

    /// When to hand in [`Input::Timeout`] if nothing else happens before; [`Moment::NEVER`] for no deadline.
    fn deadline(&self) -> Moment;

    /// What the session still waits for before all of it is connected, for the text of a timeout: `the CONNECT reply of
    /// namespace "/admin"`. `None` when there is nothing to wait for.
    fn awaits(&self) -> Option<String>;

    /// Path and query of the requests over that transport, as `/socket.io/?EIO=4&transport=websocket`; a transport adds the id
    /// of the session where there is one. Asked for before the link is opened: later a session may have forgotten it.
    fn request_target(&self, transport: Transport) -> String;

    /// What a later session needs to take up where this one ended, in that namespace; `None` where the server offers no
    /// recovery, or it was not asked for.
    fn recovery(&self, namespace: usize) -> Option<Recovery>;
}
