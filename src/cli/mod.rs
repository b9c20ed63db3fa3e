//! The rim: arguments, environment, printing, exit codes. `run.rs` is the whole flow on one screen.

mod args;
mod attempt;
mod check;
#[cfg(feature = "demo")]
mod demo;
mod environment;
pub mod exit;
mod files;
mod list;
mod load;
mod machine;
mod plan;
mod progress;
mod run;
mod screen;
mod signals;
mod target;
pub mod templates;
mod tls;

use clap::Parser;

use args::{Command, CommandLine};
use exit::Exit;

/// Carries out the command line.
#[must_use]
pub fn main() -> Exit {
    match CommandLine::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Try(args) => attempt::attempt(&args),
        Command::Check(args) => check::check(&args),
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::demo(&args),
        #[cfg(feature = "demo")]
        Command::Serve(args) => demo::serve(&args),
        Command::Schema => list::schema(),
        Command::List => list::list(),
    }
}
