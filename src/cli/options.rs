//! Options that also come from the environment: `--out` is `COTILLION_OUT`, `--skip-tags` is `COTILLION_SKIP_TAGS`. The
//! command line wins over the environment, and the environment over what is built in.

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, CommandFactory as _, FromArgMatches as _, Id};

use super::args::{CommandLine, OverrideArgs};
use super::environment::{self, variable};
use super::screen;

/// What the variables of options begin with.
const PREFIX: &str = "COTILLION_";

/// Options of `run` that no variable sets: values of the suite's own variables may be secrets, and a suite reads the
/// environment itself; and what only asks for something to be printed.
const NEVER: &[&str] = &["var", "print-config", "help", "version"];

/// The one option of which an empty variable says something: off.
const MEANT_WHEN_EMPTY: &str = "enabled";

/// The command line as it was given, and where each option of it comes from.
#[derive(Debug)]
pub(super) struct Parsed {
    pub line: CommandLine,
    pub options: Options,
}

/// Every option of the command, in the order of its help.
#[derive(Debug, Clone)]
pub(super) struct Options(pub(super) Vec<Given>);

/// An option with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// As it is written on the command line, without the dashes.
    pub name: String,
    /// As it was given, several with commas between them; empty where there is none.
    pub value: String,
    pub from: From,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    CommandLine,
    /// The variable.
    Environment(String),
    BuiltIn,
}

/// Reads the command line and the environment. Ends the process where they are wrong (exit code 2), or where somebody only
/// asks for help.
#[must_use]
pub(super) fn parse() -> Parsed {
    let mut command = command();
    let matches =
        command.try_get_matches_from_mut(std::env::args_os()).unwrap_or_else(|error| refuse(&command, &error));
    let line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| refuse(&command, &error));
    let Some((name, of_command)) = matches.subcommand() else { return Parsed { line, options: Options(Vec::new()) } };
    let asked = command.find_subcommand(name);
    let known: Vec<String> = asked.into_iter().flat_map(Command::get_arguments).filter_map(variable_of).collect();
    if name == "run" {
        environment::names().filter_map(|name| misspelt(&name, &known)).for_each(|told| screen::note(&told));
    }
    let options = options(asked, of_command);
    Parsed { line, options }
}

/// The command line, with the variables of its options.
#[must_use]
pub(super) fn command() -> Command {
    let of_suites: Vec<Id> =
        OverrideArgs::augment_args(Command::new("")).get_arguments().map(|arg| arg.get_id().clone()).collect();
    CommandLine::command().mut_subcommands(|command| {
        // What the others have of their own (`plan --format`) means something else, and so does `report --out`: the variable
        // names the folder that a run writes to.
        let name = command.get_name().to_owned();
        let has_variable = |arg: &Arg| match name.as_str() {
            "run" | "demo" => true,
            "report" => arg.get_long() != Some("out"),
            _ => of_suites.contains(arg.get_id()),
        };
        command.mut_args(|arg| if has_variable(&arg) { with_variable(arg) } else { arg })
    })
}

/// The options of `run` for the documentation: name, variable, default, meaning; in the order of the help.
#[must_use]
pub fn table() -> Vec<[String; 4]> {
    let command = command();
    let arguments = command.find_subcommand("run").into_iter().flat_map(Command::get_arguments);
    let shown = arguments.filter_map(|arg| Some((arg, arg.get_long()?)));
    shown
        .map(|(arg, name)| {
            let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
            let value = value.into_iter().flatten().map(|value| format!(" {value}")).collect::<String>();
            let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            let default = default.join(",");
            let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
            [format!("--{name}{value}"), variable_of(arg).unwrap_or_default(), default, about]
        })
        .collect()
}

/// The variable of an option, if it has one.
#[must_use]
pub(super) fn variable_of(arg: &Arg) -> Option<String> {
    let name = arg.get_long().filter(|name| !NEVER.contains(name))?;
    Some(format!("{PREFIX}{}", name.to_uppercase().replace('-', "_")))
}

fn with_variable(arg: Arg) -> Arg {
    let Some(name) = variable_of(&arg) else { return arg };
    let is_empty = variable(&name).is_some_and(|value| value.is_empty());
    if is_empty && arg.get_long() != Some(MEANT_WHEN_EMPTY) {
        return arg;
    }
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    arg.env(name).hide_env(true)
}

