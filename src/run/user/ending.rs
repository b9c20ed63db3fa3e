//! Why there is no connection, or no longer: the kind that reports group by, and a sentence that says what to do.

use std::borrow::Cow;

use super::message::Failure;
use crate::protocol::{Closed, Violation};
use crate::units::Duration;

/// A sentence about what awaited OPEN or CONNECT in vain, by a word of what [`crate::protocol::Session::awaits`] says.
struct Stop {
    word: &'static str,
    late: &'static str,
    late_advice: &'static str,
    closed: &'static str,
    closed_advice: &'static str,
}

const STOPS: &[Stop] = &[
    Stop {
        word: "OPEN",
        late: "no OPEN",
        late_advice: "the WebSocket is open and the server says nothing: check `protocol` and `path`, and whether the \
                      server hangs",
        closed: "closed instead of OPEN",
        closed_advice: "check `protocol` and `path`, and the server's log for why it lets nobody in",
    },
    Stop {
        word: "CONNECT",
        late: "no CONNECT reply",
        late_advice: "a middleware of the server may wait for something, or the server speaks another `protocol` or \
                      `parser`",
        closed: "closed instead of a CONNECT reply",
        closed_advice: "a server that does not take `connect.auth` does so, or one with another parser",
    },
];

/// Ends by which a server says nothing about why.
const SILENT: &[&str] = &["close 1005 (no code)", "close 1000 (normal)", "connection dropped", "connection reset"];

/// The server stayed silent where the session awaited something.
pub(super) fn late(awaited: Option<&str>, within: Duration) -> Failure {
    let awaited = awaited.unwrap_or("the server's first packet");
    let stop = STOPS.iter().find(|stop| awaited.contains(stop.word));
    let (kind, advice) =
        stop.map_or(("handshake timed out", "look at the server's log"), |stop| (stop.late, stop.late_advice));
    Failure::new(kind, format!("waited {within} for {awaited}; {advice}"))
}

/// The link ended in a session that awaited something, or nothing.
pub(super) fn lost(how: Failure, awaited: Option<&str>) -> Failure {
    let stop = awaited.and_then(|awaited| STOPS.iter().find(|stop| awaited.contains(stop.word)));
    match (stop, awaited) {
        (Some(stop), Some(awaited)) if SILENT.contains(&how.kind.as_ref()) => {
            let detail =
                format!("the server ended the connection ({}) instead of {awaited}; {}", how.kind, stop.closed_advice);
            Failure { kind: stop.closed.into(), detail, ..how }
        }
        (_, Some(awaited)) => Failure { detail: format!("{} (it came instead of {awaited})", how.detail), ..how },
        _ => how,
    }
}

/// The session ended for that reason, while the user was `doing` something. `None`: we wanted it.
pub(super) fn ended(reason: Closed, link: Option<Failure>, doing: &str) -> Option<Failure> {
    let kind = Cow::from(reason.name());
    let detail = match reason {
        Closed::ByUs => return None,
        Closed::Link => match link {
            Some(link) => return Some(link),
            None => format!("it ended during {doing}; look at the server and the network for that moment"),
        },
        Closed::Unanswered { hint } => match link {
            Some(link) if STOPS.iter().any(|stop| stop.closed == link.kind) => {
                return Some(Failure { detail: format!("{}; {hint}", link.detail), ..link });
            }
            Some(link) => return Some(link),
            None => hint.to_owned(),
        },
        Closed::PingTimeout { after } => format!(
            "no heartbeat came from the server for {after}; it hangs or is overloaded, or a network or proxy between swallows what it \
             sends"
        ),
        Closed::Namespace => format!(
            "the server disconnected the namespace during {doing}; it does so on purpose (a kick, an expired login): look \
             for `disconnect` in the server"
        ),
        Closed::Packet => format!(
            "the server closed the session during {doing}; it is shutting down, or has had enough of this client: look at \
             its log"
        ),
        Closed::Violation(violation) => return Some(broken(&violation)),
    };
    Some(Failure { kind, detail, said: None })
}

/// The server broke its protocol.
pub(super) fn broken(violation: &Violation) -> Failure {
    let breach = violation.breach();
    Failure::new(breach.kind, format!("{violation}; {}", breach.advice))
}

/// A namespace said no, the one of that name where the user joins several; `error` is the server's JSON.
pub(super) fn refused(namespace: Option<&str>, error: &str) -> Failure {
    let is_unknown = error.contains("Invalid namespace");
    let kind: Cow<'static, str> = match namespace {
        Some(name) if is_unknown => format!("namespace {name} unknown to the server").into(),
        Some(name) => format!("connect of {name} refused by the server").into(),
        None if is_unknown => "namespace unknown to the server".into(),
        None => "connect refused by the server".into(),
    };
    let advice = if is_unknown {
        "check `namespace`: the server has none of that name"
    } else {
        "check `connect.auth` and `login`; the answer is that of the server's middleware"
    };
    Failure::new(kind, format!("the server answered CONNECT with {error}; {advice}"))
}
