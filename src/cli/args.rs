//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::enabled::Enabled;
use super::init::SERVERS;
use super::report::ReportArgs;
#[cfg(feature = "demo")]
use crate::demo::faults::{Faults, Range, Timed};
use crate::plan::Overrides;
use crate::report::FORMATS;
use crate::report::ci::CIS;
use crate::units::Duration;
#[cfg(feature = "demo")]
use crate::units::Percent;

/// Load tests for Socket.IO and WebSocket servers, from a laptop or a pipeline.
#[derive(Debug, Parser)]
#[command(name = "cotillion", version, about, long_about = None, after_help = AFTER_HELP)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str =
    "Exit codes: 0 passed · 99 a threshold was not met · 104 the suite is wrong · 105 interrupted ·
111 the run is invalid · 112 the target was not reached · 2 wrong command line · 1 a bug

Options of `run` are also read from the environment: `--out` from COTILLION_OUT, and so on.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run suites, write reports, exit with the verdict.
    Run(RunArgs),
    /// Write reports again, in any format, from what a run left.
    Report(ReportArgs),
    /// Print what a suite will do; opens no socket.
    Plan(PlanArgs),
    /// One user, one turn, against the target, with every frame; for writing a suite.
    Try(TryArgs),
    /// Find everything that is wrong with suites.
    Check(CheckArgs),
    /// Run the built-in suite against the built-in target.
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// Run the built-in target alone, until it is stopped.
    #[cfg(feature = "demo")]
    Serve(ServeArgs),
    /// Write a first suite and the pipeline for the CI server that is there.
    Init(InitArgs),
    /// Print the completions for a shell.
    Completions { shell: Shell },
    /// Print the manual page of the program, or of one of its commands.
    Man { command: Option<String> },
    /// Print the JSON Schema of suites, for editors.
    Schema,
    /// Print what there is: protocols, loads, patterns, metrics, report formats, exit codes.
    List,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Suite files, or folders with suites; folders in them that are called `10-smoke`, `20-load` … are stages.
    #[arg(required_unless_present = "print_config")]
    pub suites: Vec<PathBuf>,
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub how: How,
    #[command(flatten)]
    pub overrides: OverrideArgs,
    /// Print every option, its value and where that comes from; run nothing.
    #[arg(long)]
    pub print_config: bool,
}

/// Which of the suites are run.
#[derive(Debug, Args)]
pub struct Which {
    /// `true`, `1`, `yes` or `on`; or `false`, `0`, `no`, `off` or nothing: then all reports say *skipped*, and the exit code is 0.
    #[arg(long, value_name = "VALUE", default_value = "true")]
    pub enabled: Enabled,
    /// Only suites that have one of these tags.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// No suite that has one of these tags.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub skip_tags: Vec<String>,
    /// Run the next stage also when a suite of the last did not pass.
    #[arg(long)]
    pub keep_going: bool,
}

/// How to run, whatever is run.
#[derive(Debug, Args)]
pub struct How {
    /// Where reports go: a folder for each suite below it.
    #[arg(long, default_value = "cotillion-report", value_name = "DIR")]
    pub out: PathBuf,
    /// Say nothing while running.
    #[arg(long, short)]
    pub quiet: bool,
    /// Threads with users; one a core unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: Option<u16>,
    /// A suspect run counts as invalid (exit code 111).
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub reports: ReportOptions,
    /// All suites together may take so long; what would take longer is refused, and what does is stopped (exit code 105).
    #[arg(long, value_name = "D")]
    pub max_duration: Option<Duration>,
}

/// Which reports are written, and how they look.
#[derive(Debug, Args)]
pub struct ReportOptions {
    /// Reports to write, beside `json`, which a run always writes; `html,junit,json` unless given.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = formats())]
    pub format: Vec<String>,
    /// The CI server that gets its own reports as well; `auto` finds out.
    #[arg(long, value_name = "NAME", default_value = AUTO, value_parser = servers())]
    pub ci: String,
    /// JUnit that validates against the schema of Jenkins' xUnit plug-in.
    #[arg(long)]
    pub junit_strict: bool,
    /// Templates of the HTML report that stand in for the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub template: Option<PathBuf>,
}

/// `--ci` unless given: the CI server is known by its variables.
pub const AUTO: &str = "auto";

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

fn servers() -> PossibleValuesParser {
    let names = CIS.iter().map(|(_, name, _)| *name);
    PossibleValuesParser::new(std::iter::once(AUTO).chain(names).chain(["none"]))
}

