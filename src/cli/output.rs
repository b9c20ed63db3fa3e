//! What is written, where, and how it looks: settled once, before anything runs.

use std::path::PathBuf;

use super::args::{AUTO, ReportOptions};
use super::environment::variable;
use super::exit::Exit;
use super::{screen, templates};
use crate::report::ci::CIS;
use crate::report::{Ci, FORMATS, Format, Look, Written};

/// The reports of this call.
#[derive(Debug, Clone)]
pub struct Output {
    /// `--out`: each suite has a folder of its own below it.
    pub folder: PathBuf,
    /// What is written, in the order of [`FORMATS`].
    pub formats: Vec<&'static Format>,
    pub look: Look,
    /// The CI server whose job this is.
    pub ci: Option<Ci>,
}

impl Output {
    /// As the command line says. The error has been shown.
    pub fn of(folder: PathBuf, options: &ReportOptions) -> Result<Self, Exit> {
        let ci = server(&options.ci);
        let templates = options.template.as_deref().map(templates::read).transpose().map_err(|error| {
            screen::note(&format!("{error}\n"));
            Exit::Suite
        })?;
        let look = Look { templates: templates.unwrap_or_default(), junit_strict: options.junit_strict };
        Ok(Self { folder, formats: chosen(&options.format, ci), look, ci })
    }

    /// Where the reports of a suite go.
    #[must_use]
    pub fn folder_of(&self, suite: &str) -> PathBuf {
        self.folder.join(suite)
    }
}

/// `--ci` with `auto` found out.
fn server(name: &str) -> Option<Ci> {
    if name == AUTO {
        return Ci::detect(variable);
    }
    CIS.iter().find(|(_, known, _)| *known == name).map(|(ci, ..)| *ci)
}

/// What `--format` names, or what is always written; `json`, the record of a run, in any case; and what only that CI server
/// reads.
fn chosen(named: &[String], ci: Option<Ci>) -> Vec<&'static Format> {
    let is_chosen = |format: &&Format| {
        let by_name = if named.is_empty() {
            format.written == Written::Always
        } else {
            named.iter().any(|name| name == format.name)
        };
        by_name || format.name == "json" || ci.is_some_and(|ci| format.written == Written::In(ci))
    };
    FORMATS.iter().filter(is_chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_named_and_the_record() {
        let check = |named: &[&str], ci: Option<Ci>, expected: &dyn Fn(&Format) -> bool| {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            let names: Vec<&str> = chosen(&named, ci).iter().map(|format| format.name).collect();
            let expected: Vec<&str> =
                FORMATS.iter().filter(|format| expected(format)).map(|format| format.name).collect();
            assert_eq!(names, expected, "{named:?} {ci:?}");
            assert!(names.contains(&"json"));
        };
        check(&[], None, &|format| format.written == Written::Always);
        check(&["html"], None, &|format| ["html", "json"].contains(&format.name));
        check(&["junit", "json"], None, &|format| ["junit", "json"].contains(&format.name));
        for ci in CIS.iter().map(|(ci, ..)| *ci) {
            check(&[], Some(ci), &|format| [Written::Always, Written::In(ci)].contains(&format.written));
            check(&["html"], Some(ci), &|format| {
                ["html", "json"].contains(&format.name) || format.written == Written::In(ci)
            });
        }
    }

    #[test]
    fn servers_are_those_of_the_table() {
        for (ci, name, _) in CIS {
            assert_eq!(server(name), Some(*ci));
        }
        assert_eq!(server("none"), None);
    }
}
