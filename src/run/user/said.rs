//! What a server says itself when it refuses or ends a connection, and users whom it is to refuse that way.

use serde_json::{Value, json};

use super::actor::{Actor, Scene};
use super::life::Life;
use super::message::Failure;

/// The server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An HTTP status in the place of a WebSocket, with the start of the body.
    Status { status: u16, body: String },
    /// A close frame (RFC 6455 §7.1.5); `None` where it had no code.
    Close { code: Option<u16>, reason: String },
}

impl Said {
    /// As `error` in `connect.refused`: `status`, `body` and `json`, or `code` and `reason`.
    fn to_json(&self) -> String {
        let value = match self {
            Self::Status { status, body } => {
                let json: Value = serde_json::from_str(body).unwrap_or_default();
                json!({ "status": status, "body": body, "json": json })
            }
            Self::Close { code, reason } => json!({ "code": code, "reason": reason }),
        };
        value.to_string()
    }

    /// Is it a no? A server that has failed says nothing about the user.
    const fn is_a_refusal(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status >= 400 && *status < 500,
            Self::Close { .. } => true,
        }
    }
}

impl Actor {
    /// The link could not be opened.
    pub(super) fn not_linked(&mut self, scene: &mut Scene<'_>, failure: Failure) {
        if !self.is_refused_as_wanted(scene, failure.said.as_deref()) {
            self.connect_failed(scene, failure.kind, failure.detail);
        }
    }

    /// Have these words refused a user whom a server without a handshake of its own was to refuse? Then that is all it is
    /// here for.
    pub(super) fn is_refused_as_wanted(&mut self, scene: &mut Scene<'_>, said: Option<&Said>) -> bool {
        let Some(said) = said.filter(|said| said.is_a_refusal()) else { return false };
        let Some(wanted) = &scene.scenario.connect.refused else { return false };
        let connecting = matches!(self.life, Life::Dialing { .. } | Life::Handshaking { .. });
        let refused =
            connecting && scene.plan.target.is_raw() && self.is_rightly_refused(scene, wanted, 0, &said.to_json());
        if refused {
            self.refused_as_wanted(scene);
        }
        refused
    }

    /// The user is connected, and the server was to refuse that. Until the time to connect is over some can still do so: one
    /// without a handshake by a close code, one of socket.io 2.0 when its middlewares have been asked.
    pub(super) fn let_in(&mut self, scene: &mut Scene<'_>) {
        if !scene.plan.target.may_refuse_later() {
            self.wrongly_let_in(scene);
        }
    }

    /// The time to connect is over, and the server that was to refuse the connection may have kept it.
    pub(super) fn is_kept(&self, scene: &Scene<'_>) -> bool {
        scene.plan.target.may_refuse_later() && scene.scenario.connect.refused.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_an_expression_sees_them() {
        let status = |body: &str| Said::Status { status: 401, body: body.into() }.to_json();
        assert_eq!(status("no"), r#"{"status":401,"body":"no","json":null}"#);
        assert_eq!(status(r#"{"a":1}"#), r#"{"status":401,"body":"{\"a\":1}","json":{"a":1}}"#);
        let close = Said::Close { code: Some(4401), reason: "no".into() };
        assert_eq!(close.to_json(), r#"{"code":4401,"reason":"no"}"#);
        assert_eq!(Said::Close { code: None, reason: String::new() }.to_json(), r#"{"code":null,"reason":""}"#);
    }
}
