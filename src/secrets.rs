//! What must never be printed, and the redactor that every writer passes its text through.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use self::cut::{cut, shortened};
use self::decode::{NESTINGS, View};

mod cut;
mod decode;

/// What stands in place of a secret.
pub const MASK: &str = "•••";

/// A text that prints as `•••`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(Arc<str>);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A growing set of secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(HashSet<Secret>);

impl Secrets {
    /// Adds a secret; an empty text is none.
    pub fn insert(&mut self, text: &str) {
        if !text.is_empty() && !self.0.contains(text) {
            self.0.insert(Secret::new(text));
        }
    }

    /// Adds every text and number in a value: whatever part of it is printed, it is a secret.
    pub fn insert_value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.insert_value(item)),
            Value::Object(map) => map.values().for_each(|item| self.insert_value(item)),
            Value::String(text) => self.insert(text),
            Value::Number(number) => self.insert(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(self, &mut other);
        }
        self.0.extend(other.0);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}

impl std::borrow::Borrow<str> for Secret {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// Takes secrets out of text, in whatever encoding they stand. Build one for many texts: building sorts all secrets,
/// redacting costs only the text.
///
/// A secret of fewer than six characters is taken out only where it is a whole JSON string, as `"abc"`: anywhere else
/// it would be mistaken for ordinary words. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Redactor(Arc<Index>);

impl Redactor {
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        Self(Arc::new(Index::new(secrets)))
    }

    /// `text` with every secret replaced by `•••`; secrets that overlap become one.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        // Places are kept in 32 bits. A text of 4 GiB is no report.
        let Some(view) = View::of(text) else { return Cow::Borrowed(MASK) };
        let mut found = Vec::new();
        self.0.search_all(&view, &mut found);
        if found.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(mask(text, found)) }
    }
}

fn mask(text: &str, mut found: Vec<(u32, u32)>) -> String {
    found.sort_unstable();
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    let mut found = found.into_iter().map(|(start, end)| (start as usize, end as usize)).peekable();
    while let Some((start, mut end)) = found.next() {
        while let Some((_, further)) = found.next_if(|(next, _)| *next < end) {
            end = end.max(further);
        }
        masked.push_str(&text[done..text.floor_char_boundary(start).max(done)]);
        masked.push_str(MASK);
        done = text.ceil_char_boundary(end);
    }
    masked.push_str(&text[done..]);
    masked
}

/// Characters of the shortest secret that is searched for everywhere; so many bytes are the key into the index.
const KEY: usize = 6;
const KEY_BITS: u64 = (1 << (8 * KEY)) - 1;

/// Secrets in an order in which the longest one that a text begins with is found by halving.
#[derive(Debug)]
struct Index {
    /// At least `KEY` characters each, ordered by their bytes.
    long: Vec<Secret>,
    /// For each of `long` the longest other one that it begins with.
    inside: Vec<Option<usize>>,
    longest: usize,
    /// A Bloom filter of the first `KEY` bytes: nearly every place of a text is ruled out by it.
    filter: Vec<u64>,
    short: HashSet<Secret>,
}

impl Index {
    fn new(secrets: &Secrets) -> Self {
        // White space around a secret is often lost on the way, and no secret in itself.
        let trimmed = secrets.iter().map(|secret| match secret.expose().trim() {
            "" => secret.clone(),
            text if text.len() == secret.expose().len() => secret.clone(),
            text => Secret::new(text),
        });
        let (mut long, short): (Vec<_>, Vec<_>) =
            trimmed.partition(|secret| secret.expose().chars().nth(KEY - 1).is_some());
        long.sort_unstable();
        long.dedup();
        let mut filter = vec![0; (long.len() / 2).next_power_of_two().max(1)];
        let mut inside = Vec::with_capacity(long.len());
        let mut open: Vec<usize> = Vec::new();
        for (number, secret) in long.iter().enumerate() {
            while open.last().is_some_and(|last| !secret.expose().starts_with(long[*last].expose())) {
                open.pop();
            }
            inside.push(open.last().copied());
            open.push(number);
            for bit in filter_bits(key_of(secret.expose().as_bytes()), filter.len()) {
                filter[bit / 64] |= 1 << (bit % 64);
            }
        }
        let longest = long.iter().map(|secret| secret.expose().len()).max().unwrap_or_default();
        Self { long, inside, longest, filter, short: short.into_iter().collect() }
    }

    fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty()
    }

    /// Searches a text and what it reads once one or two encodings are taken off.
    fn search_all(&self, text: &View, found: &mut Vec<(u32, u32)>) {
        self.search(text, found);
        for (outer, inner) in NESTINGS {
            for view in outer.iter().filter_map(|encoding| text.decode(*encoding)) {
                self.search(&view, found);
                for view in inner.iter().copied().flatten().filter_map(|encoding| view.decode(*encoding)) {
                    self.search(&view, found);
                }
            }
        }
    }

    fn search(&self, view: &View, found: &mut Vec<(u32, u32)>) {
        let mut key = 0;
        for (end, byte) in view.bytes.iter().enumerate() {
            key = (key << 8 | u64::from(*byte)) & KEY_BITS;
            if end + 1 >= KEY && self.may_begin_with(key) {
                let start = end + 1 - KEY;
                if let Some(length) = self.longest_at(&view.bytes[start..]) {
                    found.push((view.spans[start].0, view.spans[start + length - 1].1));
                }
            }
        }
        self.search_halves(view, found);
        if !self.short.is_empty() {
            self.search_short(view, found);
        }
    }

    /// May a secret begin as these bytes do? For most that none does it is certain.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        bytes.len() >= KEY && self.may_begin_with(key_of(bytes))
    }

    fn may_begin_with(&self, key: u64) -> bool {
        filter_bits(key, self.filter.len()).iter().all(|bit| self.filter[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// Length of the longest secret that `rest` begins with.
    fn longest_at(&self, rest: &[u8]) -> Option<usize> {
        let rest = &rest[..rest.len().min(self.longest)];
        let after = self.long.partition_point(|secret| secret.expose().as_bytes() <= rest);
        // Whatever `rest` begins with, the last secret that is not greater than `rest` begins with, too.
        let mut candidate = after.checked_sub(1);
        while let Some(number) = candidate {
            let secret = self.long[number].expose().as_bytes();
            if rest.starts_with(secret) {
                return Some(secret.len());
            }
            candidate = self.inside[number];
        }
        None
    }

    fn search_short(&self, view: &View, found: &mut Vec<(u32, u32)>) {
        let quotes: Vec<usize> =
            view.bytes.iter().enumerate().filter_map(|(at, byte)| (*byte == b'"').then_some(at)).collect();
        for (number, open) in quotes.iter().enumerate() {
            for close in quotes[number + 1..].iter().take_while(|close| *close - open <= 4 * KEY) {
                let is_secret =
                    std::str::from_utf8(&view.bytes[open + 1..*close]).is_ok_and(|text| self.short.contains(text));
                if is_secret {
                    found.push((view.spans[open + 1].0, view.spans[close - 1].1));
                }
            }
        }
    }
}

/// The first `KEY` bytes as a number.
fn key_of(bytes: &[u8]) -> u64 {
    bytes[..KEY].iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Which bits of a filter of so many words (a power of two) stand for a key.
fn filter_bits(key: u64, words: usize) -> [usize; 2] {
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mask = words * 64 - 1;
    [(hash >> 40) as usize & mask, (hash >> 16) as usize & mask]
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// Every way in which a writer may write a text.
    const ENCODERS: &[fn(&str) -> String] = &[
        str::to_owned,
        json,
        |text| text.chars().flat_map(char::escape_default).collect(),
        |text| format!("{text:?}"),
        |text| json(&json(text)),
        |text| percent(text, "-._~", false),
        |text| percent(text, "-._~!*'()/:", false).to_lowercase_hex(),
        |text| percent(text, "*-._", true),
        html,
        |text| html(&json(text)),
        |text| html(text).replace('/', "&#x2F;"),
        |text| base64(text.as_bytes(), 0, b"+/"),
        |text| base64(text.as_bytes(), 1, b"+/"),
        |text| base64(text.as_bytes(), 2, b"-_"),
        |text| percent(&base64(text.as_bytes(), 1, b"+/"), "", false),
        |text| base64(json(text).as_bytes(), 2, b"-_"),
        |text| text.bytes().fold(String::new(), |mut hex, byte| write!(hex, "{byte:02x}").map(|()| hex).unwrap()),
        |text| text.bytes().fold(String::new(), |mut hex, byte| write!(hex, "{byte:02X}").map(|()| hex).unwrap()),
    ];

    trait LowerHex {
        fn to_lowercase_hex(&self) -> String;
    }

    impl LowerHex for String {
        fn to_lowercase_hex(&self) -> String {
            let mut lower = self.clone();
            for (at, _) in self.match_indices('%') {
                lower.replace_range(at..at + 3, &self[at..at + 3].to_lowercase());
            }
            lower
        }
    }

    fn json(text: &str) -> String {
        let quoted = serde_json::to_string(text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    }

    fn percent(text: &str, keep: &str, plus: bool) -> String {
        text.bytes().fold(String::new(), |mut encoded, byte| {
            let character = char::from(byte);
            match character {
                ' ' if plus => encoded.push('+'),
                _ if character.is_ascii_alphanumeric() || keep.contains(character) => encoded.push(character),
                _ => write!(encoded, "%{byte:02X}").unwrap(),
            }
            encoded
        })
    }

    fn html(text: &str) -> String {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;")
    }

    /// Base64 of `before` bytes and then these, so that all alignments come up.
    fn base64(bytes: &[u8], before: usize, last: &[u8; 2]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let digits: Vec<u8> = DIGITS.iter().chain(last).copied().collect();
        let bytes: Vec<u8> = std::iter::repeat_n(b'u', before).chain(bytes.iter().copied()).collect();
        let mut encoded = String::new();
        for group in bytes.chunks(3) {
            let bits = (0..3).fold(0_u32, |bits, at| (bits << 8) | u32::from(group.get(at).copied().unwrap_or(0)));
            for digit in 0..=group.len() {
                encoded.push(char::from(digits[(bits >> (18 - 6 * digit)) as usize & 63]));
            }
        }
        encoded
    }

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut set = Secrets::default();
        secrets.iter().for_each(|secret| set.insert(secret));
        Redactor::new(&set)
    }

    fn check(secrets: &[&str], text: &str, expected: &str) {
        assert_eq!(redactor(secrets).redact(text), expected, "{text}");
    }

    #[test]
    fn texts_lose_their_secrets() {
        check(&["hunter22"], "password hunter22, twice: hunter22", "password •••, twice: •••");
        check(&["hunter22"], "nothing here", "nothing here");
        check(&["hunter22", "hunter22-long"], "hunter22-long", "•••");
        check(&["abcdefgh", "efghijkl"], "-abcdefghijkl-", "-•••-");
        check(&["to ken"], "a=to+ken&b=to%20ken", "a=•••&b=•••");
        check(&["a\"b\\cde"], r#"{"x":"a\"b\\cde"}"#, r#"{"x":"•••"}"#);
        check(&["geheim🔑"], r"geheim\ud83d\udd11", "•••");
        check(&["s3cret"], "Basic dXNlcjpzM2NyZXQ=", "Basic dXNlcj•••=");
        check(&[" s3cret\n"], "s3cret", "•••");
        check(&[], "text", "text");
    }

    #[test]
    fn short_secrets_go_only_as_whole_json_strings() {
        check(&["abc"], r#"abc {"x":"abc","y":"abcd"} abc"#, r#"abc {"x":"•••","y":"abcd"} abc"#);
        check(&["a\"b"], r#"["a\"b"]"#, r#"["•••"]"#);
        check(&["abc"], r"{&quot;x&quot;:&quot;abc&quot;}", "{&quot;x&quot;:&quot;•••&quot;}");
        check(&["ü"], r#"["ü","u"]"#, r#"["•••","u"]"#);
    }

    #[test]
    fn secrets_do_not_print() {
        let mut secrets = Secrets::default();
        secrets.insert("hunter22");
        let secret = secrets.iter().next().unwrap();
        assert_eq!(format!("{secret} {secret:?} {secrets:?}"), "••• ••• 1 secrets");
        assert!(!format!("{:?}", Redactor::new(&secrets)).contains("hunter22"));
    }

    #[test]
    fn merging_keeps_all() {
        let (mut few, mut many) = (Secrets::default(), Secrets::default());
        few.insert("one");
        ["two", "three", "one"].iter().for_each(|text| many.insert(text));
        few.merge(many);
        assert_eq!(few.len(), 3);
    }

    #[test]
    fn secrets_that_share_their_beginning_are_told_apart() {
        let many: Vec<String> = (0..2_000).map(|number| format!("eyJhbGciOiJIUzI1NiJ9.{number:05}.sig")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(
            &many,
            "a eyJhbGciOiJIUzI1NiJ9.01234.sig b eyJhbGciOiJIUzI1NiJ9.99999.sig",
            "a ••• b eyJhbGciOiJIUzI1NiJ9.99999.sig",
        );
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_encoding(
            secrets in prop::collection::vec("[ -~äé🔑\n]{6,20}", 1..4),
            // Without what would itself begin an escape and so change what follows.
            before in r"[ -$'-\[\]-~ä]{0,12}",
            after in r"[ -$'-\[\]-~ä]{0,12}",
        ) {
            let texts: Vec<&str> = secrets.iter().map(String::as_str).filter(|text| text.trim().chars().count() >= 6).collect();
            let redactor = redactor(&texts);
            for secret in texts.iter().map(|text| text.trim()) {
                for (number, encode) in ENCODERS.iter().enumerate() {
                    let encoded = encode(secret);
                    let clean = redactor.redact(&format!("{before}{encoded}{after}")).into_owned();
                    prop_assert!(!clean.contains(&encoded), "encoder {number}: {clean}");
                    prop_assert!(!clean.contains(secret), "encoder {number}: {clean}");
                    prop_assert!(clean.contains(MASK));
                }
            }
        }
    }
}
