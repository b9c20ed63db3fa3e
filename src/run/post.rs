//! Mail between workers: what the users of one have to know of those of another. Nothing is sent in runs in which users have nothing
//! to do with each other, or where there is one worker. The collector writes once, when nobody need stay any longer.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::commons::Letter;

/// What comes by mail.
#[derive(Debug, Clone)]
pub enum Mail {
    /// From another worker.
    Letter(Letter),
    /// From the collector: all that must be heard has been heard.
    AllHeard,
}

/// One worker's mailbox, and the addresses of the others.
#[derive(Debug)]
pub struct Post {
    pub incoming: UnboundedReceiver<Mail>,
    pub outgoing: Outgoing,
}

/// To all other workers; the collector's, to all of them.
#[derive(Debug, Clone, Default)]
pub struct Outgoing(Vec<UnboundedSender<Mail>>);

impl Post {
    /// For so many workers, and what the collector writes to them with.
    #[must_use]
    pub fn offices(workers: usize) -> (Vec<Self>, Outgoing) {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| unbounded_channel()).unzip();
        let office = |(worker, incoming): (usize, UnboundedReceiver<Mail>)| {
            let others = senders.iter().enumerate().filter(|(other, _)| *other != worker);
            Self { incoming, outgoing: Outgoing(others.map(|(_, sender)| sender.clone()).collect()) }
        };
        let offices = receivers.into_iter().enumerate().map(office).collect();
        (offices, Outgoing(senders))
    }
}

impl Outgoing {
    pub fn send(&self, letters: &mut Vec<Letter>) {
        for letter in letters.drain(..) {
            for other in &self.0 {
                // A worker without users reads no more mail.
                let _ = other.send(Mail::Letter(letter.clone()));
            }
        }
    }

    /// Tells that nobody need stay to hear any longer.
    pub fn release(&self) {
        for worker in &self.0 {
            let _ = worker.send(Mail::AllHeard);
        }
    }
}
