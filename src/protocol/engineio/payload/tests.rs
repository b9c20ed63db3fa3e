//! Bodies that were seen on real servers, and bodies of any kind.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Frame {
    Frame::Text(text.into())
}

fn bytes(bytes: &[u8]) -> Frame {
    Frame::Binary(Bytes::copy_from_slice(bytes))
}

fn check(version: Version, body: &[u8], expected: Result<&[Frame], &str>) {
    match (decode(version, &Bytes::copy_from_slice(body)), expected) {
        (Ok(frames), Ok(expected)) => assert_eq!(frames, expected, "{body:?}"),
        (Err(error), Err(part)) => assert!(error.contains(part), "{body:?}: {error}"),
        (result, _) => panic!("{:?}: {result:?}", String::from_utf8_lossy(body)),
    }
}

#[test]
fn bodies_of_version_4() {
    let check = |body: &[u8], expected: Result<&[Frame], &str>| check(Version::V4, body, expected);
    check(b"2", Ok(&[words("2")]));
    check(b"42[\"a\"]\x1e42[\"b\"]", Ok(&[words("42[\"a\"]"), words("42[\"b\"]")]));
    check(b"451-[\"a\"]\x1ebAQI=", Ok(&[words("451-[\"a\"]"), bytes(&[1, 2])]));
    check(b"b", Ok(&[bytes(&[])]));
    // An empty packet is the session's to complain of.
    check(b"2\x1e", Ok(&[words("2"), words("")]));
    check(b"", Err("empty"));
    check(b"bAQI", Err("base64"));
    check(b"4\xff", Err("UTF-8"));
}

#[test]
fn bodies_of_version_3() {
    let check = |body: &[u8], expected: Result<&[Frame], &str>| check(Version::V3, body, expected);
    check(b"9:0{\"a\"}2:40", Err("colon"));
    check(b"6:0{\"a\"}2:40", Ok(&[words("0{\"a\"}"), words("40")]));
    check("2:4€3:4😀".as_bytes(), Ok(&[words("4€"), words("4😀")]));
    check("2:4😀".as_bytes(), Err("shorter"));
    check(b"6:b4AQI=1:2", Ok(&[bytes(&[4, 1, 2]), words("2")]));
    check(b"2:b4", Ok(&[bytes(&[4])]));
    check(b"1:b", Err("packet type"));
    check(b":4", Err("no digits"));
    check(b"x:4", Err("not a number"));
    check(b"99999999999:4", Err("too many"));
    check(b"4294967296:4", Err("shorter"));
    check(b"4", Err("colon"));
    check(b"1:\xff", Err("UTF-8"));
}

#[test]
fn the_binary_form_of_version_3() {
    let check = |body: &[u8], expected: Result<&[Frame], &str>| check(Version::V3, body, expected);
    // As a server of socket.io 2.5 sent it: `461-…` would be 44 bytes, here it is short.
    check(b"\x00\x03\xff461\x01\x04\xff\x04\x03\x02\x01", Ok(&[words("461"), bytes(&[4, 3, 2, 1])]));
    check(b"\x00\x01\x00\xff4234567890", Ok(&[words("4234567890")]));
    check("\0\u{4}".as_bytes(), Err("without an end"));
    check(b"\x00\x04\xff4\xe2\x82\xac", Ok(&[words("4€")]));
    check(b"\x00\x05\xff4", Err("shorter"));
    check(b"\x00\xff4", Err("no digits"));
    check(b"\x00\x0a\xff4", Err("not a number"));
    check(b"\x01\x00\xff\x02\x00\xff", Err("neither text"));
}

#[test]
fn another_version_is_told_by_its_first_body() {
    for (body, expected) in [
        (&b"96:0{\"sid\":\"a\"}2:40"[..], true),
        (b"\x00\x09\x06\xff0{\"sid\"", true),
        (b"0{\"sid\":\"a\"}", false),
        (b"<html>", false),
        (b"12:40", false),
        (b"", false),
    ] {
        assert_eq!(looks_like_version_3(body), expected, "{body:?}");
    }
}

