//! Events that come, and the steps that answer them at once.

use std::borrow::Cow;

use super::actor::{Actor, Scene};
use super::life::Life;
use super::thread::{Cause, Thread};
use crate::metrics::Counter;
use crate::plan::Scenario;
use crate::plan::language::Payload;
use crate::plan::scenario::Heard;
use crate::protocol::{Args, Input, Intent};

/// Most handlers of one user that run at a time.
const MOST: usize = 16;

impl Actor {
    /// An event has come: it may answer an emit, be expected, and be reacted to. What no step names is not looked into.
    pub(super) fn heard(&mut self, scene: &mut Scene<'_>, namespace: usize, name: &str, args: &Args, ack: Option<u64>) {
        scene.sink.recorder.count(self.cell(scene), Counter::ReceivedEvents);
        let Some(event) = Heard::find(&scene.scenario.events, namespace, name) else {
            return self.unmatched(scene, &name_in(scene.scenario, namespace, name), args);
        };
        let known = &scene.scenario.events[event];
        for listener in &known.listeners {
            self.delivered(scene, *listener, args);
        }
        for invariant in &known.watchers {
            self.sighted(scene, *invariant, args);
        }
        let has_answered = known.answers && self.answered_by(scene, event, args);
        if known.expected && !has_answered {
            self.keep(scene, event, args);
        }
        if known.handler.is_some() {
            self.react(scene, event, args, ack);
        }
    }

    /// Starts the handler of an event. It runs when the input has been taken in wholly.
    fn react(&mut self, scene: &mut Scene<'_>, event: usize, args: &Args, ack: Option<u64>) {
        if self.drain_until.is_some() || !matches!(self.life, Life::SettingUp | Life::Active | Life::TearingDown) {
            return;
        }
        if self.threads.handlers.len() >= MOST {
            scene.sink.recorder.count(self.cell(scene), Counter::HandlersDropped);
            return;
        }
        self.reactions += 1;
        let namespace = scene.scenario.events[event].namespace;
        let cause = Cause { namespace, args: args.clone(), ack, number: self.reactions };
        let since = self.inbox.next();
        self.threads.handlers.push(Thread::handler(event, cause, scene.now, since));
    }

    /// Answers the event that the current steps are run for.
    pub(super) fn answer(&mut self, scene: &mut Scene<'_>, payload: &Payload) {
        let asked =
            self.threads.current().and_then(|thread| thread.cause.as_ref()).map(|cause| (cause.namespace, cause.ack));
        let Some((namespace, Some(id))) = asked else {
            self.step_error(scene, "nothing to answer", "the server asked no ack for this event".into());
            return self.step_failed(scene.scenario);
        };
        let mut scratch = std::mem::take(&mut scene.sink.scratch);
        scratch.clear();
        let rendered = {
            let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
            payload.write(&bindings, &mut scratch)
        };
        let sent = rendered.map_err(|error| error.to_string()).and_then(|binary| {
            let args = std::str::from_utf8(&scratch).map_err(|error| error.to_string())?;
            let session = self.session.as_mut().ok_or("the user is not connected")?;
            let intent = Intent::Answer { namespace, id, args, binary };
            session.handle(scene.now, Input::Do(intent)).map_err(|misuse| misuse.to_string())
        });
        scene.sink.scratch = scratch;
        match sent {
            Ok(()) => self.unanswered = Some(scene.now),
            Err(detail) => {
                self.step_error(scene, "an answer cannot be sent", detail);
                self.step_failed(scene.scenario);
            }
        }
        self.drain_session(scene);
    }
}

/// An event's name as `on` has it.
fn name_in<'a>(scenario: &Scenario, namespace: usize, name: &'a str) -> Cow<'a, str> {
    match scenario.connect.namespaces.get(namespace).filter(|_| namespace > 0) {
        Some(joining) => Cow::Owned(format!("{},{name}", joining.written)),
        None => Cow::Borrowed(name),
    }
}
