//! The parts that every chart is made of, as SVG.
//!
//! Text keeps its size at any width, because only the data lies in a stretched view box; everything else is placed in
//! percent. The values at the lines hang out to the left: a chart wants a margin there, which a `figure` has by itself. Colours stand twice: as attributes, which are all that is left where a CI server forbids styles, and as
//! classes, which the style sheet themes.

use std::fmt::Write as _;

use crate::metrics::number::{clock, count};
use crate::report::chart::columns::Columns;
use crate::report::chart::scale::{Scale, times};
use crate::report::untrusted::for_html;
use crate::verdict::outcome::StageMark;

/// Units of the stretched view box that a column is wide.
const WIDTH: usize = 10;
/// Units of the stretched view box from the bottom to the top.
const HEIGHT: f64 = 1_000.0;
/// Pixels above a plot, for the text of its highest line.
const ABOVE: u32 = 16;
/// Pixels below a plot, for its times.
const BELOW: u32 = 26;

/// One chart being drawn.
pub struct Plot<'a> {
    pub columns: &'a Columns,
    pub scale: Scale,
    /// Of the plot itself, in pixels.
    pub height: u32,
    /// Parts inside the stretched view box.
    data: String,
    /// Parts that keep their proportions.
    marks: String,
}

impl<'a> Plot<'a> {
    pub fn new(columns: &'a Columns, scale: Scale, height: u32) -> Self {
        Self { columns, scale, height, data: String::new(), marks: String::new() }
    }

