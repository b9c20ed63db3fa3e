//! Path and query of the requests that open the connection.

use url::form_urlencoded;

use crate::protocol::config::Config;
use crate::protocol::engineio::Version;
use crate::protocol::error::Misuse;
use crate::protocol::session::Transport;

/// Keys of the query that are not the author's to set.
const OURS: &[&str] = &["EIO", "transport", "sid", "b64"];

/// Where a session is opened.
pub struct Target {
    version: Version,
    path: String,
    /// The author's own parameters and, where auth travels so, the credentials.
    query: Vec<(String, String)>,
}

impl Target {
    /// The path exactly as written, for a server takes `/socket.io` and `/socket.io/` for different places.
    pub fn new(config: &mut Config, version: Version) -> Result<Self, Misuse> {
        let (path, query) = (std::mem::take(&mut config.path), std::mem::take(&mut config.query));
        let what = if !path.starts_with('/') {
            "it must start with `/`"
        } else if !path.bytes().all(|b| b.is_ascii_graphic()) {
            "percent-encode spaces and everything beyond ASCII"
        } else if path.contains(['?', '#']) {
            "a query belongs under `query`, and a fragment never reaches a server"
        } else {
            let mut target = Self { version, path, query: Vec::with_capacity(query.len()) };
            target.extend(query)?;
            return Ok(target);
        };
        Err(Misuse::Path { path, what })
    }

    /// Adds parameters to the query.
    pub fn extend(&mut self, query: Vec<(String, String)>) -> Result<(), Misuse> {
        if let Some((key, _)) = query.iter().find(|(key, _)| OURS.contains(&key.as_str())) {
            return Err(Misuse::Query { key: key.clone() });
        }
        self.query.extend(query);
        Ok(())
    }

    /// What the protocol needs stands first, then the author's own parameters, percent-encoded.
    #[must_use]
    pub fn request(&self, transport: Transport) -> String {
        let (transport, more) = match transport {
            Transport::WebSocket => ("websocket", &[][..]),
            Transport::Polling => ("polling", self.version.polling_query()),
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("EIO", self.version.number()), ("transport", transport)])
            .extend_pairs(more)
            .extend_pairs(&self.query)
            .finish();
        format!("{}?{query}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, query: &[(&str, &str)], expected: Result<&str, &str>) {
        let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut config = Config { path: path.to_owned(), query, ..Config::default() };
        match (Target::new(&mut config, Version::V4), expected) {
            (Ok(target), Ok(expected)) => assert_eq!(target.request(Transport::WebSocket), expected),
            (Err(misuse), Err(part)) => assert!(misuse.to_string().contains(part), "{path}: {misuse}"),
            (Ok(target), Err(_)) => panic!("{path}: {}", target.request(Transport::WebSocket)),
            (Err(misuse), Ok(_)) => panic!("{path}: {misuse}"),
        }
    }

    #[test]
    fn targets() {
        check("/socket.io/", &[], Ok("/socket.io/?EIO=4&transport=websocket"));
        check("/sub/socket.io", &[], Ok("/sub/socket.io?EIO=4&transport=websocket"));
        check("/a%20b/", &[("k y", "ü&=")], Ok("/a%20b/?EIO=4&transport=websocket&k+y=%C3%BC%26%3D"));
        check("/", &[("a", "1"), ("a", "2")], Ok("/?EIO=4&transport=websocket&a=1&a=2"));
    }

    #[test]
    fn what_cannot_be_a_target() {
        check("socket.io/", &[], Err("start with `/`"));
        check("/a b", &[], Err("percent-encode"));
        check("/a\r\nHost: x", &[], Err("percent-encode"));
        check("/ü", &[], Err("percent-encode"));
        check("/a?x=1", &[], Err("under `query`"));
        check("/", &[("EIO", "3")], Err("`EIO` is set by the session"));
    }

    #[test]
    fn each_version_and_transport_has_its_own() {
        for (version, transport, expected) in [
            (Version::V4, Transport::WebSocket, "/?EIO=4&transport=websocket&a=1"),
            (Version::V4, Transport::Polling, "/?EIO=4&transport=polling&a=1"),
            (Version::V3, Transport::WebSocket, "/?EIO=3&transport=websocket&a=1"),
            (Version::V3, Transport::Polling, "/?EIO=3&transport=polling&b64=1&a=1"),
        ] {
            let query = vec![("a".to_owned(), "1".to_owned())];
            let mut config = Config { path: "/".to_owned(), query, ..Config::default() };
            assert_eq!(Target::new(&mut config, version).unwrap().request(transport), expected);
        }
    }
}
