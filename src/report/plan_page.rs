//! The plan as a page in the terminal: what is proved of it, what it will do, what it needs, who takes what.

use anstyle::{Ansi256Color, AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::metrics::catalog::Unit;
use crate::metrics::number::{bytes, count, counted, share, span, value};
use crate::plan::summary::{
    ContentionSummary, PlanSummary, PlannedTotals, ProofSummary, ProofVerdict, RuleRow, RuleStanding, StepTable,
};
use crate::report::page::{BOLD, DIM, GREEN, PLAIN, Page, RED, YELLOW};
use crate::report::table;
use crate::report::untrusted::for_log;

/// Cells of a rule's bar up to what is needed, and beyond.
const BAR_NEEDED: usize = 9;
const BAR_BEYOND: usize = 5;
/// Columns from which on there is room for the bars.
const ROOM_FOR_BARS: usize = 84;
/// Columns below which what is needed stands only in the sentence.
const NARROW: usize = 72;
/// Columns of the labels.
const LABEL: usize = 17;
/// Backgrounds that black is read on, once around the wheel.
const WHEEL: [u8; 18] = [210, 216, 222, 228, 191, 157, 120, 121, 122, 123, 117, 111, 147, 183, 219, 218, 217, 223];

/// The page, at most `width` columns wide (at least 40), with ANSI colours if `colour`, ending with a line end.
#[must_use]
pub fn render(name: &str, plan: &PlanSummary, colour: bool, width: usize) -> String {
    let mut page = Page::new(colour, width);
    page.line(&[(BOLD, &for_log(name))]);
    verdict(&mut page, &plan.proof);
    proof(&mut page, &plan.proof);
    load(&mut page, plan);
    if let Some(contention) = &plan.contention {
        meetings(&mut page, contention);
    }
    needs(&mut page, plan);
    if !plan.warnings.is_empty() {
        page.heading("Worth knowing", "");
        for warning in &plan.warnings {
            page.wrapped(YELLOW, "  ! ", "    ", &for_log(warning));
        }
    }
    if let Some(steps) = &plan.steps {
        who_takes_what(&mut page, steps);
    }
    page.text
}

fn verdict(page: &mut Page, proof: &ProofSummary) {
    let (mark, style) = match proof.verdict {
        ProofVerdict::Kept => ("✓ ", GREEN),
        ProofVerdict::ByDesign => ("≈ ", YELLOW),
        ProofVerdict::Broken => ("✗ ", RED),
        ProofVerdict::NotProvable => ("? ", YELLOW),
        ProofVerdict::NothingToProve => ("· ", DIM),
    };
    page.wrapped(style, mark, "  ", &for_log(&proof.sentence));
}

fn proof(page: &mut Page, proof: &ProofSummary) {
    if proof.rules.is_empty() {
        return;
    }
    page.heading("Proof", "");
    let with = [("step ", proof.step, ""), ("margin ", proof.margin, ""), ("a turn may start ", proof.slack, " late")];
    let said = with.into_iter().filter_map(|(before, value, after)| Some(format!("{before}{}{after}", span(value?))));
    page.wrapped(DIM, "  ", "  ", &said.collect::<Vec<_>>().join(" · "));
    let wide = page.width >= NARROW;
    let mut rows = vec![["", "declared", "needed", "smallest gap", "slack"].map(String::from).to_vec()];
    rows.extend(proof.rules.iter().map(cells));
    if !wide {
        rows.iter_mut().for_each(|row| drop(row.remove(2)));
    }
    let text = table::columns(&rows);
    for (at, line) in text.lines().enumerate() {
        let Some(rule) = at.checked_sub(1).and_then(|at| proof.rules.get(at)) else {
            page.line(&[(DIM, &format!("    {line}"))]);
            continue;
        };
        let (mark, style) = standing(rule.standing);
        let bar = if page.width >= ROOM_FOR_BARS { format!("  {}", bar(rule)) } else { String::new() };
        let more = if wide { format!("  {}", rule.standing.word()) } else { String::new() };
        let mark = format!("  {mark} ");
        page.line(&[(style, &mark), (PLAIN, line), (style, &bar), (style, &more)]);
        for more in details(rule) {
            page.wrapped(DIM, "    ", "    ", &more);
        }
    }
}

const fn standing(standing: RuleStanding) -> (char, Style) {
    match standing {
        RuleStanding::Kept => ('✓', GREEN),
        RuleStanding::ByDesign => ('≈', YELLOW),
        RuleStanding::Broken => ('✗', RED),
    }
}

fn cells(rule: &RuleRow) -> Vec<String> {
    let slack = match (rule.standing, rule.difference) {
        (RuleStanding::Broken, Some(missing)) => format!("−{}", span(missing)),
        (_, Some(spare)) => span(spare),
        (_, None) => "–".into(),
    };
    let gap = rule.gap.map_or_else(|| "never".into(), span);
    vec![for_log(&rule.rule), for_log(&rule.declared), span(rule.needed), gap, slack]
}

/// How far the smallest gap goes, with a mark where it must go.
fn bar(rule: &RuleRow) -> String {
    let needed = rule.needed.as_secs_f64();
    let gap = rule.gap.map_or(f64::INFINITY, |gap| gap.as_secs_f64());
    let filled = if needed > 0.0 { gap / needed * BAR_NEEDED as f64 } else { f64::INFINITY };
    let filled = (filled + 1e-9).floor().min((BAR_NEEDED + BAR_BEYOND) as f64) as usize;
    let cell = |at: usize| if at < filled { '━' } else { '·' };
    (0..BAR_NEEDED).map(cell).chain(['┃']).chain((BAR_NEEDED..BAR_NEEDED + BAR_BEYOND).map(cell)).collect()
}

fn details(rule: &RuleRow) -> Vec<String> {
    let mut details = Vec::new();
    if rule.standing == RuleStanding::ByDesign {
        let inside = rule.inside.map_or(String::new(), |inside| {
            format!(": {} of the actions come sooner than the rule allows", share(inside))
        });
        details.push(format!("users collide by design{inside}"));
    }
    if !rule.exact {
        details.push("a bound: there are too many visits to look at each".into());
    }
    details
}

fn load(page: &mut Page, plan: &PlanSummary) {
    page.heading("Load", "");
    let mut pair = |label: &str, value: &str| pair(page, label, value);
    for (label, value) in &plan.facts {
        pair(&for_log(label), &for_log(value));
    }
    let totals = &plan.totals;
    pair("users", &count(totals.users));
    pair("resources", &count(totals.resources));
    if totals.actions_most > 0 {
        pair("actions", &actions(totals));
    }
    let rates = totals.actions_per_second.map(|rate| value(rate, Unit::PerSecond).replace('/', " actions/"));
    let rates = rates.into_iter().chain([format!("{}/s", counted(totals.connects_per_second, "connect"))]);
    pair("peak rates", &rates.collect::<Vec<_>>().join(" · "));
    if let Some((shortest, longest)) = totals.lifetimes {
        let from = if shortest == longest { "up to".into() } else { format!("{} to", span(shortest)) };
        pair("socket lifetime", &format!("{from} {}, the last deadline included", span(longest)));
    }
}

fn actions(totals: &PlannedTotals) -> String {
    if totals.actions_most == totals.actions_least {
        return count(totals.actions_most);
    }
    let least = match totals.actions_least {
        0 => String::new(),
        least => format!("; at least {}", count(least)),
    };
    format!("up to {}, if every user is ready in its slot{least}", count(totals.actions_most))
}

fn meetings(page: &mut Page, contention: &ContentionSummary) {
    page.heading("Contention", "");
    let (fewest, most) = (contention.fewest_users, contention.most_users);
    let users = if fewest == most { count(most) } else { format!("{} to {}", count(fewest), count(most)) };
    pair(page, "a resource sees", &format!("{users} different user{}", if most == 1 { "" } else { "s" }));
    if let Some(part) = contention.share {
        let (pairs, possible) = (count(contention.pairs), count(contention.possible_pairs));
        let sampled = if contention.sampled { ", from a sample" } else { "" };
        pair(page, "who follows whom", &format!("{pairs} of {possible} ordered pairs ({}{sampled})", share(part)));
    }
    let beside = contention.cooldown.map_or(String::new(), |cooldown| format!(" (its cooldown: {})", span(cooldown)));
    let between = contention.between.map_or_else(|| "never".into(), |between| format!("{}{beside}", span(between)));
    pair(page, "between two users", &format!("{between}, the median on a resource"));
}

fn needs(page: &mut Page, plan: &PlanSummary) {
    let needs = &plan.needs;
    page.heading("Needs", "");
    pair(page, "memory", &format!("about {} here, while connections are idle", bytes(needs.memory as f64)));
    let ports = counted(needs.local_ports, "local port");
    pair(page, "connections", &format!("{ports} and {}", counted(needs.open_files, "open file")));
}

fn pair(page: &mut Page, label: &str, value: &str) {
    let gap = " ".repeat(LABEL.saturating_sub(label.width()));
    page.wrapped(PLAIN, &format!("  {label}{gap}  "), &" ".repeat(LABEL + 4), value);
}

fn who_takes_what(page: &mut Page, steps: &StepTable) {
    page.heading("Who takes what", "");
    let texts = |cells: &[String]| cells.iter().map(|cell| for_log(cell)).collect::<Vec<_>>();
    let heads = texts(&steps.columns);
    let rows: Vec<(String, Vec<String>)> = steps.rows.iter().map(|(name, row)| (for_log(name), texts(row))).collect();
    let all = rows.iter().flat_map(|(_, row)| row).chain(&heads);
    let cell = all.map(|text| text.width()).max().unwrap_or(0) + 2;
    let label = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let fit = (page.width.saturating_sub(label + 4) / cell).max(1);
    let pad = |text: &str| format!(" {text}{} ", " ".repeat(cell.saturating_sub(text.width() + 2)));
    let mut met: Vec<&String> = Vec::new();
    for text in (0..heads.len()).flat_map(|column| rows.iter().filter_map(move |(_, row)| row.get(column))) {
        if !text.is_empty() && !met.contains(&text) {
            met.push(text);
        }
    }
    let style = |text: &String| {
        let place = met.iter().position(|known| *known == text).map(|place| place * WHEEL.len() / met.len());
        place.map_or(PLAIN, |place| AnsiColor::Black.on(Ansi256Color(WHEEL[place % WHEEL.len()])))
    };
    let line = |page: &mut Page, name: &str, cells: &[String], style: &dyn Fn(&String) -> Style| {
        let name = format!("  {name}{}  ", " ".repeat(label.saturating_sub(name.width())));
        let mut texts: Vec<String> = cells.iter().take(fit).map(|text| pad(text)).collect();
        if let Some(last) = texts.last_mut().filter(|_| !page.colour) {
            *last = last.trim_end().to_owned();
        }
        let styles = cells.iter().map(style);
        let pieces: Vec<(Style, &str)> =
            [(DIM, name.as_str())].into_iter().chain(styles.zip(texts.iter().map(String::as_str))).collect();
        page.line(&pieces);
    };
    line(page, "", &heads, &|_| DIM);
    for (name, cells) in &rows {
        line(page, name, cells, &style);
    }
    if let Some(more) = &steps.more {
        page.line(&[(DIM, &format!("  {}", for_log(more)))]);
    }
}
