//! A run as data: one [`Second`] after another. Everything later, from the verdict to the reports, is a fold over them.

pub mod check;
pub mod course;
pub mod checked;
pub mod finding;
pub mod overview;
pub mod results;
pub mod second;
pub mod unmatched;

pub use check::{Found, ServerCheck};
pub use checked::Checked;
pub use course::{Course, Visit};
pub use finding::{Class, Example, Findings};
pub use results::{Header, Observation, Results};
pub use second::{Gauges, Second};
pub use unmatched::Unmatched;
