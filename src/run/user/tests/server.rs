//! What a scripted server sees and says.

use super::super::message::Command;
use crate::protocol::Frame;
use crate::units::Moment;

/// One thing that a user did.
pub struct Seen<'a> {
    pub at: Moment,
    /// `user.index`.
    pub user: u64,
    /// Which of its connections this is, from 1; 0 before the first.
    pub wire: u64,
    pub command: &'a Command,
}

/// What a user is then told.
#[derive(Debug, Clone)]
pub enum Arrival {
    Linked,
    NotLinked(&'static str),
    /// Not linked, for the server answers with this status and body.
    Refused(u16, &'static str),
    Text(String),
    /// Ended by a close frame with this code and reason.
    Closed(u16, &'static str),
    Ended(&'static str),
    Response(u16, String),
    /// The same with status 200 and this `Set-Cookie`.
    Cookie(&'static str),
    NoResponse(&'static str),
}

/// Milliseconds after it was asked, and what.
pub type Script = Vec<(u64, Arrival)>;

impl Seen<'_> {
    pub fn ms(&self) -> u64 {
        self.at.as_nanos() / 1_000_000
    }

    pub fn text(&self) -> Option<&str> {
        match self.command {
            Command::Send(Frame::Text(text)) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Number of the ack that an event of that name asks for.
    pub fn asks(&self, event: &str) -> Option<u64> {
        let (ack, json) = self.emitted()?;
        json.starts_with(&format!("[\"{event}\"")).then_some(ack)?
    }

    /// Is it an event of that name?
    pub fn emits(&self, event: &str) -> bool {
        self.emitted().is_some_and(|(_, json)| json.starts_with(&format!("[\"{event}\"")))
    }

    fn emitted(&self) -> Option<(Option<u64>, &str)> {
        let packet = self.text()?.strip_prefix("42")?;
        let (digits, _) = packet.split_once('[')?;
        Some((digits.parse().ok(), &packet[digits.len()..]))
    }

    pub fn connects(&self) -> bool {
        matches!(self.command, Command::Connect(_))
    }

    pub fn requests(&self) -> bool {
        matches!(self.command, Command::Http { .. })
    }

    pub fn joins(&self) -> bool {
        self.text().is_some_and(|text| text.starts_with("40"))
    }
}

/// An OPEN packet with those milliseconds between pings, and of patience.
pub fn open(interval: u64, timeout: u64) -> Arrival {
    Arrival::Text(format!(r#"0{{"sid":"engine","pingInterval":{interval},"pingTimeout":{timeout}}}"#))
}

pub fn ack(number: u64, args: &str) -> Arrival {
    Arrival::Text(format!("43{number}{args}"))
}

/// Milliseconds to the link, to the namespace's answer after it, to a response, and to an ack.
pub const LINK: u64 = 10;
pub const JOIN: u64 = 10;
pub const RESPOND: u64 = 5;
pub const ACK: u64 = 20;
/// When a user whose setup is empty is ready.
pub const READY: u64 = LINK + JOIN;

/// A server that does what it is asked, and never pings.
pub fn polite(seen: &Seen<'_>) -> Script {
    match seen.command {
        Command::Connect(_) => vec![(LINK, Arrival::Linked), (LINK, open(3_600_000, 3_600_000))],
        Command::Http { .. } => {
            vec![(RESPOND, Arrival::Response(200, format!(r#"{{"token":"token-of-{}"}}"#, seen.user)))]
        }
        Command::Send(_) if seen.joins() => {
            vec![(JOIN, Arrival::Text(format!(r#"40{{"sid":"socket-{}"}}"#, seen.wire)))]
        }
        Command::Send(_) => match seen.emitted() {
            Some((Some(number), _)) => vec![(ACK, ack(number, r#"[{"ok":true}]"#))],
            _ => Vec::new(),
        },
        Command::Forget { .. } | Command::Close | Command::Abort | Command::Done => Vec::new(),
    }
}
