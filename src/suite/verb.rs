//! Which verb a step has, and what may stand beside it.

use serde_json::{Map, Value};

use super::advice::list;
use super::problem::{Path, Problem, Problems, Segment};
use super::scalar::CountOrName;
use super::shape::Shape;
use super::source::Source;

/// A verb of the language with the keys that belong to it.
#[derive(Debug)]
pub struct Verb {
    pub name: &'static str,
    pub keys: &'static [&'static str],
}

const HTTP_KEYS: &[&str] =
    &["name", "json", "form", "headers", "status", "ok", "rejected", "within", "save", "delivery", "label"];

pub const VERBS: &[Verb] = &[
    Verb {
        name: "emit",
        keys: &["name", "namespace", "args", "ack", "reply", "rejected", "failed", "save", "delivery", "label"],
    },
    Verb { name: "send", keys: &["name", "reply", "rejected", "failed", "delivery", "label"] },
    Verb { name: "expect", keys: &["namespace", "where", "within", "count", "save", "never", "joined"] },
    Verb { name: "answer", keys: &[] },
    Verb { name: "disconnect", keys: &[] },
    Verb { name: "reconnect", keys: &["within"] },
    Verb { name: "get", keys: HTTP_KEYS },
    Verb { name: "post", keys: HTTP_KEYS },
    Verb { name: "put", keys: HTTP_KEYS },
    Verb { name: "delete", keys: HTTP_KEYS },
    Verb { name: "set", keys: &[] },
    Verb { name: "pause", keys: &[] },
    Verb { name: "mix", keys: &[] },
    Verb { name: "check", keys: &["ok"] },
    Verb { name: "count", keys: &["value"] },
    Verb { name: "measure", keys: &["value"] },
    Verb { name: "label", keys: &[] },
    Verb { name: "share", keys: &[] },
    Verb { name: "await", keys: &["within"] },
    Verb { name: "barrier", keys: &["within", "of"] },
];

/// What may stand beside any verb, or beside `steps`.
pub const AROUND: &[&str] = &["each", "repeat", "when"];
/// What may stand beside any verb, and beside no `steps`.
pub const WITH_A_VERB: &[&str] = &["joins", "leaves", "settle"];
const STEPS: &str = "steps";

/// Checks every step of a suite.
#[must_use]
pub fn check(root: &Value, source: &Source) -> Problems {
    let mut problems = Problems::default();
    visit(root, &Path::root(), Some(Shape::root()), &mut |step, path| check_step(step, path, source, &mut problems));
    problems
}

fn visit(value: &Value, path: &Path, shape: Option<Shape>, found: &mut dyn FnMut(&Map<String, Value>, &Path)) {
    let Some(shape) = shape else { return };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &path.index(index), shape.child(&Segment::Index(index)), found);
            }
        }
        Value::Object(entries) => {
            if shape.is("Step") {
                found(entries, path);
            }
            for (key, item) in entries {
                visit(item, &path.key(key), shape.child(&Segment::Key(key.clone())), found);
            }
        }
        _ => {}
    }
}

fn check_step(step: &Map<String, Value>, path: &Path, source: &Source, problems: &mut Problems) {
    let is_known = |key: &String| Shape::of(path).is_some_and(|shape| shape.knows(key));
    if !step.keys().all(is_known) {
        // An unknown key may be the verb itself, misspelt; that problem is told already.
        return;
    }
    let mut verbs: Vec<&Verb> = step.keys().filter_map(|key| VERBS.iter().find(|verb| verb.name == key)).collect();
    // `count` beside `expect` and `label` beside an action are no verbs of their own.
    let all = verbs.clone();
    verbs.retain(|verb| !all.iter().any(|other| other.keys.contains(&verb.name)));
    let around = AROUND.iter().copied().find(|around| step.contains_key(*around));
    match verbs[..] {
        [] if around.is_some() || step.contains_key(STEPS) => check_block(step, path, source, around, problems),
        [] => {
            let names: Vec<String> = VERBS.iter().map(|verb| verb.name.to_owned()).collect();
            let help = format!("a step does one of {}", list(&names, "or"));
            problems.push(Problem::error("this step does nothing").help(help).at(source.at(path)));
        }
        [verb] => {
            problems.0.extend(wrong_count(step, verb, path, source));
            let goes = |key: &&String| AROUND.contains(&key.as_str()) || WITH_A_VERB.contains(&key.as_str());
            for key in step.keys().filter(|key| *key != verb.name && !goes(key)) {
                if !verb.keys.contains(&key.as_str()) {
                    problems.push(misplaced(verb, key, path, source));
                }
            }
        }
        [first, second, ..] => {
            let what = format!("a step does one thing, and here are `{}` and `{}`", first.name, second.name);
            let help = format!("make two steps of it: `{}` begins a list item of its own", second.name);
            problems.push(Problem::error(what).help(help).at(source.at_key(&path.key(second.name))));
        }
    }
}

