//! One virtual user, without a socket or a clock: moments, frames and answers go in, commands come out. The driver
//! (`run/driver.rs`) carries the commands out.
//!
//! ```text
//! waiting ─▶ logging in ─▶ dialing ─▶ handshaking ─▶ setting up ─▶ active ─▶ tearing down ─▶ waiting | done
//!               ▲  ▲           │            │              │           │
//!               │  └ refused ──┴────────────┴──── failed ──┴── lost ───┘
//!               └───────────── backing off ◀─────────────────┘          (away, when `reconnect: off`)
//! ```
//!
//! Beside it runs the clock of the turns: from the moment when the user is ready, or should be at the latest, every step
//! is due, wherever in its life the user stands. What cannot be sent is counted as not sent, never forgotten.

mod actor;
mod bindings;
mod build;
pub mod cookies;
mod deliveries;
mod custom;
mod ending;
mod expect;
mod handlers;
mod inbox;
mod judge;
mod label;
mod life;
mod members;
mod meeting;
mod message;
mod moving;
mod namespaces;
mod parting;
mod recovery;
mod reply;
mod request;
mod sights;
mod thread;
mod threads;
mod turns;

#[cfg(test)]
mod tests;

pub use actor::{Actor, Facts, Scene};
pub use cookies::Cookies;
pub use message::{Command, ConnectRequest, Failure, HttpRequest, Input, Opened, Phases};
