//! Emitting, and judging what comes back.

use super::actor::{Actor, Scene};
use super::thread::{Place, Wait};
use crate::ledger::{Act, ActionOutcome, Cause, NotSent};
use crate::metrics::{Cell, Counter, Distribution};
use crate::plan::language::text::text_of;
use crate::plan::language::{Answer, EvaluationError};
use crate::plan::step::{AckRule, Emit, Operation, SaveRule};
use crate::plan::{Scenario, Turn};
use crate::protocol::{Input, Intent};
use crate::record::Class;
use crate::units::Duration;

/// Most acks remembered that were given up: as many as a Socket.IO session remembers.
const GIVEN_UP: usize = 256;

/// The emit at that position of a program.
pub(super) fn emit_at(scenario: &Scenario, place: Place, operation: usize) -> Option<&Emit> {
    match place.program(scenario).operations.get(operation) {
        Some(Operation::Emit(emit)) => Some(emit),
        _ => None,
    }
}

impl Actor {
    pub(super) fn emit(&mut self, scene: &mut Scene<'_>, emit: &Emit) {
        let mut scratch = std::mem::take(&mut scene.sink.scratch);
        scratch.clear();
        self.action += u64::from(emit.action.is_some());
        let rendered = {
            let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
            emit.payload.render(&bindings, &mut scratch)
        };
        let ack = emit.ack.as_ref().map(|_| self.next_ack);
        self.next_ack += 1;
        let sent = rendered.map_err(|error| error.to_string()).and_then(|()| {
            let args = std::str::from_utf8(&scratch).map_err(|error| error.to_string())?;
            let session = self.session.as_mut().ok_or("the user is not connected")?;
            session
                .handle(scene.now, Input::Do(Intent::Emit { namespace: 0, args, ack }))
                .map_err(|misuse| misuse.to_string())
        });
        scene.sink.scratch = scratch;
        match sent {
            Ok(()) => self.emitted(scene, emit, ack),
            Err(detail) => self.not_emitted(scene, emit, detail),
        }
        self.drain_session(scene);
    }

    fn emitted(&mut self, scene: &mut Scene<'_>, emit: &Emit, ack: Option<u64>) {
        let now = scene.now;
        let Some(thread) = self.thread.as_mut() else { return };
        let (turn, planned) = (thread.turn, thread.planned);
        let rule = ack.zip(emit.ack.as_ref());
        self.unanswered = rule.is_none().then_some(now);
        if let Some((id, rule)) = rule {
            let operation = thread.last();
            thread.wait = Wait::Ack { id, operation, planned, sent: now, deadline: now + rule.within };
        }
        if let (Some(action), Some(turn)) = (emit.action, turn) {
            let cell = self.action_cell(scene.scenario, &turn, action);
            scene.sink.recorder.count(cell, Counter::Sent);
            scene.sink.recorder.record(cell, Distribution::SendLateness, now.since(planned));
            // What a user waited for an earlier answer is the server's.
            let free = self.last_turn_end.map_or(planned, |end| end.max(planned));
            scene.sink.recorder.record(cell, Distribution::GeneratorLateness, now.since(free));
            self.open_act(scene, &turn, action, cell, now.since(free));
            if rule.is_none() {
                self.outcome(scene, &turn, action, ActionOutcome::Ok, "");
            }
        }
    }

    /// Puts an action that was just sent on the sheet, if it acts on a resource.
    fn open_act(&mut self, scene: &mut Scene<'_>, turn: &Turn, action: usize, cell: Cell, lateness: Duration) {
        let Some(of_turn) = turn.resource else { return };
        let (plan, scenario) = (scene.plan, scene.scenario);
        self.ticket = scene.sink.sheet.open(|| Act {
            sent: scene.now,
            lateness,
            scenario: self.scenario,
            action,
            user: self.index(scenario),
            resource: self.bound_resource(plan, scenario).map_or(of_turn, |resource| resource.index),
            step: turn.number,
            cell,
            outcome: ActionOutcome::Unfinished,
            answer: None,
        });
    }

    /// This generator could not send it.
    fn not_emitted(&mut self, scene: &mut Scene<'_>, emit: &Emit, detail: String) {
        let turn = self.thread.as_ref().and_then(|thread| thread.turn);
        self.step_error(scene, &format!("{} cannot be sent", emit.event), detail);
        if let (Some(action), Some(turn)) = (emit.action, turn) {
            self.outcome(scene, &turn, action, ActionOutcome::NotSent(NotSent::Generator), "");
        }
        self.step_failed(scene.scenario);
    }

    pub(super) fn acknowledged(&mut self, scene: &mut Scene<'_>, id: u64, args: &str) {
        let waiting = self.thread.as_ref().map(|thread| (thread.place, thread.wait));
        let Some((place, Wait::Ack { id: awaited, operation, planned, sent, deadline })) = waiting else { return };
        let Some(emit) = emit_at(scene.scenario, place, operation).filter(|_| id == awaited) else { return };
        let Some(rule) = &emit.ack else { return };
        if scene.now > deadline {
            // The timer is late, too. Which of the two is seen first must make no difference.
            self.wait_timed_out(scene);
            return self.late_answer(scene, Some(id));
        }
        let outcome = self.judge(scene, rule, args).unwrap_or_else(|error| {
            self.step_error(scene, &format!("the check of {} has no value", emit.event), error.to_string());
            ActionOutcome::Failed
        });
        if outcome == ActionOutcome::Ok {
            self.save(scene, &emit.saves, Answer::Ack(args));
        }
        self.finish_emit(scene, emit, outcome, scene.now.since(planned), scene.now.since(sent), args);
        self.plan_from(scene.now);
        match outcome {
            ActionOutcome::Ok | ActionOutcome::Rejected => self.resume(),
            _ => self.step_failed(scene.scenario),
        }
    }

