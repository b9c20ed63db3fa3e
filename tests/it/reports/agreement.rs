//! Every format says the same as `results.json`: its numbers are read back out of it and compared with the record, for every
//! example. A format without a reader fails, and so does a reader that finds less than its format is there for.

mod for_ci;
mod junit;
mod page;

use std::collections::{BTreeMap, HashSet};

use cotillion::metrics::catalog::Unit;
use cotillion::metrics::number;
use cotillion::report::json::Results;
use cotillion::report::{FORMATS, Look};
use cotillion::verdict::Outcome;
use cotillion::verdict::outcome::{Status, Validity};
use serde_json::Value;

use super::examples;

/// What a format says, and the place in `results.json` where the same must stand: `totals/ok`, or
/// `thresholds/success_rate >= 95%/observed`. Items of lists go by what names them (see [`NAMES`]).
pub type Fact = (String, Told);

/// How it is said.
#[derive(Debug, Clone)]
pub enum Told {
    Number(f64),
    /// A number that was rounded to so many decimals.
    Rounded(f64, u32),
    Word(String),
    /// A number as people read it, and how such numbers are written.
    Shown(String, fn(f64) -> String),
    /// The same in the `unit` that stands beside it in the record.
    InUnit(String),
    /// That there is no number.
    Nothing,
}

/// How a format is read.
pub struct Reader {
    /// The name in `FORMATS`.
    pub format: &'static str,
    pub read: fn(&str) -> Vec<Fact>,
    /// Places that the format must say where the record has them, with everything below them; `*` is any one name.
    pub whole: &'static [&'static str],
}

/// A reader for every row of `FORMATS`.
const READERS: &[Reader] = &[
    Reader { format: "html", read: page::facts, whole: page::WHOLE },
    Reader { format: "junit", read: junit::facts, whole: junit::WHOLE },
    Reader { format: "json", read: json, whole: &[""] },
    Reader { format: "github", read: for_ci::summary, whole: for_ci::SUMMARY },
    Reader { format: "gitlab", read: for_ci::load_performance, whole: for_ci::LOAD_PERFORMANCE },
    Reader { format: "gitlab-metrics", read: for_ci::metrics, whole: for_ci::METRICS },
    Reader { format: "gitlab-link", read: for_ci::link, whole: for_ci::LINK },
    Reader { format: "openmetrics", read: for_ci::openmetrics, whole: for_ci::OPENMETRICS },
    Reader { format: "csv", read: for_ci::timeline, whole: for_ci::TIMELINE },
];

/// What items of a list are called by.
const NAMES: &[(&str, &[&str])] = &[
    ("thresholds", &["name"]),
    ("invariants", &["name"]),
    ("checks", &["name"]),
    ("scenarios", &["name"]),
    ("actions", &["name"]),
    ("metrics", &["name"]),
    ("customs", &["name", "scenario"]),
    ("labels", &["label", "value"]),
    ("latencies", &["metric", "scenario", "action"]),
    ("errors", &["class", "kind", "scenario"]),
    ("deliveries", &["scenario", "action", "event"]),
    ("points", &["second"]),
];

/// The record as places and values.
type Record = BTreeMap<String, Value>;

fn flatten(record: &mut Record, place: &str, list: &str, value: &Value) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}/{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| flatten(record, &below(name), name, value)),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let keys = NAMES.iter().find(|(name, _)| *name == list).map_or(&[][..], |(_, keys)| keys);
                let parts = keys.iter().map(|key| &item[*key]).filter(|value| !value.is_null());
                let named: Vec<String> =
                    parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
                let name = if named.is_empty() { number.to_string() } else { named.join(", ") };
                flatten(record, &below(&name), "", item);
            }
        }
        leaf => {
            let twice = record.insert(place.to_owned(), leaf.clone());
            assert!(twice.is_none(), "{place} stands twice in the record");
        }
    }
}

/// The record, and the same by what formats show of it: sums of what was not sent, of the whole run and of every scenario
/// (`sums/not sent`), thresholds by their lines (`lines/30/observed`), deliveries by action and event (`events/…`).
fn record(outcome: &Outcome) -> Record {
    let document = serde_json::to_value(Results::from(outcome)).unwrap();
    let mut record = Record::new();
    flatten(&mut record, "", "", &document);
    let mut totals = vec![("totals".to_owned(), "sums".to_owned())];
    totals.extend(
        outcome.scenarios.iter().map(|row| (format!("scenarios/{}/totals", row.name), format!("sums/{}", row.name))),
    );
    for (from, to) in totals {
        let parts = ["busy", "offline", "generator", "abandoned"];
        let sum: u64 = parts.iter().map(|part| record[&format!("{from}/not_sent_{part}")].as_u64().unwrap()).sum();
        record.insert(format!("{to}/not sent"), sum.into());
    }
    for threshold in document["thresholds"].as_array().unwrap() {
        flatten(&mut record, &format!("lines/{}", threshold["line"]), "", threshold);
    }
    for row in document["deliveries"].as_array().unwrap() {
        let named = ["action", "event"].map(|key| row[key].as_str().unwrap()).join(", ");
        flatten(&mut record, &format!("events/{named}"), "", row);
    }
    record
}

/// Places that [`record`] adds.
const ADDED: &[&str] = &["sums/", "lines/", "events/"];

