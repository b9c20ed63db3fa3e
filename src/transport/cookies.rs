//! Cookies (RFC 6265), as a browser keeps them: what a response sets goes with the next requests to where it is meant for.

use std::fmt;

use cookie_store::CookieStore;
use url::Url;

/// Of one user; made when the first cookie comes.
#[derive(Clone, Default)]
pub struct Cookies(Option<Box<CookieStore>>);

// By hand, because values of cookies are where sessions live.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookies({})", self.all().len())
    }
}

impl PartialEq for Cookies {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for Cookies {}

impl Cookies {
    fn all(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.0.iter().flat_map(|store| store.iter_any()).map(|cookie| format!("{cookie:?}")).collect();
        all.sort_unstable();
        all
    }

    /// Keeps what a response to a request of `url` sets. A cookie that its sender may not set is dropped, as browsers do.
    pub fn learn(&mut self, url: &Url, headers: &[(String, String)]) {
        for (_, cookie) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let _ = self.0.get_or_insert_default().parse(cookie, url);
        }
    }

    /// Adds the cookies that go to `url`, behind those that the suite itself sends.
    pub fn add_to(&self, url: &Url, headers: &mut Vec<(String, String)>) {
        let Some(store) = &self.0 else { return };
        let mut pairs: Vec<String> =
            store.get_request_values(url).map(|(name, value)| format!("{name}={value}")).collect();
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
