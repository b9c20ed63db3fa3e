//! The bodies of polling requests: several packets in one text. (engine.io-protocol, "HTTP long-polling", of versions 3 and 4.)
//!
//! | version     | packets                    | binary                                                                      |
//! |-------------|----------------------------|-----------------------------------------------------------------------------|
//! | 4           | joined by U+001E           | `b` and base64; always a message                                            |
//! | 3, text     | `<length>:<packet>`        | `b4` and base64; the length counts UTF-16 code units                        |
//! | 3, binary   | `00`, digits, `FF`, packet | `01`, digits, `FF`, packet; digits are bytes 0 to 9, the length is in bytes |
//!
//! The binary form is only read: with `b64=1` in the query a server has no reason to send it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::Version;
use crate::protocol::session::{Frame, Text};

/// What stands between packets in version 4.
const SEPARATOR: u8 = 0x1e;
/// What ends the digits of a length in the binary form of version 3.
const END_OF_LENGTH: u8 = 0xff;
/// More digits than any length that fits into memory has.
const LONGEST_LENGTH: usize = 10;
/// Most packets in a body of ours: python-engineio answers `ok` to more, and drops all of them (python-engineio#142).
pub const MOST_PACKETS: usize = 16;
/// Most packets in a body that is read. No server has that many waiting for one client; a body of empty packets, which is
/// within the limit on bytes, would take a hundred times its length of memory.
const MOST_RECEIVED: usize = 1 << 17;

/// The packets of a body, each as the frame that it would be over WebSocket. `Err` says what is wrong with it.
pub fn decode(version: Version, body: &Bytes) -> Result<Vec<Frame>, String> {
    if body.is_empty() {
        return Err("the body is empty".to_owned());
    }
    match (version, body.first()) {
        (Version::V4, _) => decode_joined(body),
        (Version::V3, Some(0 | 1)) => decode_binary(body),
        (Version::V3, _) => decode_counted(body),
    }
}

/// Is there room for one packet more?
fn room_after(packets: usize) -> Result<(), String> {
    if packets < MOST_RECEIVED { Ok(()) } else { Err(format!("the body has more than {MOST_RECEIVED} packets")) }
}

fn decode_joined(body: &Bytes) -> Result<Vec<Frame>, String> {
    room_after(body.iter().filter(|byte| **byte == SEPARATOR).count())?;
    body.split(|byte| *byte == SEPARATOR)
        .map(|packet| match packet.strip_prefix(b"b") {
            Some(base64) => Ok(Frame::Binary(from_base64(base64)?.into())),
            None => text(body.slice_ref(packet)),
        })
        .collect()
}

fn decode_counted(body: &Bytes) -> Result<Vec<Frame>, String> {
    let whole = std::str::from_utf8(body).map_err(|_| NOT_UTF8.to_owned())?;
    let (mut frames, mut rest) = (Vec::new(), whole);
    while !rest.is_empty() {
        room_after(frames.len())?;
        let (length, after) = rest.split_once(':').ok_or("a length without a colon")?;
        let units = length_of(length.bytes().map(|byte| byte.wrapping_sub(b'0')))?;
        let end = end_of(after, units).ok_or_else(|| format!("a packet is shorter than its length of {units}"))?;
        let packet = &after[..end];
        rest = &after[end..];
        frames.push(match packet.strip_prefix('b') {
            Some(coded) => {
                let kind =
                    coded.bytes().next().filter(u8::is_ascii_digit).ok_or("binary data without a packet type")?;
                let mut data = vec![kind - b'0'];
                data.extend(from_base64(&coded.as_bytes()[1..])?);
                Frame::Binary(data.into())
            }
            None => text(body.slice_ref(packet.as_bytes()))?,
        });
    }
    Ok(frames)
}

