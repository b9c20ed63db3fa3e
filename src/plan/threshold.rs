//! Thresholds: `p95 < 200ms`, `>= 99%`, `== 0`, on a metric and perhaps on a part of the run.

use winnow::Parser;
use winnow::ascii::multispace0;
use winnow::combinator::{alt, opt};
use winnow::error::{ContextError, ErrMode};
use winnow::token::take_while;

use super::critic::Critic;
use super::subject::Subject;
use crate::metrics::catalog::{STATISTICS, Statistic, Unit};
use crate::metrics::{Axes, Part};
use crate::suite::problem::Path;
use crate::suite::scalar::OneOrMany;
use crate::suite::schema::{self, Map, ThresholdDetailed};
use crate::units::{Bytes, Duration, Percent, Rate};

/// A limit on a metric.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// `ack_latency p95 < 200ms (scenario bidders, stage steady)`: stable, without measured values.
    pub name: String,
    pub subject: Subject,
    /// For distributions.
    pub statistic: Option<Statistic>,
    pub comparison: Comparison,
    /// In the unit of the metric: fraction, milliseconds, bytes, …
    pub limit: f64,
    /// `< 200ms`.
    pub limit_text: String,
    pub part: Part,
    pub scenario: Option<String>,
    pub stage: Option<String>,
    pub action: Option<String>,
    /// Name and value of the label: `node a`.
    pub label: Option<String>,
    pub warn_only: bool,
    /// With fewer samples the run is suspect.
    pub min_samples: u64,
    /// Broken for so long without a break, it stops the run.
    pub abort_after: Option<Duration>,
    /// Line in the suite, from 1.
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

const COMPARISONS: &[(&str, Comparison)] = &[
    ("<=", Comparison::LessOrEqual),
    ("<", Comparison::Less),
    (">=", Comparison::GreaterOrEqual),
    (">", Comparison::Greater),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
];

impl Comparison {
    /// Does `observed` stand so to `limit`?
    #[must_use]
    pub fn holds(self, observed: f64, limit: f64) -> bool {
        match self {
            Self::Less => observed < limit,
            Self::LessOrEqual => observed <= limit,
            Self::Greater => observed > limit,
            Self::GreaterOrEqual => observed >= limit,
            Self::Equal => observed == limit,
            Self::NotEqual => observed != limit,
        }
    }
}

/// All thresholds of a suite, in the order of the file.
pub fn compile(
    thresholds: &Map<OneOrMany<schema::Threshold>>,
    path: &Path,
    axes: &Axes,
    critic: &Critic<'_>,
) -> Vec<Threshold> {
    let mut compiled: Vec<Threshold> = Vec::new();
    for (name, limits) in thresholds {
        let path = path.key(name.as_str());
        let subject = match Subject::find(name, axes) {
            Ok(subject) => subject,
            Err(help) => {
                critic.error_at_key(&path, format!("unknown metric `{name}`"), help);
                continue;
            }
        };
        for (index, limit) in limits.as_slice().iter().enumerate() {
            let path = if matches!(limits, OneOrMany::Many(_)) { path.index(index) } else { path.clone() };
            let Some(threshold) = one(&subject, limit, &path, axes, critic) else { continue };
            if compiled.iter().any(|known| known.name == threshold.name) {
                critic.error(
                    &path,
                    format!("the threshold `{}` stands here twice", threshold.name),
                    "remove one of them",
                );
            }
            compiled.push(threshold);
        }
    }
    compiled
}

fn one(
    subject: &Subject,
    threshold: &schema::Threshold,
    path: &Path,
    axes: &Axes,
    critic: &Critic<'_>,
) -> Option<Threshold> {
    let (detailed, limit_path) = match threshold {
        schema::Threshold::Limit(limit) => (&plain(limit), path.clone()),
        schema::Threshold::Detailed(detailed) => (detailed, path.key("limit")),
    };
    let limit = match Limit::parse(&detailed.limit, subject) {
        Ok(limit) => limit,
        Err((what, help)) => {
            critic.error(&limit_path, format!("threshold `{}`: {what}", detailed.limit), help);
            return None;
        }
    };
    let part = part(subject, detailed, path, axes, critic)?;
    let warn_only = detailed.severity.as_deref() == Some("warn");
    if warn_only && detailed.abort_after.is_some() {
        let help = "leave out `abort_after`, or `severity: warn`";
        critic.error_at_key(&path.key("abort_after"), "a threshold that only warns cannot stop the run", help);
    }
    let mut narrowed = Vec::new();
    for (key, value) in [("scenario", &detailed.scenario), ("stage", &detailed.stage), ("action", &detailed.action)] {
        narrowed.extend(value.as_ref().map(|value| format!("{key} {value}")));
    }
    let one = detailed.label.iter().flatten().next();
    let label = one.map(|(name, value)| format!("{name} {}", super::language::text::text_of(value)));
    narrowed.extend(label.as_ref().map(|label| format!("label {label}")));
    let narrowed = if narrowed.is_empty() { String::new() } else { format!(" ({})", narrowed.join(", ")) };
    let statistic = limit.statistic.map_or(String::new(), |statistic| format!("{} ", statistic.name()));
    Some(Threshold {
        name: format!("{} {statistic}{}{narrowed}", subject.name(), limit.text),
        subject: subject.clone(),
        statistic: limit.statistic,
        comparison: limit.comparison,
        limit: limit.value,
        limit_text: limit.text,
        part,
        scenario: detailed.scenario.clone(),
        stage: detailed.stage.clone(),
        action: detailed.action.clone(),
        label,
        warn_only,
        min_samples: detailed
            .min_samples
            .map_or_else(|| limit.statistic.map_or(1, Statistic::samples_needed), |count| count.0),
        abort_after: detailed.abort_after,
        line: critic.place(path).line,
    })
}

