//! What the server counts, each thing where it happens: `GET /stats`, and the yardstick for a run's own numbers.

use serde::{Deserialize, Serialize};

/// Counts since the start or the last `POST /reset`. Invariants: `bids == accepted + rejected` and
/// `broadcasts <= accepted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Logins that gave a token; refused ones are not counted.
    pub logins: u64,
    /// Times that the namespace accepted a socket.
    pub connections: u64,
    /// Times that the namespace refused a socket, for want of a valid token.
    pub refused: u64,
    /// Sockets that are in the namespace now. The one number that a reset keeps.
    pub connected: i64,
    /// Sockets that have left the namespace, for whatever reason.
    pub disconnects: u64,
    /// Valid `join` events.
    pub joins: u64,
    /// Valid `leave` events.
    pub leaves: u64,
    /// `bid` events, whatever became of them.
    pub bids: u64,
    /// Bids that stand.
    pub accepted: u64,
    /// Bids refused, by a cooldown or as invalid.
    pub rejected: u64,
    /// `bid-placed` events, one for a whole room.
    pub broadcasts: u64,
    /// `bid-placed` events handed to a connection: what the users receive together, with what faults add.
    pub deliveries: u64,
    /// Acks sent, of all events, where the client asked for one.
    pub acks: u64,
    /// By a fault: deliveries left out.
    pub dropped: u64,
    /// By a fault: deliveries made twice.
    pub duplicated: u64,
    /// By a fault: deliveries that a later one of the same lot has overtaken.
    pub reordered: u64,
    /// By a fault: deliveries that nobody was owed.
    pub leaked: u64,
    /// By a fault: deliveries held back.
    pub delayed: u64,
    /// By a fault: acks of bids left out.
    pub unacked: u64,
    /// By a fault: connections closed.
    pub thrown_out: u64,
}

impl Counts {
    /// Zero in all but `connected`, which is a state and not a count.
    #[must_use]
    pub fn after_reset(self) -> Self {
        Self { connected: self.connected, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_keeps_who_is_there() {
        let before = Counts { connections: 3, disconnects: 1, connected: 2, acks: 7, ..Counts::default() };
        assert_eq!(before.after_reset(), Counts { connected: 2, ..Counts::default() });
    }
}
