//! The link of a user to the target, over whichever transport.

use std::task::{Context, Poll, ready};

use super::link::{Arrival, Link, QueueError, Traffic};
use super::link_end::LinkEnd;
use super::polling::{Next, PollingLink};
use super::websocket::WebSocketLink;
use crate::protocol::Frame;

/// Polling is boxed: most users have a WebSocket, and those who move to one take no more room than they.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all links are WebSockets, and a box would cost each of them")]
pub enum TargetLink {
    WebSocket(WebSocketLink),
    Polling(Box<PollingLink>),
}

impl Link for TargetLink {
    fn queue(&mut self, frame: Frame) -> Result<(), QueueError> {
        match self {
            Self::WebSocket(link) => link.queue(frame),
            Self::Polling(link) => link.queue(frame),
        }
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, LinkEnd>> {
        match self {
            Self::WebSocket(link) => link.poll_recv(cx),
            Self::Polling(link) => Poll::Ready(match ready!(link.poll(cx)) {
                Ok(Next::Arrival(arrival)) => Ok(arrival),
                Ok(Next::Moved(link)) => {
                    *self = Self::WebSocket(*link);
                    Ok(Arrival::Upgraded)
                }
                Err(end) => Err(end),
            }),
        }
    }

    fn queue_close(&mut self, code: u16) {
        match self {
            Self::WebSocket(link) => link.queue_close(code),
            Self::Polling(link) => link.queue_close(),
        }
    }

    fn traffic(&self) -> Traffic {
        match self {
            Self::WebSocket(link) => link.traffic(),
            Self::Polling(link) => link.traffic(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_websocket_pays_nothing_for_polling() {
        assert!(size_of::<TargetLink>() <= size_of::<WebSocketLink>() + size_of::<usize>());
    }
}
