//! `cotillion list` and `cotillion schema`: printed from the tables that the program itself works with.

use super::exit::{EXITS, Exit};
use super::screen;
use crate::metrics::METRICS;
use crate::metrics::catalog::{Kind, STATISTICS};
use crate::plan::load::LOADS;
use crate::plan::pattern::PATTERNS;
use crate::protocol::PROTOCOLS;
use crate::report::FORMATS;
use crate::suite::schema::json_schema;

pub fn list() -> Exit {
    let statistics: Vec<&str> = STATISTICS.iter().map(|(name, _)| *name).collect();
    let metric = |kind: &Kind| {
        if matches!(kind, Kind::Distribution(_)) { statistics.join(" ") } else { "one number".to_owned() }
    };
    let text = [
        section("protocols", PROTOCOLS.iter().map(|row| (row.name.to_owned(), row.about.to_owned()))),
        section("loads", LOADS.iter().map(|row| (row.key.to_owned(), row.about.to_owned()))),
        section("patterns", PATTERNS.iter().map(|row| (row.name.to_owned(), row.about.to_owned()))),
        section(
            "metrics",
            METRICS.iter().map(|row| (row.name.to_owned(), format!("{} ({})", row.about, metric(&row.kind)))),
        ),
        section("reports", FORMATS.iter().map(|row| (row.file.to_owned(), row.about.to_owned()))),
        section("exit codes", EXITS.iter().map(|(_, number, about)| (number.to_string(), (*about).to_owned()))),
    ];
    screen::print(&text.join("\n"));
    Exit::Ok
}

fn section(title: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let rows: Vec<(String, String)> = rows.collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = rows.iter().map(|(name, about)| format!("  {name:<width$}  {about}\n")).collect();
    format!("{title}\n{}", lines.concat())
}

pub fn schema() -> Exit {
    match serde_json::to_string_pretty(&json_schema()) {
        Ok(schema) => {
            screen::print(&format!("{schema}\n"));
            Exit::Ok
        }
        Err(error) => {
            screen::note(&format!("the schema cannot be printed: {error}\n"));
            Exit::Internal
        }
    }
}
