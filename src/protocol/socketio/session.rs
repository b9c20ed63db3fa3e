//! Socket.IO over the frames of one connection.
//!
//! The connection:
//!
//! | comes in                      | what happens                                                    |
//! |-------------------------------|-----------------------------------------------------------------|
//! | OPEN                          | CONNECT goes out for every namespace, in their order            |
//! | `2`                           | `3` goes out at once                                            |
//! | deadline, `1`, the link's end | ended, with the reason                                          |
//! | a violation                   | ended; as the JavaScript client does on what its parser refuses |
//! | [`Intent::Disconnect`]        | `41` goes out for every connected namespace, then ended         |
//! | binary packet, n attachments  | [`Event::Ignored`]; the next n binary frames are skipped        |
//! | text before the n-th of them  | violation                                                       |
//! | anything, once ended          | nothing; emits and answers are [`Misuse::Closed`]               |
//!
//! *Ended* is [`Event::Disconnected`] of no namespace, then [`Output::Close`]. No Engine.IO `1` is sent:
//! servers ignore it on a WebSocket, and take the link's end.
//!
//! Each namespace (`State` in `socket.rs`):
//!
//! | state                 | comes in             | goes to   | and                                                |
//! |-----------------------|----------------------|-----------|----------------------------------------------------|
//! | Connecting            | CONNECT with a sid   | Connected | [`Event::Connected`], then what came before it     |
//! | any                   | CONNECT without data | –         | violation: a server of socket.io 2                 |
//! | Connecting            | CONNECT_ERROR        | Refused   | [`Event::Refused`]; the connection stays           |
//! | Connecting            | EVENT                | –         | kept until Connected, at most [`EARLY_LIMIT`]      |
//! | Connected             | EVENT                | –         | [`Event::Message`]                                 |
//! | any                   | ACK                  | –         | [`Event::Ack`], `LateAck` or `StrayAck`            |
//! | Connecting, Connected | DISCONNECT           | Gone      | [`Event::Disconnected`]; ended with the last        |
//! | any                   | anything else        | –         | [`Event::Ignored`]                                 |

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;

use super::acks::{Acks, Settled};
use super::arguments;
use super::packet::{Kind, Packet};
use super::socket::{Early, Socket, State};
use super::target::target;
use crate::protocol::config::{Config, Recovery};
use crate::protocol::engineio::packet::PONG;
use crate::protocol::engineio::session::{Engine, Heard};
use crate::protocol::error::{Misuse, Violation};
use crate::protocol::session::{Args, Closed, Event, Frame, Input, Intent, Output, Session, Text, Transport};
use crate::units::Moment;

const LAYER: &str = "Socket.IO";

const SERVER_V2: &str =
    "CONNECT came without a socket id: the server speaks Engine.IO 3 (socket.io 2.x), which is not supported yet";

/// Most events that are kept for a namespace until its CONNECT reply; the next ones are ignored.
pub const EARLY_LIMIT: usize = 1024;

/// Above this many places an empty queue gives its memory back.
const QUEUE_KEPT: usize = 8;

/// A client of a Socket.IO 5 server, on one connection.
pub struct SocketIo {
    engine: Engine,
    sockets: Box<[Socket]>,
    out: VecDeque<Output>,
    /// Binary frames still to come that belong to a packet which was ignored.
    attachments: u32,
    max_payload: usize,
    /// Of requests over WebSocket, and over polling.
    targets: [Box<str>; 2],
}

impl SocketIo {
    /// `Err` when the configuration cannot be spoken over the wire.
    pub fn new(config: Config) -> Result<Self, Misuse> {
        let targets = [target(&config, Transport::WebSocket)?.into(), target(&config, Transport::Polling)?.into()];
        let mut sockets: Vec<Socket> = Vec::with_capacity(config.namespaces.len());
        for namespace in config.namespaces {
            let socket = Socket::new(namespace)?;
            if sockets.iter().any(|other| other.plain_name() == socket.plain_name()) {
                let what = "it is named twice (a query makes no other namespace of it)";
                return Err(Misuse::Namespace { name: socket.name.into(), what });
            }
            sockets.push(socket);
        }
        Ok(Self {
            engine: Engine::default(),
            sockets: sockets.into(),
            out: VecDeque::new(),
            attachments: 0,
            max_payload: config.max_payload.min(u32::MAX as usize),
            targets,
        })
    }

