//! Protocol sessions without a socket, a clock or a task: bytes and moments go in, frames and events come out.
//!
//! A driver owns a [`Session`] and a link, and repeats: carry out everything that `poll` gives, then hand in one
//! input. [`session`] has the contract, [`PROTOCOLS`] the sessions there are.

pub mod error;
pub mod session;

pub use error::{Misuse, Violation};
pub use session::{Args, Closed, Event, Frame, Input, Intent, Output, Session, Text};