fn plain(limit: &str) -> ThresholdDetailed {
    ThresholdDetailed {
        limit: limit.to_owned(),
        scenario: None,
        stage: None,
        action: None,
        label: None,
        severity: None,
        min_samples: None,
        abort_after: None,
    }
}

fn part(
    subject: &Subject,
    threshold: &ThresholdDetailed,
    path: &Path,
    axes: &Axes,
    critic: &Critic<'_>,
) -> Option<Part> {
    let narrowed = [&threshold.scenario, &threshold.stage, &threshold.action];
    if subject.is_gauge() && narrowed.iter().any(|name| name.is_some()) {
        let what = format!("`{}` is kept for the whole run only", subject.name());
        critic.error(path, what, "leave out `scenario`, `stage` and `action`");
        return None;
    }
    if threshold.action.is_some() && !subject.by_action() {
        let what = format!("`{}` does not belong to actions", subject.name());
        critic.error(&path.key("action"), what, "leave out `action`");
        return None;
    }
    let mut found = Part { label: labelled(subject, threshold, path, axes, critic)?, ..Part::default() };
    if let Some(name) = &threshold.scenario {
        let names: Vec<&str> = axes.scenarios.iter().map(|axis| axis.name.as_str()).collect();
        found.scenario = names.iter().position(|known| known == name);
        if found.scenario.is_none() {
            unknown(path, "scenario", name, &names, critic);
            return None;
        }
    }
    if let Some(name) = &threshold.stage {
        let (scenario, stage) = holder(path, "stage", name, found.scenario, axes, critic)?;
        (found.scenario, found.stage) = (Some(scenario), Some(stage));
    }
    if let Some(name) = &threshold.action {
        let (scenario, action) = holder(path, "action", name, found.scenario, axes, critic)?;
        (found.scenario, found.action) = (Some(scenario), Some(action));
    }
    Some(found)
}

/// The label and its value that a threshold is narrowed to; `None` where that cannot be.
#[expect(clippy::option_option, reason = "a threshold without a label is not one with a wrong label")]
fn labelled(
    subject: &Subject,
    threshold: &ThresholdDetailed,
    path: &Path,
    axes: &Axes,
    critic: &Critic<'_>,
) -> Option<Option<(usize, usize)>> {
    let Some((name, value)) = threshold.label.iter().flatten().next() else { return Some(None) };
    let path = path.key("label");
    if threshold.label.as_ref().is_some_and(|labels| labels.len() > 1) {
        critic.error_at_key(&path, "a threshold is narrowed to the value of one label", "make two thresholds of it");
        return None;
    }
    if !subject.by_label() {
        let what = format!("`{}` is not broken down by labels", subject.name());
        let help = "outcomes, `ack_latency`, `ack_service` and the suite's own metrics are; leave out `label`";
        critic.error_at_key(&path, what, help);
        return None;
    }
    let Some(label) = axes.labels.iter().position(|label| label.name == *name) else {
        let known: Vec<&str> = axes.labels.iter().map(|label| label.name.as_str()).collect();
        let help = super::language::names::suggestion(Some(name), known.iter().copied())
            .unwrap_or_else(|| format!("no step has `label: {{ {name}: … }}`"));
        critic.error_at_key(&path.key(name.as_str()), format!("unknown label `{name}`"), help);
        return None;
    };
    let value = super::language::text::text_of(value);
    Some(axes.labels[label].wanted.iter().position(|wanted| *wanted == value).map(|wanted| (label, wanted)))
}

