//! Stopping a run before its plan is at its end: a signal, or a threshold that asks for it.

use std::sync::Arc;

use tokio::sync::watch;

/// How long a blocked thread sleeps before it looks again.
const PARK: std::time::Duration = std::time::Duration::from_millis(100);

/// Stops a run, from any thread. The first reason counts.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<Option<String>>>);

/// Tells the users of a run that it is being stopped.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Option<String>>);

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

    /// Stops the run: users act no more, and drain what is open. `reason` is for the reports, as `SIGTERM`.
    pub fn stop(&self, reason: &str) {
        self.0.send_if_modified(|stopped| {
            let first = stopped.is_none();
            if first {
                *stopped = Some(reason.to_owned());
            }
            first
        });
    }

    /// Why the run was stopped, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
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
