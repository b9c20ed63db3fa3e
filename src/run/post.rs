//! Mail between workers: what the users of one have to know of those of another. Nothing is sent in runs in which users have nothing
//! to do with each other, or where there is one worker.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::commons::Letter;

/// One worker's mailbox, and the addresses of the others.
#[derive(Debug)]
pub struct Post {
    pub incoming: UnboundedReceiver<Letter>,
    pub outgoing: Outgoing,
}

/// To all other workers.
#[derive(Debug, Clone, Default)]
pub struct Outgoing(Vec<UnboundedSender<Letter>>);

impl Post {
    /// For so many workers.
    #[must_use]
    pub fn offices(workers: usize) -> Vec<Self> {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| unbounded_channel()).unzip();
        let office = |(worker, incoming): (usize, UnboundedReceiver<Letter>)| {
            let others = senders.iter().enumerate().filter(|(other, _)| *other != worker);
            Self { incoming, outgoing: Outgoing(others.map(|(_, sender)| sender.clone()).collect()) }
        };
        receivers.into_iter().enumerate().map(office).collect()
    }
}

impl Outgoing {
    pub fn send(&self, letters: &mut Vec<Letter>) {
        for letter in letters.drain(..) {
            for other in &self.0 {
                // A worker without users reads no more mail.
                let _ = other.send(letter.clone());
            }
        }
    }
}
