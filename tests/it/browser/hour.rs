//! An hour's run with more of everything than any suite should have.

use cotillion::units::Moment;
use cotillion::verdict::Outcome;
use cotillion::verdict::outcome::{Lanes, StageMark};

const SCENARIOS: usize = 30;

/// 30 scenarios of 3 stages and 4 actions each with their latencies, thresholds, labels, deliveries and errors, over an hour.
pub fn of_everything() -> Outcome {
    let mut outcome = Outcome::example_long();
    let few = outcome.clone();
    let named = |number: usize| format!("scenario-{number}");
    let of = |number: usize, count: usize| (number % count.max(1), named(number));
    outcome.scenarios.clear();
    outcome.timeline.stages.clear();
    for number in 0..SCENARIOS {
        let mut row = few.scenarios[0].clone();
        row.name = named(number);
        let action = row.actions[0].clone();
        row.actions = (0..4)
            .map(|place| {
                let mut action = action.clone();
                action.name = format!("action-{place}");
                action
            })
            .collect();
        outcome.scenarios.push(row);
        let (place, name) = of(number, few.timeline.stages.len());
        for part in 0..3 {
            let stage = &few.timeline.stages[part % 3];
            outcome.timeline.stages.push(StageMark {
                scenario: name.clone(),
                name: format!("stage-{place}-{part}"),
                ..stage.clone()
            });
        }
        let mut threshold = few.thresholds[2].clone();
        (threshold.scenario, threshold.stage) = (Some(name.clone()), Some(format!("stage-{place}-0")));
        threshold.name = format!("ack_latency p95 < 200ms (scenario {name})");
        outcome.thresholds.push(threshold);
        for action in 0..4 {
            for metric in ["ack_latency", "ack_service", "delivery_latency"] {
                let mut row = few.latencies.iter().find(|row| row.metric == metric).expect("it is there").clone();
                (row.scenario, row.action) = (Some(name.clone()), Some(format!("action-{action}")));
                row.buckets.clear();
                outcome.latencies.push(row);
            }
        }
        let mut delivery = few.deliveries[0].clone();
        (delivery.scenario, delivery.action) = (name, format!("action-{}", number % 4));
        outcome.deliveries.push(delivery);
    }
    for number in 0..64 {
        let mut label = few.labels[0].clone();
        label.value = format!("value-{number}");
        outcome.labels.push(label);
        let mut error = few.errors[0].clone();
        (error.kind, error.scenario) = (format!("refused with code {number}"), named(number % SCENARIOS));
        outcome.errors.push(error);
    }
    fill(outcome.lanes.as_mut().expect("users act on resources"));
    outcome
}

/// As many marks as a run keeps, and an action of every kind in every column of 40 lanes.
fn fill(lanes: &mut Lanes) {
    assert_eq!(lanes.resources.len(), 40);
    let few = lanes.marks.clone();
    lanes.marks = few.into_iter().cycle().take(2_500).collect();
    for (place, mark) in lanes.marks.iter_mut().enumerate() {
        mark.at = Moment::from_nanos(place as u64 * 24_000_000);
    }
    let cell = |n: u64| [n % 97, n % 3, n % 2, n % 7 / 6];
    lanes.overview.rows = (0..40).map(|lane| (0..300).map(|column| cell(lane * 7 + column * 13)).collect()).collect();
    lanes.overview.columns = 300;
}
