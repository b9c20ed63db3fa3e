//! Events as answers to emits; and answers that come too late.

use super::actor::{Actor, Scene};
use super::judge::emit_at;
use super::thread::{Thread, Wait};
use crate::ledger::ActionOutcome;
use crate::metrics::{Cell, Counter};
use crate::plan::language::Answer;
use crate::plan::scenario::Scenario;
use crate::plan::step::{Emit, EventRule};
use crate::protocol::{Args, Input, Intent};

/// Most acks remembered that were given up: as many as a Socket.IO session remembers.
const MOST: usize = 256;
/// Most of them that an event can still answer, since each is asked of every such event.
const MOST_BY_EVENT: usize = 16;

/// An emit that was given up, for should its answer come all the same.
#[derive(Debug)]
pub struct GivenUp {
    /// Number of its ack, if it asked for one.
    ack: Option<u64>,
    /// Where it is counted.
    cell: Cell,
    /// What was bound then, where events can answer it: the program as it stood, and the number of the action.
    bound: Option<Box<(Thread, u64)>>,
}

impl Actor {
    /// Does the event answer an emit that waits, or one that was given up?
    pub(super) fn answered_by(&mut self, scene: &mut Scene<'_>, event: usize, args: &Args) -> bool {
        let mut answered = false;
        self.for_each_thread(|actor| answered = answered || actor.answers_current(scene, event, args));
        answered || self.answers_given_up(scene, event, args)
    }

    fn answers_current(&mut self, scene: &mut Scene<'_>, event: usize, args: &Args) -> bool {
        let Some(thread) = self.threads.current() else { return false };
        let Wait::Answer { operation, deadline, .. } = thread.wait else { return false };
        let Some(emit) = emit_at(scene.scenario, thread.place, operation) else { return false };
        if !emit.events().any(|rule| rule.event == event) {
            return false;
        }
        if scene.now > deadline {
            // The timer is late, too. Which of the two is seen first must make no difference.
            self.wait_timed_out(scene);
            return false;
        }
        if let Some(reply) = emit.reply.as_ref().filter(|reply| reply.on.event == event) {
            let joined = reply.joined.then(|| self.join(scene.scenario, event, args));
            let json = joined.as_deref().unwrap_or(args.json());
            if self.takes(scene, emit, &reply.on, json) {
                let answer = Answer::Event(json);
                let outcome = self.judge(scene, &emit.event, answer, true, reply.ok.as_ref(), None);
                if outcome == ActionOutcome::Ok {
                    if emit.ack.is_none() {
                        self.weigh_promise(scene, emit.delivery, answer);
                    }
                    self.save(scene, &reply.saves, answer);
                }
                self.settled(scene, emit, outcome, json);
                return true;
            }
        }
        let refusals = emit.refusals.iter().filter(|refusal| refusal.on.event == event);
        for refusal in refusals {
            if self.takes(scene, emit, &refusal.on, args.json()) {
                let outcome = if refusal.rejects { ActionOutcome::Rejected } else { ActionOutcome::Failed };
                self.settled(scene, emit, outcome, args.json());
                return true;
            }
        }
        false
    }

    fn takes(&mut self, scene: &mut Scene<'_>, emit: &Emit, rule: &EventRule, json: &str) -> bool {
        let Some(filter) = &rule.filter else { return true };
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        filter.takes(&bindings, json).unwrap_or_else(|error| {
            self.step_error(scene, &format!("`where` of an answer to {} has no value", emit.event), error.to_string());
            false
        })
    }

    /// An event has decided what became of the emit that the current program waits for.
    fn settled(&mut self, scene: &mut Scene<'_>, emit: &Emit, outcome: ActionOutcome, detail: &str) {
        let Some(Wait::Answer { id, planned, sent, .. }) = self.threads.current().map(|thread| thread.wait) else {
            return;
        };
        if let Some(ack) = id {
            // Should its ack come all the same, it decides nothing any more and is not late either.
            self.tell_session(scene, Input::Do(Intent::Forget { namespace: emit.namespace, ack }));
        }
        if emit.reply.is_some() {
            self.label_action(scene, &emit.labels, Answer::Event(detail));
        }
        self.finish_emit(scene, emit, outcome, scene.now.since(planned), scene.now.since(sent), detail);
        self.plan_from(scene.now);
        self.go_on_after(scene.scenario, outcome);
    }

    /// Remembers where a late answer to the emit of the current program belongs.
    pub(super) fn give_up_answer(&mut self, scene: &Scene<'_>, emit: &Emit, ack: Option<u64>) {
        let Some(thread) = self.threads.current() else { return };
        let cell = match (emit.action, thread.turn) {
            (Some(action), Some(turn)) => self.action_cell(scene.scenario, &turn, action),
            _ => self.cell(scene),
        };
        let by_event = emit.events().next().is_some();
        let bound = by_event.then(|| Box::new((thread.clone(), self.action)));
        if self.given_up.len() == MOST {
            self.given_up.pop_front();
        }
        if by_event && self.given_up.iter().filter(|known| known.bound.is_some()).count() >= MOST_BY_EVENT {
            let oldest = self.given_up.iter_mut().find(|known| known.bound.is_some());
            oldest.into_iter().for_each(|known| known.bound = None);
        }
        self.given_up.push_back(GivenUp { ack, cell, bound });
    }

    /// An ack to something that has been given up. One that an event has answered before is not late.
    pub(super) fn late_ack(&mut self, scene: &mut Scene<'_>, id: u64) {
        let known = self.given_up.iter().position(|known| known.ack == Some(id));
        if let Some(given_up) = known.and_then(|index| self.given_up.remove(index)) {
            scene.sink.recorder.count(given_up.cell, Counter::LateAnswers);
        }
    }

    fn answers_given_up(&mut self, scene: &mut Scene<'_>, event: usize, args: &Args) -> bool {
        let late = self.given_up.iter().position(|given_up| {
            let Some(bound) = &given_up.bound else { return false };
            let (thread, action) = &**bound;
            let rules = given_up_emit(scene.scenario, thread).into_iter().flat_map(Emit::events);
            let bindings = self.bindings_of(Some(thread), *action, scene.plan, scene.scenario, scene.facts, scene.now);
            let mut rules = rules.filter(|rule| rule.event == event);
            // An event that names no action is taken for none that was given up, unless nothing says what it must name.
            rules.any(|rule| {
                rule.filter.as_ref().is_none_or(|filter| filter.holds(&bindings, args.json()).unwrap_or(false))
            })
        });
        let Some(given_up) = late.and_then(|index| self.given_up.remove(index)) else { return false };
        scene.sink.recorder.count(given_up.cell, Counter::LateAnswers);
        true
    }
}

fn given_up_emit<'a>(scenario: &'a Scenario, thread: &Thread) -> Option<&'a Emit> {
    let Wait::Answer { operation, .. } = thread.wait else { return None };
    emit_at(scenario, thread.place, operation)
}
