//! The values of labels that a user's actions are counted by.

use super::actor::{Actor, Scene};
use super::thread::Thread;
use crate::metrics::label::NONE;
use crate::metrics::{Cell, Numbers, Recorder};
use crate::plan::label::LabelRule;
use crate::plan::language::Answer;
use crate::plan::language::text::text_of;
use crate::plan::step::Operation;

/// By number of the label; empty where the suite has none.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// What holds for all that follows.
    standing: Vec<Option<Box<str>>>,
    /// What holds for the action whose outcome is being written down.
    of_action: Option<Vec<Option<Box<str>>>>,
}

impl Labels {
    pub fn new(labels: usize) -> Self {
        Self { standing: vec![None; labels], of_action: None }
    }

    pub const fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// Writes something down by each label.
    pub fn record(&self, recorder: &mut Recorder, cell: Cell, record: impl Fn(&mut Numbers)) {
        for (label, value) in self.of_action.as_ref().unwrap_or(&self.standing).iter().enumerate() {
            record(recorder.labelled(label, value.as_deref().unwrap_or(NONE), cell));
        }
    }

    /// The action is written down.
    pub fn forget_action(&mut self) {
        self.of_action = None;
    }
}

impl Actor {
    /// `label` as a step of its own.
    pub(super) fn label(&mut self, scene: &mut Scene<'_>, rules: &[LabelRule]) {
        for rule in rules {
            self.labels.standing[rule.label] = self.label_value(scene, rule, Answer::None);
        }
    }

    /// The labels of the action that has just been answered.
    pub(super) fn label_action(&mut self, scene: &mut Scene<'_>, rules: &[LabelRule], answer: Answer<'_>) {
        if rules.is_empty() {
            return;
        }
        let mut values = self.labels.standing.clone();
        for rule in rules {
            values[rule.label] = self.label_value(scene, rule, answer);
        }
        self.labels.of_action = Some(values);
    }

    /// The labels of an action that had no answer: those that need none.
    pub(super) fn label_unanswered(&mut self, scene: &mut Scene<'_>) {
        if self.labels.is_empty() || self.labels.of_action.is_some() {
            return;
        }
        let Some(thread) = self.threads.current() else { return };
        let rules: &[LabelRule] = match thread.place.program(scene.scenario).operations.get(Thread::last(thread)) {
            Some(Operation::Emit(emit)) => &emit.labels,
            Some(Operation::Http(step)) => &step.labels,
            _ => &[],
        };
        self.label_action(scene, rules, Answer::None);
    }

    fn label_value(&mut self, scene: &mut Scene<'_>, rule: &LabelRule, answer: Answer<'_>) -> Option<Box<str>> {
        let value = rule.value.value(&self.bindings(scene.plan, scene.scenario, scene.facts, scene.now), answer);
        match value {
            Ok(value) => value.filter(|value| !value.is_null()).map(|value| text_of(&value).into()),
            Err(error) => {
                self.step_error(scene, "a label has no value", error.to_string());
                None
            }
        }
    }
}
