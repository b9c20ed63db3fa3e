//! HTTP long-polling: one GET that waits for what the server has to say, one POST at a time for what we have, each on a
//! connection of its own that is kept. (engine.io-protocol, "HTTP long-polling".)

pub mod error;
mod lane;
pub mod place;
mod probe;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tungstenite::handshake::client::generate_key;

use self::error::{PollingError, excerpt};
use self::lane::Lane;
pub use self::place::Place;
use self::probe::{Failed, Stage, Upgrading};
use super::cookies::Cookies;
use super::dial::{Phases, dial};
use super::http::{Connection, Response};
use super::link::{Arrival, Link, QueueError, Traffic};
use super::link_end::LinkEnd;
use super::meter::Meter;
use super::refusal::{Asked, Refusal};
use super::websocket::WebSocketLink;
use crate::protocol::engineio::packet::{Handshake, Packet};
use crate::protocol::engineio::payload;
use crate::protocol::{Frame, Text, Version};
use crate::units::{Duration, Moment};

/// What an answer may take beyond the time in which the server must have something to say.
const SLACK: Duration = Duration::from_secs(5);
/// What a frame that waits is counted with, beside its payload.
const FRAME: usize = 16;

/// A polling session.
pub struct PollingLink {
    place: Arc<Place>,
    sid: String,
    /// Makes the URLs of this session its own, with a number for each request.
    nonce: String,
    requests: u64,
    patience: Duration,
    /// How long there may be no GET while a move is under way.
    longest_rest: Duration,
    /// Most bytes that the server takes in a body, where it says so.
    most: Option<u64>,
    cookies: Cookies,
    get: Lane,
    post: Lane,
    outbox: VecDeque<Frame>,
    /// Bytes of the outbox.
    waiting: usize,
    inbox: VecDeque<Arrival>,
    upgrading: Option<Box<Upgrading>>,
    /// We said goodbye.
    closing: bool,
    /// The server has: nothing more is asked of it.
    over: bool,
    meter: Arc<Meter>,
}

impl fmt::Debug for PollingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollingLink")
            .field("place", &self.place)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

/// A session that has been opened.
#[derive(Debug)]
pub struct Opened {
    pub link: Box<PollingLink>,
    pub phases: Phases,
    /// Of the first answer, names in lower case; `set-cookie` among them.
    pub headers: Vec<(String, String)>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    Arrival(Arrival),
    /// The session goes on over this WebSocket.
    Moved(Box<WebSocketLink>),
}

/// Asks the server for a session. What its first answer brings, OPEN and more, comes out of the link first. With
/// `upgrades` the session then moves to WebSocket, if it can.
///
/// There is no deadline; callers give up by dropping the future.
pub async fn open(
    place: Place,
    cookies: Cookies,
    upgrades: bool,
    now: &dyn Fn() -> Moment,
) -> Result<Opened, PollingError> {
    // Boxed, because callers keep room for this future in each user for as long as the user lives.
    Box::pin(shake_hands(place, cookies, upgrades, now)).await
}