/// The scenario that has this stage or action, and its number there. Without a scenario it is clear where only one has it.
fn holder(
    path: &Path,
    key: &str,
    name: &str,
    scenario: Option<usize>,
    axes: &Axes,
    critic: &Critic<'_>,
) -> Option<(usize, usize)> {
    let candidates =
        axes.scenarios.iter().enumerate().filter(|(index, _)| scenario.is_none_or(|chosen| chosen == *index));
    let named = candidates.map(|(index, axis)| (index, if key == "stage" { &axis.stages } else { &axis.actions }));
    let named: Vec<(usize, &Vec<String>)> = named.collect();
    let position = |names: &Vec<String>| names.iter().position(|known| known == name);
    let holders: Vec<(usize, usize)> =
        named.iter().filter_map(|(index, names)| Some((*index, position(names)?))).collect();
    match holders.as_slice() {
        [] => {
            let known: Vec<&str> = named.iter().flat_map(|(_, names)| names.iter().map(String::as_str)).collect();
            unknown(path, key, name, &known, critic);
            None
        }
        [holder] => Some(*holder),
        _ => {
            let what = format!("several scenarios have {key} `{name}`");
            critic.error(&path.key(key), what, "say which with `scenario`");
            None
        }
    }
}

fn unknown(path: &Path, key: &str, name: &str, known: &[&str], critic: &Critic<'_>) {
    let help = super::language::names::suggestion(Some(name), known.iter().copied()).unwrap_or_else(|| {
        if known.is_empty() { "there is none".into() } else { format!("there is {}", known.join(", ")) }
    });
    critic.error(&path.key(key), format!("unknown {key} `{name}`"), help);
}

/// A limit, taken apart.
#[derive(Debug, PartialEq)]
struct Limit {
    statistic: Option<Statistic>,
    comparison: Comparison,
    value: f64,
    text: String,
}

impl Limit {
    /// `Err` holds what is wrong and what to write instead.
    fn parse(text: &str, subject: &Subject) -> Result<Self, (String, String)> {
        let example = subject.example();
        let (statistic, comparison, number) = grammar
            .parse(text.trim())
            .map_err(|_| ("this is not a limit".to_owned(), format!("write one such as `{example}`")))?;
        let distribution = subject.is_distribution();
        let statistic = match statistic {
            Some(_) if !distribution => {
                return Err((format!("`{}` is one number", subject.name()), format!("write one such as `{example}`")));
            }
            None if distribution => {
                return Err((
                    format!("`{}` has many values", subject.name()),
                    format!("say which is meant: `p95 {}`", text.trim()),
                ));
            }
            None => None,
            Some(name) => {
                Some(STATISTICS.iter().find(|(known, _)| *known == name).map(|(_, statistic)| *statistic).ok_or_else(
                    || {
                        let known: Vec<&str> = STATISTICS.iter().map(|(name, _)| *name).collect();
                        (format!("unknown statistic `{name}`"), format!("there is {}", known.join(", ")))
                    },
                )?)
            }
        };
        let operator = COMPARISONS.iter().find(|(_, known)| *known == comparison).map_or("", |(text, _)| text);
        Ok(Self {
            statistic,
            comparison,
            value: number_in(number, subject.unit())?,
            text: format!("{operator} {number}"),
        })
    }
}

fn grammar<'a>(input: &mut &'a str) -> Result<(Option<&'a str>, Comparison, &'a str), ErrMode<ContextError>> {
    let statistic = take_while(1.., |c: char| c.is_ascii_alphanumeric() || c == '.');
    let comparison = alt((
        "<=".value(Comparison::LessOrEqual),
        "<".value(Comparison::Less),
        ">=".value(Comparison::GreaterOrEqual),
        ">".value(Comparison::Greater),
        "==".value(Comparison::Equal),
        "!=".value(Comparison::NotEqual),
    ));
    let number = take_while(1.., |_| true);
    (opt(statistic), multispace0, comparison, multispace0, number)
        .map(|(statistic, _, comparison, _, number)| (statistic, comparison, number))
        .parse_next(input)
}

