//! Can the run judge the server at all? PASS and FAIL are about the server; this is about the measurement.
//!
//! [`RULES`] says what casts doubt on a run. The numbers stand in `limits`, each with its reason.

use super::outcome::{Judged, Validity};
use crate::metrics::catalog::Gauge;
use crate::metrics::{Counter, Distribution, Histogram, Numbers, Part, Statistic, number};
use crate::plan::{Plan, Rhythm};
use crate::record::Results;
use crate::units::Duration;

/// Where doubts begin.
mod limits {
    use crate::units::Duration;

    /// What timers of a busy machine may be late without saying anything about a run: less is never held against it.
    pub const TIMERS: Duration = Duration::from_millis(20);
    /// Later than this part of the step, turns no longer happen in the order that the plan has given them.
    pub const STEP: f64 = 0.5;
    /// Without a cooldown, so much of the step may pass unnoticed: the load is the same to within it.
    pub const STEP_SUSPECT: f64 = 0.1;
    /// So many of the gaps broken by us are no accident any more …
    pub const GAPS: f64 = 0.01;
    /// … unless they are too few to make a share of.
    pub const GAPS_AT_LEAST: u64 = 3;
    /// Rejections that we caused: a tenth of what a threshold such as `rejected_rate < 1%` measures.
    pub const REJECTED: f64 = 0.001;
    /// A tenth of the load is missing: it was another test.
    pub const NOT_SENT: f64 = 0.1;
    /// What is missing is as much as thresholds measure, as `success_rate >= 99%`.
    pub const NOT_SENT_SUSPECT: f64 = 0.01;
    /// Timers are looked at once a second; when they fire so late, moments mean nothing.
    pub const TIMER_LAG: Duration = Duration::from_millis(250);
    /// As much as people notice, and as servers are asked to answer in.
    pub const TIMER_LAG_SUSPECT: Duration = Duration::from_millis(100);
    /// Nothing was to spare in most seconds.
    pub const CPU: f64 = 0.95;
    /// A peak within a second is above this average.
    pub const CPU_SUSPECT: f64 = 0.85;
    /// Others had the cores most of the time.
    pub const WAIT: f64 = 0.6;
    /// Work waited for a core practically always: every latency holds that wait, whether sends were late or not.
    pub const WAIT_ALWAYS: f64 = 0.9;
    /// A third of the time measured is that of this machine.
    pub const WAIT_SUSPECT: f64 = 0.3;
}

/// Something that casts doubt on a run.
#[derive(Debug)]
pub struct Rule {
    pub name: &'static str,
    /// When the run is INVALID for it, for the reference; empty: never.
    pub invalid: &'static str,
    /// When it is SUSPECT for it; empty: never.
    pub suspect: &'static str,
    find: fn(&Facts<'_>) -> Option<Doubt>,
}

/// A doubt, as a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doubt {
    Invalid(String),
    Suspect(String),
}

/// What casts doubt on a run, what weighs most first.
pub const RULES: &[Rule] = &[
    Rule {
        name: "nothing sent",
        invalid: "users that should act connected, and not a single action was sent",
        suspect: "",
        find: nothing_sent,
    },
    Rule { name: "no sample", invalid: "no threshold has a single sample", suspect: "", find: no_sample },
    Rule {
        name: "late sends",
        invalid: "`generator_lateness` p99 is above half the step (and 20 ms)",
        suspect: "it is above what the plan has to spare: margin and slack, without a cooldown a tenth of the step (and 20 ms)",
        find: late_sends,
    },
    Rule {
        name: "gaps broken by us",
        invalid: "only the generator's lateness broke more than 1 % of the gaps that were proved (and 3), or led to more than 0.1 % rejections",
        suspect: "it broke any, or led to any rejection",
        find: broken_gaps,
    },
    Rule {
        name: "actions not sent",
        invalid: "the generator could not send more than 10 % of the actions",
        suspect: "more than 1 % were not sent: *generator* or *busy*",
        find: not_sent,
    },
    Rule { name: "timers", invalid: "`timer_lag` p90 is above 250 ms", suspect: "it is above 100 ms", find: timers },
    Rule {
        name: "processor",
        invalid: "`generator_cpu` is above 95 % in most seconds, and sends are late (as above for SUSPECT)",
        suspect: "it is above 85 % in most seconds",
        find: processor,
    },
    Rule {
        name: "no core",
        invalid: "`generator_wait` is above 90 % in most seconds, or above 60 % and sends are late (as above for SUSPECT)",
        suspect: "it is above 30 % in most seconds",
        find: no_core,
    },
    Rule {
        name: "forced plan",
        invalid: "",
        suspect: "the plan breaks its proof and was run with `--force`",
        find: forced,
    },
    Rule {
        name: "nothing proved",
        invalid: "",
        suspect: "a cooldown is declared, and a closed loop acts on the resources",
        find: unproved,
    },
    Rule {
        name: "explained rejections",
        invalid: "",
        suspect: "actions were rejected that came sooner than a declared cooldown allows",
        find: explained,
    },
    Rule {
        name: "few samples",
        invalid: "",
        suspect: "a threshold rests on fewer than its `min_samples`",
        find: few_samples,
    },
    Rule {
        name: "owed to nobody",
        invalid: "",
        suspect: "actions with a `delivery` were ok, and nobody at all was to receive any of them",
        find: owed_to_nobody,
    },
    Rule {
        name: "no thresholds",
        invalid: "",
        suspect: "the suite has neither thresholds nor invariants",
        find: no_thresholds,
    },
];

