//! A packet in MessagePack, read into JSON text.

use std::borrow::Cow;

use bytes::Bytes;
use rmp::Marker;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::date;
use crate::protocol::args::Place;
use crate::protocol::session::{Args, Text};
use crate::protocol::socketio::packet::Kind;
use crate::protocol::socketio::received::Received;

/// How deep values may be nested, as in serde_json. The server of a test is not trusted with our stack.
const DEPTH: usize = 128;

/// Extension type of everything that notepack writes as an extension.
const NOTEPACK: u8 = 0;

const SHORT: &str = "it ends in the middle of a value";

/// `Err` says what is wrong with the packet.
pub fn packet(frame: &Bytes) -> Result<Received<'_>, String> {
    let mut reader = Reader { frame, at: 0, json: Vec::new(), places: Vec::new(), data: Vec::new() };
    let (mut kind, mut namespace, mut id) = (None, None, None);
    let members = match reader.marker()? {
        Marker::FixMap(n) => u64::from(n),
        Marker::Map16 => reader.unsigned(2)?,
        Marker::Map32 => reader.unsigned(4)?,
        _ => return Err("it is not a map".to_owned()),
    };
    for _ in 0..members {
        match reader.key()? {
            "type" => kind = reader.number()?,
            "nsp" => namespace = Some(reader.key()?),
            "id" => id = reader.number()?,
            "data" => {
                reader.truncate(Mark::default());
                reader.value(0)?;
            }
            _ => {
                let mark = reader.mark();
                reader.value(0)?;
                reader.truncate(mark);
            }
        }
    }
    if reader.at != frame.len() {
        return Err("something follows the packet".to_owned());
    }
    let kind = kind.and_then(Kind::from_number).ok_or("it has no `type` from 0 to 6")?;
    let namespace = namespace.filter(|name| name.starts_with('/')).ok_or("it has no `nsp` with a namespace")?;
    Ok(Received::binary(kind, Cow::Borrowed(namespace), id, reader.args()?))
}

/// A packet as the parser for socket.io 2 writes it when it carries no arguments: as JSON. `Err` says what is wrong.
pub fn text(json: &str) -> Result<Received<'_>, String> {
    #[derive(Deserialize)]
    struct Packet<'a> {
        r#type: u64,
        #[serde(borrow)]
        nsp: Cow<'a, str>,
        id: Option<u64>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let packet: Packet<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let kind = Kind::from_number(packet.r#type).ok_or("it has no `type` from 0 to 6")?;
    let data: Text = packet.data.map(RawValue::get).unwrap_or_default().into();
    let length = data.len();
    Ok(Received::binary(kind, packet.nsp, packet.id, Args::new(data, 0..length)))
}

struct Reader<'a> {
    frame: &'a Bytes,
    at: usize,
    /// What has been read, as JSON. It is UTF-8, for nothing else is written to it.
    json: Vec<u8>,
    places: Vec<Place>,
    data: Vec<Bytes>,
}

/// How far a reader has written.
#[derive(Default)]
struct Mark {
    json: usize,
    places: usize,
    data: usize,
}

impl<'a> Reader<'a> {
    /// Writes the next value. `false`: it was undefined, and nothing was written.
    fn value(&mut self, depth: usize) -> Result<bool, String> {
        if depth > DEPTH {
            return Err(format!("its values are nested deeper than {DEPTH}"));
        }
        match self.marker()? {
            Marker::Null => self.write(b"null"),
            Marker::True => self.write(b"true"),
            Marker::False => self.write(b"false"),
            Marker::FixPos(n) => self.write(n.to_string().as_bytes()),
            Marker::FixNeg(n) => self.write(n.to_string().as_bytes()),
            Marker::U8 => self.whole(1)?,
            Marker::U16 => self.whole(2)?,
            Marker::U32 => self.whole(4)?,
            Marker::U64 => self.whole(8)?,
            Marker::I8 => self.signed(1)?,
            Marker::I16 => self.signed(2)?,
            Marker::I32 => self.signed(4)?,
            Marker::I64 => self.signed(8)?,
            Marker::F32 => {
                let number = f32::from_bits(self.unsigned(4)? as u32);
                self.float(f64::from(number))?;
            }
            Marker::F64 => {
                let number = f64::from_bits(self.unsigned(8)?);
                self.float(number)?;
            }
            marker @ (Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32) => {
                let text = self.string(marker)?;
                serde_json::to_writer(&mut self.json, text).map_err(|error| error.to_string())?;
            }
            Marker::Bin8 => self.bytes(1)?,
            Marker::Bin16 => self.bytes(2)?,
            Marker::Bin32 => self.bytes(4)?,
            Marker::FixArray(n) => self.array(u64::from(n), depth)?,
            Marker::Array16 => self.array_of(2, depth)?,
            Marker::Array32 => self.array_of(4, depth)?,
            Marker::FixMap(n) => self.map(u64::from(n), depth)?,
            Marker::Map16 => self.map_of(2, depth)?,
            Marker::Map32 => self.map_of(4, depth)?,
            marker => return self.extension(marker),
        }
        Ok(true)
    }

