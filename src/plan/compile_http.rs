//! From an HTTP step as written to a request and what its response means.

use super::compile_step::Steps;
use super::language::answer::AnswerKind;
use super::language::{Expression, Payload, Place, UnknownName};
use super::step::{Body, HttpStep};
use crate::suite::problem::Path;
use crate::suite::schema::{Map, Refusal, Step};
use crate::units::Duration;

const DEFAULT_HTTP_WITHIN: Duration = Duration::from_secs(10);

impl Steps<'_> {
    pub(super) fn http(&mut self, method: &str, step: &Step, path: &Path, place: Place) -> Option<HttpStep> {
        let urls = [("GET", &step.get), ("POST", &step.post), ("PUT", &step.put), ("DELETE", &step.delete)];
        let (method, url) = urls.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(method))?;
        let (verb, url) = (method.to_lowercase(), url.as_deref()?);
        let url_path = path.key(verb.as_str());
        if !url.starts_with('/') && !url.contains("://") && !url.starts_with("{{") {
            self.critic.error(&url_path, format!("`{url}` is neither a path nor a URL"), format!("write `/{url}`"));
        }
        let action = self.action(step, &format!("{method} {url}"), path, &verb);
        let after = place.with_answer(AnswerKind::Response);
        let check = |check: Option<&_>, key: &str| self.check(check?, &path.key(key), after);
        Some(HttpStep {
            method,
            action,
            url: self.text(url, &url_path, place)?,
            headers: self.texts(step.headers.as_ref().unwrap_or(&Map::new()), &path.key("headers"), place),
            body: self.body(step, path, place),
            status: self.status(step, path),
            ok: check(step.ok.as_ref(), "ok"),
            rejected: self.refused(step, path, after),
            within: step.within.unwrap_or(DEFAULT_HTTP_WITHIN),
            delivery: self.delivery(step, action, path, place, AnswerKind::Response),
            labels: self.action_labels(step, path, after),
            saves: self.saves(step.save.as_ref(), &path.key("save"), after, self.place == "login"),
        })
    }

    fn refused(&self, step: &Step, path: &Path, after: Place) -> Option<Expression> {
        let path = path.key("rejected");
        let refusal = step.rejected.as_ref()?;
        if ["before", "after"].contains(&self.place) {
            let what = format!("under `{}` a request succeeds or fails, and is never rejected", self.place);
            self.critic.error_at_key(&path, what, "say with `status` or `ok` what is a success");
        }
        match refusal {
            Refusal::Check(check) => self.check(check, &path, after),
            Refusal::Event(_) => {
                let what = "a request is answered by its response, not by an event";
                self.critic.error(&path, what, "write an expression, as `response.status == 429`");
                None
            }
        }
    }

    fn body(&self, step: &Step, path: &Path, place: Place) -> Body {
        match (&step.json, &step.form) {
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
        }
    }

    fn status(&self, step: &Step, path: &Path) -> Option<u16> {
        let status = u16::try_from(step.status?.0).ok().filter(|status| (100..600).contains(status));
        if status.is_none() {
            self.critic.error(&path.key("status"), "this is not an HTTP status", "write one from 100 to 599");
        }
        status
    }
}
