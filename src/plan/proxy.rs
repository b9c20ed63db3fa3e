//! The HTTP proxy of a target, and who is reached without it.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};

use super::critic::Critic;
use crate::secrets::Secrets;
use crate::suite::env::Environment;
use crate::suite::problem::Path;

/// Where a proxy is.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Without brackets, as for a name lookup.
    pub host: String,
    pub port: u16,
    /// The value of `Proxy-Authorization` (RFC 7617).
    pub authorization: Option<String>,
    pub without: NoProxy,
}

// By hand, because of the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("without", &self.without)
            .finish_non_exhaustive()
    }
}

/// Hosts that are connected to directly, as `NO_PROXY` lists them: `*`, names with all that is under them, addresses, networks
/// in CIDR form; each but `*` with or without a port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProxy(Vec<Exception>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    who: Who,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Everybody,
    /// In lower case, without a dot in front.
    Under(String),
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl NoProxy {
    /// Reads a list with commas or spaces between. What cannot be understood matches nothing, as with other programs.
    #[must_use]
    pub fn read(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(exception).collect())
    }

    /// Is this host reached without the proxy? `host` is without brackets.
    #[must_use]
    pub fn covers(&self, host: &str, port: u16) -> bool {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let address = name.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        self.0.iter().filter(|exception| exception.port.is_none_or(|only| only == port)).any(|exception| {
            match &exception.who {
                Who::Everybody => true,
                Who::Under(suffix) => {
                    name.strip_suffix(suffix.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('.'))
                }
                Who::Network { address: network, bits } => address.is_some_and(|one| shares(one, *network, *bits)),
            }
        })
    }
}

/// Do the first bits of two addresses agree?
fn shares(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let differing = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => u128::from(one.to_bits() ^ other.to_bits()) << 96,
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() ^ other.to_bits(),
        _ => return false,
    };
    differing.leading_zeros() >= bits
}

fn exception(entry: &str) -> Option<Exception> {
    if entry == "*" {
        return Some(Exception { who: Who::Everybody, port: None });
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let address = address.parse::<IpAddr>().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
        return Some(Exception { who: Who::Network { address, bits }, port: None });
    }
    let whole = |address: IpAddr| Who::Network { address, bits: if address.is_ipv4() { 32 } else { 128 } };
    if let Ok(address) = entry.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Some(Exception { who: whole(address), port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Some(Exception { who: whole(address), port });
    }
    let name = host.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
    (!name.is_empty()).then_some(Exception { who: Who::Under(name), port })
}

/// The proxy as written, `None` where the text is empty: a variable that is not set means none. Its credentials are secrets.
#[must_use]
pub fn compile(
    written: Option<&str>,
    environment: &Environment,
    path: &Path,
    critic: &Critic<'_>,
    secrets: &mut Secrets,
) -> Option<Proxy> {
    let text = written.map(str::trim).filter(|text| !text.is_empty())?;
    let help =
        "write one such as `http://proxy.example.com:3128`, with `user:password@` before the host if it wants that";
    // The text is not repeated: it may hold a password.
    let url = match Url::parse(if text.contains("://") { text.to_owned() } else { format!("http://{text}") }.as_str()) {
        Ok(url) => url,
        Err(error) => {
            critic.error(path, format!("this is not the URL of a proxy: {error}"), help);
            return None;
        }
    };
    if url.scheme() != "http" {
        let scheme = url.scheme();
        critic.error(path, format!("a proxy over `{scheme}` is not supported"), "use an HTTP proxy that takes CONNECT");
        return None;
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        critic.error(path, "the URL of a proxy has more than host and port", help);
        return None;
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => {
            critic.error(path, "the URL of the proxy has no host", help);
            return None;
        }
    };
    let no_proxy = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| environment.value(name));
    Some(Proxy {
        host,
        // The usual port of HTTP: where none is written there is nothing better to go by.
        port: url.port().unwrap_or(80),
        authorization: authorization(&url, secrets),
        without: NoProxy::read(no_proxy.unwrap_or_default()),
    })
}

fn authorization(url: &Url, secrets: &mut Secrets) -> Option<String> {
    let (user, password) = (url.username(), url.password());
    if user.is_empty() && password.is_none() {
        return None;
    }
    let decoded = |text: &str| -> String {
        let plus_is_plus = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
        url::form_urlencoded::parse(plus_is_plus.as_bytes()).map(|(text, _)| text.into_owned()).collect()
    };
    let (user, password) = (decoded(user), decoded(password.unwrap_or_default()));
    let coded = STANDARD.encode(format!("{user}:{password}"));
    for secret in [&password, &coded] {
        secrets.insert(secret);
    }
    url.password().into_iter().for_each(|written| secrets.insert(written));
    Some(format!("Basic {coded}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, host: &str, port: u16, expected: bool) {
        assert_eq!(NoProxy::read(list).covers(host, port), expected, "{list}: {host}:{port}");
    }

    #[test]
    fn hosts_without_a_proxy() {
        check("", "a.b", 80, false);
        check("*", "a.b", 80, true);
        check("example.com", "example.com", 443, true);
        check("example.com", "www.EXAMPLE.com.", 443, true);
        check("example.com", "badexample.com", 443, false);
        check(".example.com", "www.example.com", 443, true);
        check("*.example.com", "www.example.com", 443, true);
        check("a.b, example.com:8080", "example.com", 8080, true);
        check("a.b example.com:8080", "example.com", 80, false);
        check("localhost,127.0.0.1", "127.0.0.1", 80, true);
        check("127.0.0.1:81", "127.0.0.1", 80, false);
        check("localhost,127.0.0.1", "127.0.0.2", 80, false);
        check("10.0.0.0/8", "10.9.8.7", 80, true);
        check("10.0.0.0/8", "11.9.8.7", 80, false);
        check("0.0.0.0/0", "11.9.8.7", 80, true);
        check("0.0.0.0/0", "::1", 80, false);
        check("fd00::/8", "fd12::1", 80, true);
        check("::1", "::1", 80, true);
        check("[::1]:80", "::1", 80, true);
        check("10.0.0.0/99, x/8, :, .", "10.0.0.1", 80, false);
    }

    #[test]
    fn debug_output_keeps_credentials_to_itself() {
        let without = NoProxy::default();
        let proxy = Proxy { host: "h".into(), port: 1, authorization: Some("Basic c2VjcmV0".into()), without };
        assert!(!format!("{proxy:?}").contains("c2VjcmV0"));
    }
}
