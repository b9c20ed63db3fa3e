//! What must hold of every metric.

use super::*;

#[test]
fn names_are_unique_and_found() {
    for metric in METRICS {
        assert_eq!(METRICS.iter().filter(|other| other.name == metric.name).count(), 1, "{}", metric.name);
        assert_eq!(find(metric.name), Some(metric));
    }
}

#[test]
fn metrics_of_deliveries_say_so_in_their_names() {
    for metric in METRICS {
        assert_eq!(metric.is_of_deliveries(), metric.name.starts_with("delivery_"), "{}", metric.name);
    }
}

#[test]
fn samples_needed_follow_the_percentile() {
    let needed: Vec<u64> = STATISTICS.iter().map(|(_, statistic)| statistic.samples_needed()).collect();
    assert_eq!(needed, [2, 10, 20, 100, 1000, 1, 1, 1]);
}