fn json(text: &str) -> Vec<Fact> {
    let mut read = Record::new();
    flatten(&mut read, "", "", &serde_json::from_str(text).unwrap());
    let told = |value: Value| match value {
        Value::Null => Told::Nothing,
        Value::String(word) => Told::Word(word),
        other => other.as_f64().map_or_else(|| Told::Word(other.to_string()), Told::Number),
    };
    read.into_iter().map(|(place, value)| (place, told(value))).collect()
}

fn agrees(record: &Record, place: &str, told: &Told) -> bool {
    let Some(value) = record.get(place) else { return false };
    let unit = || {
        let (above, _) = place.rsplit_once('/').expect("a place within something");
        serde_json::from_value::<Unit>(record[&format!("{above}/unit")].clone()).expect("a unit")
    };
    match (told, value.as_f64()) {
        (Told::Number(told), Some(value)) => *told == value,
        (Told::Rounded(told, decimals), Some(value)) => (told - value).abs() * 10_f64.powi(*decimals as i32) <= 0.5001,
        (Told::Shown(told, shown), Some(value)) => *told == shown(value),
        (Told::InUnit(told), Some(value)) => *told == number::value(value, unit()),
        (Told::Word(told), None) => value.as_str().map_or_else(|| value.to_string(), str::to_owned) == *told,
        (Told::Nothing, None) => value.is_null(),
        _ => false,
    }
}

/// Is a place at or below a pattern?
fn covers(pattern: &str, place: &str) -> bool {
    let mut names = place.split('/');
    if pattern.is_empty() {
        return !ADDED.iter().any(|added| place.starts_with(added));
    }
    pattern.split('/').all(|part| names.next().is_some_and(|name| part == "*" || part == name))
}

/// What is compared with the run before says nothing of a run that cannot judge the server.
const SILENT: &[&str] = &["gitlab"];

fn check(reader: &Reader, name: &str, outcome: &Outcome) {
    let at = format!("{} of {name}", reader.format);
    let format = FORMATS.iter().find(|format| format.name == reader.format).expect("a format");
    let text = (format.render)(outcome, &Look::default()).unwrap();
    let (record, facts) = (record(outcome), (reader.read)(&text));
    // Of what was skipped there is nothing to say but that.
    let cannot_judge = matches!(outcome.verdict.validity, Validity::Invalid | Validity::NotMeasured);
    let silent = cannot_judge && SILENT.contains(&reader.format);
    let skipped = silent || outcome.verdict.status == Status::Skipped;
    assert!(skipped || !facts.is_empty(), "{at} says nothing");
    let wrong: Vec<String> = facts
        .iter()
        .filter(|(place, told)| !agrees(&record, place, told))
        .map(|(place, told)| format!("{place}: {told:?}, but {:?}", record.get(place)))
        .collect();
    assert!(wrong.is_empty(), "{at} says something else than results.json:\n{}", wrong.join("\n"));
    let said: HashSet<&String> = facts.iter().map(|(place, _)| place).collect();
    let missing: Vec<&String> = record
        .iter()
        .filter(|(place, value)| {
            !skipped && !value.is_null() && reader.whole.iter().any(|pattern| covers(pattern, place))
        })
        .map(|(place, _)| place)
        .filter(|place| !said.contains(place))
        .collect();
    assert!(missing.is_empty(), "{at} does not say {missing:#?}");
}

#[test]
fn every_format_agrees_with_the_record() {
    for format in FORMATS {
        let reader = READERS.iter().find(|reader| reader.format == format.name);
        let reader = reader.unwrap_or_else(|| panic!("nobody reads {}: add a row to READERS", format.name));
        for (name, outcome, _) in examples() {
            check(reader, name, &outcome);
        }
    }
    for reader in READERS {
        let used = reader.whole.iter().all(|pattern| {
            let failed = record(&Outcome::example());
            failed.keys().any(|place| covers(pattern, place))
        });
        assert!(used, "{} must say something that no record has", reader.format);
    }
}

#[test]
fn a_number_that_differs_is_found() {
    let outcome = Outcome::example();
    let record = record(&outcome);
    for (place, told, expected) in [
        ("totals/ok", Told::Number(1_237.0), true),
        ("totals/ok", Told::Number(1_238.0), false),
        ("totals/okay", Told::Number(1_237.0), false),
        ("totals/ok", Told::Shown("1,237".into(), |value| number::count(value as u64)), true),
        ("totals/ok", Told::Shown("1237".into(), |value| number::count(value as u64)), false),
        ("totals/ok", Told::Nothing, false),
        ("metrics/success_rate/value", Told::InUnit("96.34 %".into()), true),
        ("metrics/success_rate/value", Told::InUnit("96.35 %".into()), false),
        ("metrics/success_rate/value", Told::Rounded(0.963, 3), true),
        ("metrics/success_rate/value", Told::Rounded(0.964, 3), false),
        ("verdict/status", Told::Word("fail".into()), true),
        ("verdict/status", Told::Word("pass".into()), false),
        ("thresholds/success_rate >= 95%/action", Told::Nothing, true),
    ] {
        assert_eq!(agrees(&record, place, &told), expected, "{place}: {told:?}");
    }
    // Every format would say something else of another run.
    for reader in READERS {
        let text = (FORMATS.iter().find(|format| format.name == reader.format).unwrap().render)(
            &Outcome::example_passed(),
            &Look::default(),
        );
        let facts = (reader.read)(&text.unwrap());
        assert!(facts.iter().any(|(place, told)| !agrees(&record, place, told)), "{}", reader.format);
    }
}
