//! From steps as written to a program.

use std::cell::RefCell;

use serde_json::Value;

use super::compile_meeting;
use super::critic::Critic;
use super::delivery::Deliveries;
use super::language::{Expression, Names, Payload, Place, Text, UnknownName};
use super::scenario::Heard;
use super::step::{Branch, Items, Operation, Program, SaveRule, SetRule};
use crate::metrics::{Custom, LabelAxis};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Each, Map, Mix, Save, Step};
use crate::units::Duration;

/// Where each verb may stand. What else a step may hold was checked when the suite was read.
const PLACES: &[(&str, &[&str])] = &[
    ("emit", CONNECTED),
    ("expect", CONNECTED),
    ("answer", &["on"]),
    ("disconnect", &["act", "teardown"]),
    ("reconnect", &["act"]),
    ("get", ALWAYS),
    ("post", ALWAYS),
    ("put", ALWAYS),
    ("delete", ALWAYS),
    ("set", ALWAYS),
    ("pause", EVERYWHERE),
    ("mix", EVERYWHERE),
    ("share", MEETING),
    ("await", MEETING),
    ("barrier", MEETING),
    ("check", &["setup", "act", "on", "teardown", "before", "after"]),
    ("count", CONNECTED),
    ("measure", CONNECTED),
    // Last: beside another verb it belongs to that one.
    ("label", CONNECTED),
];

/// Verbs that mean nothing without a connection.
const OF_THE_SOCKET: &[&str] = &["emit", "expect", "answer", "disconnect", "reconnect"];
const CONNECTED: &[&str] = &["setup", "act", "on", "teardown"];
const MEETING: &[&str] = &["login", "setup", "act"];
const EVERYWHERE: &[&str] = &["login", "setup", "act", "on", "teardown"];
/// Also where there is no user.
const ALWAYS: &[&str] = &["login", "setup", "act", "on", "teardown", "before", "after"];

/// What compiling the steps of one place needs.
pub struct Steps<'a> {
    pub names: &'a Names<'a>,
    pub critic: &'a Critic<'a>,
    /// `login`, `setup`, `act`, `on`, `teardown`, `before` or `after`.
    pub place: &'static str,
    /// Is a resource bound from the start?
    pub resource: bool,
    pub resources: u64,
    /// Do the users connect?
    pub socket: bool,
    /// How long coming back may take, where a step does not say.
    pub back_within: Duration,
    /// What the users join, as it is written, the main one first.
    pub namespaces: &'a [Box<str>],
    /// The events named so far, in all places of the scenario.
    pub events: &'a RefCell<Vec<Heard>>,
    /// Number of the scenario.
    pub scenario: usize,
    /// The deliveries found so far, in all scenarios.
    pub promised: &'a RefCell<Deliveries>,
    /// Does any step of the suite join anything?
    pub memberships: bool,
    /// The metrics of the suite's own, by their numbers.
    pub customs: &'a [Custom],
    pub labels: &'a [LabelAxis],
    /// The actions found so far; only `act` adds to it.
    pub actions: Vec<Found>,
    /// Under how many `when` the step stands that is being compiled.
    conditions: usize,
    /// Lengths of the loops around it, the outermost first.
    loops: Vec<u64>,
}

/// An action of the steps.
#[derive(Debug)]
pub struct Found {
    pub name: String,
    /// Line where it stands, from 1.
    pub line: usize,
    pub conditional: bool,
}

impl<'a> Steps<'a> {
    pub const fn new(
        names: &'a Names<'a>,
        critic: &'a Critic<'a>,
        place: &'static str,
        resource: bool,
        resources: u64,
        events: &'a RefCell<Vec<Heard>>,
        promised: &'a RefCell<Deliveries>,
    ) -> Self {
        Self {
            names,
            critic,
            place,
            resource,
            resources,
            socket: true,
            back_within: Duration::ZERO,
            namespaces: &[],
            events,
            scenario: 0,
            promised,
            memberships: false,
            customs: &[],
            labels: &[],
            actions: Vec::new(),
            conditions: 0,
            loops: Vec::new(),
        }
    }
}

