//! A session in a storm: whatever comes, in whatever state, it does not panic, it ends once, and then stays ended.

use proptest::prelude::*;

use super::heard::EARLY_LIMIT;
use super::{Dialect, SocketIo, V4, V5, packet::Kind, packet::Packet};
use crate::protocol::config::{Config, Namespace, Parser};
use crate::protocol::error::Misuse;
use crate::protocol::session::{Closed, Event, Frame, Input, Intent, Output, Session, Text};
use crate::units::{Duration, Moment};

const OPEN: &str = r#"0{"sid":"a","pingInterval":300,"pingTimeout":200}"#;
const CALM: &[&str] = &[OPEN, r#"40{"sid":"b"}"#, r#"40/admin,{"sid":"c"}"#];

const PLAUSIBLE: &[&str] = &[
    OPEN,
    "1",
    "2",
    "2probe",
    "3",
    "5",
    "6",
    "9",
    "4",
    "40",
    "41",
    "41/admin,",
    "42[\"a\"]",
    "420[\"a\"]",
    "42/admin,1[\"b\",{}]",
    "430[]",
    "43/admin,1[1,2]",
    "44\"no\"",
    "44/admin,{\"message\":\"no\"}",
    "451-[\"x\"]",
    "461-0[]",
    "42[]",
    "42{}",
    "42[\"connect\"]",
    "452-[\"x\",{\"_placeholder\":true,\"num\":1}]",
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "4{\"type\":0,\"nsp\":\"/\"}",
    "40{\"sid\":\"b\",\"pid\":\"p\"}",
    "40{\"sid\":\"b\"}",
    "40/admin,{\"sid\":\"c\"}",
    "40/zzz,{}",
];

/// Binary frames as servers send them: attachments, and packets in MessagePack (`{type: 0, nsp: "/", data: {sid: "b"}}`).
const PACKED: &[&[u8]] = &[
    b"\x01",
    b"\x04\x01",
    b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa3sid\xa1b",
    b"\x04\x82\xa4type\x00\xa3nsp\xa6/admin",
    b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a\xc4\x01\x07\xa2id\x01",
    b"\x04\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90",
    b"\x82\xa4type\x01\xa3nsp\xa1/",
];

#[derive(Debug, Clone)]
enum Gust {
    Text(String),
    Binary(Vec<u8>),
    Pass(u64),
    Emit(usize, String, bool, Option<u64>),
    Answer(usize, u64, String, bool),
    Forget(usize, u64),
    Disconnect,
    LinkEnds,
}

/// Every way in which a session can speak.
pub const KINDS: [(&Dialect, Parser); 4] =
    [(&V5, Parser::Json), (&V5, Parser::Msgpack), (&V4, Parser::Json), (&V4, Parser::Msgpack)];

fn session_of((dialect, parser): (&'static Dialect, Parser)) -> SocketIo {
    let namespaces = vec![Namespace::new("/"), Namespace::new("/admin")];
    let recovery = dialect.recovers;
    SocketIo::new(Config { namespaces, parser, recovery, max_payload: 4_000, ..Config::default() }, dialect).unwrap()
}

fn session() -> SocketIo {
    session_of(KINDS[0])
}

/// Texts as servers send them, nearly so, and not at all.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(PLAUSIBLE).prop_map(str::to_owned),
        2 => "[0-6]{1,2}(/admin,)?[0-9]{0,2}[\\[{\"].{0,12}[\\]}\"]",
        1 => ".{0,40}",
        1 => (proptest::sample::select(PLAUSIBLE), any::<proptest::sample::Index>(), any::<char>()).prop_map(
            |(text, at, new)| {
                let at = at.index(text.len());
                text.chars().enumerate().map(|(i, old)| if i == at { new } else { old }).collect()
            }
        ),
    ]
}

