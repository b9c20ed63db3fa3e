//! Over which transports users reach the server, and which share of them takes which way.

/// How the frames of a user go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Over WebSocket from the start, as most load tests do.
    #[default]
    WebSocket,
    /// By HTTP long-polling to the end.
    Polling,
    /// By polling at first, then over WebSocket, as browsers do.
    Upgrade,
}

/// Which users take which way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transports;

impl Transports {
    /// The way of the user with that index in the suite.
    #[must_use]
    pub const fn way(&self, _user: u64) -> Way {
        Way::WebSocket
    }
}
