//! What a check may look at besides the user's own names: the acknowledgement or the HTTP response.

use serde_json::{Value, json};

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
    Response(&'a Response),
}

/// The name that an answer goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The ack's one argument; a list where there are several (or none).
    Ack,
    /// The ack's arguments, always as a list.
    Acks,
    Response,
}

/// The kinds of answer that an expression may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    None,
    Ack,
    Response,
}

impl Root {
    /// The kind of answer that has this root.
    #[must_use]
    pub const fn kind(self) -> AnswerKind {
        match self {
            Self::Ack | Self::Acks => AnswerKind::Ack,
            Self::Response => AnswerKind::Response,
        }
    }

    pub const ALL: &'static [(&'static str, Self)] =
        &[("ack", Self::Ack), ("acks", Self::Acks), ("response", Self::Response)];
}

impl Answer<'_> {
    /// What `path` names under `root`, as borrowed or newly made JSON text handed to `look`.
    pub fn find<T>(&self, root: Root, path: &Path, look: impl FnOnce(Option<&str>) -> T) -> T {
        match (root, self) {
            (Root::Ack, Self::Ack(args)) => {
                let (first, count) = json_path::first_and_count(args);
                let whole = if count == 1 { first } else { Some(*args) };
                look(whole.and_then(|json| json_path::find(json, path)))
            }
            (Root::Acks, Self::Ack(args)) => look(json_path::find(args, path)),
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

impl Response {
    fn to_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), value.as_str().into())).collect();
        let body: Value = serde_json::from_str(&self.text).unwrap_or(Value::Null);
        json!({ "status": self.status, "json": body, "text": self.text, "headers": headers })
    }
}
