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
use socketioxide::socket::{Sid, Socket};
use socketioxide::{BroadcastError, SocketIo};

use super::courier::{Courier, Parcel};
use super::faults::Fault;
use super::hall::Hall;
use super::rules::{Decision, News};
use crate::units::Duration;

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

async fn entered(socket: SocketRef, io: SocketIo, State(hall): State<Arc<Hall>>) {
    let first = hall.enter();
    if hall.faults().hold_back() {
        socket.extensions.insert(Courier::start(socket.clone(), Arc::clone(&hall)));
    }
    if first {
        troubles(&io, &hall);
    }
}

/// What goes wrong at a moment of its own, counted from the first user on.
fn troubles(io: &SocketIo, hall: &Arc<Hall>) {
    if let Some(freeze) = hall.faults().freeze {
        tokio::spawn(async move {
            tokio::time::sleep(freeze.at.std()).await;
            stand_still(freeze.what);
        });
    }
    if let Some(disconnect) = hall.faults().disconnect {
        let (io, hall) = (io.clone(), Arc::clone(hall));
        tokio::spawn(async move {
            tokio::time::sleep(disconnect.at.std()).await;
            for socket in io.of(NAMESPACE).map_or_else(Vec::new, |auction| auction.sockets()) {
                let hit = bidder(&socket).is_some_and(|user| hall.faults().hits(Fault::Disconnect, (), &user));
                if hit {
                    // Under the lock of the counts, as every event is sent: what is counted as delivered comes before the goodbye.
                    hall.count(|counts| counts.thrown_out += u64::from(socket.disconnect().is_ok()));
                }
            }
        });
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the fault: the thread sleeps, and with it everything that its runtime does"
)]
fn stand_still(duration: Duration) {
    std::thread::sleep(duration.std());
}

async fn left(socket: SocketRef, State(hall): State<Arc<Hall>>) {
    socket.extensions.remove::<Courier>();
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
    let (decision, number) = hall.bid(&user, &bid.lot, bid.amount);
    let answer = match decision {
        Decision::Accepted { price, news: News::Broadcast { seq } } => {
            let news = news(&user, bid, price, seq);
            if hall.faults().touch_deliveries() {
                tell_each(&socket, &hall, &news, seq);
            } else {
                tell_room(&socket, &hall, &news).await;
            }
            json!({ "ok": true, "broadcast": true, "price": price })
        }
        Decision::Accepted { price, news: News::Silent } => json!({ "ok": true, "broadcast": false, "price": price }),
        Decision::Cooldown { retry_in } => {
            leak_rejected(&socket, &hall, &user, bid);
            // Rounded up: who waits as long as it was told must not be too early.
            json!({ "ok": false, "error": "cooldown", "retry_in_ms": retry_in.as_nanos().div_ceil(1_000_000) })
        }
    };
    if hall.faults().hits(Fault::NoAck, number, &user) {
        return hall.count(|counts| counts.unacked += 1);
    }
    ack.give(&hall, &answer);
}

/// What the room hears of a bid.
fn news(user: &str, bid: Bid, price: u64, seq: u64) -> Value {
    let mut news = json!({ "lot": bid.lot, "user": user, "amount": bid.amount, "price": price, "seq": seq });
    if let Some(reference) = bid.reference {
        news["ref"] = reference;
    }
    news
}

/// The lot that news is about.
fn lot_of(news: &Value) -> &str {
    news["lot"].as_str().unwrap_or_default()
}

/// Tells each member of the lot's room by itself, with the faults that hit it; and users whom it does not concern.
fn tell_each(socket: &SocketRef, hall: &Arc<Hall>, news: &Value, seq: u64) {
    let (faults, lot) = (hall.faults(), lot_of(news));
    let mut members = socket.within(room(lot)).sockets();
    // The first one is never reordered: the others' order is out of order only beside somebody's that is not.
    members.sort_by_key(bidder);
    for (place, member) in members.iter().enumerate() {
        let user = bidder(member).unwrap_or_default();
        if faults.hits(Fault::Drop, (lot, seq), &user) {
            hall.count(|counts| counts.dropped += 1);
            continue;
        }
        hand_over(member, hall, news, seq, place > 0 && faults.hits(Fault::Reorder, (lot, seq), &user));
        if faults.hits(Fault::Duplicate, (lot, seq), &user) {
            hall.count(|counts| counts.duplicated += 1);
            hand_over(member, hall, news, seq, false);
        }
    }
    if faults.leak.0 > 0.0 {
        let inside: Vec<Sid> = members.iter().map(|member| member.id).collect();
        for outsider in socket.broadcast().sockets().iter().filter(|other| !inside.contains(&other.id)) {
            leak(outsider, hall, news, seq);
        }
    }
}

/// News of a bid that was rejected, for those of the room whom the fault hits.
fn leak_rejected(socket: &SocketRef, hall: &Arc<Hall>, user: &str, bid: Bid) {
    if hall.faults().leak.0 > 0.0 {
        let seq = hall.counts().bids;
        let news = news(user, bid, 0, seq);
        for member in socket.within(room(lot_of(&news))).sockets() {
            leak(&member, hall, &news, seq);
        }
    }
}

fn leak(receiver: &SocketRef, hall: &Arc<Hall>, news: &Value, seq: u64) {
    let user = bidder(receiver).unwrap_or_default();
    if hall.faults().hits(Fault::Leak, (lot_of(news), seq), &user) {
        hall.count(|counts| counts.leaked += 1);
        hand_over(receiver, hall, news, seq, false);
    }
}

/// Sends an event to one connection, at once or by its courier.
fn hand_over(receiver: &SocketRef, hall: &Arc<Hall>, news: &Value, seq: u64, hold: bool) {
    let Some(courier) = receiver.extensions.get::<Courier>() else { return send(receiver, hall, news) };
    let lot = lot_of(news).to_owned();
    let delay = hall.faults().delay((&lot, seq), &bidder(receiver).unwrap_or_default());
    hall.count(|counts| counts.delayed += u64::from(!delay.is_zero()));
    courier.take(Parcel { lot, news: news.clone(), due: hall.now() + delay, hold });
}

/// Sends an event to one connection, and counts it in the same moment: while a connection is thrown out, an event is either sent
/// before that and counted, or neither.
pub(super) fn send(receiver: &SocketRef, hall: &Hall, news: &Value) {
    hall.count(|counts| counts.deliveries += u64::from(receiver.emit("bid-placed", news).is_ok()));
}

/// The user of a socket; none before it was admitted.
fn bidder(socket: &SocketRef) -> Option<Arc<str>> {
    socket.extensions.get::<Bidder>().map(|bidder| bidder.0)
}

/// Tells all members of the lot's room at once, the bidder too if it is one.
async fn tell_room(socket: &SocketRef, hall: &Hall, news: &Value) {
    let room = room(lot_of(news));
    let members = socket.within(room.clone()).sockets().len();
    let missed = match socket.within(room).emit("bid-placed", news).await {
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
