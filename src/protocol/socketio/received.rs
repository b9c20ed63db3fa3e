//! A packet that has come, whole: the same for every parser.

use std::borrow::Cow;

use super::packet::{Kind, Packet};
use crate::protocol::session::{Args, Text};

/// A packet from the server. Its kind is one of the five that are not binary: attachments are in their places.
#[derive(Debug)]
pub struct Received<'a> {
    pub kind: Kind,
    /// Starts with `/`.
    pub namespace: Cow<'a, str>,
    pub id: Option<u64>,
    /// What the packet carries as JSON, which is an array only in events and acks; empty where it carries nothing.
    pub args: Args,
    /// The frame, where it was text.
    frame: Option<Text>,
}

impl<'a> Received<'a> {
    /// Of a packet that ends the text `frame`, with `args` in their final form where it had attachments.
    #[must_use]
    pub fn text(packet: &Packet<'a>, frame: Text, args: Option<Args>) -> Self {
        let start = frame.len() - packet.data.len();
        Self {
            kind: packet.kind.whole(),
            namespace: Cow::Borrowed(packet.namespace),
            id: packet.id,
            args: args.unwrap_or_else(|| Args::new(frame.clone(), start..frame.len())),
            frame: Some(frame),
        }
    }

    /// Of a packet that was no text.
    #[must_use]
    pub fn binary(kind: Kind, namespace: Cow<'a, str>, id: Option<u64>, args: Args) -> Self {
        Self { kind: kind.whole(), namespace, id, args, frame: None }
    }

    /// The JSON that it carries, with placeholders where binary data belongs.
    #[must_use]
    pub fn data(&self) -> &str {
        self.args.written()
    }

    /// What is shown of it in a violation.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        match (&self.frame, self.args.written()) {
            (Some(frame), _) => frame.as_str(),
            (None, "") => "(binary)",
            (None, data) => data,
        }
    }
}
