//! What waiting cost: actions that could not be sent when they were due, and through whose fault.

use crate::metrics::{Distribution, Histogram, Part, Statistic, number};
use crate::record::Results;

/// The percentiles that are looked at: the first that differs is told.
const PERCENTILES: &[(&str, f64)] = &[("p99", 0.99), ("p95", 0.95)];
/// Less than this is no wait that anybody would notice, in milliseconds.
const NOTABLE: f64 = 20.0;
/// `ack_latency` must be so many times `ack_service`.
const TIMES: f64 = 1.25;

/// One sentence where `ack_latency`, from the planned moment, and `ack_service`, from the send, differ notably.
#[must_use]
pub fn waiting(results: &Results) -> Option<String> {
    let of = |distribution| results.histogram(distribution, Part::default());
    sentence(
        &of(Distribution::AckLatency),
        &of(Distribution::AckService),
        &of(Distribution::SendLateness),
        &of(Distribution::GeneratorLateness),
    )
}

fn sentence(latency: &Histogram, service: &Histogram, late: &Histogram, ours: &Histogram) -> Option<String> {
    let notable = |&(name, p): &(&'static str, f64)| {
        let statistic = Statistic::Percentile(p);
        let (latency, service) = (latency.statistic(statistic)?, service.statistic(statistic)?);
        (latency - service >= NOTABLE && latency >= service * TIMES).then_some((name, statistic, latency, service))
    };
    let (name, statistic, latency, service) = PERCENTILES.iter().find_map(notable)?;
    let longest = number::milliseconds(late.statistic(Statistic::Max)?);
    let (late, ours) = (late.statistic(statistic)?, ours.statistic(statistic).unwrap_or_default());
    let why = if 2.0 * ours >= late { "this generator was late" } else { "earlier answers came late" };
    let [latency, service] = [latency, service].map(number::milliseconds);
    Some(format!(
        "Actions waited up to {longest} before they were sent, because {why}: ack_latency {name} {latency} counts that, \
         ack_service {name} {service} does not."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    /// Ninety samples of the first value and ten of the second, in milliseconds.
    fn of([most, some]: [u64; 2]) -> Histogram {
        let mut histogram = Histogram::new();
        (0..90).for_each(|_| histogram.record(Duration::from_millis(most)));
        (0..10).for_each(|_| histogram.record(Duration::from_millis(some)));
        histogram
    }

    fn check(latency: [u64; 2], service: [u64; 2], late: [u64; 2], ours: [u64; 2], expected: Option<&str>) {
        let found = sentence(&of(latency), &of(service), &of(late), &of(ours));
        match expected {
            Some(part) => assert!(found.as_deref().unwrap_or_default().contains(part), "{found:?}"),
            None => assert_eq!(found, None),
        }
    }

    #[test]
    fn waiting_is_told_with_whose_fault_it_was() {
        check([10, 2000], [10, 180], [0, 1900], [0, 1], Some("up to 1.9"));
        check([10, 2000], [10, 180], [0, 1900], [0, 1], Some("because earlier answers came late: ack_latency p99"));
        check([10, 2000], [10, 180], [0, 1900], [0, 1800], Some("because this generator was late"));
        check([10, 30], [10, 25], [0, 5], [0, 5], None);
        check([10, 1000], [10, 990], [0, 10], [0, 10], None);
        assert_eq!(sentence(&Histogram::new(), &Histogram::new(), &Histogram::new(), &Histogram::new()), None);
    }
}
