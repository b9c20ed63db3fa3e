//! From steps as written to a program.

use serde_json::Value;

use super::critic::Critic;
use super::language::answer::AnswerKind;
use super::language::{Expression, Names, Payload, Place, Text, UnknownName};
use super::step::{AckRule, Body, Emit, HttpStep, Items, Operation, Program, SaveRule};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Each, Map, Save, Step};
use crate::units::Duration;

const DEFAULT_ACK_WITHIN: Duration = Duration::from_secs(5);
const DEFAULT_HTTP_WITHIN: Duration = Duration::from_secs(10);

/// Where each verb may stand. What else a step may hold was checked when the suite was read.
const PLACES: &[(&str, &[&str])] = &[
    ("emit", &["setup", "act", "teardown"]),
    ("pause", &["login", "setup", "act", "teardown"]),
    ("get", &["login"]),
    ("post", &["login"]),
    ("put", &["login"]),
    ("delete", &["login"]),
];

/// What compiling the steps of one place needs.
pub struct Steps<'a> {
    pub names: &'a Names<'a>,
    pub critic: &'a Critic<'a>,
    /// `login`, `setup`, `act` or `teardown`.
    pub place: &'static str,
    /// Is a resource bound from the start?
    pub resource: bool,
    pub resources: u64,
    /// Names of the actions found so far; only `act` adds to it.
    pub actions: Vec<String>,
    /// Lines where they stand, from 1.
    pub action_lines: Vec<usize>,
}

impl<'a> Steps<'a> {
    pub const fn new(
        names: &'a Names<'a>,
        critic: &'a Critic<'a>,
        place: &'static str,
        resource: bool,
        resources: u64,
    ) -> Self {
        Self { names, critic, place, resource, resources, actions: Vec::new(), action_lines: Vec::new() }
    }
}

