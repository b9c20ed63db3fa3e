//! The suite as its author wrote it: structs that mirror the YAML one to one.
//!
//! `cotillion schema` prints the JSON Schema made from these very types, so the doc comments below are what an editor
//! shows. Alternatives are optional fields of one struct, never untagged enums: a mistake in one then stays a precise
//! problem at that key. What may stand beside what is decided where the plan is compiled.

pub mod invariant;
pub mod meeting;
pub mod step;

use indexmap::IndexMap;
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde_json::{Value, json};

use super::scalar::{Count, Factor, Flag, OneOrMany, Switchable};
use crate::units::{Duration, Percent, Rate, RateLimit};
pub use invariant::Invariant;
pub use meeting::{Feed, Group};
pub use step::{Ack, Delivery, Each, EventMatch, Expression, Message, Mix, Refusal, Reply, Save, Step};

/// The language as a JSON Schema, made from the types below; committed as `suite.schema.json`.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schema_for!(Suite).to_value();
    // A place for YAML anchors: `x-` keys are dropped before a suite is read.
    schema["patternProperties"] = json!({ "^x-": true });
    schema
}

/// Keys in the order in which they were written.
pub type Map<T> = IndexMap<String, T>;

/// A load test: who connects, what they do in which rhythm, and what must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// A slug; names the report folder and the JUnit suite.
    #[schemars(extend("examples" = ["my-suite"]), regex(pattern = r"^[a-z0-9]+([._-][a-z0-9]+)*$"))]
    pub name: String,
    /// What the suite is for, in a sentence or two; shown in reports.
    pub description: Option<String>,
    /// Labels to select suites by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Values for `{{ vars.NAME }}`; `--var NAME=VALUE` overrides one.
    #[serde(default)]
    pub vars: Map<Value>,
    pub target: Target,
    pub credentials: Option<Credentials>,
    /// Rows of data for `{{ feed.NAME.FIELD }}`: one row an action.
    #[serde(default)]
    pub feeds: Map<Feed>,
    pub resources: Option<Resources>,
    pub cooldown: Option<Cooldown>,
    /// Steps before the run, once and by no user: HTTP, `set`, `check`. What they save is known in `after`.
    #[serde(default)]
    pub before: Vec<Step>,
    /// Steps after the run, when all users have gone: HTTP, `set`, and each `check` a case of its own. `counts` holds what this
    /// run counted.
    #[serde(default)]
    pub after: Vec<Step>,
    /// Groups of users that behave alike.
    #[schemars(extend("minProperties" = 1))]
    pub scenarios: Map<Scenario>,
    /// What must hold of what users do and see, by name: `{ one_winner: bid }`.
    #[serde(default)]
    pub invariants: Map<Invariant>,
    /// What must hold for the build to pass: metric to limit, as `success_rate: ">= 99%"`.
    #[serde(default)]
    pub thresholds: Map<OneOrMany<Threshold>>,
}

/// The system under test.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http`, `https`, `ws` or `wss` URL, or `demo` for the built-in target.
    pub url: String,
    /// The protocol spoken on the socket.
    #[schemars(extend("enum" = ["socket.io", "socket.io-v2", "websocket"]))]
    pub protocol: Option<String>,
    /// The Engine.IO path, used exactly as written. Default `/socket.io/`.
    pub path: Option<String>,
    /// The Socket.IO namespace. Default `/`.
    pub namespace: Option<String>,
    /// How users reach the server: `[websocket]`, `[polling]`, `[polling, websocket]` (polling first, as browsers do), or a share
    /// of the users each: `{ websocket: 80%, upgrade: 15%, polling: 5% }`. Default `[websocket]`.
    pub transports: Option<Transports>,
    /// How Socket.IO packets are written: `json` or `msgpack`. Default `json`.
    #[schemars(extend("enum" = ["json", "msgpack"]))]
    pub parser: Option<String>,
    /// Use Socket.IO's connection state recovery after a loss. Default `false`.
    pub recovery: Option<Flag>,
    /// Expression over `data` that names a message of a raw WebSocket, as `data.type`. Default: all are called `message`.
    pub event_name: Option<Expression>,
    /// Subprotocols to ask for on a raw WebSocket.
    pub subprotocol: Option<OneOrMany<String>>,
    /// What ends a message where a frame of a raw WebSocket holds several: `newline` or `record_separator` (U+001E).
    #[schemars(extend("enum" = ["newline", "record_separator"]))]
    pub split: Option<String>,
    /// HTTP proxy to connect through, as `http://proxy:3128`, with `user:password@` before the host where it asks for that. Hosts in
    /// the variable `NO_PROXY` are connected to directly; an empty text means none.
    pub proxy: Option<String>,
    /// Addresses of this machine to connect from, in turn by user.
    #[serde(default)]
    pub source_addresses: Vec<String>,
    /// Sent with every request, HTTP and WebSocket.
    #[serde(default)]
    pub headers: Map<Value>,
    /// Query keys of the socket's URL.
    #[serde(default)]
    pub query: Map<Value>,
    pub tls: Option<Tls>,
    /// Hosts that may be put under load beside loopback, as `*.staging.example.com`.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Wait for this before the run starts.
    pub ready: Option<Ready>,
}

