//! Files that GitLab reads by itself (`artifacts:reports`): two widgets of merge requests, and a link on the page of a job.

use serde_json::{Map, Value, json};

use crate::metrics::catalog::Unit;
use crate::report::error::ReportError;
use crate::report::look::Look;
use crate::report::untrusted::{for_name, one_line};
use crate::verdict::Outcome;
use crate::verdict::outcome::{LatencyRow, MetricRow, Validity};

/// GitLab takes no longer name of a section.
const SECTION: usize = 200;
/// The latency that stands for all: GitLab shows one.
const LATENCY: &str = "ack_latency";

/// `load-performance.json`: the fields that the load performance widget reads, as k6 once wrote them, in milliseconds.
/// Requests are actions that were sent, checks are actions by whether they were ok. What was not measured is not there,
/// and of a run that cannot judge the server nothing: the widget would compare it.
///
/// # Errors
/// Only by a bug.
pub fn load_performance(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let mut metrics = Map::new();
    let metric = |name: &str| outcome.metrics.iter().find(|row| row.name == name).and_then(|row| row.value);
    if outcome.totals.planned > 0 && outcome.verdict.validity != Validity::Invalid {
        let totals = &outcome.totals;
        if let Some(rate) = metric("action_throughput") {
            metrics.insert("http_reqs".into(), json!({ "count": totals.sent, "rate": rate }));
        }
        if let Some(row) = whole_run(outcome).find(|row| row.metric == LATENCY) {
            metrics.insert("http_req_waiting".into(), waiting(row));
        }
        if let Some(rate) = metric("success_rate") {
            let fails = totals.planned - totals.unfinished - totals.ok;
            metrics.insert("checks".into(), json!({ "passes": totals.ok, "fails": fails, "value": rate }));
        }
    }
    pretty(&json!({ "metrics": metrics }))
}

fn waiting(row: &LatencyRow) -> Value {
    json!({ "avg": row.avg, "min": row.min, "med": row.p50, "max": row.max, "p(90)": row.p90, "p(95)": row.p95 })
}

fn whole_run(outcome: &Outcome) -> impl Iterator<Item = &LatencyRow> {
    outcome.latencies.iter().filter(|row| row.scenario.is_none() && row.action.is_none())
}

fn pretty(value: &Value) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(value).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(text)
}

/// `metrics.txt`: a name and a number a line. GitLab compares the numbers as text, so that they are rounded: otherwise
/// every merge request would seem to change all of them. It splits lines as a shell does, so that there are no labels.
///
/// # Errors
/// Never; other formats may fail.
pub fn metrics(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let suite = for_name(&outcome.suite.name);
    let mut text = String::new();
    let mut line = |name: &str, number: f64| text.push_str(&format!("cotillion_{suite}_{name} {}\n", rounded(number)));
    // What is only of this machine says nothing of a change.
    for row in outcome.metrics.iter().filter(|row| !row.name.starts_with("generator_")) {
        if let Some(number) = row.value {
            line(&name(row), number);
        }
    }
    for row in whole_run(outcome) {
        for (statistic, number) in [("p50", row.p50), ("p95", row.p95), ("p99", row.p99)] {
            line(&format!("{}_{statistic}_ms", for_name(&row.metric)), number);
        }
    }
    text.push_str("# EOF\n");
    Ok(text)
}

fn name(row: &MetricRow) -> String {
    let name = for_name(&row.name);
    let unit = match row.unit {
        Unit::Milliseconds => "_ms",
        Unit::PerSecond => "_per_second",
        Unit::Bytes if !name.ends_with("_bytes") => "_bytes",
        Unit::Share | Unit::Count | Unit::Bytes | Unit::Number => "",
    };
    format!("{name}{unit}")
}

/// With three digits that count, and none behind them.
fn rounded(number: f64) -> String {
    format!("{number:.2e}").parse::<f64>().unwrap_or(number).to_string()
}

/// `annotations.json`: a link to the report, where this job says where that will be. GitLab wants each section once a
/// job, so that it has the name of the suite.
///
/// # Errors
/// Only by a bug.
pub fn annotations(outcome: &Outcome, _: &Look) -> Result<String, ReportError> {
    let mut sections = Map::new();
    if let Some(url) = &outcome.run.report_url {
        let name: String = format!("Load test {}", one_line(&outcome.suite.name)).chars().take(SECTION).collect();
        let label = format!("{}: report.html", outcome.verdict.status.word());
        sections.insert(name, json!([{ "external_link": { "label": label, "url": url } }]));
    }
    pretty(&Value::Object(sections))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        for (number, expected) in [
            (0.0, "0"),
            (243.2, "243"),
            (37.2451, "37.2"),
            (0.963_395, "0.963"),
            (1.0, "1"),
            (2_810_052.0, "2810000"),
            (0.000_123_4, "0.000123"),
            (9.999, "10"),
        ] {
            assert_eq!(rounded(number), expected);
        }
    }

    #[test]
    fn a_link_is_there_where_its_end_is_known() {
        let mut outcome = Outcome::example();
        let text = annotations(&outcome, &Look::default()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let link = &document["Load test auction"][0]["external_link"];
        assert_eq!(link["url"], "https://ci.example/report.html");
        assert_eq!(link["label"], "FAIL: report.html");
        outcome.run.report_url = None;
        assert_eq!(annotations(&outcome, &Look::default()).unwrap(), "{}\n");
    }
}
