//! What the author wrote: the YAML file with the place of everything in it, `${NAME}` filled in, and every problem
//! found at once. [`read`](read::read) is the way in; [`schema`] the language.
//!
//! text → [`yaml`] → [`node`] (values with places, kept by [`source`]) → [`mod@env`] → [`check`] against the schema as
//! [`shape`] shows it, in the words of [`advice`] → [`mend`] → [`schema::Suite`].

pub mod problem;
pub mod scalar;
pub mod schema;

pub mod node;
pub mod source;
pub mod syntax;
pub mod yaml;

pub mod dotenv;
pub mod env;
pub mod read;
pub mod table;

pub mod diagnostic;

pub mod advice;
pub mod check;
pub mod format;
pub mod mend;
pub mod shape;
pub mod verb;