    fn judge(&self, scene: &Scene<'_>, rule: &AckRule, args: &str) -> Result<ActionOutcome, EvaluationError> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let holds = |check: &Option<crate::plan::language::Expression>| {
            check.as_ref().map(|check| check.truth(&bindings, Answer::Ack(args))).transpose()
        };
        Ok(if holds(&rule.ok)?.unwrap_or(true) {
            ActionOutcome::Ok
        } else if holds(&rule.rejected)?.unwrap_or(false) {
            ActionOutcome::Rejected
        } else {
            ActionOutcome::Failed
        })
    }

    /// Writes down what became of an emit that was answered or has timed out.
    fn finish_emit(
        &mut self,
        scene: &mut Scene<'_>,
        emit: &Emit,
        outcome: ActionOutcome,
        latency: Duration,
        service: Duration,
        detail: &str,
    ) {
        let turn = self.thread.as_ref().and_then(|thread| thread.turn);
        let (Some(action), Some(turn)) = (emit.action, turn) else {
            if !matches!(outcome, ActionOutcome::Ok | ActionOutcome::Rejected) {
                self.step_error(scene, &format!("{} {}", emit.event, outcome.words()), detail.to_owned());
            }
            return;
        };
        let cell = self.action_cell(scene.scenario, &turn, action);
        scene.sink.recorder.record(cell, Distribution::AckLatency, latency);
        scene.sink.recorder.record(cell, Distribution::AckService, service);
        if outcome != ActionOutcome::Timeout {
            scene.sink.recorder.count(cell, Counter::Acks);
        }
        let cause_follows = self.ticket.is_some();
        self.outcome(scene, &turn, action, outcome, detail);
        let action = &scene.scenario.actions[action].name;
        let name = match outcome {
            ActionOutcome::Ok => return,
            ActionOutcome::Rejected if cause_follows => return,
            ActionOutcome::Rejected => Cause::Unexplained.of_rejected(action),
            _ => format!("{action} {}", outcome.words()),
        };
        self.note(scene, Class::Action, &name, format!("step {}: {detail}", turn.number));
    }

    pub(super) fn save(&mut self, scene: &mut Scene<'_>, rules: &[SaveRule], answer: Answer<'_>) {
        for rule in rules {
            let value = rule.value.value(&self.bindings(scene.plan, scene.scenario, scene.facts, scene.now), answer);
            let value = match value {
                Ok(Some(value)) => Some(value),
                Ok(None) => {
                    self.step_error(scene, "a value to save is undefined", "the answer has no such field".into());
                    None
                }
                Err(error) => {
                    self.step_error(scene, "a value to save cannot be computed", error.to_string());
                    None
                }
            };
            if let Some(value) = value.as_ref().filter(|_| rule.secret) {
                scene.sink.secrets.insert(&text_of(value));
            }
            self.saved[rule.name] = value;
        }
    }

    /// An answer to something that has been given up.
    pub(super) fn late_answer(&mut self, scene: &mut Scene<'_>, id: Option<u64>) {
        let known = self.given_up.iter().position(|(ack, _)| Some(*ack) == id);
        let cell =
            known.and_then(|index| self.given_up.remove(index)).map_or_else(|| self.cell(scene), |(_, cell)| cell);
        scene.sink.recorder.count(cell, Counter::LateAnswers);
    }

    /// Remembers where a late answer to this action belongs.
    fn give_up_ack(&mut self, scenario: &Scenario, emit: &Emit, id: u64) {
        let turn = self.thread.as_ref().and_then(|thread| thread.turn);
        let (Some(action), Some(turn)) = (emit.action, turn) else { return };
        if self.given_up.len() == GIVEN_UP {
            self.given_up.pop_front();
        }
        let cell = self.action_cell(scenario, &turn, action);
        self.given_up.push_back((id, cell));
    }

    /// The thread has waited in vain.
    pub(super) fn wait_timed_out(&mut self, scene: &mut Scene<'_>) {
        let Some(thread) = &self.thread else { return };
        match (thread.place, thread.wait) {
            (place, Wait::Ack { id, operation, planned, sent, deadline }) => {
                self.tell_session(scene, Input::Do(Intent::Forget { namespace: 0, ack: id }));
                let Some(emit) = emit_at(scene.scenario, place, operation) else { return };
                self.give_up_ack(scene.scenario, emit, id);
                let within = deadline.since(sent);
                let detail = format!("no ack came within {within}");
                self.finish_emit(scene, emit, ActionOutcome::Timeout, deadline.since(planned), within, &detail);
                self.plan_from(deadline);
                self.step_failed(scene.scenario);
            }
            (_, Wait::Response { sent, deadline, .. }) => self.response_timed_out(scene, deadline.since(sent)),
            _ => {}
        }
    }
}
