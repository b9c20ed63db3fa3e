//! What is done once a run and by no user: `before` it, and `after` it, when the server's own count is set beside ours.

use std::cell::RefCell;

use super::compile_scenario::Ground;
use super::compile_step::{Steps, saved_names};
use super::critic::Critic;
use super::custom::Check;
use super::language::{Names, Place, Text};
use super::step::{Operation, Program};
use crate::metrics::catalog::NOT_SENT;
use crate::metrics::{Axes, Counter};
use crate::suite::problem::Path;
use crate::suite::schema::Step;

/// The steps before and after a run.
#[derive(Debug, Default)]
pub struct Once {
    pub before: Program,
    pub after: Program,
    /// Line of `after` in the suite, from 1.
    pub after_line: usize,
    /// Headers of every request, those that need a user left out.
    pub headers: Vec<(String, Text)>,
    /// How many names they save.
    pub saved_names: usize,
    /// Number of the saved name `counts`.
    pub counts: usize,
    /// Actions by name, and where each is counted: scenario and number. An action of two scenarios is counted in both.
    pub actions: Vec<(String, Vec<(usize, usize)>)>,
}

/// What `counts` holds of an action.
pub const COUNTED: &[(&str, &[Counter])] = &[
    ("planned", &[Counter::Planned]),
    ("sent", &[Counter::Sent]),
    ("ok", &[Counter::Ok]),
    ("rejected", &[Counter::Rejected]),
    ("failed", &[Counter::Failed]),
    ("timeout", &[Counter::Timeout]),
    ("disconnected", &[Counter::Disconnected]),
    ("not_sent", NOT_SENT),
    ("unfinished", &[Counter::Unfinished]),
    ("late_answers", &[Counter::LateAnswers]),
];

impl Once {
    /// The checks of `after`, each a case of its own.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.after.operations.iter().filter_map(|operation| match operation {
            Operation::Check(check) => Some(&**check),
            _ => None,
        })
    }
}

#[must_use]
pub fn compile(ground: &Ground<'_>, axes: &Axes) -> Once {
    let (suite, critic) = (ground.suite, ground.critic);
    let actions = actions(axes);
    let known: Vec<String> = actions.iter().map(|(name, _)| name.clone()).collect();
    let mut saved = saved_names([suite.before.as_slice()]);
    for (key, steps) in [("before", &suite.before), ("after", &suite.after)] {
        if saved_names([steps.as_slice()]).iter().any(|name| name == "counts") {
            let help = "choose another name";
            critic.error_at_key(
                &Path::root().key(key),
                "`counts` holds what the run counted, and cannot be saved",
                help,
            );
        }
    }
    let names = |saved: Vec<String>, counts| Names {
        saved,
        user_fields: Some(std::collections::BTreeSet::new()),
        resource_fields: ground.names.resource_fields.clone(),
        counts,
        ..*ground.names
    };
    let program = |place: &'static str, steps: &[Step], names: &Names<'_>| {
        let events = RefCell::default();
        let mut compiler = Steps::new(names, critic, place, false, ground.resources, &events, &ground.promised);
        compiler.compile(steps, &Path::root().key(place))
    };
    let before = program("before", &suite.before, &names(saved.clone(), None));
    for name in saved_names([suite.after.as_slice()]) {
        if !saved.contains(&name) {
            saved.push(name);
        }
    }
    let counts = saved.len();
    saved.push("counts".into());
    let after = program("after", &suite.after, &names(saved.clone(), Some(&known)));
    let headers = headers(ground, &names(Vec::new(), None));
    let after_line = critic.place(&Path::root().key("after")).line;
    let once = Once { before, after, after_line, headers, saved_names: saved.len(), counts, actions };
    told_apart(&once, critic);
    once
}

/// Two checks of one name would be one case to those who read the reports.
fn told_apart(once: &Once, critic: &Critic<'_>) {
    let checks: Vec<&Check> = once.checks().collect();
    for (index, check) in checks.iter().enumerate() {
        if checks[..index].iter().any(|other| other.name == check.name) {
            let what = format!("two checks of `after` are named `{}`", check.name);
            critic.error_at_key(&Path::root().key("after"), what, "give each a name of its own");
        }
    }
}

fn actions(axes: &Axes) -> Vec<(String, Vec<(usize, usize)>)> {
    let mut actions: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
    for (scenario, axis) in axes.scenarios.iter().enumerate() {
        for (action, name) in axis.actions.iter().enumerate() {
            match actions.iter_mut().find(|(known, _)| known == name) {
                Some((_, places)) => places.push((scenario, action)),
                None => actions.push((name.clone(), vec![(scenario, action)])),
            }
        }
    }
    actions
}

/// A header that needs a user is left out, as it is before a login that brings what it needs.
fn headers(ground: &Ground<'_>, names: &Names<'_>) -> Vec<(String, Text)> {
    let place = Place { user: false, ..Place::USER };
    let headers = ground.suite.target.headers.iter();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Text::compile(text, "target.headers", names, place).ok(),
        other => Some(Text::constant(other.to_string())),
    };
    headers.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
