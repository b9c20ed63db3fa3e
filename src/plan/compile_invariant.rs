//! From `invariants` as written to what is checked.

use super::critic::Critic;
use super::delivery::{Deliveries, Delivery, To};
use super::invariant::{Invariant, Rule, WITHIN, Watch};
use super::language::answer::AnswerKind;
use super::language::{Expression, Names, Place, UnknownName};
use super::pattern::Takes;
use super::scenario::{Heard, Rhythm, Scenario};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Map};

/// What invariants are held against.
struct Ground<'a> {
    scenarios: &'a [Scenario],
    deliveries: &'a Deliveries,
    names: &'a Names<'a>,
    critic: &'a Critic<'a>,
}

/// Any event may be heard by any user, so an expression can look at nothing but the event.
const PLACE: Place = Place { user: false, ..Place::USER }.with_answer(AnswerKind::Event);

/// All of a suite, in the order of the file; and the scenarios listen for what they look at. `names` are those that exist
/// outside of scenarios: any user of any scenario may receive an event.
pub fn compile(
    written: &Map<schema::Invariant>,
    scenarios: &mut [Scenario],
    deliveries: &Deliveries,
    names: &Names<'_>,
    critic: &Critic<'_>,
) -> Vec<Invariant> {
    let ground = Ground { scenarios, deliveries, names, critic };
    let path = Path::root().key("invariants");
    let one = |(name, invariant): (&String, &schema::Invariant)| {
        let path = path.key(name.as_str());
        let rule = ground.rule(invariant, &path)?;
        Some(Invariant { name: name.as_str().into(), line: ground.critic.place(&path).line, rule })
    };
    let invariants: Vec<Invariant> = written.iter().filter_map(one).collect();
    listen(scenarios, &invariants, deliveries);
    invariants
}

/// Whoever has a connection listens for every event that an invariant looks at.
fn listen(scenarios: &mut [Scenario], invariants: &[Invariant], deliveries: &Deliveries) {
    for scenario in scenarios.iter_mut().filter(|scenario| scenario.connect.socket) {
        for (number, invariant) in invariants.iter().enumerate() {
            let Some(watch) = invariant.rule.watch() else { continue };
            let listeners = watch.listeners.iter().map(|listener| &deliveries.listeners[*listener]);
            let joined = &scenario.connect.namespaces;
            let mut namespaces: Vec<usize> = listeners.filter_map(|listener| listener.namespace_in(joined)).collect();
            namespaces.dedup();
            // What is no delivery is looked at in the main namespace.
            let alone = watch.listeners.is_empty().then_some(0);
            for namespace in namespaces.into_iter().chain(alone) {
                let event = Heard::of(&mut scenario.events, namespace, &watch.event);
                if !scenario.events[event].watchers.contains(&number) {
                    scenario.events[event].watchers.push(number);
                }
            }
        }
    }
}

