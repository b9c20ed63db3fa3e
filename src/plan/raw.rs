//! What only a raw WebSocket has, and what it has not: `protocol: websocket` against those on Engine.IO.

use url::Url;

use super::critic::Critic;
use super::language::answer::AnswerKind;
use super::language::{Expression, Names, Place};
use super::message::Naming;
use crate::protocol::{self, Split};
use crate::suite::problem::Path;
use crate::suite::scalar::OneOrMany;
use crate::suite::schema::{self, Scenario, Step, Suite, Target, Transports};

const DEFAULT_PATH: &str = "/";
/// The name of the header that asks for subprotocols (RFC 6455 §11.3.4).
pub const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// Is it a protocol that stands on WebSocket itself?
#[must_use]
pub fn is_raw(target: &Target) -> bool {
    let protocol = target.protocol.as_deref().and_then(protocol::find);
    protocol.is_some_and(|protocol| protocol.engine.is_none())
}

/// The path of the requests: as written, or, of a raw WebSocket, that of the URL; else the protocol's own.
pub fn path(target: &Target, url: &Url, path: &Path, critic: &Critic<'_>) -> String {
    let in_url = Some(url.path()).filter(|path| is_raw(target) && *path != DEFAULT_PATH && !path.is_empty());
    if let Some(in_url) = in_url {
        if target.path.is_some() {
            let what = format!("the path stands twice: here, and as `{in_url}` in the URL");
            critic.error_at_key(&path.key("path"), what, "keep one of them");
        }
        if in_url.contains("%7B%7B") {
            let help = "write the path under `target.path`, where `{{ … }}` is put in";
            critic.error(&path.key("url"), "nothing is put into a URL", help);
        }
    }
    let protocol = target.protocol.as_deref().and_then(protocol::find);
    let default = protocol.or(protocol::PROTOCOLS.first()).map_or(DEFAULT_PATH, |protocol| protocol.default_path);
    target.path.as_deref().or(in_url).unwrap_or(default).to_owned()
}

#[must_use]
pub fn split(target: &Target) -> Option<Split> {
    match target.split.as_deref()? {
        "newline" => Some(Split::Newline),
        _ => Some(Split::RecordSeparator),
    }
}

/// How messages are named. `names` are those that exist outside of scenarios: any user may receive a message.
pub fn naming(target: &Target, names: &Names<'_>, critic: &Critic<'_>) -> Naming {
    const PLACE: Place = Place { user: false, ..Place::USER }.with_answer(AnswerKind::Event);
    let path = Path::root().key("target").key("event_name");
    let help = "write where the name stands in a message, as `data.type` or `data[3]`";
    let text = match &target.event_name {
        None => return Naming::None,
        Some(schema::Expression::Text(text)) => text,
        Some(schema::Expression::Constant(_)) => {
            critic.error(&path, "a constant names no message", help);
            return Naming::None;
        }
    };
    match Expression::compile(text, &path.to_string(), names, PLACE) {
        Ok(Expression::Path(super::language::answer::Root::Data, path)) => Naming::Field(path),
        Ok(Expression::Constant(_)) => {
            critic.error(&path, "a constant names no message", help);
            Naming::None
        }
        Ok(expression) => Naming::Computed(expression),
        Err(unknown) => {
            critic.unknown(&path, unknown);
            Naming::None
        }
    }
}

/// The value of the header that asks for the subprotocols, with `{{ … }}` still in it, and its place.
#[must_use]
pub fn subprotocols(target: &Target) -> Option<(String, Path)> {
    let asked = target.subprotocol.as_ref()?.as_slice();
    Some((asked.join(", "), Path::root().key("target").key("subprotocol")))
}

/// A token of RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    let is_sign = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}

/// Tells of everything in the suite that its protocol does not have.
pub fn check(suite: &Suite, critic: &Critic<'_>) {
    let foreign = Foreign { raw: is_raw(&suite.target), critic };
    foreign.target(&suite.target, &Path::root().key("target"));
    for (name, scenario) in &suite.scenarios {
        foreign.scenario(scenario, &Path::root().key("scenarios").key(name.as_str()));
    }
}

/// Looks for keys of the other kind of protocol.
struct Foreign<'a> {
    raw: bool,
    critic: &'a Critic<'a>,
}