    fn extension(&mut self, marker: Marker) -> Result<bool, String> {
        let size = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.unsigned(1)?,
            Marker::Ext16 => self.unsigned(2)?,
            Marker::Ext32 => self.unsigned(4)?,
            _ => return Err("it has a value of a type that MessagePack does not use (0xc1)".to_owned()),
        };
        let kind = self.take(1)?[0];
        match (marker, kind) {
            (Marker::FixExt1, NOTEPACK) => {
                self.take(1)?;
                return Ok(false);
            }
            (Marker::FixExt8, NOTEPACK) => {
                let millis = self.unsigned(8)? as i64;
                let date = date::json(millis);
                self.write(date.as_deref().unwrap_or("null").as_bytes());
            }
            _ => self.blob(size)?,
        }
        Ok(true)
    }

    fn array_of(&mut self, size: usize, depth: usize) -> Result<(), String> {
        let length = self.unsigned(size)?;
        self.array(length, depth)
    }

    fn array(&mut self, length: u64, depth: usize) -> Result<(), String> {
        self.write(b"[");
        for index in 0..length {
            if index > 0 {
                self.write(b",");
            }
            if !self.value(depth + 1)? {
                self.write(b"null");
            }
        }
        self.write(b"]");
        Ok(())
    }

    fn map_of(&mut self, size: usize, depth: usize) -> Result<(), String> {
        let length = self.unsigned(size)?;
        self.map(length, depth)
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<(), String> {
        self.write(b"{");
        let mut empty = true;
        for _ in 0..length {
            let before = self.mark();
            if !empty {
                self.write(b",");
            }
            let key = self.key()?;
            serde_json::to_writer(&mut self.json, key).map_err(|error| error.to_string())?;
            self.write(b":");
            if self.value(depth + 1)? {
                empty = false;
            } else {
                self.truncate(before);
            }
        }
        self.write(b"}");
        Ok(())
    }

    fn key(&mut self) -> Result<&'a str, String> {
        let marker = self.marker()?;
        self.string(marker)
    }

    fn string(&mut self, marker: Marker) -> Result<&'a str, String> {
        let length = match marker {
            Marker::FixStr(n) => u64::from(n),
            Marker::Str8 => self.unsigned(1)?,
            Marker::Str16 => self.unsigned(2)?,
            Marker::Str32 => self.unsigned(4)?,
            _ => return Err("something else stands where a text is due".to_owned()),
        };
        str::from_utf8(self.take(length)?).map_err(|_| "a text in it is not UTF-8".to_owned())
    }

    /// The next value where a number is due; `None` when it is undefined or nil.
    fn number(&mut self) -> Result<Option<u64>, String> {
        let mark = self.mark();
        let start = mark.json;
        let defined = self.value(DEPTH)?;
        let number = serde_json::from_slice(&self.json[start..]);
        self.truncate(mark);
        if !defined {
            return Ok(None);
        }
        number.map_err(|_| "something else stands where a whole number is due".to_owned())
    }

    fn bytes(&mut self, size: usize) -> Result<(), String> {
        let length = self.unsigned(size)?;
        self.blob(length)
    }

    /// Binary data: `null` stands for it in the text, and it stays in the frame.
    fn blob(&mut self, length: u64) -> Result<(), String> {
        let start = self.at;
        self.take(length)?;
        let place = self.json.len();
        self.write(b"null");
        self.places.push(Place { range: place..place + 4, data: self.data.len() });
        self.data.push(self.frame.slice(start..self.at));
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<(), String> {
        // What is no number in JSON is written as null.
        serde_json::to_writer(&mut self.json, &number).map_err(|error| error.to_string())
    }

    fn whole(&mut self, size: usize) -> Result<(), String> {
        let number = self.unsigned(size)?;
        self.write(number.to_string().as_bytes());
        Ok(())
    }

    fn signed(&mut self, size: usize) -> Result<(), String> {
        let unused = 64 - 8 * size as u32;
        let number = ((self.unsigned(size)? << unused) as i64) >> unused;
        self.write(number.to_string().as_bytes());
        Ok(())
    }

    /// The next `size` bytes, at most eight, as a number.
    fn unsigned(&mut self, size: usize) -> Result<u64, String> {
        Ok(self.take(size as u64)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn marker(&mut self) -> Result<Marker, String> {
        Ok(Marker::from_u8(self.take(1)?[0]))
    }

    /// The next `length` bytes, and no fewer.
    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length)).ok_or(SHORT)?;
        let taken = self.frame.get(self.at..end).ok_or(SHORT)?;
        self.at = end;
        Ok(taken)
    }

    fn write(&mut self, json: &[u8]) {
        self.json.extend_from_slice(json);
    }

    fn mark(&self) -> Mark {
        Mark { json: self.json.len(), places: self.places.len(), data: self.data.len() }
    }

    fn truncate(&mut self, mark: Mark) {
        self.json.truncate(mark.json);
        self.places.truncate(mark.places);
        self.data.truncate(mark.data);
    }

    fn args(self) -> Result<Args, String> {
        // python-socketio writes nil where there is nothing.
        let json = if self.json == b"null" && self.places.is_empty() { Vec::new() } else { self.json };
        let length = json.len();
        let json = String::from_utf8(json).map_err(|error| error.to_string())?;
        Ok(Args::new(json.into(), 0..length).with_binary(self.places, self.data))
    }
}
