//! `cotillion report`: writes reports again, from what a run left.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::ReportOptions;
use super::exit::Exit;
use super::output::Output;
use super::{files, overview, screen};
use crate::report::index_page::Listed;
use crate::report::json;
use crate::verdict::Outcome;

/// The record of a run: what reports are written from.
const RECORD: &str = "results.json";

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder that was `--out` of a run, the folder of one suite in it, or a `results.json`.
    #[arg(value_name = "DIR", default_value = "cotillion-report")]
    pub from: PathBuf,
    /// Where reports go: a folder for each suite below it; unless given, to where the `results.json` is.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub reports: ReportOptions,
}

pub fn report(args: &ReportArgs) -> Exit {
    let out = args.out.clone().unwrap_or_else(|| args.from.clone());
    let output = match Output::of(out, &args.reports) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let found: Result<Vec<_>, String> =
        records(&args.from).and_then(|records| records.iter().map(|path| read(path)).collect());
    let outcomes = match found {
        Ok(outcomes) => outcomes,
        Err(error) => {
            screen::note(&format!("{error}\n"));
            return Exit::Usage;
        }
    };
    write(&outcomes, &output, args.out.is_some())
}

/// All that can be written is written, with a page over several suites as their run wrote it.
fn write(outcomes: &[(PathBuf, Outcome)], output: &Output, elsewhere: bool) -> Exit {
    let mut exit = Exit::Ok;
    let mut listed: Vec<(&Outcome, String)> = Vec::new();
    for (record, outcome) in outcomes {
        let home = record.parent().unwrap_or(Path::new(""));
        let folder = if elsewhere { output.folder_of(&outcome.suite.name) } else { home.to_path_buf() };
        let mut output = output.clone();
        if folder == home {
            // The record stays as the run wrote it, which may have been a newer version with more in it.
            output.formats.retain(|format| format.file != RECORD);
        }
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        listed.push((outcome, name));
        match files::write_into(&folder, outcome, &output) {
            Ok(written) => {
                let names: Vec<String> = written.iter().map(|path| format!("{}\n", path.display())).collect();
                screen::print(&names.concat());
            }
            Err(error) => {
                screen::note(&format!("{error}\n"));
                exit = Exit::Internal;
            }
        }
    }
    if listed.len() > 1 {
        // As they ran.
        listed.sort_by_key(|(outcome, _)| (&outcome.run.started, &outcome.suite.file));
        let listed: Vec<Listed<'_>> = listed.iter().map(|(outcome, folder)| Listed { outcome, folder }).collect();
        overview::page(&listed, output);
    }
    exit
}

/// The records at a path: the file itself, the one in the folder, or those in the folders in it, in the order of their names.
fn records(from: &Path) -> Result<Vec<PathBuf>, String> {
    if from.is_file() {
        return Ok(vec![from.to_path_buf()]);
    }
    let unreadable = |error: std::io::Error| {
        format!("`{}` cannot be read: {error}; name the folder that a run left its reports in", from.display())
    };
    let record = from.join(RECORD);
    if record.is_file() {
        return Ok(vec![record]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let record = entry.map_err(unreadable)?.path().join(RECORD);
        if record.is_file() {
            found.push(record);
        }
    }
    found.sort();
    if found.is_empty() {
        let what = format!("there is no {RECORD} in `{}`, nor in a folder in it", from.display());
        return Err(format!("{what}; name the folder that a run left its reports in"));
    }
    Ok(found)
}

fn read(record: &Path) -> Result<(PathBuf, Outcome), String> {
    let text = fs::read_to_string(record).map_err(|error| format!("`{}` cannot be read: {error}", record.display()))?;
    let outcome = json::read(&text).map_err(|error| format!("`{}`: {error}", record.display()))?;
    Ok((record.to_path_buf(), outcome))
}
