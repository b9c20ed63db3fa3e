//! From what the user named on the command line to suites that are read, and to plans.

use std::path::{Path, PathBuf};

use super::args::OverrideArgs;
use super::exit::Exit;
use super::stage::{self, Stage};
use super::{ci, environment, screen};
use crate::plan::Overrides;
use crate::plan::compile::{Context, compile};
use crate::plan::{Plan, target};
use crate::report::Ci;
use crate::secrets::Redactor;
use crate::suite::diagnostic;
use crate::suite::env::Environment;
use crate::suite::problem::{Path as Place, Problem, Problems};
use crate::suite::read::{Loaded, read};
use crate::units::Duration;

/// A suite's text, and what relative paths in it are relative to.
#[derive(Debug, Clone)]
pub struct SuiteText {
    /// As the user named it.
    pub file: PathBuf,
    pub text: String,
    /// The stage it belongs to, in a folder of stages.
    pub stage: Option<Stage>,
}

/// A suite that was read, with everything a plan needs beside it.
#[derive(Debug)]
pub struct Ready {
    pub loaded: Loaded,
    pub stage: Option<Stage>,
    /// How long its plan takes.
    pub planned: Duration,
    /// Is it known where the target is? Not so where the variable with its address is missing and may be.
    pub has_target: bool,
    folder: PathBuf,
}

/// What stands in for a target that is not known. Nobody connects to it: a suite whose variables may be missing is not run.
const NOWHERE: &str = "http://127.0.0.1";

/// A suite that was looked at: what could be read of it, and what is wrong with it.
#[derive(Debug)]
pub struct Prepared {
    pub ready: Option<Ready>,
    pub problems: Problems,
}

/// The suites that the command line names, read with its environment and its overrides; or the problems, shown.
pub fn named(paths: &[PathBuf], arguments: &OverrideArgs, ci: Option<Ci>) -> Result<Vec<Ready>, Exit> {
    let suites = stage::find(paths).map_err(|problem| show(&Problems(vec![problem]), ci))?;
    prepare_all(&suites, environment::read(arguments.env_file.as_deref()), &arguments.overrides(), ci)
}

/// Reads a suite and compiles it once, so that every problem is known.
pub fn prepare(suite: &SuiteText, environment: &Environment, overrides: &Overrides) -> Prepared {
    let (loaded, mut problems) = read(&suite.file, &suite.text, environment);
    let mut ready = loaded.map(|loaded| Ready {
        loaded,
        stage: suite.stage.clone(),
        planned: Duration::ZERO,
        has_target: true,
        folder: suite.file.parent().unwrap_or(Path::new("")).to_path_buf(),
    });
    if let Some(ready) = &mut ready {
        if environment.may_lack() && ready.loaded.suite.target.url.contains("${") {
            ready.has_target = false;
            NOWHERE.clone_into(&mut ready.loaded.suite.target.url);
        }
        let (plan, more) = ready.compile(overrides, None, 0);
        ready.planned = plan.map_or(Duration::ZERO, |plan| plan.duration);
        problems.add_later(more);
        if cfg!(not(feature = "demo")) && ready.wants_built_in() {
            let what = "`demo` is the built-in target, and this build has none";
            let at = ready.loaded.source.at(&Place::root().key("target").key("url"));
            problems.push(Problem::error(what).help("write a URL, or build with the default feature `demo`").at(at));
        }
    }
    problems.sort();
    if let Some(ready) = &ready {
        redact(&mut problems, &Redactor::new(&ready.loaded.secrets));
    }
    Prepared { ready, problems }
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

/// Shows problems, on GitHub also beside their lines; the exit code that they come to.
pub fn show(problems: &Problems, ci: Option<Ci>) -> Exit {
    if !problems.is_empty() {
        screen::note(&diagnostic::render(problems, screen::colour() && screen::is_watched()));
        ci::point_at(problems, ci);
    }
    if problems.has_errors() { Exit::Suite } else { Exit::Ok }
}

/// All suites, read; or the problems, shown.
pub fn prepare_all(
    suites: &[SuiteText],
    (environment, problems): (Environment, Problems),
    overrides: &Overrides,
    ci: Option<Ci>,
) -> Result<Vec<Ready>, Exit> {
    settle(suites.iter().map(|suite| prepare(suite, &environment, overrides)).collect(), problems, ci)
}

/// The suites if all is well with all of them; or the problems, shown, the earlier ones among them.
pub fn settle(prepared: Vec<Prepared>, mut problems: Problems, ci: Option<Ci>) -> Result<Vec<Ready>, Exit> {
    let mut suites = Vec::new();
    for Prepared { ready, problems: found } in prepared {
        suites.extend(ready.filter(|_| !found.has_errors()));
        problems.extend(found);
    }
    same_names(&suites, &mut problems);
    match show(&problems, ci) {
        Exit::Ok => Ok(suites),
        exit => Err(exit),
    }
}

/// Two suites of one name would write their reports over each other.
fn same_names(suites: &[Ready], problems: &mut Problems) {
    let mut seen = std::collections::HashMap::new();
    for ready in suites {
        let name = ready.loaded.suite.name.as_str();
        if let Some(first) = seen.insert(name, ready.file()) {
            let place = ready.loaded.source.at(&Place::root().key("name"));
            let what =
                format!("`{}` has the name `{name}` too, and its reports would go to the same folder", first.display());
            problems.push(Problem::error(what).help("give each suite a name of its own").at(place));
        }
    }
}
