//! Sockets, and nothing but: connections are dialed, upgraded and driven here; what their frames mean is `protocol`'s.
//!
//! [`dial()`] opens a [`Stream`] and says how long each phase took; [`upgrade`] makes a WebSocket of it, [`polling::open`] a
//! session of HTTP requests that may move to one; what comes out is a [`Link`], the one contract that drivers know. Nothing here reads a clock or keeps a deadline: time comes in as
//! a closure, and a caller gives up by dropping the future.

pub mod cookies;
pub mod dial;
pub mod http;
pub mod link;
pub mod link_end;
pub mod memory;
pub mod meter;
pub mod polling;
pub mod proxy;
pub mod refusal;
pub mod stage;
pub mod stream;
pub mod target_link;
pub mod tls;
pub mod websocket;

pub use dial::{DialError, Endpoint, Phases, dial};
pub use link::{Arrival, Link, QueueError, Traffic};
pub use link_end::LinkEnd;
pub use polling::error::PollingError;
pub use proxy::{Proxy, ProxyError};
pub use refusal::Refusal;
pub use stream::{Fault, Stream};
pub use target_link::TargetLink;
pub use tls::{TlsContext, TlsFault, TlsSettings, TlsSettingsError};
pub use websocket::{UpgradeError, Upgraded, WebSocketLink, upgrade};

#[cfg(test)]
mod tests;