/// What the command line changes in a suite; shown in every report.
#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// Users at the peak, of all scenarios together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    users: Option<u64>,
    /// Length of the load; stages keep their proportions.
    #[arg(long, value_name = "D")]
    duration: Option<Duration>,
    /// The step: a duration, `auto` or `asap`.
    #[arg(long, value_name = "D", value_parser = every)]
    every: Option<String>,
    /// Replays the randomness of a run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Take a plan that breaks the cooldowns all the same; its run is suspect.
    #[arg(long)]
    force: bool,
    /// A value for `{{ vars.NAME }}`.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = assignment)]
    vars: Vec<(String, String)>,
    /// A host that may be put under load.
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    allow: Vec<String>,
    /// Variables from this file instead of `.env`.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

impl OverrideArgs {
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            users: self.users,
            duration: self.duration,
            every: self.every.clone(),
            seed: self.seed,
            force: self.force,
            vars: self.vars.clone(),
            allow: self.allow.clone(),
        }
    }
}

fn every(text: &str) -> Result<String, String> {
    if !matches!(text, "auto" | "asap") {
        text.parse::<Duration>().map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    pub suite: PathBuf,
    /// A page for people, a document for programs, or a picture: a lane a resource, a colour a user.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub format: PlanFormat,
    /// Where to write it; standard output unless given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    Text,
    Json,
    Svg,
}

#[derive(Debug, Args)]
pub struct TryArgs {
    pub suite: PathBuf,
    /// The scenario to try; the first that acts unless given.
    #[arg(long)]
    pub scenario: Option<String>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Suite files, or folders with suites.
    #[arg(required = true)]
    pub suites: Vec<PathBuf>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The repository.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// The CI server, instead of the one that is found.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(SERVERS.iter().map(|server| server.name)))]
    pub ci: Option<String>,
}

#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Run the patterns burst, dedicated and rotate one after another, and show them side by side in `compare.html`.
    #[arg(long)]
    pub compare: bool,
    #[command(flatten)]
    pub how: How,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 4000)]
    pub port: u16,
    /// How long a lot rests after a bid.
    #[arg(long, alias = "cooldown", value_name = "D", default_value = "1s")]
    pub lot_cooldown: Duration,
    /// How long a user rests after a bid.
    #[arg(long, value_name = "D", default_value = "200ms")]
    pub user_cooldown: Duration,
    #[command(flatten)]
    pub faults: FaultArgs,
    /// How often the server pings.
    #[arg(long, value_name = "D", default_value = "25s")]
    pub ping_interval: Duration,
    /// How long it waits for the answer.
    #[arg(long, value_name = "D", default_value = "20s")]
    pub ping_timeout: Duration,
}

/// What the built-in target does wrong on purpose. Shares are of deliveries, each receiver by itself.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Faults")]
pub struct FaultArgs {
    /// Replays which deliveries are hit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    fault_seed: u64,
    /// Deliveries that are left out.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    drop: Percent,
    /// Deliveries that are made twice.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    duplicate: Percent,
    /// Of two deliveries of one lot within 50 ms, the later comes first.
    #[arg(long, value_name = "SHARE", default_value = "0%", num_args = 0..=1, default_missing_value = "50%")]
    reorder: Percent,
    /// Deliveries to users outside of the room, and of bids that were rejected.
    #[arg(long, value_name = "SHARE", default_value = "0%", num_args = 0..=1, default_missing_value = "10%")]
    leak: Percent,
    /// Deliveries come so much later.
    #[arg(long, value_name = "D..D")]
    delay: Option<Range>,
    /// A lot that has just taken a bid takes the next one, too.
    #[arg(long)]
    pub two_winners: bool,
    /// Bids that get no ack.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    no_ack: Percent,
    /// The server stands still, counted from the first user on.
    #[arg(long, value_name = "D@WHEN")]
    freeze: Option<Timed<Duration>>,
    /// Connections that the server closes, counted from the first user on.
    #[arg(long, value_name = "SHARE@WHEN")]
    disconnect: Option<Timed<Percent>>,
}

#[cfg(feature = "demo")]
impl FaultArgs {
    #[must_use]
    pub const fn faults(&self) -> Faults {
        Faults {
            seed: self.fault_seed,
            drop: self.drop,
            duplicate: self.duplicate,
            reorder: self.reorder,
            leak: self.leak,
            delay: self.delay,
            no_ack: self.no_ack,
            freeze: self.freeze,
            disconnect: self.disconnect,
        }
    }
}