async fn shake_hands(
    place: Place,
    mut cookies: Cookies,
    upgrades: bool,
    now: &dyn Fn() -> Moment,
) -> Result<Opened, PollingError> {
    let place = Arc::new(place);
    let meter = Arc::new(Meter::default());
    let nonce: String = generate_key().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let request = place.request(None, &nonce, None, &cookies);
    let (stream, phases) = dial(&place.endpoint, now).await.map_err(|error| PollingError::Http(error.into()))?;
    super::stage::Stage::Poll.enter();
    let mut connection = Connection::metered(stream, &place.http_limits(), Some(Arc::clone(&meter))).await?;
    let response = connection.send(&place.authority, &request).await?;
    if let Some(url) = place.url(&request.path_and_query) {
        cookies.learn(&url, &response.headers);
    }
    let body = accept(&response)?;
    if place.version == Version::V4 && payload::looks_like_version_3(&body) {
        return Err(PollingError::Version3);
    }
    let no_open = |what: String| PollingError::NoOpen { what, excerpt: excerpt(&body) };
    let frames = payload::decode(place.version, &body).map_err(no_open)?;
    let handshake = match frames.first() {
        Some(Frame::Text(text)) => match Packet::decode(text.as_str()) {
            Ok(Packet::Open(json)) => Handshake::read(json).map_err(no_open)?,
            _ => return Err(no_open("another packet".to_owned())),
        },
        _ => return Err(no_open("binary data".to_owned())),
    };
    let headers = response.headers;
    let mut link = Box::new(PollingLink {
        place,
        nonce,
        requests: 0,
        patience: handshake.patience() + SLACK,
        longest_rest: Duration::from_secs_f64(handshake.ping_timeout().as_secs_f64() / 2.0),
        most: handshake.max_payload,
        sid: handshake.sid,
        cookies,
        get: Lane::of(Some(connection).filter(Connection::is_reusable)),
        post: Lane::default(),
        outbox: VecDeque::new(),
        waiting: 0,
        inbox: VecDeque::new(),
        upgrading: None,
        closing: false,
        over: false,
        meter,
    });
    link.take(frames);
    match handshake.upgrades.iter().any(|transport| transport == "websocket") {
        _ if !upgrades => {}
        true => link.upgrading = Some(Box::new(Upgrading::begin(&link.place, &link.sid, &link.cookies))),
        false => link.inbox.push_back(Failed::not_offered().into()),
    }
    Ok(Opened { link, phases, headers })
}

/// The body of an answer that is what it should be.
fn accept(response: &Response) -> Result<Bytes, PollingError> {
    if response.status != 200 {
        let start = &response.body[..response.body.len().min(Refusal::BODY)];
        return Err(PollingError::Refused(Box::new(Refusal {
            asked: Asked::Poll,
            status: response.status,
            headers: response.headers.clone(),
            body: String::from_utf8_lossy(start).into_owned(),
        })));
    }
    match response.header("content-encoding") {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(PollingError::Compressed { encoding: encoding.to_owned() })
        }
        _ => Ok(response.body.clone()),
    }
}

impl PollingLink {
    /// See [`Link::queue`].
    pub fn queue(&mut self, frame: Frame) -> Result<(), QueueError> {
        if self.closing {
            return Err(QueueError::Closed);
        }
        let (size, limit) = (frame.len() + FRAME, self.place.limits.queue);
        if size > limit {
            return Err(QueueError::TooLarge { size: frame.len(), limit });
        }
        if self.waiting + size > limit {
            return Err(QueueError::Full { limit });
        }
        self.waiting += size;
        self.outbox.push_back(frame);
        Ok(())
    }

    /// Leaves: what waits is sent, and a close packet behind it. A move that is under way is given up.
    pub fn queue_close(&mut self) {
        if !self.closing {
            self.closing = true;
            self.upgrading = None;
            if self.over {
                self.outbox.clear();
            } else {
                self.outbox.push_back(Frame::Text(Text::from_static("1")));
            }
        }
    }

    /// What has crossed all its connections so far, in bytes.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }

    /// See [`Link::poll_recv`].
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, LinkEnd>> {
        loop {
            if let Some(arrival) = self.inbox.pop_front() {
                return Poll::Ready(Ok(Next::Arrival(arrival)));
            }
            let requests = self.poll_post(cx).and_then(|posted| Ok(posted | self.poll_get(cx)?));
            let went_on = match requests {
                Ok(went_on) => went_on,
                // Whatever becomes of a goodbye: we have left.
                Err(_) if self.closing => return Poll::Ready(Err(LinkEnd::ByUs)),
                Err(error) => return Poll::Ready(Err(LinkEnd::Polling(Box::new(error)))),
            };
            if self.closing && self.outbox.is_empty() && !self.post.is_busy() {
                return Poll::Ready(Err(LinkEnd::ByUs));
            }
            let upgraded = self.poll_upgrade(cx);
            if let Some(link) = self.moves() {
                return Poll::Ready(Ok(Next::Moved(link)));
            }
            if !went_on && !upgraded {
                return Poll::Pending;
            }
        }
    }