impl Steps<'_> {
    /// The program of a list of steps that stands at `path`.
    pub fn compile(&mut self, steps: &[Step], path: &Path) -> Program {
        let mut program = Program::default();
        let place = Place { resource: self.resource, ..Place::USER };
        self.append(&mut program, steps, path, place);
        program
    }

    fn append(&mut self, program: &mut Program, steps: &[Step], path: &Path, place: Place) {
        for (index, step) in steps.iter().enumerate() {
            self.append_step(program, step, &path.index(index), place);
        }
    }

    fn append_step(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let Some(each) = &step.each else {
            return self.append_verb(program, step, path, place);
        };
        let Some((items, inside)) = self.items(each, &path.key("each"), place) else { return };
        let start = program.operations.len();
        program.operations.push(Operation::Each { over: items, end: 0 });
        match &step.steps {
            Some(steps) => {
                self.append(program, steps, &path.key("steps"), inside);
            }
            None => self.append_verb(program, step, path, inside),
        }
        program.operations.push(Operation::Next { start });
        let after = program.operations.len();
        if let Operation::Each { end, .. } = &mut program.operations[start] {
            *end = after;
        }
    }

    fn items(&self, each: &Each, path: &Path, place: Place) -> Option<(Items, Place)> {
        match each {
            Each::Name(name) if name == "resources" => {
                if self.resources == 0 {
                    self.critic.error(path, "the suite has no resources to go through", "declare `resources`");
                }
                Some((Items::Resources, Place { resource: true, ..place }))
            }
            Each::Name(name) => {
                self.critic.error(path, format!("`each` does not know `{name}`"), "write `each: resources`, or a list");
                None
            }
            Each::List(list) => Some((Items::List(list.clone()), Place { item: true, ..place })),
        }
    }

    fn append_verb(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let present = [
            step.emit.is_some(),
            step.pause.is_some(),
            step.get.is_some(),
            step.post.is_some(),
            step.put.is_some(),
            step.delete.is_some(),
        ];
        let Some((_, (verb, places))) = present.iter().zip(PLACES).find(|(present, _)| **present) else { return };
        if !places.contains(&self.place) {
            let what = format!("`{verb}` cannot stand under `{}`", self.place);
            self.critic.error_at_key(&path.key(*verb), what, format!("it may stand under {}", places.join(", ")));
        }
        let operation = match *verb {
            "emit" => self.emit(step, path, place).map(|emit| Operation::Emit(Box::new(emit))),
            "pause" => self.pause(step, path),
            method => self.http(method, step, path, place).map(|http| Operation::Http(Box::new(http))),
        };
        program.operations.extend(operation);
    }

    fn pause(&self, step: &Step, path: &Path) -> Option<Operation> {
        let text = step.pause.as_deref()?;
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        match (from.parse::<Duration>(), to.parse::<Duration>()) {
            (Ok(from), Ok(to)) if from <= to => Some(Operation::Pause { from, to }),
            (Ok(_), Ok(_)) => {
                self.critic.error(
                    &path.key("pause"),
                    format!("`{text}` goes backwards"),
                    format!("write `{to}..{from}`"),
                );
                None
            }
            // What is no duration at all was found when the suite was read.
            _ => None,
        }
    }

    fn emit(&mut self, step: &Step, path: &Path, place: Place) -> Option<Emit> {
        let event = step.emit.as_deref()?;
        let event_path = path.key("emit");
        let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
        let mut payload = Payload::default();
        payload.append_constant("[");
        payload.append(&Value::from(event), &event_path, self.names, place, &mut problem);
        for (index, argument) in step.args.iter().flatten().enumerate() {
            payload.append_constant(",");
            payload.append(argument, &path.key("args").index(index), self.names, place, &mut problem);
        }
        payload.append_constant("]");
        if RESERVED_EVENTS.contains(&event) {
            let what = format!("`{event}` is reserved by Socket.IO: the server closes the connection on it");
            self.critic.error(&event_path, what, "choose another event");
        }
        let action = (self.place == "act").then(|| self.action(step, event, path));
        let ack = step.ack.as_ref().map(|ack| self.ack(ack, &path.key("ack"), place));
        if ack.is_none() && step.save.is_some() {
            self.critic.error_at_key(&path.key("save"), "there is nothing to save without an `ack`", "add `ack: {}`");
        }
        let saves = self.saves(step.save.as_ref(), &path.key("save"), place.with_answer(AnswerKind::Ack), false);
        Some(Emit { event: event.into(), payload, action, ack, saves })
    }

    fn action(&mut self, step: &Step, event: &str, path: &Path) -> usize {
        let name = step.name.as_deref().unwrap_or(event);
        if self.actions.iter().any(|known| known == name) {
            let what = format!("two actions are named `{name}`");
            self.critic.error(&path.key("emit"), what, "give this one a `name` of its own");
        }
        self.actions.push(name.to_owned());
        self.action_lines.push(self.critic.place(path).line);
        self.actions.len() - 1
    }

    fn ack(&self, ack: &schema::Ack, path: &Path, place: Place) -> AckRule {
        let place = place.with_answer(AnswerKind::Ack);
        let expression = |expression: Option<&schema::Expression>, key: &str| match expression? {
            schema::Expression::Constant(flag) => Some(Expression::Constant((*flag).into())),
            schema::Expression::Text(text) => self.expression(text, &path.key(key), place),
        };
        AckRule {
            within: ack.within.unwrap_or(DEFAULT_ACK_WITHIN),
            ok: expression(ack.ok.as_ref(), "ok"),
            rejected: expression(ack.rejected.as_ref(), "rejected"),
        }
    }

    fn expression(&self, text: &str, path: &Path, place: Place) -> Option<Expression> {
        let compiled = Expression::compile(text, &path.to_string(), self.names, place);
        compiled.map_err(|unknown| self.critic.unknown(path, unknown)).ok()
    }

    fn saves(&self, saves: Option<&Map<Save>>, path: &Path, place: Place, secret: bool) -> Vec<SaveRule> {
        let mut rules = Vec::new();
        for (name, save) in saves.into_iter().flatten() {
            let path = path.key(name.as_str());
            let (text, path, secret) = match save {
                Save::Expression(text) => (text, path, secret),
                Save::Detailed(save) => (&save.value, path.key("value"), save.secret.map_or(secret, |secret| secret.0)),
            };
            let number = self.names.saved.iter().position(|known| known == name);
            if let (Some(name), Some(value)) = (number, self.expression(text, &path, place)) {
                rules.push(SaveRule { name, value, secret });
            }
        }
        rules
    }

    fn text(&self, template: &str, path: &Path, place: Place) -> Option<Text> {
        let compiled = Text::compile(template, &path.to_string(), self.names, place);
        compiled.map_err(|unknown| self.critic.unknown(path, unknown)).ok()
    }

    /// Named texts, as headers or form fields.
    pub fn texts(&self, map: &Map<Value>, path: &Path, place: Place) -> Vec<(String, Text)> {
        let value = |value: &Value, path: &Path| match value {
            Value::String(text) => self.text(text, path, place),
            other => Some(Text::constant(other.to_string())),
        };
        map.iter().filter_map(|(name, item)| Some((name.clone(), value(item, &path.key(name.as_str()))?))).collect()
    }

    fn http(&self, method: &str, step: &Step, path: &Path, place: Place) -> Option<HttpStep> {
        let urls = [("GET", &step.get), ("POST", &step.post), ("PUT", &step.put), ("DELETE", &step.delete)];
        let (method, url) = urls.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(method))?;
        let url_path = path.key(method.to_lowercase());
        let url = url.as_deref()?;
        if !url.starts_with('/') && !url.contains("://") && !url.starts_with("{{") {
            self.critic.error(&url_path, format!("`{url}` is neither a path nor a URL"), format!("write `/{url}`"));
        }
        let body = match (&step.json, &step.form) {
            (None, None) => Body::None,
            (Some(json), None) => {
                let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
                Body::Json(Payload::compile(json, &path.key("json"), self.names, place, &mut problem))
            }
            (None, Some(form)) => Body::Form(self.texts(form, &path.key("form"), place)),
            (Some(_), Some(_)) => {
                self.critic.error_at_key(
                    &path.key("form"),
                    "a request has one body, and this has `json` and `form`",
                    "keep one of them",
                );
                Body::None
            }
        };
        let status =
            step.status.and_then(|status| u16::try_from(status.0).ok().filter(|status| (100..600).contains(status)));
        if step.status.is_some() && status.is_none() {
            self.critic.error(&path.key("status"), "this is not an HTTP status", "write one from 100 to 599");
        }
        Some(HttpStep {
            method,
            url: self.text(url, &url_path, place)?,
            headers: self.texts(step.headers.as_ref().unwrap_or(&Map::new()), &path.key("headers"), place),
            body,
            status,
            within: step.within.unwrap_or(DEFAULT_HTTP_WITHIN),
            saves: self.saves(
                step.save.as_ref(),
                &path.key("save"),
                place.with_answer(AnswerKind::Response),
                self.place == "login",
            ),
        })
    }
}

/// Socket.IO's own events: its parser refuses them from a client.
const RESERVED_EVENTS: &[&str] =
    &["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Every name that some step of a scenario saves, in the order of the file.
#[must_use]
pub fn saved_names<'a>(places: impl IntoIterator<Item = &'a [Step]>) -> Vec<String> {
    fn collect(steps: &[Step], names: &mut Vec<String>) {
        for step in steps {
            for name in step.save.iter().flat_map(Map::keys) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            collect(step.steps.as_deref().unwrap_or_default(), names);
        }
    }
    let mut names = Vec::new();
    for steps in places {
        collect(steps, &mut names);
    }
    names
}
