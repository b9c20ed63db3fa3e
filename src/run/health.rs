//! Is the generator itself keeping up? CPU and memory of this process, as the operating system accounts for them.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::units::{Duration, Moment};

/// Takes the process's own measure, once a second.
#[derive(Debug)]
pub struct Health {
    cores: f64,
    last: Option<(Moment, Duration)>,
}

impl Health {
    /// A process on that many cores.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        Self { cores: cores.max(1) as f64, last: cpu_time().map(|cpu| (Moment::START, cpu)) }
    }

    /// Share of all cores that this process used since the last call.
    pub fn cpu(&mut self, now: Moment) -> Option<f64> {
        let used = cpu_time()?;
        let (before, used_before) = self.last.replace((now, used))?;
        let elapsed = now.since(before).as_secs_f64();
        (elapsed > 0.0).then(|| used.saturating_sub(used_before).as_secs_f64() / elapsed / self.cores)
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
        let mut health = Health { cores: 1.0, last: Some((Moment::START, Duration::ZERO)) };
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
