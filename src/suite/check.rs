//! The suite against the JSON Schema of the language: every fault, in the words of an author.

use std::sync::LazyLock;

use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

use super::advice::{self, list};
use super::format::FORMATS;
use super::problem::{Path, Problem, Segment};
use super::shape::{SCHEMA, Shape};
use super::source::Source;

/// One fault: the problem, and what to do to the value so that reading can go on.
#[derive(Debug)]
pub struct Fault {
    pub path: Path,
    pub problem: Problem,
    pub mend: Mend,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Leave out what stands at the path.
    Remove,
    /// Put something there that is of the right shape.
    Replace,
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let options = FORMATS.iter().fold(jsonschema::options(), |options, format| {
        options.with_format(format.name, move |text: &str| (format.check)(text).is_ok())
    });
    options.should_validate_formats(true).build(&SCHEMA).expect("the schema of our own types is a valid schema")
});

/// All faults of `value`, which was read from `source`.
#[must_use]
pub fn check(value: &Value, source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for error in VALIDATOR.iter_errors(value) {
        for leaf in resolve(&error).leaves {
            faults.extend(explain(leaf, value, source));
        }
    }
    faults
}

/// An error with the branches of `anyOf` that the author cannot have meant left out.
struct Resolved<'e> {
    /// Is the value of the type that was wanted, so that its faults lie deeper?
    fits: bool,
    leaves: Vec<&'e ValidationError<'e>>,
}

fn resolve<'e>(error: &'e ValidationError<'e>) -> Resolved<'e> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let branches = context.iter().map(|errors| {
                let resolved: Vec<_> = errors.iter().map(|inner| (inner, resolve(inner))).collect();
                let fits = resolved
                    .iter()
                    .all(|(inner, resolved)| resolved.fits || inner.instance_path() != error.instance_path());
                Resolved { fits, leaves: resolved.into_iter().flat_map(|(_, resolved)| resolved.leaves).collect() }
            });
            let meant = branches.filter(|branch| branch.fits).min_by_key(|branch| branch.leaves.len());
            meant.unwrap_or_else(|| Resolved { fits: false, leaves: vec![error] })
        }
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            Resolved { fits: false, leaves: vec![error] }
        }
        _ => Resolved { fits: true, leaves: vec![error] },
    }
}

fn explain(error: &ValidationError<'_>, root: &Value, source: &Source) -> Vec<Fault> {
    let path = path_of(error.instance_path().as_str(), root);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let pointer = error.schema_path().as_str().trim_end_matches("/additionalProperties");
            let shape = Shape::at(pointer);
            unexpected.iter().map(|key| unknown_key(&path, key, shape, source)).collect()
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            vec![missing_key(&path, key, source)]
        }
        ValidationErrorKind::MinProperties { .. } => {
            let what = format!("`{path}` is empty");
            let problem = Problem::error(what).help("give it at least one entry").at(source.at(&path));
            vec![Fault { path, problem, mend: Mend::Replace }]
        }
        _ => vec![wrong_value(path, error, source)],
    }
}

fn unknown_key(parent: &Path, key: &str, shape: Option<Shape>, source: &Source) -> Fault {
    let path = parent.key(key);
    let what = format!("unknown key `{key}`");
    let problem = Problem { help: advice::on_unknown_key(parent, key, shape, source), ..Problem::error(what) };
    Fault { problem: problem.at(source.at_key(&path)), path, mend: Mend::Remove }
}

fn missing_key(parent: &Path, key: &str, source: &Source) -> Fault {
    let path = parent.key(key);
    let what = match parent.last() {
        None => format!("the suite has no `{key}`"),
        Some(_) => format!("`{parent}` has no `{key}`"),
    };
    let shape = Shape::of(&path);
    let example = shape.map(Shape::stand_in).map_or(String::new(), |value| advice::yaml(&value));
    let example = if example.is_empty() { "…" } else { &example };
    let mut help = format!("add `{key}: {example}`");
    if let Some(meaning) = shape.and_then(Shape::meaning) {
        help = format!("{help} ({})", advice::lower_first(meaning));
    }
    let problem = Problem::error(what).help(help).at(source.at_key(parent));
    Fault { path, problem, mend: Mend::Replace }
}

