//! What the operating system allows one process, against what the plan needs.

/// Descriptors for everything that is no connection: standard streams, epoll, the reports.
const SPARE: u64 = 64;

/// The open-file limit is too low for the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the plan opens up to {needed} files (one a user, and some), and this process may open {allowed}; raise the limit with \
     `ulimit -n {needed}` (or `--ulimit nofile={needed}` for a container), or lower the load"
)]
pub struct TooFewFiles {
    pub needed: u64,
    pub allowed: u64,
}

/// Raises the soft limit on open files as far as that many connections need. Every user holds one at a time.
pub fn allow_connections(connections: u64) -> Result<(), TooFewFiles> {
    let needed = connections + SPARE;
    match rlimit::increase_nofile_limit(needed) {
        Ok(allowed) if allowed < needed => Err(TooFewFiles { needed, allowed }),
        // An unknown limit is no reason not to try: connecting will say what is missing.
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_within_the_limit_passes_and_one_far_above_says_how_to_raise_it() {
        assert_eq!(allow_connections(1), Ok(()));
        let error = allow_connections(1 << 40).unwrap_err().to_string();
        assert!(error.contains(&format!("ulimit -n {}", (1_u64 << 40) + SPARE)), "{error}");
    }
}
