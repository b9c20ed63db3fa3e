//! What is sent on a raw WebSocket, and by which names what comes is known.

use std::borrow::Cow;

use bytes::Bytes;

use super::language::json_path::{self, Key, Path};
use super::language::text::text_of_json;
use super::language::{Answer, Bindings, EvaluationError, Expression, Payload, Text};
use crate::protocol::Frame;
use crate::units::Duration;

/// A message to send.
#[derive(Debug)]
pub enum Message {
    /// A text message.
    Text(Text),
    /// A text message that is JSON.
    Json(Payload),
    /// A binary message, the same for all.
    Binary(Bytes),
}

impl Message {
    /// The frame that goes out; JSON is written into `scratch` first.
    pub fn render(&self, bindings: &Bindings<'_>, scratch: &mut Vec<u8>) -> Result<Frame, EvaluationError> {
        match self {
            Self::Text(text) => Ok(Frame::Text(text.render(bindings)?.into())),
            Self::Json(payload) => {
                scratch.clear();
                payload.render(bindings, scratch)?;
                let json = std::str::from_utf8(scratch).map_err(|error| EvaluationError(error.to_string()))?;
                Ok(Frame::Text(json.into()))
            }
            Self::Binary(bytes) => Ok(Frame::Binary(bytes.clone())),
        }
    }
}

/// A message that is sent every so often while a user is connected.
#[derive(Debug)]
pub struct Keepalive {
    pub every: Duration,
    pub message: Message,
}

/// Which name a message of a raw WebSocket goes by.
#[derive(Debug, Default)]
pub enum Naming {
    /// All are called [`Naming::DEFAULT`].
    #[default]
    None,
    /// By the field at this path of the message.
    Field(Path),
    Computed(Expression),
}

impl Naming {
    /// The name of a message that has none.
    pub const DEFAULT: &str = "message";

    /// The name of the message in `event`, whose form is that of an event's arguments: what a string says, or the digits of a
    /// number. `bindings` are asked for only where an expression has to be evaluated.
    pub fn name<'e, 'b>(
        &self,
        event: &'e str,
        bindings: impl FnOnce() -> Bindings<'b>,
    ) -> Result<Cow<'e, str>, EvaluationError> {
        let name = match self {
            Self::None => None,
            Self::Field(path) => {
                let message = json_path::find(event, &[Key::Index(1)]);
                message.and_then(|json| json_path::find(json, path)).and_then(name_of)
            }
            Self::Computed(expression) => {
                let value = expression.value(&bindings(), Answer::Event(event))?;
                value.and_then(|value| name_of(&value.to_string()).map(|name| Cow::Owned(name.into_owned())))
            }
        };
        Ok(name.unwrap_or(Cow::Borrowed(Self::DEFAULT)))
    }
}

/// Only strings and numbers are names.
fn name_of(json: &str) -> Option<Cow<'_, str>> {
    let is_name = matches!(json.as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9'));
    is_name.then(|| text_of_json(json)).filter(|name| !name.is_empty())
}
