//! How far an attempt to connect has come, for the text of one that takes too long.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use tokio::time::{Instant, timeout_at};

use crate::units::Duration;

/// What an attempt waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Name,
    Tcp,
    /// The proxy's way through to the server.
    Proxy,
    Tls,
    /// The answer to the request for a WebSocket.
    Upgrade,
    /// The first answer of polling, with OPEN.
    Poll,
    /// The answer to an HTTP request.
    Answer,
}

tokio::task_local! {
    /// That of the attempt which is polled just now. Beside the arguments, because who dials need not know that
    /// somebody watches.
    static STAGE: Rc<Cell<Stage>>;
}

impl Stage {
    /// The attempt that is polled just now has come so far. Nothing happens where nobody watches it.
    pub(super) fn enter(self) {
        // The error says that nobody watches.
        let _ = STAGE.try_with(|stage| stage.set(self));
    }
}

/// The outcome of `attempt`, or how far it had come by `deadline`, which is `within` after its beginning.
pub async fn watch<T>(attempt: impl Future<Output = T>, deadline: Instant, within: Duration) -> Result<T, TooLate> {
    let stage = Rc::new(Cell::new(Stage::default()));
    let watched = STAGE.scope(Rc::clone(&stage), attempt);
    timeout_at(deadline, watched).await.map_err(|_| TooLate { stage: stage.get(), within })
}

/// An attempt to connect that took too long. Printed, it says what was waited for and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLate {
    pub stage: Stage,
    pub within: Duration,
}

impl TooLate {
    /// What reports group by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.stage {
            Stage::Name => "DNS lookup timed out",
            Stage::Tcp => "TCP connect timed out",
            Stage::Proxy => "proxy timed out",
            Stage::Tls => "TLS handshake timed out",
            Stage::Upgrade => "upgrade timed out",
            Stage::Poll => "polling timed out",
            Stage::Answer => "HTTP answer timed out",
        }
    }

    /// What did not come.
    const fn awaited(&self) -> &'static str {
        match self.stage {
            Stage::Name => "the address of the host's name",
            Stage::Tcp => "the server to accept the TCP connection",
            Stage::Proxy => "the proxy to connect us with the server",
            Stage::Tls => "the server's part of the TLS handshake",
            Stage::Upgrade => "the answer to the WebSocket request",
            Stage::Poll => "the first answer of polling",
            Stage::Answer => "the answer to an HTTP request",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self.stage {
            Stage::Name => "check the DNS servers of this machine",
            Stage::Tcp => "check host and port, that the server is up, and that no firewall drops the packets",
            Stage::Proxy => "check `proxy`, and whether the proxy can reach the server",
            Stage::Tls => "check that the port is the one for TLS, and whether the server is overloaded",
            Stage::Upgrade | Stage::Poll | Stage::Answer => {
                "something accepts connections there and says nothing: check the port, whether the server hangs or \
                 wants TLS, and the proxies between"
            }
        }
    }
}

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited {} for {}; {}", self.within, self.awaited(), self.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "a test's clock stands still until it is moved")]
    async fn a_late_attempt_says_what_it_waits_for() {
        let within = Duration::from_secs(2);
        for (stage, kind, words) in [
            (Stage::Name, "DNS lookup timed out", "waited 2s for the address"),
            (Stage::Tcp, "TCP connect timed out", "accept the TCP connection; check host and port"),
            (Stage::Proxy, "proxy timed out", "connect us with the server; check `proxy`"),
            (Stage::Tls, "TLS handshake timed out", "TLS handshake; check that the port"),
            (Stage::Upgrade, "upgrade timed out", "WebSocket request; something accepts"),
            (Stage::Poll, "polling timed out", "waited 2s for the first answer of polling"),
            (Stage::Answer, "HTTP answer timed out", "HTTP request; something accepts"),
        ] {
            let attempt = async {
                Stage::Tcp.enter();
                stage.enter();
                std::future::pending::<()>().await;
            };
            let late = watch(attempt, Instant::now() + within.std(), within).await.unwrap_err();
            assert_eq!((late.stage, late.kind()), (stage, kind));
            assert!(late.to_string().contains(words), "{late}");
        }
        Stage::Tls.enter();
        assert_eq!(watch(async { 7 }, Instant::now() + within.std(), within).await, Ok(7));
    }
}
