//! Swim lanes: a lane a resource, over time; a colour a user, a shape an outcome. Of a plan (a picture of its own) and of
//! a run (a part of the report).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::metrics::number::{clock, counted, duration, span};
use crate::plan::lanes::PlannedLanes;
use crate::report::chart::overview::{self, OverviewFigure};
use crate::report::chart::palette::{colour, user_colour};
use crate::report::chart::scale::times;
use crate::report::untrusted::for_html;
use crate::units::{Duration, Moment};
use crate::verdict::Outcome;
use crate::verdict::outcome::{LaneEnd, Status};

/// Units of the whole picture from left to right.
pub(super) const WIDTH: f64 = 1_100.0;
/// Right of the last moment.
pub(super) const RIGHT: f64 = 14.0;
/// Below the lanes, for the times.
const BELOW: f64 = 26.0;
/// Letters of a resource's name that are shown.
const NAME: usize = 16;
/// So many marks stand at whole units, which takes fewer letters.
const MANY: usize = 1_500;
/// Users that a legend names.
const NAMED_USERS: usize = 20;

/// The lanes of a run with what is said around them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LanesFigure {
    pub svg: String,
    /// All of the run, where the picture shows its beginning only.
    pub overview: Option<OverviewFigure>,
    /// The outcomes that occur, as shape and name.
    pub ends: Vec<LaneKey>,
    /// The users that are seen, the first of them.
    pub users: Vec<UserKey>,
    /// As in "… and 4 more users".
    pub more_users: Option<String>,
    /// What the picture shows, and what it leaves out.
    pub note: String,
    /// Of the pale bar after an accepted action, where there is one.
    pub rest: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneKey {
    pub name: &'static str,
    pub svg: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserKey {
    pub name: String,
    pub colour: String,
}

/// One action to be drawn; `end` is `None` for a planned one.
struct Mark {
    at: Moment,
    lane: usize,
    user: u64,
    end: Option<LaneEnd>,
}

/// What a picture is made of.
struct Course<'a> {
    resources: &'a [String],
    from: Moment,
    to: Moment,
    marks: Vec<Mark>,
    /// How long a resource rests after an accepted action.
    rest: Option<Duration>,
    /// Every user that has a mark, in order.
    users: Vec<u64>,
    /// How colourful users are; 0 is grey.
    chroma: f64,
}

/// The lanes of a run; `None` where nobody acted on resources.
#[must_use]
pub fn of_run(outcome: &Outcome) -> Option<LanesFigure> {
    let lanes = outcome.lanes.as_ref().filter(|lanes| !lanes.resources.is_empty())?;
    let shown = |mark: &&crate::verdict::outcome::LaneMark| mark.lane < lanes.resources.len();
    let marks = lanes.marks.iter().filter(shown);
    let marks = marks.map(|mark| Mark { at: mark.at, lane: mark.lane, user: mark.user, end: Some(mark.end) }).collect();
    let rest = outcome.plan.proof.rest();
    let course = Course::new(&lanes.resources, lanes.from, lanes.to, marks, rest);
    // Nothing of a run that cannot judge looks like a good sign.
    let chroma = if outcome.verdict.status == Status::Invalid { 0.0 } else { course.chroma };
    let course = Course { chroma, ..course };
    let length = duration(lanes.to.since(lanes.from));
    let left_out = if lanes.left_out > 0 {
        format!(
            " {} later or on other resources {} not shown.",
            counted(lanes.left_out, "action"),
            were(lanes.left_out)
        )
    } else {
        String::new()
    };
    let resources = counted(lanes.resources.len() as u64, "resource");
    let about = format!("{} on {resources} in {length}", counted(course.marks.len() as u64, "action"));
    let height = course.height();
    let svg = format!(
        r#"<svg class="lanes" width="100%" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{about}" font-family="system-ui, sans-serif">{}</svg>"#,
        course.draw()
    );
    let ends = ENDS.into_iter().filter(|end| course.marks.iter().any(|mark| mark.end == Some(*end)));
    let hidden = course.users.len().saturating_sub(NAMED_USERS) as u64;
    Some(LanesFigure {
        svg,
        overview: overview::of_run(outcome, lanes),
        ends: ends.map(key).collect(),
        users: course.legend(),
        more_users: (hidden > 0).then(|| format!("… and {}", counted(hidden, "more user"))),
        note: format!("Shown: {about}.{left_out}"),
        rest: rest.map(span),
    })
}

