//! Socket.IO, protocol 5, as text packets: namespaces, events and acks.

mod acks;
pub mod arguments;
pub mod packet;
pub mod session;
mod socket;
#[cfg(test)]
mod storm;
mod target;

pub use session::SocketIo;
