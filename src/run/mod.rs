//! Making the plan happen: workers with their users, one clock, one collector.

mod causes;
mod circle;
mod closes;
pub mod clock;
mod collector;
mod commons;
mod cursor;
mod driver;
pub mod execute;
mod health;
mod invariants;
pub mod limits;
pub mod network;
mod once;
mod post;
mod progress;
mod quiet;
mod receipts;
mod sink;
pub mod stop;
pub mod trace;
pub mod user;
mod worker;

pub use collector::Collected;
pub use execute::{Settings, execute};
pub use sink::Sink;
pub use stop::{Reason, Stopper};
