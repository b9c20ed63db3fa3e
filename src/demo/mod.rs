//! The built-in target: an auction house on Socket.IO, to load without having a server of one's own.
//!
//! Users log in over HTTP, join lots in the namespace `/auction` and bid. `GET /stats` tells what the server saw, so
//! that a run can be checked against it; `tests/interop/auction` is the same house on npm's socket.io.

mod courier; // events that a fault holds back
pub mod faults; // what goes wrong on purpose
pub mod hall; // what all connections share: the auction, the counts, who is logged in
mod http; // POST /login, GET /stats, GET /health, POST /reset
pub mod rules; // which bid is accepted, which is told to the room: a pure function of moments
pub mod server; // opening and closing the house
mod sockets; // the namespace /auction
pub mod stats; // what the server counts
#[cfg(test)]
mod tests;

pub use faults::Faults;
pub use rules::Rules;
pub use server::{Handle, Options, Server, spawn};
pub use stats::Counts;