/// What the rules look at.
struct Facts<'a> {
    plan: &'a Plan,
    results: &'a Results,
    judged: &'a [Judged],
    numbers: Numbers,
    /// The run came to its planned end, so what is missing is missing.
    completed: bool,
}

/// The validity of a run and the reasons for it, worst first.
#[must_use]
pub fn assess(
    plan: &Plan,
    results: &Results,
    judged: &[Judged],
    completed: bool,
    strict: bool,
) -> (Validity, Vec<String>) {
    let facts = Facts { plan, results, judged, numbers: results.numbers(Part::default()), completed };
    let (mut invalid, mut suspect) = (Vec::new(), Vec::new());
    for doubt in RULES.iter().filter_map(|rule| (rule.find)(&facts)) {
        match doubt {
            Doubt::Invalid(reason) => invalid.push(reason),
            Doubt::Suspect(reason) => suspect.push(reason),
        }
    }
    let validity = match (invalid.is_empty(), suspect.is_empty()) {
        (false, _) => Validity::Invalid,
        (true, true) => Validity::Valid,
        (true, false) if strict => Validity::Invalid,
        (true, false) => Validity::Suspect,
    };
    let by_strict = validity == Validity::Invalid && invalid.is_empty();
    invalid.append(&mut suspect);
    if by_strict {
        invalid.push("with `--strict` a suspect run counts as invalid".to_owned());
    }
    (validity, invalid)
}

fn nothing_sent(facts: &Facts<'_>) -> Option<Doubt> {
    let acts = facts.plan.scenarios.iter().any(|scenario| !scenario.act.is_empty());
    let silent = facts.numbers.counter(Counter::Connections) > 0 && facts.numbers.counter(Counter::Sent) == 0;
    (facts.completed && acts && silent)
        .then(|| Doubt::Invalid("users connected, and not a single action was sent".to_owned()))
}

fn no_sample(facts: &Facts<'_>) -> Option<Doubt> {
    let none = !facts.judged.is_empty() && facts.judged.iter().all(|threshold| threshold.observed.is_none());
    (facts.completed && none).then(|| Doubt::Invalid("no threshold has a single sample".to_owned()))
}

/// The percentile that a few hundred samples can carry: with fewer, one late timer would be a p99.
fn tail(histogram: &Histogram) -> Option<(&'static str, f64)> {
    let (name, p) = if histogram.count() >= 100 { ("p99", 0.99) } else { ("p90", 0.90) };
    Some((name, histogram.statistic(Statistic::Percentile(p))?))
}

