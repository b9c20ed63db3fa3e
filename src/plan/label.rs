//! Labels: values by which outcomes and latencies are broken down.

use super::language::Expression;
use crate::metrics::label::LabelAxis;
use crate::suite::scalar::OneOrMany;
use crate::suite::schema::{self, Map, Step, Suite};

/// A value of a label, for an action or for all that follow.
#[derive(Debug)]
pub struct LabelRule {
    /// Number of the label.
    pub label: usize,
    pub value: Expression,
}

/// All labels of a suite, in the order of the file, each with the values that thresholds name.
#[must_use]
pub fn collect(suite: &Suite) -> Vec<LabelAxis> {
    let mut labels: Vec<LabelAxis> = Vec::new();
    for scenario in suite.scenarios.values() {
        let places = [&scenario.setup, &scenario.act, &scenario.teardown];
        places.into_iter().chain(scenario.on.values()).for_each(|steps| collect_steps(steps, &mut labels));
    }
    let thresholds = suite.thresholds.values().flat_map(OneOrMany::as_slice);
    for threshold in thresholds {
        let schema::Threshold::Detailed(detailed) = threshold else { continue };
        for (name, value) in detailed.label.iter().flatten() {
            let value = super::language::text::text_of(value);
            let known = labels.iter_mut().find(|label| label.name == *name);
            if let Some(label) = known.filter(|label| !label.wanted.contains(&value)) {
                label.wanted.push(value);
            }
        }
    }
    labels
}

fn collect_steps(steps: &[Step], labels: &mut Vec<LabelAxis>) {
    for step in steps {
        for name in step.label.iter().flat_map(Map::keys) {
            if !labels.iter().any(|label| label.name == *name) {
                labels.push(LabelAxis { name: name.clone(), wanted: Vec::new() });
            }
        }
        collect_steps(step.steps.as_deref().unwrap_or_default(), labels);
        step.mix.iter().flatten().for_each(|way| collect_steps(&way.steps, labels));
    }
}
