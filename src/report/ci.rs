//! The CI servers that get reports of their own.

/// A CI server that reads reports which nobody else reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    GitHub,
    GitLab,
}

/// Each with its name as in `--ci`, and the variable that its jobs have in their environment, set to `true`.
pub const CIS: &[(Ci, &str, &str)] = &[(Ci::GitHub, "github", "GITHUB_ACTIONS"), (Ci::GitLab, "gitlab", "GITLAB_CI")];

impl Ci {
    /// The server whose job this is, by the variables of the environment.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        CIS.iter().find(|(.., name)| variable(name).as_deref() == Some("true")).map(|(ci, ..)| *ci)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_known_by_its_variable() {
        for (set, expected) in [
            (("GITHUB_ACTIONS", "true"), Some(Ci::GitHub)),
            (("GITLAB_CI", "true"), Some(Ci::GitLab)),
            (("GITLAB_CI", "false"), None),
            (("CI", "true"), None),
        ] {
            let variable = |name: &str| (name == set.0).then(|| set.1.to_owned());
            assert_eq!(Ci::detect(variable), expected, "{set:?}");
        }
    }
}
