//! The Socket.IO side: the namespace `/auction` and its events.
//!
//! No handler waits for anything, so on a runtime of one thread each runs to its end in the order in which the events
//! came, and a member's broadcasts come in the order of their `seq`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, Extension, SocketRef, State, TryData};
use socketioxide::handler::{ConnectHandler, FromMessageParts, Value as Packet};
use socketioxide::socket::Socket;
use socketioxide::{BroadcastError, SocketIo};

use super::hall::Hall;
use super::rules::{Decision, News};

/// The namespace that the auction is in.
pub const NAMESPACE: &str = "/auction";

/// Largest amount that a JavaScript server can tell from its neighbours, so that both targets take the same bids.
const LARGEST_AMOUNT: u64 = (1 << 53) - 1;

/// Opens the namespace on a server whose state holds the hall.
pub fn open(io: &SocketIo) {
    io.ns(NAMESPACE, entered.with(admit));
}

/// The user that a socket belongs to.
#[derive(Clone)]
struct Bidder(Arc<str>);

#[derive(Deserialize)]
struct Auth {
    token: String,
}

#[derive(Deserialize)]
struct Bid {
    lot: String,
    amount: u64,
    #[serde(rename = "ref", default)]
    reference: Option<Value>,
}

/// Runs before the socket is told that it is connected, which is why the events are registered here: later, the first
/// `join` could come before its handler.
async fn admit(
    socket: SocketRef,
    State(hall): State<Arc<Hall>>,
    TryData(auth): TryData<Auth>,
) -> Result<(), &'static str> {
    let token = auth.ok().map(|auth| auth.token);
    let user = hall.admit(token.as_deref()).ok_or("unauthorized")?;
    socket.extensions.insert(Bidder(user));
    socket.on("join", join);
    socket.on("leave", leave);
    socket.on("bid", bid);
    socket.on_disconnect(left);
    Ok(())
}

async fn entered(State(hall): State<Arc<Hall>>) {
    hall.count(|counts| {
        counts.connections += 1;
        counts.connected += 1;
    });
}

async fn left(State(hall): State<Arc<Hall>>) {
    hall.count(|counts| {
        counts.disconnects += 1;
        counts.connected -= 1;
    });
}

async fn join(socket: SocketRef, State(hall): State<Arc<Hall>>, TryData(lot): TryData<String>, ack: Ack) {
    let Ok(lot) = lot else { return ack.invalid(&hall) };
    socket.join(room(&lot));
    hall.count(|counts| counts.joins += 1);
    ack.give(&hall, &json!({ "ok": true }));
}

/// Without a lot, leaves all of them.
async fn leave(socket: SocketRef, State(hall): State<Arc<Hall>>, TryData(lot): TryData<Value>, ack: Ack) {
    match lot {
        Ok(Value::String(lot)) => socket.leave(room(&lot)),
        Err(_) | Ok(Value::Null) => socket.leave_all(),
        Ok(_) => return ack.invalid(&hall),
    }
    hall.count(|counts| counts.leaves += 1);
    ack.give(&hall, &json!({ "ok": true }));
}

/// One need not have joined a lot to bid on it, only to hear of it.
async fn bid(
    socket: SocketRef,
    State(hall): State<Arc<Hall>>,
    Extension(Bidder(user)): Extension<Bidder>,
    TryData(bid): TryData<Bid>,
    ack: Ack,
) {
    let Some(bid) = bid.ok().filter(|bid| bid.amount <= LARGEST_AMOUNT) else {
        hall.count(|counts| {
            counts.bids += 1;
            counts.rejected += 1;
        });
        return ack.invalid(&hall);
    };
    let answer = match hall.bid(&user, &bid.lot, bid.amount) {
        Decision::Accepted { price, news: News::Broadcast { seq } } => {
            tell_room(&socket, &hall, &user, bid, price, seq).await;
            json!({ "ok": true, "broadcast": true, "price": price })
        }
        Decision::Accepted { price, news: News::Silent } => json!({ "ok": true, "broadcast": false, "price": price }),
        Decision::Cooldown { retry_in } => {
            // Rounded up: who waits as long as it was told must not be too early.
            json!({ "ok": false, "error": "cooldown", "retry_in_ms": retry_in.as_nanos().div_ceil(1_000_000) })
        }
    };
    ack.give(&hall, &answer);
}

/// Tells all members of the lot's room, the bidder too if it is one.
async fn tell_room(socket: &SocketRef, hall: &Hall, user: &str, bid: Bid, price: u64, seq: u64) {
    let room = room(&bid.lot);
    let members = socket.within(room.clone()).sockets().len();
    let mut news = json!({ "lot": bid.lot, "user": user, "amount": bid.amount, "price": price, "seq": seq });
    if let Some(reference) = bid.reference {
        news["ref"] = reference;
    }
    let missed = match socket.within(room).emit("bid-placed", &news).await {
        Ok(()) => 0,
        Err(BroadcastError::Socket(errors)) => errors.len(),
        Err(_) => members,
    };
    hall.count(|counts| {
        counts.broadcasts += 1;
        counts.deliveries += members.saturating_sub(missed) as u64;
    });
}

/// A lot's room, apart from any other name that a room may have.
fn room(lot: &str) -> String {
    format!("lot:{lot}")
}

/// The ack of an event. It knows, as socketioxide's own does not say, whether the client asked for one: only then is
/// it sent and counted.
struct Ack(Option<AckSender>);

impl FromMessageParts<LocalAdapter> for Ack {
    type Error = std::convert::Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        packet: &mut Packet,
        id: &Option<i64>,
    ) -> Result<Self, Self::Error> {
        let sender = AckSender::from_message_parts(socket, packet, id)?;
        Ok(Self(id.map(|_| sender)))
    }
}

impl Ack {
    fn give(self, hall: &Hall, answer: &Value) {
        if self.0.is_some_and(|sender| sender.send(answer).is_ok()) {
            hall.count(|counts| counts.acks += 1);
        }
    }

    fn invalid(self, hall: &Hall) {
        self.give(hall, &json!({ "ok": false, "error": "invalid" }));
    }
}
