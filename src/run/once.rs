//! `before` and `after`: steps that are made once a run, by no user.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use super::network::Network;
use super::user::{Cookies, Facts, HttpRequest, cookies};
use crate::metrics::Part;
use crate::plan::Plan;
use crate::plan::custom::Check;
use crate::plan::language::{Answer, Bindings, Response};
use crate::plan::once::COUNTED;
use crate::plan::step::{HttpStep, Operation, Program, SaveRule, SetRule, spot};
use crate::record::{Found, Results, ServerCheck};
use crate::secrets::{Redactor, Secrets, cut};
use crate::units::Moment;

/// Runs the steps before and after a run; in between it keeps what was saved.
#[derive(Debug)]
pub struct Once<'a, N> {
    plan: &'a Plan,
    network: &'a N,
    facts: Facts,
    now: Moment,
    saved: Vec<Option<Value>>,
    cookies: Cookies,
    /// Learned here, and not to be printed.
    pub secrets: Secrets,
    cursor: Cursor,
    /// Why the steps after it cannot be trusted: the first that could not be made.
    failed: Option<String>,
    checks: Vec<ServerCheck>,
}

/// What is kept from `before` until `after`.
#[derive(Debug, Default)]
pub struct Memory {
    saved: Vec<Option<Value>>,
    cookies: Cookies,
}

impl<'a, N: Network> Once<'a, N> {
    pub fn new(plan: &'a Plan, network: &'a N, facts: Facts, now: Moment, memory: Memory) -> Self {
        let Memory { mut saved, cookies } = memory;
        saved.resize(plan.once.saved_names, None);
        let (secrets, cursor, checks) = (Secrets::default(), Cursor::default(), Vec::new());
        Self { plan, network, facts, now, saved, cookies, secrets, cursor, failed: None, checks }
    }

    /// Makes the steps of `before`. The first one that fails, or is false, ends it: the error is a sentence.
    pub async fn before(mut self) -> Result<(Memory, Secrets), String> {
        self.run(&self.plan.once.before, true).await;
        let untrue = self.checks.iter().find_map(|check| match &check.found {
            Found::True(_) | Found::Skipped => None,
            Found::False(values) => Some(format!("the check `{}` is false: {values}", check.name)),
            Found::Error(why) => Some(format!("the check `{}` cannot be asked: {why}", check.name)),
        });
        match self.failed.or(untrue) {
            None => Ok((Memory { saved: self.saved, cookies: self.cookies }, self.secrets)),
            Some(why) => Err(Redactor::new(&self.secrets).redact(&format!("`before` failed: {why}")).into_owned()),
        }
    }

    /// Makes the steps of `after` with the numbers of the run. A step that cannot be made makes errors of the checks behind it.
    pub async fn after(mut self, results: &Results) -> (Vec<ServerCheck>, Secrets) {
        self.saved[self.plan.once.counts] = Some(counts(self.plan, results));
        self.run(&self.plan.once.after, false).await;
        self.never_asked();
        if let Some(why) = self.failed.take().filter(|_| !self.checks.iter().any(ServerCheck::fails)) {
            // No check stands behind the step that failed, and it must not be green for that.
            let (name, line) = ("after".to_owned(), self.plan.once.after_line);
            self.checks.push(ServerCheck { name, line, found: Found::Error(why) });
        }
        (self.checks, self.secrets)
    }

    /// Every check is a case, also one that the steps never came to.
    fn never_asked(&mut self) {
        for check in self.plan.once.checks() {
            if !self.checks.iter().any(|known| known.name == *check.name) {
                let found = self.failed.clone().map_or(Found::Skipped, Found::Error);
                self.found(check, found);
            }
        }
    }

    async fn run(&mut self, program: &'a Program, ends_at_failure: bool) {
        while let Some(operation) = self.cursor.step(program, self.plan.resources.len() as u64) {
            match operation {
                Operation::When { condition, end } => {
                    let holds = condition.truth(&self.bindings(program), Answer::None);
                    match holds {
                        Ok(true) => {}
                        Ok(false) => self.cursor.jump(*end),
                        Err(error) => {
                            self.fail(format!("`when` has no value: {error}"));
                            self.cursor.jump(*end);
                        }
                    }
                }
                Operation::Set(rules) => self.set(program, rules),
                Operation::Http(step) => self.request(program, step).await,
                Operation::Check(check) => self.check(program, check),
                // Nothing else may stand here: the plan saw to that.
                _ => {}
            }
            if ends_at_failure && self.is_lost() {
                return;
            }
        }
    }

    fn is_lost(&self) -> bool {
        self.failed.is_some() || self.checks.iter().any(ServerCheck::fails)
    }