/// How late this generator was, for the scenario that suffered most: a sentence, and whether it is above the first and the
/// second limit.
fn lateness(facts: &Facts<'_>) -> Option<(String, bool, bool)> {
    let proof = facts.plan.proof.as_ref().filter(|proof| proof.holds());
    let spare = facts.plan.cooldown.zip(proof).map(|(cooldown, proof)| {
        // Where everything collides by design, nothing has to be kept but the margin.
        cooldown.margin + proof.slack().unwrap_or_default()
    });
    let late = |(number, scenario): (usize, &crate::plan::Scenario)| {
        let Rhythm::Step { every, .. } = scenario.rhythm else { return None };
        let part = Part { scenario: Some(number), ..Part::default() };
        let (percentile, late) = tail(&facts.results.histogram(Distribution::GeneratorLateness, part))?;
        let of_step = |share: f64| Duration::from_secs_f64(every.as_secs_f64() * share);
        let spare = spare.filter(|_| scenario.rotation.is_some());
        let spare = spare.unwrap_or_else(|| of_step(limits::STEP_SUSPECT)).max(limits::TIMERS);
        let most = of_step(limits::STEP).max(limits::TIMERS);
        let text = format!(
            "the generator sent late of its own doing: {percentile} {} in `{}`, whose step is {every} and has {} to spare",
            number::milliseconds(late),
            scenario.name,
            number::milliseconds(spare.as_millis_f64())
        );
        Some((text, late > spare.as_millis_f64(), late > most.as_millis_f64()))
    };
    let late = facts.plan.scenarios.iter().enumerate().filter_map(late);
    late.max_by_key(|(_, suspect, invalid)| (*invalid, *suspect))
}

fn late_sends(facts: &Facts<'_>) -> Option<Doubt> {
    match lateness(facts)? {
        (text, _, true) => Some(Doubt::Invalid(text)),
        (text, true, false) => Some(Doubt::Suspect(text)),
        _ => None,
    }
}

fn broken_gaps(facts: &Facts<'_>) -> Option<Doubt> {
    let of = |counter| facts.numbers.counter(counter);
    let (broken, rejected) = (of(Counter::GapsBrokenByUs), of(Counter::RejectedByUs));
    if broken == 0 && rejected == 0 {
        return None;
    }
    let all = of(Counter::GapsKept) + of(Counter::GapsBroken) + broken;
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let smallest = facts
        .results
        .smallest_gaps
        .iter()
        .map(|(rule, gap)| format!("{} {}", number::milliseconds(gap.as_millis_f64()), rule.words()));
    let smallest: Vec<String> = smallest.collect();
    let text = format!(
        "the generator's own lateness broke {} of {} gaps that the plan had proved ({}), and {} came of it; the smallest \
         gaps were {}",
        number::count(broken),
        number::count(all),
        number::share(share(broken, all)),
        number::counted(rejected, "rejection"),
        smallest.join(", ")
    );
    let many = broken >= limits::GAPS_AT_LEAST && share(broken, all) > limits::GAPS;
    let caused = share(rejected, of(Counter::Sent)) > limits::REJECTED;
    Some(if many || caused { Doubt::Invalid(text) } else { Doubt::Suspect(text) })
}

fn not_sent(facts: &Facts<'_>) -> Option<Doubt> {
    let of = |counter| facts.numbers.counter(counter);
    let planned = of(Counter::Planned).max(1) as f64;
    let (generator, busy) = (of(Counter::NotSentGenerator), of(Counter::NotSentBusy));
    let share = |count: u64| count as f64 / planned;
    if share(generator) > limits::NOT_SENT {
        let text = format!("the generator could not send {} of the actions", number::share(share(generator)));
        return Some(Doubt::Invalid(text));
    }
    let missing = share(generator + busy);
    (missing > limits::NOT_SENT_SUSPECT).then(|| {
        Doubt::Suspect(format!(
            "{} of the actions were not sent: {} because the turn before still ran, {} because the generator could not",
            number::share(missing),
            number::count(busy),
            number::count(generator)
        ))
    })
}

fn timers(facts: &Facts<'_>) -> Option<Doubt> {
    let (lag, text) = late_timers(facts.results)?;
    Some(if lag > limits::TIMER_LAG { Doubt::Invalid(text) } else { Doubt::Suspect(text) })
}

/// How late this generator's timers fired, and a sentence about it, where that casts doubt on a run.
#[must_use]
pub fn late_timers(results: &Results) -> Option<(Duration, String)> {
    let lag = results.histogram(Distribution::TimerLag, Part::default());
    let lag = lag.statistic(Statistic::Percentile(0.90))?;
    let text =
        format!("the generator's timers fired {} late (p90): the machine is overloaded", number::milliseconds(lag));
    let lag = Duration::from_secs_f64(lag / 1e3);
    (lag > limits::TIMER_LAG_SUSPECT).then_some((lag, text))
}

