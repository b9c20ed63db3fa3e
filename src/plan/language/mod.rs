//! The language inside a suite's strings: `{{ … }}` templates and bare expressions, compiled when the suite is loaded
//! to the cheapest form that does the job. On the hot path a constant is copied, a slot is written, a path is read
//! from borrowed JSON; only what is none of these asks minijinja.

pub mod answer;
pub mod binary;
pub mod bindings;
pub mod expression;
pub mod filter;
pub mod functions;
pub mod json_path;
pub mod names;
pub mod parse;
pub mod payload;
pub mod text;
mod words;

pub use answer::{Answer, Response};
pub use bindings::{ActionId, Bindings, Resource, Row};
pub use expression::{EvaluationError, Expression};
pub use filter::Filter;
pub use names::{Names, Place, UnknownName};
pub use payload::Payload;
pub use text::Text;

#[cfg(test)]
mod tests;
