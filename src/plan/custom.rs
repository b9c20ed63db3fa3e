//! The metrics that a suite brings itself, and the steps that record them.

use super::critic::Critic;
use super::language::{Answer, Bindings, Expression, parse};
use crate::metrics::catalog;
use crate::metrics::{Custom, CustomKind};
use crate::secrets::shortened;
use crate::suite::problem::Path;
use crate::suite::schema::{Step, Suite};

/// Longest value shown, in characters.
const LONGEST: usize = 100;

/// `check` as a step: does something hold?
#[derive(Debug)]
pub struct Check {
    pub name: Box<str>,
    /// Number of its metric; `None` in `before` and `after`, where each is a case of its own.
    pub metric: Option<usize>,
    pub ok: Expression,
    /// What to show where it is false.
    pub sides: Vec<Side>,
    /// Line in the suite, from 1.
    pub line: usize,
}

/// A part of a check whose value says why it is false.
#[derive(Debug)]
pub struct Side {
    /// As it stands in the suite.
    pub text: Box<str>,
    pub value: Expression,
}

/// `count` or `measure` as a step.
#[derive(Debug)]
pub struct Tally {
    pub name: Box<str>,
    pub metric: usize,
    pub kind: CustomKind,
    pub value: Expression,
}

impl Check {
    /// The values that say why it is false: `now.bids - was.bids = 41, counts.bid.ok = 40`.
    #[must_use]
    pub fn values(&self, bindings: &Bindings<'_>) -> String {
        let value = |side: &Side| match side.value.value(bindings, Answer::None) {
            Ok(Some(value)) => format!("{} = {}", side.text, head(&value)),
            Ok(None) => format!("{} is undefined", side.text),
            Err(error) => format!("{} has no value: {error}", side.text),
        };
        self.sides.iter().map(value).collect::<Vec<_>>().join(", ")
    }
}

/// Enough of a value to see what it is.
fn head(value: &serde_json::Value) -> String {
    shortened(&value.to_string(), LONGEST)
}

/// The metrics of all steps of the scenarios, in the order of the file.
#[must_use]
pub fn collect(suite: &Suite, critic: &Critic<'_>) -> Vec<Custom> {
    let mut customs = Vec::new();
    let scenarios = Path::root().key("scenarios");
    for (name, scenario) in &suite.scenarios {
        let path = scenarios.key(name.as_str());
        for (key, steps) in [("setup", &scenario.setup), ("act", &scenario.act), ("teardown", &scenario.teardown)] {
            collect_steps(steps, &path.key(key), critic, &mut customs);
        }
        for (event, steps) in &scenario.on {
            collect_steps(steps, &path.key("on").key(event.as_str()), critic, &mut customs);
        }
    }
    customs
}

fn collect_steps(steps: &[Step], path: &Path, critic: &Critic<'_>, customs: &mut Vec<Custom>) {
    for (index, step) in steps.iter().enumerate() {
        let path = path.index(index);
        if let Some((kind, name)) = recorded(step) {
            collect_one(kind, name, &path.key(kind.verb()), critic, customs);
        }
        collect_steps(step.steps.as_deref().unwrap_or_default(), &path.key("steps"), critic, customs);
        for (index, way) in step.mix.iter().flatten().enumerate() {
            collect_steps(&way.steps, &path.key("mix").index(index).key("steps"), critic, customs);
        }
    }
}

/// The metric that a step records.
fn recorded(step: &Step) -> Option<(CustomKind, &str)> {
    let check = step.check.as_deref().map(|name| (CustomKind::Check, name));
    let measure = step.measure.as_deref().map(|name| (CustomKind::Measure, name));
    let counts = step.count.as_ref().filter(|_| step.expect.is_none());
    let count = counts.and_then(|count| count.name()).map(|name| (CustomKind::Count, name));
    check.or(measure).or(count)
}

fn collect_one(kind: CustomKind, name: &str, path: &Path, critic: &Critic<'_>, customs: &mut Vec<Custom>) {
    if !is_name(name) {
        let what = format!("`{name}` is no name for a metric");
        return critic.error(path, what, "begin it with a letter, and go on with letters, digits, `_`, `-` and `.`");
    }
    if catalog::find(name).is_some() {
        let what = format!("`{name}` is a metric of every run, and cannot be the name of another");
        return critic.error(path, what, "choose another name");
    }
    match customs.iter().find(|known| known.name == name) {
        None => customs.push(Custom { name: name.to_owned(), kind }),
        Some(known) if known.kind == kind => {}
        Some(known) => {
            let what =
                format!("`{name}` is recorded by `{}` elsewhere, and here by `{}`", known.kind.verb(), kind.verb());
            critic.error(path, what, "give one of them another name");
        }
    }
}

fn is_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(rest)
}

/// The parts of a check whose values say why it is false: both sides of each comparison, without what is constant; a check
/// that compares nothing, as a whole. Several checks may be joined by `and` or `or`.
#[must_use]
pub fn sides(check: &str) -> Vec<&str> {
    let check = parse::without_braces(check);
    let mut sides: Vec<&str> = Vec::new();
    for part in parse::split(check, &[" and ", " or "]) {
        let part = part.strip_prefix("not ").unwrap_or(part);
        for side in parse::split(part, &[" in ", " is ", "==", "!=", "<=", ">=", "<", ">"]) {
            let tested = side.starts_with("not ") || side == "none" || side == "defined" || side == "undefined";
            if !tested && !side.is_empty() && parse::literal(side).is_none() && !sides.contains(&side) {
                sides.push(side);
            }
        }
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(sides(text), expected, "{text}");
    }

    #[test]
    fn both_sides_of_a_comparison_are_shown() {
        check("now.bids - was.bids == counts.bid.ok", &["now.bids - was.bids", "counts.bid.ok"]);
        check("{{ winner == 0 }}", &["winner"]);
        check("a.b<=c and (x < y) or z", &["a.b", "c", "(x < y)", "z"]);
        check(
            "2 * (now.a - was.a) >= counts[\"GET /a == b\"].ok + 1",
            &["2 * (now.a - was.a)", "counts[\"GET /a == b\"].ok + 1"],
        );
        check("'x' in data.names", &["data.names"]);
        check("room is none", &["room"]);
        check("response.json.healthy", &["response.json.healthy"]);
        check("not broken", &["broken"]);
        check("true", &[]);
    }
}
