//! What `junit.xml` says, by quick-junit's own reader.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use cotillion::metrics::number;

use super::{Fact, Told};

/// What a CI server must be told.
pub const WHOLE: &[&str] = &[
    "suite/name",
    "run/id",
    "run/seed",
    "run/target",
    "verdict",
    "thresholds/*/result",
    "thresholds/*/limit",
    "thresholds/*/observed",
    "thresholds/*/samples",
    "thresholds/*/file",
    "thresholds/*/line",
    "invariants/*/result",
    "invariants/*/held",
    "invariants/*/broken",
    "invariants/*/undecided",
    "invariants/*/line",
    "checks/*/result",
    "checks/*/line",
    "scenarios/*/users",
    "scenarios/*/line",
    "scenarios/*/totals/ok",
    "scenarios/*/totals/rejected",
    "scenarios/*/success_rate",
    "totals/ok",
    "totals/rejected",
    "totals/rejected_explained",
    "totals/rejected_jitter",
    "totals/rejected_unexplained",
    "totals/rejected_contested",
    "totals/failed",
    "totals/timeout",
    "totals/disconnected",
    "totals/unfinished",
    "latencies/*/p50_ms",
    "latencies/*/p90_ms",
    "latencies/*/p95_ms",
    "latencies/*/p99_ms",
    "latencies/*/max_ms",
    "deliveries/*/expected",
    "deliveries/*/in_time",
    "deliveries/*/late",
    "deliveries/*/missing",
    "deliveries/*/duplicate",
    "deliveries/*/out_of_order",
    "deliveries/*/disagreement",
    "deliveries/*/leaked",
    "deliveries/*/ambiguous",
    "deliveries/*/latency/p95_ms",
];

pub fn facts(text: &str) -> Vec<Fact> {
    let report = Report::deserialize_from_str(text).unwrap();
    let name = report.name.as_ref().expect("a name").to_string();
    let mut facts = vec![("suite/name".to_owned(), Told::Word(name.clone()))];
    for suite in &report.test_suites {
        let scenario = (*suite.name != *name).then(|| suite.name.to_string());
        for property in &suite.properties {
            facts.extend(of_suite(suite, scenario.as_deref(), &property.name, &property.value));
        }
        for case in &suite.test_cases {
            of_case(&mut facts, scenario.as_deref(), case);
        }
    }
    facts
}

fn exact(text: &str) -> Told {
    text.parse().map_or_else(|_| panic!("{text} is no number"), Told::Number)
}

/// A property of a suite.
fn of_suite(suite: &TestSuite, scenario: Option<&str>, name: &str, value: &str) -> Option<Fact> {
    let (group, rest) = name.split_once('.').unwrap_or((name, ""));
    let totals = scenario.map_or_else(|| "totals".to_owned(), |scenario| format!("scenarios/{scenario}/totals"));
    let fact = match (group, rest) {
        ("verdict", "status" | "validity") => {
            (format!("verdict/{rest}"), Told::Word(value.to_lowercase().replace(' ', "_")))
        }
        ("run", "seed") => ("run/seed".into(), exact(value)),
        ("run", "id" | "target" | "protocol" | "version" | "machine") => {
            (format!("run/{rest}"), Told::Word(value.to_owned()))
        }
        ("actions", "not sent") => {
            (scenario.map_or_else(|| "sums/not sent".into(), |name| format!("sums/{name}/not sent")), exact(value))
        }
        ("actions", outcome) => (format!("{totals}/{outcome}"), exact(value)),
        ("rejected", cause) => (format!("{totals}/rejected_{cause}"), exact(value)),
        ("users", "") => (format!("scenarios/{}/users", scenario?), Told::Shown(value.to_owned(), counted)),
        ("success_rate", "") if value == number::NONE => {
            (format!("scenarios/{}/success_rate", scenario?), Told::Nothing)
        }
        ("success_rate", "") => {
            (format!("scenarios/{}/success_rate", scenario?), Told::Shown(value.to_owned(), number::share))
        }
        ("delivery", rest) => {
            let (action, what) = rest.rsplit_once('.')?;
            let start = format!("delivery of {action} (");
            let case = suite.test_cases.iter().find(|case| case.name.starts_with(&start)).expect("its case");
            let event = case.name[start.len()..].trim_end_matches(')');
            let within = if what.ends_with("_ms") { "/latency" } else { "" };
            (format!("deliveries/{}, {action}, {event}{within}/{what}", scenario?), exact(value))
        }
        (metric, rest) if rest.ends_with("_ms") => match rest.rsplit_once('.') {
            None => (format!("latencies/{metric}/{rest}"), exact(value)),
            Some((action, rest)) => (format!("latencies/{metric}, {}, {action}/{rest}", scenario?), exact(value)),
        },
        _ => return None,
    };
    Some(fact)
}

fn counted(value: f64) -> String {
    number::count(value as u64)
}

fn of_case(facts: &mut Vec<Fact>, scenario: Option<&str>, case: &TestCase) {
    let property = |name: &str| case.properties.iter().find(|property| *property.name == *name);
    let (place, result, counts): (String, &str, &[&str]) = if let Some(limit) = property("limit") {
        let place = format!("thresholds/{}", &*case.name);
        facts.push((format!("{place}/limit"), Told::Word(limit.value.to_string())));
        facts.push((format!("{place}/file"), Told::Word(case.extra["file"].to_string())));
        if property("observed").is_none() {
            facts.push((format!("{place}/observed"), Told::Nothing));
        }
        (place, ended(case, "met", "broken"), &["observed", "samples"])
    } else if let Some(name) = case.name.strip_prefix("invariant ") {
        (format!("invariants/{name}"), ended(case, "held", "broken"), &["held", "broken", "undecided"])
    } else if let Some(name) = case.name.strip_prefix("after: ") {
        (format!("checks/{name}"), ended(case, "true", "false"), &[])
    } else {
        if let (Some(scenario), "scenario completed") = (scenario, &*case.name) {
            facts.push((format!("scenarios/{scenario}/line"), exact(&case.extra["line"])));
            // Below the word.
            let sentence = case.system_out.as_ref().and_then(|output| output.lines().nth(1));
            facts.extend(sentence.map(|sentence| ("verdict/sentence".to_owned(), Told::Word(sentence.to_owned()))));
        }
        if &*case.name == "measurement valid" {
            let lines = case.system_out.iter().flat_map(|output| output.lines());
            let reasons = lines.filter_map(|line| line.strip_prefix("- ")).enumerate();
            facts.extend(reasons.map(|(n, why)| (format!("verdict/reasons/{n}"), Told::Word(why.to_owned()))));
        }
        return;
    };
    facts.push((format!("{place}/result"), Told::Word(result.to_owned())));
    facts.push((format!("{place}/line"), exact(&case.extra["line"])));
    let numbers = counts.iter().filter_map(|name| Some((name, property(name)?)));
    facts.extend(numbers.map(|(name, property)| (format!("{place}/{name}"), exact(&property.value))));
}

/// What came of a case, as the record says it.
fn ended<'a>(case: &TestCase, good: &'a str, bad: &'a str) -> &'a str {
    let warns = case.system_out.as_ref().is_some_and(|output| output.starts_with("WARNING"));
    match &case.status {
        TestCaseStatus::Success { .. } if warns => bad,
        TestCaseStatus::Success { .. } => good,
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => "error",
        TestCaseStatus::NonSuccess { ty: Some(ty), .. } if **ty == *"NoData" => "no_data",
        TestCaseStatus::NonSuccess { .. } => bad,
        TestCaseStatus::Skipped { .. } => "not_judged",
    }
}
