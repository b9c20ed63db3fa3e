//! Binary data in JSON: placeholders and attachments on the wire (socket.io-protocol, "Packet encoding"), and
//! `{"$base64":"…"}` in a suite.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::packet::Packet;
use crate::protocol::args::Place;
use crate::protocol::session::{Args, Text};

/// A binary packet whose attachments have not all come.
#[derive(Debug)]
pub struct Pending {
    /// The text frame that announced them.
    pub frame: Text,
    /// How many are still to come.
    due: u32,
    data: Vec<Bytes>,
    /// How many bytes they may still have together.
    room: usize,
}

impl Pending {
    /// What each attachment is charged for beside its data, so that empty ones are not free.
    const OVERHEAD: usize = 32;

    /// `room` is for all attachments together, in bytes.
    #[must_use]
    pub fn new(frame: Text, due: u32, room: usize) -> Self {
        Self { frame, due, data: Vec::new(), room }
    }

    /// Takes an attachment in and tells whether it was the last one. `Err` says what is wrong.
    pub fn take(&mut self, data: Bytes) -> Result<bool, &'static str> {
        let cost = data.len() + if self.data.len() < 64 { 0 } else { Self::OVERHEAD };
        self.room =
            self.room.checked_sub(cost).ok_or("the attachments of a packet are longer together than a frame may be")?;
        self.due -= 1;
        self.data.push(data);
        Ok(self.due == 0)
    }

    /// The arguments of `packet`, which stands in the frame, with the attachments in their places.
    pub fn args(self, packet: &Packet<'_>) -> Result<Args, &'static str> {
        let places = placeholders(packet.data, self.data.len())?;
        let start = self.frame.len() - packet.data.len();
        let end = self.frame.len();
        Ok(Args::new(self.frame, start..end).with_binary(places, self.data))
    }
}

/// Where placeholders stand in `json`. `Err` when one names none of the `count` attachments.
fn placeholders(json: &str, count: usize) -> Result<Vec<Place>, &'static str> {
    let mut places = Vec::new();
    for start in objects(json) {
        let mut cursor = Cursor { json, at: start };
        match cursor.placeholder() {
            None => {}
            Some(Some(data)) if data < count => places.push(Place { range: start..cursor.at, data }),
            Some(_) => return Err("a placeholder in a binary packet names none of its attachments"),
        }
    }
    Ok(places)
}

