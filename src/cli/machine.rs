//! What is known of this machine and of this very run.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::plan::language::bindings::Base36;
use crate::plan::language::functions::mix;
use crate::run::user::Facts;

#[derive(Debug, Clone)]
pub struct Machine {
    pub workers: usize,
    pub cores: usize,
    /// As `linux x86_64, 2 cores`.
    pub name: String,
    /// Short and different for every run.
    pub run_id: String,
    /// UTC, RFC 3339, to the second.
    pub started: String,
    /// For runs without `--seed`.
    pub seed: u64,
    pub facts: Facts,
}

impl Machine {
    /// This machine, now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the wall clock names the run; nothing is measured with it")]
    pub fn here(workers: Option<u16>) -> Self {
        let now = SystemTime::now();
        let started_ms =
            now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let number = mix(started_ms ^ mix(u64::from(std::process::id())));
        // Six digits in base 36: short in every action id, and different enough from the last run's.
        let run = u32::try_from(number % 36_u64.pow(6)).unwrap_or(0);
        let plural = if cores == 1 { "" } else { "s" };
        Self {
            workers: workers.map_or(cores, usize::from),
            cores,
            name: format!("{} {}, {cores} core{plural}", std::env::consts::OS, std::env::consts::ARCH),
            run_id: Base36(u64::from(run)).to_string(),
            started: humantime::format_rfc3339_seconds(now).to_string(),
            seed: number >> 32,
            facts: Facts { run, started_ms },
        }
    }
}
