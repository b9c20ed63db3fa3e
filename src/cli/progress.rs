//! What is shown while a run goes on: a bar where somebody watches, a line now and then in a log, nothing with `--quiet`.

use indicatif::{ProgressBar, ProgressStyle};

use super::screen;
use crate::metrics::catalog::{self, FINISHED};
use crate::metrics::{Counter, Part, number};
use crate::record::Results;
use crate::units::Duration;

/// A log gets a line every so many seconds.
const LOG_EVERY: u64 = 10;

/// Shows how a run goes.
#[derive(Debug)]
pub enum Progress {
    Bar(ProgressBar),
    Log { planned: u64 },
    Quiet,
}

impl Progress {
    #[must_use]
    pub fn new(planned: Duration, quiet: bool) -> Self {
        let seconds = planned.as_secs_f64().ceil() as u64;
        if quiet {
            return Self::Quiet;
        }
        if !screen::is_watched() {
            return Self::Log { planned: seconds };
        }
        let style =
            ProgressStyle::with_template("{bar:24.cyan/dim} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::Bar(ProgressBar::new(seconds).with_style(style.progress_chars("━━─")))
    }

    /// After each second.
    pub fn second(&self, results: &Results) {
        let seconds = results.seconds();
        match self {
            Self::Bar(bar) => {
                bar.set_position(seconds);
                let left = bar.length().unwrap_or(0).saturating_sub(seconds);
                bar.set_message(format!("{} · {left} s left", line(results)));
            }
            Self::Log { planned } if seconds.is_multiple_of(LOG_EVERY) => {
                screen::note(&format!("{seconds:>4} s of {planned} s   {}\n", line(results)));
            }
            Self::Log { .. } | Self::Quiet => {}
        }
    }

    pub fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Users, rate and p95 of the last second; success, missing deliveries and errors of the whole run.
fn line(results: &Results) -> String {
    let Some(last) = results.timeline.last() else { return String::new() };
    let sent = last.counters[Counter::Sent as usize];
    let mut parts = vec![number::counted(last.gauges.users, "user"), format!("{}/s", number::count(sent))];
    let numbers = results.numbers(Part::default());
    let finished = numbers.sum(FINISHED);
    if finished > 0 {
        parts.push(format!("{} ok", number::share(numbers.counter(Counter::Ok) as f64 / finished as f64)));
    }
    if let Some([_, p95, _]) = last.ack {
        parts.push(format!("p95 {}", number::milliseconds(p95)));
    }
    let missing = numbers.counter(Counter::DeliveryMissing);
    if missing > 0 {
        parts.push(format!("{} missing", number::count(missing)));
    }
    let errors = numbers.sum(catalog::ERRORS) + numbers.counter(Counter::Disconnects);
    if errors > 0 {
        parts.push(number::counted(errors, "error"));
    }
    parts.join(" · ")
}
