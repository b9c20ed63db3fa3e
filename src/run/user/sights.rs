//! What a user sees of what invariants look at.

use super::actor::{Actor, Scene};
use crate::ledger::delivery::Audience;
use crate::ledger::invariant::{About, Sight, Value};
use crate::plan::invariant::Watch;
use crate::plan::language::Answer;
use crate::plan::language::text::text_of;
use crate::protocol::Args;

impl Actor {
    /// An event has come that the invariant with that number looks at.
    pub(super) fn sighted(&self, scene: &mut Scene<'_>, number: usize, args: &Args) {
        let plan = scene.plan;
        let Some(invariant) = plan.invariants.get(number) else { return };
        let Some(watch) = invariant.rule.watch() else { return };
        match self.sight(scene, watch, args.json()) {
            Ok((about, value)) => {
                let (user, invariant) = (self.ledger_index(scene), u16::try_from(number).unwrap_or(u16::MAX));
                scene.sink.sights.push(Sight { at: scene.now, invariant, user, about, value });
            }
            Err(error) => self.step_error(scene, &format!("invariant {} has no value", invariant.name), error),
        }
    }

    fn sight(&self, scene: &Scene<'_>, watch: &Watch, event: &str) -> Result<(About, Value), String> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let value = watch.value.value(&bindings, Answer::Event(event)).map_err(|error| error.to_string())?;
        let of = match &watch.of {
            None => None,
            Some(of) => of.value(&bindings, Answer::Event(event)).map_err(|error| error.to_string())?,
        };
        let of = of.map(|of| Audience::of(&text_of(&of)));
        let mut keys = Vec::with_capacity(watch.listeners.len());
        for listener in &watch.listeners {
            let key = scene.plan.deliveries.listeners.get(*listener).and_then(|listener| listener.key.as_ref());
            let Some(key) = key else { continue };
            keys.extend(self.key_in(scene, key, u16::try_from(*listener).unwrap_or(u16::MAX), event)?);
        }
        let about = match of {
            _ if !watch.listeners.is_empty() => About::Action { keys, of },
            Some(of) => About::Named(of),
            // What should say which resource it is about does not.
            None if watch.of.is_some() => About::Action { keys, of },
            None => About::Everything,
        };
        Ok((about, Value::of(value.as_ref())))
    }
}
