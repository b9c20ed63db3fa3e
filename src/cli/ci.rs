//! What a CI server is told beside the reports in their files: a log that folds, the summary of the job, what went wrong on
//! its line of the suite, and the outputs of the step. What cannot be told is said and is no failure of the run.

use std::collections::hash_map::RandomState;
use std::fs::{self, OpenOptions};
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::path::{Component, Path};

use super::environment::variable;
use super::exit::Exit;
use super::output::Output;
use super::screen;
use super::step::StepOutputs;
use crate::report::annotations::{self, Annotation};
use crate::report::fold::Fold;
use crate::report::{Ci, github};
use crate::suite::problem::Problems;
use crate::verdict::Outcome;

/// Shows what is told of a run in the log.
pub fn show(outcome: &Outcome, output: &Output, text: &str) {
    let began = humantime::parse_rfc3339(&outcome.run.started)
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_secs());
    let ended = began + (outcome.run.duration.as_secs_f64() as u64);
    // Nobody who writes into this log can know it: the program draws it anew for every text.
    let word = format!("{:016x}", RandomState::new().hash_one(&outcome.run.id));
    let fold = Fold::of(outcome, output.ci, began, ended).deaf(output.ci, &word);
    screen::print(&format!("{}{text}{}", fold.before, fold.after));
}

/// Adds a run to the summary of the job.
pub fn summarize(outcome: &Outcome, output: &Output) {
    let Some(file) = given(output, "GITHUB_STEP_SUMMARY") else { return };
    let taken = fs::metadata(&file).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
    let text = github::fitting(outcome, github::LIMIT.saturating_sub(taken));
    append(&file, &text);
}

/// Says what went wrong in all suites, and sets the outputs of the step. Nothing is left of `outcomes` when the suites
/// could not be read.
pub fn conclude(outcomes: &[Outcome], output: &Output, exit: Exit) {
    if output.ci != Some(Ci::GitHub) {
        return;
    }
    let found: Vec<Annotation> = outcomes.iter().flat_map(annotations::of).map(in_repository).collect();
    screen::print(&annotations::commands(&found));
    if let Some(file) = given(output, "GITHUB_OUTPUT") {
        append(&file, &StepOutputs::of(outcomes, &output.folder, exit).lines());
    }
}

/// Says what is wrong with suites, beside their lines.
pub fn point_at(problems: &Problems, ci: Option<Ci>) {
    if ci == Some(Ci::GitHub) {
        let found: Vec<Annotation> = annotations::of_problems(problems).into_iter().map(in_repository).collect();
        screen::print(&annotations::commands(&found));
    }
}

/// Where the page of a run can be opened when the job has ended, as far as the server says it.
#[must_use]
pub fn report_url(ci: Option<Ci>, folder: &Path) -> Option<String> {
    match ci? {
        Ci::GitHub => {
            let names = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"];
            let [server, repository, run] = names.map(variable);
            Some(format!("{}/{}/actions/runs/{}#artifacts", server?, repository?, run?))
        }
        Ci::GitLab => artifact(&variable("CI_JOB_URL")?, variable("CI_PROJECT_DIR").as_deref(), folder),
    }
}

/// The page in the artifacts of a GitLab job; `None` where the folder is not in the project's.
fn artifact(job: &str, project: Option<&str>, folder: &Path) -> Option<String> {
    let inside = if folder.is_absolute() { folder.strip_prefix(project?).ok()? } else { folder };
    let mut url = url::Url::parse(job).ok()?;
    let mut parts = url.path_segments_mut().ok()?;
    parts.extend(["artifacts", "file"]);
    for part in inside.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => &mut parts,
            _ => return None,
        };
    }
    parts.push("report.html");
    drop(parts);
    Some(url.into())
}

/// GitHub shows an annotation where its file is named from the root of the repository.
fn in_repository(mut annotation: Annotation) -> Annotation {
    let inside = |root: String| {
        let root = fs::canonicalize(root).ok()?;
        let file = fs::canonicalize(&annotation.file).ok()?;
        Some(file.strip_prefix(root).ok()?.to_str()?.to_owned())
    };
    if let Some(file) = variable("GITHUB_WORKSPACE").and_then(inside) {
        annotation.file = file;
    }
    annotation
}

/// The file that GitHub names in a variable, in its own jobs.
fn given(output: &Output, name: &str) -> Option<String> {
    variable(name).filter(|file| output.ci == Some(Ci::GitHub) && !file.is_empty())
}

fn append(file: &str, text: &str) {
    let written =
        OpenOptions::new().append(true).create(true).open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = written {
        screen::note(&format!("`{file}` was not written: {error}; the reports themselves are\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(project: Option<&str>, folder: &str, expected: Option<&str>) {
        let job = "https://gitlab.example/group/shop/-/jobs/7";
        let found = artifact(job, project, Path::new(folder));
        assert_eq!(found, expected.map(|rest| format!("{job}/artifacts/file/{rest}")), "{folder}");
    }

    #[test]
    fn a_page_is_among_the_artifacts_where_it_is_in_the_project() {
        check(None, "out/auction", Some("out/auction/report.html"));
        check(None, "./out/a b", Some("out/a%20b/report.html"));
        check(Some("/builds/shop"), "/builds/shop/out/auction", Some("out/auction/report.html"));
        check(Some("/builds/shop"), "/tmp/out", None);
        check(None, "/tmp/out", None);
        check(None, "../out", None);
    }
}