fn any_gust() -> impl Strategy<Value = Gust> {
    let args = || "\\[\"[a-c]\"(,\\{\"\\$base64\":\"(AQI=)?\"\\}){0,2}\\]|.{0,8}";
    prop_oneof![
        12 => any_text().prop_map(Gust::Text),
        1 => proptest::collection::vec(any::<u8>(), 0..8).prop_map(Gust::Binary),
        4 => proptest::sample::select(PACKED).prop_map(|bytes| Gust::Binary(bytes.to_vec())),
        2 => (0u64..600).prop_map(Gust::Pass),
        4 => (0usize..3, args(), any::<bool>(), any::<Option<u8>>())
            .prop_map(|(n, a, binary, id)| Gust::Emit(n, a, binary, id.map(u64::from))),
        2 => (0usize..3, 0u64..3, args(), any::<bool>()).prop_map(|(n, id, a, binary)| Gust::Answer(n, id, a, binary)),
        1 => (0usize..3, any::<u8>()).prop_map(|(n, id)| Gust::Forget(n, u64::from(id))),
        1 => Just(Gust::Disconnect),
        1 => Just(Gust::LinkEnds),
    ]
}

fn drain(session: &mut SocketIo) -> Vec<Output> {
    std::iter::from_fn(|| session.poll()).collect()
}

fn blow(session: &mut SocketIo, now: &mut Moment, gust: &Gust) -> Result<(), Misuse> {
    let input = match gust {
        Gust::Text(text) => Input::Frame(Frame::Text(text.as_str().into())),
        Gust::Binary(bytes) => Input::Frame(Frame::Binary(bytes.clone().into())),
        Gust::Pass(millis) => {
            *now = *now + Duration::from_millis(*millis);
            Input::Timeout
        }
        Gust::Emit(namespace, args, binary, ack) => {
            Input::Do(Intent::Emit { namespace: *namespace, args, binary: *binary, ack: *ack })
        }
        Gust::Answer(namespace, id, args, binary) => {
            Input::Do(Intent::Answer { namespace: *namespace, id: *id, args, binary: *binary })
        }
        Gust::Forget(namespace, ack) => Input::Do(Intent::Forget { namespace: *namespace, ack: *ack }),
        Gust::Disconnect => Input::Do(Intent::Disconnect),
        Gust::LinkEnds => Input::Closed,
    };
    session.handle(*now, input)
}

/// One step of the storm, held against what is promised of every session.
fn check(session: &mut SocketIo, now: &mut Moment, gust: &Gust, ended: &mut bool) -> Result<(), TestCaseError> {
    let result = blow(session, now, gust);
    let out = drain(session);
    if *ended {
        prop_assert!(out.is_empty(), "{gust:?} made an ended session say {out:?}");
        let speaks = matches!(gust, Gust::Emit(..) | Gust::Answer(..));
        prop_assert_eq!(speaks, result == Err(Misuse::Closed), "{:?}: {:?}", gust, result);
    }
    if result.is_err() {
        prop_assert!(out.is_empty(), "a refused {gust:?} led to {out:?}");
    }
    for (at, output) in out.iter().enumerate() {
        let last = at + 1 == out.len();
        match output {
            Output::Close => {
                prop_assert!(last && at > 0, "{out:?}");
                let reason = &out[at - 1];
                prop_assert!(matches!(reason, Output::Event(Event::Disconnected { namespace: None, .. })), "{out:?}");
                *ended = true;
            }
            Output::Send(Frame::Text(text)) if !matches!(text.as_str(), "2" | "3") => {
                let packet = text.strip_prefix('4').and_then(|text| Packet::decode(text).ok());
                prop_assert!(packet.is_some(), "we sent {text}");
            }
            Output::Send(Frame::Binary(_)) if at == 0 => {
                let packed = session.writer.parser == Parser::Msgpack;
                prop_assert!(packed, "an attachment without its packet");
            }
            Output::Event(Event::Disconnected { namespace: None, .. }) => prop_assert!(!last, "{out:?}"),
            Output::Send(_) | Output::Event(_) => {}
        }
    }
    prop_assert!(!*ended || session.deadline() == Moment::NEVER);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn no_storm_breaks_a_session(
        at in 0..KINDS.len(),
        calm in 0..=CALM.len(),
        gusts in proptest::collection::vec(any_gust(), 0..40),
    ) {
        let (mut session, mut now, mut ended) = (session_of(KINDS[at]), Moment::START, false);
        let calm = CALM[..calm].iter().map(|text| Gust::Text((*text).to_owned()));
        for gust in calm.chain(gusts) {
            check(&mut session, &mut now, &gust, &mut ended)?;
        }
        if !ended {
            check(&mut session, &mut now, &Gust::LinkEnds, &mut ended)?;
        }
        prop_assert!(ended);
    }
}

