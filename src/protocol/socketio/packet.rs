//! Socket.IO packets as text: `<type>[<n>-][/namespace,][ack id][JSON]`. (socket.io-protocol, "Packet encoding".)
//!
//! Decoding borrows from the frame and never looks into the JSON.

use std::fmt::Write;

use crate::protocol::engineio::packet::MESSAGE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    BinaryEvent,
    BinaryAck,
}

impl Kind {
    const fn digit(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    /// Whether attachments follow the packet.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }

    /// What it is once its attachments are in their places.
    #[must_use]
    pub const fn whole(self) -> Self {
        match self {
            Self::BinaryEvent => Self::Event,
            Self::BinaryAck => Self::Ack,
            whole => whole,
        }
    }

    /// The kind that an event or an ack with attachments has.
    #[must_use]
    pub const fn with_attachments(self) -> Self {
        match self {
            Self::Event => Self::BinaryEvent,
            Self::Ack => Self::BinaryAck,
            other => other,
        }
    }

    /// The kind with that number.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Connect,
            1 => Self::Disconnect,
            2 => Self::Event,
            3 => Self::Ack,
            4 => Self::ConnectError,
            5 => Self::BinaryEvent,
            6 => Self::BinaryAck,
            _ => return None,
        })
    }

    #[must_use]
    pub const fn number(self) -> u8 {
        self.digit() as u8 - b'0'
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub kind: Kind,
    /// How many binary frames follow; zero but in the two binary kinds.
    pub attachments: u32,
    /// Starts with `/`; contains no comma.
    pub namespace: &'a str,
    pub id: Option<u64>,
    /// JSON, or nothing. Always the end of the frame.
    pub data: &'a str,
}

impl<'a> Packet<'a> {
    /// `Err` says what is wrong with the packet.
    pub fn decode(text: &'a str) -> Result<Self, &'static str> {
        let kind = match text.as_bytes().first() {
            Some(b'2') => Kind::Event,
            Some(b'3') => Kind::Ack,
            Some(b'0') => Kind::Connect,
            Some(b'1') => Kind::Disconnect,
            Some(b'4') => Kind::ConnectError,
            Some(b'5') => Kind::BinaryEvent,
            Some(b'6') => Kind::BinaryAck,
            Some(_) => return Err("the packet does not start with a packet type (0 to 6)"),
            None => return Err("the packet is empty"),
        };
        let mut rest = &text[1..];
        let mut attachments = 0;
        if kind.is_binary() {
            let (count, after) = split_digits(rest);
            let after = after.strip_prefix('-').ok_or("a binary packet does not say how many attachments follow")?;
            attachments = count.parse().map_err(|_| "the number of attachments cannot be read")?;
            if attachments == 0 {
                return Err("a binary packet announces no attachments");
            }
            rest = after;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            // A namespace without a comma is the last thing in its packet, as in `0/admin`.
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let (digits, data) = split_digits(rest);
        let id = match digits {
            "" => None,
            // `007` is 7, as it is for the JavaScript server.
            digits => Some(digits.parse().map_err(|_| "the ack id does not fit into 64 bits")?),
        };
        Ok(Self { kind, attachments, namespace, id, data })
    }

    /// The packet inside an Engine.IO message, in one allocation of exactly its size.
    #[must_use]
    pub fn encode(&self) -> String {
        let size = self.size();
        let mut frame = String::with_capacity(1 + size);
        frame.push(MESSAGE);
        frame.push(self.kind.digit());
        if self.kind.is_binary() {
            push_number(&mut frame, u64::from(self.attachments));
            frame.push('-');
        }
        if self.namespace != "/" {
            frame.push_str(self.namespace);
            frame.push(',');
        }
        if let Some(id) = self.id {
            push_number(&mut frame, id);
        }
        frame.push_str(self.data);
        frame
    }

    fn size(&self) -> usize {
        let attachments = if self.kind.is_binary() { digits(u64::from(self.attachments)) + 1 } else { 0 };
        let namespace = if self.namespace == "/" { 0 } else { self.namespace.len() + 1 };
        1 + attachments + namespace + self.id.map_or(0, digits) + self.data.len()
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

fn push_number(frame: &mut String, number: u64) {
    // Writing into a String cannot fail.
    let _ = write!(frame, "{number}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<(Kind, &str, Option<u64>, &str), &str>) {
        match (Packet::decode(text), expected) {
            (Ok(Packet { kind, namespace, id, data, .. }), Ok(expected)) => {
                assert_eq!((kind, namespace, id, data), expected, "{text}");
            }
            (Err(what), Err(part)) => assert!(what.contains(part), "{text}: {what}"),
            (result, _) => panic!("{text}: {result:?}"),
        }
    }

    #[test]
    fn packets() {
        check(r#"2["a"]"#, Ok((Kind::Event, "/", None, r#"["a"]"#)));
        check(r#"2/admin,7["a"]"#, Ok((Kind::Event, "/admin", Some(7), r#"["a"]"#)));
        check(r#"3/yjs|doc-1,007[]"#, Ok((Kind::Ack, "/yjs|doc-1", Some(7), "[]")));
        check("0", Ok((Kind::Connect, "/", None, "")));
        check("0/admin", Ok((Kind::Connect, "/admin", None, "")));
        check("0/admin,", Ok((Kind::Connect, "/admin", None, "")));
        check("0/chat?token=x,{}", Ok((Kind::Connect, "/chat?token=x", None, "{}")));
        check(r#"4"no""#, Ok((Kind::ConnectError, "/", None, r#""no""#)));
        check(r#"52-/admin,7["a",{"_placeholder":true,"num":0}]"#, {
            Ok((Kind::BinaryEvent, "/admin", Some(7), r#"["a",{"_placeholder":true,"num":0}]"#))
        });
        check("", Err("empty"));
        check("7[]", Err("packet type"));
        check("€", Err("packet type"));
        check("5[]", Err("how many"));
        check("5-[]", Err("cannot be read"));
        check("50-[]", Err("no attachments"));
        check("59999999999-[]", Err("cannot be read"));
        check("3100000000000000000000[]", Err("64 bits"));
        assert_eq!(Packet::decode("612-[]").map(|p| p.attachments), Ok(12));
    }

    prop_compose! {
        fn any_packet()(
            kind in 0usize..7,
            attachments in 1u32..,
            namespace in "/|/[^,]{1,20}",
            id in any::<Option<u64>>(),
            data in r#"|\[.*\]|\{.*\}|".*""#,
        ) -> (usize, u32, String, Option<u64>, String) {
            (kind, attachments, namespace, id, data)
        }
    }

    proptest! {
        #[test]
        fn a_packet_survives_encode_and_decode((kind, attachments, namespace, id, data) in any_packet()) {
            let kind = [
                Kind::Connect, Kind::Disconnect, Kind::Event, Kind::Ack, Kind::ConnectError, Kind::BinaryEvent,
                Kind::BinaryAck,
            ][kind];
            let attachments = if kind.is_binary() { attachments } else { 0 };
            let packet = Packet { kind, attachments, namespace: &namespace, id, data: &data };
            let frame = packet.encode();
            prop_assert_eq!(frame.len(), frame.capacity());
            prop_assert_eq!(Packet::decode(frame.strip_prefix('4').unwrap()), Ok(packet));
        }

        #[test]
        fn no_text_is_too_strange_to_decode(text in any::<String>(), tail in any::<String>()) {
            let _ = Packet::decode(&text);
            for start in ["2", "3/", "51-", "5", "2/a,1"] {
                let _ = Packet::decode(&format!("{start}{tail}"));
            }
        }
    }
}
