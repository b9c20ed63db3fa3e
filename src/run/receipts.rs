//! Tells the delivery ledger what all users told, behind a mark, and puts what it finds into the books.

use std::collections::HashMap;
use std::sync::Arc;

use super::user::Facts;
use crate::ledger::Deliveries;
use crate::ledger::delivery::{Audience, Note, Rule};
use crate::ledger::misdelivery::{Fault, Misdelivery};
use crate::metrics::{Cell, Counter, Recorder};
use crate::plan::Plan;
use crate::plan::delivery::Promise;
use crate::plan::language::ActionId;
use crate::record::{Class, Example, Findings};
use crate::units::Moment;

/// The deliveries of a run.
#[derive(Debug)]
pub struct Receipts {
    plan: Arc<Plan>,
    facts: Facts,
    ledger: Deliveries,
    /// Up to where each worker has told everything, and whether it has ended.
    told: Vec<(Moment, bool)>,
    /// Of what goes by a name of the plan.
    resources: HashMap<Audience, usize>,
}

impl Receipts {
    #[must_use]
    pub fn new(plan: &Arc<Plan>, facts: Facts, workers: usize) -> Self {
        let listeners = &plan.deliveries.listeners;
        let rules = plan.deliveries.rules.iter().map(|rule| Rule {
            promise: rule.promise,
            counted_by: listeners[rule.listener].key.is_none().then_some(number(rule.listener)),
        });
        let ledger = Deliveries::new(rules.collect(), listeners.len());
        let resources = plan.resources.iter().map(|resource| (Audience::of(&resource.id), resource.index));
        Self {
            plan: Arc::clone(plan),
            facts,
            ledger,
            told: vec![(Moment::START, false); workers],
            resources: resources.collect(),
        }
    }

    /// Takes what a worker tells, which has now told everything up to a moment, and perhaps its last.
    pub fn take(
        &mut self,
        worker: usize,
        mut notes: Vec<Note>,
        told: (Moment, bool),
        recorder: &mut Recorder,
        findings: &mut Findings,
    ) {
        if self.plan.deliveries.is_empty() {
            return;
        }
        self.ledger.tell(&mut notes);
        self.told[worker] = told;
        match self.told.iter().filter(|(_, ended)| !ended).map(|(until, _)| *until).min() {
            Some(mark) => self.ledger.advance(mark, recorder),
            None => {
                let end = self.told.iter().map(|(until, _)| *until).max().unwrap_or_default();
                self.ledger.finish(end, recorder);
                self.conclude(recorder, findings);
            }
        }
        for (fault, rule, count, examples) in self.ledger.take_misdeliveries().iter() {
            let Some(rule) = self.plan.deliveries.rules.get(usize::from(rule)) else { continue };
            let action = &self.plan.scenarios[rule.scenario].actions[rule.action].name;
            let examples = examples.iter().map(|misdelivery| self.example(misdelivery, rule.promise));
            let name = format!("{action} {}", fault.words());
            findings.note_many(Class::Delivery, rule.scenario, &name, count, examples);
        }
    }

    /// Is anything on its way that somebody must receive, as far as all have told?
    #[must_use]
    pub fn awaits(&mut self) -> bool {
        let mark = self.told.iter().filter(|(_, ended)| !ended).map(|(until, _)| *until).min();
        !self.plan.deliveries.is_empty() && mark.is_some_and(|mark| self.ledger.awaits(mark))
    }

    /// At the end: what could not be told apart.
    fn conclude(&self, recorder: &mut Recorder, findings: &mut Findings) {
        for (listener, strays) in self.plan.deliveries.listeners.iter().zip(self.ledger.unmatched()) {
            if let Some((at, user)) = strays.first {
                let what = if listener.key.is_some() { "of no open action" } else { "beyond what was owed" };
                let name = format!("{} {what}", listener.event);
                let detail = match &listener.key {
                    Some(_) => format!("its {} names no action that could be received then", listener.text),
                    None => "no action that could be received then was left to claim it".to_owned(),
                };
                let first = Example { at, user: user.into(), resource: None, detail };
                let scenarios = &self.plan.scenarios;
                let scenario =
                    scenarios.partition_point(|scenario| scenario.first_user <= user.into()).saturating_sub(1);
                findings.note_many(Class::Event, scenario, &name, strays.count, [first]);
            }
        }
        let clashes = self.ledger.clashes();
        if clashes > 0 {
            recorder.count_many(Cell(0), Counter::StepErrors, clashes);
            let name = "the `key` of a delivery names two open actions: give each its own, as `action.id`";
            findings.note_many(Class::Step, 0, name, clashes, []);
        }
    }

    fn example(&self, misdelivery: &Misdelivery, promise: Promise) -> Example {
        let Misdelivery { fault, sender, number, subject, sent, user, at, other, .. } = *misdelivery;
        let action = ActionId { run: self.facts.run, user: sender.into(), number: number.into() };
        let resource = self.resources.get(&subject).and_then(|index| self.plan.resources.get(*index));
        let after = at.map(|at| format!("{:.0} ms after", at.since(sent).as_millis_f64())).unwrap_or_default();
        let what = match (fault, other) {
            (Fault::Missing, _) => format!("not received within {}", promise.patience()),
            (Fault::Late, _) => format!("received {after}, promised within {}", promise.within),
            (Fault::Duplicate, _) => format!("received again {after}"),
            (Fault::OutOfOrder, _) => format!("received {after}, when a later one was there already"),
            (Fault::Disagreement, Some(other)) => {
                format!("received {after} and after a later one; user {other} received the two in their order")
            }
            (Fault::Disagreement, None) => format!("received {after} and after a later one"),
            (Fault::Leaked, _) => format!("received {after}, and not meant for this user"),
        };
        Example {
            at: at.unwrap_or(sent),
            user: user.into(),
            resource: resource.map(|resource| resource.id.to_string()),
            detail: format!("action {action} of user {sender}, sent at {:.3} s: {what}", sent.as_secs_f64()),
        }
    }
}

fn number(listener: usize) -> u16 {
    u16::try_from(listener).unwrap_or(u16::MAX)
}