    fn bindings<'b>(&'b self, program: &'b Program) -> Bindings<'b> {
        let resource = self.cursor.resource(program).and_then(|index| self.plan.resources.get(index));
        Bindings {
            resource,
            item: self.cursor.item(program),
            saved: &self.saved,
            pass: spot(0, self.cursor.passes()),
            seed: self.plan.seed,
            now_ms: self.facts.started_ms + self.now.as_nanos() / 1_000_000,
            ..Bindings::nobody()
        }
    }

    fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }

    fn set(&mut self, program: &Program, rules: &[SetRule]) {
        for rule in rules {
            match rule.value.value(&self.bindings(program)) {
                Ok(value) => self.saved[rule.name] = Some(value),
                Err(error) => self.fail(format!("a value to set cannot be computed: {error}")),
            }
        }
    }

    async fn request(&mut self, program: &Program, step: &HttpStep) {
        let request = HttpRequest::of(step, &self.plan.once.headers, &self.bindings(program));
        let request = match request {
            Ok(request) => request.with_cookies(&self.cookies, &self.plan.target),
            Err(error) => return self.fail(format!("{} cannot be sent: {error}", step.method)),
        };
        let name = format!("{} {}", step.method, request.url);
        let url = request.url.clone();
        let response = tokio::time::timeout(step.within.std(), self.network.request(request)).await;
        let response = match response {
            Ok(Ok(response)) => response,
            Ok(Err(failure)) => return self.fail(format!("{name}: {}", failure.detail)),
            Err(_) => return self.fail(format!("{name}: no complete answer came within {}", step.within)),
        };
        cookies::learn(&mut self.cookies, &self.plan.target, &url, &response.headers);
        let answer = Answer::Response(&response);
        let ok = match &step.ok {
            Some(ok) if step.takes(response.status) => ok.truth(&self.bindings(program), answer),
            _ => Ok(step.takes(response.status)),
        };
        match ok {
            Ok(true) => self.save(program, &step.saves, &response, &name),
            Ok(false) => self.fail(format!("{name} answered with status {}{}", response.status, said(&response.text))),
            Err(error) => self.fail(format!("`ok` of {name} has no value: {error}")),
        }
    }

    fn save(&mut self, program: &Program, rules: &[SaveRule], response: &Response, name: &str) {
        for rule in rules {
            let value = rule.value.value(&self.bindings(program), Answer::Response(response));
            match value {
                Ok(Some(value)) => {
                    if rule.secret {
                        self.secrets.insert_value(&value);
                    }
                    self.saved[rule.name] = Some(value);
                }
                Ok(None) => self.fail(format!("{name}: a value to save is undefined, the answer has no such field")),
                Err(error) => self.fail(format!("{name}: a value to save cannot be computed: {error}")),
            }
        }
    }

    fn check(&mut self, program: &Program, check: &Check) {
        let found = match &self.failed {
            Some(why) => Found::Error(why.clone()),
            None => {
                let bindings = self.bindings(program);
                let values = check.values(&bindings);
                match check.ok.truth(&bindings, Answer::None) {
                    Ok(true) => Found::True(values),
                    Ok(false) => Found::False(values),
                    Err(error) => Found::Error(error.to_string()),
                }
            }
        };
        self.found(check, found);
    }

    /// A check that is asked several times is as good as its worst.
    fn found(&mut self, check: &Check, found: Found) {
        let name = check.name.to_string();
        match self.checks.iter_mut().find(|known| known.name == name) {
            Some(known) if !known.fails() => known.found = found,
            Some(_) => {}
            None => self.checks.push(ServerCheck { name, line: check.line, found }),
        }
    }
}

/// The beginning of what a server said.
fn said(text: &str) -> String {
    const LONGEST: usize = 200;
    if text.trim().is_empty() {
        return String::new();
    }
    let mut said = format!(": {}", text.trim());
    cut(&mut said, LONGEST);
    said
}

/// What the run counted, by action and outcome.
fn counts(plan: &Plan, results: &Results) -> Value {
    let of_action = |places: &[(usize, usize)]| {
        let numbers = places.iter().map(|(scenario, action)| {
            results.numbers(Part { scenario: Some(*scenario), action: Some(*action), ..Part::default() })
        });
        let numbers: Vec<_> = numbers.collect();
        let counted = COUNTED.iter().map(|(name, counters)| {
            let sum: u64 = numbers.iter().map(|numbers| numbers.sum(counters)).sum();
            ((*name).to_owned(), Value::from(sum))
        });
        Value::Object(counted.collect())
    };
    let actions = plan.once.actions.iter().map(|(name, places)| (name.clone(), of_action(places)));
    Value::Object(actions.collect::<Map<String, Value>>())
}
