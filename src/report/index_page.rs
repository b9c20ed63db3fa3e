//! `index.html`: several suites on one page, the worst first word, each with the way to its own report.

use serde::Serialize;
use tera::Context;

use crate::metrics::number::{NONE, count, counted, duration, milliseconds, share};
use crate::report::chart;
use crate::report::error::ReportError;
use crate::report::failures::{Failure, failures};
use crate::report::look::Look;
use crate::report::templates;
use crate::verdict::Outcome;
use crate::verdict::outcome::{LatencyRow, Status, Validity};

/// The page's name in the report folder.
pub const FILE: &str = "index.html";
const TEMPLATE: &str = "index.html.tera";

/// One of the suites that the page leads to.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    pub outcome: &'a Outcome,
    /// Its folder, beside the page.
    pub folder: &'a str,
}

/// From the worst to the best, as the page counts them.
const ORDER: [Status; 6] =
    [Status::Fail, Status::Invalid, Status::Unreachable, Status::Interrupted, Status::Pass, Status::Skipped];

/// The suites as a page, in their order.
///
/// # Errors
/// Only by a mistake in a template.
pub fn render(suites: &[Listed<'_>], look: &Look) -> Result<String, ReportError> {
    let mut context = Context::new();
    let worst = ORDER.into_iter().find(|status| suites.iter().any(|suite| suite.outcome.verdict.status == *status));
    let worst = worst.unwrap_or(Status::Skipped);
    context.insert("status", class(worst));
    context.insert("status_word", worst.word());
    context.insert("sentence", &sentence(suites));
    context.insert("suites", &suites.iter().map(row).collect::<Vec<_>>());
    let first = suites.first().map(|suite| &suite.outcome.run);
    context.insert("started", first.map_or("", |run| run.started.as_str()));
    context.insert("version", first.map_or(env!("CARGO_PKG_VERSION"), |run| run.version.as_str()));
    context.insert("machine", first.map_or("", |run| run.machine.as_str()));
    templates::render(TEMPLATE, &context, look)
}

/// `3 suites: 1 FAIL, 2 PASS.`
fn sentence(suites: &[Listed<'_>]) -> String {
    let of = |status| suites.iter().filter(|suite| suite.outcome.verdict.status == status).count() as u64;
    let parts: Vec<String> = ORDER
        .into_iter()
        .filter(|status| of(*status) > 0)
        .map(|status| format!("{} {}", count(of(status)), status.word()))
        .collect();
    format!(
        "{}: {}.",
        counted(suites.len() as u64, "suite"),
        if parts.is_empty() { NONE.into() } else { parts.join(", ") }
    )
}

const fn class(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Invalid => "invalid",
        Status::Interrupted => "interrupted",
        Status::Unreachable => "unreachable",
        Status::Skipped => "skipped",
    }
}

/// A suite as the page shows it.
#[derive(Debug, Serialize)]
struct SuiteRow {
    name: String,
    description: Option<String>,
    tags: Vec<String>,
    /// Of its own report.
    href: String,
    status: &'static str,
    status_word: &'static str,
    /// A PASS that deserves doubt looks like one.
    suspect: bool,
    validity_word: &'static str,
    sentence: String,
    file: String,
    target: String,
    duration: String,
    actions: String,
    success: String,
    p95: String,
    bar: Option<String>,
    failures: Vec<Failure>,
}

fn row(suite: &Listed<'_>) -> SuiteRow {
    let outcome = suite.outcome;
    let whole = |row: &&LatencyRow| row.metric == "ack_latency" && row.scenario.is_none();
    let rate = outcome.metrics.iter().find(|row| row.name == "success_rate").and_then(|row| row.value);
    SuiteRow {
        name: outcome.suite.name.clone(),
        description: outcome.suite.description.clone(),
        tags: outcome.suite.tags.clone(),
        href: format!("{}/report.html", address(suite.folder)),
        status: class(outcome.verdict.status),
        status_word: outcome.verdict.status.word(),
        suspect: outcome.verdict.validity == Validity::Suspect,
        validity_word: outcome.verdict.validity.word(),
        sentence: outcome.verdict.sentence.clone(),
        file: format!("{}:{}", outcome.suite.file, outcome.suite.line),
        target: outcome.run.target.clone(),
        duration: duration(outcome.run.duration),
        actions: count(outcome.totals.planned),
        success: rate.map_or_else(|| NONE.into(), share),
        p95: outcome.latencies.iter().find(whole).map_or_else(|| NONE.into(), |row| milliseconds(row.p95)),
        bar: chart::outcome_bar(&outcome.totals, chart::is_judged(outcome)),
        failures: failures(outcome).into_iter().filter(|failure| !failure.warns).collect(),
    }
}

/// A path as it stands in a link: what could end it or lead elsewhere is escaped, so that it is always a folder beside the
/// page.
fn address(folder: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    let folder = folder.trim_start_matches('/');
    folder.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcomes: &[Outcome], word: &str, said: &str) {
        let suites: Vec<Listed<'_>> = outcomes.iter().map(|outcome| Listed { outcome, folder: "a" }).collect();
        let page = render(&suites, &Look::default()).unwrap_or_default();
        assert!(page.contains(&format!("<span class=\"word\">{word}</span>")) && page.contains(said), "{word}: {said}");
    }

    #[test]
    fn the_first_word_is_the_worst() {
        let [failed, passed, skipped] = [Outcome::example(), Outcome::example_passed(), Outcome::example_skipped()];
        check(&[passed.clone(), failed.clone()], "FAIL", "2 suites: 1 FAIL, 1 PASS.");
        check(&[passed.clone(), skipped.clone()], "PASS", "2 suites: 1 PASS, 1 SKIPPED.");
        check(&[skipped.clone(), skipped], "SKIPPED", "2 suites: 2 SKIPPED.");
        check(&[passed, Outcome::example_invalid(), failed], "FAIL", "3 suites: 1 FAIL, 1 INVALID, 1 PASS.");
        check(&[], "SKIPPED", "0 suites");
    }

    #[test]
    fn a_link_leads_to_a_folder_beside_the_page() {
        for (folder, expected) in [
            ("auction", "auction"),
            ("10-smoke/a b", "10-smoke/a%20b"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
            ("//elsewhere", "elsewhere"),
            ("\"><b>", "%22%3E%3Cb%3E"),
        ] {
            assert_eq!(address(folder), expected);
        }
    }
}