fn wrong_value(path: Path, error: &ValidationError<'_>, source: &Source) -> Fault {
    let value = error.instance().as_ref();
    let (what, help) = describe(&path, error, value, source);
    let problem = Problem { help, ..Problem::error(what) }.at(source.at(&path));
    let required = match (path.parent(), path.last()) {
        (Some(parent), Some(Segment::Key(key))) => {
            Shape::of(&parent).is_none_or(|shape| shape.requires(key) || !shape.knows(key))
        }
        _ => true,
    };
    Fault { path, problem, mend: if required { Mend::Replace } else { Mend::Remove } }
}

fn describe(path: &Path, error: &ValidationError<'_>, value: &Value, source: &Source) -> (String, Option<String>) {
    let alternatives = Shape::of(path).map(Shape::alternatives).unwrap_or_default();
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let format = alternatives.iter().find_map(|shape| shape.format());
    if let (Some(format), Some(text)) = (format, &text)
        && let Err(error) = (format.check)(text)
    {
        let from = advice::origin(path, source).map(|written| format!(" (from `{written}`)")).unwrap_or_default();
        return (format!("{}{from}", error.what), Some(error.instead));
    }
    let shown = advice::shown(path, value, source);
    let is_no_choice = format!("`{shown}` is no choice for `{}`", advice::key_name(path));
    if let (ValidationErrorKind::AnyOf { .. }, Some((near, words))) =
        (error.kind(), words_near(&alternatives, text.as_deref()))
    {
        return (is_no_choice, Some(format!("did you mean `{near}`? the choices are {}", list(&words, "and"))));
    }
    match error.kind() {
        ValidationErrorKind::Enum { options } if value.is_string() => {
            let choices: Vec<String> = options.as_array().into_iter().flatten().map(advice::plain).collect();
            let near = advice::closest(text.as_deref().unwrap_or_default(), choices.iter().map(String::as_str));
            let help = match near.filter(|_| choices.len() > 1) {
                Some(near) => format!("did you mean `{near}`? the choices are {}", list(&choices, "and")),
                None => format!("write {}", list(&choices, "or")),
            };
            (is_no_choice, Some(help))
        }
        ValidationErrorKind::Pattern { .. } => {
            let help = format!("use a–z and 0–9, with single `-`, `_` or `.` between, as `{}`", advice::slug(&shown));
            (format!("`{shown}` is not a slug"), Some(help))
        }
        _ => {
            let expected: Vec<String> = alternatives.iter().map(|shape| advice::noun(*shape)).collect();
            let what = format!("expected {}, found {}", advice::join(&expected, "or"), advice::kind(value));
            (what, advice::on_wrong_type(&alternatives, value))
        }
    }
}

/// Where a word or something else may stand: the word that is nearest, if any is near, and all of them.
fn words_near(alternatives: &[Shape], text: Option<&str>) -> Option<(String, Vec<String>)> {
    let words =
        alternatives.iter().find_map(|shape| shape.choices().filter(|words| words.iter().all(Value::is_string)))?;
    let words: Vec<String> = words.iter().map(advice::plain).collect();
    let near = advice::closest(text?, words.iter().map(String::as_str))?.to_owned();
    Some((near, words))
}

/// A JSON Pointer into `root` as a path. Only the value tells a position from a key of digits.
fn path_of(pointer: &str, root: &Value) -> Path {
    let mut path = Path::root();
    let mut here = Some(root);
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let index = part.parse::<usize>().ok().filter(|_| here.is_some_and(Value::is_array));
        (path, here) = match index {
            Some(index) => (path.index(index), here.and_then(|value| value.get(index))),
            None => (path.key(part.as_str()), here.and_then(|value| value.get(&part))),
        };
    }
    path
}
