//! The rim: arguments, environment, printing, exit codes. `run.rs` is the whole flow on one screen.

mod args;
mod attempt;
mod check;
mod ci;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod enabled;
mod environment;
pub mod exit;
mod files;
mod init;
mod limit;
mod list;
mod load;
mod machine;
mod manual;
pub mod options;
mod output;
mod overview;
mod plan;
mod progress;
mod report;
mod run;
mod screen;
mod selection;
mod signals;
mod skipped;
mod stage;
mod step;
mod target;
pub mod templates;
mod tls;

use args::Command;
use exit::Exit;
use options::Parsed;

/// Carries out the command line.
#[must_use]
pub fn main() -> Exit {
    let Parsed { line, options } = options::parse();
    match line.command {
        Command::Run(args) => run::run(&args, &options),
        Command::Report(args) => report::report(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Try(args) => attempt::attempt(&args),
        Command::Check(args) => check::check(&args),
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::demo(&args),
        #[cfg(feature = "demo")]
        Command::Serve(args) => demo::serve(&args),
        Command::Init(args) => init::init(&args),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { command } => manual::man(command.as_deref()),
        Command::Schema => list::schema(),
        Command::List => list::list(),
    }
}