impl Ground<'_> {
    fn rule(&self, written: &schema::Invariant, path: &Path) -> Option<Rule> {
        let kinds =
            [("one_winner", &written.one_winner), ("monotonic", &written.monotonic), ("converged", &written.converged)];
        let mut stand = kinds.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?)));
        match (stand.next(), stand.next()) {
            (Some((_, action)), None) if written.one_winner.is_some() => self.one_winner(written, action, path),
            (Some((key, text)), None) => {
                let watch = self.watch(written, key, text, path)?;
                Some(if key == "monotonic" { Rule::Monotonic(watch) } else { self.converged(watch, path) })
            }
            (Some(_), Some((key, _))) => {
                let help = "keep one of them, and give the other an invariant of its own";
                self.critic.error_at_key(&path.key(key), "an invariant says one thing, not two", help);
                None
            }
            (None, _) => {
                let wrong = kinds.iter().any(|(key, _)| self.critic.is_written(&path.key(*key)));
                if !wrong {
                    let help = "write `one_winner: ACTION`, or `monotonic` or `converged` with an `event`";
                    self.critic.error(path, "the invariant does not say what must hold", help);
                }
                None
            }
        }
    }

    fn one_winner(&self, written: &schema::Invariant, action: &str, path: &Path) -> Option<Rule> {
        for (key, stands) in [("event", written.event.is_some()), ("of", written.of.is_some())] {
            if stands {
                let what = format!("`one_winner` looks at the outcomes of an action, and `{key}` means nothing");
                self.critic.error_at_key(&path.key(key), what, "leave it out");
            }
        }
        let path = path.key("one_winner");
        let names = || self.scenarios.iter().flat_map(|scenario| scenario.actions.iter().map(|row| row.name.as_str()));
        if !names().any(|known| known == action) {
            let help =
                super::language::names::suggestion(Some(action), names()).unwrap_or_else(|| match names().next() {
                    Some(_) => format!("the actions are {}", names().collect::<Vec<_>>().join(", ")),
                    None => "an action is a step under `act`".to_owned(),
                });
            self.critic.error(&path, format!("unknown action `{action}`"), help);
            return None;
        }
        if !self.scenarios.iter().any(|scenario| meets(scenario, action)) {
            let what = format!("no two users ever take a resource with `{action}` in one step: nobody can win or lose");
            let help = "let them collide, as with `pattern: { rotate: { contenders: 3 } }` or `pattern: burst`";
            self.critic.warning(&path, what, help);
        }
        Some(Rule::OneWinner { action: action.into() })
    }

    fn watch(&self, written: &schema::Invariant, key: &str, text: &str, path: &Path) -> Option<Watch> {
        let value = self.expression(text, &path.key(key));
        if let Some(Expression::Constant(_)) = value {
            let help = "write which part of the event is looked at, as `data.price`";
            self.critic.error(&path.key(key), format!("`{text}` is the same for every event"), help);
        }
        let of = match written.of.as_deref() {
            Some(of) => Some(self.expression(of, &path.key("of"))?),
            None => None,
        };
        let Some(event) = written.event.as_deref() else {
            if !self.critic.is_written(&path.key("event")) {
                let what = format!("`{key}` does not say which event it looks at");
                self.critic.error(path, what, "add `event: NAME`");
            }
            return None;
        };
        let listeners = self.deliveries.listeners.iter().enumerate();
        let listeners = listeners.filter(|(_, listener)| *listener.event == *event && listener.key.is_some());
        let mut watch = Watch {
            event: event.into(),
            value: value?,
            text: text.into(),
            of,
            listeners: listeners.map(|(number, _)| number).collect(),
            within: WITHIN,
        };
        watch.within = self.rules_of(&watch).map(|rule| rule.promise.within).max().unwrap_or(WITHIN);
        Some(watch)
    }

    /// The deliveries that the event may be.
    fn rules_of(&self, watch: &Watch) -> impl Iterator<Item = &Delivery> {
        self.deliveries.rules.iter().filter(|rule| watch.listeners.contains(&rule.listener))
    }

    fn converged(&self, watch: Watch, path: &Path) -> Rule {
        let alone = self.rules_of(&watch).all(|rule| rule.promise.to == To::Actor);
        if alone && !watch.listeners.is_empty() {
            let what = format!("`{}` goes to the actor alone: there is nobody to agree with", watch.event);
            self.critic.error(&path.key("event"), what, "look at an event that all members receive");
        }
        Rule::Converged(watch)
    }

    fn expression(&self, text: &str, path: &Path) -> Option<Expression> {
        let compiled = Expression::compile(text, &path.to_string(), self.names, PLACE);
        let is_close = |help: &String| help.starts_with("did you mean");
        let told = |UnknownName { what, help }| {
            let help = help
                .filter(is_close)
                .unwrap_or_else(|| "an invariant looks at the event alone, as `data.price`".into());
            self.critic.unknown(path, UnknownName { what, help: Some(help) });
        };
        compiled.map_err(told).ok()
    }
}

/// Do two users ever take one resource with that action in one step?
fn meets(scenario: &Scenario, action: &str) -> bool {
    let acts = scenario.actions.iter().any(|row| row.name == action);
    let in_step = matches!(scenario.rhythm, Rhythm::Step { .. });
    let Some(rotation) = scenario.rotation.filter(|_| acts && in_step) else { return false };
    let setting = &rotation.setting;
    let close = setting.contenders > 1 || setting.users > setting.resources;
    setting.users > 1 && (close || matches!(rotation.pattern.takes, Takes::Drawn(_)))
}