    fn text(&mut self, now: Moment, frame: &Text) -> Result<(), Violation> {
        self.fits(frame.len(), frame)?;
        match self.engine.hear(now, frame)? {
            Heard::Message(text) => self.packet(frame, text)?,
            Heard::Ping => self.out.push_back(Output::Send(Frame::Text(PONG))),
            Heard::Opened(_) => self.connect(),
            Heard::Closed => self.end(Closed::Packet),
            Heard::Unexpected(violation) => self.tell(Event::Ignored(violation)),
            Heard::Nothing => {}
        }
        Ok(())
    }

    fn binary(&mut self, data: &Bytes) -> Result<(), Violation> {
        self.fits(data.len(), "(binary)")?;
        if self.attachments == 0 {
            return Err(violation("a binary frame came that no packet had announced", "(binary)"));
        }
        self.attachments -= 1;
        Ok(())
    }

    fn fits(&self, size: usize, frame: &str) -> Result<(), Violation> {
        if size <= self.max_payload {
            return Ok(());
        }
        let limit = self.max_payload;
        Err(violation(&format!("a frame of {size} bytes came, and the limit set for this session is {limit}"), frame))
    }

    fn connect(&mut self) {
        for socket in &mut self.sockets {
            let auth = socket.auth.take();
            self.out.push_back(send(&socket.name, Kind::Connect, None, auth.as_deref().unwrap_or_default()));
        }
    }

    /// Takes in one Socket.IO packet: `text` is the end of `frame`.
    fn packet(&mut self, frame: &Text, text: &str) -> Result<(), Violation> {
        if self.attachments > 0 {
            return Err(violation("a text packet came where a binary attachment was due", frame));
        }
        let packet = Packet::decode(text).map_err(|what| violation(what, frame))?;
        if matches!(packet.kind, Kind::BinaryEvent | Kind::BinaryAck) {
            self.attachments = packet.attachments;
            self.ignore("binary packets are not supported yet; this one is skipped with its attachments", frame);
            return Ok(());
        }
        if packet.kind == Kind::Connect && packet.data.is_empty() {
            // Such a server joins `/` by itself, whatever was asked for, and would die for want of our pings later.
            return Err(violation(SERVER_V2, frame));
        }
        let Some(index) = self.sockets.iter().position(|socket| socket.answers_to(packet.namespace)) else {
            self.ignore("the packet is for a namespace that was not asked for", frame);
            return Ok(());
        };
        match packet.kind {
            Kind::Event => self.event(index, &packet, frame),
            Kind::Ack => self.ack(index, &packet, frame),
            Kind::Connect => self.connected(index, &packet, frame),
            Kind::ConnectError => self.refused(index, &packet, frame),
            _ => self.disconnected(index, frame),
        }
    }

    fn event(&mut self, index: usize, packet: &Packet<'_>, frame: &Text) -> Result<(), Violation> {
        let name = arguments::event_name(packet.data).map_err(|what| violation(what, frame))?;
        if arguments::is_reserved(&name) {
            return Err(violation("the server emitted an event whose name is reserved by Socket.IO", frame));
        }
        let early = Early { name: share(name, frame), args: tail(frame, packet.data), ack: packet.id };
        let socket = &mut self.sockets[index];
        match socket.state {
            State::Connected => self.deliver(index, early),
            State::Connecting if socket.early.len() < EARLY_LIMIT => socket.early.push(early),
            State::Connecting => self.ignore("too many events came before the CONNECT reply of their namespace", frame),
            State::Refused | State::Gone => self.ignore("the event is for a namespace that is not connected", frame),
        }
        Ok(())
    }

    fn deliver(&mut self, namespace: usize, event: Early) {
        let Early { name, args, ack } = event;
        if let Some(id) = ack {
            self.sockets[namespace].owed.push(id);
        }
        self.tell(Event::Message { namespace, name, args, ack });
    }

