//! Moving from polling to WebSocket: the probe, the pause, and what is said when it fails. (engine.io-protocol, "Upgrade".)
//!
//! | state   | what happens                           | goes to | and                                                        |
//! |---------|----------------------------------------|---------|------------------------------------------------------------|
//! | Probing | `3probe` on the WebSocket              | Pausing | no request is begun any more                               |
//! | Probing | a noop by polling                      | Probing | polling rests: the server wants the pause, and says it once |
//! | Probing | anything else, an end, the deadline    | Off     | [`Failed`]; polling goes on                                |
//! | Pausing | GET and POST have both come back       | Off     | `5`, then everything that waits, and it has moved          |
//! | Pausing | a frame, an end, the deadline          | Off     | [`Failed`]; polling goes on                                |

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration as StdDuration;

use tokio::time::{Sleep, sleep};

use super::place::{Place, with_query};
use crate::protocol::{Frame, Text};
use crate::transport::cookies::Cookies;
use crate::transport::dial::dial;
use crate::transport::link::{Arrival, Link};
use crate::transport::websocket::{self, WebSocketLink, upgrade};
use crate::units::{Duration, Moment};

/// How long it may all take: servers wait as long for the `5` (`upgradeTimeout` of socket.io).
pub const PATIENCE: StdDuration = StdDuration::from_secs(10);

const PROBE: Text = Text::from_static("2probe");
const PROBED: &str = "3probe";
const NOOP: &str = "6";

/// Why there is no WebSocket: a kind, and a sentence.
#[derive(Debug)]
pub struct Failed {
    pub kind: &'static str,
    pub detail: String,
}

impl Failed {
    fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// The server has no WebSocket to offer.
    pub fn not_offered() -> Self {
        Self::new(
            "upgrade not offered",
            "the server does not offer WebSocket in its OPEN packet (`upgrades`); add it to the server's transports",
        )
    }
}

impl From<Failed> for Arrival {
    fn from(Failed { kind, detail }: Failed) -> Self {
        Self::NotUpgraded { kind, detail }
    }
}

type Dialing = Pin<Box<dyn Future<Output = Result<WebSocketLink, Failed>>>>;

/// How far the move has come.
pub enum Stage {
    Probing(Dialing),
    Pausing(Box<WebSocketLink>),
}

/// A move that is under way.
pub struct Upgrading {
    pub stage: Stage,
    deadline: Pin<Box<Sleep>>,
    /// Until when there is no GET, because a noop came by polling while the probe was out. (socketio/engine.io-client#18)
    rest: Option<Pin<Box<Sleep>>>,
}

impl Upgrading {
    /// Begins with the probe, on a connection of its own.
    pub fn begin(place: &Arc<Place>, sid: &str, cookies: &Cookies) -> Self {
        let target = with_query(&place.websocket, &[("sid", Some(sid))]);
        let headers = place.headers(&target, cookies);
        let place = Arc::clone(place);
        let stage = Stage::Probing(Box::pin(async move { probe(&place, &target, &headers).await }));
        Self { stage, deadline: Box::pin(sleep(PATIENCE)), rest: None }
    }

    /// Whether no request may be begun.
    pub fn pauses(&self) -> bool {
        matches!(self.stage, Stage::Pausing(_))
    }

    /// A noop came by polling: the server wants the pause. Without an answer to the probe it lasts no longer than `most`, so
    /// that no heartbeat is missed over it.
    pub fn rest(&mut self, most: Duration) {
        self.rest = Some(Box::pin(sleep(most.std())));
    }

    /// Whether no GET may be begun.
    pub fn rests(&self) -> bool {
        self.rest.is_some() || self.pauses()
    }

    /// Goes on as far as it can: `Ok(true)` when something has happened.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Result<bool, Failed> {
        let rested = self.rest.as_mut().is_some_and(|rest| rest.as_mut().poll(cx).is_ready());
        if rested {
            self.rest = None;
        }
        let late = self.deadline.as_mut().poll(cx).is_ready();
        match &mut self.stage {
            Stage::Probing(dialing) => match dialing.as_mut().poll(cx) {
                Poll::Ready(Ok(link)) => {
                    self.stage = Stage::Pausing(Box::new(link));
                    Ok(true)
                }
                Poll::Ready(Err(failed)) => Err(failed),
                Poll::Pending if late => Err(Failed::new(
                    "upgrade probe unanswered",
                    format!(
                        "the server did not answer the probe on the WebSocket within {PATIENCE:?}; look for a proxy that \
                             accepts WebSockets and passes nothing on"
                    ),
                )),
                Poll::Pending => Ok(rested),
            },
            Stage::Pausing(link) => loop {
                match link.poll_recv(cx) {
                    Poll::Ready(Ok(Arrival::Frame(frame))) if is(&frame, NOOP) => {}
                    Poll::Ready(Ok(_)) => return Err(Failed::new("upgrade out of turn", OUT_OF_TURN)),
                    Poll::Ready(Err(end)) => {
                        return Err(Failed::new(end.kind(), format!("while polling paused: {end}")));
                    }
                    Poll::Pending if late => {
                        return Err(Failed::new(
                            "upgrade pause too long",
                            format!(
                                "the server did not let go of the open poll within {PATIENCE:?}; it should answer it with a \
                                 noop packet once it has answered the probe"
                            ),
                        ));
                    }
                    Poll::Pending => return Ok(rested),
                }
            },
        }
    }
}

const OUT_OF_TURN: &str =
    "the server sent a message over the WebSocket before it was told of the move; it breaks the protocol";

fn is(frame: &Frame, text: &str) -> bool {
    matches!(frame, Frame::Text(words) if words.as_str() == text)
}

async fn probe(place: &Place, target: &str, headers: &[(String, String)]) -> Result<WebSocketLink, Failed> {
    let (stream, _) =
        dial(&place.endpoint, &|| Moment::START).await.map_err(|error| Failed::new(error.kind(), error.to_string()))?;
    // What waited for the move is queued at once, with the head of a frame each.
    let limits = websocket::Limits { queue: 2 * place.limits.queue, ..place.limits };
    let mut link = upgrade(stream, &place.authority, target, headers, &limits)
        .await
        .map_err(|error| Failed::new(error.kind(), error.to_string()))?
        .link;
    link.queue(Frame::Text(PROBE)).map_err(|error| Failed::new(error.kind(), error.to_string()))?;
    loop {
        match link.recv().await {
            Ok(Arrival::Frame(frame)) if is(&frame, PROBED) => return Ok(link),
            Ok(Arrival::Frame(frame)) if is(&frame, NOOP) => {}
            Ok(_) => {
                let what = "the server answered the probe with something else than `3probe`; check what answers WebSockets \
                            at this path";
                return Err(Failed::new("upgrade probe answered wrongly", what));
            }
            Err(end) => return Err(Failed::new(end.kind(), format!("before the probe was answered: {end}"))),
        }
    }
}
