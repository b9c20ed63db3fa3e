//! The lanes of the whole run: a row a resource, a column a span of time. A cell is the stronger the more actions there
//! were; it has the colour of what came of most of them, and a foot in that of the worst that came of any.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::lanes::{RIGHT, WIDTH, left, short, word};
use super::palette::{UNJUDGED, colour};
use super::scale::times;
use crate::metrics::number::{clock, count, counted, duration, span};
use crate::units::Duration;
use crate::verdict::Outcome;
use crate::verdict::outcome::{LaneCounts, LaneEnd, Lanes, LanesOverview, Status};

/// Units from row to row.
const ROW: f64 = 15.0;
/// Of a cell, and of its foot.
const CELL: f64 = 13.0;
const FOOT: f64 = 4.0;
/// Below the rows, for the times.
const BELOW: f64 = 26.0;
/// How strong cells are, from the fewest actions to the most.
const SHADES: [f64; 3] = [0.4, 0.7, 1.0];

/// The drawing with what is said around it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverviewFigure {
    pub svg: String,
    /// The outcomes that occur.
    pub ends: Vec<OverviewKey>,
    /// What it shows, in numbers, and what it leaves out.
    pub note: String,
    /// What a column stands for, as in `16 s`.
    pub column: String,
    /// Actions of the strongest cell, as in `12 actions`.
    pub most: String,
    /// How long the beginning is that is shown action by action.
    pub beginning: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverviewKey {
    pub name: &'static str,
    pub count: u64,
    /// A cell of that colour.
    pub svg: String,
}

/// Cells that look alike are one path, in the order in which they are drawn: feet last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    foot: bool,
    end: LaneEnd,
    shade: usize,
}

struct Grid<'a> {
    lanes: &'a Lanes,
    overview: &'a LanesOverview,
    /// Most actions in a cell.
    most: u64,
    /// Does the run judge the server?
    judged: bool,
}

/// The whole run; `None` where the beginning already shows all of it.
pub(super) fn of_run(outcome: &Outcome, lanes: &Lanes) -> Option<OverviewFigure> {
    let overview = &lanes.overview;
    let totals = overview
        .rows
        .iter()
        .flatten()
        .fold(LaneCounts::default(), |sum, counts| std::array::from_fn(|end| sum[end] + counts[end]));
    let all: u64 = totals.iter().sum();
    let most = overview.rows.iter().flatten().map(sum).max().filter(|most| *most > 0)?;
    if all + overview.elsewhere + overview.open <= lanes.marks.len() as u64 {
        return None;
    }
    let grid = Grid { lanes, overview, most, judged: outcome.verdict.status != Status::Invalid };
    let resources = counted(lanes.resources.len() as u64, "resource");
    let ends: Vec<(LaneEnd, u64)> = LaneEnd::ALL.into_iter().zip(totals).filter(|(_, count)| *count > 0).collect();
    let said: Vec<String> = ends.iter().map(|(end, number)| format!("{} {}", count(*number), word(*end))).collect();
    let length = duration(grid.length().min(outcome.run.duration.max(overview.step)));
    let about = format!("{} on {resources} in {length}: {}", counted(all, "action"), said.join(", "));
    let more = outcome.plan.totals.resources.saturating_sub(lanes.resources.len() as u64);
    let note = format!("{about}.{}{}", elsewhere(more, overview.elsewhere), open(overview.open));
    Some(OverviewFigure {
        svg: grid.svg(&about),
        ends: ends.into_iter().map(|(end, count)| grid.key(end, count)).collect(),
        note,
        column: span(overview.step),
        most: counted(most, "action"),
        beginning: duration(lanes.to.since(lanes.from)),
    })
}

fn sum(counts: &LaneCounts) -> u64 {
    counts.iter().sum()
}

fn elsewhere(resources: u64, actions: u64) -> String {
    let on = |actions: u64| format!("the {} on them", counted(actions, "action"));
    match (resources, actions) {
        (0, 0) => String::new(),
        (0, actions) => format!(" On other resources, and not shown: {}.", counted(actions, "action")),
        (1, actions) => format!(" One more resource is not shown, nor {}.", on(actions).replace("on them", "on it")),
        (resources, actions) => format!(" {} more resources are not shown, nor {}.", count(resources), on(actions)),
    }
}

