//! The connection under Socket.IO: opened by the server, kept alive by pings, closed by either side.
//!
//! | state   | comes in      | goes to | and                                                                          |
//! |---------|---------------|---------|------------------------------------------------------------------------------|
//! | Waiting | `0{…}`        | Open    | [`Heard::Opened`]; alive                                                     |
//! | Waiting | `1`           | Waiting | [`Heard::Closed`]; the owner calls `close`                                   |
//! | Waiting | `6`           | Waiting | nothing                                                                      |
//! | Waiting | anything else | Waiting | violation                                                                    |
//! | Open    | `2`           | Open    | version 4: [`Heard::Ping`]; alive. Version 3: [`Heard::Unexpected`]          |
//! | Open    | `3`           | Open    | version 3: the next ping is due pingInterval from now. 4: [`Heard::Unexpected`] |
//! | Open    | `4…`          | Open    | [`Heard::Message`]                                                           |
//! | Open    | binary        | Open    | [`Engine::hear_binary`] gives the data of a message                          |
//! | Open    | `1`           | Open    | [`Heard::Closed`]; the owner calls `close`                                   |
//! | Open    | `6`           | Open    | nothing                                                                      |
//! | Open    | `0`, `5`      | Open    | [`Heard::Unexpected`]: not the server's to send now, but harmless            |
//! | Open    | anything else | Open    | violation                                                                    |
//! | Open    | deadline      | Open    | [`Engine::beat`] says what is due: a ping, or giving up (the owner calls `close`) |
//! | any     | `close()`     | Closed  | no deadline any more; the owner hands in nothing                             |
//!
//! *Alive* means: the server is given up pingInterval + pingTimeout from now. In version 4 only a ping shows its heart. In
//! version 3 every packet does, as in the JavaScript client; after our own ping it is given up after pingTimeout alone.

use bytes::Bytes;

use super::Version;
use super::packet::{Handshake, Packet};
use crate::protocol::error::Violation;
use crate::units::{Duration, Moment};

const LAYER: &str = "Engine.IO";

/// What a frame meant.
#[derive(Debug, PartialEq)]
pub enum Heard<'a> {
    Opened(Handshake),
    /// To be answered at once, with [`super::packet::PONG`].
    Ping,
    Message(&'a str),
    /// The server says that the session is over.
    Closed,
    Nothing,
    /// Against the protocol, but the session can go on.
    Unexpected(Violation),
}

/// What the heart does when its deadline has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Beat {
    /// It was not due yet.
    Nothing,
    /// [`super::packet::PING`] is to be sent.
    Ping,
    /// Nothing has been heard of the server for so long that it is given up.
    Silent { after: Duration },
}

/// The Engine.IO part of a session's state.
#[derive(Debug)]
pub struct Engine {
    version: Version,
    state: State,
    interval: Duration,
    timeout: Duration,
    /// When our next ping is due; never while one is unanswered, and where the server pings.
    ping_due: Moment,
    /// When the server last showed that it lives, and when it is given up.
    alive: Moment,
    given_up: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Open,
    Closed,
}

impl Engine {
    #[must_use]
    pub const fn new(version: Version) -> Self {
        Self {
            version,
            state: State::Waiting,
            interval: Duration::ZERO,
            timeout: Duration::ZERO,
            ping_due: Moment::NEVER,
            alive: Moment::START,
            given_up: Moment::NEVER,
        }
    }

