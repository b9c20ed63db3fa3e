//! What the caller wants said: events, answers and goodbyes.

use super::acks::Acks;
use super::arguments;
use super::packet::Kind;
use super::session::{LAYER, SocketIo};
use super::socket::{Socket, State};
use crate::protocol::error::Misuse;
use crate::protocol::session::{Closed, Intent};

impl SocketIo {
    pub(super) fn obey(&mut self, intent: &Intent<'_>) -> Result<(), Misuse> {
        match *intent {
            Intent::Forget { namespace, ack } => self.socket(namespace)?.acks.forget(ack),
            Intent::Disconnect => self.leave(),
            Intent::Emit { .. } | Intent::Answer { .. } if self.engine.is_closed() => return Err(Misuse::Closed),
            Intent::Emit { namespace, args, binary, ack } => self.emit(namespace, args, binary, ack)?,
            Intent::Send(_) => return Err(payload("Socket.IO has events and no bare messages; use `emit`")),
            Intent::Answer { namespace, id, args, binary } => self.answer(namespace, id, args, binary)?,
        }
        Ok(())
    }

    fn emit(&mut self, namespace: usize, args: &str, binary: bool, ack: Option<u64>) -> Result<(), Misuse> {
        let writer = self.writer;
        let socket = self.live(namespace)?;
        let name = arguments::event_name(args).map_err(payload)?;
        if arguments::is_reserved(&name) {
            return Err(Misuse::ReservedEvent { name: name.into_owned() });
        }
        let prepared = writer.prepare(args, binary).map_err(|what| payload(&what))?;
        let wire = match ack {
            None => None,
            Some(caller) => match socket.acks.ask(caller) {
                Some(wire) => Some(wire),
                None => return Err(Misuse::TooManyAcks { namespace: socket.name.to_string(), limit: Acks::LIMIT }),
            },
        };
        writer.push(&mut self.out, Kind::Event, &self.sockets[namespace].name, wire, prepared);
        Ok(())
    }

    fn answer(&mut self, namespace: usize, id: u64, args: &str, binary: bool) -> Result<(), Misuse> {
        let writer = self.writer;
        let socket = self.live(namespace)?;
        if !arguments::looks_like_an_array(args) {
            return Err(payload("the payload of an ack is not a JSON array"));
        }
        let prepared = writer.prepare(args, binary).map_err(|what| payload(&what))?;
        if !socket.owed.pay(id) {
            return Err(Misuse::UnknownAck { id });
        }
        writer.push(&mut self.out, Kind::Ack, &self.sockets[namespace].name, Some(id), prepared);
        Ok(())
    }

    fn leave(&mut self) {
        if self.engine.is_closed() {
            return;
        }
        for socket in &mut self.sockets {
            socket.recovery = None;
            if socket.state == State::Connected {
                self.writer.push_bare(&mut self.out, Kind::Disconnect, &socket.name);
            }
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
}

fn payload(what: &str) -> Misuse {
    Misuse::Payload { protocol: LAYER, what: what.to_owned() }
}