const fn were(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

const ENDS: [LaneEnd; 4] = LaneEnd::ALL;

pub(super) const fn word(end: LaneEnd) -> &'static str {
    match end {
        LaneEnd::Accepted => "accepted",
        LaneEnd::Rejected => "rejected",
        LaneEnd::Late => "late",
        LaneEnd::Failed => "failed",
    }
}

fn key(end: LaneEnd) -> LaneKey {
    let mut svg = String::from(r#"<svg width="14" height="14" aria-hidden="true">"#);
    shapes(&mut svg, Some(end), &[(7.0, 7.0)], 4.5, "#83898f", "");
    svg.push_str("</svg>");
    LaneKey { name: word(end), svg }
}

/// The planned visits as a picture of its own, readable in light and dark.
#[must_use]
pub fn planned(name: &str, lanes: Option<&PlannedLanes>) -> String {
    let title = format!("{}: who acts on what", for_html(name));
    let Some(lanes) = lanes.filter(|lanes| !lanes.resources.is_empty()) else {
        let text =
            r#"<text x="24" y="76" font-size="14">Nobody acts on resources in steps: there is nothing to draw.</text>"#;
        return alone(&title, "Nobody acts on resources in steps.", 104.0, text);
    };
    let marks = lanes.marks.iter();
    let marks = marks.map(|mark| Mark { at: mark.at, lane: mark.lane, user: mark.user, end: None }).collect();
    let course = Course::new(&lanes.resources, Moment::START, Moment::START + lanes.to, marks, lanes.rest);
    let rest = lanes.rest.map_or(String::new(), |rest| format!(", the pale bar is the cooldown of {}", span(rest)));
    let left_out = if lanes.resources_left_out > 0 {
        format!("; {} not shown", counted(lanes.resources_left_out, "more resource"))
    } else {
        String::new()
    };
    let about = format!(
        "The first {} of the plan with everybody there: a lane a resource, a colour a user{rest}{left_out}",
        duration(lanes.to)
    );
    let mut body = format!(r#"<text class="soft" x="24" y="58" font-size="13" fill-opacity="0.75">{about}</text>"#);
    let mut x = 24.0;
    for user in course.legend() {
        let name = user.name;
        let _ = write!(
            body,
            r#"<circle cx="{}" cy="79" r="5" fill="{}"/><text x="{}" y="83" font-size="11.5">{name}</text>"#,
            x + 5.0,
            user.colour,
            x + 14.0
        );
        x += 28.0 + name.len() as f64 * 5.8;
        if x > WIDTH - 120.0 {
            body.push_str(&format!(r#"<text x="{x}" y="83" font-size="11.5">…</text>"#));
            break;
        }
    }
    let _ = write!(body, r#"<g transform="translate(0 100)">{}</g>"#, course.draw());
    alone(&title, &about, 100.0 + course.height() + 8.0, &body)
}

fn alone(title: &str, about: &str, height: f64, body: &str) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" fill="#1b1e22" color="#1b1e22">
<title id="t">{title}</title><desc id="d">{about}</desc>
<style>.paper {{ fill: #fbfaf8 }} @media (prefers-color-scheme: dark) {{ .paper {{ fill: #131518 }} svg, text {{ fill: #e9e7e2; color: #e9e7e2 }} }}</style>
<rect class="paper" width="100%" height="100%" fill="#fbfaf8"/><text x="24" y="36" font-size="20" font-weight="600">{title}</text>
{body}
</svg>
"##
    )
}

impl<'a> Course<'a> {
    fn new(resources: &'a [String], from: Moment, to: Moment, marks: Vec<Mark>, rest: Option<Duration>) -> Self {
        let mut users: Vec<u64> = marks.iter().map(|mark| mark.user).collect();
        users.sort_unstable();
        users.dedup();
        Self { resources, from, to, marks, rest, users, chroma: 0.125 }
    }

    /// Do marks lie on each other? Then every user gets a height of its own inside a lane.
    fn crowded(&self) -> bool {
        let mut places: Vec<(usize, i64)> =
            self.marks.iter().map(|mark| (mark.lane, self.x(mark.at).round() as i64)).collect();
        places.sort_unstable();
        places.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[1].1 - pair[0].1 < 4)
    }

    fn row(&self) -> f64 {
        if self.crowded() { 26.0 } else { 20.0 }
    }

    fn height(&self) -> f64 {
        self.resources.len() as f64 * self.row() + BELOW
    }

    /// Where the first moment is.
    fn left(&self) -> f64 {
        left(self.resources)
    }

    fn x(&self, moment: Moment) -> f64 {
        let length = self.to.since(self.from).as_secs_f64().max(1e-9);
        let place = (moment.as_secs_f64() - self.from.as_secs_f64()) / length;
        self.left() + place.clamp(0.0, 1.0) * (WIDTH - RIGHT - self.left())
    }

    fn colour(&self, user: u64) -> String {
        let rank = self.users.binary_search(&user).unwrap_or_default();
        user_colour(rank as f64 / self.users.len().max(1) as f64, self.chroma)
    }

    fn legend(&self) -> Vec<UserKey> {
        let named = self.users.iter().take(NAMED_USERS);
        named.map(|user| UserKey { name: format!("user {user}"), colour: self.colour(*user) }).collect()
    }

    /// Lanes, times and marks, without the element around them.
    fn draw(&self) -> String {
        let mut svg = String::new();
        self.ground(&mut svg);
        let (row, crowded) = (self.row(), self.crowded());
        let radius = |end| match end {
            Some(LaneEnd::Accepted) if crowded => 4.5,
            _ => self.radius(crowded),
        };
        // A path for each user and outcome: a run has thousands of actions, and a page has to be small.
        let round = |units: f64| if self.marks.len() > MANY { units.round() } else { units };
        let mut groups: BTreeMap<(usize, u64), Vec<(f64, f64)>> = BTreeMap::new();
        let mut rests: BTreeMap<u64, String> = BTreeMap::new();
        for mark in &self.marks {
            // In a crowd whoever got it stands in the middle, and the others above and below.
            let rank = self.users.binary_search(&mark.user).unwrap_or_default() as f64;
            let taken = matches!(mark.end, Some(LaneEnd::Accepted));
            let apart = if crowded && !taken { (rank + 0.5) / self.users.len() as f64 - 0.5 } else { 0.0 };
            let place = (round(self.x(mark.at)), round((mark.lane as f64 + 0.5 + apart * 0.72) * row));
            // What was accepted comes last, on top: in a crowd it is the one to be found.
            let order = mark.end.and_then(|end| ENDS.iter().rposition(|known| *known == end)).unwrap_or(0);
            groups.entry((ENDS.len() - order, mark.user)).or_default().push(place);
            if let (Some(rest), None | Some(LaneEnd::Accepted)) = (self.rest, mark.end) {
                let (middle, length) = ((mark.lane as f64 + 0.5) * row, self.x(mark.at + rest) - place.0);
                let path = rests.entry(mark.user).or_default();
                let _ = write!(path, "M{} {}h{}", tenth(place.0), round(middle), tenth(round(length)));
            }
        }
        for (user, path) in rests {
            let (user, high) = (self.colour(user), 0.44 * row);
            let _ = write!(
                svg,
                r#"<path fill="none" stroke="{user}" stroke-opacity="0.24" stroke-width="{high:.1}" d="{path}"/>"#
            );
        }
        let planned = self.marks.iter().all(|mark| mark.end.is_none());
        for ((order, user), places) in groups {
            let end = ENDS.get(ENDS.len() - order).copied().filter(|_| !planned);
            let said = end.map_or_else(|| format!("user {user}"), |end| format!("user {user}: {}", word(end)));
            shapes(&mut svg, end, &places, radius(end), &self.colour(user), &format!("<title>{said}</title>"));
        }
        svg
    }

    /// As large as the marks of a lane leave room for.
    fn radius(&self, crowded: bool) -> f64 {
        let in_a_lane = self.marks.len() as f64 / self.resources.len().max(1) as f64;
        let room = (WIDTH - RIGHT - self.left()) / in_a_lane.max(1.0);
        if crowded { 2.4 } else { (room * 0.3).clamp(2.5, 5.0) }
    }

    /// The lanes themselves with their names, and the times.
    fn ground(&self, svg: &mut String) {
        let row = self.row();
        let (left, bottom) = (self.left(), self.resources.len() as f64 * row);
        for (lane, name) in self.resources.iter().enumerate() {
            let top = lane as f64 * row;
            let _ = write!(
                svg,
                r##"<rect class="lane" x="{left}" y="{top}" width="{}" height="{row}" fill="#8a8f98" fill-opacity="{}"/><text class="axis" x="{}" y="{}" text-anchor="end" font-size="12" fill="currentColor">{}</text>"##,
                WIDTH - RIGHT - left,
                if lane % 2 == 0 { "0.1" } else { "0.03" },
                left - 10.0,
                top + row / 2.0 + 4.0,
                short(name)
            );
        }
        let shown = |second: &u64| Moment::START + Duration::from_secs(*second) >= self.from;
        for second in times(self.to.second()).into_iter().filter(shown) {
            let x = self.x(Moment::START + Duration::from_secs(second));
            let _ = write!(
                svg,
                r##"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="0" y2="{bottom}" stroke="#8a8f98" stroke-opacity="0.3"/><text class="axis" x="{x:.1}" y="{}" text-anchor="middle" font-size="12" fill="currentColor">{}</text>"##,
                bottom + 18.0,
                clock(second)
            );
        }
    }
}

/// To a tenth, with no zero behind the point.
fn tenth(units: f64) -> f64 {
    (units * 10.0).round() / 10.0
}

/// Where the first moment is, right of these names.
pub(super) fn left(resources: &[String]) -> f64 {
    let longest = resources.iter().map(|name| name.chars().count().min(NAME)).max().unwrap_or(0);
    longest as f64 * 7.0 + 18.0
}

/// As much of a resource's name as there is room for.
pub(super) fn short(name: &str) -> String {
    let long = name.chars().count() > NAME;
    let short: String = name.chars().take(if long { NAME - 1 } else { NAME }).collect();
    format!("{}{}", for_html(&short), if long { "…" } else { "" })
}

/// Marks of one user and outcome: the shape and its colour say what came of them, the colour of body or edge whose they are.
fn shapes(svg: &mut String, end: Option<LaneEnd>, places: &[(f64, f64)], r: f64, user: &str, said: &str) {
    let path = |piece: &dyn Fn(f64, f64) -> String| places.iter().map(|(x, y)| piece(*x, *y)).collect::<String>();
    // A line of no length with round ends is a dot.
    let dots = |opacity: &str| {
        let (d, thick) = (path(&|x, y| format!("M{} {}h0", tenth(x), tenth(y))), r * 2.0);
        format!(
            r#"<path fill="none" stroke="{user}" stroke-width="{thick:.1}" stroke-linecap="round"{opacity} d="{d}">{said}</path>"#
        )
    };
    let filled = |class: &str, d: &str| {
        let fill = colour(class);
        format!(r#"<path class="{class}" fill="{fill}" stroke="{user}" stroke-width="1.5" d="{d}">{said}</path>"#)
    };
    match end {
        None | Some(LaneEnd::Accepted) => svg.push_str(&dots("")),
        Some(LaneEnd::Rejected) => {
            let (arm, both) = (r * 0.8, r * 1.6);
            let piece =
                |x, y| format!("M{:.1} {:.1}l{both:.1} {both:.1}m0-{both:.1}l-{both:.1} {both:.1}", x - arm, y - arm);
            svg.push_str(&dots(r#" stroke-opacity="0.25""#));
            let _ = write!(
                svg,
                r#"<path class="cross" fill="none" stroke="{}" stroke-width="{:.1}" d="{}">{said}</path>"#,
                colour("rejected"),
                r * 0.36,
                path(&piece)
            );
        }
        Some(LaneEnd::Late) => {
            let arm = r * 1.2;
            let piece =
                |x, y| format!("M{x:.1} {:.1}l{arm:.1} {arm:.1}l-{arm:.1} {arm:.1}l-{arm:.1}-{arm:.1}z", y - arm);
            svg.push_str(&filled("timeout", &path(&piece)));
        }
        Some(LaneEnd::Failed) => {
            let side = r * 1.8;
            let piece = |x, y| format!("M{:.1} {:.1}h{side:.1}v{side:.1}h-{side:.1}z", x - side / 2.0, y - side / 2.0);
            svg.push_str(&filled("failed", &path(&piece)));
        }
    }
}
