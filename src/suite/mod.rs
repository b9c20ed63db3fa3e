//! What the author wrote: the YAML file with the place of everything in it, `${NAME}` filled in, and every problem
//! found at once. [`read`](read::read) is the way in; [`schema`] the language.

pub mod env;
pub mod node;
pub mod problem;
pub mod read;
pub mod scalar;
pub mod schema;
pub mod shape;
pub mod source;
pub mod syntax;
pub mod yaml;
