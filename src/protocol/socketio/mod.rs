//! Socket.IO, protocols 4 and 5: namespaces, events, acks and binary data, as text packets or in MessagePack.

mod acks;
pub mod arguments;
mod auth;
mod binary;
mod dialect;
mod heard;
mod msgpack;
pub mod packet;
mod received;
pub mod session;
mod socket;
mod spoken;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod noise;
#[cfg(test)]
mod storm;
mod target;
mod writer;

pub use dialect::{Dialect, V4, V5};
pub use session::SocketIo;
