//! Parts of a job log that can be folded: groups on GitHub, sections on GitLab.

use crate::report::ci::Ci;
use crate::report::untrusted::{for_log, for_name};
use crate::verdict::Outcome;
use crate::verdict::outcome::{Status, Validity};

/// No title is longer.
const TITLE: usize = 160;

/// What goes before a text and behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    pub before: String,
    pub after: String,
}

impl Fold {
    /// Folds what is told of a run. Who looks at a log of a run that did not pass should see all of it at once: GitHub
    /// shows a group closed, so that there is none; GitLab's stands open. `began` and `ended` are seconds since 1970,
    /// from which GitLab tells how long it took.
    #[must_use]
    pub fn of(outcome: &Outcome, ci: Option<Ci>, began: u64, ended: u64) -> Self {
        let verdict = &outcome.verdict;
        let quiet = match verdict.status {
            Status::Pass => verdict.validity == Validity::Valid,
            Status::Skipped => true,
            Status::Fail | Status::Invalid | Status::Interrupted | Status::Unreachable => false,
        };
        let said = format!("{}  {}: {}", verdict.status.word(), outcome.suite.name, verdict.sentence);
        let title: String = for_log(&said).chars().take(TITLE).collect();
        match ci {
            Some(Ci::GitHub) if quiet => {
                Self { before: format!("::group::{title}\n"), after: "::endgroup::\n".to_owned() }
            }
            Some(Ci::GitLab) => {
                let name = format!("cotillion_{}", for_name(&outcome.suite.name));
                let before = format!("\x1b[0Ksection_start:{began}:{name}[collapsed={quiet}]\r\x1b[0K{title}\n");
                Self { before, after: format!("\x1b[0Ksection_end:{ended}:{name}\r\x1b[0K\n") }
            }
            Some(Ci::GitHub) | None => Self::default(),
        }
    }

    /// On GitHub: nothing between the two is a command, whatever it says. The word must be one that nobody can guess.
    #[must_use]
    pub fn deaf(self, ci: Option<Ci>, word: &str) -> Self {
        match ci {
            Some(Ci::GitHub) => Self {
                before: format!("{}::stop-commands::{word}\n", self.before),
                after: format!("::{word}::\n{}", self.after),
            },
            Some(Ci::GitLab) | None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: &Outcome, ci: Option<Ci>, before: &str, after: &str) {
        let fold = Fold::of(outcome, ci, 100, 175);
        assert!(fold.before.starts_with(before) && fold.before.is_empty() == before.is_empty(), "{fold:?}");
        assert_eq!(fold.after, after);
    }

    #[test]
    fn what_did_not_pass_is_seen_at_once() {
        let (failed, passed, skipped) = (Outcome::example(), Outcome::example_passed(), Outcome::example_skipped());
        let end = "\x1b[0Ksection_end:175:cotillion_auction\r\x1b[0K\n";
        check(&passed, Some(Ci::GitHub), "::group::PASS  auction: All 7", "::endgroup::\n");
        check(&failed, Some(Ci::GitHub), "", "");
        check(&skipped, Some(Ci::GitHub), "::group::SKIPPED  auction: Not run", "::endgroup::\n");
        check(&Outcome::example_suspect(), Some(Ci::GitHub), "", "");
        check(&passed, Some(Ci::GitLab), "\x1b[0Ksection_start:100:cotillion_auction[collapsed=true]\r", end);
        check(&failed, Some(Ci::GitLab), "\x1b[0Ksection_start:100:cotillion_auction[collapsed=false]\r", end);
        check(&passed, None, "", "");
    }

    #[test]
    fn between_the_words_nothing_is_a_command() {
        let fold = Fold::of(&Outcome::example_passed(), Some(Ci::GitHub), 0, 0).deaf(Some(Ci::GitHub), "k3x");
        assert!(fold.before.ends_with("\n::stop-commands::k3x\n"), "{fold:?}");
        assert_eq!(fold.after, "::k3x::\n::endgroup::\n");
        assert_eq!(Fold::default().deaf(Some(Ci::GitLab), "k3x"), Fold::default());
    }

    #[test]
    fn a_hostile_name_opens_no_section() {
        let mut outcome = Outcome::example();
        outcome.suite.name = "a\r\x1b[0Ksection_start:1:x\n::error::boom".into();
        let fold = Fold::of(&outcome, Some(Ci::GitLab), 0, 0);
        assert_eq!(fold.before.matches(['\r', '\n', '\x1b']).count(), 4, "{fold:?}");
        assert!(fold.before.lines().chain(fold.before.split('\r')).all(|line| !line.starts_with("::")), "{fold:?}");
    }
}
