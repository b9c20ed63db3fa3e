//! A text as it reads once an encoding is taken off, with the way back: which bytes of the text each byte came from.
//!
//! Secrets are looked for in the decoded text instead of encoding every secret in every way. That costs only the text,
//! however many secrets there are, and no writer's choice of what to escape can hide one.

use super::cut::CUT;

/// An encoding that can be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `\n`, `\"`, `\u00e9`; also what Rust's `{:?}` writes.
    Json,
    /// `%2f`, `%2F`.
    Percent,
    /// The same with `+` for a space.
    Form,
    /// `&amp;`, `&#39;`, `&#x27;`.
    Html,
    /// Standard and URL-safe, where groups of four begin at this offset in a run.
    Base64(usize),
    /// Lower and upper, where pairs begin at this offset in a run.
    Hex(usize),
}

/// Encodings of whole stretches, in every alignment.
const BASE64: &[Encoding] = &[Encoding::Base64(0), Encoding::Base64(1), Encoding::Base64(2), Encoding::Base64(3)];
const HEX: &[Encoding] = &[Encoding::Hex(0), Encoding::Hex(1)];
/// Encodings in which most of the text stays as it is.
const ESCAPES: &[Encoding] = &[Encoding::Json, Encoding::Percent, Encoding::Form, Encoding::Html];

/// What is taken off, and what may stand below it: a JSON body quoted in HTML, base64 in a URL, JSON in a token.
/// Writers never stack more than two.
pub const NESTINGS: &[(&[Encoding], &[&[Encoding]])] = &[
    (&[Encoding::Json, Encoding::Html], &[ESCAPES, BASE64, HEX]),
    (&[Encoding::Percent], &[&[Encoding::Json, Encoding::Percent], BASE64]),
    (&[Encoding::Form], &[&[Encoding::Json]]),
    (BASE64, &[&[Encoding::Json]]),
    (HEX, &[]),
];

/// Stands between stretches that do not belong together; no byte of UTF-8.
const GAP: u8 = 0xff;
/// The shortest stretch worth decoding holds this many bytes.
const SHORTEST: usize = 6;

/// Bytes, each with the bytes of the text that it came from.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub bytes: Vec<u8>,
    pub spans: Vec<(u32, u32)>,
}

impl View {
    /// The text itself; `None` when it is too long for its places to be kept.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let length = u32::try_from(text.len()).ok()?;
        Some(Self { bytes: text.as_bytes().to_vec(), spans: (0..length).map(|byte| (byte, byte + 1)).collect() })
    }

    /// This view with an encoding taken off; `None` when nothing was encoded.
    #[must_use]
    pub fn decode(&self, encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Json => self.unescape(|byte| byte == b'\\', json_escape),
            Encoding::Percent => self.unescape(|byte| byte == b'%', percent_escape),
            Encoding::Form => self.unescape(|byte| byte == b'+' || byte == b'%', form_escape),
            Encoding::Html => self.unescape(|byte| byte == b'&', html_escape),
            Encoding::Base64(offset) => self.stretches(base64_digit, offset, 4),
            Encoding::Hex(offset) => self.stretches(hex_digit, offset, 2),
        }
    }

    fn unescape(&self, begins: fn(u8) -> bool, read: fn(&[u8]) -> Option<Unit>) -> Option<Self> {
        let mut decoded = Self::default();
        let mut done = 0;
        let mut position = 0;
        while let Some(distance) = self.bytes[position..].iter().position(|byte| begins(*byte)) {
            position += distance;
            let Some(unit) = read(&self.bytes[position..]) else {
                position += 1;
                continue;
            };
            decoded.copy(self, done, position);
            done = position + unit.length;
            let span = (self.spans[position].0, self.spans[done - 1].1);
            decoded.push(&unit.bytes[..unit.size], span);
            position = done;
        }
        if done == 0 {
            return None;
        }
        decoded.copy(self, done, self.bytes.len());
        Some(decoded)
    }

    /// Decodes runs of digits, `group` of them at a time, from `offset` in each run on.
    fn stretches(&self, digit: fn(u8) -> Option<u8>, offset: usize, group: usize) -> Option<Self> {
        let bits = if group == 4 { 6 } else { 4 };
        let shortest = (SHORTEST * 8).div_ceil(bits) + offset;
        let mut decoded = Self::default();
        let mut start = 0;
        while start < self.bytes.len() {
            let length = self.bytes[start..].iter().take_while(|byte| digit(**byte).is_some()).count();
            if length >= shortest {
                let end = start + length;
                self.stretch(start + offset..end, digit, bits, &mut decoded);
                if self.bytes[end..].starts_with(CUT.as_bytes()) {
                    decoded.copy(self, end, end + CUT.len());
                }
                decoded.push(&[GAP], (0, 0));
            }
            start += length + 1;
        }
        (!decoded.bytes.is_empty()).then_some(decoded)
    }

    fn stretch(&self, run: std::ops::Range<usize>, digit: fn(u8) -> Option<u8>, bits: usize, decoded: &mut Self) {
        let mut window = 0_u32;
        let mut have = 0;
        for position in run {
            window = (window << bits) | u32::from(digit(self.bytes[position]).unwrap_or_default());
            have += bits;
            if have >= 8 {
                have -= 8;
                // A byte of base64 lies in two digits and no more; so does one of hex.
                let span = (self.spans[position - 1].0, self.spans[position].1);
                decoded.push(&[(window >> have) as u8], span);
            }
        }
    }

    fn copy(&mut self, from: &Self, start: usize, end: usize) {
        self.bytes.extend_from_slice(&from.bytes[start..end]);
        self.spans.extend_from_slice(&from.spans[start..end]);
    }

    fn push(&mut self, bytes: &[u8], span: (u32, u32)) {
        self.bytes.extend_from_slice(bytes);
        self.spans.extend(bytes.iter().map(|_| span));
    }
}

