//! Credentials as each version sends them: an object in CONNECT, or keys of a query.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::protocol::config::Recovery;

/// What is wrong with `auth` as the payload of CONNECT, if anything is.
pub fn fault(auth: &str) -> Option<String> {
    // The text is not repeated: it is where tokens live.
    match serde_json::from_str::<IgnoredAny>(auth) {
        Err(error) => Some(format!("is not JSON (line {}, column {})", error.line(), error.column())),
        Ok(_) if !auth.trim_start().starts_with('{') => {
            Some("is not a JSON object, and servers close the connection on anything else".to_owned())
        }
        Ok(_) => None,
    }
}

/// The members of the object `auth` as parameters of a query. `Err` says what is wrong.
pub fn query(auth: &str) -> Result<Vec<(String, String)>, String> {
    let members: Map<String, Value> = serde_json::from_str(auth)
        .map_err(|error| format!("cannot be read (line {}, column {})", error.line(), error.column()))?;
    let parameter = |(key, value): (String, Value)| match value {
        Value::String(text) => Ok((key, text)),
        Value::Number(number) => Ok((key, number.to_string())),
        Value::Bool(flag) => Ok((key, flag.to_string())),
        _ => Err(format!(
            "has `{key}`, which is neither text nor number nor flag, and servers of socket.io 2 take it as a query"
        )),
    };
    members.into_iter().map(parameter).collect()
}

/// The namespace `name` with `query` behind it.
pub fn named(name: &str, query: &[(String, String)]) -> String {
    if query.is_empty() {
        return name.to_owned();
    }
    let sign = if name.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{name}{sign}{query}")
}

/// The payload of CONNECT that asks to take up the session `recovery`, with `auth` beside it. (socket.io, "Connection state
/// recovery".)
pub fn taking_up(recovery: &Recovery, auth: Option<&str>) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut json = format!("{{\"pid\":{}", quoted(&recovery.pid));
    if let Some(offset) = &recovery.offset {
        json.push_str(",\"offset\":");
        json.push_str(&quoted(offset));
    }
    let members = auth.map(str::trim).and_then(|auth| auth.strip_prefix('{')?.strip_suffix('}')).unwrap_or_default();
    if !members.trim().is_empty() {
        json.push(',');
        json.push_str(members);
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_query(auth: &str, expected: Result<&str, &str>) {
        match (query(auth), expected) {
            (Ok(query), Ok(expected)) => assert_eq!(named("/chat", &query), expected),
            (Err(what), Err(part)) => assert!(what.contains(part), "{auth}: {what}"),
            (result, _) => panic!("{auth}: {result:?}"),
        }
    }

    #[test]
    fn auth_as_a_query() {
        check_query("{}", Ok("/chat"));
        check_query(r#"{"token":"a,b&c","n":1.5,"on":true}"#, Ok("/chat?token=a%2Cb%26c&n=1.5&on=true"));
        check_query(r#"{"a":null}"#, Err("has `a`"));
        check_query(r#"{"a":{"b":1}}"#, Err("has `a`"));
        assert_eq!(named("/chat?x=1", &[("a".to_owned(), "2".to_owned())]), "/chat?x=1&a=2");
    }

    fn check_taking_up(offset: Option<&str>, auth: Option<&str>, expected: &str) {
        let recovery = Recovery { pid: "p\"".to_owned(), offset: offset.map(str::to_owned) };
        assert_eq!(taking_up(&recovery, auth), expected);
    }

    #[test]
    fn what_is_asked_of_a_server_that_recovers() {
        check_taking_up(None, None, r#"{"pid":"p\""}"#);
        check_taking_up(Some("o"), Some(" {} "), r#"{"pid":"p\"","offset":"o"}"#);
        check_taking_up(Some("o"), Some(r#" {"t":{"x":1}} "#), r#"{"pid":"p\"","offset":"o","t":{"x":1}}"#);
    }
}