fn open(actions: u64) -> String {
    match actions {
        0 => String::new(),
        1 => " One action had not ended when the run did.".into(),
        actions => format!(" {} actions had not ended when the run did.", count(actions)),
    }
}

/// What came of most; of as many, the worse.
fn usual(counts: &LaneCounts) -> LaneEnd {
    let ends = LaneEnd::ALL.into_iter().zip(counts);
    ends.max_by_key(|(end, count)| (**count, *end)).map_or(LaneEnd::Failed, |(end, _)| end)
}

/// The worst that came of any.
fn worst(counts: &LaneCounts) -> LaneEnd {
    let ends = LaneEnd::ALL.into_iter().zip(counts);
    ends.filter(|(_, count)| **count > 0).map(|(end, _)| end).max().unwrap_or(LaneEnd::Accepted)
}

/// The name of its outcome in the palette and in the style sheet.
const fn class(end: LaneEnd) -> &'static str {
    match end {
        LaneEnd::Accepted => "ok",
        LaneEnd::Rejected => "rejected",
        LaneEnd::Late => "timeout",
        LaneEnd::Failed => "failed",
    }
}

impl Grid<'_> {
    /// From the left to the right edge.
    fn length(&self) -> Duration {
        self.overview.step * self.overview.columns
    }

    fn colour(&self, end: LaneEnd) -> &'static str {
        if end == LaneEnd::Accepted && !self.judged { UNJUDGED } else { colour(class(end)) }
    }

    /// From the fewest to the most: which of the shades a cell of so many actions has.
    fn shade(&self, actions: u64) -> usize {
        let steps = SHADES.len() as u64;
        let shade = (actions * steps).div_ceil(self.most.max(1)).clamp(1, steps) - 1;
        usize::try_from(shade).unwrap_or_default()
    }

    fn key(&self, end: LaneEnd, count: u64) -> OverviewKey {
        let (class, fill) = (class(end), self.colour(end));
        let svg = format!(
            r#"<svg class="cell" width="14" height="14" aria-hidden="true"><path class="{class}" fill="none" stroke="{fill}" stroke-width="{CELL}" d="M0 7h14"/></svg>"#
        );
        OverviewKey { name: word(end), count, svg }
    }

    fn svg(&self, about: &str) -> String {
        let height = self.lanes.resources.len() as f64 * ROW + BELOW;
        let mut svg = format!(
            r#"<svg class="lanes overview" width="100%" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{about}" font-family="system-ui, sans-serif">"#
        );
        self.ground(&mut svg);
        self.cells(&mut svg);
        svg.push_str("</svg>");
        svg
    }

    fn ground(&self, svg: &mut String) {
        let left = left(&self.lanes.resources);
        let (wide, bottom) = (WIDTH - RIGHT - left, self.lanes.resources.len() as f64 * ROW);
        for (lane, name) in self.lanes.resources.iter().enumerate() {
            let top = lane as f64 * ROW;
            let _ = write!(
                svg,
                r##"<rect class="lane" x="{left}" y="{}" width="{wide}" height="{CELL}" fill="#8a8f98" fill-opacity="0.08"/><text class="axis" x="{}" y="{}" text-anchor="end" font-size="11.5" fill="currentColor">{}</text>"##,
                top + 1.0,
                left - 10.0,
                top + ROW / 2.0 + 4.0,
                short(name)
            );
        }
        let length = self.length().as_secs_f64().max(1.0);
        for second in times(length as u64) {
            let x = left + second as f64 / length * wide;
            let _ = write!(
                svg,
                r##"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="0" y2="{}" stroke="#8a8f98" stroke-opacity="0.3"/><text class="axis" x="{x:.1}" y="{}" text-anchor="{}" font-size="12" fill="currentColor">{}</text>"##,
                bottom + 3.0,
                bottom + 18.0,
                // The time of the right edge would not fit.
                if x > WIDTH - 24.0 { "end" } else { "middle" },
                clock(second)
            );
        }
    }

    /// A path for all that look alike, in which neighbours are one line: its x are numbers of columns.
    fn cells(&self, svg: &mut String) {
        let mut paths: BTreeMap<Look, String> = BTreeMap::new();
        for (lane, row) in self.overview.rows.iter().enumerate().take(self.lanes.resources.len()) {
            let top = lane as f64 * ROW + 1.0;
            let bodies = row.iter().map(|counts| {
                let look = Look { foot: false, end: usual(counts), shade: self.shade(sum(counts)) };
                (sum(counts) > 0).then_some(look)
            });
            lines(&mut paths, top + CELL / 2.0, bodies);
            let feet = row.iter().map(|counts| {
                let look = Look { foot: true, end: worst(counts), shade: SHADES.len() - 1 };
                (look.end > usual(counts)).then_some(look)
            });
            lines(&mut paths, top + CELL - FOOT / 2.0, feet);
        }
        let left = left(&self.lanes.resources);
        let scale = (WIDTH - RIGHT - left) / self.overview.columns.max(1) as f64;
        let _ = write!(svg, r#"<g transform="translate({left} 0) scale({scale:.4} 1)">"#);
        for (look, d) in paths {
            let (class, stroke, opacity) = (class(look.end), self.colour(look.end), SHADES[look.shade]);
            let (high, said) = if look.foot { (FOOT, "some") } else { (CELL, "most") };
            let _ = write!(
                svg,
                r#"<path class="{class}" fill="none" stroke="{stroke}" stroke-opacity="{opacity}" stroke-width="{high}" d="{d}"><title>{}</title></path>"#,
                self.said(look, said)
            );
        }
        svg.push_str("</g>");
    }

    /// As `4 to 6 actions in 16 s, most accepted`.
    fn said(&self, look: Look, how_many: &str) -> String {
        let (end, span) = (word(look.end), span(self.overview.step));
        if look.foot {
            return format!("{how_many} {end} in {span}");
        }
        let steps = SHADES.len() as u64;
        let to = |shade: usize| self.most * shade as u64 / steps;
        let (least, most) = (to(look.shade) + 1, to(look.shade + 1));
        let number =
            if least >= most { counted(most, "action") } else { format!("{least} to {}", counted(most, "action")) };
        format!("{number} in {span}, {how_many} {end}")
    }
}

