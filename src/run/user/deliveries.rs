//! What a user tells the delivery ledger: what it has sent, what became of it, and what it has received.

use super::actor::{Actor, Scene};
use super::messages;
use crate::ledger::ActionOutcome;
use crate::ledger::delivery::{Audience, Key, Note, Owes, Sent, What};
use crate::metrics::Cell;
use crate::plan::delivery::{Addressees, Delivery};
use crate::plan::language::text::{text_of, text_of_json};
use crate::plan::language::{Answer, Expression};
use crate::protocol::Args;
use crate::record::Example;

/// An action that owes deliveries, while it is open.
#[derive(Debug, Clone, Copy)]
pub struct Promised {
    key: Key,
    /// Its answer says that nobody will be told.
    withheld: bool,
}

impl Actor {
    pub(super) fn tell(&self, scene: &mut Scene<'_>, what: What) {
        scene.sink.notes.push(Note { at: scene.now, what });
    }

    /// The user as the ledger knows it.
    pub(super) fn ledger_index(&self, scene: &Scene<'_>) -> u32 {
        u32::try_from(self.index(scene.scenario)).unwrap_or(u32::MAX)
    }

    /// An action has been sent that owes deliveries under the rule with that number.
    pub(super) fn promise(&mut self, scene: &mut Scene<'_>, rule: usize, cell: Cell) {
        let Some(delivery) = scene.plan.deliveries.rules.get(rule) else { return };
        let (key, subject) = match (self.key_of(scene, delivery), self.subject_of(scene, delivery)) {
            (Ok(key), Ok(subject)) => (key, subject),
            (Err(error), _) | (_, Err(error)) => {
                return self.step_error(scene, "an action cannot be followed to its receivers", error);
            }
        };
        let audience = match delivery.addressees {
            Addressees::Everyone => Audience::EVERYONE,
            Addressees::Subject => subject,
            Addressees::Group => self.own_group(scene).unwrap_or(Audience::EVERYONE),
            Addressees::Actor => Audience::NOBODY,
        };
        let number = u32::try_from(self.action).unwrap_or(u32::MAX);
        let (sender, rule) = (self.ledger_index(scene), u16::try_from(rule).unwrap_or(u16::MAX));
        self.promised = Some(Promised { key, withheld: false });
        self.tell(scene, What::Sent(Sent { key, sender, number, audience, subject, rule, cell }));
    }

    fn key_of(&self, scene: &Scene<'_>, delivery: &Delivery) -> Result<Key, String> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let listener = u16::try_from(delivery.listener).unwrap_or(u16::MAX);
        let Some(key) = &delivery.key else { return Ok(Key::of(listener, &bindings.action.to_string())) };
        match key.value(&bindings, Answer::None) {
            Ok(Some(value)) => Ok(Key::of(listener, &text_of(&value))),
            Ok(None) => Err("its `key` is undefined".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn subject_of(&self, scene: &Scene<'_>, delivery: &Delivery) -> Result<Audience, String> {
        match &delivery.subject {
            Some(name) => {
                let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
                Ok(Audience::of(&name.render(&bindings).map_err(|error| error.to_string())?))
            }
            None => {
                let resource = self.bound_resource(scene.plan, scene.scenario);
                Ok(resource.map_or(Audience::EVERYONE, |resource| Audience::of(&resource.id)))
            }
        }
    }

    /// An ok answer may say that nobody will be told of the action.
    pub(super) fn weigh_promise(&mut self, scene: &mut Scene<'_>, delivery: Option<usize>, answer: Answer<'_>) {
        let rule = delivery.and_then(|rule| scene.plan.deliveries.rules.get(rule));
        let Some(when) = rule.and_then(|rule| rule.when.as_ref()).filter(|_| self.promised.is_some()) else { return };
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let holds = when.truth(&bindings, answer).unwrap_or_else(|error| {
            self.step_error(scene, "`when` of a delivery has no value", error.to_string());
            false
        });
        if let Some(promised) = &mut self.promised {
            promised.withheld |= !holds;
        }
    }

    /// What became of the open action says what it owes.
    pub(super) fn promise_ended(&mut self, scene: &mut Scene<'_>, outcome: ActionOutcome) {
        let Some(Promised { key, withheld }) = self.promised.take() else { return };
        let owes = match outcome {
            ActionOutcome::Ok if !withheld => Owes::All,
            ActionOutcome::Rejected | ActionOutcome::Failed => Owes::Silence,
            _ => Owes::Nothing,
        };
        let sender = self.ledger_index(scene);
        self.tell(scene, What::Ended { key, sender, owes });
    }

    /// An event has come that may be a delivery.
    pub(super) fn delivered(&mut self, scene: &mut Scene<'_>, listener: usize, args: &Args) {
        let Some(known) = scene.plan.deliveries.listeners.get(listener) else { return };
        let (user, number) = (self.ledger_index(scene), u16::try_from(listener).unwrap_or(u16::MAX));
        let Some(key) = &known.key else {
            return self.tell(scene, What::Counted { user, listener: number });
        };
        match self.key_in(scene, key, number, args.json()) {
            Ok(Some(key)) => self.tell(scene, What::Received { key, user, listener: number }),
            Ok(None) => {
                let name = format!("{} without {}", known.event, known.text);
                self.unmatched(scene, &name, args);
            }
            Err(error) => self.step_error(scene, &format!("`match` of {} has no value", known.event), error),
        }
    }

    pub(super) fn key_in(
        &self,
        scene: &Scene<'_>,
        key: &Expression,
        listener: u16,
        event: &str,
    ) -> Result<Option<Key>, String> {
        if let Expression::Path(root, path) = key {
            let look = |json: Option<&str>| {
                json.filter(|json| *json != "null").map(|json| Key::of(listener, &text_of_json(json)))
            };
            return Ok(Answer::Event(event).find(*root, path, look));
        }
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let value = key.value(&bindings, Answer::Event(event)).map_err(|error| error.to_string())?;
        Ok(value.filter(|value| !value.is_null()).map(|value| Key::of(listener, &text_of(&value))))
    }

    /// An event has come that nothing of the suite was waiting for.
    pub(super) fn unmatched(&self, scene: &mut Scene<'_>, name: &str, args: &Args) {
        let (at, user) = (scene.now, self.index(scene.scenario));
        let detail = || {
            let json = args.json();
            let message = scene.plan.target.is_raw().then(|| messages::alone(json)).flatten();
            message.unwrap_or(json).to_owned()
        };
        let example = || Example { at, user, resource: None, detail: detail() };
        scene.sink.unmatched.note(self.scenario, name, example);
    }
}
