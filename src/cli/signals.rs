//! SIGINT and SIGTERM: the first stops the run and lets reports be written, the second ends the process at once.

use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::screen;
use crate::run::{Reason, Stopper};

/// Listens from now on, on a thread of its own.
pub fn listen(stopper: Stopper) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            for count in 1.. {
                let name = tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                };
                if count == 1 {
                    screen::note(&format!("\n{name}: stopping, reports follow; once more to end at once\n"));
                    stopper.stop(Reason::Signal(name.to_owned()));
                } else {
                    #[expect(clippy::disallowed_methods, reason = "who asks twice has waited enough")]
                    std::process::exit(Exit::Interrupted.number().into());
                }
            }
        });
    })?;
    Ok(())
}
