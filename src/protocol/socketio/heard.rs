//! What becomes of the packets that the server sends.
//!
//! Each namespace (`State` in `socket.rs`):
//!
//! | state                 | comes in             | goes to   | and                                                |
//! |-----------------------|----------------------|-----------|----------------------------------------------------|
//! | Connecting            | CONNECT              | Connected | [`Event::Connected`], then what came before it     |
//! | any                   | CONNECT without data | –         | violation in Socket.IO 5: a server of socket.io 2  |
//! | Connecting            | CONNECT_ERROR        | Refused   | [`Event::Refused`]; the connection stays           |
//! | Connecting            | EVENT                | –         | kept until Connected, at most [`EARLY_LIMIT`], or [`MISSED_LIMIT`] |
//! | Connected             | EVENT                | –         | [`Event::Message`]                                 |
//! | any                   | ACK                  | –         | [`Event::Ack`], `LateAck` or `StrayAck`            |
//! | Connecting, Connected | DISCONNECT           | Gone      | [`Event::Disconnected`]; ended with the last       |
//! | any                   | anything else        | –         | [`Event::Ignored`]                                 |
//!
//! In Socket.IO 4 the server joins `/` whether it was asked for or not. When it was not, its packets are nobody's and pass
//! without a word; but when it refuses there, it joins no other namespace either, so that all that wait are refused.
//!
//! Some servers of Socket.IO 4 (socket.io 2.0.0) send the CONNECT of `/` together with OPEN, before they ask their middlewares,
//! and then a second CONNECT or the refusal. So the second is nothing new, and a CONNECT_ERROR that comes before anything else of `/` is a
//! refusal after all: [`Event::Refused`] after [`Event::Connected`]. (Later ones are of `socket.use`, and are ignored.)
//!
//! With recovery, the last text among the arguments of an event that wants no ack is its place in the server's log. It is
//! kept, and no longer one of the arguments. (An event that the server sent as `volatile` has none; its own last text is
//! taken for one, as the JavaScript client does.)

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::acks::Settled;
use super::arguments;
use super::packet::Kind;
use super::received::Received;
use super::session::{SocketIo, violation};
use super::socket::{Early, Socket, State};
use crate::protocol::config::Recovery;
use crate::protocol::error::Violation;
use crate::protocol::session::{Closed, Event, Text};

const SERVER_V2: &str = "the server speaks Engine.IO 3; set `protocol: socket.io-v2`";

/// Most events that are kept for a namespace until its CONNECT reply; the next ones are ignored.
pub const EARLY_LIMIT: usize = 1024;
/// The same where a session is taken up: all that was missed comes before the reply.
pub const MISSED_LIMIT: usize = 64 * EARLY_LIMIT;

/// The payload of CONNECT in Socket.IO 5.
#[derive(Deserialize)]
struct Reply {
    sid: String,
    /// Of servers that recover.
    pid: Option<String>,
}

impl SocketIo {
    /// Takes in one packet.
    pub(super) fn packet(&mut self, packet: &Received<'_>) -> Result<(), Violation> {
        if packet.kind == Kind::Connect && self.dialect.reply_has_id && packet.data().is_empty() {
            // Such a server joins `/` by itself, whatever was asked for, and would die for want of our pings later.
            return Err(violation(SERVER_V2, packet.excerpt()));
        }
        let Some(index) = self.sockets.iter().position(|socket| socket.answers_to(&packet.namespace)) else {
            if !self.dialect.joins_root || packet.namespace != "/" {
                self.ignore("the packet is for a namespace that was not asked for", packet);
            } else if packet.kind == Kind::ConnectError {
                self.refused_at_root(packet);
            }
            return Ok(());
        };
        if self.welcomed && matches!(packet.kind, Kind::Event | Kind::Ack) && packet.namespace == "/" {
            self.welcomed = false;
        }
        match packet.kind {
            Kind::Event => self.event(index, packet),
            Kind::Ack => self.ack(index, packet),
            Kind::Connect => self.connected(index, packet),
            Kind::ConnectError => self.refused(index, packet),
            _ => self.disconnected(index, packet),
        }
    }

    fn event(&mut self, index: usize, packet: &Received<'_>) -> Result<(), Violation> {
        let name = arguments::event_name(packet.data()).map_err(|what| violation(what, packet.excerpt()))?;
        if arguments::is_reserved(&name) {
            return Err(violation("the server emitted an event whose name is reserved by Socket.IO", packet.excerpt()));
        }
        let early = Early { name: share(name, packet), args: packet.args.clone(), ack: packet.id };
        let socket = &mut self.sockets[index];
        match socket.state {
            State::Connected => self.deliver(index, early),
            State::Connecting if socket.early.len() < early_limit(socket) => socket.early.push(early),
            State::Connecting => {
                self.ignore("too many events came before the CONNECT reply of their namespace", packet)
            }
            State::Refused | State::Gone => self.ignore("the event is for a namespace that is not connected", packet),
        }
        Ok(())
    }

    fn deliver(&mut self, namespace: usize, event: Early) {
        let Early { name, mut args, ack } = event;
        let socket = &mut self.sockets[namespace];
        match (ack, &mut socket.recovery) {
            (Some(id), _) => socket.owed.push(id),
            (None, Some(recovery)) => {
                if let Some((end, offset)) = arguments::offset(args.written()) {
                    let kept = recovery.offset.get_or_insert_default();
                    kept.clear();
                    kept.push_str(offset);
                    args = args.cut(end);
                }
            }
            (None, None) => {}
        }
        self.tell(Event::Message { namespace, name, args, ack });
    }