/// One escape: how many bytes it takes, and what it stands for.
struct Unit {
    length: usize,
    bytes: [u8; 4],
    size: usize,
}

impl Unit {
    fn byte(length: usize, byte: u8) -> Option<Self> {
        Some(Self { length, bytes: [byte, 0, 0, 0], size: 1 })
    }

    fn character(length: usize, code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let size = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self { length, bytes, size })
    }
}

fn json_escape(rest: &[u8]) -> Option<Unit> {
    match *rest.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => Unit::byte(2, byte),
        b'n' => Unit::byte(2, b'\n'),
        b'r' => Unit::byte(2, b'\r'),
        b't' => Unit::byte(2, b'\t'),
        b'b' => Unit::byte(2, 8),
        b'f' => Unit::byte(2, 12),
        b'0' => Unit::byte(2, 0),
        b'x' => Unit::byte(4, u8::try_from(number(rest.get(2..4)?, 16)?).ok()?),
        b'u' if rest.get(2) == Some(&b'{') => {
            let digits = rest[3..].iter().take(7).position(|byte| *byte == b'}')?;
            Unit::character(digits + 4, number(&rest[3..3 + digits], 16)?)
        }
        b'u' => {
            let high = number(rest.get(2..6)?, 16)?;
            if !(0xd800..0xdc00).contains(&high) {
                return Unit::character(6, high);
            }
            let low = rest.get(6..12).filter(|low| low.starts_with(b"\\u"))?;
            let low = number(&low[2..], 16)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            Unit::character(12, 0x1_0000 + ((high - 0xd800) << 10) + low)
        }
        _ => None,
    }
}

fn percent_escape(rest: &[u8]) -> Option<Unit> {
    Unit::byte(3, u8::try_from(number(rest.get(1..3)?, 16)?).ok()?)
}

fn form_escape(rest: &[u8]) -> Option<Unit> {
    if rest[0] == b'+' { Unit::byte(1, b' ') } else { percent_escape(rest) }
}

fn html_escape(rest: &[u8]) -> Option<Unit> {
    let end = rest.iter().take(12).position(|byte| *byte == b';')?;
    match &rest[1..end] {
        b"amp" => Unit::byte(end + 1, b'&'),
        b"lt" => Unit::byte(end + 1, b'<'),
        b"gt" => Unit::byte(end + 1, b'>'),
        b"quot" => Unit::byte(end + 1, b'"'),
        b"apos" => Unit::byte(end + 1, b'\''),
        [b'#', b'x' | b'X', digits @ ..] => Unit::character(end + 1, number(digits, 16)?),
        [b'#', digits @ ..] => Unit::character(end + 1, number(digits, 10)?),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let digits = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(is_digit))?;
    u32::from_str_radix(digits, radix).ok()
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