/// How users reach the server: a list of transports, or shares of the users.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Transports {
    List(Vec<String>),
    Shares(TransportShares),
}

/// A share of the users for each way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransportShares {
    /// Over WebSocket from the start.
    pub websocket: Option<Percent>,
    /// By polling first, then over WebSocket.
    pub upgrade: Option<Percent>,
    /// By polling to the end.
    pub polling: Option<Percent>,
}

/// Certificates; paths are relative to the suite file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of authorities to trust beside the built-in ones.
    pub ca: Option<String>,
    /// PEM file of the client's certificate chain; needs `key`.
    pub cert: Option<String>,
    /// PEM file of the client's private key; needs `cert`.
    pub key: Option<String>,
    /// `false` accepts any certificate, with a warning in every report. Default `true`.
    pub verify: Option<Flag>,
}

/// A request that must succeed before the run starts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Path or URL that answers 2xx once the target is ready.
    pub get: String,
    /// How long to wait. Default `60s`.
    pub within: Option<Duration>,
}

/// One row a user, by `user.index`. One of `env`, `file` and `generate`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Name of the environment variable that holds a JSON array of objects, or CSV with a header row.
    pub env: Option<String>,
    /// JSON or CSV file, relative to the suite file.
    pub file: Option<String>,
    /// A row for every user from templates.
    pub generate: Option<Map<Value>>,
    /// Rows may be shared when there are fewer rows than users. Default `false`: that is an error.
    pub reuse: Option<Flag>,
    /// Fields that may be printed; all others are secret. Default `name user username id email`.
    pub public: Option<Vec<String>>,
}

/// What users compete for. One of `count`, `list` and `file`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// So many resources, named by `id`.
    pub count: Option<Count>,
    /// Ids, or objects with an `id` and fields of their own (`resource.FIELD`).
    pub list: Option<Vec<Value>>,
    /// JSON file with such a list, or CSV with a header row and an `id` column; relative to the suite file.
    pub file: Option<String>,
    /// Template of the id, with `index`. Default `{{ index }}`. Goes with `count`.
    pub id: Option<String>,
}

/// The server's rules, as its documentation states them: the least time between two actions, as `1s`, or how many are taken
/// in any stretch of time, as `100 per 1s`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// On one resource, whoever acts.
    pub per_resource: Option<RateLimit>,
    /// Of one user, whatever it acts on. A user is a row of the credentials.
    pub per_user: Option<RateLimit>,
    /// Of one user on one resource.
    pub per_user_resource: Option<RateLimit>,
    /// Of all users together: they come from one address.
    pub per_address: Option<RateLimit>,
    /// Room for network jitter, on top of each. Default `50ms`.
    pub margin: Option<Duration>,
}

/// Users that behave alike.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub load: Load,
    /// Who acts on what at each step. Default `rotate`.
    pub pattern: Option<Pattern>,
    /// The step: a duration, `auto` (the shortest that keeps every cooldown) or `asap` (closed loop).
    #[schemars(extend("format" = "every"))]
    pub every: Option<String>,
    /// Puts users together: a match, a team.
    pub group: Option<Group>,
    /// HTTP steps before connecting, once a user.
    #[serde(default)]
    pub login: Vec<Step>,
    #[serde(default)]
    pub connect: Connecting,
    /// How a dropped user comes back; `off` to let it stay away.
    pub reconnect: Option<Switchable<Reconnect>>,
    /// A turn that is due while the last one runs: `queue` or `skip`. Default `skip` with a cooldown, else `queue`.
    #[schemars(extend("enum" = ["queue", "skip"]))]
    pub late: Option<String>,
    /// What a failed or timed-out step means: `stop` ends the turn (in setup: reconnect), `continue` goes on. Default `stop`.
    #[schemars(extend("enum" = ["stop", "continue"]))]
    pub on_failure: Option<String>,
    /// What is sent on a raw WebSocket every so often while the user is connected.
    pub keepalive: Option<Keepalive>,
    /// Once after each connect.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// What to do when an event comes, also while the user waits: event to steps, with `data` and `args` bound.
    #[serde(default)]
    pub on: Map<Vec<Step>>,
    /// At every step, with `resource` bound by the pattern: one turn.
    #[serde(default)]
    pub act: Vec<Step>,
    /// Before leaving.
    #[serde(default)]
    pub teardown: Vec<Step>,
}

/// A message that keeps a raw WebSocket open.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keepalive {
    pub every: Duration,
    /// The message as JSON.
    pub json: Option<Value>,
    /// The message as text.
    pub text: Option<String>,
}

