//! A user's cookies (RFC 6265), as a browser keeps them: what a response sets goes with the next requests to where it is
//! meant for, the upgrade of the socket among them.

use cookie_store::CookieStore;
use url::Url;

use super::message::HttpRequest;
use crate::plan::target::Target;

/// Of one user; made when the first cookie comes.
#[derive(Debug, Default)]
pub struct Cookies(Option<Box<CookieStore>>);

impl Cookies {
    /// Keeps what a response to a request of `url` sets. A cookie that its sender may not set is dropped, as browsers do.
    pub fn learn(&mut self, target: &Target, url: &str, headers: &[(String, String)]) {
        let Some(url) = resolve(target, url) else { return };
        for (_, cookie) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let _ = self.0.get_or_insert_default().parse(cookie, &url);
        }
    }

    /// Adds the cookies that go to `url`, behind those that the suite itself sends.
    pub fn add_to(&self, target: &Target, url: &str, headers: &mut Vec<(String, String)>) {
        let Some((store, url)) = self.0.as_ref().zip(resolve(target, url)) else { return };
        let mut pairs: Vec<String> =
            store.get_request_values(&url).map(|(name, value)| format!("{name}={value}")).collect();
        // The store's own order is that of a hash, and a run with the same seed is to send the same.
        pairs.sort_unstable();
        let ours = pairs.join("; ");
        match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
            _ if ours.is_empty() => {}
            Some((_, written)) => *written = format!("{written}; {ours}"),
            None => headers.push(("cookie".to_owned(), ours)),
        }
    }
}

impl HttpRequest {
    /// The request with the user's cookies.
    #[must_use]
    pub fn with_cookies(mut self, cookies: &Cookies, target: &Target) -> Self {
        cookies.add_to(target, &self.url, &mut self.headers);
        self
    }
}

/// A path of the target, or an absolute URL, as a URL. The upgrade of a WebSocket is an HTTP request, too.
fn resolve(target: &Target, url: &str) -> Option<Url> {
    if url.starts_with('/') {
        let scheme = if target.tls { "https" } else { "http" };
        return Url::parse(&format!("{scheme}://{}{url}", target.authority)).ok();
    }
    Url::parse(url).ok()
}
