//! Engine.IO packets as text: one digit for the type, then data. (engine.io-protocol, "Packet encoding".)

use serde::Deserialize;

use crate::protocol::session::Text;
use crate::units::Duration;

/// A ping, bare as its answer.
pub const PING: Text = Text::from_static("2");

/// The answer to a ping. Always bare: neither side echoes data outside the upgrade probe (engine.io-protocol#32).
pub const PONG: Text = Text::from_static("3");

/// The type digit of a MESSAGE packet, for encoders that write the message behind it into the same buffer.
pub const MESSAGE: char = '4';

/// One packet, its data borrowed from the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The handshake, as JSON; [`Handshake::read`] understands it.
    Open(&'a str),
    /// The data is empty by the book; python-engineio sends some.
    Close(&'a str),
    Ping(&'a str),
    Pong(&'a str),
    Message(&'a str),
    Upgrade,
    Noop,
}

impl<'a> Packet<'a> {
    /// `Err` says what is wrong with the frame.
    pub fn decode(frame: &'a str) -> Result<Self, &'static str> {
        let Some(kind) = frame.as_bytes().first() else {
            return Err("the frame is empty");
        };
        // Only after the match is it known that the first character is one byte long.
        let data = || frame.get(1..).unwrap_or_default();
        Ok(match kind {
            b'4' => Self::Message(data()),
            b'2' => Self::Ping(data()),
            b'0' => Self::Open(data()),
            b'1' => Self::Close(data()),
            b'3' => Self::Pong(data()),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            _ => return Err("the frame does not start with a packet type (0 to 6)"),
        })
    }

    #[must_use]
    pub fn encode(&self) -> String {
        let (kind, data) = match *self {
            Self::Open(data) => ('0', data),
            Self::Close(data) => ('1', data),
            Self::Ping(data) => ('2', data),
            Self::Pong(data) => ('3', data),
            Self::Message(data) => (MESSAGE, data),
            Self::Upgrade => ('5', ""),
            Self::Noop => ('6', ""),
        };
        let mut frame = String::with_capacity(1 + data.len());
        frame.push(kind);
        frame.push_str(data);
        frame
    }
}

/// What the server says of the connection in its OPEN packet. Unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// The Engine.IO session's id, which is not the id of a Socket.IO socket.
    pub sid: String,
    /// Transports that the session could move to; custom servers leave it out.
    #[serde(default)]
    pub upgrades: Vec<String>,
    /// In milliseconds.
    ping_interval: f64,
    /// In milliseconds.
    ping_timeout: f64,
    /// Longest message the server takes, in bytes; servers before socket.io 4.5 do not say.
    pub max_payload: Option<u64>,
}

impl Handshake {
    /// `Err` says what is wrong with the JSON.
    pub fn read(json: &str) -> Result<Self, String> {
        let handshake: Self =
            serde_json::from_str(json).map_err(|e| format!("the handshake in OPEN cannot be read ({e})"))?;
        if handshake.patience().is_zero() {
            return Err(
                "pingInterval and pingTimeout in OPEN are zero together, so no ping could be in time".to_owned()
            );
        }
        Ok(handshake)
    }

    /// From a pong to the next ping.
    #[must_use]
    pub fn ping_interval(&self) -> Duration {
        Duration::from_secs_f64(self.ping_interval / 1e3)
    }

    /// From a ping to its pong at the latest.
    #[must_use]
    pub fn ping_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.ping_timeout / 1e3)
    }

    /// How long the other side may stay silent: pingInterval + pingTimeout.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.ping_interval() + self.ping_timeout()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets() {
        assert_eq!(Packet::decode("4"), Ok(Packet::Message("")));
        assert_eq!(Packet::decode("2probe"), Ok(Packet::Ping("probe")));
        assert_eq!(Packet::decode(r#"1{"message":"x"}"#), Ok(Packet::Close(r#"{"message":"x"}"#)));
        assert_eq!(Packet::decode("6"), Ok(Packet::Noop));
        assert!(Packet::decode("").is_err());
        assert!(Packet::decode("9").is_err());
        assert!(Packet::decode("é").is_err());
        assert_eq!(Packet::Pong("").encode(), PONG.as_str());
    }

    fn check(json: &str, expected: Result<u64, &str>) {
        match (Handshake::read(json), expected) {
            (Ok(handshake), Ok(millis)) => assert_eq!(handshake.patience(), Duration::from_millis(millis), "{json}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{json}: {error}"),
            (result, _) => panic!("{json}: {result:?}"),
        }
    }

    #[test]
    fn handshakes() {
        check(r#"{"sid":"a","pingInterval":25000,"pingTimeout":20000,"upgrades":[],"maxPayload":1000000}"#, Ok(45_000));
        check(r#"{"sid":"a","pingInterval":25000,"pingTimeout":5000}"#, Ok(30_000));
        check(r#"{"sid":"a","pingInterval":0.5,"pingTimeout":0.5,"new":{"x":[1]}}"#, Ok(1));
        check(r#"{"sid":"a","pingInterval":0,"pingTimeout":0}"#, Err("zero together"));
        check(r#"{"sid":"a","pingInterval":-9,"pingTimeout":0}"#, Err("zero together"));
        check(r#"{"pingInterval":1,"pingTimeout":1}"#, Err("missing field `sid`"));
        check(r#"{"sid":"a","pingTimeout":1}"#, Err("missing field `pingInterval`"));
        check("[]", Err("cannot be read"));
        check("", Err("cannot be read"));
        check(&format!("{{\"x\":{}", "[".repeat(100_000)), Err("cannot be read"));
    }

    proptest! {
        #[test]
        fn a_packet_survives_encode_and_decode(kind in 0usize..7, data in ".*") {
            let data = data.as_str();
            let packet = [
                Packet::Open(data), Packet::Close(data), Packet::Ping(data), Packet::Pong(data), Packet::Message(data),
                Packet::Upgrade, Packet::Noop,
            ][kind];
            let frame = packet.encode();
            prop_assert_eq!(Packet::decode(&frame), Ok(packet));
            prop_assert_eq!(frame.len(), frame.capacity());
        }

        #[test]
        fn no_text_is_too_strange_to_decode(frame in any::<String>(), json in any::<String>()) {
            let _ = Packet::decode(&frame);
            let _ = Handshake::read(&json);
        }
    }
}
