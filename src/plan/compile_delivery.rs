//! From `delivery`, `joins` and `leaves` as written to promises, listeners and memberships.

use super::compile_step::Steps;
use super::delivery::{Addressees, Deliveries, Delivery, Listener, Membership, Order, Promise, To};
use super::language::answer::AnswerKind;
use super::language::{Expression, Names, Place, Text};
use crate::suite::problem::Path;
use crate::suite::scalar::OneOrMany;
use crate::suite::schema::{self, Step, Suite};
use crate::units::Duration;

const DEFAULT_WITHIN: Duration = Duration::from_secs(1);
const DEFAULT_GRACE: Duration = Duration::from_secs(5);
/// The word for events without any key.
const BY_COUNT: &str = "order";

impl Steps<'_> {
    /// Enters what the action with that number owes, and gives its rule. `answer` is what its `when` can look at.
    pub(super) fn delivery(
        &self,
        step: &Step,
        action: Option<usize>,
        path: &Path,
        place: Place,
        answer: AnswerKind,
    ) -> Option<usize> {
        let delivery = step.delivery.as_ref()?;
        let path = path.key("delivery");
        let Some(action) = action else {
            let what = "only actions owe deliveries, and this step is none";
            self.critic.error(&path, what, "put it under `act`");
            return None;
        };
        let (to, addressees) = self.addressees(delivery, &path, place);
        let subject = delivery.of.as_ref().and_then(|of| self.text(of, &path.key("of"), place));
        let listener = self.listener(delivery, step, &path)?;
        let key = delivery.key.as_deref().and_then(|key| self.expression(key, &path.key("key"), place));
        let when = delivery.when.as_ref();
        let when = when.and_then(|when| self.check(when, &path.key("when"), place.with_answer(answer)));
        let promise = Promise {
            to,
            within: delivery.within.unwrap_or(DEFAULT_WITHIN),
            grace: delivery.grace.unwrap_or(DEFAULT_GRACE),
            order: self.order(delivery, &path),
        };
        let (line, word) = (self.critic.place(&path).line, word_for(delivery.to.as_deref()));
        let mut promised = self.promised.borrow_mut();
        promised.rules.push(Delivery {
            scenario: self.scenario,
            action,
            line,
            to: word,
            promise,
            listener,
            key,
            when,
            addressees,
            subject,
        });
        Some(promised.rules.len() - 1)
    }

    /// What a step changes about memberships: as far as it is known before the step, and in full.
    pub(super) fn membership(&self, step: &Step, path: &Path, place: Place) -> Option<(Membership, Membership)> {
        if step.joins.is_none() && step.leaves.is_none() {
            if step.settle.is_some() {
                let what = "`settle` says when a membership has changed, and this step changes none";
                self.critic.error_at_key(&path.key("settle"), what, "add `joins` or `leaves`, or leave it out");
            }
            return None;
        }
        let names = |names: Option<&OneOrMany<String>>, key: &str| -> Vec<Text> {
            let names = names.map_or(&[][..], OneOrMany::as_slice);
            names.iter().filter_map(|name| self.text(name, &path.key(key), place)).collect()
        };
        // A name that the step itself brings is not known before.
        let known = self.without_saves_of(step);
        let before = |names: Option<&OneOrMany<String>>| -> Vec<Text> {
            let names = names.map_or(&[][..], OneOrMany::as_slice);
            names.iter().filter_map(|name| Text::compile(name, &path.to_string(), &known, place).ok()).collect()
        };
        let (joins, leaves) = (step.joins.as_ref(), step.leaves.as_ref());
        let settle = step.settle.unwrap_or_default();
        let after = Membership { joins: names(joins, "joins"), leaves: names(leaves, "leaves"), settle };
        Some((Membership { joins: before(joins), leaves: before(leaves), settle }, after))
    }

    /// The names without those that the step saves; the others keep their numbers.
    fn without_saves_of(&self, step: &Step) -> Names<'_> {
        let own = |name: &String| {
            let reply = step.reply.as_ref().and_then(|reply| reply.save.as_ref());
            [step.save.as_ref(), reply].into_iter().flatten().any(|saves| saves.contains_key(name))
        };
        let saved = self.names.saved.iter().map(|name| if own(name) { String::new() } else { name.clone() });
        Names {
            saved: saved.collect(),
            user_fields: self.names.user_fields.clone(),
            resource_fields: self.names.resource_fields.clone(),
            ..*self.names
        }
    }

    fn order(&self, delivery: &schema::Delivery, path: &Path) -> Order {
        let order = match delivery.order.as_deref() {
            Some("per_sender") => Order::PerSender,
            Some("per_resource") => Order::PerResource,
            _ => Order::Any,
        };
        if delivery.matched == BY_COUNT {
            for (key, stands) in [("order", order != Order::Any), ("key", delivery.key.is_some())] {
                if stands {
                    let what = format!("with `match: order` events are only counted, and `{key}` means nothing");
                    let help = "leave it out, or say which field of the event names the action";
                    self.critic.error_at_key(&path.key(key), what, help);
                }
            }
        }
        order
    }

    /// The number of the listener for that event and that key, entered where it is new.
    fn listener(&self, delivery: &schema::Delivery, step: &Step, path: &Path) -> Option<usize> {
        let text = &*delivery.matched;
        let namespace = self.namespaces.iter().position(|known| Some(&**known) == step.namespace.as_deref());
        let namespace = self.name_of_namespace(namespace.unwrap_or_default());
        let by_request = step.emit.is_none();
        let known = |listener: &Listener| {
            *listener.event == *delivery.event && *listener.text == *text && listener.namespace == namespace
        };
        let number = self.promised.borrow().listeners.iter().position(known);
        if let Some(number) = number {
            self.promised.borrow_mut().listeners[number].by_request |= by_request;
            return Some(number);
        }
        let key = if text == BY_COUNT { None } else { Some(self.key_of_event(text, &path.key("match"))?) };
        let listener =
            Listener { event: delivery.event.as_str().into(), namespace, by_request, key, text: text.into() };
        let listeners = &mut self.promised.borrow_mut().listeners;
        listeners.push(listener);
        Some(listeners.len() - 1)
    }

    /// Any user of any scenario may receive the event: its key can come from nothing but the event.
    fn key_of_event(&self, text: &str, path: &Path) -> Option<Expression> {
        let names = Names::of_no_scenario(self.names.vars, self.names.environment, self.names.used_environment);
        let place = Place { user: false, ..Place::USER }.with_answer(AnswerKind::Event);
        let compiled = Expression::compile(text, &path.to_string(), &names, place);
        compiled.map_err(|unknown| self.critic.unknown(path, unknown)).ok()
    }

    fn addressees(&self, delivery: &schema::Delivery, path: &Path, place: Place) -> (To, Addressees) {
        let word = word_for(delivery.to.as_deref());
        if matches!(word, "group" | "partners") && !self.names.grouped {
            let what = format!("`to: {word}` means a group, and the users of this scenario have none");
            self.critic.error(&path.key("to"), what, "put them together: `group: { size: 2 }`");
        }
        let to = match word {
            "others" | "partners" => To::Others,
            "actor" => To::Actor,
            _ => To::Members,
        };
        // Where nobody joins anything, everybody who is connected is a member of everything.
        let has_members = self.memberships && (place.resource || delivery.of.is_some());
        let addressees = match word {
            "actor" => Addressees::Actor,
            "group" | "partners" => Addressees::Group,
            "members" | "others" if has_members => Addressees::Subject,
            _ => Addressees::Everyone,
        };
        (to, addressees)
    }
}

/// The word for who is meant, by default `members`.
fn word_for(to: Option<&str>) -> &'static str {
    const WORDS: &[&str] = &["others", "actor", "group", "partners", "everyone"];
    to.and_then(|to| WORDS.iter().copied().find(|word| *word == to)).unwrap_or("members")
}

/// The deliveries of a suite of which none has been compiled yet.
#[must_use]
pub fn none_yet(suite: &Suite) -> Deliveries {
    Deliveries { memberships: joins_anything(suite), ..Deliveries::default() }
}

/// Does any step of the suite join anything?
fn joins_anything(suite: &Suite) -> bool {
    fn joins(steps: &[Step]) -> bool {
        steps.iter().any(|step| {
            step.joins.is_some()
                || joins(step.steps.as_deref().unwrap_or_default())
                || step.mix.iter().flatten().any(|way| joins(&way.steps))
        })
    }
    suite.scenarios.values().any(|scenario| {
        let places = [&scenario.setup, &scenario.act, &scenario.teardown].map(Vec::as_slice);
        places.into_iter().chain(scenario.on.values().map(Vec::as_slice)).any(joins)
    })
}
