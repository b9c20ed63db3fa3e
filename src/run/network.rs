//! What users need of a network. The real one is the target; tests put another in its place.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use bytes::Bytes;
use url::Url;

use super::clock::Clock;
use super::user::{ConnectRequest, Failure, HttpRequest, Opened, Phases};
use crate::plan::Plan;
use crate::plan::language::Response;
use crate::plan::proxy::NoProxy;
use crate::plan::target::Origin;
use crate::plan::transports::Way;
use crate::protocol::{self, Version};
use crate::transport::dial::{self, Endpoint};
use crate::transport::http;
use crate::transport::link::Link;
use crate::transport::polling::{self, Place};
use crate::transport::proxy::Proxy;
use crate::transport::stage;
use crate::transport::target_link::TargetLink;
use crate::transport::tls::TlsContext;
use crate::transport::websocket;
use crate::units::Duration;

/// Opens links and makes requests. Both are given up by dropping the future.
pub trait Network: 'static {
    type Link: Link + 'static;

    fn connect(&self, request: ConnectRequest) -> impl Future<Output = Result<(Self::Link, Opened), Failure>>;

    fn request(&self, request: HttpRequest) -> impl Future<Output = Result<Response, Failure>>;
}

/// The target of a plan.
#[derive(Debug, Clone)]
pub struct TargetNetwork {
    /// Without a source: that is the user's.
    endpoint: Endpoint,
    authority: String,
    tls: TlsContext,
    allow: Vec<String>,
    /// Which version of Engine.IO polling speaks.
    engine: Version,
    /// The proxy, and the rule of who is connected to without it.
    proxy: Option<(Arc<Proxy>, NoProxy)>,
    clock: Clock,
    /// Is the target a name that has to be looked up? Literal addresses and `localhost` have no such phase.
    looked_up: bool,
}

impl TargetNetwork {
    #[must_use]
    pub fn new(plan: &Plan, tls: TlsContext, clock: Clock) -> Self {
        let target = &plan.target;
        let proxy = target.proxy.as_ref().map(|proxy| {
            let crate::plan::proxy::Proxy { host, port, authorization, without } = proxy.clone();
            (Arc::new(Proxy { host, port, authorization }), without)
        });
        let through = proxy_for(&proxy, &target.host, target.port);
        let dialed = through.as_ref().map_or(&target.host, |proxy| &proxy.host);
        Self {
            looked_up: dialed.parse::<IpAddr>().is_err() && dialed != "localhost",
            endpoint: Endpoint {
                host: target.host.clone(),
                port: target.port,
                tls: target.tls.then(|| tls.clone()),
                source: None,
                proxy: through,
            },
            authority: target.authority.clone(),
            tls,
            allow: target.allow.clone(),
            engine: protocol::find(&target.protocol).and_then(|protocol| protocol.engine).unwrap_or(Version::V4),
            proxy,
            clock,
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
        let proxy = proxy_for(&self.proxy, &origin.host, origin.port);
        Ok((Endpoint { host: origin.host, port: origin.port, tls, source: None, proxy }, path))
    }

    fn phases(&self, phases: dial::Phases, upgrade: Option<Duration>) -> Phases {
        Phases { dns: self.looked_up.then_some(phases.dns), tcp: Some(phases.tcp), tls: phases.tls, upgrade }
    }

    async fn open_websocket(&self, request: ConnectRequest) -> Result<(TargetLink, Opened), Failure> {
        let now = || self.clock.now();
        let endpoint = Endpoint { source: request.source, ..self.endpoint.clone() };
        let (stream, phases) = dial::dial(&endpoint, &now).await.map_err(|error| failure(error.kind(), &error))?;
        let dialed = now();
        let limits = websocket::Limits::default();
        let upgraded = websocket::upgrade(stream, &self.authority, &request.target, &request.headers, &limits)
            .await
            .map_err(|error| failure(error.kind(), &error))?;
        let phases = self.phases(phases, Some(now().since(dialed)));
        Ok((TargetLink::WebSocket(upgraded.link), Opened { phases, set_cookies: set_cookies(upgraded.headers) }))
    }

    async fn open_polling(&self, request: ConnectRequest) -> Result<(TargetLink, Opened), Failure> {
        let place = Place {
            endpoint: Endpoint { source: request.source, ..self.endpoint.clone() },
            authority: self.authority.clone(),
            polling: request.polling,
            websocket: request.target,
            headers: request.headers,
            version: self.engine,
            limits: websocket::Limits::default(),
        };
        let upgrades = request.way == Way::Upgrade;
        let opened = polling::open(place, request.cookies, upgrades, &|| self.clock.now())
            .await
            .map_err(|error| failure(error.kind(), &error))?;
        let phases = self.phases(opened.phases, None);
        Ok((TargetLink::Polling(opened.link), Opened { phases, set_cookies: set_cookies(opened.headers) }))
    }
}

fn set_cookies(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.retain(|(name, _)| name == "set-cookie");
    headers
}

/// The proxy through which a host is reached, if there is one and it is used for that host.
fn proxy_for(proxy: &Option<(Arc<Proxy>, NoProxy)>, host: &str, port: u16) -> Option<Arc<Proxy>> {
    proxy.as_ref().filter(|(_, without)| !without.covers(host, port)).map(|(proxy, _)| Arc::clone(proxy))
}

impl Network for TargetNetwork {
    type Link = TargetLink;

    async fn connect(&self, request: ConnectRequest) -> Result<(TargetLink, Opened), Failure> {
        match request.way {
            Way::WebSocket => self.open_websocket(request).await,
            Way::Polling | Way::Upgrade => self.open_polling(request).await,
        }
    }

    async fn request(&self, request: HttpRequest) -> Result<Response, Failure> {
        let (endpoint, path_and_query) = self.resolve(&request.url)?;
        let endpoint = Endpoint { source: request.source, ..endpoint };
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
            let (url, source) = (ready.get.clone(), None);
            let request = HttpRequest { method: "GET", url, headers: Vec::new(), body: Vec::new(), source };
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