/// A pattern by its name, or with settings of its own.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pattern {
    #[schemars(extend("enum" = ["rotate", "dedicated", "burst", "random", "hotspot", "none"]))]
    Name(String),
    Settings(PatternSettings),
}

/// A pattern with its settings: exactly one key.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternSettings {
    pub rotate: Option<Rotate>,
    pub hotspot: Option<Hotspot>,
}

/// Settings of `rotate`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// `sequential`, or `balanced`: every user follows every other one. Default `sequential`.
    #[schemars(extend("enum" = ["sequential", "balanced"]))]
    pub order: Option<String>,
    /// So many users take a resource at once. Default 1.
    pub contenders: Option<Count>,
    /// Users act one after another inside the step. Default `true` where it costs little.
    pub spread: Option<Flag>,
}

/// Settings of `hotspot`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hotspot {
    /// So much of what users do goes to the hot resources. Default `80%`.
    pub share: Option<Percent>,
    /// So many of the resources are hot, the first ones. Default `20%`.
    pub on: Option<Percent>,
}

/// How many users, when: `stages`, or `users` with `duration`, or `arrivals` with `duration` and `stay`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Move to `target` users over `duration`, one stage after another, starting from none.
    pub stages: Option<Vec<Stage>>,
    /// So many users from the start to the end.
    pub users: Option<Count>,
    /// Users arrive at this rate, whatever becomes of those before them.
    pub arrivals: Option<Rate>,
    /// How long, with `users` or `arrivals`.
    pub duration: Option<Duration>,
    /// How long a user stays that has arrived; at most to the end of `duration`.
    pub stay: Option<Duration>,
    /// Between two arrivals: `poisson` (as strangers come) or `even`. Default `poisson`.
    #[schemars(extend("enum" = ["poisson", "even"]))]
    pub spacing: Option<String>,
}

/// One stretch of a load.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// To name it in thresholds and reports. Default `stage-1`, `stage-2`, …
    pub name: Option<String>,
    pub duration: Duration,
    /// Number of users at the end of the stage.
    pub target: Count,
}

/// How a user connects; `none` for users that only make requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Connecting {
    Not(NoSocket),
    So(Box<Connect>),
}

/// The word for no connection.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoSocket {
    None,
}

impl Default for Connecting {
    fn default() -> Self {
        Self::So(Box::default())
    }
}

impl Connecting {
    /// How, if at all.
    #[must_use]
    pub fn how(&self) -> Option<&Connect> {
        match self {
            Self::Not(NoSocket::None) => None,
            Self::So(how) => Some(how),
        }
    }
}

/// How a user connects.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The `auth` object of the Socket.IO CONNECT packet.
    pub auth: Option<Map<Value>>,
    /// Several namespaces on one connection: name to what its CONNECT packet carries.
    #[serde(default)]
    pub namespaces: Map<JoinedNamespace>,
    /// How many users may start to connect in a second. Default `50/s`.
    pub rate: Option<Rate>,
    /// From the first byte to the namespace's answer. Default `10s`.
    pub within: Option<Duration>,
    /// The server is to refuse the connection: expression over `error` that is true when it does so as it should.
    pub refused: Option<Expression>,
}

/// One of several namespaces on a connection.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinedNamespace {
    /// The `auth` object of its CONNECT packet.
    pub auth: Option<Map<Value>>,
}

/// Waiting times of a dropped user: `wait`, then each `factor` times the last, at most `max`, each ± `jitter`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconnect {
    /// Default `1s`.
    pub wait: Option<Duration>,
    /// Default `5s`.
    pub max: Option<Duration>,
    /// Default `2`.
    pub factor: Option<Factor>,
    /// Default `50%`.
    pub jitter: Option<Percent>,
}

/// A limit on a metric: `"p95 < 200ms"`, `">= 99%"`, `"== 0"`; or with conditions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Threshold {
    #[schemars(extend("format" = "limit"))]
    Limit(String),
    Detailed(ThresholdDetailed),
}

/// A limit that holds for a part of the run, or only warns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdDetailed {
    /// As `p95 < 200ms`.
    #[schemars(extend("format" = "limit"))]
    pub limit: String,
    /// Only this scenario's samples.
    pub scenario: Option<String>,
    /// Only samples of this stage of the load.
    pub stage: Option<String>,
    /// Only this action's samples.
    pub action: Option<String>,
    /// Only samples with this value of a label: `{ node: a }`.
    pub label: Option<Map<Value>>,
    /// `fail` or `warn`: a warning never changes the exit code. Default `fail`.
    #[schemars(extend("enum" = ["fail", "warn"]))]
    pub severity: Option<String>,
    /// With fewer samples the run is suspect. Default for a percentile p: 1/(1−p).
    pub min_samples: Option<Count>,
    /// Stop the run once this has been broken for so long without a break, as `5s`. Default: never.
    pub abort_after: Option<Duration>,
}
