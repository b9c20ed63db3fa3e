//! From what the user named on the command line to suites that are read, and to plans.

use std::path::{Path, PathBuf};

use super::args::OverrideArgs;
use super::exit::Exit;
use super::{environment, screen};
use crate::plan::Overrides;
use crate::plan::compile::{Context, compile};
use crate::plan::{Plan, target};
use crate::secrets::Redactor;
use crate::suite::diagnostic;
use crate::suite::env::Environment;
use crate::suite::problem::{Path as Place, Problem, Problems};
use crate::suite::read::{Loaded, read};

/// A suite's text, and what relative paths in it are relative to.
#[derive(Debug, Clone)]
pub struct SuiteText {
    /// As the user named it.
    pub file: PathBuf,
    pub text: String,
}

/// A suite that was read, with everything a plan needs beside it.
#[derive(Debug)]
pub struct Ready {
    pub loaded: Loaded,
    folder: PathBuf,
}

/// The suites that the command line names, read with its environment and its overrides; or the problems, shown.
pub fn named(paths: &[PathBuf], arguments: &OverrideArgs) -> Result<Vec<Ready>, Exit> {
    let suites = find(paths).map_err(|problem| show(&Problems(vec![problem])))?;
    prepare_all(&suites, environment::read(arguments.env_file.as_deref()), &arguments.overrides())
}

/// The suites that were named: files as they are, folders with all their `.yaml` and `.yml`, in the order of their names.
fn find(named: &[PathBuf]) -> Result<Vec<SuiteText>, Problem> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let found = suites_in(path)?;
            if found.is_empty() {
                let what = format!("there is no suite in `{}`", path.display());
                return Err(Problem::error(what).help("suites end in .yaml or .yml"));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    files.into_iter().map(|file| text_of(&file).map(|text| SuiteText { file, text })).collect()
}

fn suites_in(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let unreadable = |error: std::io::Error| unreadable(folder, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn text_of(file: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::error(format!("`{}` cannot be read: {error}", path.display()))
        .help("name a suite file, or a folder with suites")
}

/// Reads a suite and compiles it once, so that every problem is known. `None` if some of them are errors.
pub fn prepare(
    suite: &SuiteText,
    environment: &Environment,
    overrides: &Overrides,
    problems: &mut Problems,
) -> Option<Ready> {
    let (loaded, mut found) = read(&suite.file, &suite.text, environment);
    let ready =
        loaded.map(|loaded| Ready { loaded, folder: suite.file.parent().unwrap_or(Path::new("")).to_path_buf() });
    if let Some(ready) = &ready {
        let (_, more) = ready.compile(overrides, None, 0);
        found.add_later(more);
        if cfg!(not(feature = "demo")) && ready.wants_built_in() {
            let what = "`demo` is the built-in target, and this build has none";
            let at = ready.loaded.source.at(&Place::root().key("target").key("url"));
            found.push(Problem::error(what).help("write a URL, or build with the default feature `demo`").at(at));
        }
    }
    found.sort();
    if let Some(ready) = &ready {
        redact(&mut found, &Redactor::new(&ready.loaded.secrets));
    }
    let failed = found.has_errors();
    problems.extend(found);
    ready.filter(|_| !failed)
}

impl Ready {
    /// The plan, against the built-in target where that is meant and runs at `built_in`.
    pub fn compile(&self, overrides: &Overrides, built_in: Option<&str>, seed: u64) -> (Option<Plan>, Problems) {
        let files = |name: &str| std::fs::read(self.folder.join(name)).map_err(|error| error.to_string());
        compile(&self.loaded, &Context { overrides, files: &files, built_in, seed })
    }

    /// Does the suite want the built-in target?
    #[must_use]
    pub fn wants_built_in(&self) -> bool {
        self.loaded.suite.target.url == target::BUILT_IN
    }

    /// The suite file as the user named it.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.loaded.source.file()
    }

    /// A file that the suite names, as bytes.
    pub fn bytes(&self, name: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.folder.join(name))
    }
}

/// Lines of the file are shown with a problem, and a suite may hold a secret that also stands in the environment.
fn redact(problems: &mut Problems, redactor: &Redactor) {
    for problem in &mut problems.0 {
        problem.what = redactor.redact(&problem.what).into_owned();
        problem.help = problem.help.as_deref().map(|help| redactor.redact(help).into_owned());
        if let Some(location) = &mut problem.location {
            location.text = redactor.redact(&location.text).into_owned();
        }
    }
}

/// Shows problems; the exit code that they come to.
pub fn show(problems: &Problems) -> Exit {
    if !problems.is_empty() {
        screen::note(&diagnostic::render(problems, screen::colour() && screen::is_watched()));
    }
    if problems.has_errors() { Exit::Suite } else { Exit::Ok }
}

/// All suites, read; or the problems, shown.
pub fn prepare_all(
    suites: &[SuiteText],
    environment: (Environment, Problems),
    overrides: &Overrides,
) -> Result<Vec<Ready>, Exit> {
    let (environment, mut problems) = environment;
    let ready: Vec<Option<Ready>> =
        suites.iter().map(|suite| prepare(suite, &environment, overrides, &mut problems)).collect();
    same_names(&ready, &mut problems);
    match show(&problems) {
        Exit::Ok => Ok(ready.into_iter().flatten().collect()),
        exit => Err(exit),
    }
}

/// Two suites of one name would write their reports over each other.
fn same_names(suites: &[Option<Ready>], problems: &mut Problems) {
    let mut seen = std::collections::HashMap::new();
    for ready in suites.iter().flatten() {
        let name = ready.loaded.suite.name.as_str();
        if let Some(first) = seen.insert(name, ready.file()) {
            let place = ready.loaded.source.at(&crate::suite::problem::Path::root().key("name"));
            let what =
                format!("`{}` has the name `{name}` too, and its reports would go to the same folder", first.display());
            problems.push(Problem::error(what).help("give each suite a name of its own").at(place));
        }
    }
}
