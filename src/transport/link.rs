//! The contract between a driver and a connection: frames out, frames in, and how it ended.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::link_end::LinkEnd;
use crate::protocol::Frame;
use crate::units::Duration;

/// An open connection that carries whole frames in both directions, in order.
///
/// One future serves both directions: whoever waits for a frame also writes what is queued, so a peer that does not
/// read never keeps us from reading, and nothing else has to be awaited.
pub trait Link {
    /// Puts a frame in the send queue. Never blocks and never waits: the bytes leave with the next poll of
    /// [`recv`](Self::recv), all frames that are queued by then in one write.
    ///
    /// `Ok` says that the frame was queued, not that it arrived; when the connection is broken, `recv` says how.
    fn queue(&mut self, frame: Frame) -> Result<(), QueueError>;

    /// Writes what is queued as far as the peer takes it, then gives the next arrival or the end.
    ///
    /// After the end it must not be polled again, except by [`close`](Self::close).
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, LinkEnd>>;

    /// Queues the goodbye with a close code, once; afterwards no frame can be queued. The end then comes from `recv`.
    fn queue_close(&mut self, code: u16);

    /// What has crossed the connection so far, in bytes.
    fn traffic(&self) -> Traffic;

    /// The next arrival, or how the connection ended. Queued frames are written at the first poll, and as long as this
    /// waits. Cancel-safe: dropping it loses neither a frame nor a queued byte.
    fn recv(&mut self) -> impl Future<Output = Result<Arrival, LinkEnd>>
    where
        Self: Sized,
    {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Says goodbye and waits until the peer has closed, at most for `patience`, then it may be dropped. Frames that
    /// still arrive are discarded. Waiting matters: the side that closes TCP first keeps the port in TIME_WAIT for a
    /// minute, and a load generator has no port to spare.
    fn close(&mut self, code: u16, patience: Duration) -> impl Future<Output = ()>
    where
        Self: Sized,
    {
        self.queue_close(code);
        async move {
            let ended = poll_fn(|cx| {
                loop {
                    match self.poll_recv(cx) {
                        Poll::Ready(Ok(_)) => {}
                        Poll::Ready(Err(_)) => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            });
            // Running out of patience is as good an end as any: the caller drops the link either way.
            let _ = tokio::time::timeout(patience.std(), ended).await;
        }
    }
}

/// What comes over a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    Frame(Frame),
    /// The link has moved from polling to WebSocket; frames before this came by polling.
    Upgraded,
    /// It could not, and stays on polling: a kind for counting, and a sentence.
    NotUpgraded {
        kind: &'static str,
        detail: String,
    },
}

impl From<Frame> for Arrival {
    fn from(frame: Frame) -> Self {
        Self::Frame(frame)
    }
}

/// Bytes that have crossed a connection since it became a link, with the framing of the link, without that of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    pub sent: u64,
    pub received: u64,
}

/// Why a frame was not queued. The link itself is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The peer does not read as fast as we send.
    #[error(
        "{limit} bytes already wait to be sent: the server does not read them; send less often, or find what keeps the \
         server busy"
    )]
    Full { limit: usize },
    /// The frame alone is larger than the whole queue.
    #[error("a frame of {size} bytes is larger than the send queue of {limit}; send smaller payloads")]
    TooLarge { size: usize, limit: usize },
    /// We said goodbye, or the peer did.
    #[error("the connection is closing, so nothing can be sent on it; connect again first")]
    Closed,
}

impl QueueError {
    /// What reports group by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Full { .. } => "send queue full",
            Self::TooLarge { .. } => "frame larger than the send queue",
            Self::Closed => "send after close",
        }
    }
}
