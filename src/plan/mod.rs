//! Not built yet.
pub mod language;
