//! Which cookies of a user's jar go with a request, given where the target is. The upgrade of a socket is a request, too.

use url::Url;

use super::message::HttpRequest;
use crate::plan::target::Target;
pub use crate::transport::cookies::Cookies;

/// Keeps what a response to a request of `url`, a path of the target or an absolute URL, sets.
pub fn learn(cookies: &mut Cookies, target: &Target, url: &str, headers: &[(String, String)]) {
    if let Some(url) = resolve(target, url) {
        cookies.learn(&url, headers);
    }
}

/// Adds the cookies that go to `url`, behind those that the suite itself sends.
pub fn add_to(cookies: &Cookies, target: &Target, url: &str, headers: &mut Vec<(String, String)>) {
    if let Some(url) = resolve(target, url) {
        cookies.add_to(&url, headers);
    }
}

impl HttpRequest {
    /// The request with the user's cookies.
    #[must_use]
    pub fn with_cookies(mut self, cookies: &Cookies, target: &Target) -> Self {
        add_to(cookies, target, &self.url, &mut self.headers);
        self
    }
}

/// A path of the target, or an absolute URL, as a URL.
fn resolve(target: &Target, url: &str) -> Option<Url> {
    if url.starts_with('/') {
        let scheme = if target.tls { "https" } else { "http" };
        return Url::parse(&format!("{scheme}://{}{url}", target.authority)).ok();
    }
    Url::parse(url).ok()
}
