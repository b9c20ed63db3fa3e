//! The connection under Socket.IO: opened by the server, kept alive by its pings, closed by either side.
//!
//! | state   | comes in      | goes to | and                                                                          |
//! |---------|---------------|---------|------------------------------------------------------------------------------|
//! | Waiting | `0{…}`        | Open    | [`Heard::Opened`]; deadline = now + pingInterval + pingTimeout               |
//! | Waiting | `1`           | Waiting | [`Heard::Closed`]; the owner calls `close`                                   |
//! | Waiting | `6`           | Waiting | nothing                                                                      |
//! | Waiting | anything else | Waiting | violation                                                                    |
//! | Open    | `2`           | Open    | [`Heard::Ping`]; deadline as above, from now                                 |
//! | Open    | `4…`          | Open    | [`Heard::Message`]; the deadline stays: only a ping shows the server's heart |
//! | Open    | `1`           | Open    | [`Heard::Closed`]; the owner calls `close`                                   |
//! | Open    | `6`           | Open    | nothing                                                                      |
//! | Open    | `0`, `3`, `5` | Open    | [`Heard::Unexpected`]: not the server's to send now, but harmless            |
//! | Open    | anything else | Open    | violation                                                                    |
//! | Open    | deadline      | Open    | `expired` gives the time; the owner calls `close`                            |
//! | any     | `close()`     | Closed  | no deadline any more; the owner hands in nothing                             |

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

/// The Engine.IO part of a session's state.
#[derive(Debug)]
pub struct Engine {
    state: State,
    deadline: Moment,
    patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Open,
    Closed,
}

impl Default for Engine {
    fn default() -> Self {
        Self { state: State::Waiting, deadline: Moment::NEVER, patience: Duration::ZERO }
    }
}

impl Engine {
    /// Takes one text frame in. `Err`: the server broke the protocol so that the session cannot go on.
    pub fn hear<'a>(&mut self, now: Moment, frame: &'a str) -> Result<Heard<'a>, Violation> {
        let violation = |what: &str| Violation::new(LAYER, what, frame);
        let packet = Packet::decode(frame).map_err(violation)?;
        Ok(match (packet, self.state) {
            (Packet::Message(message), State::Open) => Heard::Message(message),
            (Packet::Ping(_), State::Open) => {
                self.deadline = now + self.patience;
                Heard::Ping
            }
            (Packet::Open(json), State::Waiting) => {
                let handshake = Handshake::read(json).map_err(|what| violation(&what))?;
                self.patience = handshake.patience();
                self.deadline = now + self.patience;
                self.state = State::Open;
                Heard::Opened(handshake)
            }
            (Packet::Noop, _) => Heard::Nothing,
            (Packet::Close(_), _) => Heard::Closed,
            (_, State::Waiting | State::Closed) => return Err(violation("the server sent something else before OPEN")),
            (Packet::Open(_), _) => Heard::Unexpected(violation("the server sent OPEN twice")),
            (Packet::Pong(_), _) => {
                Heard::Unexpected(violation("the server sent a pong, but in Engine.IO 4 it is the server who pings"))
            }
            (Packet::Upgrade, _) => Heard::Unexpected(violation("only a client sends an upgrade packet")),
        })
    }

    /// When the server must have sent its next ping.
    #[must_use]
    pub const fn deadline(&self) -> Moment {
        self.deadline
    }

    /// How long the server was silent, once its ping is overdue.
    #[must_use]
    pub fn expired(&self, now: Moment) -> Option<Duration> {
        (now >= self.deadline).then_some(self.patience)
    }

    /// The session is over; the heartbeat stops.
    pub const fn close(&mut self) {
        self.state = State::Closed;
        self.deadline = Moment::NEVER;
    }

    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"0{"sid":"a","pingInterval":300,"pingTimeout":200}"#;

    fn at(millis: u64) -> Moment {
        Moment::START + Duration::from_millis(millis)
    }

    fn opened() -> Engine {
        let mut engine = Engine::default();
        assert!(matches!(engine.hear(at(0), OPEN), Ok(Heard::Opened(_))));
        engine
    }

    #[test]
    fn only_a_ping_moves_the_deadline() {
        let mut engine = opened();
        assert_eq!(engine.deadline(), at(500));
        for (frame, expected) in [("42[\"a\"]", at(500)), ("6", at(500)), ("3", at(500)), ("2", at(900))] {
            engine.hear(at(400), frame).unwrap();
            assert_eq!(engine.deadline(), expected, "{frame}");
        }
        assert_eq!(engine.expired(at(899)), None);
        assert_eq!(engine.expired(at(900)), Some(Duration::from_millis(500)));
    }

    #[test]
    fn there_is_no_deadline_before_open_and_after_close() {
        let mut engine = Engine::default();
        assert_eq!((engine.deadline(), engine.expired(at(99_999))), (Moment::NEVER, None));
        engine = opened();
        engine.close();
        assert_eq!((engine.deadline(), engine.expired(at(99_999))), (Moment::NEVER, None));
    }
}
