//! Socket.IO over the frames of one connection.
//!
//! The connection:
//!
//! | comes in                      | what happens                                                    |
//! |-------------------------------|-----------------------------------------------------------------|
//! | OPEN                          | CONNECT goes out for every namespace, in their order; not for `/` where the server joins it |
//! | `2`, in Engine.IO 4           | `3` goes out at once                                            |
//! | a ping is due, in Engine.IO 3 | `2` goes out                                                    |
//! | deadline, `1`, the link's end | ended, with the reason                                          |
//! | a violation                   | ended; as the JavaScript client does on what its parser refuses |
//! | `Intent::Disconnect`          | DISCONNECT goes out for every connected namespace, then ended   |
//! | binary packet, n attachments  | waits for the next n binary frames, and is then as any other    |
//! | text before the n-th of them  | violation                                                       |
//! | anything, once ended          | nothing; emits and answers are [`Misuse::Closed`]               |
//!
//! *Ended* is [`Event::Disconnected`] of no namespace, then [`Output::Close`]. No Engine.IO `1` is sent:
//! servers ignore it on a WebSocket, and take the link's end.
//!
//! What becomes of packets is in `heard.rs`, of intents in `spoken.rs`, how packets are written in `writer.rs`; what the
//! versions differ in is in `dialect.rs`.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use super::auth;
use super::binary::Pending;
use super::dialect::Dialect;
use super::msgpack;
use super::packet::{Kind, Packet};
use super::received::Received;
use super::socket::{Socket, State};
use super::target::Target;
use super::writer::Writer;
use crate::protocol::config::{Config, Parser, Recovery};
use crate::protocol::engineio::packet::{PING, PONG};
use crate::protocol::engineio::session::{Beat, Engine, Heard};
use crate::protocol::error::{Misuse, Violation};
use crate::protocol::session::{Closed, Event, Frame, Input, Output, Session, Text, Transport};
use crate::units::Moment;

pub(super) const LAYER: &str = "Socket.IO";

const WRITES_MSGPACK: &str = "the server writes its packets with msgpack; set `parser: msgpack`";
const WRITES_JSON: &str = "the server writes its packets as text; set `parser: json`";

/// Above this many places an empty queue gives its memory back.
const QUEUE_KEPT: usize = 8;

/// A client of a Socket.IO server, on one connection.
pub struct SocketIo {
    pub(super) dialect: &'static Dialect,
    pub(super) engine: Engine,
    pub(super) writer: Writer,
    pub(super) sockets: Box<[Socket]>,
    pub(super) out: VecDeque<Output>,
    /// A packet that waits for its attachments.
    pending: Option<Box<Pending>>,
    max_payload: usize,
    pub(super) recovers: bool,
    /// Whether a Socket.IO packet has come.
    answered: bool,
    /// Whether the server has connected `/` unasked and has said nothing there since: it may still refuse.
    pub(super) welcomed: bool,
    /// The id of the Engine.IO session, where ids of sockets are made from it.
    pub(super) engine_id: Option<Box<str>>,
    /// Until the server speaks.
    target: Option<Box<Target>>,
}

impl SocketIo {
    /// `Err` when the configuration cannot be spoken over the wire.
    pub fn new(mut config: Config, dialect: &'static Dialect) -> Result<Self, Misuse> {
        if config.recovery && !dialect.recovers {
            return Err(Misuse::Recovery { protocol: dialect.name });
        }
        let mut target = Target::new(&mut config, dialect.engine)?;
        let writer = Writer { parser: config.parser, version: dialect.engine };
        let mut sockets: Vec<Socket> = Vec::with_capacity(config.namespaces.len());
        for namespace in config.namespaces {
            let mut socket = Socket::new(namespace)?;
            if sockets.iter().any(|other| other.plain_name() == socket.plain_name()) {
                let what = "it is named twice (a query makes no other namespace of it)";
                return Err(Misuse::Namespace { name: socket.name.into(), what });
            }
            if !config.recovery {
                socket.recovery = None;
            }
            introduce(&mut socket, dialect, writer, &mut target)?;
            sockets.push(socket);
        }
        Ok(Self {
            dialect,
            engine: Engine::new(dialect.engine),
            writer,
            sockets: sockets.into(),
            out: VecDeque::new(),
            pending: None,
            max_payload: config.max_payload.min(u32::MAX as usize),
            recovers: config.recovery,
            answered: false,
            welcomed: false,
            engine_id: None,
            target: Some(Box::new(target)),
        })
    }

