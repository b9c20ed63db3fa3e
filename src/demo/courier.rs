//! Carries the events of one connection where a fault holds them back: late, or in the wrong order.

use std::sync::Arc;

use serde_json::Value;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

use super::hall::Hall;
use super::sockets::send;
use crate::units::{Duration, Moment};

/// Two events of one lot are neighbours when they come within this time.
pub const NEIGHBOURS: Duration = Duration::from_millis(50);

/// An event on its way to one connection.
#[derive(Debug)]
pub struct Parcel {
    pub lot: String,
    pub news: Value,
    /// By the clock of the hall.
    pub due: Moment,
    /// It waits for its next neighbour, and lets that go first.
    pub hold: bool,
}

/// Hands parcels to the task of one connection. The task ends when this is dropped.
#[derive(Debug, Clone)]
pub struct Courier(UnboundedSender<Parcel>);

impl Courier {
    /// A courier for a connection. It must be taken from the socket when the socket leaves: until then both hold each other.
    pub fn start(socket: SocketRef, hall: Arc<Hall>) -> Self {
        let (sender, parcels) = unbounded_channel();
        tokio::spawn(carry(parcels, socket, hall));
        Self(sender)
    }

    /// Nothing is lost but what a closed connection could not have received either.
    pub fn take(&self, parcel: Parcel) {
        drop(self.0.send(parcel));
    }
}

async fn carry(mut parcels: UnboundedReceiver<Parcel>, socket: SocketRef, hall: Arc<Hall>) {
    // By lot, with the moment at which it waits no longer; in the order of those moments.
    let mut held: Vec<(Moment, Parcel)> = Vec::new();
    loop {
        let parcel = match held.first() {
            None => parcels.recv().await,
            Some((until, _)) => match timeout(until.since(hall.now()).std(), parcels.recv()).await {
                Ok(parcel) => parcel,
                Err(_) => {
                    send(&socket, &hall, &held.remove(0).1.news);
                    continue;
                }
            },
        };
        let Some(parcel) = parcel else { break };
        sleep(parcel.due.since(hall.now()).std()).await;
        match held.iter().position(|(_, waiting)| waiting.lot == parcel.lot) {
            Some(place) => {
                let (_, overtaken) = held.remove(place);
                send(&socket, &hall, &parcel.news);
                send(&socket, &hall, &overtaken.news);
                hall.count(|counts| counts.reordered += 1);
            }
            None if parcel.hold => held.push((hall.now() + NEIGHBOURS, parcel)),
            None => send(&socket, &hall, &parcel.news),
        }
    }
    for (_, parcel) in held {
        send(&socket, &hall, &parcel.news);
    }
}