impl Steps<'_> {
    /// The program of a list of steps that stands at `path`.
    pub fn compile(&mut self, steps: &[Step], path: &Path) -> Program {
        let mut program = Program::default();
        self.names.feeds.into_iter().for_each(|feeds| feeds.begin_program(self.place));
        let user = !matches!(self.place, "before" | "after");
        let place = Place { resource: self.resource, event: self.place == "on", user, ..Place::USER };
        self.append(&mut program, steps, path, place);
        program
    }

    fn append(&mut self, program: &mut Program, steps: &[Step], path: &Path, place: Place) {
        for (index, step) in steps.iter().enumerate() {
            self.append_step(program, step, &path.index(index), place);
        }
    }

    /// A step with its loop around it: the condition is asked in each pass.
    fn append_step(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let Some((items, inside)) = self.items(step, path, place) else {
            return self.append_pass(program, step, path, place);
        };
        self.loops.push(items.len(self.resources));
        let start = program.operations.len();
        program.operations.push(Operation::Each { over: items, end: 0 });
        self.append_pass(program, step, path, inside);
        self.loops.pop();
        program.operations.push(Operation::Next { start });
        let after = program.operations.len();
        if let Operation::Each { end, .. } = &mut program.operations[start] {
            *end = after;
        }
    }

    /// A step in its loop. Each pass takes rows of feeds of its own.
    fn append_pass(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let Some(feeds) = self.names.feeds else { return self.append_condition(program, step, path, place) };
        let outer = feeds.begin_step(&self.loops);
        self.append_condition(program, step, path, place);
        feeds.end_step(outer);
    }

    fn items(&self, step: &Step, path: &Path, place: Place) -> Option<(Items, Place)> {
        if let (Some(_), Some(_)) = (&step.each, step.repeat) {
            let help = "put one of them into the `steps` of the other";
            self.critic.error_at_key(
                &path.key("repeat"),
                "a step is repeated in one way, and this has `each`, too",
                help,
            );
        }
        match (&step.each, step.repeat) {
            (Some(each), _) => self.each(each, &path.key("each"), place),
            (None, Some(times)) => Some((Items::Times(times.0), place)),
            (None, None) => None,
        }
    }

    fn each(&self, each: &Each, path: &Path, place: Place) -> Option<(Items, Place)> {
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
            Each::List(list) => {
                for (index, item) in list.iter().enumerate().filter(|(_, item)| item.to_string().contains("{{")) {
                    let (what, help) = (
                        format!("`each` goes through constants, and {item} would be one"),
                        "put the expression into the step, beside `item`",
                    );
                    self.critic.error(&path.index(index), what, help);
                }
                Some((Items::List(list.clone()), Place { item: true, ..place }))
            }
        }
    }

    fn append_condition(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let Some(condition) = &step.when else { return self.append_body(program, step, path, place) };
        let Some(condition) = self.check(condition, &path.key("when"), place) else { return };
        let start = program.operations.len();
        program.operations.push(Operation::When { condition, end: 0 });
        self.conditions += 1;
        self.append_body(program, step, path, place);
        self.conditions -= 1;
        let after = program.operations.len();
        if let Operation::When { end, .. } = &mut program.operations[start] {
            *end = after;
        }
    }

    fn append_body(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        match &step.steps {
            Some(steps) => self.append(program, steps, &path.key("steps"), place),
            None => self.append_verb(program, step, path, place),
        }
    }

    fn append_verb(&mut self, program: &mut Program, step: &Step, path: &Path, place: Place) {
        let Some((verb, places)) = PLACES.iter().find(|(verb, _)| has(step, verb)) else { return };
        if !places.contains(&self.place) {
            let what = format!("`{verb}` cannot stand under `{}`", self.place);
            self.critic.error_at_key(&path.key(*verb), what, format!("it may stand under {}", places.join(", ")));
        }
        if !self.socket && OF_THE_SOCKET.contains(verb) {
            let what = format!("`{verb}` needs a connection, and the scenario has `connect: none`");
            self.critic.error_at_key(&path.key(*verb), what, "make a request, or let the users connect");
        }
        let operation = match *verb {
            "emit" => self.emit(step, path, place).map(|emit| Operation::Emit(Box::new(emit))),
            "expect" => self.expect(step, path, place).map(|expect| Operation::Expect(Box::new(expect))),
            "answer" => self.answer(step, &path.key("answer"), place),
            "disconnect" => Some(Operation::Disconnect { politely: step.disconnect.as_deref() == Some("clean") }),
            "reconnect" => Some(Operation::Reconnect { within: step.within.unwrap_or(self.back_within) }),
            "set" => self.set(step, &path.key("set"), place),
            "pause" => self.pause(step, path),
            "share" => self.share(step, &path.key("share"), place),
            "await" => self.awaited(step),
            "barrier" => self.barrier(step),
            "check" => self.check_step(step, path, place).map(|check| Operation::Check(Box::new(check))),
            "label" => Some(Operation::Label(self.labels(step, path, place))),
            "count" | "measure" => self.tally(step, path, place).map(|tally| Operation::Tally(Box::new(tally))),
            "mix" => return self.append_mix(program, step.mix.as_deref().unwrap_or_default(), &path.key("mix"), place),
            method => self.http(method, step, path, place).map(|http| Operation::Http(Box::new(http))),
        };
        let Some((before, after)) = self.membership(step, path, place) else {
            return program.operations.extend(operation);
        };
        program.operations.push(Operation::Changing(Box::new(before)));
        program.operations.extend(operation);
        program.operations.push(Operation::Changed(Box::new(after)));
    }

    fn append_mix(&mut self, program: &mut Program, ways: &[Mix], path: &Path, place: Place) {
        let start = program.operations.len();
        program.operations.push(Operation::Mix { branches: Vec::new(), end: 0 });
        let (mut branches, mut jumps, mut up_to) = (Vec::new(), Vec::new(), 0_u64);
        for (index, way) in ways.iter().enumerate() {
            up_to = up_to.saturating_add(way.weight.map_or(1, |weight| weight.0));
            branches.push(Branch { up_to, start: program.operations.len() });
            self.append(program, &way.steps, &path.index(index).key("steps"), place);
            jumps.push(program.operations.len());
            program.operations.push(Operation::Jump { to: 0 });
        }
        if up_to == 0 {
            self.critic.error(path, "`mix` has nothing to choose from", "give one of its entries a `weight` above 0");
        }
        let after = program.operations.len();
        for jump in jumps {
            program.operations[jump] = Operation::Jump { to: after };
        }
        program.operations[start] = Operation::Mix { branches, end: after };
    }

    fn set(&self, step: &Step, path: &Path, place: Place) -> Option<Operation> {
        let mut problem = |path: &Path, unknown: UnknownName| self.critic.unknown(path, unknown);
        let rule = |(name, value): (&String, &Value)| SetRule {
            name: self.names.saved.iter().position(|known| known == name).unwrap_or(usize::MAX),
            value: Payload::compile(
                value,
                &path.key(name.as_str()),
                self.names,
                Place { binary: true, ..place },
                &mut problem,
            ),
        };
        Some(Operation::Set(step.set.as_ref()?.iter().map(rule).collect()))
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

    /// Enters an action: it goes by its `name`, or by what it does.
    pub(super) fn action(&mut self, step: &Step, does: &str, path: &Path, verb: &str) -> Option<usize> {
        if self.place != "act" {
            return None;
        }
        let name = step.name.as_deref().unwrap_or(does);
        if self.actions.iter().any(|known| known.name == name) {
            let what = format!("two actions are named `{name}`");
            self.critic.error(&path.key(verb), what, "give this one a `name` of its own");
        }
        let line = self.critic.place(path).line;
        self.actions.push(Found { name: name.to_owned(), line, conditional: self.conditions > 0 });
        Some(self.actions.len() - 1)
    }

    /// An expression that is asked for its truth.
    pub(super) fn check(&self, check: &schema::Expression, path: &Path, place: Place) -> Option<Expression> {
        match check {
            schema::Expression::Constant(flag) => Some(Expression::Constant((*flag).into())),
            schema::Expression::Text(text) => self.expression(text, path, place),
        }
    }

    pub(super) fn expression(&self, text: &str, path: &Path, place: Place) -> Option<Expression> {
        let compiled = Expression::compile(text, &path.to_string(), self.names, place);
        compiled.map_err(|unknown| self.critic.unknown(path, unknown)).ok()
    }

    pub(super) fn saves(&self, saves: Option<&Map<Save>>, path: &Path, place: Place, secret: bool) -> Vec<SaveRule> {
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

    pub(super) fn text(&self, template: &str, path: &Path, place: Place) -> Option<Text> {
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
}

/// The number of an event among those that a scenario names.
pub fn heard(events: &RefCell<Vec<Heard>>, namespace: usize, name: &str) -> usize {
    Heard::of(&mut events.borrow_mut(), namespace, name)
}

/// Does the step have that verb?
fn has(step: &Step, verb: &str) -> bool {
    match verb {
        "emit" => step.emit.is_some(),
        "expect" => step.expect.is_some(),
        "answer" => step.answer.is_some(),
        "disconnect" => step.disconnect.is_some(),
        "reconnect" => step.reconnect.is_some_and(|back| back.0),
        "get" => step.get.is_some(),
        "post" => step.post.is_some(),
        "put" => step.put.is_some(),
        "delete" => step.delete.is_some(),
        "set" => step.set.is_some(),
        "pause" => step.pause.is_some(),
        "mix" => step.mix.is_some(),
        "share" => step.share.is_some(),
        "await" => step.awaited.is_some(),
        "barrier" => step.barrier.is_some(),
        "check" => step.check.is_some(),
        "count" => step.expect.is_none() && step.count.as_ref().is_some_and(|count| count.name().is_some()),
        "measure" => step.measure.is_some(),
        "label" => step.label.is_some(),
        _ => false,
    }
}

/// Every name that some step of a scenario saves, in the order of the file.
#[must_use]
pub fn saved_names<'a>(places: impl IntoIterator<Item = &'a [Step]>) -> Vec<String> {
    fn collect(steps: &[Step], names: &mut Vec<String>) {
        for step in steps {
            let saved = step.save.iter().flat_map(Map::keys);
            let replied = step.reply.iter().flat_map(|reply| reply.save.iter().flat_map(Map::keys));
            let met = compile_meeting::names(step);
            for name in saved.chain(replied).chain(step.set.iter().flat_map(Map::keys)).chain(met) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            collect(step.steps.as_deref().unwrap_or_default(), names);
            step.mix.iter().flatten().for_each(|way| collect(&way.steps, names));
        }
    }
    let mut names = Vec::new();
    for steps in places {
        collect(steps, &mut names);
    }
    names
}
