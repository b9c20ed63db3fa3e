//! From `emit`, `expect` and `answer` as written to what is sent, and to which events it means.

use serde_json::Value;

use super::compile_step::{Steps, heard};
use super::language::answer::AnswerKind;
use super::language::{Filter, Payload, Place, UnknownName};
use super::step::{AckRule, Emit, EventRule, Expect, Operation, RefusalRule, ReplyRule};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Refusal, Step};
use crate::units::Duration;

const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

impl Steps<'_> {
    pub(super) fn emit(&mut self, step: &Step, path: &Path, place: Place) -> Option<Emit> {
        let event = step.emit.as_deref()?;
        let event_path = path.key("emit");
        let mut payload = Payload::default();
        payload.append_constant("[");
        payload.append(&Value::from(event), &event_path, self.names, place, &mut |path, unknown| {
            self.critic.unknown(path, unknown);
        });
        self.append_arguments(&mut payload, step.args.as_deref(), &path.key("args"), place, true);
        payload.append_constant("]");
        if RESERVED_EVENTS.contains(&event) {
            let what = format!("`{event}` is reserved by Socket.IO: the server closes the connection on it");
            self.critic.error(&event_path, what, "choose another event");
        }
        let action = self.action(step, event, path, "emit");
        let namespace = self.namespace(step, path);
        let ack = step.ack.as_ref().map(|ack| self.ack(ack, &path.key("ack"), place));
        if ack.is_none() && step.save.is_some() {
            let help = if step.reply.is_some() { "put it under `reply`" } else { "add `ack: {}`" };
            self.critic.error_at_key(&path.key("save"), "there is nothing to save without an `ack`", help);
        }
        let reply = step.reply.as_ref().map(|reply| self.reply(namespace, reply, &path.key("reply"), place));
        let refusals = self.refusals(namespace, step, path, place);
        if let Some(refusal) = refusals.first().filter(|_| ack.is_none() && reply.is_none()) {
            let key = path.key(if refusal.rejects { "rejected" } else { "failed" });
            let what = "an `emit` that waits for no answer is over when it is sent";
            self.critic.error_at_key(&key, what, "add an `ack` or a `reply`: how long to wait");
        }
        let saves = self.saves(step.save.as_ref(), &path.key("save"), place.with_answer(AnswerKind::Ack), false);
        let answer = match (&ack, &reply) {
            (Some(_), _) => AnswerKind::Ack,
            (None, Some(_)) => AnswerKind::Event,
            (None, None) => AnswerKind::None,
        };
        let delivery = self.delivery(step, action, path, place, answer);
        let answer = if reply.is_some() { AnswerKind::Event } else { AnswerKind::Ack };
        let labels = self.action_labels(step, path, place.with_answer(answer));
        Some(Emit { event: event.into(), namespace, payload, action, ack, reply, refusals, saves, delivery, labels })
    }

    /// Arguments, each after a comma, but for the first one where nothing stands before it.
    fn append_arguments(
        &self,
        payload: &mut Payload,
        arguments: Option<&[Value]>,
        path: &Path,
        place: Place,
        mut comma: bool,
    ) {
        for (index, argument) in arguments.into_iter().flatten().enumerate() {
            if std::mem::replace(&mut comma, true) {
                payload.append_constant(",");
            }
            let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
            let place = Place { binary: true, ..place };
            payload.append(argument, &path.index(index), self.names, place, &mut problem);
        }
    }

    pub(super) fn answer(&self, step: &Step, path: &Path, place: Place) -> Option<Operation> {
        let mut payload = Payload::default();
        payload.append_constant("[");
        self.append_arguments(&mut payload, step.answer.as_deref(), path, place, false);
        payload.append_constant("]");
        Some(Operation::Answer(payload))
    }

    pub(super) fn expect(&self, step: &Step, path: &Path, place: Place) -> Option<Expect> {
        let event = heard(self.events, self.namespace(step, path), step.expect.as_deref()?);
        self.events.borrow_mut()[event].expected = true;
        let after = place.with_answer(AnswerKind::Event);
        let never = step.never.is_some_and(|never| never.0);
        let count = step.count.as_ref().and_then(|count| count.count()).map(|count| count.0);
        for (key, stands) in [("count", step.count.is_some()), ("save", step.save.is_some())] {
            if never && stands {
                let what = format!("`{key}` means nothing where the event must never come");
                self.critic.error_at_key(&path.key(key), what, format!("leave `{key}` or `never` out"));
            }
        }
        if count == Some(0) {
            self.critic.error(&path.key("count"), "no event is no event to wait for", "write `never: true`");
        }
        Some(Expect {
            event,
            filter: step.filter.as_ref().and_then(|filter| self.check(filter, &path.key("where"), after)),
            within: step.within.unwrap_or(DEFAULT_WITHIN),
            count: count.unwrap_or(1),
            never,
            joined: step.joined.is_some_and(|joined| joined.0),
            saves: self.saves(step.save.as_ref(), &path.key("save"), after, false),
        })
    }

    fn reply(&self, namespace: usize, reply: &schema::Reply, path: &Path, place: Place) -> ReplyRule {
        let after = place.with_answer(AnswerKind::Event);
        ReplyRule {
            on: self.event(namespace, &reply.event, reply.filter.as_ref(), path, place),
            joined: reply.joined.is_some_and(|joined| joined.0),
            within: reply.within.unwrap_or(DEFAULT_WITHIN),
            ok: reply.ok.as_ref().and_then(|ok| self.check(ok, &path.key("ok"), after)),
            saves: self.saves(reply.save.as_ref(), &path.key("save"), after, false),
        }
    }

    /// `rejected` before `failed`: what refuses is often a special case of what fails.
    fn refusals(&self, namespace: usize, step: &Step, path: &Path, place: Place) -> Vec<RefusalRule> {
        let mut refusals = Vec::new();
        match &step.rejected {
            None => {}
            Some(Refusal::Event(refusal)) => {
                let on = self.event(namespace, &refusal.event, refusal.filter.as_ref(), &path.key("rejected"), place);
                refusals.push(RefusalRule { on, rejects: true });
            }
            Some(Refusal::Check(_)) => {
                let what = "beside `emit`, `rejected` names an event that says no";
                let help = "write `{ event: …, where: … }`, or put the expression under `ack`";
                self.critic.error(&path.key("rejected"), what, help);
            }
        }
        if let Some(failure) = &step.failed {
            let on = self.event(namespace, &failure.event, failure.filter.as_ref(), &path.key("failed"), place);
            refusals.push(RefusalRule { on, rejects: false });
        }
        refusals
    }

    fn event(
        &self,
        namespace: usize,
        name: &str,
        filter: Option<&schema::Expression>,
        path: &Path,
        place: Place,
    ) -> EventRule {
        let event = heard(self.events, namespace, name);
        self.events.borrow_mut()[event].answers = true;
        let path = path.key("where");
        let filter = filter.and_then(|filter| match filter {
            schema::Expression::Constant(holds) => Some(Filter::constant(*holds)),
            schema::Expression::Text(text) => {
                let compiled = Filter::compile(text, &path.to_string(), self.names, place);
                compiled.map_err(|unknown| self.critic.unknown(&path, unknown)).ok()
            }
        });
        EventRule { event, filter }
    }

    fn ack(&self, ack: &schema::Ack, path: &Path, place: Place) -> AckRule {
        let place = place.with_answer(AnswerKind::Ack);
        let check = |check: Option<&schema::Expression>, key: &str| self.check(check?, &path.key(key), place);
        AckRule {
            within: ack.within.unwrap_or(DEFAULT_WITHIN),
            ok: check(ack.ok.as_ref(), "ok"),
            rejected: check(ack.rejected.as_ref(), "rejected"),
        }
    }
}

/// Socket.IO's own events: its parser refuses them from a client.
const RESERVED_EVENTS: &[&str] =
    &["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
