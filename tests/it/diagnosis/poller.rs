//! A server of HTTP long-polling that does everything right but one thing.

use std::collections::HashMap;
use std::io;
use std::net::TcpStream;
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::peer::{Act, Wire, perform};

/// What it does wrong, and when.
#[derive(Debug, Clone, Copy)]
pub struct Flaw {
    pub when: When,
    pub acts: &'static [Act],
    pub version_3: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A POST brings the user's event.
    Post,
    /// A GET comes after that event.
    Get,
    /// A session wants to move to WebSocket, which it was offered.
    Move,
    /// A request comes that is none of Engine.IO.
    Page,
}

/// How often it pings, in milliseconds; a client waits 200 ms more.
const PING: Duration = Duration::from_millis(300);

#[derive(Debug, Default)]
struct Session {
    outbox: Vec<String>,
    /// Has it been told that its namespace is?
    connected: bool,
    has_said_hello: bool,
    over: bool,
    /// What is said where nothing else is.
    ping: &'static str,
}

/// By sid, which are never given twice.
static SESSIONS: LazyLock<Mutex<HashMap<String, Session>>> = LazyLock::new(Mutex::default);
static CHANGED: Condvar = Condvar::new();

fn sessions() -> MutexGuard<'static, HashMap<String, Session>> {
    SESSIONS.lock().unwrap()
}

/// Serves one connection, until the client goes or its request is the one that is served wrongly.
pub fn serve(wire: &mut dyn Wire, bare: &TcpStream, flaw: &Flaw, done: &AtomicU64) -> io::Result<()> {
    loop {
        let request = Request::read(wire)?;
        let hello = request.body.contains("hello");
        let is_wrong = match flaw.when {
            When::Post => hello,
            When::Get => request.is_get() && sessions().get(&request.sid).is_some_and(|session| session.has_said_hello),
            When::Move => !request.key.is_empty(),
            When::Page => !request.target.contains("EIO="),
        };
        if is_wrong {
            if flaw.when == When::Move {
                // What waits goes by polling: no script has it to say over the WebSocket.
                await_connected(&request.sid);
                // The open poll is to come back, as it does where the probe is answered.
                change(&request.sid, |session| session.outbox.push("6".to_owned()));
            }
            return perform(wire, bare, flaw.acts, &mut request.key.clone(), done);
        }
        let answer = if request.sid.is_empty() { open(flaw) } else { request.answer(hello) };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8";
        write!(wire, "{head}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len())?;
    }
}

fn change(sid: &str, what: impl FnOnce(&mut Session)) {
    if let Some(session) = sessions().get_mut(sid) {
        what(session);
    }
    CHANGED.notify_all();
}

/// Waits until the user is connected, at most as long as that takes at all.
fn await_connected(sid: &str) {
    let is_not = |sessions: &mut HashMap<String, Session>| sessions.get(sid).is_some_and(|session| !session.connected);
    drop(CHANGED.wait_timeout_while(sessions(), Duration::from_secs(1), is_not).unwrap());
}

/// The first answer of a session.
fn open(flaw: &Flaw) -> String {
    let mut sessions = sessions();
    let sid = format!("s{}", sessions.len());
    let upgrades = if flaw.when == When::Move { "[\"websocket\"]" } else { "[]" };
    // In version 3 it is the client that pings; no test there lasts that long.
    let (interval, ping) = if flaw.version_3 { (25_000, "1:6") } else { (300, "2") };
    let open =
        format!("0{{\"sid\":\"{sid}\",\"upgrades\":{upgrades},\"pingInterval\":{interval},\"pingTimeout\":200}}");
    sessions.insert(sid, Session { ping, ..Session::default() });
    if flaw.version_3 { format!("{}:{open}2:40", open.len()) } else { open }
}

struct Request {
    target: String,
    /// Empty where there is none.
    sid: String,
    /// That of a WebSocket; empty otherwise.
    key: String,
    body: String,
    method: String,
}

impl Request {
    fn read(wire: &mut dyn Wire) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            wire.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let field = |wanted: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value).to_owned()
        };
        let mut body = vec![0; field("content-length").parse().unwrap_or(0)];
        wire.read_exact(&mut body)?;
        let mut words = head.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let sid = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("sid=")).unwrap_or_default().to_owned();
        Ok(Self {
            key: field("sec-websocket-key"),
            body: String::from_utf8_lossy(&body).into_owned(),
            sid,
            target,
            method,
        })
    }

    fn is_get(&self) -> bool {
        self.method == "GET"
    }

    fn answer(&self, hello: bool) -> String {
        if self.is_get() {
            return poll(&self.sid);
        }
        change(&self.sid, |session| {
            session.has_said_hello |= hello;
            session.over |= self.body.split('\x1e').any(|packet| packet == "1");
            if self.body.starts_with("40") {
                session.outbox.push("40{\"sid\":\"b\"}".to_owned());
            }
        });
        "ok".to_owned()
    }
}

/// Waits for something to say, at most until the next ping.
fn poll(sid: &str) -> String {
    let (deadline, mut sessions) = (Instant::now() + PING, sessions());
    loop {
        let Some(session) = sessions.get_mut(sid).filter(|session| !session.over) else {
            return "1".to_owned();
        };
        if !session.outbox.is_empty() {
            session.connected |= session.outbox.iter().any(|packet| packet.starts_with("40"));
            let said = std::mem::take(&mut session.outbox).join("\x1e");
            CHANGED.notify_all();
            return said;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return session.ping.to_owned();
        }
        sessions = CHANGED.wait_timeout(sessions, left).unwrap().0;
    }
}
