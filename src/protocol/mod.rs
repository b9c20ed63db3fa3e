//! Protocol sessions without a socket, a clock or a task: bytes and moments go in, frames and events come out.
//!
//! A driver owns a [`Session`] and a link, and repeats: carry out everything that `poll` gives, then hand in one
//! input. [`session`] has the contract, [`PROTOCOLS`] the sessions there are.

pub mod args;
pub mod breach;
pub mod config;
pub mod engineio;
pub mod error;
pub mod session;
pub mod socketio;

pub use config::{Config, Namespace, Parser, Recovery, Split};
pub use engineio::Version;
pub use error::{Misuse, Violation};
pub use session::{Args, Closed, Event, Frame, Input, Intent, Output, Session, Text, Transport};

/// A protocol that a suite can name.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// What the author writes as `target.protocol`.
    pub name: &'static str,
    /// One line for the help and the schema.
    pub about: &'static str,
    /// The version of Engine.IO below it; `None` where it stands on WebSocket itself and knows no other transport.
    pub engine: Option<Version>,
    /// The path of the WebSocket request where the suite gives none.
    pub default_path: &'static str,
    /// Makes the session of one connection.
    pub open: fn(Config) -> Result<Box<dyn Session>, Misuse>,
}

/// The protocols there are; the first one is the default.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "socket.io",
        about: "Socket.IO 5 on Engine.IO 4: servers of socket.io 3 and 4, python-socketio 5, socketioxide",
        engine: Some(Version::V4),
        default_path: "/socket.io/",
        open: |config| Ok(Box::new(socketio::SocketIo::new(config, &socketio::V5)?)),
    },
    Protocol {
        name: "socket.io-v2",
        about: "Socket.IO 4 on Engine.IO 3: servers of socket.io 1 and 2, and newer ones with `allowEIO3`",
        engine: Some(Version::V3),
        default_path: "/socket.io/",
        open: |config| Ok(Box::new(socketio::SocketIo::new(config, &socketio::V4)?)),
    },
];

/// The protocol of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().find(|protocol| protocol.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_opens_on_its_defaults() {
        for protocol in PROTOCOLS {
            let config = Config { path: protocol.default_path.to_owned(), ..Config::default() };
            let session = (protocol.open)(config).expect(protocol.name);
            assert!(
                session.request_target(Transport::WebSocket).starts_with(protocol.default_path),
                "{}",
                protocol.name
            );
        }
    }
}
