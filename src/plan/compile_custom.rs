//! From `check`, `count` and `measure` as written to what they record.

use super::compile_step::Steps;
use super::custom::{Check, Side, Tally, sides};
use super::label::LabelRule;
use super::language::{Expression, Place, parse};
use crate::metrics::CustomKind;
use crate::suite::problem::Path;
use crate::suite::scalar::Number;
use crate::suite::schema::{self, Step};

impl Steps<'_> {
    pub(super) fn check_step(&self, step: &Step, path: &Path, place: Place) -> Option<Check> {
        let name = step.check.as_deref()?;
        let ok = step.ok.as_ref().or_else(|| {
            self.critic.error_at_key(&path.key("check"), "this `check` asks for nothing", "add `ok: EXPRESSION`");
            None
        })?;
        let ok_path = path.key("ok");
        let text = match ok {
            schema::Expression::Text(text) => text.as_str(),
            schema::Expression::Constant(_) => "",
        };
        let ok = self.check(ok, &ok_path, place)?;
        let side = |text: &&str| {
            let value = Expression::compile(text, &ok_path.to_string(), self.names, place);
            match value {
                Ok(value) => Some(Side { text: (*text).into(), value }),
                // A part need not be an expression of its own; but a name that cannot exist is wrong, although the whole, which
                // minijinja looks at only later, did not say so.
                Err(unknown) if parse::path(text).is_some() => {
                    self.critic.unknown(&ok_path, unknown);
                    None
                }
                Err(_) => None,
            }
        };
        let sides = sides(text).iter().filter_map(side).collect();
        let line = self.critic.place(&path.key("check")).line;
        Some(Check { name: name.into(), metric: self.metric(CustomKind::Check, name), ok, sides, line })
    }

    pub(super) fn tally(&self, step: &Step, path: &Path, place: Place) -> Option<Tally> {
        let (kind, name) = match (&step.measure, &step.count) {
            (Some(name), _) => (CustomKind::Measure, name.as_str()),
            (None, Some(count)) => (CustomKind::Count, count.name()?),
            (None, None) => return None,
        };
        let value = match (&step.value, kind) {
            (Some(Number::Constant(value)), _) => Expression::Constant((*value).into()),
            (Some(Number::Expression(text)), _) => self.expression(text, &path.key("value"), place)?,
            (None, CustomKind::Count) => Expression::Constant(1.into()),
            (None, _) => {
                let what = "this `measure` measures nothing";
                self.critic.error_at_key(&path.key("measure"), what, "add `value: EXPRESSION`");
                return None;
            }
        };
        Some(Tally { name: name.into(), metric: self.metric(kind, name)?, kind, value })
    }

    /// `label`, alone or of the action of this step.
    pub(super) fn labels(&self, step: &Step, path: &Path, place: Place) -> Vec<LabelRule> {
        let path = path.key("label");
        let rule = |(name, value): (&String, &schema::Expression)| {
            let label = self.labels.iter().position(|label| label.name == *name)?;
            Some(LabelRule { label, value: self.check(value, &path.key(name.as_str()), place)? })
        };
        step.label.iter().flatten().filter_map(rule).collect()
    }

    /// `label` beside an action, which may look at the answer.
    pub(super) fn action_labels(&self, step: &Step, path: &Path, after: Place) -> Vec<LabelRule> {
        if step.label.is_some() && self.place != "act" {
            let what = "`label` beside a step breaks its outcome down, and only actions have one";
            self.critic.error_at_key(&path.key("label"), what, "put it under `act`, or make it a step of its own");
        }
        self.labels(step, path, after)
    }

    /// Where a metric has no number, its name was wrong, and that was told.
    fn metric(&self, kind: CustomKind, name: &str) -> Option<usize> {
        self.customs.iter().position(|custom| custom.kind == kind && custom.name == name)
    }
}
