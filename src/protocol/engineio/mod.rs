//! Engine.IO: the handshake and the heartbeat under Socket.IO.

use bytes::{Bytes, BytesMut};

pub mod packet;
pub mod payload;
pub mod session;

/// The version of the protocol, as in the query key `EIO`. In 3 the client pings, in 4 the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V3,
    V4,
}

impl Version {
    /// The value of the query key `EIO`.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::V3 => "3",
            Self::V4 => "4",
        }
    }

    /// Whether it is the client who pings.
    #[must_use]
    pub const fn client_pings(self) -> bool {
        matches!(self, Self::V3)
    }

    /// The packet type in front of the data of a binary frame: as a number, not as a digit. (engine.io-protocol 3,
    /// "Packet".)
    #[must_use]
    pub const fn binary_prefix(self) -> Option<u8> {
        match self {
            Self::V3 => Some(4),
            Self::V4 => None,
        }
    }

    /// The binary frame that carries `data`.
    #[must_use]
    pub fn binary_frame(self, data: Bytes) -> Bytes {
        let Some(prefix) = self.binary_prefix() else { return data };
        let mut frame = BytesMut::with_capacity(1 + data.len());
        frame.extend_from_slice(&[prefix]);
        frame.extend_from_slice(&data);
        frame.freeze()
    }

    /// Query keys that a polling request needs beside the usual ones. `b64` has the server write binary data as text.
    #[must_use]
    pub const fn polling_query(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::V3 => &[("b64", "1")],
            Self::V4 => &[],
        }
    }
}
