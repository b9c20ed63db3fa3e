//! Our end of one namespace: Socket.IO calls it a socket.

use std::fmt;

use super::acks::{Acks, Owed};
use super::auth;
use crate::protocol::config::{Namespace, Recovery};
use crate::protocol::error::Misuse;
use crate::protocol::session::{Args, Text};

pub struct Socket {
    /// As it stands in packets.
    pub name: Box<str>,
    /// What CONNECT carries, as its payload or, where auth is a query, as the name with its query. Taken when it is sent: a
    /// session connects each namespace once.
    pub hello: Option<Box<str>>,
    pub state: State,
    pub acks: Acks,
    pub owed: Owed,
    /// What came before the CONNECT reply, to be delivered after it.
    pub early: Vec<Early>,
    /// What a later session needs to take up where this one ends. Before the CONNECT reply: of the session before, where this
    /// one is to take it up.
    pub recovery: Option<Box<Recovery>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Connecting,
    Connected,
    Refused,
    /// The server has sent DISCONNECT.
    Gone,
}

/// An event from the server that waits for the CONNECT reply.
#[derive(Debug)]
pub struct Early {
    pub name: Text,
    pub args: Args,
    pub ack: Option<u64>,
}

impl Socket {
    /// Checks the name and the auth.
    pub fn new(namespace: Namespace) -> Result<Self, Misuse> {
        let Namespace { name, auth, recovery } = namespace;
        if !name.starts_with('/') {
            return Err(Misuse::Namespace { name, what: "it must start with `/`" });
        }
        if name.contains(',') {
            return Err(Misuse::Namespace {
                name,
                what: "a comma ends a namespace on the wire, so it cannot be in one",
            });
        }
        if let Some(what) = auth.as_deref().and_then(auth::fault) {
            return Err(Misuse::Auth { namespace: name, what });
        }
        Ok(Self {
            name: name.into(),
            hello: auth.map(Into::into),
            state: State::Connecting,
            acks: Acks::default(),
            owed: Owed::default(),
            early: Vec::new(),
            recovery: recovery.map(Box::new),
        })
    }

    /// Whether packets for `namespace` are ours. Servers leave out the query of a namespace, as in `/chat?token=x`.
    pub fn answers_to(&self, namespace: &str) -> bool {
        *self.name == *namespace || self.plain_name() == namespace
    }

    /// The name without its query.
    pub fn plain_name(&self) -> &str {
        self.name.split_once('?').map_or(&self.name, |(plain, _)| plain)
    }

    /// Whether the server may still have something to say here.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Connecting | State::Connected)
    }

    /// No more to be expected here; what was kept is let go, but for the recovery.
    pub fn leave(&mut self, state: State) {
        self.state = state;
        self.acks.clear();
        self.owed = Owed::default();
        self.early = Vec::new();
    }
}

// By hand, because auth is where tokens live.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("name", &self.name).field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, auth: Option<&str>, expected: Result<(), &str>) {
        let namespace = Namespace { name: name.to_owned(), auth: auth.map(str::to_owned), recovery: None };
        match (Socket::new(namespace), expected) {
            (Ok(socket), Ok(())) => assert_eq!(&*socket.name, name),
            (Err(misuse), Err(part)) => assert!(misuse.to_string().contains(part), "{name}: {misuse}"),
            (result, _) => panic!("{name}: {result:?}"),
        }
    }

    #[test]
    fn names() {
        check("/", None, Ok(()));
        check("/yjs|doc-1", None, Ok(()));
        check("/chat?token=x", None, Ok(()));
        check("", None, Err("start with `/`"));
        check("admin", None, Err("start with `/`"));
        check("/a,b", None, Err("a comma"));
    }

    #[test]
    fn auth_is_an_object() {
        check("/", Some(r#"{"token":"x"}"#), Ok(()));
        check("/", Some(" {} "), Ok(()));
        check("/a", Some(r#""hunter2""#), Err("auth of namespace `/a` is not a JSON object"));
        check("/a", Some("[1]"), Err("not a JSON object"));
        check("/a", Some("{token:1}"), Err("not JSON (line 1, column 2)"));
        check("/a", Some("{} {}"), Err("not JSON"));
    }

    #[test]
    fn auth_shows_in_no_message() {
        let namespace = Namespace { name: "/".to_owned(), auth: Some("\"hunter2".to_owned()), recovery: None };
        let misuse = Socket::new(namespace).unwrap_err();
        assert!(!format!("{misuse} {misuse:?}").contains("hunter2"));
        let namespace = Namespace { name: "/".to_owned(), auth: Some(r#"{"t":"hunter2"}"#.to_owned()), recovery: None };
        assert!(!format!("{:?}", Socket::new(namespace).unwrap()).contains("hunter2"));
    }

    #[test]
    fn servers_may_leave_out_the_query() {
        let socket = Socket::new(Namespace::new("/chat?token=x")).unwrap();
        assert!(socket.answers_to("/chat") && socket.answers_to("/chat?token=x"));
        assert!(!socket.answers_to("/") && !socket.answers_to("/cha") && !socket.answers_to("/chat?token=y"));
    }
}
