//! HTTP steps: the request as the driver makes it, and what its answer means.

use super::actor::{Actor, Scene};
use super::cookies;
use super::message::{Command, Failure, HttpRequest};
use super::thread::{Place, Wait};
use crate::ledger::{ActionOutcome, NotSent};
use crate::metrics::{Counter, Distribution};
use crate::plan::Scenario;
use crate::plan::language::{Answer, EvaluationError, Response};
use crate::plan::step::{HttpStep, Operation};
use crate::record::Class;
use crate::units::Duration;

impl Actor {
    pub(super) fn request(&mut self, scene: &mut Scene<'_>, step: &HttpStep) {
        self.action += u64::from(step.action.is_some());
        let request = match self.build(scene, step) {
            Ok(request) => request,
            Err(error) => {
                return self.not_sent_by_us(scene, step.method, step.action, NotSent::Generator, error.to_string());
            }
        };
        let Some(thread) = self.threads.current_mut() else { return };
        let (id, turn, planned, operation) = (self.next_request, thread.turn, thread.planned, thread.last());
        let deadline = scene.now + step.within;
        thread.wait = Wait::Response { id, operation, planned, sent: scene.now, deadline };
        self.next_request += 1;
        self.commands.push_back(Command::Http { id, request });
        if let (Some(action), Some(turn)) = (step.action, turn) {
            self.sent(scene, &turn, action, planned, step.delivery);
        }
    }

    fn build(&self, scene: &Scene<'_>, step: &HttpStep) -> Result<HttpRequest, EvaluationError> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let mut request = HttpRequest::of(step, &scene.scenario.headers, &bindings)?;
        request.source = scene.plan.target.source(self.index(scene.scenario));
        Ok(request.with_cookies(&self.cookies, &scene.plan.target))
    }

    pub(super) fn answered(&mut self, scene: &mut Scene<'_>, response: Result<Response, Failure>) {
        let waiting = self.threads.current().map(|thread| (thread.place, thread.wait));
        let Some((place, Wait::Response { operation, planned, sent, deadline, .. })) = waiting else { return };
        let Some(step) = step_at(scene.scenario, place, operation) else { return };
        if scene.now > deadline {
            // The timer is late, too. Which of the two is seen first must make no difference.
            return self.response_missed(scene);
        }
        self.plan_from(scene.now);
        let (latency, service) = (scene.now.since(planned), scene.now.since(sent));
        let response = match response {
            Ok(response) => response,
            Err(failure) => {
                self.request_failed(scene, step, ActionOutcome::Failed, None, &failure.kind, failure.detail);
                return self.step_failed(scene.scenario);
            }
        };
        scene.sink.recorder.record(self.cell(scene), Distribution::HttpLatency, service);
        self.learn_cookies(scene, step, &response);
        let outcome = self.judge_response(scene, step, &response);
        if outcome == ActionOutcome::Ok {
            self.weigh_promise(scene, step.delivery, Answer::Response(&response));
            self.save(scene, &step.saves, Answer::Response(&response));
        }
        self.label_action(scene, &step.labels, Answer::Response(&response));
        match (outcome, step.action) {
            (ActionOutcome::Failed, _) => {
                let name = format!("{} answered with status {}", step.method, response.status);
                self.request_failed(scene, step, outcome, Some((latency, service)), &name, response.text);
            }
            (_, Some(action)) => {
                self.finish_action(scene, action, outcome, Some((latency, service)), &response.text);
            }
            (_, None) => {}
        }
        self.go_on_after(scene.scenario, outcome);
    }

    fn learn_cookies(&mut self, scene: &Scene<'_>, step: &HttpStep, response: &Response) {
        if !response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            return;
        }
        let url = step.url.render(&self.bindings(scene.plan, scene.scenario, scene.facts, scene.now));
        if let Ok(url) = url {
            cookies::learn(&mut self.cookies, &scene.plan.target, &url, &response.headers);
        }
    }

    /// A status that was asked for must be it, then `ok` must hold; without either, any 2xx will do.
    fn judge_response(&mut self, scene: &mut Scene<'_>, step: &HttpStep, response: &Response) -> ActionOutcome {
        let answer = Answer::Response(response);
        let status = step.takes(response.status);
        let ok = step.ok.as_ref().filter(|_| status);
        self.judge(scene, step.method, answer, status, ok, step.rejected.as_ref())
    }

    pub(super) fn response_timed_out(&mut self, scene: &mut Scene<'_>) {
        if let Some(Wait::Response { id, .. }) = self.threads.current().map(|thread| thread.wait) {
            self.commands.push_back(Command::Forget { id });
        }
        self.response_missed(scene);
    }

    fn response_missed(&mut self, scene: &mut Scene<'_>) {
        let waiting = self.threads.current().map(|thread| (thread.place, thread.wait));
        let Some((place, Wait::Response { operation, planned, sent, deadline, .. })) = waiting else { return };
        let Some(step) = step_at(scene.scenario, place, operation) else { return };
        self.plan_from(deadline);
        let (latency, within) = (deadline.since(planned), deadline.since(sent));
        let name = "HTTP request timed out";
        let detail = format!(
            "no complete answer came to {} within {within}; the server hangs or is overloaded: look at its log",
            step.method
        );
        self.request_failed(scene, step, ActionOutcome::Timeout, Some((latency, within)), name, detail);
        self.step_failed(scene.scenario);
    }

    /// Writes down a request that has no success. What an action says of itself is not said again of its request.
    fn request_failed(
        &mut self,
        scene: &mut Scene<'_>,
        step: &HttpStep,
        outcome: ActionOutcome,
        latency_and_service: Option<(Duration, Duration)>,
        name: &str,
        detail: String,
    ) {
        scene.sink.recorder.count(self.cell(scene), Counter::HttpFailures);
        if let Some(action) = step.action {
            let detail = format!("{name}: {detail}");
            return self.finish_action(scene, action, outcome, latency_and_service, &detail);
        }
        let login = self.threads.current().is_some_and(|thread| thread.place == Place::Login);
        self.note(scene, if login { Class::Login } else { Class::Step }, name, detail);
    }
}

/// The request at that position of a program.
pub(super) fn step_at(scenario: &Scenario, place: Place, operation: usize) -> Option<&HttpStep> {
    match place.program(scenario).operations.get(operation) {
        Some(Operation::Http(step)) => Some(step),
        _ => None,
    }
}
