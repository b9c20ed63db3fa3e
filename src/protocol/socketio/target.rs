//! Path and query of the request that opens the connection.

use url::form_urlencoded;

use crate::protocol::config::Config;
use crate::protocol::error::Misuse;
use crate::protocol::session::Transport;

/// Keys of the query that are not the author's to set.
const OURS: &[&str] = &["EIO", "transport", "sid"];

/// The path exactly as written, for a server takes `/socket.io` and `/socket.io/` for different places; then what the
/// protocol needs, then the author's own parameters, percent-encoded.
pub fn target(config: &Config, transport: Transport) -> Result<String, Misuse> {
    let Config { path, query, .. } = config;
    let refuse = |what| Err(Misuse::Path { path: path.clone(), what });
    if !path.starts_with('/') {
        return refuse("it must start with `/`");
    }
    if !path.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("percent-encode spaces and everything beyond ASCII");
    }
    if path.contains(['?', '#']) {
        return refuse("a query belongs under `query`, and a fragment never reaches a server");
    }
    if let Some((key, _)) = query.iter().find(|(key, _)| OURS.contains(&key.as_str())) {
        return Err(Misuse::Query { key: key.clone() });
    }
    let transport = match transport {
        Transport::WebSocket => "websocket",
        Transport::Polling => "polling",
    };
    let ours = [("EIO", "4"), ("transport", transport)];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(ours).extend_pairs(query).finish();
    Ok(format!("{path}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, query: &[(&str, &str)], expected: Result<&str, &str>) {
        let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        match (target(&Config { path: path.to_owned(), query, ..Config::default() }, Transport::WebSocket), expected) {
            (Ok(target), Ok(expected)) => assert_eq!(target, expected),
            (Err(misuse), Err(part)) => assert!(misuse.to_string().contains(part), "{path}: {misuse}"),
            (result, _) => panic!("{path}: {result:?}"),
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
}
