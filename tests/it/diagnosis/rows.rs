//! The misbehaviours, one a row.

use super::certificates::Tls;
use super::peer::Act::{
    self, Accept, All, Bytes, Flood, Frame, Head, Hear, Hold, Polls, Raw, Reset, Say, Slowly, Wait,
};
use super::poller::{Flaw, When};

/// What a peer does, and what the user is told.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub place: Place,
    pub script: &'static [Act],
    /// What the peer does once it has done so with two connections.
    pub later: &'static [Act],
    /// What is different in the suite.
    pub suite: &'static [(&'static str, &'static str)],
    /// Class and kind of the finding, and a part of its sentence; `None` where nothing is wrong.
    pub told: Option<(&'static str, &'static str, &'static str)>,
    /// When it must have been told at the latest, in milliseconds of the run.
    pub by: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Plain,
    Tls(Tls),
    /// The peer speaks no TLS, and the suite wants it.
    PlainForTls,
    /// The peer speaks TLS, and the suite does not.
    TlsForPlain,
    /// A port at which nobody listens.
    Nobody,
    /// A name without an address.
    Unresolved,
    /// The peer is a proxy before a port at which nobody listens.
    Proxy,
}

impl Place {
    /// Is it seen before the run, once, and ends it?
    pub const fn is_seen_before(self) -> bool {
        match self {
            Self::Plain | Self::TlsForPlain | Self::Tls(Tls::Fine | Tls::Mutual) => false,
            Self::Tls(_) | Self::PlainForTls | Self::Nobody | Self::Unresolved | Self::Proxy => true,
        }
    }
}

