//! Where the requests of a polling session go, and what they have in common.

use std::fmt;

use bytes::Bytes;
use url::Url;

use crate::protocol::Version;
use crate::transport::cookies::Cookies;
use crate::transport::dial::Endpoint;
use crate::transport::http::{self, Request};
use crate::transport::websocket;

/// The server as one user sees it.
#[derive(Clone)]
pub struct Place {
    pub endpoint: Endpoint,
    /// What the `Host` header says.
    pub authority: String,
    /// Path and query of polling requests, as the session gives them.
    pub polling: String,
    /// Path and query of the upgrade.
    pub websocket: String,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
    pub version: Version,
    pub limits: websocket::Limits,
}

// By hand, because tokens live in headers and queries.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("authority", &self.authority)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Place {
    pub(super) const fn http_limits(&self) -> http::Limits {
        http::Limits { head: 64 << 10, body: self.limits.message }
    }

    /// The place as cookies see it.
    pub(super) fn url(&self, target: &str) -> Option<Url> {
        let scheme = if self.endpoint.tls.is_some() { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}{target}", self.authority)).ok()
    }

    /// The headers of a request, cookies among them.
    pub(super) fn headers(&self, target: &str, cookies: &Cookies) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if let Some(url) = self.url(target) {
            cookies.add_to(&url, &mut headers);
        }
        headers
    }

    /// A request of polling: a GET without a body, a POST with one. `cache_buster` makes its URL one of a kind.
    pub(super) fn request(
        &self,
        sid: Option<&str>,
        cache_buster: &str,
        body: Option<Vec<u8>>,
        cookies: &Cookies,
    ) -> Request {
        let target = with_query(&self.polling, &[("t", Some(cache_buster)), ("sid", sid)]);
        let mut headers = self.headers(&target, cookies);
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            // Anything else is refused by a server of Engine.IO 4.
            headers.push(("content-type".to_owned(), "text/plain;charset=UTF-8".to_owned()));
        }
        let method = if body.is_some() { "POST" } else { "GET" };
        Request {
            method: method.to_owned(),
            path_and_query: target,
            headers,
            body: Bytes::from(body.unwrap_or_default()),
        }
    }
}

/// Adds keys to a target that has a query already.
pub(super) fn with_query(target: &str, keys: &[(&str, Option<&str>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in keys {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    let sign = if target.contains('?') { '&' } else { '?' };
    format!("{target}{sign}{}", query.finish())
}
