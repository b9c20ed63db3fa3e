//! Cotillion: CI-native load tests for real-time systems on Socket.IO and WebSocket.
//!
//! A **suite** is compiled to a **plan**; the plan is **run** by users that speak a **protocol** over a
//! **transport**, measured into **metrics** and a **ledger**; a **verdict** is reached and **report**ed; the **cli**
//! is the rim. The rooms stand in one row, and a file imports only from its own room or from rooms before it
//! (`tests/it/architecture.rs` holds that). `ARCHITECTURE.md` says more.
//!
//! The way from a text to a number of the plan, without a socket or a clock:
//!
//! ```
//! use cotillion::{plan, suite};
//!
//! let text = "
//! name: bids
//! target: { url: 'http://127.0.0.1:3000', namespace: /auction }
//! resources: { count: 12 }
//! cooldown: { per_resource: 1s, margin: 50ms }
//! scenarios:
//!   bidders: { load: { users: 12, duration: 1m }, act: [{ emit: bid, args: ['{{ resource.id }}'] }] }
//! thresholds: { success_rate: '>= 99%' }
//! ";
//! let (loaded, problems) = suite::read::read("bids.yaml".as_ref(), text, &suite::env::Environment::default());
//! assert!(problems.is_empty());
//! let context = plan::compile::Context {
//!     overrides: &plan::Overrides::default(),
//!     files: &|_| Err("this suite names no file".into()),
//!     built_in: None,
//!     seed: 7,
//! };
//! let (plan, _) = plan::compile::compile(&loaded.expect("it has no problems"), &context);
//! let plan = plan.expect("it can be carried out");
//! // Twelve users take turns over twelve resources: the shortest step that keeps 1 s and the margin between any two.
//! let plan::Rhythm::Step { every, auto: true } = plan.scenarios[0].rhythm else { panic!("the plan chose the step") };
//! assert_eq!(every.to_string(), "1s146ms");
//! ```

#![forbid(unsafe_code)]

pub mod units; // quantities with a unit
pub mod secrets; // what must never be printed, and the redactor

pub mod metrics; // what is measured, and how it is kept
pub mod protocol; // Socket.IO sessions without a socket or a clock
pub mod suite; // what the author wrote, with line numbers
pub mod plan; // what will happen, before the first socket
pub mod ledger; // what became of each action
pub mod record; // a run as data: one frame a second

pub mod transport; // sockets, and nothing but
pub mod run; // making the plan happen

pub mod verdict; // what the numbers mean
pub mod report; // the frozen outcome as text

#[cfg(feature = "demo")]
pub mod demo; // the built-in target
pub mod cli; // arguments, environment, printing, exit codes
