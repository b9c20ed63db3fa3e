//! Steps that record metrics of the suite's own.

use serde_json::Value;

use super::actor::{Actor, Scene};
use crate::metrics::{CustomKind, Sample};
use crate::plan::custom::{Check, Tally};
use crate::plan::language::Answer;
use crate::record::Class;

/// The largest number that is counted at once, and the largest one up to which floating point has every whole number.
const MOST: f64 = 9_007_199_254_740_992.0;

impl Actor {
    /// Asks whether something holds. Where that has no value it does not, and the step is an error, too.
    pub(super) fn check(&mut self, scene: &mut Scene<'_>, check: &Check) {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let holds = check.ok.truth(&bindings, Answer::None);
        let values = if holds == Ok(true) { String::new() } else { check.values(&bindings) };
        let holds = holds.unwrap_or_else(|error| {
            self.step_error(scene, &format!("`check: {}` has no value", check.name), error.to_string());
            false
        });
        if !holds {
            self.note(scene, Class::Check, &format!("{} is false", check.name), values);
        }
        if let Some(metric) = check.metric {
            self.sample(scene, metric, Sample::Check(holds));
        }
    }

    /// Counts or measures. What is no number is an error of the step, and nothing is recorded; the program goes on.
    pub(super) fn tally(&mut self, scene: &mut Scene<'_>, tally: &Tally) {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let value = tally.value.value(&bindings, Answer::None).map_err(|error| error.to_string());
        match value.and_then(|value| sample(tally.kind, value.as_ref())) {
            Ok(sample) => self.sample(scene, tally.metric, sample),
            Err(detail) => {
                self.step_error(scene, &format!("`{}: {}` has no number", tally.kind.verb(), tally.name), detail);
            }
        }
    }

    fn sample(&self, scene: &mut Scene<'_>, metric: usize, sample: Sample) {
        let cell = self.cell(scene);
        scene.sink.recorder.sample(cell, metric, sample);
        self.labels.record(&mut scene.sink.recorder, cell, |numbers| numbers.sample(metric, sample));
    }
}

/// What a value records, or why it records nothing.
fn sample(kind: CustomKind, value: Option<&Value>) -> Result<Sample, String> {
    let Some(value) = value else { return Err("its value is undefined".to_owned()) };
    let number =
        value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| format!("{value} is not a number"))?;
    if number < 0.0 {
        return Err(format!("{value} is negative"));
    }
    match kind {
        CustomKind::Measure => Ok(Sample::Measure(number)),
        _ if number.fract() == 0.0 && number <= MOST => Ok(Sample::Count(number as u64)),
        _ => Err(format!("{value} is not a whole number, and a counter counts whole ones")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: CustomKind, value: Value, expected: Result<Sample, &str>) {
        assert_eq!(sample(kind, Some(&value)), expected.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn only_numbers_that_can_be_kept_are_recorded() {
        check(CustomKind::Measure, json!(1.5), Ok(Sample::Measure(1.5)));
        check(CustomKind::Measure, json!(0), Ok(Sample::Measure(0.0)));
        check(CustomKind::Measure, json!(-0.5), Err("-0.5 is negative"));
        check(CustomKind::Measure, json!("7"), Err("\"7\" is not a number"));
        check(CustomKind::Measure, json!(null), Err("null is not a number"));
        check(CustomKind::Count, json!(3.0), Ok(Sample::Count(3)));
        check(CustomKind::Count, json!(2.5), Err("2.5 is not a whole number, and a counter counts whole ones"));
        assert_eq!(sample(CustomKind::Count, None), Err("its value is undefined".to_owned()));
    }
}