    fn ack(&mut self, namespace: usize, packet: &Received<'_>) -> Result<(), Violation> {
        if !arguments::looks_like_an_array(packet.data()) {
            return Err(violation("the payload of an ack is not a JSON array", packet.excerpt()));
        }
        let Some(wire) = packet.id else {
            self.ignore("the ack has no id, so it answers nothing", packet);
            return Ok(());
        };
        let args = || packet.args.clone();
        let event = match self.sockets[namespace].acks.settle(wire) {
            Settled::Waiting { caller: id } => Event::Ack { namespace, id, args: args() },
            Settled::GivenUp { caller: id } => Event::LateAck { namespace, id, args: args() },
            Settled::Nothing { asked } => Event::StrayAck { namespace, wire, asked },
        };
        self.tell(event);
        Ok(())
    }

    fn connected(&mut self, namespace: usize, packet: &Received<'_>) -> Result<(), Violation> {
        let at_root = self.dialect.joins_root && packet.namespace == "/";
        let socket = &self.sockets[namespace];
        if at_root && std::mem::take(&mut self.welcomed) && socket.state == State::Connected {
            return Ok(());
        }
        self.welcomed |= at_root && socket.state == State::Connecting;
        if socket.state != State::Connecting {
            self.ignore("the CONNECT packet is for a namespace that was answered before", packet);
            return Ok(());
        }
        let (id, pid) = if self.dialect.reply_has_id {
            let reply: Reply = serde_json::from_str(packet.data())
                .map_err(|e| violation(&format!("the CONNECT reply cannot be read ({e})"), packet.excerpt()))?;
            (reply.sid, reply.pid.filter(|_| self.recovers))
        } else {
            let engine_id = self.engine_id.as_deref().unwrap_or_default();
            let is_root = packet.namespace == "/";
            (if is_root { engine_id.to_owned() } else { format!("{}#{engine_id}", packet.namespace) }, None)
        };
        let socket = &mut self.sockets[namespace];
        socket.state = State::Connected;
        let before = socket.recovery.take();
        let recovered = pid.is_some() && before.as_ref().map(|before| &before.pid) == pid.as_ref();
        socket.recovery = if recovered { before } else { pid.map(|pid| Box::new(Recovery { pid, offset: None })) };
        if *socket.name != *packet.namespace {
            // The server knows it without the query, and so it must be called from now on.
            socket.name = packet.namespace.as_ref().into();
        }
        let early = std::mem::take(&mut socket.early);
        self.tell(Event::Connected { namespace, id: Some(id), recovered });
        for event in early {
            self.deliver(namespace, event);
        }
        Ok(())
    }

    fn refused(&mut self, namespace: usize, packet: &Received<'_>) -> Result<(), Violation> {
        let at_root = self.dialect.joins_root && packet.namespace == "/";
        let after_all = at_root && std::mem::take(&mut self.welcomed);
        let state = self.sockets[namespace].state;
        if state != State::Connecting && !(after_all && state == State::Connected) {
            self.ignore("the CONNECT_ERROR packet is for a namespace that was answered before", packet);
            return Ok(());
        }
        self.refuse(namespace, packet);
        if at_root {
            self.refused_at_root(packet);
        }
        Ok(())
    }

    fn refuse(&mut self, namespace: usize, packet: &Received<'_>) {
        let socket = &mut self.sockets[namespace];
        socket.leave(State::Refused);
        socket.recovery = None;
        // An object by the book; any JSON in Socket.IO 4; a bare string from python-socketio; nothing from nobody known.
        let error = if packet.data().is_empty() { "null" } else { packet.args.json() }.to_owned();
        self.tell(Event::Refused { namespace, error });
    }

    /// The server has refused `/`, asked for or not, and will join nothing else.
    fn refused_at_root(&mut self, packet: &Received<'_>) {
        for namespace in 0..self.sockets.len() {
            if self.sockets[namespace].state == State::Connecting {
                self.refuse(namespace, packet);
            }
        }
    }

    fn disconnected(&mut self, index: usize, packet: &Received<'_>) -> Result<(), Violation> {
        let socket = &mut self.sockets[index];
        if !socket.is_live() {
            self.ignore("the DISCONNECT packet is for a namespace that is not connected", packet);
            return Ok(());
        }
        socket.leave(State::Gone);
        // A server gives nothing back to whom it has sent away.
        socket.recovery = None;
        self.tell(Event::Disconnected { namespace: Some(index), reason: Closed::Namespace });
        if !self.sockets.iter().any(Socket::is_live) {
            self.end(Closed::Namespace);
        }
        Ok(())
    }

    fn ignore(&mut self, what: &str, packet: &Received<'_>) {
        self.tell(Event::Ignored(violation(what, packet.excerpt())));
    }
}

fn early_limit(socket: &Socket) -> usize {
    if socket.recovery.is_some() { MISSED_LIMIT } else { EARLY_LIMIT }
}

/// `name` as text that shares the packet's memory where it can.
fn share(name: Cow<'_, str>, packet: &Received<'_>) -> Text {
    match name {
        Cow::Borrowed(name) => {
            let bytes: &Bytes = packet.args.frame().as_ref();
            Text::try_from(bytes.slice_ref(name.as_bytes())).expect("a part of a text, cut at its quotes, is text")
        }
        Cow::Owned(name) => name.into(),
    }
}
