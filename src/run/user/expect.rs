//! Waiting for events.

use serde_json::json;

use super::actor::{Actor, Scene};
use super::inbox::Letter;
use super::thread::Wait;
use crate::metrics::Counter;
use crate::plan::Scenario;
use crate::plan::language::text::text_of;
use crate::plan::language::{Answer, Expression};
use crate::plan::step::{Expect, Operation};
use crate::protocol::Args;

/// Most bytes of joined texts; what comes beyond them is not looked at.
const LONGEST_JOINED: usize = 1 << 20;

impl Actor {
    /// Waits for an event, unless it has come already.
    pub(super) fn expect(&mut self, scene: &mut Scene<'_>, expect: &Expect) {
        let Some(thread) = self.threads.current_mut() else { return };
        let (operation, mut from) = (thread.last(), thread.since);
        thread.collected.clear();
        thread.wait = Wait::Expect { operation, sought: scene.now, seen: 0, deadline: scene.now + expect.within };
        while let Some(letter) = self.inbox.find(expect.event, from).cloned() {
            from = letter.number + 1;
            self.offer(scene, &letter);
        }
    }

    /// Keeps an event for the steps that expect it, and hands it to those that wait for it now.
    pub(super) fn keep(&mut self, scene: &mut Scene<'_>, event: usize, args: &Args) {
        let Some(oldest) = self.threads.all().map(|thread| thread.since).min() else { return };
        self.inbox.forget_before(oldest);
        let letter = Letter { number: self.inbox.next(), event, args: args.clone() };
        if !self.inbox.keep(event, args.clone()) {
            scene.sink.recorder.count(self.cell(scene), Counter::EventsForgotten);
        }
        self.for_each_thread(|actor| actor.offer(scene, &letter));
    }

    /// Hands an event to the current program, if it waits for such a one. A program takes each event once.
    fn offer(&mut self, scene: &mut Scene<'_>, letter: &Letter) {
        let Some(thread) = self.threads.current() else { return };
        let Wait::Expect { operation, sought, seen, deadline } = thread.wait else { return };
        let Some(expect) = expect_at(scene.scenario, thread.place, operation) else { return };
        if expect.event != letter.event || thread.taken.contains(&letter.number) {
            return;
        }
        if scene.now > deadline {
            // The timer is late, too. Which of the two is seen first must make no difference.
            return self.not_come(scene);
        }
        let joined = expect.joined.then(|| self.join(scene.scenario, letter.event, &letter.args));
        let json = joined.as_deref().unwrap_or(letter.args.json());
        if !self.is_expected(scene, expect, json) {
            return;
        }
        let Some(thread) = self.threads.current_mut() else { return };
        thread.taken.push(letter.number);
        thread.wait = Wait::Expect { operation, sought, seen: seen + 1, deadline };
        if expect.never {
            self.step_error(
                scene,
                &format!("{} came, which it must never", self.event_name(scene, expect)),
                json.into(),
            );
            self.step_failed(scene.scenario);
        } else if seen + 1 == expect.count {
            self.save(scene, &expect.saves, Answer::Event(json));
            self.plan_from(scene.now);
            self.resume();
        }
    }

    fn is_expected(&mut self, scene: &mut Scene<'_>, expect: &Expect, json: &str) -> bool {
        let Some(filter) = &expect.filter else { return true };
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        Expression::truth(filter, &bindings, Answer::Event(json)).unwrap_or_else(|error| {
            let name = format!("`where` of {} has no value", self.event_name(scene, expect));
            self.step_error(scene, &name, error.to_string());
            false
        })
    }

    /// The texts that have come for the current program, with that of this event, as an event.
    pub(super) fn join(&mut self, scenario: &Scenario, event: usize, args: &Args) -> String {
        let mut arguments: Vec<serde_json::Value> = serde_json::from_str(args.json()).unwrap_or_default();
        let name = &scenario.events[event].name;
        let Some(thread) = self.threads.current_mut() else { return json!([name]).to_string() };
        if let Some(data) = arguments.get_mut(1).map(serde_json::Value::take)
            && thread.collected.len() < LONGEST_JOINED
        {
            thread.collected.push_str(&text_of(&data));
        }
        json!([name, thread.collected]).to_string()
    }

    /// The event has not come in time; where it must never come, that is right.
    pub(super) fn not_come(&mut self, scene: &mut Scene<'_>) {
        let Some(thread) = self.threads.current() else { return };
        let Wait::Expect { operation, sought, seen, deadline } = thread.wait else { return };
        let Some(expect) = expect_at(scene.scenario, thread.place, operation) else { return };
        self.plan_from(deadline);
        if expect.never {
            return self.resume();
        }
        let within = deadline.since(sought);
        let detail = match expect.count {
            1 => format!("none that was meant within {within}"),
            count => format!("{seen} of {count} within {within}"),
        };
        self.step_error(scene, &format!("{} did not come", self.event_name(scene, expect)), detail);
        self.step_failed(scene.scenario);
    }

    fn event_name(&self, scene: &Scene<'_>, expect: &Expect) -> String {
        scene.scenario.events[expect.event].name.to_string()
    }
}

fn expect_at(scenario: &Scenario, place: super::thread::Place, operation: usize) -> Option<&Expect> {
    match place.program(scenario).operations.get(operation) {
        Some(Operation::Expect(expect)) => Some(expect),
        _ => None,
    }
}
