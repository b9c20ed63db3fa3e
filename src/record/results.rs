//! All of a run's numbers: a fold over its seconds, from memory today and from disk tomorrow.

use super::check::ServerCheck;
use super::checked::Checked;
use super::course::Course;
use super::finding::Findings;
use super::second::{Gauges, Second};
use crate::metrics::catalog::{Gauge, Kind};
use crate::metrics::{
    Axes, Cell, Counter, CustomKind, Distribution, Histogram, Labelled, Metric, Numbers, Part, Recorder, Series,
    Statistic,
};
use crate::plan::Threshold;
use crate::plan::cooldown::Rule;
use crate::plan::subject::Subject;
use crate::units::{Duration, Moment};

/// What is known before the first second.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    pub axes: Axes,
}

/// Four numbers a second and what else the timeline shows. Fixed size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimelinePoint {
    pub number: u64,
    pub counters: [u64; Counter::COUNT],
    /// p50, p95 and p99 of `ack_latency`, in milliseconds.
    pub ack: Option<[f64; 3]>,
    /// The same of `delivery_latency`.
    pub delivery: Option<[f64; 3]>,
    pub gauges: Gauges,
}

// By hand, because arrays beyond 32 items have no default.
impl Default for TimelinePoint {
    fn default() -> Self {
        Self { number: 0, counters: [0; Counter::COUNT], ack: None, delivery: None, gauges: Gauges::default() }
    }
}

/// The numbers of a run so far.
#[derive(Debug, Clone, Default)]
pub struct Results {
    pub header: Header,
    totals: Recorder,
    pub timeline: Vec<TimelinePoint>,
    pub findings: Findings,
    /// The beginning of the run on its resources.
    pub course: Course,
    /// The smallest gap in fact under each declared rule, from send to send.
    pub smallest_gaps: Vec<(Rule, Duration)>,
    /// What came of each invariant, in the order of the plan.
    pub invariants: Vec<Checked>,
    /// The checks of `after`, once they were asked.
    pub checks: Vec<ServerCheck>,
    /// Users whose setup has succeeded at least once.
    pub ready_users: u64,
    /// When the last second ended.
    pub end: Moment,
}

/// A metric read off the results.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// In the unit of the metric; `None` without a sample.
    pub value: Option<f64>,
    /// What the value rests on: samples of a distribution, the whole of a share, seconds of a gauge; for counts and rates what
    /// could have been counted (connects tried, actions due, deliveries owed).
    pub samples: u64,
}

impl Results {
    #[must_use]
    pub fn new(header: Header) -> Self {
        let totals = Recorder::of(&header.axes);
        Self { header, totals, ..Self::default() }
    }

    /// Adds the next second.
    pub fn add(&mut self, second: Second) {
        self.totals.add(&second.recorder);
        let numbers = second.recorder.total();
        let counters = std::array::from_fn(|index| numbers.counter(Counter::ALL[index]));
        let percentiles = [0.50, 0.95, 0.99].map(Statistic::Percentile);
        let spread = |distribution| {
            let histogram = numbers.histogram(distribution)?;
            Some(percentiles.map(|percentile| histogram.statistic(percentile).unwrap_or_default()))
        };
        let (ack, delivery) = (spread(Distribution::AckLatency), spread(Distribution::DeliveryLatency));
        self.timeline.push(TimelinePoint { number: second.number, counters, ack, delivery, gauges: second.gauges });
        self.findings.add(second.findings);
        self.ready_users = self.ready_users.max(second.ready_users);
        self.end = self.end.max(second.end);
    }

