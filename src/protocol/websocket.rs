//! A raw WebSocket: no handshake of its own, no events, no acks; every message is handed on.
//!
//! | comes in                          | what happens                                                     |
//! |-----------------------------------|------------------------------------------------------------------|
//! | the link opens                    | [`Event::Connected`]: there is nothing more to wait for          |
//! | a text message                    | [`Event::Data`]: the JSON that it is, else the text as a string  |
//! | a binary message                  | [`Event::Data`]: `{"$base64":"…"}`                               |
//! | a text message, with a `split`    | the same for each of its pieces; empty ones are dropped          |
//! | one longer than `max_payload`     | violation, then ended                                            |
//! | [`Intent::Send`]                  | it goes out; with a `split` a text gets the separator at its end |
//! | [`Intent::Disconnect`]            | ended                                                            |
//!
//! *Ended* is [`Event::Disconnected`] of no namespace, then [`Output::Close`]: the driver closes with 1000. Pings of the
//! WebSocket layer (RFC 6455 §5.5.2) are answered by the link, and never come here.

use std::collections::VecDeque;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use url::form_urlencoded;

use super::config::{Config, Recovery, Split};
use super::error::{Misuse, Violation};
use super::session::{Args, Closed, Event, Frame, Input, Intent, Output, Session, Text, Transport};
use crate::units::Moment;

const LAYER: &str = "WebSocket";

/// The queue gives its memory back when it once held more than so many outputs.
const QUEUE_KEPT: usize = 16;

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Ended,
}

/// One connection.
pub struct WebSocket {
    target: Box<str>,
    max_payload: usize,
    split: Option<Split>,
    state: State,
    out: VecDeque<Output>,
    /// What is not split yet, and where it goes on. A frame of nothing but separators would fill the memory if all of it was
    /// split at once.
    rest: Option<Box<(Text, usize)>>,
}

impl WebSocket {
    /// The path is used as written, and may be refused here.
    pub fn new(config: &Config) -> Result<Self, Misuse> {
        Ok(Self {
            target: target(config)?.into(),
            max_payload: config.max_payload,
            split: config.split,
            state: State::Opening,
            out: VecDeque::new(),
            rest: None,
        })
    }

    fn frame(&mut self, frame: &Frame) {
        if frame.len() > self.max_payload {
            let what = format!("a message of {} bytes is longer than the {} taken", frame.len(), self.max_payload);
            let start = match frame {
                Frame::Text(text) => text.as_str(),
                Frame::Binary(_) => "(binary)",
            };
            return self.end(Closed::Violation(Violation::new(LAYER, what, start)));
        }
        self.split_all();
        match (frame, self.split) {
            (Frame::Binary(bytes), _) => self.tell(Event::Data { args: binary(bytes) }),
            (Frame::Text(text), None) => self.tell(Event::Data { args: message(text) }),
            (Frame::Text(text), Some(_)) => self.rest = Some(Box::new((text.clone(), 0))),
        }
    }

    /// The next piece of the frame that is being split.
    fn piece(&mut self) -> Option<Output> {
        let separator = self.split?.separator();
        let (text, start) = self.rest.as_deref_mut()?;
        let left = text.as_str().get(*start..).unwrap_or_default();
        let skipped = left.trim_start_matches(separator);
        let piece = skipped.split(separator).next().filter(|piece| !piece.is_empty());
        *start += left.len() - skipped.len() + piece.map_or(0, str::len);
        let args = piece.map(message);
        if args.is_none() {
            self.rest = None;
        }
        args.map(|args| Output::Event(Event::Data { args }))
    }

    /// What has come already comes before what is about to happen.
    fn split_all(&mut self) {
        while let Some(piece) = self.piece() {
            self.out.push_back(piece);
        }
    }

    fn send(&mut self, frame: Frame) -> Result<(), Misuse> {
        match self.state {
            State::Opening => return Err(payload("the connection is not open yet")),
            State::Ended => return Err(Misuse::Closed),
            State::Open => {}
        }
        let frame = match (frame, self.split) {
            (Frame::Text(text), Some(split)) => {
                let mut ended = String::with_capacity(text.as_str().len() + 1);
                ended.push_str(text.as_str());
                ended.push(split.separator());
                Frame::Text(ended.into())
            }
            (frame, _) => frame,
        };
        self.out.push_back(Output::Send(frame));
        Ok(())
    }