    fn ack(&mut self, namespace: usize, packet: &Packet<'_>, frame: &Text) -> Result<(), Violation> {
        if !arguments::looks_like_an_array(packet.data) {
            return Err(violation("the payload of an ack is not a JSON array", frame));
        }
        let Some(wire) = packet.id else {
            self.ignore("the ack has no id, so it answers nothing", frame);
            return Ok(());
        };
        let args = || tail(frame, packet.data);
        let event = match self.sockets[namespace].acks.settle(wire) {
            Settled::Waiting { caller: id } => Event::Ack { namespace, id, args: args() },
            Settled::GivenUp { caller: id } => Event::LateAck { namespace, id, args: args() },
            Settled::Nothing { asked } => Event::StrayAck { namespace, wire, asked },
        };
        self.tell(event);
        Ok(())
    }

    fn connected(&mut self, namespace: usize, packet: &Packet<'_>, frame: &Text) -> Result<(), Violation> {
        /// `pid`, of connection state recovery, may stand beside it.
        #[derive(Deserialize)]
        struct Reply {
            sid: String,
        }
        let socket = &mut self.sockets[namespace];
        if socket.state != State::Connecting {
            self.ignore("the CONNECT packet is for a namespace that was answered before", frame);
            return Ok(());
        }
        let reply: Reply = serde_json::from_str(packet.data)
            .map_err(|e| violation(&format!("the CONNECT reply cannot be read ({e})"), frame))?;
        socket.state = State::Connected;
        if *socket.name != *packet.namespace {
            // The server knows it without the query, and so it must be called from now on.
            socket.name = packet.namespace.into();
        }
        let early = std::mem::take(&mut socket.early);
        self.tell(Event::Connected { namespace, id: Some(reply.sid), recovered: false });
        for event in early {
            self.deliver(namespace, event);
        }
        Ok(())
    }

    fn refused(&mut self, namespace: usize, packet: &Packet<'_>, frame: &Text) -> Result<(), Violation> {
        let socket = &mut self.sockets[namespace];
        if socket.state != State::Connecting {
            self.ignore("the CONNECT_ERROR packet is for a namespace that was answered before", frame);
            return Ok(());
        }
        socket.leave(State::Refused);
        // An object by the book; a bare string from python-socketio; nothing at all from nobody known.
        let error = if packet.data.is_empty() { "null" } else { packet.data }.to_owned();
        self.tell(Event::Refused { namespace, error });
        Ok(())
    }

    fn disconnected(&mut self, index: usize, frame: &Text) -> Result<(), Violation> {
        let is_live = |socket: &Socket| matches!(socket.state, State::Connecting | State::Connected);
        let socket = &mut self.sockets[index];
        if !is_live(socket) {
            self.ignore("the DISCONNECT packet is for a namespace that is not connected", frame);
            return Ok(());
        }
        socket.leave(State::Gone);
        self.tell(Event::Disconnected { namespace: Some(index), reason: Closed::Namespace });
        if !self.sockets.iter().any(is_live) {
            self.end(Closed::Namespace);
        }
        Ok(())
    }

    fn obey(&mut self, intent: &Intent<'_>) -> Result<(), Misuse> {
        match *intent {
            Intent::Forget { namespace, ack } => self.socket(namespace)?.acks.forget(ack),
            Intent::Disconnect => self.leave(),
            Intent::Emit { .. } | Intent::Answer { .. } if self.engine.is_closed() => return Err(Misuse::Closed),
            Intent::Emit { namespace, args, ack, .. } => self.emit(namespace, args, ack)?,
            Intent::Send(_) => return Err(payload("Socket.IO has events and no bare messages; use `emit`")),
            Intent::Answer { namespace, id, args, .. } => self.answer(namespace, id, args)?,
        }
        Ok(())
    }

    fn emit(&mut self, namespace: usize, args: &str, ack: Option<u64>) -> Result<(), Misuse> {
        let socket = self.live(namespace)?;
        let name = arguments::event_name(args).map_err(payload)?;
        if arguments::is_reserved(&name) {
            return Err(Misuse::ReservedEvent { name: name.into_owned() });
        }
        let wire = match ack {
            None => None,
            Some(caller) => match socket.acks.ask(caller) {
                Some(wire) => Some(wire),
                None => return Err(Misuse::TooManyAcks { namespace: socket.name.to_string(), limit: Acks::LIMIT }),
            },
        };
        let packet = send(&socket.name, Kind::Event, wire, args);
        self.out.push_back(packet);
        Ok(())
    }