    fn text(&mut self, now: Moment, frame: Text) -> Result<(), Violation> {
        self.fits(frame.len(), &frame)?;
        match self.engine.hear(now, &frame)? {
            Heard::Message(text) => self.message(&frame, text)?,
            Heard::Ping => self.out.push_back(Output::Send(Frame::Text(PONG))),
            Heard::Opened(handshake) => {
                self.target = None;
                self.engine_id = (!self.dialect.reply_has_id).then(|| handshake.sid.into());
                self.connect();
            }
            Heard::Closed => self.end(Closed::Packet),
            Heard::Unexpected(violation) => self.tell(Event::Ignored(violation)),
            Heard::Nothing => {}
        }
        Ok(())
    }

    /// Takes in the text of one message, which is the end of `frame`.
    fn message(&mut self, frame: &Text, text: &str) -> Result<(), Violation> {
        self.answered = true;
        let wrong = |what: &str| violation(what, frame);
        if self.writer.parser == Parser::Msgpack {
            if !text.starts_with('{') {
                return Err(wrong(WRITES_JSON));
            }
            let received = msgpack::read::text(text)
                .map_err(|what| wrong(&format!("the packet is not one of socket.io-msgpack-parser: {what}")))?;
            return self.packet(&received);
        }
        if self.pending.is_some() {
            return Err(wrong("a text packet came where a binary attachment was due"));
        }
        if text.starts_with('{') && msgpack::read::text(text).is_ok() {
            return Err(wrong(WRITES_MSGPACK));
        }
        let packet = Packet::decode(text).map_err(wrong)?;
        if packet.kind.is_binary() {
            self.pending = Some(Box::new(Pending::new(frame.clone(), packet.attachments, self.max_payload)));
            return Ok(());
        }
        self.packet(&Received::text(&packet, frame.clone(), None))
    }

    fn binary(&mut self, now: Moment, frame: &Bytes) -> Result<(), Violation> {
        let wrong = |what: &str| violation(what, "(binary)");
        self.fits(frame.len(), "(binary)")?;
        let data = self.engine.hear_binary(now, frame)?;
        self.answered = true;
        if self.writer.parser == Parser::Msgpack {
            let received = msgpack::read::packet(&data)
                .map_err(|what| wrong(&format!("the packet is not one of socket.io-msgpack-parser: {what}")))?;
            return self.packet(&received);
        }
        let Some(pending) = &mut self.pending else {
            return Err(wrong(match msgpack::read::packet(&data) {
                Ok(_) => WRITES_MSGPACK,
                Err(_) => "a binary frame came that no packet had announced",
            }));
        };
        if !pending.take(data).map_err(wrong)? {
            return Ok(());
        }
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let frame = pending.frame.clone();
        let wrong = |what: &str| violation(what, &frame);
        let packet = Packet::decode(frame.get(1..).unwrap_or_default()).map_err(wrong)?;
        let args = pending.args(&packet).map_err(wrong)?;
        self.packet(&Received::text(&packet, frame.clone(), Some(args)))
    }

    fn fits(&self, size: usize, frame: &str) -> Result<(), Violation> {
        if size <= self.max_payload {
            return Ok(());
        }
        let limit = self.max_payload;
        Err(violation(&format!("a frame of {size} bytes came, and the limit set for this session is {limit}"), frame))
    }

    /// Asks for every namespace.
    fn connect(&mut self) {
        let Self { dialect, writer, sockets, out, .. } = self;
        for socket in sockets {
            if dialect.joins_root && *socket.name == *"/" {
                continue;
            }
            let hello = socket.hello.take();
            if dialect.auth_in_query {
                writer.push_bare(out, Kind::Connect, hello.as_deref().unwrap_or(&socket.name));
                continue;
            }
            let payload = writer.prepare(hello.as_deref().unwrap_or_default(), false);
            let payload = payload.expect("it was prepared once, when the session was made");
            writer.push(out, Kind::Connect, &socket.name, None, payload);
        }
    }

