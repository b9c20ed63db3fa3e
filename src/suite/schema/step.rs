//! One step as its author wrote it, and what may stand in it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Map;
use crate::suite::scalar::{Count, CountOrName, Flag, Number, OneOrMany};
use crate::units::Duration;

/// One step: exactly one verb, as `emit`, and what belongs to it. `each`, `repeat` and `when` may stand beside the verb, or
/// beside a list of `steps`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Send this Socket.IO event; under `act` it is an action.
    pub emit: Option<String>,
    /// Send this message on a raw WebSocket; under `act` it is an action.
    pub send: Option<Message>,
    /// Wait: `200ms`, or `100ms..300ms` drawn evenly.
    #[schemars(extend("format" = "duration-or-range"))]
    pub pause: Option<String>,
    /// HTTP request; a path, or an absolute URL under the same `allow` rule.
    pub get: Option<String>,
    /// HTTP request; a path, or an absolute URL under the same `allow` rule.
    pub post: Option<String>,
    /// HTTP request; a path, or an absolute URL under the same `allow` rule.
    pub put: Option<String>,
    /// HTTP request; a path, or an absolute URL under the same `allow` rule.
    pub delete: Option<String>,
    /// Wait until this event has come since the turn (or the setup) began.
    pub expect: Option<String>,
    /// In `on`: answer the event, for which the server asked an acknowledgement, with these arguments.
    pub answer: Option<Vec<Value>>,
    /// Leave: `clean` with a goodbye, `abort` by dropping the connection.
    #[schemars(extend("enum" = ["clean", "abort"]))]
    pub disconnect: Option<String>,
    /// Connect again and do the setup again: `true`.
    pub reconnect: Option<Flag>,
    /// Values to remember for this user: name to value.
    pub set: Option<Map<Value>>,
    /// Do one of these, drawn by weight.
    pub mix: Option<Vec<Mix>>,
    /// Ask whether `ok` holds: a metric of this name, the share of true.
    pub check: Option<String>,
    /// Record `value`: a metric of this name, a distribution of numbers without a unit.
    pub measure: Option<String>,
    /// Break outcomes and latencies down by values: name to expression. On an action of that one; alone of all that follow.
    pub label: Option<Map<Expression>>,
    /// Values to hand to the others of the group, or without groups to all: name to value.
    pub share: Option<Map<Value>>,
    /// Wait for a value of that name that somebody shares; it becomes a saved name.
    #[serde(rename = "await")]
    pub awaited: Option<String>,
    /// Wait until every user of the group, else of the scenario, has come here.
    pub barrier: Option<String>,

    /// Repeat for each of `resources`, or of a list; inside, `resource` (or `item`) is bound.
    pub each: Option<Each>,
    /// Repeat so many times.
    pub repeat: Option<Count>,
    /// Expression; skip the step unless it is true. Asked in each pass of `each` and `repeat`.
    pub when: Option<Expression>,
    /// What `each`, `repeat` and `when` are about, instead of one verb.
    pub steps: Option<Vec<Step>>,

    /// The action's name in reports. Default the event, or method and path. Needed where two actions would have one name.
    pub name: Option<String>,
    /// Of which namespace the event is, where the user joins several. Default the first.
    pub namespace: Option<String>,
    /// Arguments of the event, after its name.
    pub args: Option<Vec<Value>>,
    /// Ask for an acknowledgement and judge it.
    pub ack: Option<Ack>,
    /// An event that answers this one.
    pub reply: Option<Reply>,
    /// An event that says no; of a request an expression over `response` that is true when the server said no.
    pub rejected: Option<Refusal>,
    /// An event that says that this one failed.
    pub failed: Option<EventMatch>,
    /// Values to remember for this user: name to expression, or `{ value, secret }`.
    pub save: Option<Map<Save>>,

    /// Who must hear of the action, and how the event is known that tells them.
    pub delivery: Option<Delivery>,
    /// From the step's success on, the user is a member of this resource, or of what else goes by this name; or of several.
    pub joins: Option<OneOrMany<String>>,
    /// From the step's success on, the user is no longer a member.
    pub leaves: Option<OneOrMany<String>>,
    /// So long after the step's success the membership has changed for sure. Default `0ms`.
    pub settle: Option<Duration>,

    /// JSON body of the request.
    pub json: Option<Value>,
    /// Form fields of the request.
    pub form: Option<Map<Value>>,
    /// Headers of this request, beside those of the target.
    pub headers: Option<Map<Value>>,
    /// The status that is a success; default any 2xx, or whatever `ok` says.
    pub status: Option<Count>,
    /// Expression over `response` that is true for success.
    pub ok: Option<Expression>,
    /// Whose barrier it is: `suite` for every user of every scenario that has it. Default the group, else the scenario.
    #[schemars(extend("enum" = ["suite"]))]
    pub of: Option<String>,
    /// Deadline of a request, default `10s`, of what is expected, default `5s`, of coming back, or of waiting for others, default
    /// `30s`.
    pub within: Option<Duration>,

    /// Expression over `data` and `args`: which event of that name is expected. Default any.
    #[serde(rename = "where")]
    pub filter: Option<Expression>,
    /// A metric of this name, which goes up by `value`; beside `expect` how many such events are expected, default `1`.
    pub count: Option<CountOrName>,
    /// Expression: what is measured, or how much is counted, default `1`.
    pub value: Option<Number>,
    /// Make sure that no such event comes `within` that time.
    pub never: Option<Flag>,
    /// Look at the texts of all such events joined.
    pub joined: Option<Flag>,
}