    /// What is sent: the answer to the last POST, and the next one. `true` when something has happened.
    fn poll_post(&mut self, cx: &mut Context<'_>) -> Result<bool, PollingError> {
        let mut went_on = false;
        if let Poll::Ready(outcome) = self.post.poll(cx) {
            let response = self.learn(outcome?);
            let body = accept(&response)?;
            if !body.trim_ascii().eq_ignore_ascii_case(b"ok") {
                return Err(PollingError::NotOk { excerpt: excerpt(&body) });
            }
            went_on = true;
        }
        let pauses = self.upgrading.as_ref().is_some_and(|upgrading| upgrading.pauses());
        if !self.post.is_busy() && !self.outbox.is_empty() && !pauses && !self.over {
            let count = payload::batch(self.place.version, &self.outbox, self.most);
            let frames: Vec<Frame> = self.outbox.drain(..count.min(self.outbox.len())).collect();
            self.waiting = self.waiting.saturating_sub(frames.iter().map(|frame| frame.len() + FRAME).sum());
            let request = Some(payload::encode(self.place.version, &frames));
            let request = self.request(request);
            self.post.start(&self.place, &self.meter, request, self.patience);
            went_on = true;
        }
        Ok(went_on)
    }

    /// What is received: the answer to the last GET, and the next one. `true` when something has happened.
    fn poll_get(&mut self, cx: &mut Context<'_>) -> Result<bool, PollingError> {
        if self.closing {
            return Ok(false);
        }
        let mut went_on = false;
        if let Poll::Ready(outcome) = self.get.poll(cx) {
            let response = self.learn(outcome?);
            let body = accept(&response)?;
            let unreadable = |what| PollingError::Body { what, excerpt: excerpt(&body) };
            let frames = payload::decode(self.place.version, &body).map_err(unreadable)?;
            self.take(frames);
            went_on = true;
        }
        let rests = self.upgrading.as_ref().is_some_and(|upgrading| upgrading.rests());
        if !self.get.is_busy() && self.inbox.is_empty() && !rests && !self.over {
            let request = self.request(None);
            self.get.start(&self.place, &self.meter, request, self.patience);
            went_on = true;
        }
        Ok(went_on)
    }

    fn request(&mut self, body: Option<Vec<u8>>) -> super::http::Request {
        self.requests += 1;
        let cache_buster = format!("{}{}", self.nonce, self.requests);
        self.place.request(Some(&self.sid), &cache_buster, body, &self.cookies)
    }

    fn learn(&mut self, response: Response) -> Response {
        if response.header("set-cookie").is_some()
            && let Some(url) = self.place.url(&self.place.polling)
        {
            self.cookies.learn(&url, &response.headers);
        }
        response
    }

    /// Keeps what an answer brought. A noop only ends a GET.
    fn take(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            match &frame {
                Frame::Text(text) if text.starts_with('6') => {
                    if let Some(upgrading) = &mut self.upgrading {
                        upgrading.rest(self.longest_rest);
                    }
                    continue;
                }
                Frame::Text(text) if text.starts_with('1') => self.over = true,
                _ => {}
            }
            self.inbox.push_back(frame.into());
        }
    }

    /// `true` when something has happened.
    fn poll_upgrade(&mut self, cx: &mut Context<'_>) -> bool {
        if self.over {
            // Nobody is left to move to.
            self.upgrading = None;
        }
        let Some(upgrading) = &mut self.upgrading else { return false };
        match upgrading.poll(cx) {
            Ok(went_on) => went_on,
            Err(failed) => {
                self.upgrading = None;
                self.inbox.push_back(failed.into());
                true
            }
        }
    }

    /// The WebSocket, once polling has come to rest and everything that it brought has been delivered. The server is told, and
    /// then everything that waits.
    fn moves(&mut self) -> Option<Box<WebSocketLink>> {
        let at_rest = !self.get.is_busy() && !self.post.is_busy() && self.inbox.is_empty();
        if !at_rest || !self.upgrading.as_ref()?.pauses() {
            return None;
        }
        let Stage::Pausing(mut link) = self.upgrading.take()?.stage else { return None };
        let moved = Frame::Text(Text::from_static("5"));
        for frame in std::iter::once(moved).chain(self.outbox.drain(..)) {
            // It has room for all of this; on a link that has broken meanwhile the next `recv` tells.
            let _ = link.queue(frame);
        }
        link.count_before(self.meter.traffic());
        Some(link)
    }
}
