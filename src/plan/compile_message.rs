//! From `send` and `keepalive` as written to messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::compile_step::Steps;
use super::language::{Payload, Place, UnknownName};
use super::message::{Keepalive, Message};
use super::step::Emit;
use crate::suite::problem::Path;
use crate::suite::schema::{self, Step};

/// What an action that sends a message is called where it has no name.
const NAME: &str = "send";

impl Steps<'_> {
    pub(super) fn send(&mut self, step: &Step, path: &Path, place: Place) -> Option<Emit> {
        let message = self.message(step.send.as_ref()?, &path.key("send"), place);
        let name = step.name.as_deref().unwrap_or(NAME);
        let emit = self.sent(step, path, place, name, Payload::default(), "send");
        Some(Emit { message: Some(message?), ..emit })
    }

    fn message(&self, written: &schema::Message, path: &Path, place: Place) -> Option<Message> {
        let keys = ["json", "text", "base64", "hex", "file"];
        let mut stand = keys.into_iter().filter(|key| self.critic.is_written(&path.key(*key)));
        let Some(key) = stand.next() else {
            let help = "write one of `json`, `text`, `base64`, `hex` and `file` under it";
            self.critic.error(path, "there is no message to send", help);
            return None;
        };
        if let Some(second) = stand.next() {
            let what = format!("a message is one thing, and here are `{key}` and `{second}`");
            self.critic.error_at_key(&path.key(second), what, "keep one of them");
            return None;
        }
        let path = path.key(key);
        match key {
            "json" => Some(self.json(written.json.as_ref().unwrap_or(&Value::Null), &path, place)),
            "text" => Some(Message::Text(self.text(written.text.as_deref()?, &path, place)?)),
            _ => self.binary(written, key, &path).map(|bytes| Message::Binary(Bytes::from(bytes))),
        }
    }

    fn json(&self, value: &Value, path: &Path, place: Place) -> Message {
        let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
        Message::Json(Payload::compile(value, path, self.names, place, &mut problem))
    }

    /// The bytes under that key. They are the same for all: nothing is put in.
    fn binary(&self, written: &schema::Message, key: &str, path: &Path) -> Option<Vec<u8>> {
        let [base64, hex, file] = [&written.base64, &written.hex, &written.file].map(Option::as_deref);
        if [base64, hex, file].into_iter().flatten().any(|text| text.contains("{{")) {
            let what = format!("`{key}` is the same for all, and nothing is put into it");
            self.critic.error(path, what, "send what differs as `text` or `json`");
            return None;
        }
        let read = match (base64, hex, file) {
            (Some(text), ..) => {
                let help = "write it in the standard alphabet, with the padding: `AP8=` for two bytes";
                STANDARD.decode(text).map_err(|error| (format!("this is no base64: {error}"), help))
            }
            (_, Some(text), _) => {
                let help = "write two digits a byte: `00ff10`";
                from_hex(text).ok_or_else(|| ("these are no pairs of hexadecimal digits".to_owned(), help))
            }
            (.., Some(name)) => {
                let help = "the path is relative to the suite file";
                self.files
                    .map_or_else(|| Err("no file can be read here".to_owned()), |files| files(name))
                    .map_err(|error| (format!("`{name}` cannot be read: {error}"), help))
            }
            _ => return None,
        };
        read.map_err(|(what, help)| self.critic.error(path, what, help)).ok()
    }

    pub(super) fn keepalive(&self, written: &schema::Keepalive, path: &Path, place: Place) -> Option<Keepalive> {
        if written.every.is_zero() {
            let help = "write how long to wait between two, as `30s`";
            self.critic.error(&path.key("every"), "a message without end is no keepalive", help);
        }
        let has = |key: &str| self.critic.is_written(&path.key(key));
        let message = match (has("json"), has("text")) {
            (true, false) => self.json(written.json.as_ref().unwrap_or(&Value::Null), &path.key("json"), place),
            (false, true) => Message::Text(self.text(written.text.as_deref()?, &path.key("text"), place)?),
            (true, true) => {
                let what = "a message is one thing, and here are `json` and `text`";
                self.critic.error_at_key(&path.key("text"), what, "keep one of them");
                return None;
            }
            (false, false) => {
                self.critic.error(path, "there is no message to send", "write `json` or `text` under it");
                return None;
            }
        };
        Some(Keepalive { every: written.every, message })
    }
}

/// Pairs of digits; blanks between them do not matter.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u32; 2]| u8::try_from(high * 16 + low).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