    fn answer(&mut self, namespace: usize, id: u64, args: &str) -> Result<(), Misuse> {
        let socket = self.live(namespace)?;
        if !arguments::looks_like_an_array(args) {
            return Err(payload("the payload of an ack is not a JSON array"));
        }
        if !socket.owed.pay(id) {
            return Err(Misuse::UnknownAck { id });
        }
        let packet = send(&socket.name, Kind::Ack, Some(id), args);
        self.out.push_back(packet);
        Ok(())
    }

    fn leave(&mut self) {
        if self.engine.is_closed() {
            return;
        }
        for socket in self.sockets.iter().filter(|socket| socket.state == State::Connected) {
            self.out.push_back(send(&socket.name, Kind::Disconnect, None, ""));
        }
        self.end(Closed::ByUs);
    }

    fn socket(&mut self, index: usize) -> Result<&mut Socket, Misuse> {
        let known = self.sockets.len();
        self.sockets.get_mut(index).ok_or(Misuse::UnknownNamespace { index, known })
    }

    fn live(&mut self, index: usize) -> Result<&mut Socket, Misuse> {
        let socket = self.socket(index)?;
        if socket.state == State::Connected {
            return Ok(socket);
        }
        Err(Misuse::NotConnected { namespace: socket.name.to_string() })
    }

    fn end(&mut self, reason: Closed) {
        self.engine.close();
        for socket in &mut self.sockets {
            socket.leave(State::Gone);
        }
        self.tell(Event::Disconnected { namespace: None, reason });
        self.out.push_back(Output::Close);
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn ignore(&mut self, what: &str, frame: &str) {
        self.tell(Event::Ignored(violation(what, frame)));
    }
}

impl Session for SocketIo {
    fn handle(&mut self, now: Moment, input: Input<'_>) -> Result<(), Misuse> {
        let heard = match input {
            Input::Do(intent) => return self.obey(&intent),
            _ if self.engine.is_closed() => Ok(()),
            Input::Frame(Frame::Text(frame)) => self.text(now, &frame),
            Input::Frame(Frame::Binary(data)) => self.binary(&data),
            Input::Opened => Ok(()), // The server speaks first.
            Input::Timeout => {
                if let Some(after) = self.engine.expired(now) {
                    self.end(Closed::PingTimeout { after });
                }
                Ok(())
            }
            Input::Closed => {
                self.end(Closed::Link);
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
        let [websocket, polling] = &self.targets;
        match transport {
            Transport::WebSocket => websocket,
            Transport::Polling => polling,
        }
        .to_string()
    }

    fn recovery(&self, _namespace: usize) -> Option<Recovery> {
        None
    }
}

// By hand, because the target's query and the frames in the queue are where tokens live.
impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo")
            .field("engine", &self.engine)
            .field("sockets", &self.sockets)
            .field("queued", &self.out.len())
            .finish_non_exhaustive()
    }
}

fn send(namespace: &str, kind: Kind, id: Option<u64>, data: &str) -> Output {
    let packet = Packet { kind, attachments: 0, namespace, id, data };
    Output::Send(Frame::Text(packet.encode().into()))
}

/// `name` as text that shares the frame where it can.
fn share(name: Cow<'_, str>, frame: &Text) -> Text {
    match name {
        Cow::Borrowed(name) => {
            let bytes: &Bytes = frame.as_ref();
            Text::try_from(bytes.slice_ref(name.as_bytes())).expect("a part of a text, cut at its quotes, is text")
        }
        Cow::Owned(name) => name.into(),
    }
}

/// The arguments that end `frame`.
fn tail(frame: &Text, data: &str) -> Args {
    Args::new(frame.clone(), frame.len() - data.len()..frame.len())
}

fn violation(what: &str, frame: &str) -> Violation {
    Violation::new(LAYER, what, frame)
}

fn payload(what: &str) -> Misuse {
    Misuse::Payload { protocol: LAYER, what: what.to_owned() }
}
