//! How packets are written, by the parser that was chosen.

use std::borrow::Cow;
use std::collections::VecDeque;

use bytes::Bytes;

use super::packet::{Kind, Packet};
use super::{binary, msgpack};
use crate::protocol::config::Parser;
use crate::protocol::engineio::Version;
use crate::protocol::session::{Frame, Output};

/// Writes the packets of one session.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    pub parser: Parser,
    pub version: Version,
}

/// What a packet carries, in the form in which it goes out: nothing can go wrong with it any more.
#[derive(Debug)]
pub enum Payload<'a> {
    Text { json: Cow<'a, str>, attachments: Vec<Bytes> },
    Msgpack(Option<Vec<u8>>),
}

impl Writer {
    /// `json` may be empty. With `binary`, objects `{"$base64":"…"}` in it are binary data. `Err` says what is wrong.
    pub fn prepare<'a>(&self, json: &'a str, binary: bool) -> Result<Payload<'a>, String> {
        Ok(match self.parser {
            Parser::Msgpack if json.is_empty() => Payload::Msgpack(None),
            Parser::Msgpack => Payload::Msgpack(Some(msgpack::write::data(json, binary)?)),
            Parser::Json if !binary => Payload::Text { json: Cow::Borrowed(json), attachments: Vec::new() },
            Parser::Json => {
                let (json, attachments) = binary::detach(json)?;
                Payload::Text { json, attachments }
            }
        })
    }

    /// A packet that carries nothing.
    pub fn push_bare(&self, out: &mut VecDeque<Output>, kind: Kind, namespace: &str) {
        let payload = match self.parser {
            Parser::Msgpack => Payload::Msgpack(None),
            Parser::Json => Payload::Text { json: Cow::Borrowed(""), attachments: Vec::new() },
        };
        self.push(out, kind, namespace, None, payload);
    }

    /// Puts the frames of a packet into the queue.
    pub fn push(&self, out: &mut VecDeque<Output>, kind: Kind, namespace: &str, id: Option<u64>, payload: Payload<'_>) {
        let prefix = self.version.binary_prefix();
        match payload {
            Payload::Msgpack(data) => {
                let frame = msgpack::write::packet(prefix, kind, namespace, id, data.as_deref());
                out.push_back(Output::Send(Frame::Binary(frame.into())));
            }
            Payload::Text { json, attachments } => {
                let kind = if attachments.is_empty() { kind } else { kind.with_attachments() };
                let count = u32::try_from(attachments.len()).unwrap_or(u32::MAX);
                let packet = Packet { kind, attachments: count, namespace, id, data: &json };
                out.push_back(Output::Send(Frame::Text(packet.encode().into())));
                let frames = attachments.into_iter().map(|data| self.version.binary_frame(data));
                out.extend(frames.map(|frame| Output::Send(Frame::Binary(frame))));
            }
        }
    }
}