impl Foreign<'_> {
    /// What stands at `path` and belongs to Socket.IO.
    fn of_socketio(&self, path: &Path, key: &str, stands: bool, help: &str) {
        if self.raw && stands {
            let what = format!("`{key}` belongs to Socket.IO, and the suite has `protocol: websocket`");
            self.critic.error_at_key(&path.key(key), what, help);
        }
    }

    /// What stands at `path` and belongs to a raw WebSocket.
    fn of_websocket(&self, path: &Path, key: &str, stands: bool, help: &str) {
        if !self.raw && stands {
            let what = format!("`{key}` belongs to a raw WebSocket, and the suite speaks Socket.IO");
            self.critic.error_at_key(&path.key(key), what, help);
        }
    }

    fn target(&self, target: &Target, path: &Path) {
        let only_websocket = match &target.transports {
            None => true,
            Some(Transports::List(list)) => list.iter().all(|name| name == "websocket"),
            Some(Transports::Shares(shares)) => shares.upgrade.is_none() && shares.polling.is_none(),
        };
        let recovery = target.recovery.is_some_and(|recovery| recovery.0);
        let leave_out = "leave it out";
        self.of_socketio(
            path,
            "namespace",
            target.namespace.is_some(),
            "leave it out, or write `path` if that is meant",
        );
        self.of_socketio(path, "parser", target.parser.is_some(), leave_out);
        self.of_socketio(path, "recovery", recovery, leave_out);
        self.of_socketio(path, "transports", !only_websocket, "leave it out: there is only WebSocket");
        if self.raw && target.url == super::target::BUILT_IN {
            let what = "the built-in target speaks Socket.IO, and the suite has `protocol: websocket`";
            self.critic.error(&path.key("url"), what, "write the URL of a WebSocket server, as `ws://127.0.0.1:3006`");
        }
        self.subprotocols(target, path);
        let set = "leave it out, or set `protocol: websocket`";
        self.of_websocket(path, "event_name", target.event_name.is_some(), set);
        self.of_websocket(path, "subprotocol", target.subprotocol.is_some(), set);
        self.of_websocket(path, "split", target.split.is_some(), set);
    }

    fn subprotocols(&self, target: &Target, path: &Path) {
        let Some(asked) = target.subprotocol.as_ref().map(OneOrMany::as_slice) else { return };
        let here = path.key("subprotocol");
        if asked.is_empty() {
            let help = "name one, as `graphql-transport-ws`, or leave the key out";
            self.critic.error(&here, "there is no subprotocol in it", help);
        }
        for name in asked.iter().filter(|name| !name.contains("{{") && !is_token(name)) {
            let help = "a subprotocol is a word of letters, digits and some signs; several are a list";
            self.critic.error(&here, format!("`{name}` cannot be a subprotocol"), help);
        }
        if let Some(header) = target.headers.keys().find(|name| name.eq_ignore_ascii_case(SUBPROTOCOL)) {
            let what = format!("`{header}` is what `subprotocol` stands for, and both are here");
            self.critic.error_at_key(&path.key("headers").key(header.as_str()), what, "keep `subprotocol`");
        }
    }

    fn scenario(&self, scenario: &Scenario, path: &Path) {
        let connect = path.key("connect");
        let how = scenario.connect.how();
        let help = "send what logs a user in under `target.headers` or `target.query`, or by `send` under `setup`";
        self.of_socketio(&connect, "auth", how.is_some_and(|how| how.auth.is_some()), help);
        let several = how.is_some_and(|how| !how.namespaces.is_empty());
        self.of_socketio(&connect, "namespaces", several, "leave it out: a connection is one stream of messages");
        let help = "leave it out: Socket.IO has a heartbeat of its own";
        self.of_websocket(path, "keepalive", scenario.keepalive.is_some(), help);
        let places = [
            ("login", &scenario.login),
            ("setup", &scenario.setup),
            ("act", &scenario.act),
            ("teardown", &scenario.teardown),
        ];
        for (place, steps) in places {
            self.steps(steps, &path.key(place));
        }
        for (event, steps) in &scenario.on {
            self.steps(steps, &path.key("on").key(event.as_str()));
        }
    }

    fn steps(&self, steps: &[Step], path: &Path) {
        for (index, step) in steps.iter().enumerate() {
            let path = path.index(index);
            self.of_socketio(
                &path,
                "emit",
                step.emit.is_some(),
                "write `send: { json: … }`: there are messages, not events",
            );
            self.of_socketio(
                &path,
                "answer",
                step.answer.is_some(),
                "write `send: { json: … }`: nothing asks for an ack",
            );
            let expected = step.emit.is_none() && step.namespace.is_some();
            self.of_socketio(&path, "namespace", expected, "leave it out");
            self.of_websocket(&path, "send", step.send.is_some(), "write `emit: EVENT`, or set `protocol: websocket`");
            self.steps(step.steps.as_deref().unwrap_or_default(), &path.key("steps"));
            for (way, mix) in step.mix.iter().flatten().enumerate() {
                self.steps(&mix.steps, &path.key("mix").index(way).key("steps"));
            }
        }
    }
}
