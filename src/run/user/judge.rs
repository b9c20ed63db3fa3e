//! Emitting, and judging what comes back.

use super::actor::{Actor, Scene};
use super::thread::{Place, Wait};
use crate::ledger::{Act, ActionOutcome, Cause, NotSent};
use crate::metrics::{Cell, Counter, Distribution};
use crate::plan::language::{Answer, Expression};
use crate::plan::step::{Emit, Operation, SaveRule};
use crate::plan::{Scenario, Turn};
use crate::protocol::{Input, Intent};
use crate::record::Class;
use crate::units::{Duration, Moment};

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
            emit.payload.write(&bindings, &mut scratch)
        };
        let ack = emit.ack.as_ref().map(|_| self.next_ack);
        self.next_ack += 1;
        let sent = rendered.map_err(|error| error.to_string()).and_then(|binary| {
            let args = std::str::from_utf8(&scratch).map_err(|error| error.to_string())?;
            let session = self.session.as_mut().ok_or("the user is not connected")?;
            session
                .handle(scene.now, Input::Do(Intent::Emit { namespace: emit.namespace, args, binary, ack }))
                .map_err(|misuse| misuse.to_string())
        });
        scene.sink.scratch = scratch;
        match sent {
            Ok(()) => self.emitted(scene, emit, ack),
            Err(detail) => {
                let why = if self.session.is_some() { NotSent::Generator } else { NotSent::Offline };
                self.not_sent_by_us(scene, &emit.event, emit.action, why, detail);
            }
        }
        self.drain_session(scene);
    }

    fn emitted(&mut self, scene: &mut Scene<'_>, emit: &Emit, ack: Option<u64>) {
        let now = scene.now;
        let Some(thread) = self.threads.current_mut() else { return };
        let (turn, planned) = (thread.turn, thread.planned);
        self.unanswered = (!emit.waits()).then_some(now);
        if emit.waits() {
            let operation = thread.last();
            thread.collected.clear();
            thread.wait = Wait::Answer { id: ack, operation, planned, sent: now, deadline: now + emit.within() };
        }
        if let (Some(action), Some(turn)) = (emit.action, turn) {
            self.sent(scene, &turn, action, planned, emit.delivery);
            if !emit.waits() {
                self.outcome(scene, &turn, action, ActionOutcome::Ok, "");
            }
        }
    }

    /// An action of the running turn has left.
    pub(super) fn sent(
        &mut self,
        scene: &mut Scene<'_>,
        turn: &Turn,
        action: usize,
        planned: Moment,
        delivery: Option<usize>,
    ) {
        let cell = self.action_cell(scene.scenario, turn, action);
        scene.sink.recorder.count(cell, Counter::Sent);
        scene.sink.recorder.record(cell, Distribution::SendLateness, scene.now.since(planned));
        // What a user waited for an earlier answer is the server's.
        let free = self.last_turn_end.map_or(planned, |end| end.max(planned));
        scene.sink.recorder.record(cell, Distribution::GeneratorLateness, scene.now.since(free));
        self.open_act(scene, turn, action, cell, scene.now.since(free));
        if let Some(rule) = delivery {
            self.promise(scene, rule, cell);
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

    /// This generator could not send what is called so.
    pub(super) fn not_sent_by_us(
        &mut self,
        scene: &mut Scene<'_>,
        name: &str,
        action: Option<usize>,
        why: NotSent,
        detail: String,
    ) {
        let turn = self.threads.current().and_then(|thread| thread.turn);
        self.step_error(scene, &format!("{name} cannot be sent"), detail);
        if let (Some(action), Some(turn)) = (action, turn) {
            self.outcome(scene, &turn, action, ActionOutcome::NotSent(why), "");
        }
        self.step_failed(scene.scenario);
    }

    pub(super) fn acknowledged(&mut self, scene: &mut Scene<'_>, id: u64, args: &str) {
        let waiting = self.threads.current().map(|thread| (thread.place, thread.wait));
        let Some((place, Wait::Answer { operation, planned, sent, deadline, .. })) = waiting else { return };
        let Some(emit) = emit_at(scene.scenario, place, operation) else { return };
        let Some(rule) = &emit.ack else { return };
        if scene.now > deadline {
            // The timer is late, too. Which of the two is seen first must make no difference.
            self.wait_timed_out(scene);
            return self.late_ack(scene, id);
        }
        let outcome = self.judge(scene, &emit.event, Answer::Ack(args), true, rule.ok.as_ref(), rule.rejected.as_ref());
        if outcome == ActionOutcome::Ok {
            self.weigh_promise(scene, emit.delivery, Answer::Ack(args));
            self.save(scene, &emit.saves, Answer::Ack(args));
            if let Some(reply) = &emit.reply {
                // The server has taken it; what became of it is for the reply to say.
                return self.acked(sent + reply.within);
            }
        }
        if emit.reply.is_none() {
            self.label_action(scene, &emit.labels, Answer::Ack(args));
        }
        self.finish_emit(scene, emit, outcome, scene.now.since(planned), scene.now.since(sent), args);
        self.plan_from(scene.now);
        self.go_on_after(scene.scenario, outcome);
    }

    /// The ack has come, and the current program waits for an event until then.
    fn acked(&mut self, until: Moment) {
        if let Some(Wait::Answer { id, deadline, .. }) = self.threads.current_mut().map(|thread| &mut thread.wait) {
            (*id, *deadline) = (None, until);
        }
    }

    /// A rejected step goes on, a failed one does not.
    pub(super) fn go_on_after(&mut self, scenario: &Scenario, outcome: ActionOutcome) {
        match outcome {
            ActionOutcome::Ok => self.resume(),
            ActionOutcome::Rejected => {
                self.resume();
                self.not_succeeded();
            }
            _ => self.step_failed(scenario),
        }
    }

    /// What an answer means: `otherwise` where there is no `ok`.
    pub(super) fn judge(
        &mut self,
        scene: &mut Scene<'_>,
        name: &str,
        answer: Answer<'_>,
        otherwise: bool,
        ok: Option<&Expression>,
        rejected: Option<&Expression>,
    ) -> ActionOutcome {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let holds = |check: Option<&Expression>| check.map(|check| check.truth(&bindings, answer)).transpose();
        let judged = holds(ok).and_then(|ok| match ok.unwrap_or(otherwise) {
            true => Ok(ActionOutcome::Ok),
            false if holds(rejected)? == Some(true) => Ok(ActionOutcome::Rejected),
            false => Ok(ActionOutcome::Failed),
        });
        judged.unwrap_or_else(|error| {
            self.step_error(scene, &format!("the check of {name} has no value"), error.to_string());
            ActionOutcome::Failed
        })
    }

    /// Writes down what became of an emit that was answered or has timed out.
    pub(super) fn finish_emit(
        &mut self,
        scene: &mut Scene<'_>,
        emit: &Emit,
        outcome: ActionOutcome,
        latency: Duration,
        service: Duration,
        detail: &str,
    ) {
        match emit.action {
            Some(action) => self.finish_action(scene, action, outcome, Some((latency, service)), detail),
            None if matches!(outcome, ActionOutcome::Ok | ActionOutcome::Rejected) => {}
            None => self.step_error(scene, &format!("{} {}", emit.event, outcome.words()), detail.to_owned()),
        }
    }

    /// Writes down what became of an action that was answered or has timed out: after so long from its planned moment, and
    /// from its send. `None` where no answer came and none was waited for to the end.
    pub(super) fn finish_action(
        &mut self,
        scene: &mut Scene<'_>,
        action: usize,
        outcome: ActionOutcome,
        latency_and_service: Option<(Duration, Duration)>,
        detail: &str,
    ) {
        let Some(turn) = self.threads.current().and_then(|thread| thread.turn) else { return };
        let cell = self.action_cell(scene.scenario, &turn, action);
        self.label_unanswered(scene);
        if let Some((latency, service)) = latency_and_service {
            self.labels.record(&mut scene.sink.recorder, cell, |numbers| {
                numbers.record(Distribution::AckLatency, latency);
                numbers.record(Distribution::AckService, service);
            });
            scene.sink.recorder.record(cell, Distribution::AckLatency, latency);
            scene.sink.recorder.record(cell, Distribution::AckService, service);
            if outcome != ActionOutcome::Timeout {
                scene.sink.recorder.count(cell, Counter::Acks);
            }
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
                scene.sink.secrets.insert_value(value);
            }
            self.saved[rule.name] = value;
        }
    }

    /// The thread has waited in vain.
    pub(super) fn wait_timed_out(&mut self, scene: &mut Scene<'_>) {
        let Some(thread) = self.threads.current() else { return };
        match (thread.place, thread.wait) {
            (place, Wait::Answer { id, operation, planned, sent, deadline }) => {
                let Some(emit) = emit_at(scene.scenario, place, operation) else { return };
                self.give_up_answer(scene, emit, id);
                if let Some(ack) = id {
                    self.tell_session(scene, Input::Do(Intent::Forget { namespace: emit.namespace, ack }));
                }
                let within = deadline.since(sent);
                let what = if emit.reply.is_some() { "answer" } else { "ack" };
                let detail = format!("no {what} came within {within}");
                self.finish_emit(scene, emit, ActionOutcome::Timeout, deadline.since(planned), within, &detail);
                self.plan_from(deadline);
                self.step_failed(scene.scenario);
            }
            (_, Wait::Response { .. }) => self.response_timed_out(scene),
            (_, Wait::Expect { .. }) => self.not_come(scene),
            (_, Wait::Meeting { .. }) => self.meeting_timed_out(scene),
            _ => {}
        }
    }
}
