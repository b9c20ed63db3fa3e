//! Who should have heard of which action, and who did; and the events that belong to nothing.

use indexmap::IndexMap;

use super::outcome::{DeliveryRow, EventRow, ExampleRow, FaultRow, Judged, ThresholdResult};
use super::rows::latency;
use crate::ledger::misdelivery::Fault;
use crate::metrics::catalog::find;
use crate::metrics::{Counter, Distribution, Part};
use crate::plan::delivery::{Delivery, Order};
use crate::plan::{Plan, Threshold};
use crate::record::Results;
use crate::record::finding::{Class, Example, Tally};

/// Examples of unmatched events of one name.
const EVENT_EXAMPLES: usize = 3;

/// One row for each `delivery` of the suite. `judged` are the plan's thresholds, in their order.
#[must_use]
pub fn deliveries(plan: &Plan, results: &Results, judged: &[Judged]) -> Vec<DeliveryRow> {
    let mut rows: Vec<DeliveryRow> = plan.deliveries.rules.iter().map(|rule| row(plan, results, rule)).collect();
    for (threshold, judged) in plan.thresholds.iter().zip(judged) {
        for number in guilty(plan, results, threshold, judged.result) {
            rows[number].broken.push(judged.name.clone());
        }
    }
    rows
}

fn row(plan: &Plan, results: &Results, rule: &Delivery) -> DeliveryRow {
    let scenario = &plan.scenarios[rule.scenario];
    let action = &scenario.actions[rule.action].name;
    let listener = &plan.deliveries.listeners[rule.listener];
    let part = part_of(rule);
    let numbers = results.numbers(part);
    let of = |counter| numbers.counter(counter);
    let histogram = results.histogram(Distribution::DeliveryLatency, part);
    let metric = find("delivery_latency").filter(|_| histogram.count() > 0);
    let mut row = DeliveryRow {
        scenario: scenario.name.clone(),
        action: action.clone(),
        event: listener.event.to_string(),
        matched: listener.text.to_string(),
        to: rule.to.to_owned(),
        within: rule.promise.within,
        grace: rule.promise.grace,
        order: word(rule.promise.order).to_owned(),
        line: rule.line,
        expected: of(Counter::DeliveryExpected),
        in_time: of(Counter::DeliveryInTime),
        late: of(Counter::DeliveryLate),
        missing: of(Counter::DeliveryMissing),
        duplicate: of(Counter::DeliveryDuplicate),
        out_of_order: of(Counter::DeliveryOutOfOrder),
        disagreement: of(Counter::DeliveryDisagreement),
        leaked: of(Counter::DeliveryLeaked),
        ambiguous: of(Counter::DeliveryAmbiguous),
        rate: find("delivery_rate").and_then(|metric| results.observe(metric, None, part).value),
        latency: metric
            .map(|metric| latency(metric.name, metric.about, Some(&scenario.name), Some(action), &histogram)),
        faults: Vec::new(),
        broken: Vec::new(),
    };
    row.faults = Fault::ALL.iter().filter_map(|fault| fault_row(results, rule, action, *fault, &row)).collect();
    row
}

fn part_of(rule: &Delivery) -> Part {
    Part { scenario: Some(rule.scenario), stage: None, action: Some(rule.action) }
}

/// As the suite says it.
const fn word(order: Order) -> &'static str {
    match order {
        Order::Any => "none",
        Order::PerSender => "per_sender",
        Order::PerResource => "per_resource",
    }
}

fn fault_row(results: &Results, rule: &Delivery, action: &str, fault: Fault, row: &DeliveryRow) -> Option<FaultRow> {
    let name = format!("{action} {}", fault.words());
    let mut found = results
        .findings
        .iter()
        .filter(|(kind, _)| kind.class == Class::Delivery && kind.scenario == rule.scenario && kind.name == name);
    let examples = found.next().map_or_else(Vec::new, |(_, tally)| examples(tally));
    let count = row.count(fault);
    (count > 0).then_some(FaultRow { fault, count, examples })
}

fn examples(tally: &Tally) -> Vec<ExampleRow> {
    tally.examples.iter().map(example).collect()
}

/// An example as reports show it.
#[must_use]
pub fn example(example: &Example) -> ExampleRow {
    ExampleRow {
        at: example.at,
        user: example.user,
        resource: example.resource.clone(),
        detail: example.detail.clone(),
    }
}

/// The rules for which a threshold was not met: those that would break it alone, or, where only their sum does, all that it
/// looks at.
fn guilty(plan: &Plan, results: &Results, threshold: &Threshold, result: ThresholdResult) -> Vec<usize> {
    let not_met = matches!(result, ThresholdResult::Broken | ThresholdResult::NoData);
    if !not_met || !threshold.metric.is_of_deliveries() {
        return Vec::new();
    }
    let meant = |rule: &Delivery| {
        let Part { scenario, action, .. } = threshold.part;
        scenario.is_none_or(|number| number == rule.scenario) && action.is_none_or(|number| number == rule.action)
    };
    let rules = plan.deliveries.rules.iter().enumerate().filter(|(_, rule)| meant(rule));
    let (all, alone): (Vec<usize>, Vec<Option<usize>>) = rules
        .map(|(number, rule)| {
            let part = Part { stage: threshold.part.stage, ..part_of(rule) };
            let value = results.observe(threshold.metric, threshold.statistic, part).value;
            let breaks = value.is_some_and(|value| !threshold.comparison.holds(value, threshold.limit));
            (number, breaks.then_some(number))
        })
        .unzip();
    let alone: Vec<usize> = alone.into_iter().flatten().collect();
    if alone.is_empty() { all } else { alone }
}

/// Events that came and that nothing matched, by name.
#[must_use]
pub fn unmatched_events(plan: &Plan, results: &Results) -> Vec<EventRow> {
    let mut rows: IndexMap<&str, EventRow> = IndexMap::new();
    for (kind, tally) in results.findings.iter().filter(|(kind, _)| kind.class == Class::Event) {
        let row = rows.entry(&kind.name).or_insert_with(|| EventRow {
            name: kind.name.clone(),
            scenarios: Vec::new(),
            count: 0,
            examples: Vec::new(),
        });
        row.count += tally.count;
        row.scenarios.extend(plan.scenarios.get(kind.scenario).map(|scenario| scenario.name.clone()));
        row.examples.extend(examples(tally));
    }
    let mut rows: Vec<EventRow> = rows.into_values().collect();
    for row in &mut rows {
        row.examples.sort_by_key(|example| example.at);
        row.examples.truncate(EVENT_EXAMPLES);
    }
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[cfg(test)]
pub mod tests;
