//! A link without a socket: both ends in one process, for tests and for those who embed the runner.

use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::link::{Arrival, Link, QueueError, Traffic};
use super::link_end::LinkEnd;
use super::stream::Fault;
use crate::protocol::Frame;

/// A link and the server's end of it. The client can queue `frames` frames that the server has not taken yet.
#[must_use]
pub fn pair(frames: usize) -> (MemoryLink, MemoryServer) {
    let (to_server, from_client) = mpsc::channel(frames);
    let (to_client, from_server) = mpsc::unbounded_channel();
    let link =
        MemoryLink { out: Some(to_server), incoming: from_server, frames, closing: false, traffic: Traffic::default() };
    (link, MemoryServer { out: to_client, incoming: from_client })
}

/// The client's end.
#[derive(Debug)]
pub struct MemoryLink {
    /// `None` once the goodbye is in the queue.
    out: Option<mpsc::Sender<FromClient>>,
    incoming: mpsc::UnboundedReceiver<Result<Frame, LinkEnd>>,
    frames: usize,
    closing: bool,
    traffic: Traffic,
}

/// The server's end. Dropping it is what a server that dies looks like.
#[derive(Debug)]
pub struct MemoryServer {
    out: mpsc::UnboundedSender<Result<Frame, LinkEnd>>,
    incoming: mpsc::Receiver<FromClient>,
}

/// What a server hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromClient {
    Frame(Frame),
    Close(u16),
}

impl MemoryServer {
    /// What the client sent next, or `None` when it is gone.
    pub async fn recv(&mut self) -> Option<FromClient> {
        self.incoming.recv().await
    }

    /// What the client has sent already.
    pub fn try_recv(&mut self) -> Option<FromClient> {
        self.incoming.try_recv().ok()
    }

    /// Sends a frame; into the void when the client is gone.
    pub fn send(&self, frame: Frame) {
        let _ = self.out.send(Ok(frame));
    }

    /// Ends the link in any way there is.
    pub fn end(self, end: LinkEnd) {
        let _ = self.out.send(Err(end));
    }
}

impl Link for MemoryLink {
    fn queue(&mut self, frame: Frame) -> Result<(), QueueError> {
        let Some(out) = &self.out else { return Err(QueueError::Closed) };
        let size = size(&frame);
        match out.try_send(FromClient::Frame(frame)) {
            Ok(()) => self.traffic.sent += size,
            Err(mpsc::error::TrySendError::Full(_)) => return Err(QueueError::Full { limit: self.frames }),
            // As with a socket: the frame is lost, and `recv` tells how the link ended.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
        Ok(())
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, LinkEnd>> {
        let next = self.incoming.poll_recv(cx);
        if let Poll::Ready(Some(Ok(frame))) = &next {
            self.traffic.received += size(frame);
        }
        match next {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Ok(frame.into())),
            Poll::Ready(_) if self.closing => Poll::Ready(Err(LinkEnd::ByUs)),
            Poll::Ready(Some(Err(end))) => Poll::Ready(Err(end)),
            Poll::Ready(None) => Poll::Ready(Err(LinkEnd::Broken(Fault::Dropped))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn queue_close(&mut self, code: u16) {
        if let Some(out) = self.out.take() {
            self.closing = true;
            let _ = out.try_send(FromClient::Close(code));
        }
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }
}

fn size(frame: &Frame) -> u64 {
    match frame {
        Frame::Text(text) => text.len() as u64,
        Frame::Binary(bytes) => bytes.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Text;
    use crate::units::Duration;

    fn text(text: &'static str) -> Frame {
        Frame::Text(Text::from_static(text))
    }

    #[tokio::test]
    async fn frames_cross_in_both_directions() {
        let (mut link, mut server) = pair(2);
        link.queue(text("2")).unwrap();
        link.queue(text("3")).unwrap();
        assert_eq!(link.queue(text("4")), Err(QueueError::Full { limit: 2 }));
        assert_eq!(server.recv().await, Some(FromClient::Frame(text("2"))));
        assert_eq!(server.try_recv(), Some(FromClient::Frame(text("3"))));
        assert_eq!(server.try_recv(), None);
        server.send(text("hello"));
        assert_eq!(link.recv().await, Ok(text("hello").into()));
        assert_eq!(link.traffic(), Traffic { sent: 2, received: 5 });
    }

    #[tokio::test]
    async fn both_sides_can_end_it() {
        let (mut link, server) = pair(1);
        server.end(LinkEnd::InvalidUtf8);
        assert_eq!(link.recv().await, Err(LinkEnd::InvalidUtf8));

        let (mut link, server) = pair(1);
        drop(server);
        assert_eq!(link.queue(text("lost")), Ok(()));
        assert_eq!(link.recv().await, Err(LinkEnd::Broken(Fault::Dropped)));

        let (mut link, mut server) = pair(1);
        let close = link.close(1000, Duration::from_secs(1));
        let hear = async {
            let heard = server.recv().await;
            drop(server);
            heard
        };
        assert_eq!(tokio::join!(close, hear).1, Some(FromClient::Close(1000)));
        assert_eq!(link.queue(text("late")), Err(QueueError::Closed));
    }
}
