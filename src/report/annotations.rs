//! What went wrong, each thing on its line of the suite: workflow commands that GitHub shows beside the code.

use crate::metrics::number::counted;
use crate::report::invariants;
use crate::report::untrusted::{for_command, for_command_property, one_line};
use crate::suite::problem::{Problem, Problems, Severity};
use crate::verdict::Outcome;
use crate::verdict::outcome::{CheckResult, InvariantResult, Judged, Status, ThresholdResult, Validity};

/// GitHub keeps ten of each level a step, and the tenth says how many more there are.
pub const MOST: usize = 9;
/// GitHub cuts a message behind 4,096 characters.
const MESSAGE: usize = 4_000;

/// How serious it is, in GitHub's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One thing to say of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub level: Level,
    /// Relative to the root of the repository.
    pub file: String,
    pub line: usize,
    /// From 1; `None` for the whole line.
    pub column: Option<usize>,
    pub title: String,
    pub message: String,
}

/// All that there is to say of a run, what matters most first.
#[must_use]
pub fn of(outcome: &Outcome) -> Vec<Annotation> {
    let at = |level, title: &str, file: &str, line, message: String| Annotation {
        level,
        file: file.to_owned(),
        line,
        column: None,
        title: format!("{}: {title}", outcome.suite.name),
        message,
    };
    let suite = &outcome.suite;
    let mut found = Vec::new();
    if let Some((level, title)) = of_run(outcome) {
        let reasons = outcome.verdict.reasons.iter().map(|reason| format!("\n- {}", one_line(reason)));
        let message = format!("{}{}", one_line(&outcome.verdict.sentence), reasons.collect::<String>());
        found.push(at(level, title, &suite.file, suite.line, message));
    }
    for judged in &outcome.thresholds {
        if let Some((level, title)) = of_threshold(judged) {
            found.push(at(level, title, &judged.file, judged.line, one_line(&said(judged)).into_owned()));
        }
    }
    for row in &outcome.invariants {
        let title = match row.result {
            InvariantResult::Held | InvariantResult::NotJudged => continue,
            InvariantResult::Broken => "invariant does not hold",
            InvariantResult::NoData => "invariant was never seen to hold",
        };
        found.push(at(Level::Error, title, &row.file, row.line, one_line(&invariants::message(row)).into_owned()));
    }
    for check in &outcome.checks {
        let title = match check.result {
            CheckResult::True | CheckResult::NotJudged => continue,
            CheckResult::False => "check after the run is false",
            CheckResult::Error => "check after the run could not be asked",
        };
        found.push(at(Level::Error, title, &suite.file, check.line, one_line(&check.complaint()).into_owned()));
    }
    found.sort_by_key(|annotation| Level::ALL.iter().position(|level| *level == annotation.level));
    found
}

/// What is wrong with suites, where a line can be blamed for it.
#[must_use]
pub fn of_problems(problems: &Problems) -> Vec<Annotation> {
    let at = |problem: &Problem| {
        let place = problem.location.as_ref()?;
        let help = problem.help.as_deref().map_or_else(String::new, |help| format!("\n{}", one_line(help)));
        Some(Annotation {
            level: if problem.severity == Severity::Error { Level::Error } else { Level::Warning },
            file: place.file.display().to_string(),
            line: place.line,
            column: Some(place.column),
            title: "suite".to_owned(),
            message: format!("{}{help}", one_line(&problem.what)),
        })
    };
    problems.0.iter().filter_map(at).collect()
}

/// What there is to say of the run itself; `None` where its thresholds say it.
const fn of_run(outcome: &Outcome) -> Option<(Level, &'static str)> {
    match (outcome.verdict.status, outcome.verdict.validity) {
        (Status::Unreachable, _) => Some((Level::Error, "nothing was measured")),
        (Status::Invalid, _) => Some((Level::Error, "the run cannot judge the server")),
        (Status::Interrupted, _) => Some((Level::Error, "the run was interrupted")),
        (Status::Skipped, _) => Some((Level::Notice, "not run")),
        (Status::Pass | Status::Fail, Validity::Suspect) => Some((Level::Warning, "the run is suspect")),
        (Status::Pass | Status::Fail, _) => None,
    }
}

const fn of_threshold(judged: &Judged) -> Option<(Level, &'static str)> {
    let level = if judged.warn_only { Level::Warning } else { Level::Error };
    match judged.result {
        ThresholdResult::Broken => Some((level, "threshold not met")),
        ThresholdResult::NoData => Some((level, "threshold without data")),
        ThresholdResult::Met | ThresholdResult::NotJudged => None,
    }
}

fn said(judged: &Judged) -> String {
    let few = if judged.too_few_samples { ", too few" } else { "" };
    let samples = counted(judged.samples, "sample");
    format!("{}: observed {} ({samples}{few})", judged.name, judged.observed_text)
}

/// The commands, a line each, of all suites of a step together: GitHub's limit is of the step.
#[must_use]
pub fn commands(annotations: &[Annotation]) -> String {
    let mut text = String::new();
    for level in Level::ALL {
        let those: Vec<&Annotation> = annotations.iter().filter(|annotation| annotation.level == level).collect();
        those.iter().take(MOST).for_each(|annotation| text.push_str(&command(annotation)));
        if those.len() > MOST {
            let more = those.len() - MOST;
            text.push_str(&format!(
                "::{} title=cotillion::and {more} more: see the log and the report\n",
                level.word()
            ));
        }
    }
    text
}

fn command(annotation: &Annotation) -> String {
    let message: String = annotation.message.chars().take(MESSAGE).collect();
    let column = annotation.column.map_or_else(String::new, |column| format!(",col={column}"));
    format!(
        "::{} file={},line={}{column},title={}::{}\n",
        annotation.level.word(),
        for_command_property(&annotation.file),
        annotation.line,
        for_command_property(&annotation.title),
        for_command(&message)
    )
}
