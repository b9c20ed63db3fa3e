//! What a check may look at besides the user's own names: the acknowledgement or the HTTP response.

use serde_json::{Value, json};

use super::binary;
use super::json_path::{self, Key, Path};

/// An HTTP response, read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

/// What is being judged.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    None,
    /// The JSON array of the ack's arguments.
    Ack(&'a str),
    /// The JSON array of an event: its name, then its arguments.
    Event(&'a str),
    /// The JSON by which a server refuses a connection, and the namespace's name as the suite has it, as JSON, too.
    Refusal {
        error: &'a str,
        namespace: &'a str,
    },
    Response(&'a Response),
}

/// The name that an answer goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The ack's one argument; a list where there are several (or none).
    Ack,
    /// The ack's arguments, always as a list.
    Acks,
    /// The event's first argument.
    Data,
    /// The event's arguments, always as a list.
    Args,
    /// Why a connection was refused.
    Error,
    /// In which namespace it was refused.
    Namespace,
    Response,
}

/// The kinds of answer that an expression may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    None,
    Ack,
    Event,
    Refusal,
    Response,
}

impl Root {
    /// The kind of answer that has this root.
    #[must_use]
    pub const fn kind(self) -> AnswerKind {
        match self {
            Self::Ack | Self::Acks => AnswerKind::Ack,
            Self::Data | Self::Args => AnswerKind::Event,
            Self::Error | Self::Namespace => AnswerKind::Refusal,
            Self::Response => AnswerKind::Response,
        }
    }

    pub const ALL: &'static [(&'static str, Self)] = &[
        ("ack", Self::Ack),
        ("acks", Self::Acks),
        ("data", Self::Data),
        ("args", Self::Args),
        ("error", Self::Error),
        ("namespace", Self::Namespace),
        ("response", Self::Response),
    ];
}

impl Answer<'_> {
    /// What `path` names under `root`, as borrowed or newly made JSON text handed to `look`.
    pub fn find<T>(&self, root: Root, path: &Path, look: impl FnOnce(Option<&str>) -> T) -> T {
        let look = match self.find_text(root, path, |json| if json.is_some() { Ok(look(json)) } else { Err(look) }) {
            Ok(found) => return found,
            Err(look) => look,
        };
        // What is no place in the JSON may be one of bytes.
        let byte = match path.split_last() {
            Some((Key::Index(index), before)) => self
                .find_text(root, before, |json| json.and_then(binary::of_json))
                .and_then(|bytes| bytes.get(*index).map(ToString::to_string)),
            _ => None,
        };
        look(byte.as_deref())
    }

    fn find_text<T>(&self, root: Root, path: &[Key], look: impl FnOnce(Option<&str>) -> T) -> T {
        match (root, self) {
            (Root::Ack, Self::Ack(args)) => {
                let (first, count) = json_path::first_and_count(args);
                let whole = if count == 1 { first } else { Some(*args) };
                look(whole.and_then(|json| json_path::find(json, path)))
            }
            (Root::Acks, Self::Ack(args)) => look(json_path::find(args, path)),
            (Root::Data, Self::Event(event)) => {
                let data = json_path::find(event, &[Key::Index(1)]);
                look(data.and_then(|json| json_path::find(json, path)))
            }
            (Root::Args, Self::Event(event)) => match path.split_first() {
                // The name of the event is no argument.
                Some((Key::Index(index), rest)) => {
                    let argument = json_path::find(event, &[Key::Index(index + 1)]);
                    look(argument.and_then(|json| json_path::find(json, rest)))
                }
                Some(_) => look(None),
                None => look(arguments(event).map(|arguments| Value::Array(arguments).to_string()).as_deref()),
            },
            (Root::Error, Self::Refusal { error, .. }) => look(match path.split_first() {
                // Servers of socket.io 2 and of python-socketio refuse with a bare text: it is the message.
                Some((Key::Name(name), rest)) if &**name == "message" && error.starts_with('"') => {
                    json_path::find(error, rest)
                }
                _ => json_path::find(error, path),
            }),
            (Root::Namespace, Self::Refusal { namespace, .. }) => look(json_path::find(namespace, path)),
            (Root::Response, Self::Response(response)) => match path.split_first() {
                Some((Key::Name(name), rest)) if &**name == "json" => look(json_path::find(&response.text, rest)),
                _ => {
                    let value = response.to_json();
                    look(json_path::find_value(&value, path).map(Value::to_string).as_deref())
                }
            },
            _ => look(None),
        }
    }

    /// The whole answer under `root` as a value.
    #[must_use]
    pub fn to_json(&self, root: Root) -> Option<Value> {
        if let (Root::Response, Self::Response(response)) = (root, self) {
            return Some(response.to_json());
        }
        self.find(root, &Path::new(), |json| json.and_then(|json| serde_json::from_str(json).ok()))
    }
}

/// The arguments of an event, without its name.
fn arguments(event: &str) -> Option<Vec<Value>> {
    let mut arguments: Vec<Value> = serde_json::from_str(event).ok()?;
    (!arguments.is_empty()).then(|| arguments.split_off(1))
}

impl Response {
    fn to_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), value.as_str().into())).collect();
        let body: Value = serde_json::from_str(&self.text).unwrap_or(Value::Null);
        json!({ "status": self.status, "json": body, "text": self.text, "headers": headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_refusal_are_its_message_in_every_version() {
        let message = |error: &str| {
            let path = [Key::Name("message".into())];
            Answer::Refusal { error, namespace: "\"/\"" }
                .find(Root::Error, &path.to_vec(), |json| json.map(str::to_owned))
        };
        for (error, expected) in [
            (r#"{"message":"no"}"#, Some(r#""no""#)),
            (r#""no""#, Some(r#""no""#)),
            (r#"{"code":7}"#, None),
            ("null", None),
        ] {
            assert_eq!(message(error).as_deref(), expected, "{error}");
        }
        let whole = Answer::Refusal { error: "\"no\"", namespace: "\"/\"" }.to_json(Root::Error);
        assert_eq!(whole, Some(json!("no")));
    }
}
