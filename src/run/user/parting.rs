//! Steps that leave on purpose and come back, connections that are to be refused, and users without a connection.

use super::actor::{Actor, Scene};
use super::ending;
use super::life::Life;
use super::message::{Command, Failure};
use super::thread::{Place, Wait};
use crate::ledger::{ActionOutcome, NotSent};
use crate::metrics::Counter;
use crate::plan::language::{Answer, Expression};
use crate::record::Class;
use crate::units::Duration;

impl Actor {
    /// Leaves in the middle of its program, which goes on without a connection.
    pub(super) fn leave_for_now(&mut self, scene: &mut Scene<'_>, politely: bool) {
        if !self.online {
            return;
        }
        if politely {
            self.hang_up(scene);
        } else {
            self.keep_session(scene);
            self.session = None;
            self.drop_handlers();
            self.offline(scene, scene.now);
            self.commands.push_back(Command::Abort);
        }
        if self.life == Life::Active {
            self.life = Life::Apart;
        }
    }

    /// Connects and does the setup; the turn waits for it.
    pub(super) fn return_now(&mut self, scene: &mut Scene<'_>, within: Duration) {
        if self.life != Life::Apart {
            return;
        }
        let Some(mut turn) = self.threads.main.take() else { return };
        turn.wait = Wait::Return { deadline: scene.now + within };
        turn.since = self.inbox.next();
        self.threads.suspended = Some(turn);
        self.come(scene);
    }

    /// The user is back: its turn goes on.
    pub(super) fn go_on_with_turn(&mut self, scene: &Scene<'_>) {
        if let Some(mut turn) = self.threads.suspended.take() {
            (turn.wait, turn.planned) = (Wait::Ready, scene.now);
            self.threads.main = Some(turn);
        }
    }

    /// The turn has waited long enough for its user to be back, who goes on trying.
    pub(super) fn return_timed_out(&mut self, scene: &mut Scene<'_>) {
        let deadline = self.threads.suspended.as_ref().map(|turn| turn.wait.deadline());
        if deadline.is_some_and(|deadline| deadline <= scene.now) {
            self.step_error(scene, "reconnect timed out", "the user was not back in time".into());
            self.drop_suspended(scene, ActionOutcome::NotSent(NotSent::Abandoned));
        }
    }

    /// Ends the turn whose user is coming back.
    pub(super) fn drop_suspended(&mut self, scene: &mut Scene<'_>, rest: ActionOutcome) {
        let Some(turn) = self.threads.suspended.take().and_then(|thread| thread.turn) else { return };
        self.settle(scene, &turn, rest);
        self.last_turn_end = Some(scene.now);
    }

    /// A user without a connection is there when it has logged in.
    pub(super) fn set_up_without_socket(&mut self, scene: &Scene<'_>) {
        self.life = Life::SettingUp;
        self.start(scene.now, Place::Setup, None);
    }

    /// A namespace said no. Its answer is the server's word, so the next attempt logs in anew.
    pub(super) fn refused(&mut self, scene: &mut Scene<'_>, namespace: usize, error: &str) {
        if let Some(wanted) = &scene.scenario.connect.refused
            && matches!(self.life, Life::Handshaking { .. })
            && self.is_rightly_refused(scene, wanted, namespace, error)
        {
            return self.refused_as_wanted(scene);
        }
        self.logged_in = false;
        self.let_go(scene);
        let Failure { kind, mut detail, .. } = ending::refused(Self::one_of_several(scene, namespace), error);
        if self.online {
            detail
                .push_str("; it had connected the user before it asked that, as the first servers of socket.io 2.0 do");
        }
        self.turned_out(scene, kind, detail);
    }

    /// The server has refused a connection that it was to refuse. Was it as it should?
    pub(super) fn is_rightly_refused(
        &mut self,
        scene: &mut Scene<'_>,
        wanted: &Expression,
        namespace: usize,
        error: &str,
    ) -> bool {
        let written = scene.scenario.connect.namespaces.get(namespace).map(|joining| &*joining.written);
        let namespace = &serde_json::Value::from(written).to_string();
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        wanted.truth(&bindings, Answer::Refusal { error, namespace }).unwrap_or_else(|problem| {
            self.step_error(scene, "`refused` has no value", problem.to_string());
            false
        })
    }

    /// There is nothing more to see: the user stays away until its stay ends.
    pub(super) fn refused_as_wanted(&mut self, scene: &mut Scene<'_>) {
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::ConnectAttempts);
        scene.sink.recorder.count(cell, Counter::Refusals);
        self.count_ready(scene);
        self.stay_apart();
    }

    /// The server has let in whom it was to refuse.
    pub(super) fn wrongly_let_in(&mut self, scene: &mut Scene<'_>) {
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::ConnectAttempts);
        scene.sink.recorder.count(cell, Counter::ConnectFailures);
        let detail = "the suite wants the server to refuse this connection".to_owned();
        self.note(scene, Class::Connect, "connected, not refused", detail);
        self.count_ready(scene);
        self.stay_apart();
    }

    fn stay_apart(&mut self) {
        self.session = None;
        self.close_link();
        self.life = Life::Away;
    }
}