/// `count` is a number beside `expect`, and the name of a metric where it is the verb.
fn wrong_count(step: &Map<String, Value>, verb: &Verb, path: &Path, source: &Source) -> Option<Problem> {
    let count = step.get("count")?;
    let (what, help) = match (verb.name, CountOrName::of(count)?) {
        ("count", CountOrName::Count(_)) => {
            (format!("`{count}` is no name for a metric"), "write `count: NAME`, and how much under `value`")
        }
        ("expect", CountOrName::Name(name)) => {
            (format!("`{name}` is not a whole number"), "write how many such events are expected, as `count: 2`")
        }
        _ => return None,
    };
    Some(Problem::error(what).help(help).at(source.at(&path.key("count"))))
}

/// A step without a verb: `steps`, and what they are done for.
fn check_block(
    step: &Map<String, Value>,
    path: &Path,
    source: &Source,
    around: Option<&'static str>,
    problems: &mut Problems,
) {
    let Some(around) = around else {
        let help = format!("put {} beside it, or make its steps steps of the list around", list_of(AROUND, "or"));
        let problem = Problem::error("`steps` alone do nothing of their own").help(help);
        return problems.push(problem.at(source.at_key(&path.key(STEPS))));
    };
    if !step.contains_key(STEPS) {
        let what = format!("`{around}` has nothing to {}", if around == "when" { "decide on" } else { "repeat" });
        let help = "put a verb beside it, as `emit`, or a list of `steps`";
        problems.push(Problem::error(what).help(help).at(source.at_key(&path.key(around))));
    }
    for key in step.keys().filter(|key| *key != STEPS && !AROUND.contains(&key.as_str())) {
        let help = format!("`{key}` stands beside a verb, in one of the `steps`");
        let problem = Problem::error(format!("`{key}` does not go with `{around}`")).help(help);
        problems.push(problem.at(source.at_key(&path.key(key))));
    }
}

fn list_of(names: &[&str], last: &str) -> String {
    list(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), last)
}

fn misplaced(verb: &Verb, key: &str, path: &Path, source: &Source) -> Problem {
    let holders: Vec<String> = verb
        .keys
        .iter()
        .filter(|name| Shape::of(&path.key(**name)).is_some_and(|shape| shape.knows(key)))
        .map(|name| (*name).to_owned())
        .collect();
    let takers: Vec<String> =
        VERBS.iter().filter(|verb| verb.keys.contains(&key)).map(|verb| verb.name.to_owned()).collect();
    let help = match (holders.is_empty(), key) {
        (false, _) => format!("`{key}` belongs under {}", list(&holders, "or")),
        (true, STEPS) => format!("`steps` goes with {}, without another verb beside it", list_of(AROUND, "or")),
        (true, _) => format!("`{key}` goes with {}", list(&takers, "and")),
    };
    let problem = Problem::error(format!("`{key}` does not go with `{}`", verb.name)).help(help);
    problem.at(source.at_key(&path.key(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_and_their_keys_are_words_of_the_language() {
        let step = Shape::at("/$defs/Step").expect("the schema defines a step");
        let mut unnamed: Vec<&String> = step.properties().expect("a step has keys").keys().collect();
        for verb in VERBS {
            for key in verb.keys.iter().chain([&verb.name]) {
                assert!(step.knows(key), "{key}");
                unnamed.retain(|name| name != key);
            }
        }
        unnamed.retain(|name| !AROUND.contains(&name.as_str()) && !WITH_A_VERB.contains(&name.as_str()));
        assert_eq!(unnamed, [STEPS], "a key of a step that goes with no verb");
    }
}
