//! A packet in MessagePack, written from JSON text.

use rmp::encode::{self, ValueWriteError};
use serde_json::Value;

use crate::protocol::socketio::binary;
use crate::protocol::socketio::packet::Kind;

/// `json` in MessagePack; with `binary`, objects `{"$base64":"…"}` in it are binary data. `Err` says what is wrong.
pub fn data(json: &str, binary: bool) -> Result<Vec<u8>, String> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| format!("it is not JSON (line {}, column {})", error.line(), error.column()))?;
    let mut bytes = Vec::with_capacity(json.len());
    write(&mut bytes, &value, binary)?;
    Ok(bytes)
}

/// The packet after `prefix`. Keys that have nothing to say are left out: parsers refuse nil there.
#[must_use]
pub fn packet(prefix: Option<u8>, kind: Kind, namespace: &str, id: Option<u64>, data: Option<&[u8]>) -> Vec<u8> {
    let members = 2 + u32::from(id.is_some()) + u32::from(data.is_some());
    let mut bytes = Vec::with_capacity(32 + namespace.len() + data.map_or(0, <[u8]>::len));
    bytes.extend(prefix);
    let written = header(&mut bytes, members, kind, namespace, id);
    debug_assert!(written.is_ok(), "memory takes everything");
    if let Some(data) = data {
        bytes.extend_from_slice(b"\xa4data");
        bytes.extend_from_slice(data);
    }
    bytes
}

fn header(
    bytes: &mut Vec<u8>,
    members: u32,
    kind: Kind,
    namespace: &str,
    id: Option<u64>,
) -> Result<(), ValueWriteError> {
    encode::write_map_len(bytes, members)?;
    encode::write_str(bytes, "type")?;
    encode::write_uint(bytes, u64::from(kind.number()))?;
    encode::write_str(bytes, "nsp")?;
    encode::write_str(bytes, namespace)?;
    if let Some(id) = id {
        encode::write_str(bytes, "id")?;
        encode::write_uint(bytes, id)?;
    }
    Ok(())
}

/// As deep as serde_json reads, which is 128.
fn write(bytes: &mut Vec<u8>, value: &Value, binary: bool) -> Result<(), String> {
    scalar(bytes, value).map_err(|error| error.to_string())?;
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| write(bytes, item, binary)),
        Value::Object(members) => {
            if let Some(base64) =
                members.get("$base64").and_then(Value::as_str).filter(|_| binary && members.len() == 1)
            {
                let data = binary::decode(base64)?;
                return encode::write_bin(bytes, &data).map_err(|error| error.to_string());
            }
            encode::write_map_len(bytes, length(members.len())).map_err(|error| error.to_string())?;
            members.iter().try_for_each(|(key, value)| {
                encode::write_str(bytes, key).map_err(|error| error.to_string())?;
                write(bytes, value, binary)
            })
        }
        _ => Ok(()),
    }
}

/// What holds no other values, and the head of an array.
fn scalar(bytes: &mut Vec<u8>, value: &Value) -> Result<(), ValueWriteError> {
    match value {
        Value::Null => encode::write_nil(bytes).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Value::Bool(value) => encode::write_bool(bytes, *value).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Value::String(text) => encode::write_str(bytes, text)?,
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(encode::write_uint(bytes, number)?),
            (_, Some(number)) => drop(encode::write_sint(bytes, number)?),
            _ => encode::write_f64(bytes, number.as_f64().unwrap_or(f64::NAN))?,
        },
        Value::Array(items) => drop(encode::write_array_len(bytes, length(items.len()))?),
        Value::Object(_) => {}
    }
    Ok(())
}

fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