    pub(super) fn end(&mut self, reason: Closed) {
        self.engine.close();
        for socket in &mut self.sockets {
            socket.leave(State::Gone);
        }
        self.pending = None;
        self.target = None;
        self.tell(Event::Disconnected { namespace: None, reason });
        self.out.push_back(Output::Close);
    }

    /// How the end of the link is to be understood.
    fn link_ended(&self) -> Closed {
        // Where the server joins `/` unasked it has shown its parser by that.
        let asked = !self.engine.is_waiting() && !self.dialect.joins_root;
        if self.answered || !asked {
            return Closed::Link;
        }
        Closed::Unanswered {
            hint: match self.writer.parser {
                Parser::Json => {
                    "it came before any answer to our CONNECT: if the server writes its packets with msgpack, set `parser: \
                     msgpack`"
                }
                Parser::Msgpack => {
                    "it came before any answer to our CONNECT: if the server writes its packets as text, set `parser: json`"
                }
            },
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }
}

/// Puts what CONNECT says of a namespace into the form in which it goes out.
fn introduce(socket: &mut Socket, dialect: &Dialect, writer: Writer, target: &mut Target) -> Result<(), Misuse> {
    let refused = |socket: &Socket, what| Misuse::Auth { namespace: socket.name.to_string(), what };
    if dialect.auth_in_query {
        let Some(auth) = socket.hello.take() else { return Ok(()) };
        let query = auth::query(&auth).map_err(|what| refused(socket, what))?;
        if *socket.name == *"/" {
            return target.extend(query);
        }
        socket.hello = Some(auth::named(&socket.name, &query).into());
        return Ok(());
    }
    if let Some(recovery) = &socket.recovery {
        socket.hello = Some(auth::taking_up(recovery, socket.hello.as_deref()).into());
    }
    writer.prepare(socket.hello.as_deref().unwrap_or_default(), false).map_err(|what| refused(socket, what))?;
    Ok(())
}

impl Session for SocketIo {
    fn handle(&mut self, now: Moment, input: Input<'_>) -> Result<(), Misuse> {
        let heard = match input {
            Input::Do(intent) => return self.obey(&intent),
            _ if self.engine.is_closed() => Ok(()),
            Input::Frame(Frame::Text(frame)) => self.text(now, frame),
            Input::Frame(Frame::Binary(frame)) => self.binary(now, &frame),
            Input::Opened => Ok(()), // The server speaks first.
            Input::Timeout => {
                match self.engine.beat(now) {
                    Beat::Nothing => {}
                    Beat::Ping => self.out.push_back(Output::Send(Frame::Text(PING))),
                    Beat::Silent { after } => self.end(Closed::PingTimeout { after }),
                }
                Ok(())
            }
            Input::Closed => {
                let reason = self.link_ended();
                self.end(reason);
                Ok(())
            }
        };
        if let Err(violation) = heard {
            self.end(Closed::Violation(violation));
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Output> {
        let output = self.out.pop_front();
        if output.is_none() && self.out.capacity() > QUEUE_KEPT {
            self.out = VecDeque::new();
        }
        output
    }

    fn deadline(&self) -> Moment {
        self.engine.deadline()
    }

    fn awaits(&self) -> Option<String> {
        if self.engine.is_waiting() {
            return Some("the OPEN packet of Engine.IO".to_owned());
        }
        let socket = self.sockets.iter().find(|socket| socket.state == State::Connecting)?;
        Some(format!("the CONNECT reply of namespace `{}`", socket.name))
    }

    fn request_target(&self, transport: Transport) -> String {
        self.target.as_ref().map(|target| target.request(transport)).unwrap_or_default()
    }

    fn recovery(&self, namespace: usize) -> Option<Recovery> {
        self.sockets.get(namespace)?.recovery.as_deref().cloned()
    }
}

// By hand, because the target's query and the frames in the queue are where tokens live.
impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo")
            .field("dialect", &self.dialect.name)
            .field("engine", &self.engine)
            .field("sockets", &self.sockets)
            .field("queued", &self.out.len())
            .finish_non_exhaustive()
    }
}

pub(super) fn violation(what: &str, frame: &str) -> Violation {
    Violation::new(LAYER, what, frame)
}