/// `json` with placeholders in the place of its binary data, and that data. `Err` says what is wrong.
pub fn detach(json: &str) -> Result<(Cow<'_, str>, Vec<Bytes>), String> {
    let mut data = Vec::new();
    let (mut text, mut written) = (String::new(), 0);
    for start in objects(json) {
        let mut cursor = Cursor { json, at: start };
        let Some(base64) = cursor.base64() else { continue };
        text.push_str(&json[written..start]);
        text.push_str(&format!(r#"{{"_placeholder":true,"num":{}}}"#, data.len()));
        data.push(decode(base64)?);
        written = cursor.at;
    }
    if data.is_empty() {
        return Ok((Cow::Borrowed(json), data));
    }
    text.push_str(&json[written..]);
    Ok((Cow::Owned(text), data))
}

/// The bytes that `base64` stands for. `Err` says what is wrong.
pub fn decode(base64: &str) -> Result<Bytes, String> {
    STANDARD.decode(base64).map(Bytes::from).map_err(|error| format!("a `$base64` in it is not base64 ({error})"))
}

/// Where the objects in `json` begin: every `{` outside of strings, also those inside other objects.
fn objects(json: &str) -> impl Iterator<Item = usize> {
    let mut bytes = json.bytes().enumerate();
    std::iter::from_fn(move || {
        loop {
            match bytes.next()? {
                (at, b'{') => return Some(at),
                (_, b'"') => loop {
                    match bytes.next()?.1 {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                },
                _ => {}
            }
        }
    })
}

/// Reads the few shapes that mean binary data, and nothing else.
struct Cursor<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// `{"_placeholder":true,"num":0}` with its keys in either order: `Some` with the number, or without one where it is
    /// missing or wrong. An author's own object that only looks alike, `"_placeholder":1` for one, is `None`.
    fn placeholder(&mut self) -> Option<Option<usize>> {
        self.token("{")?;
        let number = match self.member("num") {
            None => None,
            Some(()) => {
                let number = self.number();
                self.token(",")?;
                Some(number?)
            }
        };
        self.member("_placeholder")?;
        self.token("true")?;
        if let Some(number) = number {
            return Some(self.token("}").map(|()| number));
        }
        Some(self.rest())
    }

    /// The number and the end after `"_placeholder":true`.
    fn rest(&mut self) -> Option<usize> {
        self.token(",")?;
        self.member("num")?;
        let number = self.number()?;
        self.token("}")?;
        Some(number)
    }

    /// `{"$base64":"…"}`.
    fn base64(&mut self) -> Option<&'a str> {
        self.token("{")?;
        self.member("$base64")?;
        self.token("\"")?;
        let rest = &self.json[self.at..];
        let end = rest.bytes().position(|b| matches!(b, b'"' | b'\\'))?;
        self.at += end;
        self.token("\"")?;
        self.token("}")?;
        Some(&rest[..end])
    }

    /// The key of a member and its colon.
    fn member(&mut self, key: &str) -> Option<()> {
        let start = self.at;
        let found = self.token("\"").and_then(|()| self.literal(key)).and_then(|()| self.literal("\""));
        let found = found.and_then(|()| self.token(":"));
        if found.is_none() {
            self.at = start;
        }
        found
    }

    fn number(&mut self) -> Option<usize> {
        self.space();
        let rest = &self.json[self.at..];
        let end = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        rest[..end].parse().ok()
    }

    fn token(&mut self, token: &str) -> Option<()> {
        self.space();
        self.literal(token)
    }

    fn literal(&mut self, token: &str) -> Option<()> {
        self.json.get(self.at..)?.starts_with(token).then(|| self.at += token.len())
    }

    fn space(&mut self) {
        let rest = self.json.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_placeholders(json: &str, expected: Result<&[(&str, usize)], &str>) {
        match (placeholders(json, 3), expected) {
            (Ok(places), Ok(expected)) => {
                let found: Vec<_> = places.iter().map(|place| (&json[place.range.clone()], place.data)).collect();
                assert_eq!(found, expected, "{json}");
            }
            (Err(what), Err(part)) => assert!(what.contains(part), "{json}: {what}"),
            (result, _) => panic!("{json}: {result:?}"),
        }
    }

    #[test]
    fn placeholders_anywhere() {
        const ONE: &str = r#"{"_placeholder":true,"num":0}"#;
        check_placeholders(&format!(r#"["a",{ONE}]"#), Ok(&[(ONE, 0)]));
        check_placeholders(&format!(r#"["a",{{"b":[[{ONE}]]}},{ONE}]"#), Ok(&[(ONE, 0), (ONE, 0)]));
        let turned = r#"{ "num" : 2 , "_placeholder" : true }"#;
        check_placeholders(&format!("[{turned}]"), Ok(&[(turned, 2)]));
        check_placeholders(r#"["{\"_placeholder\":true,\"num\":0}","\\",{"a":1}]"#, Ok(&[]));
        check_placeholders(r#"[{"_placeholder":false,"num":7},{"num":7},{"_placeholder":"true"},{}]"#, Ok(&[]));
        check_placeholders(r#"[{"_placeholder":true,"num":3}]"#, Err("names none"));
        check_placeholders(r#"[{"num":3,"_placeholder":true}]"#, Err("names none"));
        check_placeholders(r#"[{"_placeholder":true}]"#, Err("names none"));
        check_placeholders(r#"[{"_placeholder":true,"num":-1}]"#, Err("names none"));
        check_placeholders(r#"[{"_placeholder":true,"num":99999999999999999999}]"#, Err("names none"));
        check_placeholders(r#"[{"_placeholder":true,"num":"#, Err("names none"));
        check_placeholders("[{", Ok(&[]));
        check_placeholders("[\"\\", Ok(&[]));
    }

    fn check_detach(json: &str, expected: Result<(&str, &[&[u8]]), &str>) {
        match (detach(json), expected) {
            (Ok((text, data)), Ok((json, bytes))) => assert_eq!(
                (text.as_ref(), data.as_slice()),
                (json, &bytes.iter().map(|b| Bytes::copy_from_slice(b)).collect::<Vec<_>>()[..])
            ),
            (Err(what), Err(part)) => assert!(what.contains(part), "{json}: {what}"),
            (result, _) => panic!("{json}: {result:?}"),
        }
    }

    #[test]
    fn data_is_detached() {
        check_detach(r#"["a",{"$base64":"AQI="}]"#, Ok((r#"["a",{"_placeholder":true,"num":0}]"#, &[&[1, 2]])));
        check_detach(
            r#"["a",{"b":{ "$base64" : "" },"c":{"$base64":"/w=="}}]"#,
            Ok((r#"["a",{"b":{"_placeholder":true,"num":0},"c":{"_placeholder":true,"num":1}}]"#, &[&[], &[255]])),
        );
        let none = r#"["{\"$base64\":\"AQI=\"}",{"$base64":7},{"$base64":"AQI=","x":1},{"a":"$base64"}]"#;
        check_detach(none, Ok((none, &[])));
        check_detach(r#"["a",{"$base64":"A"}]"#, Err("not base64"));
    }

    #[test]
    fn attachments_are_bounded_together() {
        let mut pending = Pending::new(Text::default(), u32::MAX, 4);
        assert_eq!(pending.take(Bytes::from_static(b"123")), Ok(false));
        assert!(pending.take(Bytes::from_static(b"45")).unwrap_err().contains("longer together"));
        let mut pending = Pending::new(Text::default(), u32::MAX, 4);
        assert!((0..100).any(|_| pending.take(Bytes::new()).is_err()), "empty ones are not free");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(inside in any::<String>(), shape in r#"[{}"_placeholder:true,num0-9$bse64\\ ]{0,60}"#) {
            for json in [inside, shape] {
                let _ = (placeholders(&json, 1), detach(&json));
            }
        }
    }
}