    /// The share that each column has of the height, as bars on top of each other; a bar of any value is seen.
    pub fn bars(&mut self, class: &str, colour: &str, parts: impl Iterator<Item = (u64, u64)>) {
        // Narrow columns touch each other: gaps would shimmer.
        let gap = if self.columns.columns.len() > 150 { 0 } else { 2 };
        let mut path = String::new();
        for (i, (below, value)) in parts.enumerate() {
            if value > 0 {
                let (bottom, top) = (self.y(below as f64), self.y((below + value) as f64));
                let high = (bottom - top).max(6);
                let _ = write!(path, "M{} {bottom}h{}v-{high}h-{}z", i * WIDTH + gap / 2, WIDTH - gap, WIDTH - gap);
            }
        }
        if !path.is_empty() {
            let _ = write!(self.data, r#"<path class="{class}" fill="{colour}" d="{path}"/>"#);
        }
    }

    /// A line through the middles of the columns, with a gap where there is no value.
    pub fn line(&mut self, class: &str, colour: &str, thick: f64, values: &[Option<f64>]) {
        let mut path = String::new();
        let mut pen_is_down = false;
        for (i, value) in values.iter().enumerate() {
            if let Some(value) = value {
                let verb = if pen_is_down { 'L' } else { 'M' };
                let _ = write!(path, "{verb}{} {}", i * WIDTH + WIDTH / 2, self.y(*value));
                // A value between two gaps is a line of no length, which round ends make a dot.
                let alone = !pen_is_down && values.get(i + 1).is_none_or(Option::is_none);
                if alone {
                    path.push_str("h0");
                }
            }
            pen_is_down = value.is_some();
        }
        let _ = write!(
            self.data,
            r#"<path class="{class}" fill="none" stroke="{colour}" stroke-width="{thick}" stroke-linejoin="round" stroke-linecap="round" vector-effect="non-scaling-stroke" d="{path}"/>"#
        );
    }

    /// The room between two lines.
    pub fn band(&mut self, class: &str, colour: &str, low: &[Option<f64>], high: &[Option<f64>]) {
        let both: Vec<Option<(f64, f64)>> = low.iter().zip(high).map(|(low, high)| low.zip(*high)).collect();
        let mut path = String::new();
        let mut start = 0;
        for run in both.split(Option::is_none) {
            let x = |i: usize| (start + i) * WIDTH + WIDTH / 2;
            for (i, (_, high)) in run.iter().enumerate().filter_map(|(i, both)| Some((i, (*both)?))) {
                let _ = write!(path, "{}{} {}", if i == 0 { 'M' } else { 'L' }, x(i), self.y(high));
            }
            for (i, (low, _)) in run.iter().enumerate().rev().filter_map(|(i, both)| Some((i, (*both)?))) {
                let _ = write!(path, "L{} {}", x(i), self.y(low));
            }
            if !run.is_empty() {
                path.push('z');
            }
            start += run.len() + 1;
        }
        let _ = write!(self.data, r#"<path class="{class}" fill="{colour}" fill-opacity="0.18" d="{path}"/>"#);
    }

    /// Steps with the room below them filled.
    pub fn steps(&mut self, class: &str, colour: &str, values: &[f64]) {
        let mut top = String::new();
        for (i, value) in values.iter().enumerate() {
            let verb = if i == 0 { 'M' } else { 'V' };
            let y = self.y(*value);
            let _ = if i == 0 { write!(top, "{verb}0 {y}") } else { write!(top, "{verb}{y}") };
            let _ = write!(top, "H{}", (i + 1) * WIDTH);
        }
        let _ = write!(
            self.data,
            r#"<path class="{class} room" fill="{colour}" fill-opacity="0.18" d="{top}V{HEIGHT}H0z"/><path class="{class}" fill="none" stroke="{colour}" stroke-width="2" vector-effect="non-scaling-stroke" d="{top}"/>"#
        );
    }

    /// A dashed line over the whole width with its name above its right end; red if it was broken.
    pub fn limit(&mut self, value: f64, name: &str, broken: bool) {
        let (class, colour) = if broken { ("limit broken", "#c0392b") } else { ("limit", "#757b82") };
        let y = self.pixel(value);
        let _ = write!(
            self.marks,
            r#"<line class="{class}" x1="0" x2="100%" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="1.25" stroke-dasharray="5 4"/><text class="{class} halo" x="100%" y="{}" text-anchor="end" font-size="12" fill="{colour}">{}</text>"#,
            y - 5.0,
            for_html(name)
        );
    }

    /// A fine line where a stage ends and the next begins.
    pub fn stages(&mut self, stages: &[StageMark]) {
        let mut seconds: Vec<u64> =
            stages.iter().map(|stage| stage.from.second()).filter(|second| *second > 0).collect();
        seconds.sort_unstable();
        seconds.dedup();
        for second in seconds.iter().take(24) {
            let place = self.columns.place(*second as f64);
            let x = percent(place);
            let _ = write!(
                self.marks,
                r##"<line class="stage" data-at="{place:.5}" x1="{x}" x2="{x}" y1="0" y2="{}" stroke="#8a8f98" stroke-width="1" stroke-dasharray="1 3"/>"##,
                self.height
            );
        }
    }

    /// The whole chart. `id` must be unique in the document; `unit` writes a value at its line.
    pub fn finish(self, id: &str, title: &str, about: &str, unit: impl Fn(f64) -> String) -> String {
        let mut svg = String::new();
        let _ = write!(
            svg,
            r#"<svg class="chart" width="100%" height="{}" overflow="visible" role="img" aria-labelledby="{id}-t {id}-d" font-family="system-ui, sans-serif"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc><svg class="plot" y="{ABOVE}" width="100%" height="{}" overflow="visible">"#,
            self.height + ABOVE + BELOW,
            for_html(title),
            for_html(about),
            self.height
        );
        for value in self.scale.lines() {
            let y = self.pixel(value);
            let class = if y >= f64::from(self.height) { "ground" } else { "grid" };
            let _ = write!(
                svg,
                r##"<line class="{class}" x1="0" x2="100%" y1="{y}" y2="{y}" stroke="#8a8f98" stroke-opacity="0.35"/><text class="axis" x="-6" y="{}" text-anchor="end" font-size="10" fill="currentColor">{}</text>"##,
                y + 4.0,
                for_html(&unit(value))
            );
        }
        self.time_axis(&mut svg);
        let _ = write!(
            svg,
            r#"<svg class="data" width="100%" height="{}" viewBox="0 0 {} {HEIGHT}" preserveAspectRatio="none">{}</svg>{}</svg></svg>"#,
            self.height,
            (self.columns.columns.len() * WIDTH).max(WIDTH),
            self.data,
            self.marks
        );
        svg
    }

    fn time_axis(&self, svg: &mut String) {
        for second in times(self.columns.seconds()) {
            let place = self.columns.place(second as f64);
            let anchor = if second == 0 {
                "start"
            } else if place > 0.97 {
                "end"
            } else {
                "middle"
            };
            let _ = write!(
                svg,
                r#"<text class="axis time" data-at="{place:.5}" x="{}" y="{}" text-anchor="{anchor}" font-size="12" fill="currentColor">{}</text>"#,
                percent(place),
                self.height + 18,
                clock(second)
            );
        }
    }

    /// In the stretched view box.
    fn y(&self, value: f64) -> i64 {
        (HEIGHT * (1.0 - self.scale.place(value))).round() as i64
    }

    /// From the plot's upper edge, to half a pixel so that fine lines are sharp.
    fn pixel(&self, value: f64) -> f64 {
        ((1.0 - self.scale.place(value)) * f64::from(self.height)).round()
    }
}

/// A bar for every stage, a row for every scenario, over the same time as the charts.
#[must_use]
pub fn stage_strip(columns: &Columns, stages: &[StageMark], id: &str) -> String {
    let mut scenarios: Vec<&str> = vec![];
    for stage in stages {
        if !scenarios.contains(&stage.scenario.as_str()) {
            scenarios.push(&stage.scenario);
        }
    }
    let mut svg = String::new();
    let _ = write!(
        svg,
        r#"<svg class="chart strip" width="100%" height="{}" role="img" aria-labelledby="{id}-t" font-family="system-ui, sans-serif"><title id="{id}-t">Stages: {}</title><svg class="plot" width="100%" height="100%" overflow="visible">"#,
        scenarios.len() * 26,
        for_html(&stages.iter().map(said).collect::<Vec<_>>().join("; "))
    );
    for (row, scenario) in scenarios.iter().enumerate() {
        for (i, stage) in stages.iter().filter(|stage| stage.scenario == *scenario).enumerate() {
            let from = columns.place(stage.from.as_secs_f64());
            let width = columns.place(stage.to.as_secs_f64()) - from;
            let name = if scenarios.len() > 1 && i == 0 {
                format!("{scenario} · {}", stage.name)
            } else {
                stage.name.clone()
            };
            let _ = write!(
                svg,
                r##"<svg class="span" data-from="{from:.5}" data-to="{:.5}" x="{}" y="{}" width="{}" height="22"><rect class="stage s{}" width="100%" height="22" fill="#8a8f98" fill-opacity="{}"/><text class="stage" x="7" y="15" font-size="12" fill="currentColor">{}</text></svg>"##,
                from + width,
                percent(from),
                row * 26,
                percent(width),
                i % 2,
                if i % 2 == 0 { "0.22" } else { "0.12" },
                for_html(&name)
            );
        }
    }
    svg.push_str("</svg></svg>");
    svg
}

fn said(stage: &StageMark) -> String {
    format!("{} {} from {} to {}", stage.scenario, stage.name, clock(stage.from.second()), clock(stage.to.second()))
}

/// A whole number as it stands at a line.
#[must_use]
pub fn whole(value: f64) -> String {
    count(value.round() as u64)
}

fn percent(place: f64) -> String {
    let text = format!("{:.3}", place * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