/// What the gauge was above in half of the seconds.
fn median(facts: &Facts<'_>, gauge: Gauge) -> Option<f64> {
    let mut values: Vec<f64> = facts.results.timeline.iter().filter_map(|point| point.gauges.value(gauge)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn processor(facts: &Facts<'_>) -> Option<Doubt> {
    let cpu = median(facts, Gauge::GeneratorCpu)?;
    let text = format!("the generator used {} of the cores that it may use in most seconds", number::share(cpu));
    loaded(facts, text, cpu > limits::CPU, cpu > limits::CPU_SUSPECT)
}

fn no_core(facts: &Facts<'_>) -> Option<Doubt> {
    let wait = median(facts, Gauge::GeneratorWait)?;
    let text = format!("the generator had to wait for a core {} of the time in most seconds", number::share(wait));
    if wait > limits::WAIT_ALWAYS {
        return Some(Doubt::Invalid(text));
    }
    loaded(facts, text, wait > limits::WAIT, wait > limits::WAIT_SUSPECT)
}

/// A loaded machine alone is suspect; it is invalid where sends were late for it.
fn loaded(facts: &Facts<'_>, text: String, most: bool, much: bool) -> Option<Doubt> {
    if most && lateness(facts).is_some_and(|(_, late, _)| late) {
        return Some(Doubt::Invalid(text));
    }
    much.then_some(Doubt::Suspect(text))
}

fn forced(facts: &Facts<'_>) -> Option<Doubt> {
    let text = "the plan breaks a declared cooldown and was run with `--force`";
    facts.plan.forced.then(|| Doubt::Suspect(text.to_owned()))
}

fn unproved(facts: &Facts<'_>) -> Option<Doubt> {
    let closed =
        |scenario: &&crate::plan::Scenario| scenario.rhythm == Rhythm::ClosedLoop && scenario.rotation.is_some();
    let scenario = facts.plan.cooldown.and_then(|_| facts.plan.scenarios.iter().find(closed))?;
    Some(Doubt::Suspect(format!("`{}` is a closed loop, so that it keeps the cooldowns is not proved", scenario.name)))
}

fn explained(facts: &Facts<'_>) -> Option<Doubt> {
    let count = facts.numbers.counter(Counter::RejectedExplained);
    (count > 0).then(|| {
        let rejections = number::counted(count, "rejection");
        Doubt::Suspect(format!("{rejections} came of actions that were sent sooner than a declared cooldown allows"))
    })
}

fn few_samples(facts: &Facts<'_>) -> Option<Doubt> {
    let mut few = facts.judged.iter().filter(|threshold| facts.completed && threshold.too_few_samples);
    let first = few.next()?;
    let more = match few.count() {
        0 => String::new(),
        more => format!(", and {more} more with too few"),
    };
    let (name, samples) = (&first.name, first.samples);
    Some(Doubt::Suspect(format!("`{name}` rests on {samples} samples, which are too few for it{more}")))
}

/// Where nobody is meant, no threshold on deliveries says anything, and each is met by the others.
fn owed_to_nobody(facts: &Facts<'_>) -> Option<Doubt> {
    let rules = facts.plan.deliveries.rules.iter().filter(|rule| facts.completed && rule.when.is_none());
    let mut silent = rules.filter_map(|rule| {
        let part = Part { scenario: Some(rule.scenario), action: Some(rule.action), ..Part::default() };
        let numbers = facts.results.numbers(part);
        let owed = [Counter::DeliveryExpected, Counter::DeliveryAmbiguous].iter().any(|of| numbers.counter(*of) > 0);
        let ok = numbers.counter(Counter::Ok);
        (!owed && ok > 0).then(|| (&facts.plan.scenarios[rule.scenario].actions[rule.action].name, ok))
    });
    let (name, ok) = silent.next()?;
    let more = match silent.count() {
        0 => String::new(),
        more => format!(", nor of {}", number::counted(more as u64, "more action")),
    };
    let ok = number::counted(ok, "time");
    Some(Doubt::Suspect(format!("`{name}` was ok {ok}, and nobody at all was to receive it{more}")))
}

fn no_thresholds(facts: &Facts<'_>) -> Option<Doubt> {
    let text = "the suite has no thresholds, so nothing was judged; add some under `thresholds`";
    let (plan, results) = (facts.plan, facts.results);
    let nothing = facts.judged.is_empty() && plan.invariants.is_empty() && results.checks.is_empty();
    nothing.then(|| Doubt::Suspect(text.to_owned()))
}

#[cfg(test)]
mod tests;
