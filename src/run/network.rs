//! What users need of a network. The real one is the target; tests put another in its place.

use std::time::Duration as StdDuration;

use bytes::Bytes;
use url::Url;

use super::clock::Clock;
use super::user::{ConnectRequest, Failure, HttpRequest, Phases};
use crate::plan::Plan;
use crate::plan::language::Response;
use crate::plan::target::Origin;
use crate::transport::dial::{self, Endpoint};
use crate::transport::http;
use crate::transport::link::Link;
use crate::transport::stage;
use crate::transport::tls::TlsContext;
use crate::transport::websocket::{self, WebSocketLink};
use crate::units::Duration;

/// Opens links and makes requests. Both are given up by dropping the future.
pub trait Network: 'static {
    type Link: Link + 'static;

    fn connect(&self, request: ConnectRequest) -> impl Future<Output = Result<(Self::Link, Phases), Failure>>;

    fn request(&self, request: HttpRequest) -> impl Future<Output = Result<Response, Failure>>;
}

/// The target of a plan.
#[derive(Debug, Clone)]
pub struct TargetNetwork {
    endpoint: Endpoint,
    authority: String,
    tls: TlsContext,
    allow: Vec<String>,
    clock: Clock,
    /// Is the target a name that has to be looked up? Literal addresses and `localhost` have no such phase.
    looked_up: bool,
}

impl TargetNetwork {
    #[must_use]
    pub fn new(plan: &Plan, tls: TlsContext, clock: Clock) -> Self {
        let target = &plan.target;
        Self {
            endpoint: Endpoint {
                host: target.host.clone(),
                port: target.port,
                tls: target.tls.then(|| tls.clone()),
                source: None,
            },
            authority: target.authority.clone(),
            tls,
            allow: target.allow.clone(),
            clock,
            looked_up: target.host.parse::<std::net::IpAddr>().is_err() && target.host != "localhost",
        }
    }

    /// Opens a connection and drops it: can the target be reached at all?
    pub async fn reach(&self) -> Result<(), Failure> {
        dial::dial(&self.endpoint, &|| self.clock.now())
            .await
            .map(|_| ())
            .map_err(|error| failure(error.kind(), &error))
    }

    /// Where a step's URL leads: a path of the target, or another host that is allowed.
    fn resolve(&self, url: &str) -> Result<(Endpoint, String), Failure> {
        if url.starts_with('/') {
            return Ok((self.endpoint.clone(), url.to_owned()));
        }
        let wrong = |what: String| failure("URL cannot be used", &format!("`{url}`: {what}"));
        let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let origin = Origin::of(&parsed).map_err(wrong)?;
        if !origin.is_allowed(&self.allow) {
            let host = &origin.host;
            return Err(failure(
                "host is not allowed",
                &format!("`{host}` is neither loopback nor under `target.allow`; add it if you may load-test it"),
            ));
        }
        let tls = origin.tls.then(|| self.tls.clone());
        let path = parsed[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        Ok((Endpoint { host: origin.host, port: origin.port, tls, source: None }, path))
    }
}

impl Network for TargetNetwork {
    type Link = WebSocketLink;

    async fn connect(&self, request: ConnectRequest) -> Result<(WebSocketLink, Phases), Failure> {
        let now = || self.clock.now();
        let (stream, phases) = dial::dial(&self.endpoint, &now).await.map_err(|error| failure(error.kind(), &error))?;
        let dialed = now();
        let limits = websocket::Limits::default();
        let upgraded = websocket::upgrade(stream, &self.authority, &request.target, &request.headers, &limits)
            .await
            .map_err(|error| failure(error.kind(), &error))?;
        let phases = Phases {
            dns: self.looked_up.then_some(phases.dns),
            tcp: Some(phases.tcp),
            tls: phases.tls,
            upgrade: Some(now().since(dialed)),
        };
        Ok((upgraded.link, phases))
    }

    async fn request(&self, request: HttpRequest) -> Result<Response, Failure> {
        let (endpoint, path_and_query) = self.resolve(&request.url)?;
        let request = http::Request {
            method: request.method.to_owned(),
            path_and_query,
            headers: request.headers,
            body: Bytes::from(request.body),
        };
        let (response, _) = http::send(&endpoint, &request, &http::Limits::default(), &|| self.clock.now())
            .await
            .map_err(|error| failure(error.kind(), &error))?;
        let text = response.text().into_owned();
        Ok(Response { status: response.status, headers: response.headers, text })
    }
}

fn failure(kind: &'static str, error: &dyn std::fmt::Display) -> Failure {
    Failure { kind: kind.into(), detail: error.to_string() }
}

/// How often a target that is not ready is asked again.
const READY_EVERY: StdDuration = StdDuration::from_millis(500);

/// How long one answer is waited for: a server that is coming up may lose a request.
const READY_PATIENCE: Duration = Duration::from_secs(5);

/// Makes sure that there is somebody to test: waits for `target.ready`, or opens one connection.
pub async fn preflight(plan: &Plan, network: &TargetNetwork) -> Result<(), Failure> {
    let Some(ready) = &plan.target.ready else {
        let within = plan.scenarios.iter().map(|scenario| scenario.connect.within).max().unwrap_or_default();
        let clock = &network.clock;
        let reached = stage::watch(network.reach(), clock.instant(clock.now() + within), within).await;
        return reached.unwrap_or_else(|late| Err(failure(late.kind(), &late)));
    };
    let mut last = "no answer came".to_owned();
    let asking = async {
        loop {
            let request = HttpRequest { method: "GET", url: ready.get.clone(), headers: Vec::new(), body: Vec::new() };
            let clock = &network.clock;
            let asked =
                stage::watch(network.request(request), clock.instant(clock.now() + READY_PATIENCE), READY_PATIENCE);
            match asked.await.unwrap_or_else(|late| Err(failure(late.kind(), &late))) {
                Ok(response) if (200..300).contains(&response.status) => return,
                Ok(response) => last = format!("it answered with status {}", response.status),
                Err(failure) => last = failure.detail,
            }
            tokio::time::sleep(READY_EVERY).await;
        }
    };
    let ready_in_time = tokio::time::timeout(ready.within.std(), asking).await.is_ok();
    if ready_in_time {
        return Ok(());
    }
    Err(failure("not ready", &format!("`{}` was not ready within {}: {last}", ready.get, ready.within)))
}
