//! The system under test, resolved: where it is, and whether it may be put under load.

use std::net::IpAddr;

use url::{Host, Url};

use super::critic::Critic;
use super::proxy::{self, Proxy};
use super::raw;
use super::transports::{self, Transports};
use crate::protocol::{self, Parser, Split, Version};
use crate::secrets::Secrets;
use crate::suite::env::Environment;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::Duration;

/// Where connections go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Without brackets, as for a name lookup.
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// `host:port` as it stands in a Host header (RFC 9110 §7.2): no default port, IPv6 in brackets.
    pub authority: String,
    /// For people: scheme, host and port, nothing secret.
    pub display: String,
    pub protocol: String,
    /// Default of the protocol; used exactly as written.
    pub path: String,
    pub namespace: String,
    pub transports: Transports,
    pub parser: Parser,
    /// Use connection state recovery.
    pub recovery: bool,
    /// What ends a message inside a frame of a raw WebSocket.
    pub split: Option<Split>,
    /// Addresses of this machine to connect from, in turn by user.
    pub source_addresses: Vec<IpAddr>,
    pub proxy: Option<Proxy>,
    pub tls_files: TlsFiles,
    /// Host names that may be put under load beside loopback.
    pub allow: Vec<String>,
    pub ready: Option<Ready>,
    /// The built-in target, started for this run.
    pub built_in: bool,
    /// Query keys that stood in the URL.
    pub query: Vec<(String, String)>,
}

/// Names of PEM files, relative to the suite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub verify: bool,
}

/// A request that must succeed before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub get: String,
    pub within: Duration,
}

/// The word for the built-in target in `target.url`.
pub const BUILT_IN: &str = "demo";

/// The namespace of the built-in target's auction.
const DEFAULT_READY: Duration = Duration::from_secs(60);

/// An absolute `http`, `https`, `ws` or `wss` URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    pub authority: String,
}

impl Origin {
    /// The origin of a URL, or what is wrong with it.
    pub fn of(url: &Url) -> Result<Self, String> {
        let tls = match url.scheme() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            other => return Err(format!("`{other}` is none of http, https, ws and wss")),
        };
        let host = match url.host() {
            Some(Host::Domain(domain)) => domain.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err("it has no host".into()),
        };
        let default = if tls { 443 } else { 80 };
        let port = url.port_or_known_default().unwrap_or(default);
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let authority = if port == default { bracketed } else { format!("{bracketed}:{port}") };
        Ok(Self { host, port, tls, authority })
    }

    /// May this host be put under load: loopback, or named in `allow`?
    #[must_use]
    pub fn is_allowed(&self, allow: &[String]) -> bool {
        let loopback = self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || self.host == "localhost"
            || self.host.ends_with(".localhost");
        loopback || allow.iter().any(|pattern| matches(pattern, &self.host))
    }
}

impl Target {
    /// What every report has to say where nobody looks at who answers.
    #[must_use]
    pub fn careless(&self) -> Option<&'static str> {
        let sentence = "TLS certificates are not verified (`tls.verify: false`): anybody could answer for the target";
        (!self.tls_files.verify).then_some(sentence)
    }

    /// Does it stand on WebSocket itself, with no handshake after it?
    #[must_use]
    pub fn is_raw(&self) -> bool {
        protocol::find(&self.protocol).is_some_and(|protocol| protocol.engine.is_none())
    }

    /// Does `connect.auth` of `/` travel as a part of the URL?
    #[must_use]
    pub fn has_auth_in_url(&self) -> bool {
        protocol::find(&self.protocol).is_some_and(|protocol| protocol.engine == Some(Version::V3))
    }

    /// May the server refuse a connection after it has let it in?
    #[must_use]
    pub fn may_refuse_later(&self) -> bool {
        protocol::find(&self.protocol).is_some_and(|protocol| protocol.engine != Some(Version::V4))
    }

    /// The address that the user with that index connects from, where it matters.
    #[must_use]
    pub fn source(&self, user: u64) -> Option<IpAddr> {
        let addresses = self.source_addresses.as_slice();
        let index = user.checked_rem(addresses.len() as u64)?;
        addresses.get(usize::try_from(index).ok()?).copied()
    }
}

/// `*.example.com` matches every host under example.com, not example.com itself. Case does not matter.
fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.trim().to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

/// What a target is compiled with, beside what the suite says of it.
pub struct Beside<'a> {
    /// URL of the built-in target where it runs already.
    pub built_in: Option<&'a str>,
    /// Hosts on top of the suite's own.
    pub allow: &'a [String],
    pub environment: &'a Environment,
    pub critic: &'a Critic<'a>,
}

