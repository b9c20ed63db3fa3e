//! What one session says another one hears: the frames that a client sends are those that a server would send, so that two
//! sessions can talk to each other, in every version and with every parser.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::packet::Kind;
use super::storm::KINDS;
use super::{Dialect, SocketIo, V5};
use crate::protocol::config::{Config, Namespace, Parser};
use crate::protocol::session::{Args, Event, Frame, Input, Intent, Output, Session};
use crate::units::Moment;

const OPEN: &str = r#"0{"sid":"a","pingInterval":300,"pingTimeout":200}"#;

/// A session whose two namespaces are connected.
fn connected(dialect: &'static Dialect, parser: Parser) -> SocketIo {
    let namespaces = vec![Namespace::new("/"), Namespace::new("/admin")];
    let mut session = SocketIo::new(Config { namespaces, parser, ..Config::default() }, dialect).unwrap();
    hand_in(&mut session, Frame::Text(OPEN.into()));
    for namespace in ["/", "/admin"] {
        let reply = session.writer.prepare(r#"{"sid":"b"}"#, false).unwrap();
        let mut frames = VecDeque::new();
        if dialect.reply_has_id {
            session.writer.push(&mut frames, Kind::Connect, namespace, None, reply);
        } else {
            session.writer.push_bare(&mut frames, Kind::Connect, namespace);
        }
        for output in frames {
            let Output::Send(frame) = output else { continue };
            hand_in(&mut session, frame);
        }
    }
    let out = drain(&mut session);
    let connected = |output: &&Output| matches!(output, Output::Event(Event::Connected { .. }));
    assert_eq!(out.iter().filter(connected).count(), 2, "{out:?}");
    session
}

fn hand_in(session: &mut SocketIo, frame: Frame) {
    session.handle(Moment::START, Input::Frame(frame)).unwrap();
}

fn drain(session: &mut SocketIo) -> Vec<Output> {
    std::iter::from_fn(|| session.poll()).collect()
}

/// What may come between any two frames without a meaning for Socket.IO.
fn noise(dialect: &Dialect) -> Frame {
    Frame::Text(if dialect.engine.client_pings() { "3" } else { "2" }.into())
}

/// Carries all that `from` says to `to`, with noise between the frames where `noisy` says so, and gives what `to` has heard.
fn carry(from: &mut SocketIo, to: &mut SocketIo, noisy: &mut impl Iterator<Item = bool>) -> Vec<Event> {
    for output in drain(from) {
        let Output::Send(frame) = output else { continue };
        if noisy.next() == Some(true) {
            hand_in(to, noise(to.dialect));
        }
        hand_in(to, frame);
    }
    let events = drain(to).into_iter().filter_map(|output| match output {
        Output::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

/// Arguments with binary data anywhere.
fn any_value() -> impl Strategy<Value = Value> {
    let binary = proptest::collection::vec(any::<u8>(), 0..40).prop_map(|b| json!({ "$base64": STANDARD.encode(b) }));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        Just(json!({ "_placeholder": 1, "num": 0 })),
        binary,
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[^$]{0,6}", inner, 0..5)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

#[derive(Debug, Clone)]
struct Line {
    namespace: usize,
    args: Vec<Value>,
    answer: Option<Vec<Value>>,
}

fn any_line() -> impl Strategy<Value = Line> {
    let values = || proptest::collection::vec(any_value(), 0..4);
    (0usize..2, "[a-z \"é]{1,6}", values(), proptest::option::of(values())).prop_map(
        |(namespace, name, args, answer)| Line {
            namespace,
            args: std::iter::once(Value::from(name)).chain(args).collect(),
            answer,
        },
    )
}

fn read(args: &Args) -> Result<Vec<Value>, TestCaseError> {
    serde_json::from_str(args.json()).map_err(|error| TestCaseError::fail(format!("{error}: {args:?}")))
}

fn check(kind: (&'static Dialect, Parser), lines: &[Line], noisy: &[bool]) -> Result<(), TestCaseError> {
    let (mut client, mut server) = (connected(kind.0, kind.1), connected(kind.0, kind.1));
    let mut noisy = noisy.iter().copied();
    for (number, line) in lines.iter().enumerate() {
        let args = serde_json::to_string(&line.args).unwrap();
        let ack = line.answer.as_ref().map(|_| number as u64);
        let emit = Intent::Emit { namespace: line.namespace, args: &args, binary: true, ack };
        client.handle(Moment::START, Input::Do(emit)).unwrap();
        let heard = carry(&mut client, &mut server, &mut noisy);
        let [Event::Message { namespace, name, args, ack }] = &heard[..] else {
            return Err(TestCaseError::fail(format!("{heard:?}")));
        };
        prop_assert_eq!((*namespace, Some(name.as_str())), (line.namespace, line.args[0].as_str()));
        prop_assert_eq!(&read(args)?, &line.args);
        prop_assert_eq!(ack.is_some(), line.answer.is_some());
        let (Some(id), Some(answer)) = (*ack, &line.answer) else { continue };
        let json = serde_json::to_string(answer).unwrap();
        let intent = Intent::Answer { namespace: line.namespace, id, args: &json, binary: true };
        server.handle(Moment::START, Input::Do(intent)).unwrap();
        let heard = carry(&mut server, &mut client, &mut noisy);
        let [Event::Ack { namespace, id, args }] = &heard[..] else {
            return Err(TestCaseError::fail(format!("{heard:?}")));
        };
        prop_assert_eq!((*namespace, *id), (line.namespace, number as u64));
        prop_assert_eq!(&read(args)?, answer);
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_one_says_the_other_hears(
        kind in proptest::sample::select(&KINDS[..]),
        lines in proptest::collection::vec(any_line(), 1..5),
        noisy in proptest::collection::vec(any::<bool>(), 0..40),
    ) {
        check(kind, &lines, &noisy)?;
    }
}

#[test]
fn attachments_are_not_copied_and_not_encoded_until_somebody_looks() {
    let mut session = connected(&V5, Parser::Json);
    hand_in(&mut session, Frame::Text(r#"451-["x",{"_placeholder":true,"num":0}]"#.into()));
    hand_in(&mut session, Frame::Binary(vec![7; 1_000].into()));
    let Some(Output::Event(Event::Message { args, .. })) = session.poll() else { panic!("no message") };
    assert_eq!(args.written(), r#"["x",{"_placeholder":true,"num":0}]"#);
    assert_eq!(args.json().len(), r#"["x",{"$base64":""}]"#.len() + 1_336);
}
