//! Folders of suites, and folders of stages: `10-smoke`, `20-load`, `30-soak`, each begun only if the last has passed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::load::SuiteText;
use crate::suite::problem::Problem;

/// One stage of a folder of stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The folder that holds the stages.
    pub folder: PathBuf,
    /// As `20-load`.
    pub name: String,
}

/// The suites that were named: files as they are, folders with all their `.yaml` and `.yml` in the order of their names,
/// folders of stages with all their stages in order.
pub fn find(named: &[PathBuf]) -> Result<Vec<SuiteText>, Problem> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() { found.extend(in_folder(path)?) } else { found.push((path.clone(), None)) }
    }
    found.into_iter().map(|(file, stage)| text_of(&file).map(|text| SuiteText { file, text, stage })).collect()
}

fn in_folder(folder: &Path) -> Result<Vec<(PathBuf, Option<Stage>)>, Problem> {
    let (suites, stages) = entries(folder)?;
    if stages.is_empty() {
        return Ok(not_none(folder, suites)?.into_iter().map(|suite| (suite, None)).collect());
    }
    if let Some(beside) = suites.first() {
        let what = format!("`{}` has stages, and `{}` is in none of them", folder.display(), beside.display());
        return Err(Problem::error(what).help("put the suite into a stage, or name suite files instead of the folder"));
    }
    let mut found = Vec::new();
    for name in stages {
        let path = folder.join(&name);
        let stage = Stage { folder: folder.to_path_buf(), name };
        found.extend(not_none(&path, entries(&path)?.0)?.into_iter().map(|suite| (suite, Some(stage.clone()))));
    }
    Ok(found)
}

/// A folder without any suite is a mistake.
fn not_none(folder: &Path, suites: Vec<PathBuf>) -> Result<Vec<PathBuf>, Problem> {
    if suites.is_empty() {
        let what = format!("there is no suite in `{}`", folder.display());
        return Err(Problem::error(what).help("suites end in .yaml or .yml"));
    }
    Ok(suites)
}

/// The suites of a folder, and its stages by their names, both in order.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>), Problem> {
    let unreadable = |error: std::io::Error| unreadable(folder, &error);
    let (mut suites, mut stages) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            suites.push(path);
        } else if path.is_dir()
            && let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_stage(name))
        {
            stages.push(name.to_owned());
        }
    }
    suites.sort();
    stages.sort();
    Ok((suites, stages))
}

/// Two digits, a dash and a name.
fn is_stage(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > 3 && bytes[..2].iter().all(u8::is_ascii_digit) && bytes[2] == b'-'
}

fn text_of(file: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::error(format!("`{}` cannot be read: {error}", path.display()))
        .help("name a suite file, or a folder with suites")
}

/// Which stages have not passed: the first of each folder.
#[derive(Debug, Default)]
pub struct Failed(HashMap<PathBuf, String>);

impl Failed {
    /// A suite of this stage did not pass.
    pub fn note(&mut self, stage: Option<&Stage>) {
        if let Some(stage) = stage {
            self.0.entry(stage.folder.clone()).or_insert_with(|| stage.name.clone());
        }
    }

    /// Why a suite of this stage is not run; `None` if it may be. All suites of one stage are run.
    #[must_use]
    pub fn before(&self, stage: Option<&Stage>) -> Option<String> {
        let stage = stage?;
        let failed = self.0.get(&stage.folder).filter(|failed| **failed != stage.name)?;
        Some(format!("the stage `{failed}` did not pass"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_have_two_digits() {
        for name in ["10-smoke", "00-x", "99-load-test"] {
            assert!(is_stage(name), "{name}");
        }
        for name in ["smoke", "1-smoke", "100-smoke", "10_smoke", "10-", "", "ab-c", "1é-x"] {
            assert!(!is_stage(name), "{name}");
        }
    }

    #[test]
    fn what_failed_holds_up_later_stages_of_its_own_folder() {
        let stage = |folder: &str, name: &str| Some(Stage { folder: folder.into(), name: name.into() });
        let mut failed = Failed::default();
        assert_eq!(failed.before(stage("a", "20-load").as_ref()), None);
        failed.note(None);
        failed.note(stage("a", "10-smoke").as_ref());
        failed.note(stage("a", "20-load").as_ref());
        assert_eq!(failed.before(stage("a", "10-smoke").as_ref()), None, "its own stage goes on");
        let why = failed.before(stage("a", "20-load").as_ref());
        assert_eq!(why.as_deref(), Some("the stage `10-smoke` did not pass"));
        assert_eq!(failed.before(stage("b", "20-load").as_ref()), None, "another folder");
        assert_eq!(failed.before(None), None);
    }
}