    /// How many seconds the run has touched.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.timeline.last().map_or(0, |point| point.number + 1)
    }

    /// The numbers of a part, added up.
    #[must_use]
    pub fn numbers(&self, part: Part) -> Numbers {
        let (mut numbers, none) = (Numbers::default(), Numbers::default());
        for cell in self.header.axes.cells(part) {
            numbers.add(self.cell(cell, part).unwrap_or(&none));
        }
        numbers
    }

    /// The numbers of a cell, of a part that has a label only those with its value.
    fn cell(&self, cell: Cell, part: Part) -> Option<&Numbers> {
        match part.label {
            None => Some(self.totals.cell(cell)),
            Some((label, wanted)) => {
                let value = self.header.axes.labels.get(label)?.wanted.get(wanted)?;
                self.totals.label(label)?.get(value, cell)
            }
        }
    }

    /// The actions of the whole run by the values of a label.
    #[must_use]
    pub fn by_label(&self, label: usize) -> Vec<(&str, Numbers)> {
        self.totals.label(label).map(Labelled::totals).unwrap_or_default()
    }

    /// A distribution over a part.
    #[must_use]
    pub fn histogram(&self, distribution: Distribution, part: Part) -> Histogram {
        let mut histogram = Histogram::new();
        for cell in self.header.axes.cells(part) {
            if let Some(more) = self.cell(cell, part).and_then(|numbers| numbers.histogram(distribution)) {
                histogram.add(more);
            }
        }
        histogram
    }

    /// A metric over a part of the run. A count that never went up is a good zero only where something could have been
    /// counted: without a single attempt to connect there is no sample.
    #[must_use]
    pub fn observe(&self, metric: &Metric, statistic: Option<Statistic>, part: Part) -> Observation {
        let numbers = || self.numbers(part);
        match metric.kind {
            Kind::Share { part: of, whole } => {
                let numbers = numbers();
                let samples = numbers.sum(whole);
                let value = (samples > 0).then(|| numbers.sum(of) as f64 / samples as f64);
                Observation { value, samples }
            }
            Kind::Count(of) => {
                let numbers = numbers();
                let samples = if metric.is_of_deliveries() {
                    could_be_delivered(&numbers, of, part)
                } else if part.action.is_some() || metric.by_action {
                    numbers.counter(Counter::Planned)
                } else {
                    let logins = numbers.sum(&[Counter::Logins, Counter::LoginFailures]);
                    numbers.counter(Counter::ConnectAttempts).max(logins).max(self.attempts_before(part))
                };
                Observation { value: (samples > 0).then(|| numbers.sum(of) as f64), samples }
            }
            Kind::PerSecond(of) => {
                let numbers = numbers();
                let samples = numbers.counter(Counter::Planned);
                let seconds = self.end.as_secs_f64();
                Observation { value: (samples > 0 && seconds > 0.0).then(|| numbers.sum(of) as f64 / seconds), samples }
            }
            Kind::Distribution(distribution) => {
                let histogram = self.histogram(distribution, part);
                Observation {
                    value: statistic.and_then(|statistic| histogram.statistic(statistic)),
                    samples: histogram.count(),
                }
            }
            Kind::Gauge(gauge) => {
                let values: Vec<f64> = self.timeline.iter().filter_map(|point| point.gauges.value(gauge)).collect();
                Observation { value: values.iter().copied().reduce(f64::max), samples: values.len() as u64 }
            }
        }
    }

    /// What a threshold is about.
    #[must_use]
    pub fn of_threshold(&self, threshold: &Threshold) -> Observation {
        match &threshold.subject {
            Subject::Known(metric) => self.observe(metric, threshold.statistic, threshold.part),
            Subject::Custom { number, kind, .. } => {
                self.observe_custom(*number, *kind, threshold.statistic, threshold.part)
            }
        }
    }

    /// A metric of the suite's own over a part.
    #[must_use]
    pub fn custom(&self, number: usize, part: Part) -> Series {
        self.numbers(part).custom(number).cloned().unwrap_or_default()
    }

    /// The same as an observation. A counter that never went up is a good zero only where anything was done at all.
    #[must_use]
    pub fn observe_custom(
        &self,
        number: usize,
        kind: CustomKind,
        statistic: Option<Statistic>,
        part: Part,
    ) -> Observation {
        let series = self.custom(number, part);
        let samples = match kind {
            CustomKind::Count if series.samples() == 0 => {
                let numbers = self.numbers(part);
                let tried = numbers.counter(Counter::ConnectAttempts).max(self.attempts_before(part));
                tried.max(numbers.counter(Counter::Planned))
            }
            _ => series.samples(),
        };
        Observation { value: series.value(kind, statistic).filter(|_| samples > 0), samples }
    }

    /// A later stage may see no connect of its own and still judge disconnects: its users came in an earlier one.
    fn attempts_before(&self, part: Part) -> u64 {
        if part.stage.is_none() {
            0
        } else {
            self.numbers(Part { stage: None, ..part }).counter(Counter::ConnectAttempts)
        }
    }
}

/// Of deliveries, what could have been counted: those that were owed. Nobody may hear of a refused action, so that it could
/// have been leaked; of which actions that is asked is known where one of them is looked at.
fn could_be_delivered(numbers: &Numbers, of: &[Counter], part: Part) -> u64 {
    let mut samples = numbers.counter(Counter::DeliveryExpected);
    if part.action.is_some() && of.contains(&Counter::DeliveryLeaked) {
        samples += numbers.sum(&[Counter::Rejected, Counter::Failed]);
    }
    samples.max(numbers.sum(of))
}

