//! Thresholds on deliveries that could never be broken, because nothing counts what they look at: refused, so that nobody
//! takes them for good news.

use super::critic::Critic;
use super::delivery::{Deliveries, Order};
use crate::metrics::catalog::{self, Metric};
use crate::metrics::{Axes, Counter, Distribution};
use crate::suite::problem::Path;
use crate::suite::scalar::OneOrMany;
use crate::suite::schema::{Step, Suite, Threshold};

/// What a metric needs of a `delivery` to say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// That there is one.
    Any,
    /// That its events name their action: those without any key are only counted.
    Key,
    /// That it promises an order.
    Order,
}

impl Needs {
    fn of(metric: &Metric) -> Self {
        use catalog::Kind;
        match metric.kind {
            Kind::Count([Counter::DeliveryOutOfOrder | Counter::DeliveryDisagreement]) => Self::Order,
            Kind::Count([Counter::DeliveryLate | Counter::DeliveryDuplicate | Counter::DeliveryLeaked])
            | Kind::Distribution(Distribution::DeliveryLatency) => Self::Key,
            _ => Self::Any,
        }
    }
}

/// Finds those thresholds among `suite.thresholds`, at `path`.
pub fn check(suite: &Suite, path: &Path, deliveries: &Deliveries, axes: &Axes, critic: &Critic<'_>) {
    // What is missing here because it is wrong was told of already.
    if deliveries.rules.len() < written(suite) {
        return;
    }
    for (name, limits) in &suite.thresholds {
        let Some(metric) = catalog::find(name).filter(|metric| metric.is_of_deliveries()) else { continue };
        for (index, threshold) in limits.as_slice().iter().enumerate() {
            let path = path.key(name.as_str());
            let path = if matches!(limits, OneOrMany::Many(_)) { path.index(index) } else { path };
            if let Some((what, help)) = fault(metric, threshold, deliveries, axes) {
                critic.error_at_key(&path, what, help);
            }
        }
    }
}

/// What is wrong with a threshold, and what to do about it.
fn fault(metric: &Metric, threshold: &Threshold, deliveries: &Deliveries, axes: &Axes) -> Option<(String, String)> {
    let named = match threshold {
        Threshold::Limit(_) => [None, None, None],
        Threshold::Detailed(detailed) => [&detailed.scenario, &detailed.stage, &detailed.action].map(Option::as_ref),
    };
    let [scenario, stage, action] = named;
    let is_meant = |number: usize| {
        let axis = &axes.scenarios[number];
        let has = |names: &[String], name: Option<&String>| name.is_none_or(|name| names.contains(name));
        scenario.is_none_or(|name| axis.name == *name) && has(&axis.stages, stage) && has(&axis.actions, action)
    };
    // An unknown name is a fault of its own.
    if !(0..axes.scenarios.len()).any(is_meant) {
        return None;
    }
    let names = |rule: &super::delivery::Delivery| {
        let axis = &axes.scenarios[rule.scenario];
        (axis.name.as_str(), axis.actions[rule.action].as_str())
    };
    let here: Vec<_> = deliveries
        .rules
        .iter()
        .filter(|rule| is_meant(rule.scenario) && action.is_none_or(|action| names(rule).1 == action))
        .collect();
    let name = metric.name;
    if here.is_empty() {
        let Some((scenario, action)) = deliveries.rules.first().map(names) else {
            let what = format!("`{name}` is about deliveries, and no action of this suite has a `delivery`");
            let help =
                "give one to the action that others must hear of, as `delivery: { event: EVENT, match: data.ref }`";
            return Some((what, help.to_owned()));
        };
        let what = format!("`{name}` is about deliveries, and no action here has a `delivery`");
        let help = format!("they are counted where the action is, for instance `{action}` of `{scenario}`");
        return Some((what, help));
    }
    let has_key = here.iter().any(|rule| deliveries.listeners[rule.listener].key.is_some());
    let has_order = here.iter().any(|rule| rule.promise.order != Order::Any);
    match Needs::of(metric) {
        Needs::Order if !has_order => Some((
            format!("`{name}` is always 0 here: no `delivery` promises an order"),
            "write `order: per_resource` or `order: per_sender` into the `delivery`".to_owned(),
        )),
        Needs::Key if !has_key => Some((
            format!("`{name}` cannot be known here: with `match: order` events are only counted"),
            "say with `match` which field of the event names the action".to_owned(),
        )),
        _ => None,
    }
}

/// How many `delivery` stand in the suite.
fn written(suite: &Suite) -> usize {
    fn of(steps: &[Step]) -> usize {
        let one = |step: &Step| {
            let ways = step.mix.iter().flatten().map(|way| of(&way.steps)).sum::<usize>();
            usize::from(step.delivery.is_some()) + of(step.steps.as_deref().unwrap_or_default()) + ways
        };
        steps.iter().map(one).sum()
    }
    let in_scenario = |scenario: &crate::suite::schema::Scenario| {
        let places = [&scenario.login, &scenario.setup, &scenario.act, &scenario.teardown].map(Vec::as_slice);
        places.into_iter().chain(scenario.on.values().map(Vec::as_slice)).map(of).sum::<usize>()
    };
    suite.scenarios.values().map(in_scenario).sum()
}
