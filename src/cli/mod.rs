//! The rim: arguments, environment, printing, exit codes. `run.rs` is the whole flow on one screen.

mod args;
mod attempt;
mod check;
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
#[cfg(feature = "demo")]
mod target;
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
        Command::Demo(args) => target::demo(&args),
        #[cfg(feature = "demo")]
        Command::Serve(args) => target::serve(&args),
        Command::Schema => list::schema(),
        Command::List => list::list(),
    }
}
