//! HTTP steps: the request as the driver makes it, and what its answer means.

use super::actor::{Actor, Scene};
use super::message::{Command, Failure, HttpRequest};
use super::thread::{Place, Wait};
use crate::metrics::{Counter, Distribution};
use crate::plan::Scenario;
use crate::plan::language::{Answer, EvaluationError, Response, Text};
use crate::plan::step::{Body, HttpStep, Operation};
use crate::record::Class;
use crate::units::Duration;

impl Actor {
    pub(super) fn request(&mut self, scene: &mut Scene<'_>, step: &HttpStep) {
        match self.build(scene, step) {
            Ok(request) => {
                self.commands.push_back(Command::Http(request));
                if let Some(thread) = &mut self.thread {
                    let operation = thread.last();
                    thread.wait = Wait::Response { operation, sent: scene.now, deadline: scene.now + step.within };
                }
            }
            Err(error) => {
                self.step_error(scene, &format!("{} cannot be sent", step.method), error.to_string());
                self.step_failed(scene.scenario);
            }
        }
    }

    fn build(&self, scene: &Scene<'_>, step: &HttpStep) -> Result<HttpRequest, EvaluationError> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let render = |pairs: &[(String, Text)]| -> Result<Vec<(String, String)>, EvaluationError> {
            pairs.iter().map(|(name, value)| Ok((name.clone(), value.render(&bindings)?))).collect()
        };
        // A header of the target may need what only this login will bring; until then it is left out.
        let common = scene.scenario.headers.iter();
        let mut headers: Vec<(String, String)> =
            common.filter_map(|(name, value)| Some((name.clone(), value.render(&bindings).ok()?))).collect();
        headers.extend(render(&step.headers)?);
        let (kind, body) = match &step.body {
            Body::None => (None, Vec::new()),
            Body::Json(payload) => {
                let mut json = Vec::new();
                payload.render(&bindings, &mut json)?;
                (Some("application/json"), json)
            }
            Body::Form(fields) => {
                let fields = render(fields)?;
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                (Some("application/x-www-form-urlencoded"), form.into_bytes())
            }
        };
        if let Some(kind) = kind.filter(|_| !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")))
        {
            headers.push(("content-type".into(), kind.into()));
        }
        Ok(HttpRequest { method: step.method, url: step.url.render(&bindings)?, headers, body })
    }

    pub(super) fn answered(&mut self, scene: &mut Scene<'_>, response: Result<Response, Failure>) {
        let waiting = self.thread.as_ref().map(|thread| (thread.place, thread.wait));
        let Some((place, Wait::Response { operation, sent, deadline })) = waiting else { return };
        let Some(step) = step_at(scene.scenario, place, operation) else { return };
        if scene.now > deadline {
            return self.response_timed_out(scene, deadline.since(sent));
        }
        let response = match response {
            Ok(response) => response,
            Err(failure) => return self.request_failed(scene, &failure.kind, failure.detail),
        };
        scene.sink.recorder.record(self.cell(scene), Distribution::HttpLatency, scene.now.since(sent));
        let wanted = step.status.map_or((200..300).contains(&response.status), |status| status == response.status);
        if wanted {
            self.save(scene, &step.saves, Answer::Response(&response));
            self.resume();
        } else {
            let name = format!("{} answered with status {}", step.method, response.status);
            self.request_failed(scene, &name, response.text);
        }
    }

    pub(super) fn response_timed_out(&mut self, scene: &mut Scene<'_>, within: Duration) {
        // The driver gives the request up; in a login nothing else is open.
        self.commands.push_back(Command::Close);
        self.request_failed(scene, "HTTP request timed out", format!("no complete answer came within {within}"));
    }

    fn request_failed(&mut self, scene: &mut Scene<'_>, name: &str, detail: String) {
        scene.sink.recorder.count(self.cell(scene), Counter::HttpFailures);
        let login = self.thread.as_ref().is_some_and(|thread| thread.place == Place::Login);
        self.note(scene, if login { Class::Login } else { Class::Step }, name, detail);
        self.step_failed(scene.scenario);
    }
}

fn step_at(scenario: &Scenario, place: Place, operation: usize) -> Option<&HttpStep> {
    match place.program(scenario).operations.get(operation) {
        Some(Operation::Http(step)) => Some(step),
        _ => None,
    }
}