/// Shows what is wrong, and which variables had a part in it: clap speaks of the option only.
fn refuse(command: &Command, error: &clap::Error) -> ! {
    if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let all = command.get_subcommands().flat_map(Command::get_arguments).filter_map(variable_of);
        let mut set: Vec<String> = all.filter(|name| variable(name).is_some()).collect();
        set.sort();
        set.dedup();
        if !set.is_empty() {
            screen::note(&format!("options are also read from the environment, and set there is {}\n", set.join(", ")));
        }
    }
    error.exit()
}

/// What to say of a variable that is nearly one of an option: a toggle that is misspelt would silently do nothing.
fn misspelt(name: &str, known: &[String]) -> Option<String> {
    let rest = name.strip_prefix(PREFIX).filter(|_| !known.iter().any(|known| known == name))?;
    let most = if rest.len() < 6 { 1 } else { 2 };
    let near = |known: &&String| strsim::damerau_levenshtein(name, known) <= most;
    let meant = known.iter().find(near)?;
    Some(format!("note: no option is read from `{name}`; did you mean `{meant}`?\n"))
}

fn options(command: Option<&Command>, matches: &ArgMatches) -> Options {
    let arguments = command.into_iter().flat_map(Command::get_arguments);
    let shown = arguments.filter(|arg| arg.get_long().is_some_and(|name| name != "help" && name != "version"));
    Options(shown.map(|arg| given(arg, matches)).collect())
}

fn given(arg: &Arg, matches: &ArgMatches) -> Given {
    let id = arg.get_id().as_str();
    let name = arg.get_long().unwrap_or(id).to_owned();
    let raw = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
    // `--var` may hold what nobody is to see.
    let hidden = |value: String| match value.split_once('=') {
        Some((variable, _)) if name == "var" => format!("{variable}=…"),
        _ => value,
    };
    let value = raw.map(hidden).collect::<Vec<_>>().join(",");
    let from = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => From::CommandLine,
        Some(ValueSource::EnvVariable) => From::Environment(variable_of(arg).unwrap_or_default()),
        _ => From::BuiltIn,
    };
    Given { name, value, from }
}

impl Options {
    /// How an option was given, for a sentence: `--enabled false` or `COTILLION_ENABLED=false`.
    #[must_use]
    pub(super) fn words(&self, name: &str) -> String {
        let given = self.0.iter().find(|given| given.name == name);
        match given.map(|given| (given.value.trim(), &given.from)) {
            Some((value, From::Environment(variable))) => format!("{variable}={value}"),
            Some((value, _)) if !value.is_empty() => format!("--{name} {value}"),
            _ => format!("--{name} \"\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn variables_that_are_nearly_right_are_told() {
        let known = ["COTILLION_ENABLED", "COTILLION_CI", "COTILLION_TAGS"].map(str::to_owned);
        for (name, meant) in [
            ("COTILLION_ENABLE", Some("COTILLION_ENABLED")),
            ("COTILLION_TAG", Some("COTILLION_TAGS")),
            ("COTILLION_ENABLED", None),
            ("COTILLION_BIN", None),
            ("COTILLION_INTEROP", None),
            ("ENABLED", None),
        ] {
            let told = misspelt(name, &known);
            assert_eq!(told.is_some(), meant.is_some(), "{name}: {told:?}");
            assert!(told.is_none_or(|told| meant.is_some_and(|meant| told.contains(&format!("mean `{meant}`")))));
        }
    }

    #[test]
    fn every_option_of_run_has_a_variable_of_its_own() {
        let command = command();
        let run = command.find_subcommand("run").expect("there is `run`");
        let mut names: Vec<String> = run.get_arguments().filter_map(variable_of).collect();
        let mut without: Vec<&str> =
            run.get_arguments().filter(|arg| variable_of(arg).is_none()).filter_map(Arg::get_long).collect();
        without.sort_unstable();
        assert_eq!(without, ["print-config", "var"]);
        assert!(names.contains(&"COTILLION_SKIP_TAGS".to_owned()), "{names:?}");
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