fn number_in(text: &str, unit: Unit) -> Result<f64, (String, String)> {
    let bare = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let wrong = |error: crate::units::UnitError| (error.what, error.instead);
    match unit {
        Unit::Share => match bare {
            Some(number) if number != 0.0 => Err((
                "unit missing".into(),
                format!("write `{}%`", if number <= 1.0 { number * 100.0 } else { number }),
            )),
            Some(_) => Ok(0.0),
            None => text.parse::<Percent>().map(|percent| percent.0).map_err(wrong),
        },
        Unit::Milliseconds => match bare {
            Some(_) if text != "0" => Err(("unit missing".into(), format!("write `{text}ms`"))),
            _ => text.parse::<Duration>().map(Duration::as_millis_f64).map_err(wrong),
        },
        Unit::Bytes => match bare {
            Some(_) => Err(("unit missing".into(), format!("write `{text}B`, or KiB, MiB, GiB"))),
            None => text.parse::<Bytes>().map(|bytes| bytes.0 as f64).map_err(wrong),
        },
        Unit::PerSecond => match bare {
            Some(_) => Err(("unit missing".into(), format!("write `{text}/s`"))),
            None => text.parse::<Rate>().map(|rate| rate.count / rate.per.as_secs_f64()).map_err(wrong),
        },
        Unit::Count => bare.ok_or_else(|| {
            (format!("`{text}` is not a number"), "a count has no unit: write for instance `== 0`".into())
        }),
        Unit::Number => bare.ok_or_else(|| {
            let help = "what is measured has no unit: write for instance `p95 < 600`";
            (format!("`{text}` is not a number"), help.into())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Custom, CustomKind};

    fn check(metric: &str, text: &str, expected: Result<(Option<&str>, &str, f64), &str>) {
        let customs =
            [("agreed", CustomKind::Check), ("orders", CustomKind::Count), ("served_in", CustomKind::Measure)];
        let customs = customs.map(|(name, kind)| Custom { name: name.into(), kind });
        let subject = Subject::find(metric, &Axes { customs: customs.into(), ..Axes::default() }).unwrap();
        match (Limit::parse(text, &subject), expected) {
            (Ok(limit), Ok((statistic, operator_and_number, value))) => {
                assert_eq!(
                    (limit.statistic.map(Statistic::name), limit.text.as_str()),
                    (statistic, operator_and_number),
                    "{text}"
                );
                assert!((limit.value - value).abs() < 1e-9, "{text}: {}", limit.value);
            }
            (Err((what, help)), Err(expected)) => {
                assert!(format!("{what}; {help}").contains(expected), "{text}: {what}; {help}")
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn limits() {
        check("ack_latency", "p95 < 200ms", Ok((Some("p95"), "< 200ms", 200.0)));
        check("ack_latency", "p99.9<=1.5s", Ok((Some("p99.9"), "<= 1.5s", 1500.0)));
        check("ack_latency", "max < 1m", Ok((Some("max"), "< 1m", 60_000.0)));
        check("success_rate", ">= 99.5%", Ok((None, ">= 99.5%", 0.995)));
        check("rejected_rate", "== 0", Ok((None, "== 0", 0.0)));
        check("disconnects", "== 0", Ok((None, "== 0", 0.0)));
        check("action_throughput", ">= 20/s", Ok((None, ">= 20/s", 20.0)));
        check("generator_memory", "< 500MiB", Ok((None, "< 500MiB", 524_288_000.0)));
        check("ack_latency", "p95 < 200", Err("unit missing; write `200ms`"));
        check("ack_latency", "< 200ms", Err("say which is meant: `p95 < 200ms`"));
        check("ack_latency", "p96 < 200ms", Err("unknown statistic `p96`; there is p50"));
        check("ack_latency", "p95 200ms", Err("not a limit; write one such as `p95 < 200ms`"));
        check("ack_latency", "p95 =< 200ms", Err("not a limit"));
        check("success_rate", ">= 0.99", Err("write `99%`"));
        check("success_rate", "p95 >= 99%", Err("is one number; write one such as `>= 99%`"));
        check("success_rate", ">= 101%", Err("not a percentage"));
        check("disconnects", "== none", Err("`none` is not a number"));
        check("action_throughput", ">= 20", Err("write `20/s`"));
        check("agreed", "== 100%", Ok((None, "== 100%", 1.0)));
        check("orders", ">= 10", Ok((None, ">= 10", 10.0)));
        check("served_in", "p95 < 600.5", Ok((Some("p95"), "< 600.5", 600.5)));
        check("served_in", "p95 < 600ms", Err("`600ms` is not a number; what is measured has no unit"));
        check("served_in", "< 600", Err("say which is meant: `p95 < 600`"));
        check("agreed", "p95 == 100%", Err("write one such as `>= 99%`"));
    }

    #[test]
    fn comparisons_hold_as_they_read() {
        for (text, less, equal, greater) in [
            ("<", true, false, false),
            ("<=", true, true, false),
            (">", false, false, true),
            (">=", false, true, true),
            ("==", false, true, false),
            ("!=", true, false, true),
        ] {
            let comparison = COMPARISONS.iter().find(|(known, _)| *known == text).unwrap().1;
            assert_eq!(
                (comparison.holds(1.0, 2.0), comparison.holds(2.0, 2.0), comparison.holds(3.0, 2.0)),
                (less, equal, greater),
                "{text}"
            );
        }
    }
}
