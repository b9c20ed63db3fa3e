//! Taking a lost session up again (Socket.IO, "Connection state recovery"). While that may still happen the user is away, and of
//! what it was a member it stays one.

use super::actor::{Actor, Scene};
use super::life::Life;
use crate::ledger::delivery::What;
use crate::metrics::Counter;
use crate::protocol::{Closed, Recovery};
use crate::record::Class;

/// What lost sessions have left, by namespace.
pub type Resumption = Box<Vec<Option<Recovery>>>;

impl Actor {
    /// The connection was cut off: what the session leaves is kept for the next one, where the setup need not be redone.
    pub(super) fn keep_session(&mut self, scene: &mut Scene<'_>) {
        if !scene.plan.target.recovery || self.life != Life::Active || !self.online {
            return;
        }
        let Some(session) = &self.session else { return };
        let namespaces = 0..scene.scenario.connect.namespaces.len();
        let kept: Vec<_> = namespaces.map(|namespace| session.recovery(namespace)).collect();
        if kept.iter().all(Option::is_some) {
            self.resumption = Some(Box::new(kept));
        } else {
            let detail = "the server offers no connection state recovery: turn its `connectionStateRecovery` on, or leave out \
                          `target.recovery`";
            self.note(scene, Class::Disconnect, "session cannot be recovered", detail.to_owned());
        }
    }

    /// Does the server let go of the session for a reason after which it can be taken up?
    pub(super) const fn is_abrupt(reason: &Closed) -> bool {
        !matches!(reason, Closed::ByUs | Closed::Namespace)
    }

    /// What the last session in that namespace has left.
    pub(super) fn left_over(&self, namespace: usize) -> Option<Recovery> {
        self.resumption.as_ref()?.get(namespace)?.clone()
    }

    /// The user is connected again after a loss. Has it its session back?
    pub(super) fn takes_up(&mut self, scene: &mut Scene<'_>, recovered: bool) -> bool {
        if self.resumption.is_none() {
            return false;
        }
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::RecoveriesAsked);
        if !recovered {
            let away =
                self.lost_at.map(|lost| format!(", {} after the loss", scene.now.since(lost))).unwrap_or_default();
            let detail = format!(
                "the server has begun a new session{away}: its `maxDisconnectionDuration` may be shorter, or it has restarted"
            );
            self.note(scene, Class::Disconnect, "session not recovered", detail);
            self.let_go(scene);
            return false;
        }
        scene.sink.recorder.count(cell, Counter::Recovered);
        self.resumption = None;
        self.note_membership(scene, scene.now, |user| What::Recovered { user });
        true
    }

    /// The lost session will not be taken up any more.
    pub(super) fn let_go(&mut self, scene: &mut Scene<'_>) {
        if self.resumption.take().is_some() {
            self.gone(scene, scene.now);
        }
    }
}
