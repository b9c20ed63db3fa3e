//! Engine.IO, protocol 4: the handshake and the heartbeat under Socket.IO.

pub mod packet;
pub mod session;
