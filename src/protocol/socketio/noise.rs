//! Noise: whatever bytes come, no session panics, and what ends one is a violation or a packet that says so.
//!
//! Much more of it than a test run has time for: `PROPTEST_CASES=100000 cargo test --lib noise` is ten million frames a test.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::msgpack;
use super::storm::KINDS;
use super::{Dialect, SocketIo};
use crate::protocol::config::{Config, Parser};
use crate::protocol::session::{Closed, Event, Frame, Input, Output, Session};
use crate::units::Moment;

const FRAMES_A_CASE: usize = 100;

const OPEN: &[u8] = br#"0{"sid":"a","pingInterval":300,"pingTimeout":200}"#;

/// Frames that lead far into a session; the noise is made from them.
const SEEDS: &[&[u8]] = &[
    b"",
    OPEN,
    br#"40{"sid":"b","pid":"p"}"#,
    b"40",
    br#"42["a",{"b":[1,"c"]},"Q8BV7LS"]"#,
    br#"452-/admin,7["x",{"_placeholder":true,"num":1},[{"num":0,"_placeholder":true}]]"#,
    br#"461-0[{"_placeholder":true,"num":0}]"#,
    br#"44/admin,{"message":"no"}"#,
    br#"4{"type":0,"nsp":"/","data":{"sid":"b"}}"#,
    b"\x04\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x82\xa3sid\xa1b\xa3pid\xd4\x00\x00",
    b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x95\xa1a\xc4\x02\x01\x02\xd7\x00\x00\x00\x01\x9c\xa9\x58\x64\x7b\xdd\x00\x00\x00\x01\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xda\x00\x01z\xa2id\xcd\x01\x00",
    b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\xdc\x00\x02\xc7\x03\x00abc\xde\x00\x01\xa1k\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
];

/// Draws frames: bytes of no meaning, and known frames with a few bytes put in, taken out or changed.
struct Noise(TestRng);

impl Noise {
    fn below(&mut self, n: usize) -> usize {
        self.0.next_u32() as usize % n.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.0.next_u32() as u8
    }

    fn frame(&mut self) -> Vec<u8> {
        let seed = self.below(SEEDS.len());
        let mut bytes = SEEDS[seed].to_vec();
        if bytes.is_empty() {
            let length = self.below(24);
            return (0..length).map(|_| self.byte()).collect();
        }
        for _ in 0..self.below(4) {
            let (at, byte) = (self.below(bytes.len()), self.byte());
            match self.below(4) {
                0 => bytes.insert(at, byte),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at + 1),
                _ => bytes[at] = byte,
            }
        }
        bytes
    }
}

fn frames() -> (Noise, usize) {
    let cases = ProptestConfig::default().cases as usize * FRAMES_A_CASE;
    (Noise(TestRng::deterministic_rng(RngAlgorithm::XorShift)), cases)
}

fn session((dialect, parser): (&'static Dialect, Parser)) -> SocketIo {
    let config = Config { parser, recovery: dialect.recovers, max_payload: 1_000, ..Config::default() };
    SocketIo::new(config, dialect).unwrap()
}

/// Reads all that a session says, also the arguments; `false` when it has ended.
fn goes_on(session: &mut SocketIo) -> bool {
    let mut goes_on = true;
    while let Some(output) = session.poll() {
        match output {
            Output::Close => goes_on = false,
            Output::Event(Event::Disconnected { namespace: None, reason }) => {
                let said = matches!(reason, Closed::Violation(_) | Closed::Packet | Closed::Namespace);
                assert!(said, "{reason:?}");
            }
            Output::Event(Event::Message { args, .. } | Event::Ack { args, .. }) => {
                assert!(args.json().starts_with('['), "{args:?}");
            }
            Output::Event(_) | Output::Send(_) => {}
        }
    }
    goes_on
}

#[test]
fn no_frames_are_too_strange_for_a_session() {
    let (mut noise, frames) = frames();
    let mut sessions = KINDS.map(session);
    for _ in 0..frames {
        let (at, bytes) = (noise.below(KINDS.len()), noise.frame());
        let frame = match String::from_utf8(bytes) {
            Ok(text) if noise.below(4) > 0 => Frame::Text(text.into()),
            Ok(text) => Frame::Binary(text.into_bytes().into()),
            Err(error) => Frame::Binary(error.into_bytes().into()),
        };
        sessions[at].handle(Moment::START, Input::Frame(frame)).unwrap();
        if !goes_on(&mut sessions[at]) {
            sessions[at] = session(KINDS[at]);
            let open = Frame::Text(str::from_utf8(OPEN).unwrap().into());
            sessions[at].handle(Moment::START, Input::Frame(open)).unwrap();
        }
    }
}

#[test]
fn no_bytes_are_too_strange_for_msgpack() {
    let (mut noise, frames) = frames();
    let mut read = 0;
    for _ in 0..frames {
        let frame = noise.frame().into();
        if let Ok(packet) = msgpack::read::packet(&frame) {
            let json = packet.args.json();
            assert!(json.is_empty() || serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok(), "{json}");
            read += 1;
        }
    }
    assert!(read > frames / 100, "too few of the frames are packets at all: {read} of {frames}");
}

#[test]
fn depth_and_lengths_are_bounded() {
    let deep = |byte: u8| [b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data".as_slice(), &vec![byte; 1_000_000]].concat();
    let nested = msgpack::read::packet(&deep(0x91).into()).unwrap_err();
    assert!(nested.contains("nested deeper"), "{nested}");
    let huge = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff\x01";
    for frame in [&huge[..], b"\xdf\xff\xff\xff\xff", b"\x81\xa4data\xc6\xff\xff\xff\xff", b"\x81\xdb\xff\xff\xff\xff"]
    {
        let short = msgpack::read::packet(&frame.to_vec().into()).unwrap_err();
        assert!(short.contains("in the middle"), "{short}");
    }
}
