//! An open WebSocket: frames, limits, and every way in which it ends.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

use super::{connect, serve, within};
use crate::protocol::{Frame, Text};
use crate::transport::websocket::Limits;
use crate::transport::{Arrival, Fault, Link, LinkEnd, QueueError, WebSocketLink, upgrade};
use crate::units::Duration;

/// What a server does, in order. Afterwards it listens until the client has gone.
#[derive(Clone, Copy)]
enum Act {
    /// Bytes as they are.
    Raw(&'static [u8]),
    /// The same, one write for each byte.
    Slowly(&'static [u8]),
    /// A close frame.
    Close(u16, &'static str),
    /// Closes TCP without a word.
    Drop,
    /// Resets TCP.
    Reset,
}
use Act::{Close, Drop, Raw, Reset, Slowly};

async fn perform(stream: TcpStream, acts: &[Act]) -> Vec<Message> {
    let mut socket = accept_async(stream).await.unwrap();
    for act in acts {
        match act {
            Raw(bytes) => socket.get_mut().write_all(bytes).await.unwrap(),
            Slowly(bytes) => {
                for byte in *bytes {
                    socket.get_mut().write_all(&[*byte]).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            Close(code, reason) => {
                let frame = CloseFrame { code: (*code).into(), reason: Text::from_static(reason) };
                socket.send(Message::Close(Some(frame))).await.unwrap();
            }
            Drop => return Vec::new(),
            Reset => {
                socket.get_ref().set_zero_linger().unwrap();
                return Vec::new();
            }
        }
    }
    socket.filter_map(|message| std::future::ready(message.ok())).collect().await
}

const SMALL: Limits = Limits { message: 64, queue: 1 << 16 };

async fn open(address: std::net::SocketAddr, limits: &Limits) -> WebSocketLink {
    let stream = connect(address).await;
    within(upgrade(stream, "server", "/", &[], limits)).await.unwrap().link
}

/// A server that does `acts` is heard as `frames` and `end`, and hears `replies`.
async fn check(acts: &'static [Act], frames: &[Frame], end: LinkEnd, replies: &[Message]) {
    let (address, server) = serve(move |stream| perform(stream, acts)).await;
    let mut link = open(address, &SMALL).await;
    let mut heard = Vec::new();
    let ended = loop {
        match within(link.recv()).await {
            Ok(frame) => heard.push(frame),
            Err(ended) => break ended,
        }
    };
    drop(link);
    let frames: Vec<Arrival> = frames.iter().cloned().map(Arrival::from).collect();
    assert_eq!((&heard, &ended), (&frames, &end));
    assert_eq!(within(server).await.unwrap(), replies, "{ended}");
}

fn text(text: &'static str) -> Frame {
    Frame::Text(Text::from_static(text))
}

fn closed(code: u16, reason: &'static str) -> LinkEnd {
    LinkEnd::Close { code: Some(code), reason: Text::from_static(reason) }
}

fn goodbye(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code: code.into(), reason: Text::from_static(reason) }))
}

fn protocol(kind: &'static str, what: &str) -> LinkEnd {
    LinkEnd::Protocol { kind, what: format!("WebSocket protocol error: {what}").into() }
}

/// A driver may hold links of several kinds behind one pointer.
const _: Option<&mut dyn Link> = None;

#[tokio::test]
async fn close_frames() {
    check(&[Close(1000, "")], &[], closed(1000, ""), &[goodbye(1000, "")]).await;
    check(&[Close(1001, "bye")], &[], closed(1001, "bye"), &[goodbye(1001, "bye")]).await;
    check(&[Close(1009, "big")], &[], closed(1009, "big"), &[goodbye(1009, "big")]).await;
    check(&[Close(1012, "")], &[], closed(1012, ""), &[goodbye(1012, "")]).await;
    check(&[Close(4401, "no")], &[], closed(4401, "no"), &[goodbye(4401, "no")]).await;
    let no_code = LinkEnd::Close { code: None, reason: Text::default() };
    check(&[Raw(b"\x88\x00")], &[], no_code, &[Message::Close(None)]).await;
    check(&[Raw(b"\x81\x01a"), Close(1000, "")], &[text("a")], closed(1000, ""), &[goodbye(1000, "")]).await;
}

#[tokio::test]
async fn broken_connections() {
    check(&[Drop], &[], LinkEnd::Broken(Fault::Dropped), &[]).await;
    check(&[Reset], &[], LinkEnd::Broken(Fault::Reset), &[]).await;
    check(&[Raw(b"\x81\x01a"), Drop], &[text("a")], LinkEnd::Broken(Fault::Dropped), &[]).await;
    check(&[Raw(b"\x81\x02a"), Drop], &[], LinkEnd::Broken(Fault::Dropped), &[]).await;
}

#[tokio::test]
async fn broken_frames() {
    check(&[Raw(b"\x81\x02\xff\xfe")], &[], LinkEnd::InvalidUtf8, &[goodbye(1007, "")]).await;
    check(&[Raw(b"\xc1\x01a")], &[], LinkEnd::ReservedBits, &[goodbye(1002, "")]).await;
    let masked = protocol("masked frame", "Received a masked frame from server");
    check(&[Raw(b"\x81\x81\x00\x00\x00\x00a")], &[], masked, &[goodbye(1002, "")]).await;
    let opcode = protocol("frame of an unknown type", "Encountered invalid opcode: 3");
    check(&[Raw(b"\x83\x00")], &[], opcode, &[goodbye(1002, "")]).await;
    let lonely = protocol("continuation of nothing", "Continue frame but nothing to continue");
    check(&[Raw(b"\x80\x01a")], &[], lonely, &[goodbye(1002, "")]).await;
}

#[tokio::test]
async fn http_inside_the_websocket() {
    const LONG: &[u8] =
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: 9\
                          \r\n\r\nForbidden";
    let end = LinkEnd::HttpAnswer { status: Some(400) };
    check(&[Raw(LONG)], &[], end.clone(), &[goodbye(1002, "")]).await;
    // Too short for the 84 bytes that `T` announces, so that only the end of the stream tells.
    check(&[Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Drop], &[], end, &[]).await;
}

#[tokio::test]
async fn limits_on_messages() {
    let too_large = LinkEnd::TooLarge { size: 128, limit: 64 };
    check(&[Raw(b"\x81\x7e\x00\x80")], &[], too_large, &[goodbye(1009, "")]).await;
    const PARTS: &[u8] =
        b"\x01\x28aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x80\x28aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    check(&[Raw(PARTS)], &[], LinkEnd::TooLarge { size: 80, limit: 64 }, &[goodbye(1009, "")]).await;
}

#[tokio::test]
async fn frames_in_pieces() {
    let end = closed(1000, "");
    let bye = goodbye(1000, "");
    const FRAGMENTS: &[u8] = b"\x01\x01a\x89\x01p\x80\x01b";
    let pong = Message::Pong("p".into());
    check(&[Raw(FRAGMENTS), Close(1000, "")], &[text("ab")], end.clone(), &[pong.clone(), bye.clone()]).await;
    check(&[Slowly(FRAGMENTS), Close(1000, "")], &[text("ab")], end.clone(), &[pong, bye.clone()]).await;
    let binary = Frame::Binary(vec![0, 255].into());
    check(&[Slowly(b"\x82\x02\x00\xff"), Close(1000, "")], &[binary], end, &[bye]).await;
}

#[tokio::test]
async fn echo_in_order() {
    let (address, server) = serve(async |stream| {
        let (out, incoming) = accept_async(stream).await.unwrap().split();
        let _ = incoming.filter(|m| std::future::ready(m.as_ref().is_ok_and(|m| !m.is_close()))).forward(out).await;
    })
    .await;
    let mut link = open(address, &Limits::default()).await;
    let frames: Vec<_> = (0..500).map(|n| Frame::Text(format!("frame {n}").into())).collect();
    for frame in &frames {
        link.queue(frame.clone()).unwrap();
    }
    for frame in &frames {
        assert_eq!(within(link.recv()).await.unwrap(), frame.clone().into());
    }
    let traffic = link.traffic();
    assert!(traffic.sent > traffic.received && traffic.received > 500 * 9, "{traffic:?}");
    within(link.close(1000, Duration::from_secs(10))).await;
    within(server).await.unwrap();
}

#[tokio::test]
async fn what_is_queued_leaves_with_the_first_poll() {
    let (address, server) = serve(async |stream| accept_async(stream).await.unwrap().next().await).await;
    let mut link = open(address, &Limits::default()).await;
    link.queue(text("2")).unwrap();
    link.queue(text("3")).unwrap();
    assert_eq!(link.traffic().sent, 0, "frames wait for each other");
    poll_fn(|cx| {
        assert!(link.poll_recv(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    assert_eq!(link.traffic().sent, 2 * (6 + 1));
    assert_eq!(within(server).await.unwrap().unwrap().unwrap(), Message::text("2"));
}

#[tokio::test]
async fn a_ping_is_answered_by_a_client_that_only_listens() {
    let (address, server) = serve(async |stream| {
        let mut socket = accept_async(stream).await.unwrap();
        socket.send(Message::Ping("are you there".into())).await.unwrap();
        let pong = socket.next().await.unwrap().unwrap();
        socket.send(Message::text("done")).await.unwrap();
        pong
    })
    .await;
    let mut link = open(address, &Limits::default()).await;
    assert_eq!(within(link.recv()).await.unwrap(), text("done").into());
    assert_eq!(within(server).await.unwrap(), Message::Pong("are you there".into()));
}

async fn deaf(stream: TcpStream, hear: oneshot::Receiver<()>) -> usize {
    let mut socket: WebSocketStream<_> = accept_async(stream).await.unwrap();
    socket.send(Message::text("I talk")).await.unwrap();
    hear.await.unwrap();
    let mut heard = 0;
    while let Some(Ok(message)) = socket.next().await {
        heard += usize::from(message.is_binary());
        if message.is_text() {
            socket.send(Message::text("I hear")).await.unwrap();
        }
    }
    heard
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_still_read_from() {
    let (hear, told) = oneshot::channel();
    let (address, server) = serve(|stream| deaf(stream, told)).await;
    let limits = Limits::default();
    let mut link = open(address, &limits).await;
    let frame = Frame::Binary(vec![0; 1 << 18].into());
    let mut queued = 0;
    let refused = loop {
        match link.queue(frame.clone()) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        assert!(queued < 1_000, "the queue is bounded");
    };
    assert_eq!(refused, QueueError::Full { limit: limits.queue });
    assert_eq!(within(link.recv()).await.unwrap(), text("I talk").into());
    let too_large = QueueError::TooLarge { size: limits.queue, limit: limits.queue };
    assert_eq!(link.queue(Frame::Binary(vec![0; limits.queue].into())), Err(too_large));

    link.queue(text("?")).unwrap();
    hear.send(()).unwrap();
    assert_eq!(within(link.recv()).await.unwrap(), text("I hear").into(), "all that was queued arrives");
    within(link.close(1000, Duration::from_secs(10))).await;
    assert_eq!(within(server).await.unwrap(), queued);
}

#[tokio::test]
async fn a_goodbye_is_said_and_waited_for() {
    let (address, server) = serve(|stream| perform(stream, &[Raw(b"\x81\x01a")])).await;
    let mut link = open(address, &SMALL).await;
    link.queue(text("last")).unwrap();
    within(link.close(4000, Duration::from_secs(10))).await;
    assert_eq!(link.queue(text("too late")), Err(QueueError::Closed));
    assert_eq!(within(server).await.unwrap(), [Message::text("last"), goodbye(4000, "")]);
}

#[tokio::test]
async fn the_end_after_our_goodbye_is_ours() {
    for last in [&[Drop], &[Close(1000, "")]] as [&'static [Act]; 2] {
        let (address, server) = serve(move |stream| perform(stream, last)).await;
        let mut link = open(address, &SMALL).await;
        link.queue_close(1000);
        assert_eq!(within(link.recv()).await.unwrap_err(), LinkEnd::ByUs);
        within(server).await.unwrap();
    }
}

/// Neither a peer that is silent, nor one that answers and keeps TCP open: it is for the peer to close that.
#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "tokio's clock, which stands still in this test")]
async fn a_goodbye_has_an_end_when_the_peer_stays() {
    for reply in [b"".as_slice(), b"\x88\x02\x03\xe8"] {
        let (address, server) = serve(move |stream| async move {
            let mut socket = accept_async(stream).await.unwrap();
            let stream = socket.get_mut();
            stream.read_exact(&mut [0; 6 + 2]).await.unwrap();
            stream.write_all(reply).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap()
        })
        .await;
        let mut link = open(address, &SMALL).await;
        let start = tokio::time::Instant::now();
        link.close(1000, Duration::from_secs(3)).await;
        assert_eq!(start.elapsed().as_secs(), 3);
        drop(link);
        assert_eq!(server.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_write_to_a_peer_that_is_gone_ends_in_recv() {
    let (address, server) = serve(|stream| perform(stream, &[Reset])).await;
    let mut link = open(address, &Limits::default()).await;
    within(server).await.unwrap();
    let frame = Frame::Binary(vec![0; 100_000].into());
    // The kernel learns of the reset some time; until then frames are taken.
    while within(async { link.queue(frame.clone()) }).await.is_ok() {
        match poll_fn(|cx| Poll::Ready(link.poll_recv(cx))).await {
            Poll::Ready(end) => return assert_eq!(end.unwrap_err(), LinkEnd::Broken(Fault::Reset)),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    panic!("the queue filled up");
}
