//! In which order users received what was sent about one subject.

use std::collections::HashMap;

use super::delivery::{Audience, Key, Sent};
use crate::plan::delivery::Order;
use crate::units::Moment;

/// The latest that each user has received so far, of every audience whose order matters.
#[derive(Debug, Default)]
pub struct Orders {
    tracks: HashMap<(u16, Audience), Track>,
}

#[derive(Debug, Default)]
struct Track {
    /// Actions that are not settled. When there are none, nothing can come too late any more.
    open: u64,
    /// The place of the next action that anyone receives for the first time.
    next: u64,
    /// By receiver, and by sender where only a sender's own order matters.
    latest: HashMap<(u32, Option<u32>), (u64, Key)>,
}

impl Orders {
    pub fn sent(&mut self, order: Order, sent: &Sent) {
        if order != Order::Any {
            self.tracks.entry((sent.rule, sent.subject)).or_default().open += 1;
        }
    }

    /// The place of an action that is received for the first time. Where a sender's order matters it is that of the send;
    /// where everybody's does, that of the first receipt by anyone.
    pub fn place(&mut self, order: Order, sent: &Sent, at: Moment) -> u64 {
        match (order, self.tracks.get_mut(&(sent.rule, sent.subject))) {
            (Order::PerResource, Some(track)) => {
                track.next += 1;
                track.next
            }
            _ => at.as_nanos(),
        }
    }

    /// A user has received the action of this place. The action that it had already received and that comes after it, if
    /// there is one.
    pub fn received(&mut self, order: Order, sent: &Sent, place: u64, user: u32) -> Option<Key> {
        let of = match order {
            Order::Any => return None,
            Order::PerSender => Some(sent.sender),
            Order::PerResource => None,
        };
        let track = self.tracks.get_mut(&(sent.rule, sent.subject))?;
        let latest = track.latest.entry((user, of)).or_insert((place, sent.key));
        if latest.0 > place {
            return Some(latest.1);
        }
        *latest = (place, sent.key);
        None
    }

    /// Nothing more is asked about this action.
    pub fn settled(&mut self, order: Order, sent: &Sent) {
        let name = (sent.rule, sent.subject);
        if order != Order::Any
            && let Some(track) = self.tracks.get_mut(&name)
        {
            track.open -= 1;
            if track.open == 0 {
                self.tracks.remove(&name);
            }
        }
    }

    /// How many receivers are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.tracks.values().map(|track| track.latest.len()).sum()
    }
}