/// A message of a raw WebSocket: one of `json`, `text`, `base64`, `hex` and `file`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// A text message that is this value as JSON.
    pub json: Option<Value>,
    /// A text message.
    pub text: Option<String>,
    /// A binary message, written in base64.
    pub base64: Option<String>,
    /// A binary message, written in hexadecimal digits.
    pub hex: Option<String>,
    /// A binary message with the bytes of a file, relative to the suite file.
    pub file: Option<String>,
}

/// One of the ways of a `mix`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// How often this one is drawn, beside the others. Default `1`.
    pub weight: Option<Count>,
    pub steps: Vec<Step>,
}

/// What `each` goes through.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Each {
    /// The word `resources`.
    Name(String),
    List(Vec<Value>),
}

/// How an acknowledgement is judged.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// Later than this is a timeout. Default `5s`.
    pub within: Option<Duration>,
    /// Expression that is true for success, as `ack.ok`. Default: any ack is ok.
    pub ok: Option<Expression>,
    /// Expression that is true when the server said no; asked when `ok` is not true.
    pub rejected: Option<Expression>,
}

/// An event that answers an `emit`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub event: String,
    /// Expression over `data` and `args`: is it the answer to this one? Default any such event.
    #[serde(rename = "where")]
    pub filter: Option<Expression>,
    /// Expression over `data` and `args` that is true for success. Default: any reply is ok.
    pub ok: Option<Expression>,
    /// Later than this is a timeout. Default `5s`.
    pub within: Option<Duration>,
    /// Values to remember of an ok reply: name to expression, or `{ value, secret }`.
    pub save: Option<Map<Save>>,
    /// Look at the texts of all such events since the emit, joined.
    pub joined: Option<Flag>,
}

/// What an action owes, once it is ok: an event to everybody who is meant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The event that tells of the action. Every user of every scenario listens for it.
    pub event: String,
    /// Expression over `data` and `args`: the key in the event, which equals the action's `key`. Or `order`, for events
    /// without any key: they are only counted.
    #[serde(rename = "match")]
    pub matched: String,
    /// Expression: the action's own key. Default `action.id`.
    pub key: Option<String>,
    /// Expression over the answer: the action owes deliveries only if it is true.
    pub when: Option<Expression>,
    /// `members`, `others` (members but the actor), `actor`, `group`, `partners` (the group but the actor) or `everyone`.
    /// Default `members`.
    #[schemars(extend("enum" = ["members", "others", "actor", "group", "partners", "everyone"]))]
    pub to: Option<String>,
    /// Whose members. Default the resource that the action is on.
    pub of: Option<String>,
    /// Received later than this is late. Default `1s`.
    pub within: Option<Duration>,
    /// Received so much later still is missing. Default `5s`.
    pub grace: Option<Duration>,
    /// `none`, `per_sender` or `per_resource`. Default `none`.
    #[schemars(extend("enum" = ["none", "per_sender", "per_resource"]))]
    pub order: Option<String>,
}

/// An event of that name, or those of them for which `where` is true.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventMatch {
    pub event: String,
    /// Expression over `data` and `args`: is it about this one? Default any such event.
    #[serde(rename = "where")]
    pub filter: Option<Expression>,
}

/// How the server says no.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Refusal {
    Check(Expression),
    Event(EventMatch),
}

/// Text of an expression, or a constant `true`/`false`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Expression {
    Text(String),
    Constant(bool),
}

/// What a step remembers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Save {
    Expression(String),
    Detailed(SaveDetailed),
}

/// A value to remember that may be marked as secret.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveDetailed {
    pub value: String,
    /// Never print it. Default `true` in `login`, else `false`.
    pub secret: Option<Flag>,
}
