//! `--max-duration`: how long all suites of a call may take together. Plans that take longer are refused before anything
//! runs, since a run that is cut short proves nothing; a run that takes longer than its plan is stopped as by a signal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;

use super::args::How;
use super::exit::Exit;
use super::load::{self, Ready};
use super::{screen, signals};
use crate::report::Ci;
use crate::run::{Reason, Stopper};
use crate::suite::problem::{Problem, Problems};
use crate::units::Duration;

/// Time runs until this is dropped.
#[derive(Debug)]
pub struct Limit {
    _until_dropped: Sender<()>,
}

/// What stops the runs of these suites: signals, and the limit, if there is one. The error has been shown.
pub fn stopper(suites: &[Ready], how: &How, ci: Option<Ci>) -> Result<(Stopper, Option<Limit>), Exit> {
    if let Some(most) = how.max_duration {
        fits(suites, most).map_err(|problem| load::show(&Problems(vec![problem]), ci))?;
    }
    let stopper = Stopper::new();
    let limit = signals::listen(stopper.clone())
        .and_then(|()| how.max_duration.map(|most| start(most, stopper.clone())).transpose())
        .map_err(|error| {
            screen::note(&format!("signals cannot be heard: {error}\n"));
            Exit::Internal
        })?;
    Ok((stopper, limit))
}

/// Would the plans be done in time?
fn fits(suites: &[Ready], most: Duration) -> Result<(), Problem> {
    let planned = suites.iter().fold(Duration::ZERO, |sum, ready| sum + ready.planned);
    if planned <= most {
        return Ok(());
    }
    let (what, help) = if suites.len() == 1 {
        ("the plan takes", "shorten the load with `--duration`")
    } else {
        ("the plans take", "shorten each load with `--duration`, or choose suites with `--tags`")
    };
    Err(Problem::error(format!("{what} {planned}, and `--max-duration` is {most}"))
        .help(format!("{help}, or give more time")))
}

fn start(most: Duration, stopper: Stopper) -> std::io::Result<Limit> {
    let (sender, dropped) = channel();
    thread::Builder::new().name("limit".into()).spawn(move || {
        if dropped.recv_timeout(most.std()) == Err(RecvTimeoutError::Timeout) {
            screen::note(&format!("\n--max-duration {most} is over: stopping, reports follow\n"));
            stopper.stop(Reason::Signal(format!("--max-duration {most}")));
        }
    })?;
    Ok(Limit { _until_dropped: sender })
}
