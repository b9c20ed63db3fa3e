//! Engine.IO: the handshake and the heartbeat under Socket.IO.

pub mod packet;
pub mod payload;
pub mod session;

/// The version of the protocol, as in the query key `EIO`. In 3 the client pings, in 4 the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V3,
    V4,
}
