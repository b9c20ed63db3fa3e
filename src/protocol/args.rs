//! The arguments of an event or of an ack, as they lie in the frame that brought them.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::session::Text;

/// The arguments of an event or of an ack: a JSON array that is still in the frame it came in, never parsed here. Binary
/// data in it is written as in a suite, `{"$base64":"…"}`, and written out only for who asks: arguments that nobody looks
/// at cost what came over the wire.
#[derive(Clone)]
pub struct Args {
    frame: Text,
    json: Range<u32>,
    /// Boxed, because most arguments have none, and they wait in queues.
    binary: Option<Arc<Binary>>,
}

/// The binary data of arguments, and the text in which it has been put into its places.
struct Binary {
    places: Vec<Place>,
    data: Vec<Bytes>,
    text: OnceLock<String>,
}

/// Where in the arguments binary data stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bytes of the array's text that are to be replaced.
    pub range: Range<usize>,
    /// Which of the data stands there.
    pub data: usize,
}

impl Args {
    /// `json` is the byte range of a JSON array inside `frame`, on character boundaries.
    #[must_use]
    pub fn new(frame: Text, json: Range<usize>) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { frame, json: narrow(json.start)..narrow(json.end), binary: None }
    }

    /// Of an array with binary `data` in its `places`, which stand in the order of their ranges and do not overlap.
    #[must_use]
    pub fn with_binary(self, places: Vec<Place>, data: Vec<Bytes>) -> Self {
        if places.is_empty() {
            return self;
        }
        Self { binary: Some(Arc::new(Binary { places, data, text: OnceLock::new() })), ..self }
    }

    /// The JSON array.
    #[must_use]
    pub fn json(&self) -> &str {
        match &self.binary {
            None => self.written(),
            Some(binary) => binary.text.get_or_init(|| binary.put_into(self.written())),
        }
    }

    /// The frame that it stands in.
    #[must_use]
    pub fn frame(&self) -> &Text {
        &self.frame
    }

    /// The array as it stands in the frame, with placeholders where binary data belongs.
    #[must_use]
    pub fn written(&self) -> &str {
        let range = self.json.start as usize..self.json.end as usize;
        self.frame.as_str().get(range).unwrap_or("[]")
    }

    /// The array as far as the byte `end` of [`written`](Self::written), and closed there.
    #[must_use]
    pub fn cut(&self, end: usize) -> Self {
        let head = self.written().get(..end).unwrap_or_default();
        let text = format!("{head}]");
        let length = text.len();
        let args = Self::new(text.into(), 0..length);
        match &self.binary {
            None => args,
            Some(binary) => {
                let places = binary.places.iter().filter(|place| place.range.end <= end).cloned().collect();
                args.with_binary(places, binary.data.clone())
            }
        }
    }
}

impl Binary {
    fn put_into(&self, written: &str) -> String {
        let size: usize = self.places.iter().filter_map(|place| self.data.get(place.data)).map(|data| data.len()).sum();
        let mut text = String::with_capacity(written.len() + size / 3 * 4 + self.places.len() * 20);
        let mut at = 0;
        for Place { range, data } in &self.places {
            text.push_str(written.get(at..range.start).unwrap_or_default());
            text.push_str(r#"{"$base64":""#);
            STANDARD.encode_string(self.data.get(*data).map(Bytes::as_ref).unwrap_or_default(), &mut text);
            text.push_str(r#""}"#);
            at = range.end;
        }
        text.push_str(written.get(at..).unwrap_or_default());
        text
    }
}

impl PartialEq for Args {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for Args {}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        let places = vec![Place { range: 5..6, data: 1 }, Place { range: 7..8, data: 0 }];
        let data = vec![Bytes::from_static(b"\x01\x02"), Bytes::new()];
        Args::new(r#"42["a",0,0,"z"]"#.into(), 2..15).with_binary(places, data)
    }

    #[test]
    fn binary_data_is_put_into_its_places() {
        assert_eq!(args().written(), r#"["a",0,0,"z"]"#);
        assert_eq!(args().json(), r#"["a",{"$base64":""},{"$base64":"AQI="},"z"]"#);
    }

    #[test]
    fn a_cut_keeps_what_stands_before_it() {
        assert_eq!(args().cut(8).json(), r#"["a",{"$base64":""},{"$base64":"AQI="}]"#);
        assert_eq!(args().cut(6).json(), r#"["a",{"$base64":""}]"#);
        assert_eq!(args().cut(4).json(), r#"["a"]"#);
    }

    #[test]
    fn arguments_without_binary_data_are_small() {
        assert!(size_of::<Args>() <= 48, "{}", size_of::<Args>());
    }
}