impl Gauges {
    /// The value of a gauge in this second.
    #[must_use]
    pub fn value(&self, gauge: Gauge) -> Option<f64> {
        match gauge {
            Gauge::UsersConnected => Some(self.users as f64),
            Gauge::GeneratorCpu => self.cpu,
            Gauge::GeneratorWait => self.wait,
            Gauge::GeneratorMemory => self.memory.map(|bytes| bytes as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ScenarioAxis;
    use crate::metrics::catalog::find;

    fn results() -> Results {
        let axis = ScenarioAxis { name: "s".into(), stages: vec!["a".into(), "b".into()], actions: vec!["bid".into()] };
        let mut results = Results::new(Header { axes: Axes { scenarios: vec![axis], ..Axes::default() } });
        for number in 0..4 {
            let mut recorder = Recorder::new(4);
            let stage = number / 2;
            let cell = Cell::within(0, 1, stage as usize, Some(0));
            recorder.count_many(cell, Counter::Planned, 10);
            recorder.count_many(cell, Counter::Sent, 10);
            recorder.count_many(cell, Counter::Ok, 9 - stage);
            recorder.count_many(cell, Counter::Rejected, 1 + stage);
            recorder.record(cell, Distribution::AckLatency, Duration::from_millis(10 * (number + 1)));
            if number == 0 {
                recorder.count_many(Cell(0), Counter::ConnectAttempts, 5);
                recorder.count_many(Cell(0), Counter::Connections, 5);
            }
            let gauges = Gauges { users: number, cpu: None, wait: None, memory: Some(1000 * number) };
            let end = Moment::START + Duration::SECOND * (number + 1);
            results.add(Second { number, end, recorder, gauges, findings: Findings::default(), ready_users: 5 });
        }
        results
    }

    fn check(metric: &str, statistic: Option<Statistic>, part: Part, value: Option<f64>, samples: u64) {
        let found = results().observe(find(metric).unwrap(), statistic, part);
        assert_eq!(found, Observation { value, samples }, "{metric}");
    }

    #[test]
    fn metrics_are_read_off_the_whole_or_a_part() {
        let all = Part::default();
        let second_stage = Part { scenario: Some(0), stage: Some(1), ..Part::default() };
        check("success_rate", None, all, Some(34.0 / 40.0), 40);
        check("success_rate", None, second_stage, Some(0.8), 20);
        check("rejections", None, all, Some(6.0), 40);
        check("action_throughput", None, all, Some(10.0), 40);
        check("ack_latency", Some(Statistic::Max), second_stage, Some(40.0), 2);
        check("connect_rate", None, all, Some(1.0), 5);
        check("connect_rate", None, second_stage, None, 0);
        check("disconnects", None, all, Some(0.0), 5);
        check("disconnects", None, second_stage, Some(0.0), 5);
        check("connect_latency", Some(Statistic::Max), all, None, 0);
        check("users_connected", None, all, Some(3.0), 4);
        check("generator_cpu", None, all, None, 0);
        check("generator_memory", None, all, Some(3000.0), 4);
    }

    #[test]
    fn a_run_of_nothing_has_no_samples() {
        let results = Results::new(Header::default());
        for name in ["disconnects", "success_rate", "errors", "actions"] {
            let metric = find(name).unwrap();
            assert_eq!(
                results.observe(metric, None, Part::default()),
                Observation { value: None, samples: 0 },
                "{name}"
            );
        }
    }

    /// A metric of deliveries over a run with these numbers of the one action, or of its scenario.
    fn check_deliveries(metric: &str, narrow: bool, counts: &[(Counter, u64)], value: Option<f64>, samples: u64) {
        let axis = ScenarioAxis { name: "s".into(), stages: vec!["a".into()], actions: vec!["bid".into()] };
        let mut results = Results::new(Header { axes: Axes { scenarios: vec![axis], ..Axes::default() } });
        let mut recorder = Recorder::new(2);
        counts.iter().for_each(|(counter, count)| recorder.count_many(Cell(1), *counter, *count));
        results.add(Second { recorder, ..Second::default() });
        let part = Part { scenario: Some(0), stage: None, action: narrow.then_some(0), label: None };
        let found = results.observe(find(metric).unwrap(), None, part);
        assert_eq!(found, Observation { value, samples }, "{metric} {counts:?}");
    }

    #[test]
    fn where_no_delivery_was_owed_none_is_a_good_zero() {
        use Counter::{DeliveryDuplicate, DeliveryExpected, DeliveryInTime, DeliveryLeaked, DeliveryMissing};
        let (due, refused) = ((Counter::Planned, 40), (Counter::Rejected, 40));
        for metric in ["delivery_missing", "delivery_leaked", "delivery_expected", "delivery_rate"] {
            check_deliveries(metric, false, &[due, refused], None, 0);
        }
        check_deliveries("delivery_missing", true, &[due, refused], None, 0);
        // Of an action that was refused, somebody could have heard.
        check_deliveries("delivery_leaked", true, &[due, refused], Some(0.0), 40);
        check_deliveries("delivery_leaked", false, &[due, refused, (DeliveryLeaked, 3)], Some(3.0), 3);
        let owed = [due, (DeliveryExpected, 10), (DeliveryInTime, 9), (DeliveryMissing, 1), (DeliveryDuplicate, 12)];
        check_deliveries("delivery_missing", true, &owed, Some(1.0), 10);
        check_deliveries("delivery_leaked", false, &owed, Some(0.0), 10);
        check_deliveries("delivery_duplicate", false, &owed, Some(12.0), 12);
        check_deliveries("delivery_rate", false, &owed, Some(0.9), 10);
    }

    #[test]
    fn the_timeline_keeps_the_numbers_of_each_second() {
        let results = results();
        assert_eq!(results.seconds(), 4);
        assert_eq!(results.timeline[2].counters[Counter::Ok as usize], 8);
        assert_eq!((results.timeline[2].ack, results.timeline[2].delivery), (Some([30.0; 3]), None));
    }
}
