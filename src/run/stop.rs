//! Stopping a run before its plan is at its end: a signal, or a threshold that asks for it.

use std::sync::Arc;

use tokio::sync::watch;

/// How long a blocked thread sleeps before it looks again.
const PARK: std::time::Duration = std::time::Duration::from_millis(100);

/// Why a run is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for it; the name of the signal, as `SIGTERM`.
    Signal(String),
    /// A threshold has been broken for too long: its name, and a sentence without its full stop.
    Threshold { name: String, reason: String },
}

/// Stops a run, from any thread. The first reason counts, but a signal outweighs a threshold: who sends one wants no
/// further run either.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<Option<Reason>>>);

/// Tells the users of a run that it is being stopped.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Option<Reason>>);

impl Default for Stopper {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopper {
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Stops the run: users act no more, and drain what is open.
    pub fn stop(&self, reason: Reason) {
        self.0.send_if_modified(|stopped| {
            let counts = match (&*stopped, &reason) {
                (None, _) | (Some(Reason::Threshold { .. }), Reason::Signal(_)) => true,
                (Some(_), _) => false,
            };
            if counts {
                *stopped = Some(reason);
            }
            counts
        });
    }

    /// A run that a threshold stopped is over: the next one may begin. A signal is never forgotten.
    pub fn next_run(&self) {
        self.0.send_if_modified(|stopped| {
            let threshold = matches!(stopped, Some(Reason::Threshold { .. }));
            if threshold {
                *stopped = None;
            }
            threshold
        });
    }

    /// Why the run was stopped, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.0.borrow().clone()
    }

    /// Blocks this thread until the run is stopped.
    pub fn wait(&self) {
        while self.reason().is_none() {
            std::thread::park_timeout(PARK);
        }
    }

    #[must_use]
    pub fn signal(&self) -> StopSignal {
        StopSignal(self.0.subscribe())
    }
}

impl StopSignal {
    /// Waits until the run is stopped; for ever, if nobody can stop it any more.
    pub async fn stopped(mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_counts_but_a_signal_outweighs_a_threshold() {
        let of = |name: &str| Reason::Threshold { name: name.into(), reason: "too bad".into() };
        let (signal, threshold) = (Reason::Signal("SIGINT".into()), of("x"));
        let stopper = Stopper::new();
        stopper.stop(threshold.clone());
        stopper.stop(of("y"));
        assert_eq!(stopper.reason(), Some(threshold.clone()));
        stopper.next_run();
        assert_eq!(stopper.reason(), None);
        stopper.stop(threshold.clone());
        stopper.stop(signal.clone());
        stopper.stop(threshold);
        stopper.next_run();
        assert_eq!(stopper.reason(), Some(signal));
    }
}
