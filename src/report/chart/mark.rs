//! Small marks that stand in tables beside the numbers they draw. They say nothing that the text does not, so they are
//! hidden from screen readers.

use std::fmt::Write as _;

use crate::report::chart::palette::{UNJUDGED, colour};
use crate::verdict::outcome::{Judged, ThresholdResult, Totals};

/// Pixels of a gauge from its first to its last value.
const LENGTH: f64 = 112.0;
/// Where on a gauge the limit stands, so that there is room on both sides of it.
const LIMIT_AT: f64 = 0.66;

/// The limit of a threshold as a tick, what keeps it as a thick line, what was observed as a dot. A dot beyond the end
/// is an arrow. `None` without an observation.
#[must_use]
pub fn gauge(judged: &Judged) -> Option<String> {
    let observed = judged.observed?;
    let bound = judged.bound;
    let below = judged.limit.starts_with('<');
    let exact = judged.limit.starts_with('=');
    // `>= 99%` reads best on the last three per cent, `< 200ms` from zero to somewhat more than the limit.
    let place = |value: f64| match bound {
        0.0 => value,
        _ if below || exact || bound >= 1.0 => value / bound * LIMIT_AT,
        _ => 1.0 - (1.0 - value) / (1.0 - bound) * (1.0 - LIMIT_AT),
    };
    let limit = if bound == 0.0 { 0.0 } else { LIMIT_AT };
    let (from, to) = match (exact, below) {
        (true, _) => (limit, limit),
        (false, true) => (0.0, limit),
        (false, false) => (limit, 1.0),
    };
    let (class, dot) = match judged.result {
        ThresholdResult::Met => ("met", "#2e7d58"),
        ThresholdResult::Broken if judged.warn_only => ("warn", "#a86a00"),
        ThresholdResult::Broken | ThresholdResult::NoData => ("broken", "#c0392b"),
        ThresholdResult::NotJudged => ("open", "#83898f"),
    };
    // What nobody judged keeps nothing.
    let kept = if class == "open" { ("kept open", UNJUDGED) } else { ("kept", "#2e7d58") };
    let x = |place: f64| format!("{:.1}", 8.0 + place.clamp(0.0, 1.0) * LENGTH);
    let mut svg = String::from(
        r##"<svg class="gauge" width="128" height="18" aria-hidden="true"><line class="track" x1="8" x2="120" y1="9" y2="9" stroke="#8a8f98" stroke-opacity="0.45" stroke-width="2" stroke-linecap="round"/>"##,
    );
    let _ = write!(
        svg,
        r##"<line class="{3}" x1="{}" x2="{}" y1="9" y2="9" stroke="{4}" stroke-opacity="0.5" stroke-width="5"/><line class="tick" x1="{2}" x2="{2}" y1="2" y2="16" stroke="currentColor" stroke-width="1.5"/>"##,
        x(from),
        x(to),
        x(limit),
        kept.0,
        kept.1
    );
    let at = place(observed);
    let _ = if (0.0..=1.0).contains(&at) {
        write!(svg, r#"<circle class="{class}" cx="{}" cy="9" r="5" fill="{dot}"/></svg>"#, x(at))
    } else {
        let shape = if at > 1.0 { "M114 3l8 6l-8 6z" } else { "M14 3l-8 6l8 6z" };
        write!(svg, r#"<path class="{class}" d="{shape}" fill="{dot}"/></svg>"#)
    };
    Some(svg)
}

/// All outcomes beside each other, as long as their part of the whole; `None` without an action. Where the run cannot
/// judge the server, ok is grey.
#[must_use]
pub fn outcome_bar(totals: &Totals, judged: bool) -> Option<String> {
    if totals.planned == 0 {
        return None;
    }
    let mut svg = String::from(r#"<svg class="outcomes" width="100%" height="12" aria-hidden="true">"#);
    let mut from = 0.0;
    for (name, number) in totals.outcomes().into_iter().filter(|(_, number)| *number > 0) {
        let length = number as f64 / totals.planned as f64 * 100.0;
        let (class, fill) = match name {
            "ok" if !judged => ("unjudged".to_owned(), UNJUDGED),
            name => (name.replace(' ', "-"), colour(name)),
        };
        let _ = write!(svg, r#"<rect class="{class}" x="{from:.3}%" width="{length:.3}%" height="12" fill="{fill}"/>"#);
        from += length;
    }
    svg.push_str("</svg>");
    Some(svg)
}
