//! Packets as socket.io-msgpack-parser and python-socketio (`serializer="msgpack"`) write them: a binary message each, with
//! a map of `type`, `data`, `nsp` and `id`. Binary data stands where it belongs, without attachments.
//!
//! What notepack, the library under that parser, does in its own way:
//!
//! | value in JavaScript | on the wire | here |
//! |---|---|---|
//! | `undefined` | fixext 1 of type 0 | absent from objects, `null` in arrays |
//! | `Date` | fixext 8 of type 0: milliseconds since 1970 | text as JSON writes it: `"2026-03-01T12:00:00.000Z"` |
//! | `ArrayBuffer`, typed array | ext 8, 16 or 32 of type 0 | binary data |
//! | `Buffer` | bin | binary data |
//!
//! So a check of a suite reads the same values with either parser. Infinite numbers and NaN are `null`, as in JSON.
//!
//! The parser for socket.io 2 writes CONNECT, DISCONNECT and ERROR as JSON, in text messages, and takes either.

mod date;
pub mod read;
pub mod write;
