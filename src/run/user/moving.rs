//! Links that begin by polling and move to WebSocket: counted, timed, and told where they stay.

use super::actor::{Actor, Scene};
use super::cookies;
use super::message::Failure;
use crate::metrics::{Counter, Distribution};
use crate::plan::transports::Way;
use crate::protocol::{Closed, Transport};
use crate::record::Class;

impl Actor {
    /// The link is open; the server may have set cookies with its first answer.
    pub(super) fn linked_by_way(&mut self, scene: &Scene<'_>, set_cookies: &[(String, String)]) {
        let way = scene.plan.target.transports.way(self.index(scene.scenario));
        self.moving_since = (way == Way::Upgrade).then_some(scene.now);
        if let Some(session) = self.session.as_ref().filter(|_| !set_cookies.is_empty()) {
            let first = if way == Way::WebSocket { Transport::WebSocket } else { Transport::Polling };
            cookies::learn(&mut self.cookies, &scene.plan.target, &session.request_target(first), set_cookies);
        }
    }

    /// The link has moved, or stays on polling.
    pub(super) fn moved(&mut self, scene: &mut Scene<'_>, outcome: Result<(), Failure>) {
        let Some(since) = self.moving_since.take() else { return };
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::UpgradesDue);
        match outcome {
            Ok(()) => {
                scene.sink.recorder.count(cell, Counter::Upgrades);
                scene.sink.recorder.record(cell, Distribution::UpgradeLatency, scene.now.since(since));
            }
            Err(failure) => {
                let detail = format!("the user stays on polling: {}", failure.detail);
                self.note(scene, Class::Connect, &format!("not upgraded: {}", failure.kind), detail);
            }
        }
    }

    /// The session has ended. Where it was lost, a move that was under way has failed with it.
    pub(super) fn not_moved(&mut self, scene: &mut Scene<'_>, reason: &Closed) {
        if self.moving_since.take().is_some() && *reason != Closed::ByUs {
            scene.sink.recorder.count(self.cell(scene), Counter::UpgradesDue);
        }
    }
}
