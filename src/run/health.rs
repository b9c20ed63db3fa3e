//! Is the generator itself keeping up? CPU and memory of this process, as the operating system accounts for them.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::units::{Duration, Moment};

/// How the names of worker threads begin.
pub const WORKER: &str = "worker-";

/// Takes the process's own measure, once a second.
#[derive(Debug)]
pub struct Health {
    cores: f64,
    last: Option<(Moment, Duration)>,
    last_wait: Option<(Moment, Duration)>,
}

impl Health {
    /// A process on that many cores.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        Self {
            cores: cores.max(1) as f64,
            last: cpu_time().map(|cpu| (Moment::START, cpu)),
            last_wait: Some((Moment::START, Duration::ZERO)),
        }
    }

    /// Share of all cores that this process used since the last call.
    pub fn cpu(&mut self, now: Moment) -> Option<f64> {
        let used = cpu_time()?;
        let (before, used_before) = self.last.replace((now, used))?;
        let elapsed = now.since(before).as_secs_f64();
        (elapsed > 0.0).then(|| used.saturating_sub(used_before).as_secs_f64() / elapsed / self.cores)
    }

    /// Share of the time since the last call that a worker had work to do and got no core, on average over the workers.
    /// The surest sign of a starved generator: its own CPU share stays low when others hold the cores.
    pub fn wait(&mut self, now: Moment) -> Option<f64> {
        let (waited, workers) = wait_time()?;
        let (before, waited_before) = self.last_wait.replace((now, waited))?;
        let elapsed = now.since(before).as_secs_f64() * workers as f64;
        (elapsed > 0.0).then(|| (waited.saturating_sub(waited_before).as_secs_f64() / elapsed).min(1.0))
    }

    /// Resident memory, in bytes.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
        Some(pages * u64::try_from(page).ok()?)
    }
}

/// How long all workers together were ready to run and did not, and how many there are; `None` where the system does not
/// tell, or nobody works any more.
fn wait_time() -> Option<(Duration, usize)> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let waits: Vec<u64> = tasks
        .filter_map(|task| {
            let task = task.ok()?.path();
            let name = std::fs::read_to_string(task.join("comm")).ok()?;
            let scheduled = std::fs::read_to_string(task.join("schedstat")).ok()?;
            let waited = scheduled.split_whitespace().nth(1)?.parse().ok();
            waited.filter(|_| name.starts_with(WORKER))
        })
        .collect();
    (!waits.is_empty()).then(|| (Duration::from_nanos(waits.iter().sum()), waits.len()))
}

/// CPU time of this process so far, user and system.
fn cpu_time() -> Option<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(micros).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_as_cpu_and_memory_is_plausible() {
        let mut health = Health { cores: 1.0, last: Some((Moment::START, Duration::ZERO)), last_wait: None };
        let mut sum = 0_u64;
        while cpu_time().unwrap() < Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        let cpu = health.cpu(Moment::START + Duration::SECOND).unwrap();
        assert!(cpu >= 0.02, "{cpu}");
        if cfg!(target_os = "linux") {
            assert!(health.memory().unwrap() > 1 << 20);
        }
    }
}