fn connected() -> (SocketIo, Moment) {
    let (mut session, mut now) = (session(), Moment::START);
    for text in CALM {
        blow(&mut session, &mut now, &Gust::Text((*text).to_owned())).unwrap();
    }
    drain(&mut session);
    (session, now)
}

#[test]
fn events_before_the_connect_reply_are_bounded() {
    let (mut session, mut now) = (session(), Moment::START);
    blow(&mut session, &mut now, &Gust::Text(OPEN.to_owned())).unwrap();
    drain(&mut session);
    for _ in 0..EARLY_LIMIT {
        blow(&mut session, &mut now, &Gust::Text("42[\"a\"]".to_owned())).unwrap();
    }
    assert_eq!(drain(&mut session), []);
    blow(&mut session, &mut now, &Gust::Text("42[\"a\"]".to_owned())).unwrap();
    assert!(matches!(drain(&mut session)[..], [Output::Event(Event::Ignored(_))]));
    blow(&mut session, &mut now, &Gust::Text(CALM[1].to_owned())).unwrap();
    assert_eq!(drain(&mut session).len(), 1 + EARLY_LIMIT);
}

#[test]
fn a_deep_or_endless_payload_is_handed_on_or_refused_but_never_parsed() {
    let (mut session, mut now) = connected();
    let deep = format!("42[\"a\",{}{}]", "[".repeat(1_000), "]".repeat(1_000));
    blow(&mut session, &mut now, &Gust::Text(deep)).unwrap();
    assert!(matches!(drain(&mut session)[..], [Output::Event(Event::Message { .. })]));
    blow(&mut session, &mut now, &Gust::Text(format!("42[\"a\",{}]", "1".repeat(4_000)))).unwrap();
    let out = drain(&mut session);
    assert!(matches!(out[0], Output::Event(Event::Disconnected { reason: Closed::Violation(_), .. })), "{out:?}");
}

#[test]
fn events_share_the_memory_of_their_frame() {
    let (mut session, now) = connected();
    let frame: Text = r#"42/admin,5["bid",{"lot":7}]"#.into();
    let memory = frame.as_str().as_bytes().as_ptr_range();
    session.handle(now, Input::Frame(Frame::Text(frame))).unwrap();
    let Some(Output::Event(Event::Message { name, args, .. })) = session.poll() else { panic!("no message") };
    assert_eq!((name.as_str(), args.json()), ("bid", r#"["bid",{"lot":7}]"#));
    assert!(memory.contains(&name.as_str().as_ptr()) && memory.contains(&args.json().as_ptr()));
}

#[test]
fn an_emit_is_one_allocation_of_its_size() {
    let packet =
        Packet { kind: Kind::Event, attachments: 0, namespace: "/auction", id: Some(1_234), data: "[\"bid\"]" };
    let frame = packet.encode();
    assert_eq!((frame.as_str(), frame.capacity()), ("42/auction,1234[\"bid\"]", frame.len()));
}

#[test]
fn a_session_says_what_it_waits_for() {
    let (mut session, mut now) = (session(), Moment::START);
    for (text, expected) in [
        (None, Some("the OPEN packet of Engine.IO")),
        (Some(CALM[0]), Some("the CONNECT reply of namespace `/`")),
        (Some(CALM[1]), Some("the CONNECT reply of namespace `/admin`")),
        (Some(CALM[2]), None),
    ] {
        if let Some(text) = text {
            blow(&mut session, &mut now, &Gust::Text(text.to_owned())).unwrap();
        }
        assert_eq!(session.awaits().as_deref(), expected);
    }
}

#[test]
fn an_idle_session_is_small() {
    let (session, _) = connected();
    let size = size_of::<SocketIo>() + 2 * size_of::<super::socket::Socket>();
    assert!(size < 600, "two namespaces cost {size} bytes before the queue");
    assert_eq!(session.deadline(), Moment::START + Duration::from_millis(500));
}

#[test]
fn a_namespace_cannot_be_named_twice() {
    for twin in ["/a", "/a?x=1"] {
        let namespaces = vec![Namespace::new("/a"), Namespace::new(twin)];
        let misuse = SocketIo::new(Config { namespaces, ..Config::default() }, &V5).unwrap_err();
        assert!(misuse.to_string().contains("named twice"), "{misuse}");
    }
}