/// The cells of a row as lines, each as long as its look is the same.
fn lines(paths: &mut BTreeMap<Look, String>, y: f64, cells: impl Iterator<Item = Option<Look>>) {
    let cells: Vec<Option<Look>> = cells.collect();
    // Where the last line of each look ends: moves from there are short.
    let mut ends: BTreeMap<Look, usize> = BTreeMap::new();
    let mut from = 0;
    for alike in cells.chunk_by(|a, b| a == b) {
        if let Some(Some(look)) = alike.first() {
            let (path, length) = (paths.entry(*look).or_default(), alike.len());
            let _ = match ends.insert(*look, from + length) {
                Some(end) => write!(path, "m{} 0h{length}", from - end),
                None => write!(path, "M{from} {y}h{length}"),
            };
        }
        from += alike.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of ten in which a row has these counts, drawn.
    fn drawn(row: &[LaneCounts], change: impl FnOnce(&mut Outcome)) -> Option<OverviewFigure> {
        let mut outcome = Outcome::example();
        let lanes = outcome.lanes.as_mut().unwrap();
        lanes.marks.clear();
        (lanes.resources, lanes.overview.rows) = (vec!["lot-0".into()], vec![row.to_vec()]);
        (lanes.overview.step, lanes.overview.columns) = (Duration::from_secs(16), 10);
        outcome.plan.totals.resources = 1;
        change(&mut outcome);
        let lanes = outcome.lanes.clone().unwrap();
        of_run(&outcome, &lanes)
    }

    /// What a cell looks like beside one with eight that were accepted.
    fn check(counts: LaneCounts, expected: &[&str]) {
        let svg = drawn(&[counts, [0; 4], [8, 0, 0, 0]], |_| {}).unwrap().svg;
        let cells = svg.split("<path ").skip(1).filter(|path| path.contains("M0 "));
        let cells: Vec<&str> =
            cells.map(|path| path.split("<title>").nth(1).unwrap().split('<').next().unwrap()).collect();
        assert_eq!(cells, expected, "{svg}");
    }

    #[test]
    fn a_cell_says_how_many_what_came_of_most_and_the_worst() {
        check([8, 0, 0, 0], &["6 to 8 actions in 16 s, most accepted"]);
        check([2, 0, 0, 0], &["1 to 2 actions in 16 s, most accepted"]);
        check([4, 1, 0, 0], &["3 to 5 actions in 16 s, most accepted", "some rejected in 16 s"]);
        check([4, 2, 0, 1], &["6 to 8 actions in 16 s, most accepted", "some failed in 16 s"]);
        check([1, 2, 0, 0], &["3 to 5 actions in 16 s, most rejected"]);
        check([1, 0, 1, 0], &["1 to 2 actions in 16 s, most late"]);
        check([0, 0, 0, 0], &[]);
    }

    #[test]
    fn neighbours_that_look_alike_are_one_line() {
        let row = [[[2, 0, 0, 0]; 3].as_slice(), &[[0; 4]; 2], &[[2, 0, 0, 0]; 2]].concat();
        let svg = drawn(&row, |_| {}).unwrap().svg;
        assert!(svg.contains(r#" d="M0 7.5h3m2 0h2""#), "{svg}");
    }

    fn said(change: impl FnOnce(&mut Outcome)) -> String {
        drawn(&[[6, 2, 0, 1]], change).unwrap().note
    }

    #[test]
    fn the_note_says_in_numbers_what_is_shown_and_what_is_not() {
        let shown = "9 actions on 1 resource in 1 min 15 s: 6 accepted, 2 rejected, 1 failed.";
        assert_eq!(said(|_| {}), shown);
        let hidden = |resources, elsewhere, open| {
            said(|outcome| {
                outcome.plan.totals.resources = resources;
                let overview = &mut outcome.lanes.as_mut().unwrap().overview;
                (overview.elsewhere, overview.open) = (elsewhere, open);
            })
        };
        let more = " 1,200 more resources are not shown, nor the 41,007 actions on them.";
        assert_eq!(hidden(1_201, 41_007, 0), format!("{shown}{more}"));
        let more = " One more resource is not shown, nor the 1 action on it. 3 actions had not ended when the run did.";
        assert_eq!(hidden(2, 1, 3), format!("{shown}{more}"));
    }

    #[test]
    fn an_invalid_run_has_no_green_cell() {
        let green = colour("ok");
        let figure = |status| drawn(&[[6, 2, 0, 1]], |outcome| outcome.verdict.status = status).unwrap();
        let all =
            |status| figure(status).svg + &figure(status).ends.iter().map(|key| key.svg.as_str()).collect::<String>();
        assert!(all(Status::Fail).contains(green));
        assert!(!all(Status::Invalid).contains(green));
    }

    #[test]
    fn where_the_beginning_is_all_there_is_no_second_picture() {
        let mark = Outcome::example().lanes.unwrap().marks[0];
        let marks = |number| move |outcome: &mut Outcome| outcome.lanes.as_mut().unwrap().marks = vec![mark; number];
        assert_eq!(drawn(&[[6, 2, 0, 1]], marks(9)), None);
        assert!(drawn(&[[6, 2, 0, 1]], marks(8)).is_some());
        assert_eq!(drawn(&[], marks(0)), None);
    }

    #[test]
    fn a_full_hour_is_small() {
        let cell = |n: u64| [n % 5, n % 3, n % 2, n % 7 / 6];
        let mut outcome = Outcome::example_long();
        let lanes = outcome.lanes.as_mut().unwrap();
        lanes.overview.rows =
            (0..40).map(|lane| (0..300).map(|column| cell(lane * 7 + column * 13)).collect()).collect();
        lanes.overview.columns = 300;
        let lanes = outcome.lanes.clone().unwrap();
        let size = of_run(&outcome, &lanes).unwrap().svg.len();
        assert!(size < 250_000, "{size}");
    }
}