    /// Takes one text frame in. `Err`: the server broke the protocol so that the session cannot go on.
    pub fn hear<'a>(&mut self, now: Moment, frame: &'a str) -> Result<Heard<'a>, Violation> {
        let violation = |what: &str| Violation::new(LAYER, what, frame);
        let packet = Packet::decode(frame).map_err(violation)?;
        self.heard(now);
        Ok(match (packet, self.state) {
            (Packet::Message(message), State::Open) => Heard::Message(message),
            (Packet::Ping(_), State::Open) if !self.version.client_pings() => {
                self.is_alive(now);
                Heard::Ping
            }
            (Packet::Pong(_), State::Open) if self.version.client_pings() => {
                self.ping_due = now + self.interval;
                Heard::Nothing
            }
            (Packet::Open(json), State::Waiting) => {
                let handshake = Handshake::read(json).map_err(|what| violation(&what))?;
                (self.interval, self.timeout) = (handshake.ping_interval(), handshake.ping_timeout());
                self.state = State::Open;
                self.is_alive(now);
                if self.version.client_pings() {
                    self.ping_due = now + self.interval;
                }
                Heard::Opened(handshake)
            }
            (Packet::Noop, _) => Heard::Nothing,
            (Packet::Close(_), _) => Heard::Closed,
            (_, State::Waiting | State::Closed) => return Err(violation("the server sent something else before OPEN")),
            (Packet::Open(_), _) => Heard::Unexpected(violation("the server sent OPEN twice")),
            (Packet::Ping(_), _) => {
                Heard::Unexpected(violation("the server sent a ping, but in Engine.IO 3 it is the client who pings"))
            }
            (Packet::Pong(_), _) => {
                Heard::Unexpected(violation("the server sent a pong, but in Engine.IO 4 it is the server who pings"))
            }
            (Packet::Upgrade, _) => Heard::Unexpected(violation("only a client sends an upgrade packet")),
        })
    }

    /// Takes one binary frame in and gives the data of the message that it is.
    pub fn hear_binary(&mut self, now: Moment, frame: &Bytes) -> Result<Bytes, Violation> {
        let violation = |what: &str| Violation::new(LAYER, what, "(binary)");
        if self.state != State::Open {
            return Err(violation("the server sent something else before OPEN"));
        }
        self.heard(now);
        match (self.version.binary_prefix(), frame.first()) {
            (None, _) => Ok(frame.clone()),
            (Some(prefix), Some(first)) if prefix == *first => Ok(frame.slice(1..)),
            (Some(_), _) => Err(violation(
                "a binary frame does not begin with the type of a message (0x04), as all do in Engine.IO 3; if the server \
                 is of socket.io 3 or 4, set `protocol: socket.io`",
            )),
        }
    }

    /// When [`beat`](Self::beat) has something to say.
    #[must_use]
    pub fn deadline(&self) -> Moment {
        self.ping_due.min(self.given_up)
    }

    /// What is due by now. A ping comes first: when both are overdue it was we who were late.
    pub fn beat(&mut self, now: Moment) -> Beat {
        if now >= self.ping_due {
            self.ping_due = Moment::NEVER;
            self.given_up = now + self.timeout;
            return Beat::Ping;
        }
        if now >= self.given_up {
            return Beat::Silent { after: self.given_up.since(self.alive) };
        }
        Beat::Nothing
    }

    /// The session is over; the heartbeat stops.
    pub const fn close(&mut self) {
        self.state = State::Closed;
        self.ping_due = Moment::NEVER;
        self.given_up = Moment::NEVER;
    }

    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Some packet has come.
    fn heard(&mut self, now: Moment) {
        if self.version.client_pings() && self.state == State::Open {
            self.is_alive(now);
        }
    }

    fn is_alive(&mut self, now: Moment) {
        self.alive = now;
        self.given_up = now + self.interval + self.timeout;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"0{"sid":"a","pingInterval":300,"pingTimeout":200}"#;

    fn at(millis: u64) -> Moment {
        Moment::START + Duration::from_millis(millis)
    }

    fn opened(version: Version) -> Engine {
        let mut engine = Engine::new(version);
        assert!(matches!(engine.hear(at(0), OPEN), Ok(Heard::Opened(_))));
        engine
    }

    fn silent(millis: u64) -> Beat {
        Beat::Silent { after: Duration::from_millis(millis) }
    }

    #[test]
    fn only_a_ping_moves_the_deadline() {
        let mut engine = opened(Version::V4);
        assert_eq!(engine.deadline(), at(500));
        for (frame, expected) in [("42[\"a\"]", at(500)), ("6", at(500)), ("3", at(500)), ("2", at(900))] {
            engine.hear(at(400), frame).unwrap();
            assert_eq!(engine.deadline(), expected, "{frame}");
        }
        assert_eq!(engine.beat(at(899)), Beat::Nothing);
        assert_eq!(engine.beat(at(900)), silent(500));
    }

    #[test]
    fn a_client_of_version_3_pings_and_takes_any_packet_for_life() {
        let mut engine = opened(Version::V3);
        assert_eq!((engine.deadline(), engine.beat(at(299))), (at(300), Beat::Nothing));
        assert_eq!((engine.beat(at(300)), engine.deadline()), (Beat::Ping, at(500)));
        engine.hear(at(400), "42[\"a\"]").unwrap();
        assert_eq!(engine.deadline(), at(900), "life, but no pong: no further ping");
        engine.hear(at(450), "3").unwrap();
        assert_eq!((engine.beat(at(750)), engine.deadline()), (Beat::Ping, at(950)));
        assert_eq!(engine.beat(at(950)), silent(500));
    }

    #[test]
    fn who_comes_late_pings_before_it_gives_up() {
        let mut engine = opened(Version::V3);
        assert_eq!((engine.beat(at(5_000)), engine.deadline()), (Beat::Ping, at(5_200)));
    }

    #[test]
    fn there_is_no_deadline_before_open_and_after_close() {
        for version in [Version::V3, Version::V4] {
            let mut engine = Engine::new(version);
            assert_eq!((engine.deadline(), engine.beat(at(99_999))), (Moment::NEVER, Beat::Nothing));
            engine = opened(version);
            engine.close();
            assert_eq!((engine.deadline(), engine.beat(at(99_999))), (Moment::NEVER, Beat::Nothing));
        }
    }

    #[test]
    fn binary_frames_of_version_3_have_a_prefix() {
        for (version, frame) in [(Version::V3, &[4, 1, 2][..]), (Version::V4, &[1, 2])] {
            let mut engine = opened(version);
            let data = Bytes::from_static(&[1, 2]);
            assert_eq!(version.binary_frame(data.clone()), frame);
            assert_eq!(engine.hear_binary(at(1), &Bytes::from_static(frame)), Ok(data));
        }
        for frame in [&[][..], &[5, 1], b"4a"] {
            let violation = opened(Version::V3).hear_binary(at(1), &Bytes::from_static(frame)).unwrap_err();
            assert!(violation.what.contains("protocol: socket.io"), "{violation}");
        }
    }
}
