//! Making the plan happen.

mod sink;
pub mod user;

pub use sink::Sink;
