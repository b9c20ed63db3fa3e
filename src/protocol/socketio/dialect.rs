//! What differs between the versions of Socket.IO, as data.
//!
//! | | 4 (on Engine.IO 3) | 5 (on Engine.IO 4) |
//! |---|---|---|
//! | `/` | joined by the server at once, asked or not | joined when asked for, as every other |
//! | CONNECT reply | bare; the socket's id is made from that of Engine.IO | carries the socket's id |
//! | auth | query keys: of the URL for `/`, of the namespace in CONNECT for others | a JSON object in CONNECT |
//! | recovery | none | offered by some servers |

use crate::protocol::engineio::Version;

/// One version of Socket.IO.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// For messages.
    pub name: &'static str,
    pub engine: Version,
    /// The server connects `/` by itself, and CONNECT is never sent for it.
    pub joins_root: bool,
    /// Auth travels in queries, not in the CONNECT packet.
    pub auth_in_query: bool,
    /// Every CONNECT reply carries the id of the socket; without one, the server speaks the other version.
    pub reply_has_id: bool,
    /// Whether connection state recovery is a part of it.
    pub recovers: bool,
}

/// Socket.IO 4, of socket.io 1 and 2.
pub const V4: Dialect = Dialect {
    name: "Socket.IO 4",
    engine: Version::V3,
    joins_root: true,
    auth_in_query: true,
    reply_has_id: false,
    recovers: false,
};

/// Socket.IO 5, of socket.io 3 and 4.
pub const V5: Dialect = Dialect {
    name: "Socket.IO 5",
    engine: Version::V4,
    joins_root: false,
    auth_in_query: false,
    reply_has_id: true,
    recovers: true,
};