const OPEN: Act =
    Say("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
/// The WebSocket is open.
const SWITCHED: Act = All(&[Head, Accept("")]);
/// Our CONNECT has come, and was not answered.
const ASKED: Act = All(&[SWITCHED, OPEN, Hear("40")]);
const CONNECTED: Act = All(&[ASKED, Say("40{\"sid\":\"b\"}")]);
/// The user has emitted something.
const HELLO: Act = All(&[CONNECTED, Hear("hello")]);
const POLITE: &[Act] = &[CONNECTED, Hold];

const fn row(
    name: &'static str,
    script: &'static [Act],
    class: &'static str,
    kind: &'static str,
    words: &'static str,
) -> Row {
    let told = Some((class, kind, words));
    Row { name, place: Place::Plain, script, later: POLITE, suite: &[], told, by: 1000 }
}

const fn refusal(name: &'static str, answer: &'static [Act], kind: &'static str, words: &'static str) -> Row {
    row(name, answer, "connect", kind, words)
}

const fn lost(name: &'static str, script: &'static [Act], kind: &'static str, words: &'static str) -> Row {
    row(name, script, "disconnect", kind, words)
}

const fn oddity(name: &'static str, script: &'static [Act], kind: &'static str, words: &'static str) -> Row {
    row(name, script, "protocol", kind, words)
}

const fn fine(name: &'static str, script: &'static [Act]) -> Row {
    Row { name, place: Place::Plain, script, later: POLITE, suite: &[], told: None, by: 0 }
}

const fn at(place: Place, row: Row) -> Row {
    Row { place, ..row }
}

const fn with(suite: &'static [(&'static str, &'static str)], row: Row) -> Row {
    Row { suite, ..row }
}

const ACKED: &[(&str, &str)] = &[("- emit: hello", "- { emit: hello, ack: { within: 500ms } }")];

const MORE: &str = "tls: { ca: ca.pem }";
const PROXY: &[(&str, &str)] = &[(MORE, "proxy: \"http://us:s3cret@PEER\"")];

const fn through(row: Row) -> Row {
    with(PROXY, at(Place::Proxy, row))
}

/// By polling, and all right but for one thing.
macro_rules! polls {
    ($when:ident, $acts:expr) => {
        polls!($when, $acts, false)
    };
    ($when:ident, $acts:expr, $version_3:literal) => {
        &[Polls(Flaw { when: When::$when, acts: $acts, version_3: $version_3 })]
    };
}

/// The same for those whom nothing else can serve afterwards.
const fn by_polling(row: Row) -> Row {
    Row { later: row.script, ..with(POLLING, row) }
}

/// The user stays on polling, and works.
const fn stays(name: &'static str, script: &'static [Act], kind: &'static str, words: &'static str) -> Row {
    let told = Some(("connect", kind, words));
    Row { told, later: script, ..with(UPGRADE, fine(name, script)) }
}

const PROBE: Act = All(&[Accept(""), Hear("2probe")]);
const UPGRADE: &[(&str, &str)] = &[(MORE, "transports: [polling, websocket]")];
const UPGRADE_LATE: &[(&str, &str)] = &[(MORE, "transports: [polling, websocket]"), ("duration: 2s", "duration: 11s")];
const POLLING_LONG: &[(&str, &str)] = &[(MORE, "transports: [polling]"), ("duration: 2s", "duration: 8s")];
const POLLING_3: &[(&str, &str)] = &[(MORE, "transports: [polling], protocol: socket.io-v2")];
const STEP: &[(&str, &str)] = &[
    (MORE, "transports: [polling]"),
    ("every: 500ms", "every: 1100ms"),
    ("emit: hello", "{ get: /slow, within: 500ms }"),
];
const POLLING: &[(&str, &str)] = &[("tls: { ca: ca.pem }", "transports: [polling]")];

macro_rules! http {
    ($status:literal) => {
        http!($status, "", "")
    };
    ($status:literal, $headers:literal, $body:literal) => {
        &[Head, Raw(concat!("HTTP/1.1 ", $status, "\r\nConnection: close\r\n", $headers, "\r\n", $body).as_bytes())]
    };
}

macro_rules! answer {
    ($status:literal, $body:literal) => {
        &[Raw(concat!("HTTP/1.1 ", $status, "\r\nConnection: close\r\n\r\n", $body).as_bytes())]
    };
}

pub const ROWS: &[Row] = &[
    // Before there is a connection.
    at(Place::Unresolved, refusal("a name without an address", &[], "DNS failure", "check the host in `target.url`")),
    at(Place::Nobody, refusal("nobody listens", &[], "connection refused", "start the server, check host and port")),
    refusal("accepts, then silence", &[Head, Hold], "upgrade timed out", "waited 1s for the answer to the WebSocket request"),
    refusal("closes instead of an answer", &[Head], "connection dropped before the answer", "dropped it without more; look at its log"),
    refusal("resets instead of an answer", &[Reset], "connection reset before the answer", "a firewall or proxy cut in"),
    // TLS.
    at(Place::Tls(Tls::Foreign), refusal("a certificate of nobody", &[Hold], "TLS: unknown certificate authority", "`tls.ca`")),
    at(Place::Tls(Tls::Expired), refusal("an old certificate", &[Hold], "TLS: certificate expired", "renew the server")),
    at(Place::Tls(Tls::Elsewhere), refusal("another's certificate", &[Hold], "TLS: certificate for another name", "elsewhere.example")),
    at(Place::Tls(Tls::Mutual), refusal("wants a certificate", &[Hold], "TLS: client certificate refused", "`tls.cert` and `tls.key`")),
    at(Place::PlainForTls, refusal("no TLS", &[Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")], "TLS: the server does not speak it", "if the server is unencrypted")),
    at(Place::PlainForTls, refusal("silence in TLS", &[Hold], "TLS handshake timed out", "waited 1s for the server's part of the TLS handshake")),
    at(Place::PlainForTls, refusal("closes in TLS", &[], "TLS: connection lost in the handshake", "check that the port is the one for TLS")),
    at(Place::TlsForPlain, refusal("TLS unasked", &[Head, Raw(b"\x15\x03\x01\x00\x02\x02\x46")], "server speaks TLS", "or use its unencrypted port")),
    // The upgrade.
    refusal("garbage", &[Head, Raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")], "answer is not HTTP", "check host and port"),
    refusal("a head without an end", &[Head, Raw(b"HTTP/1.1 101 Switching\r\nUpgr"), Hold], "upgrade timed out", "says nothing"),
    refusal("a huge head", &[Head, Raw(b"HTTP/1.1 101 Switching\r\nX: "), Raw(&[b'x'; 90_000]), Hold], "answer's head too large", "fewer headers"),
    refusal("200", http!("200 OK", "", "<h1>It works!</h1>"), "upgrade refused: 200 OK", "an ordinary page answers there"),
    refusal("302", http!("302 Found", "Location: /login\r\n", ""), "upgrade refused: 302 redirect", "to /login"),
    refusal("400", http!("400 Bad Request"), "upgrade refused: 400 bad request", "check `protocol`"),
    refusal("400, code 0", http!("400 Bad Request", "", r#"{"code":0,"message":"Transport unknown"}"#), "upgrade refused: transport unknown", "switch it on"),
    refusal("400, code 1", http!("400 Bad Request", "", r#"{"code":1,"message":"Session ID unknown"}"#), "upgrade refused: session unknown", "sticky"),
    refusal("400, code 2", http!("400 Bad Request", "", r#"{"code":2,"message":"Bad handshake method"}"#), "upgrade refused: bad method", "a proxy changed the method"),
    refusal("400, code 3", http!("400 Bad Request", "", r#"{"code":3,"message":"Bad request"}"#), "upgrade refused: bad request", "have the proxies pass"),
    refusal("400, code 5, bare", http!("400 Bad Request", "", "Unsupported protocol version"), "upgrade refused: protocol version", "`allowEIO3`"),
    refusal("401", http!("401 Unauthorized"), "upgrade refused: 401 unauthorized", "the server wants credentials"),
    refusal("403", http!("403 Forbidden"), "upgrade refused: 403 forbidden", "address filters"),
    refusal("403, code 4", http!("403 Forbidden", "", r#"{"code":4,"message":"no bidders today"}"#), "upgrade refused: forbidden", "no bidders today"),
    refusal("404", http!("404 Not Found", "", "Cannot GET /socket.io"), "upgrade refused: 404 not found", "mind the trailing slash"),
    refusal("413", http!("413 Payload Too Large"), "upgrade refused: 413 too large", "`maxHttpBufferSize`"),
    refusal("429", http!("429 Too Many Requests", "Retry-After: 7\r\n", ""), "upgrade refused: 429 too many requests", "Retry-After: 7"),
    refusal("500", http!("500 Internal Server Error"), "upgrade refused: 500 server error", "its log should say where"),
    refusal("502", http!("502 Bad Gateway", "", "<h1>nginx</h1>"), "upgrade refused: 502 bad gateway", "cannot reach the server behind it"),
    refusal("503", http!("503 Service Unavailable"), "upgrade refused: 503 unavailable", "check the backends"),
    refusal("101 to another key", http!("101 Switching Protocols", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n", ""), "101 with a wrong key", "look for a proxy that answers itself"),
    refusal("101 without Upgrade", http!("101 Switching Protocols", "Sec-WebSocket-Accept: x\r\n", ""), "101 without Upgrade", "look for a proxy that answers itself"),
    refusal("an extension", &[Head, Accept("Sec-WebSocket-Extensions: permessage-deflate\r\n")], "upgrade with an unwanted extension", "permessage-deflate is not supported"),
    refusal("a subprotocol", &[Head, Accept("Sec-WebSocket-Protocol: soap\r\n")], "subprotocol mismatch", "the server chose soap"),
    // Polling.
    with(POLLING, refusal("polling, silence", &[Head, Hold], "polling timed out", "the first answer of polling")),
    with(POLLING, refusal("polling, a page", http!("200 OK", "", "<h1>It works!</h1>"), "polling without OPEN", "something else than an Engine.IO server")),
    with(POLLING, refusal("polling, version 3", http!("200 OK", "", "57:0{\"sid\":\"a\",\"pingInterval\":25000,\"pingTimeout\":20000}2:40"), "server speaks Engine.IO 3", "set `protocol: socket.io-v2`")),
    with(POLLING, refusal("polling, code 1", http!("400 Bad Request", "", r#"{"code":1,"message":"Session ID unknown"}"#), "polling refused: session unknown", "sticky")),
    with(POLLING, refusal("polling, 503", http!("503 Service Unavailable"), "polling refused: 503 unavailable", "check the backends")),
    with(POLLING, refusal("polling, compressed", http!("200 OK", "Content-Encoding: gzip\r\n", "x"), "polling answer compressed", "turn compression off")),
    by_polling(lost("polling, POST answered 500", polls!(Post, answer!("500 Internal Server Error", "")), "polling refused: 500 server error", "its log should say where")),
    by_polling(lost("polling, POST not ok", polls!(Post, answer!("200 OK", "<h1>Hi")), "polling send not confirmed", "answered with `<h1>Hi` instead of `ok`")),
    with(POLLING_LONG, Row { by: 6500, ..by_polling(lost("polling, POST never answered", polls!(Post, &[Hold]), "polling request unanswered", "did not answer a polling request for 5s500ms")) }),
    by_polling(lost("polling, not sticky", polls!(Get, answer!("400 Bad Request", r#"{"code":1,"message":"Session ID unknown"}"#)), "polling refused: session unknown", "sticky")),
    by_polling(lost("polling, a huge body", polls!(Get, &[Raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), Bytes(17 << 20)]), "polling answer too large", "limit of 16777216 bytes")),
    by_polling(lost("polling, no text", polls!(Get, &[Raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\xff\xfe")]), "polling answer unreadable", "a text packet is not UTF-8")),
    by_polling(lost("polling, a page in the middle", polls!(Get, answer!("200 OK", "<h1>It works!</h1>")), "not Engine.IO", "check `protocol` and `path`")),
    with(POLLING_3, by_polling(lost("polling, a wrong length", polls!(Get, answer!("200 OK", "9:42[]"), true), "polling answer unreadable", "a packet is shorter than its length of 9"))),
    by_polling(lost("polling, GET never answered", polls!(Get, &[Hold]), "ping timeout", "no heartbeat came from the server for 500ms")),
    // Moving from polling to WebSocket.
    with(UPGRADE_LATE, Row { by: 10_500, ..stays("probe never answered", polls!(Move, &[PROBE, Hold]), "not upgraded: upgrade probe unanswered", "accepts WebSockets and passes nothing on") }),
    stays("probe answered wrongly", polls!(Move, &[PROBE, Say("3"), Hold]), "not upgraded: upgrade probe answered wrongly", "something else than `3probe`"),
    stays("upgrade answered 403", polls!(Move, answer!("403 Forbidden", "")), "not upgraded: upgrade refused: 403 forbidden", "the user stays on polling"),
    with(UPGRADE, Row { later: &[], ..lost("silence after the move", polls!(Move, &[PROBE, Say("3probe"), Hear("5"), Hold]), "ping timeout", "no heartbeat came from the server for 500ms") }),
    // Proxies.
    through(refusal("proxy, 407", http!("407 Proxy Authentication Required"), "proxy refused: 407 authentication", "the right user and password")),
    through(refusal("proxy, 502", http!("502 Bad Gateway", "", "no way"), "proxy refused: 502 bad gateway", "and `no way`")),
    through(refusal("proxy, silence", &[Head, Hold], "proxy timed out", "waited 1s for the proxy to connect us")),
    through(refusal("proxy, gone", &[Head], "proxy without an answer", "check that an HTTP proxy listens there")),
    // Steps.
    with(STEP, Row { by: 2500, later: polls!(Page, &[Hold]), ..row("a page that never comes", polls!(Page, &[Hold]), "action", "GET /slow timed out", "HTTP request timed out: no complete answer came to GET within 500ms") }),
    // OPEN and CONNECT.
    refusal("no OPEN", &[SWITCHED, Hold], "no OPEN", "waited 1s for the OPEN packet"),
    refusal("OPEN that is no JSON", &[SWITCHED, Say("0{\"sid\":"), Hold], "OPEN unreadable", "check `path` and `protocol`"),
    refusal("OPEN without intervals", &[SWITCHED, Say("0{\"sid\":\"a\",\"pingInterval\":0,\"pingTimeout\":0}"), Hold], "OPEN without a heartbeat", "`pingTimeout` in the server"),
    refusal("another protocol", &[SWITCHED, Say("hello"), Hold], "not Engine.IO", "raw WebSocket is `protocol: websocket`"),
    refusal("an event before OPEN", &[SWITCHED, Say("42[\"a\"]"), Hold], "something else than OPEN", "no Engine.IO server"),
    refusal("gone before OPEN", &[SWITCHED], "closed instead of OPEN", "why it lets nobody in"),
    refusal("socket.io 2", &[SWITCHED, OPEN, Say("40"), Hold], "server of another version", "`protocol: socket.io-v2`"),
    refusal("refuses version 3", &[SWITCHED, Raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: 28\r\n\r\nUnsupported protocol version"), Hold], "HTTP answer inside the WebSocket", "`allowEIO3`"),
    refusal("no CONNECT reply", &[ASKED, Hold], "no CONNECT reply", "waited 1s for the CONNECT reply of namespace"),
    refusal("CONNECT_ERROR", &[ASKED, Say("44{\"message\":\"no bidders\"}"), Hold], "connect refused by the server", "no bidders"),
    refusal("no such namespace", &[ASKED, Say("44{\"message\":\"Invalid namespace\"}"), Hold], "namespace unknown to the server", "the server has none of that name"),
    refusal("another parser", &[ASKED, Frame(0x88, b"")], "closed instead of a CONNECT reply", "`parser: msgpack`"),
    refusal("msgpack frames", &[SWITCHED, OPEN, Frame(0x82, b"\x83\xa4type\x00"), Hold], "binary frame unannounced", "set `parser: msgpack`"),
    refusal("CONNECT reply without sid", &[ASKED, Say("40{\"id\":1}"), Hold], "CONNECT reply unreadable", "which version of Socket.IO"),
    refusal("kicked out of the door", &[ASKED, Say("41"), Hold], "namespace disconnect by the server", "an expired login"),
    // The connection is lost.
    lost("never pings", &[SWITCHED, Say("0{\"sid\":\"a\",\"pingInterval\":300,\"pingTimeout\":200}"), Hear("40"), Say("40{\"sid\":\"b\"}"), Hold], "ping timeout", "no heartbeat came from the server for 500ms"),
    lost("a huge frame", &[HELLO, Raw(b"\x81\x7f\x00\x00\x00\x00\x10\x00\x00\x00"), Hold], "message too large", "limit of 16777216"),
    lost("compressed", &[HELLO, Frame(0xc1, b"a"), Hold], "reserved bits set", "it compresses without being asked"),
    lost("masked", &[HELLO, Raw(b"\x81\x81\x00\x00\x00\x00a"), Hold], "masked frame", "is not a WebSocket server"),
    lost("continues nothing", &[HELLO, Frame(0x80, b"a"), Hold], "continuation of nothing", "nothing to continue"),
    lost("an unknown opcode", &[HELLO, Frame(0x83, b"a"), Hold], "frame of an unknown type", "opcode: 3"),
    lost("a message in a message", &[HELLO, Frame(0x01, b"4"), Frame(0x81, b"a"), Hold], "message inside a message", "check host, port and proxies"),
    lost("a long ping", &[HELLO, Frame(0x89, &[b'a'; 126]), Hold], "control frame too big", "125 bytes or less"),
    lost("a ping in pieces", &[HELLO, Frame(0x09, b"a"), Hold], "fragmented control frame", "broke the WebSocket protocol"),
    lost("no UTF-8", &[HELLO, Frame(0x81, b"42[\"\xff\"]"), Hold], "invalid UTF-8", "make it send a binary message"),
    lost("an event that is no JSON", &[HELLO, Say("42{\"a\":1}"), Hold], "event unreadable", "what the server emits"),
    lost("an event with a reserved name", &[HELLO, Say("42[\"disconnect\"]"), Hold], "reserved event name", "rename the event"),
    lost("an ack that is no array", &[HELLO, Say("430{}"), Hold], "ack unreadable", "how the server answers"),
    lost("an unknown packet", &[HELLO, Say("49"), Hold], "not Socket.IO", "check `protocol` and `parser`"),
    lost("no number of attachments", &[HELLO, Say("450-[\"a\"]"), Hold], "attachments miscounted", "update its library"),
    lost("text for an attachment", &[HELLO, Say("451-[\"a\",{\"_placeholder\":true,\"num\":0}]"), Say("42[\"b\"]"), Hold], "text instead of an attachment", "mixes up frames"),
    lost("kicked", &[HELLO, Say("41"), Hold], "namespace disconnect by the server", "a kick"),
    lost("close packet", &[HELLO, Say("1"), Hold], "close packet from the server", "it is shutting down"),
    lost("1000", &[HELLO, Frame(0x88, b"\x03\xe8")], "close 1000 (normal)", "ended the connection on purpose"),
    lost("1001", &[HELLO, Frame(0x88, b"\x03\xe9")], "close 1001 (going away)", "restarted or redeployed"),
    lost("1005", &[HELLO, Frame(0x88, b"")], "close 1005 (no code)", "gave no reason"),
    lost("1006", &[HELLO], "connection dropped", "idle timeout"),
    lost("reset in the middle", &[CONNECTED, Reset], "connection reset", "a firewall or proxy cut in"),
    lost("1008", &[HELLO, Frame(0x88, b"\x03\xf0no")], "close 1008 (policy)", "reason `no`"),
    lost("1009", &[HELLO, Frame(0x88, b"\x03\xf1")], "close 1009 (too big)", "`maxHttpBufferSize`"),
    lost("1011", &[HELLO, Frame(0x88, b"\x03\xf3")], "close 1011 (server error)", "its log should say where"),
    lost("1013", &[HELLO, Frame(0x88, b"\x03\xf5")], "close 1013 (try again later)", "overloaded and says so"),
    lost("4401", &[HELLO, Frame(0x88, b"\x11\x31")], "close 4401 (application)", "code 4401"),
    lost("an unassigned code", &[HELLO, Frame(0x88, b"\x07\xd0")], "close code not allowed", "a code that may not be sent"),
    with(&[("reconnect: off", "reconnect: { wait: 100ms }")], lost("restart in the middle", &[HELLO, Frame(0x88, b"\x03\xf4")], "close 1012 (restart)", "or allow `reconnect`")),
    with(&[("- emit: hello", "- { emit: hello, args: [\"BIG\"] }"), ("every: 500ms", "every: 50ms")], Row { by: 2000, ..lost("stops reading", &[CONNECTED, Wait(3500)], "send queue full", "the server does not read them") }),
    // It goes on, and is odd.
    with(ACKED, oddity("acks twice", &[HELLO, Say("430[]"), Say("430[]"), Hold], "ack that came again", "calls the callback of an event once")),
    oddity("acks what nobody asked", &[HELLO, Say("4377[]"), Hold], "ack that nobody asked for", "number 77"),
    oddity("an ack without an id", &[HELLO, Say("43[]"), Hold], "ack without an id", "update the server"),
    oddity("pongs", &[HELLO, Say("3"), Hold], "heartbeat the wrong way round", "in Engine.IO 4 the server pings"),
    oddity("another namespace", &[HELLO, Say("42/x,[\"a\"]"), Hold], "packet of a foreign namespace", "check `namespace`"),
    oddity("OPEN again", &[HELLO, OPEN, Hold], "OPEN twice", "joins connections"),
    oddity("an upgrade packet", &[HELLO, Say("5"), Hold], "upgrade packet from the server", "only clients upgrade"),
    oddity("CONNECT again", &[HELLO, Say("40{\"sid\":\"c\"}"), Hold], "namespace answered twice", "more than once"),
    // Strange, and all right.
    fine("slow bytes", &[SWITCHED, OPEN, Hear("40"), Slowly("40{\"sid\":\"b\"}"), Hold]),
    fine("fragments and pings between them", &[HELLO, Frame(0x01, b"42[\"a\""), Frame(0x89, b"?"), Frame(0x00, b",1"), Frame(0x8a, b""), Frame(0x80, b"]"), Hold]),
    fine("a flood", &[HELLO, Flood(20_000, "42[\"a\",1]"), Hold]),
];