    fn obey(&mut self, intent: Intent<'_>) -> Result<(), Misuse> {
        match intent {
            Intent::Send(frame) => self.send(frame),
            Intent::Emit { .. } | Intent::Answer { .. } => {
                Err(payload("it has messages, and neither events nor acks; use `send`"))
            }
            Intent::Forget { .. } => Ok(()),
            Intent::Disconnect => {
                self.end(Closed::ByUs);
                Ok(())
            }
        }
    }

    fn end(&mut self, reason: Closed) {
        if self.state == State::Ended {
            return;
        }
        self.state = State::Ended;
        self.split_all();
        self.tell(Event::Disconnected { namespace: None, reason });
        self.out.push_back(Output::Close);
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }
}

impl Session for WebSocket {
    fn handle(&mut self, _now: Moment, input: Input<'_>) -> Result<(), Misuse> {
        match input {
            Input::Do(intent) => return self.obey(intent),
            _ if self.state == State::Ended => {}
            Input::Opened if self.state == State::Opening => {
                self.state = State::Open;
                self.tell(Event::Connected { namespace: 0, id: None, recovered: false });
            }
            Input::Frame(frame) => self.frame(&frame),
            Input::Opened | Input::Timeout => {}
            Input::Closed => self.end(Closed::Link),
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Output> {
        let output = self.out.pop_front().or_else(|| self.piece());
        if output.is_none() && self.out.capacity() > QUEUE_KEPT {
            self.out = VecDeque::new();
        }
        output
    }

    fn deadline(&self) -> Moment {
        Moment::NEVER
    }

    fn awaits(&self) -> Option<String> {
        None
    }

    fn request_target(&self, _transport: Transport) -> String {
        self.target.to_string()
    }

    fn recovery(&self, _namespace: usize) -> Option<Recovery> {
        None
    }
}

// By hand, because the target's query and the frames in the queue are where tokens live.
impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("state", &self.state)
            .field("split", &self.split)
            .field("queued", &self.out.len())
            .finish_non_exhaustive()
    }
}

/// The path exactly as written, then the author's own query, percent-encoded.
fn target(config: &Config) -> Result<String, Misuse> {
    let Config { path, query, .. } = config;
    let refuse = |what| Err(Misuse::Path { path: path.clone(), what });
    if !path.starts_with('/') {
        return refuse("it must start with `/`");
    }
    if !path.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("percent-encode spaces and everything beyond ASCII");
    }
    if path.contains(['?', '#']) {
        return refuse("a query belongs under `query`, and a fragment never reaches a server");
    }
    if query.is_empty() {
        return Ok(path.clone());
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    Ok(format!("{path}?{query}"))
}

/// What comes before a message in its arguments: the place of an event's name, which a message has none of.
const BEFORE: &str = r#"["","#;

/// A text message as arguments. What is no JSON is a JSON string.
fn message(text: &str) -> Args {
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json {
        return args(text.len(), |out| out.push_str(text));
    }
    // Writing text as JSON cannot fail.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    args(quoted.len(), |out| out.push_str(&quoted))
}

