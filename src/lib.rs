//! Cotillion: CI-native load tests for real-time systems on Socket.IO and WebSocket.
//!
//! A **suite** is compiled to a **plan**; the plan is **run** by users that speak a **protocol** over a
//! **transport**, measured into **metrics** and a **ledger**; a **verdict** is reached and **report**ed; the **cli**
//! is the rim. The rooms stand in one row, and a file imports only from its own room or from rooms above it here
//! (`tests/it/architecture.rs` holds that).

#![forbid(unsafe_code)]

pub mod secrets;
pub mod units; // quantities with a unit // what must never be printed, and the redactor

pub mod ledger; // what became of each action
pub mod metrics; // what is measured and how it is kept
pub mod plan; // what will happen, before the first socket
pub mod protocol; // Socket.IO and WebSocket sessions without a socket or a clock
pub mod record;
pub mod suite; // what the author wrote, with line numbers // a run as data: one frame a second

pub mod run;
pub mod transport; // sockets, and nothing but // making the plan happen

pub mod report;
pub mod verdict; // what the numbers mean // the frozen outcome as text

pub mod cli;
#[cfg(feature = "demo")]
pub mod demo; // the built-in target // arguments, environment, printing, exit codes