/// The target of a suite. Credentials of its proxy are added to `secrets`.
pub fn compile(target: &schema::Target, path: &Path, beside: &Beside<'_>, secrets: &mut Secrets) -> Option<Target> {
    let Beside { built_in, allow, environment, critic } = *beside;
    let is_built_in = target.url == BUILT_IN;
    let text = if is_built_in { built_in.unwrap_or("http://127.0.0.1:0") } else { &target.url };
    let url_path = path.key("url");
    let help = "write one such as `https://staging.example.com`, or `demo` for the built-in target";
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            critic.error(&url_path, format!("this is not a URL: {error}"), help);
            return None;
        }
    };
    let origin = match Origin::of(&url) {
        Ok(origin) => origin,
        Err(what) => {
            critic.error(&url_path, format!("this URL cannot be used: {what}"), help);
            return None;
        }
    };
    check_url(&url, raw::is_raw(target), &url_path, critic);
    let proxy = proxy::compile(target.proxy.as_deref(), environment, &path.key("proxy"), critic, secrets);
    let protocol = protocol::find(target.protocol.as_deref().unwrap_or(protocol::PROTOCOLS[0].name));
    let allow: Vec<String> = target.allow.iter().chain(allow).cloned().collect();
    if !origin.is_allowed(&allow) {
        let host = &origin.host;
        critic.error(
            &url_path,
            format!("`{host}` is neither loopback nor allowed, so it is not put under load"),
            format!("if you may load-test it, add `allow: [\"{host}\"]` under `target`, or pass `--allow {host}`"),
        );
    }
    Some(Target {
        display: display(&origin, is_built_in, built_in),
        host: origin.host,
        port: origin.port,
        tls: origin.tls,
        authority: origin.authority,
        protocol: target.protocol.clone().unwrap_or_else(|| "socket.io".into()),
        path: raw::path(target, &url, path, critic),
        namespace: target.namespace.clone().unwrap_or_else(|| "/".into()),
        transports: transports::compile(target.transports.as_ref(), protocol, &path.key("transports"), critic),
        parser: parser(target.parser.as_deref()),
        recovery: target.recovery.is_some_and(|recovery| recovery.0),
        split: raw::split(target),
        source_addresses: source_addresses(&target.source_addresses, &path.key("source_addresses"), critic),
        proxy,
        tls_files: tls_files(target.tls.as_ref(), &path.key("tls"), critic),
        allow,
        ready: target
            .ready
            .as_ref()
            .map(|ready| Ready { get: ready.get.clone(), within: ready.within.unwrap_or(DEFAULT_READY) }),
        built_in: is_built_in,
        query: url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
    })
}

fn display(origin: &Origin, is_built_in: bool, built_in: Option<&str>) -> String {
    let scheme = if origin.tls { "https" } else { "http" };
    match (is_built_in, built_in) {
        (true, None) => "demo (built in)".to_owned(),
        (true, Some(_)) => format!("demo (built in, {scheme}://{})", origin.authority),
        (false, _) => format!("{scheme}://{}", origin.authority),
    }
}

fn check_url(url: &Url, raw: bool, path: &Path, critic: &Critic<'_>) {
    if !url.username().is_empty() || url.password().is_some() {
        critic.error(path, "a URL with a user or password in it is not supported", "put them under `target.headers`");
    }
    if !raw && !matches!(url.path(), "" | "/") {
        critic.error(
            path,
            format!("the URL has a path, `{}`, and it is not clear what it means", url.path()),
            "in Socket.IO's own client it would be the namespace: write `namespace`, or `path` for the Engine.IO path",
        );
    }
    if url.fragment().is_some() {
        critic.error(path, "the URL has a fragment (`#…`), which never reaches a server", "leave it out");
    }
}

/// What is neither of the two was told when the suite was read.
fn parser(written: Option<&str>) -> Parser {
    if written == Some("msgpack") { Parser::Msgpack } else { Parser::Json }
}

/// Whether they are addresses of this machine shows when they are connected from.
fn source_addresses(written: &[String], path: &Path, critic: &Critic<'_>) -> Vec<IpAddr> {
    let address = |(index, text): (usize, &String)| {
        let address = text.trim().trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if address.is_err() {
            let help = "write addresses of this machine, as `127.0.0.2`; ranges and names are not taken";
            critic.error(&path.index(index), format!("`{text}` is not an IP address"), help);
        }
        address.ok()
    };
    written.iter().enumerate().filter_map(address).collect()
}

fn tls_files(tls: Option<&schema::Tls>, path: &Path, critic: &Critic<'_>) -> TlsFiles {
    let files = TlsFiles {
        ca: tls.and_then(|tls| tls.ca.clone()),
        cert: tls.and_then(|tls| tls.cert.clone()),
        key: tls.and_then(|tls| tls.key.clone()),
        verify: tls.and_then(|tls| tls.verify).is_none_or(|verify| verify.0),
    };
    if files.cert.is_some() != files.key.is_some() {
        critic.error(path, "a client certificate needs both `cert` and `key`", "write both, or none");
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, allow: &[&str], expected: bool) {
        let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        assert_eq!(Origin::of(&url).unwrap().is_allowed(&allow), expected, "{host} {allow:?}");
    }

    #[test]
    fn only_loopback_and_what_is_listed_may_be_put_under_load() {
        check("127.0.0.1:80", &[], true);
        check("127.9.9.9", &[], true);
        check("[::1]:3000", &[], true);
        check("localhost", &[], true);
        check("LOCALHOST", &[], true);
        check("example.com", &[], false);
        check("10.0.0.1", &[], false);
        check("0.0.0.0", &[], false);
        check("localhost.evil.com", &[], false);
        check("a.staging.example.com", &["*.staging.example.com"], true);
        check("A.Staging.example.com", &["*.STAGING.example.com"], true);
        check("staging.example.com", &["*.staging.example.com"], false);
        check("evilstaging.example.com", &["*.staging.example.com"], false);
        check("example.com", &["*"], false);
        check("example.com", &["example.com"], true);
    }

    #[test]
    fn the_authority_leaves_out_default_ports_and_keeps_brackets() {
        for (url, expected) in [
            ("https://a.b/", ("a.b", 443, true, "a.b")),
            ("ws://a.b:81", ("a.b", 81, false, "a.b:81")),
            ("wss://[::1]:443", ("::1", 443, true, "[::1]")),
        ] {
            let origin = Origin::of(&Url::parse(url).unwrap()).unwrap();
            assert_eq!((origin.host.as_str(), origin.port, origin.tls, origin.authority.as_str()), expected);
        }
    }
}