#[test]
fn a_post_holds_no_more_than_the_server_takes() {
    let check = |sizes: &[usize], most: Option<u64>, expected: usize| {
        let frames: Vec<Frame> = sizes.iter().map(|size| words(&"x".repeat(*size))).collect();
        assert_eq!(batch(Version::V4, &frames, most), expected, "{sizes:?} {most:?}");
        assert_eq!(batch(Version::V3, &frames, most), expected, "{sizes:?} {most:?}");
    };
    check(&[10; 40], None, 16);
    check(&[10; 5], Some(1_000), 5);
    check(&[100; 5], Some(240), 2);
    check(&[1_000, 10], Some(240), 1);
    check(&[10, 1_000], Some(240), 1);
}

/// Frames as sessions of that version send them: no text with a separator or a `b` in front, binary with its type.
fn frames(version: Version) -> impl Strategy<Value = Vec<Frame>> {
    let text = "[0-6][^\u{1e}]{0,20}".prop_map(|text| Frame::Text(text.into()));
    let binary = vec(any::<u8>(), 0..20).prop_map(move |mut data| {
        if version == Version::V3 {
            data.insert(0, 4);
        }
        Frame::Binary(data.into())
    });
    vec(prop_oneof![text, binary], 1..40)
}

fn binary_form(frames: &[Frame]) -> Vec<u8> {
    let mut body = Vec::new();
    for frame in frames {
        let (kind, data) = match frame {
            Frame::Text(text) => (0, text.as_bytes()),
            Frame::Binary(data) => (1, &data[..]),
        };
        body.push(kind);
        body.extend(data.len().to_string().bytes().map(|digit| digit - b'0'));
        body.push(0xff);
        body.extend(data);
    }
    body
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V3), Just(Version::V4)]
}

proptest! {
    #[test]
    fn frames_survive_in_whatever_bodies_they_are_put(
        (version, frames) in versions().prop_flat_map(|version| (Just(version), frames(version))),
        cuts in vec(1usize..16, 1..40),
        most in prop_oneof![Just(None), (1u64..200).prop_map(Some)],
    ) {
        let (mut decoded, mut batched, mut rest) = (Vec::new(), Vec::new(), frames.as_slice());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (body, after) = rest.split_at((*cut).min(rest.len()));
            decoded.extend(decode(version, &encode(version, body).into()).unwrap());
            rest = after;
        }
        prop_assert_eq!(&decoded, &frames);
        let mut rest = frames.as_slice();
        while !rest.is_empty() {
            let (body, after) = rest.split_at(batch(version, rest, most));
            let encoded = encode(version, body);
            prop_assert!(body.len() <= MOST_PACKETS);
            prop_assert!(body.len() == 1 || most.is_none_or(|most| encoded.len() as u64 <= most));
            batched.extend(decode(version, &encoded.into()).unwrap());
            rest = after;
        }
        prop_assert_eq!(&batched, &frames);
    }

    #[test]
    fn frames_survive_in_the_binary_form(frames in frames(Version::V3)) {
        prop_assert_eq!(decode(Version::V3, &binary_form(&frames).into()), Ok(frames));
    }

    #[test]
    fn no_body_is_too_strange_to_decode(version in versions(), body in vec(any::<u8>(), 0..100), text in any::<String>()) {
        for body in [body, text.into_bytes()] {
            let _ = looks_like_version_3(&body);
            let _ = decode(version, &body.into());
        }
    }

    #[test]
    fn nearly_right_bodies_do_not_panic(version in versions(), body in "[0-9:b4=\u{1e}€😀]{0,40}") {
        let _ = decode(version, &body.into_bytes().into());
    }
}

#[test]
fn a_body_of_too_many_packets_is_not_taken() {
    let version_3 = b"1:2".repeat(MOST_RECEIVED);
    let binary = [0, 1, END_OF_LENGTH, b'2'].repeat(MOST_RECEIVED);
    for (version, most, more) in [
        (Version::V4, [b"2".as_slice(), &b"\x1e2".repeat(MOST_RECEIVED - 1)].concat(), b"\x1e2".as_slice()),
        (Version::V3, version_3, b"1:2"),
        (Version::V3, binary, &[0, 1, END_OF_LENGTH, b'2']),
    ] {
        let too_many = Bytes::from([most.as_slice(), more].concat());
        assert_eq!(decode(version, &most.into()).map(|frames| frames.len()), Ok(MOST_RECEIVED));
        assert_eq!(decode(version, &too_many), Err("the body has more than 131072 packets".to_owned()));
    }
}
