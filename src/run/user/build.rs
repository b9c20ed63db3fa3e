//! An HTTP step as the request that is made for it.

use super::message::HttpRequest;
use crate::plan::language::{Bindings, EvaluationError, Text};
use crate::plan::step::{Body, HttpStep};

impl HttpRequest {
    /// The request of a step, with the headers that all have in common.
    pub fn of(step: &HttpStep, common: &[(String, Text)], bindings: &Bindings<'_>) -> Result<Self, EvaluationError> {
        let render = |pairs: &[(String, Text)]| -> Result<Vec<(String, String)>, EvaluationError> {
            pairs.iter().map(|(name, value)| Ok((name.clone(), value.render(bindings)?))).collect()
        };
        // A header of the target may need what only this login will bring; until then it is left out.
        let common = common.iter();
        let mut headers: Vec<(String, String)> =
            common.filter_map(|(name, value)| Some((name.clone(), value.render(bindings).ok()?))).collect();
        headers.extend(render(&step.headers)?);
        let (kind, body) = match &step.body {
            Body::None => (None, Vec::new()),
            Body::Json(payload) => {
                let mut json = Vec::new();
                payload.render(bindings, &mut json)?;
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
        Ok(Self { method: step.method, url: step.url.render(bindings)?, headers, body, source: None })
    }
}