fn decode_binary(body: &Bytes) -> Result<Vec<Frame>, String> {
    let (mut frames, mut rest) = (Vec::new(), &body[..]);
    while let Some((kind, after)) = rest.split_first() {
        room_after(frames.len())?;
        let digits = after.iter().take(LONGEST_LENGTH + 1).position(|byte| *byte == END_OF_LENGTH);
        let digits = digits.ok_or("a length without an end")?;
        let length = length_of(after[..digits].iter().copied())?;
        let data = &after[digits + 1..];
        let packet = data.get(..length).ok_or_else(|| format!("a packet is shorter than its length of {length}"))?;
        rest = &data[length..];
        frames.push(match kind {
            0 => text(body.slice_ref(packet))?,
            1 => Frame::Binary(body.slice_ref(packet)),
            other => return Err(format!("a packet is neither text (0) nor binary (1) but {other}")),
        });
    }
    Ok(frames)
}

const NOT_UTF8: &str = "a text packet is not UTF-8";

fn text(packet: Bytes) -> Result<Frame, String> {
    Text::try_from(packet).map(Frame::Text).map_err(|_| NOT_UTF8.to_owned())
}

fn from_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| format!("binary data is not base64 ({error})"))
}

/// The number that these digits, 0 to 9, are.
fn length_of(digits: impl ExactSizeIterator<Item = u8>) -> Result<usize, String> {
    if digits.len() == 0 || digits.len() > LONGEST_LENGTH {
        return Err("a length of no digits, or of too many".to_owned());
    }
    digits.map(usize::from).try_fold(0_usize, |number, digit| match digit {
        0..=9 => Ok(number.saturating_mul(10).saturating_add(digit)),
        _ => Err("a length is not a number".to_owned()),
    })
}

/// Where the first so many UTF-16 code units of a text end, in bytes; `None` if there are fewer, or half a character would be
/// left.
fn end_of(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(character.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

/// How many of the frames that wait go into the next body: at most [`MOST_PACKETS`], and `most` bytes in all, where the
/// server says how many it takes. A frame that is larger goes alone.
pub fn batch<'a>(version: Version, frames: impl IntoIterator<Item = &'a Frame>, most: Option<u64>) -> usize {
    let most = most.unwrap_or(u64::MAX);
    let mut size = 0_u64;
    let fits = |frame: &&Frame| {
        size = size.saturating_add(coded_size(version, frame) as u64);
        size <= most
    };
    frames.into_iter().take(MOST_PACKETS).take_while(fits).count().max(1)
}

/// Not less than the bytes of a frame in a body, with what stands between it and the next.
fn coded_size(version: Version, frame: &Frame) -> usize {
    let around = match version {
        Version::V4 => 2,
        Version::V3 => LONGEST_LENGTH + 3,
    };
    around + if matches!(frame, Frame::Text(_)) { frame.len() } else { frame.len().div_ceil(3) * 4 }
}

/// The body that carries these frames.
pub fn encode<'a>(version: Version, frames: impl IntoIterator<Item = &'a Frame>) -> Vec<u8> {
    let mut body = String::new();
    for frame in frames {
        match (version, frame) {
            (Version::V4, frame) => {
                if !body.is_empty() {
                    body.push(char::from(SEPARATOR));
                }
                match frame {
                    Frame::Text(text) => body.push_str(text.as_str()),
                    Frame::Binary(bytes) => {
                        body.push('b');
                        STANDARD.encode_string(bytes, &mut body);
                    }
                }
            }
            (Version::V3, Frame::Text(text)) => count_in(&mut body, text.as_str()),
            (Version::V3, Frame::Binary(bytes)) => {
                // Over WebSocket the type is the first byte, as a number; here it is a digit.
                let (kind, data) = bytes.split_first().unwrap_or((&4, &[]));
                count_in(&mut body, &format!("b{kind}{}", STANDARD.encode(data)));
            }
        }
    }
    body.into_bytes()
}

fn count_in(body: &mut String, packet: &str) {
    body.push_str(&packet.encode_utf16().count().to_string());
    body.push(':');
    body.push_str(packet);
}

/// Is this the first body of a server of Engine.IO 3: a length, then an OPEN packet?
#[must_use]
pub fn looks_like_version_3(body: &[u8]) -> bool {
    if body.first() == Some(&0) {
        return body.iter().take(LONGEST_LENGTH + 2).any(|byte| *byte == END_OF_LENGTH);
    }
    let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=LONGEST_LENGTH).contains(&digits) && body[digits..].starts_with(b":0{")
}

#[cfg(test)]
mod tests;