/// A binary message as arguments.
fn binary(bytes: &[u8]) -> Args {
    args(bytes.len().div_ceil(3) * 4 + 14, |out| {
        out.push_str(r#"{"$base64":""#);
        STANDARD.encode_string(bytes, out);
        out.push_str(r#""}"#);
    })
}

/// Arguments of which `write` writes the message, so many bytes.
fn args(length: usize, write: impl FnOnce(&mut String)) -> Args {
    let mut json = String::with_capacity(BEFORE.len() + length + 1);
    json.push_str(BEFORE);
    write(&mut json);
    json.push(']');
    let end = json.len();
    Args::new(Text::from(json), 0..end)
}

fn payload(what: &str) -> Misuse {
    Misuse::Payload { protocol: "a raw WebSocket", what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn session(split: Option<Split>) -> WebSocket {
        let mut session = WebSocket::new(&Config { path: "/".into(), split, ..Config::default() }).unwrap();
        session.handle(Moment::START, Input::Opened).unwrap();
        assert_eq!(session.poll(), Some(Output::Event(Event::Connected { namespace: 0, id: None, recovered: false })));
        session
    }

    /// The messages that a frame brings.
    fn messages(split: Option<Split>, frame: Frame) -> Vec<Value> {
        let mut session = session(split);
        session.handle(Moment::START, Input::Frame(frame)).unwrap();
        let data = std::iter::from_fn(|| session.poll()).map(|output| match output {
            Output::Event(Event::Data { args }) => {
                let args: Vec<Value> = serde_json::from_str(args.json()).unwrap();
                assert_eq!((args.len(), &args[0]), (2, &json!("")));
                args[1].clone()
            }
            other => panic!("{other:?}"),
        });
        data.collect()
    }

    fn check(path: &str, query: &[(&str, &str)], expected: Result<&str, &str>) {
        let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let session = WebSocket::new(&Config { path: path.to_owned(), query, ..Config::default() });
        match (session.map(|session| session.request_target(Transport::WebSocket)), expected) {
            (Ok(target), Ok(expected)) => assert_eq!(target, expected),
            (Err(misuse), Err(part)) => assert!(misuse.to_string().contains(part), "{path}: {misuse}"),
            (result, _) => panic!("{path}: {result:?}"),
        }
    }

    #[test]
    fn targets() {
        check("/", &[], Ok("/"));
        check("/socket/websocket", &[("vsn", "2.0.0")], Ok("/socket/websocket?vsn=2.0.0"));
        check("/a%20b", &[("k y", "ü&=")], Ok("/a%20b?k+y=%C3%BC%26%3D"));
        check("/", &[("EIO", "4"), ("sid", "1")], Ok("/?EIO=4&sid=1"));
        check("cable", &[], Err("start with `/`"));
        check("/a b", &[], Err("percent-encode"));
        check("/a?x=1", &[], Err("under `query`"));
    }

    #[test]
    fn debug_output_keeps_tokens_to_itself() {
        let query = vec![("token".to_owned(), "hunter2".to_owned())];
        let session = WebSocket::new(&Config { path: "/".into(), query, ..Config::default() }).unwrap();
        assert!(!format!("{session:?}").contains("hunter2"));
    }

    #[test]
    fn a_frame_is_split_as_it_is_taken() {
        let mut session = session(Some(Split::Newline));
        let frame = |text: &str| Input::Frame(Frame::Text(text.into()));
        let next = |session: &mut WebSocket| match session.poll() {
            Some(Output::Event(Event::Data { args })) => args.json().to_owned(),
            other => format!("{other:?}"),
        };
        session.handle(Moment::START, frame(&"\n1\n\n".repeat(100_000))).unwrap();
        assert!(session.out.is_empty() && session.out.capacity() <= QUEUE_KEPT, "all of it waits in memory");
        assert_eq!(std::iter::from_fn(|| session.poll()).count(), 100_000);
        assert!(session.rest.is_none(), "an idle connection keeps the last frame");

        // What comes, or ends the connection, before all is taken, comes after it.
        session.handle(Moment::START, frame("1\n2\n3")).unwrap();
        assert_eq!(next(&mut session), r#"["",1]"#);
        session.handle(Moment::START, frame("4\n5")).unwrap();
        session.handle(Moment::START, Input::Closed).unwrap();
        for number in 2..6 {
            assert_eq!(next(&mut session), format!(r#"["",{number}]"#));
        }
        assert!(next(&mut session).contains("Disconnected"));
        assert_eq!((session.poll(), session.poll()), (Some(Output::Close), None));
    }

    proptest! {
        #[test]
        fn every_text_arrives_as_what_it_is(text in any::<String>()) {
            let expected = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
            prop_assert_eq!(messages(None, Frame::Text(text.into())), [expected]);
        }

        #[test]
        fn json_arrives_as_json(number in any::<i64>(), text in any::<String>()) {
            let value = json!({ "type": text, "list": [number, null] });
            prop_assert_eq!(messages(None, Frame::Text(value.to_string().into())), [value]);
        }

        #[test]
        fn bytes_arrive_in_base64(bytes in any::<Vec<u8>>()) {
            let expected = json!({ "$base64": STANDARD.encode(&bytes) });
            prop_assert_eq!(messages(Some(Split::Newline), Frame::Binary(bytes.into())), [expected]);
        }

        #[test]
        fn what_is_sent_with_a_separator_is_split_at_it(pieces in prop::collection::vec("[^\u{1e}]+", 0..5)) {
            let mut sender = session(Some(Split::RecordSeparator));
            let mut sent = String::new();
            for piece in &pieces {
                let frame = Frame::Text(piece.as_str().into());
                sender.handle(Moment::START, Input::Do(Intent::Send(frame))).unwrap();
                let Some(Output::Send(Frame::Text(text))) = sender.poll() else { panic!("nothing was sent") };
                sent.push_str(text.as_str());
            }
            let expected: Vec<Value> =
                pieces.iter().map(|piece| serde_json::from_str(piece).unwrap_or_else(|_| json!(piece))).collect();
            prop_assert_eq!(messages(Some(Split::RecordSeparator), Frame::Text(sent.into())), expected);
        }
    }
}
