//! What will happen: total, typed, immutable, and known before the first socket is opened.

pub mod critic;
pub mod language;
pub mod load;
pub mod pattern;
pub mod proof;
