//! Every failure has a kind of its own and says what to do next.

use std::collections::HashSet;
use std::fmt;
use std::io;

use crate::protocol::Text;
use crate::transport::http::HttpError;
use crate::transport::refusal::Asked;
use crate::transport::{DialError, Fault, LinkEnd, PollingError, ProxyError, Refusal, TlsFault};
use crate::units::Duration;

/// Each has its own kind, and a message that ends with its advice.
fn check<T: fmt::Display>(failures: &[T], kind: fn(&T) -> &'static str, advice: fn(&T) -> &'static str) {
    let mut kinds = HashSet::new();
    for failure in failures {
        assert!(kinds.insert(kind(failure)), "{} twice", kind(failure));
        let text = failure.to_string();
        assert!(text.ends_with(&format!("; {}", advice(failure))), "{text}");
        assert_eq!(text.matches(advice(failure)).count(), 1, "{text}");
    }
}

fn tls_faults() -> Vec<TlsFault> {
    let what = || "x".to_owned();
    vec![
        TlsFault::UnknownAuthority,
        TlsFault::Expired,
        TlsFault::NotYetValid,
        TlsFault::WrongName { names: vec![what()] },
        TlsFault::Authority,
        TlsFault::Certificate { what: what() },
        TlsFault::NotTls,
        TlsFault::ClientCertificate { alert: what() },
        TlsFault::Alert { alert: what() },
        TlsFault::Other { what: what() },
    ]
}

fn faults() -> Vec<Fault> {
    let mut faults = vec![Fault::Reset, Fault::Dropped, Fault::TimedOut, Fault::Other { what: "x".to_owned() }];
    faults.extend(tls_faults().into_iter().map(Fault::Tls));
    faults
}

#[test]
fn ends_of_links() {
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1099, 3000, 4401];
    let close = |code| LinkEnd::Close { code, reason: Text::from_static("why") };
    let mut ends: Vec<_> = codes.into_iter().map(|code| close(Some(code))).chain([close(None)]).collect();
    ends.extend(faults().into_iter().map(LinkEnd::Broken));
    ends.extend([
        LinkEnd::ByUs,
        LinkEnd::InvalidUtf8,
        LinkEnd::Protocol { kind: "masked frame", what: "x".into() },
        LinkEnd::ReservedBits,
        LinkEnd::HttpAnswer { status: Some(400) },
        LinkEnd::TooLarge { size: 2, limit: 1 },
    ]);
    ends.extend(polling().into_iter().map(|error| LinkEnd::Polling(Box::new(error))));
    check(&ends, LinkEnd::kind, LinkEnd::advice);
    let text = close(Some(4401)).to_string();
    assert!(text.starts_with("the server closed the connection with code 4401 and the reason `why`; "), "{text}");
}

fn polling() -> Vec<PollingError> {
    let (what, excerpt) = (|| "x".to_owned(), || "y".to_owned());
    let refused = |status, body: &str| {
        let refusal = Refusal { asked: Asked::Poll, status, headers: Vec::new(), body: body.to_owned() };
        PollingError::Refused(Box::new(refusal))
    };
    let mut errors = vec![
        PollingError::NoOpen { what: what(), excerpt: excerpt() },
        PollingError::Version3,
        PollingError::Body { what: what(), excerpt: excerpt() },
        PollingError::TooLarge { limit: 1 },
        PollingError::Compressed { encoding: what() },
        PollingError::NotOk { excerpt: excerpt() },
        PollingError::Silent { after: Duration::from_secs(1) },
    ];
    errors
        .extend([302, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504].into_iter().map(|status| refused(status, "")));
    errors.extend((0..6).map(|code| refused(400, &format!(r#"{{"code":{code},"message":"m"}}"#))));
    errors
}

fn proxy_errors() -> Vec<ProxyError> {
    let address = "127.0.0.1:1".parse().unwrap();
    let mut errors = vec![
        ProxyError::Unreachable(DialError::Refused { address }),
        ProxyError::Http(HttpError::Broken(Fault::Dropped)),
        ProxyError::SpokeFirst,
    ];
    let statuses = [403, 405, 407, 502, 503, 504, 418];
    errors.extend(statuses.into_iter().map(|status| ProxyError::Refused { status, body: String::new() }));
    errors
}

#[test]
fn failures_to_dial() {
    let address = "127.0.0.1:1".parse().unwrap();
    let host = || "h".to_owned();
    let what = || "x".to_owned();
    let source = "127.0.0.2".parse().unwrap();
    let mut errors = vec![
        DialError::Dns { host: host(), what: what() },
        DialError::Refused { address },
        DialError::Unreachable { address, what: what() },
        DialError::TimedOut { address },
        DialError::Reset { address },
        DialError::Ports { address },
        DialError::Files,
        DialError::Source { source },
        DialError::Family { host: host(), source },
        DialError::Name { host: host() },
        DialError::Handshake { host: host(), fault: Fault::Reset },
        DialError::Other { address, what: what() },
    ];
    errors
        .extend(tls_faults().into_iter().map(|fault| DialError::Handshake { host: host(), fault: Fault::Tls(fault) }));
    errors.extend(proxy_errors().into_iter().map(DialError::from));
    check(&errors, DialError::kind, DialError::advice);
    let ours: Vec<_> = errors.iter().filter(|error| error.is_ours()).map(DialError::kind).collect();
    assert_eq!(ours, ["out of local ports", "too many open files", "source address not local"]);
}

#[test]
fn errors_of_the_operating_system() {
    let address = "127.0.0.1:1".parse().unwrap();
    for (number, kind) in [
        (24, "too many open files"),
        (23, "too many open files"),
        (99, "out of local ports"),
        (101, "host unreachable"),
        (104, "TCP connect reset"),
        (110, "TCP connect timed out"),
        (111, "connection refused"),
        (113, "host unreachable"),
        (1, "TCP connect failed"),
    ] {
        let error = DialError::of(address, &io::Error::from_raw_os_error(number));
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn refusals() {
    let refusal =
        |status, body: &str| Refusal { asked: Asked::Upgrade, status, headers: Vec::new(), body: body.to_owned() };
    let statuses = [200, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 413, 426, 429, 500, 502, 503, 504, 418];
    let all: Vec<_> = statuses.into_iter().map(|status| refusal(status, "")).collect();
    check(&all, Refusal::kind, Refusal::advice);
    let coded: Vec<_> = (0..6).map(|code| refusal(400, &format!("{{\"code\":{code},\"message\":\"no\"}}"))).collect();
    check(&coded, Refusal::kind, Refusal::advice);
    for (body, advice) in [
        ("Transport unknown", "`transports`"),
        (r#"{"code":1,"message":"Session ID unknown"}"#, "sticky"),
        (r#"{"code":5,"message":"…"}"#, "`protocol`"),
        (r#"{"code":3}"#, "proxy did not understand"),
        ("<h1>Bad request</h1>", "proxy did not understand"),
        ("Forbidden\n", "`allowRequest`"),
    ] {
        assert!(refusal(400, body).advice().contains(advice), "{body}: {}", refusal(400, body).advice());
    }
    let busy = Refusal { headers: vec![("retry-after".into(), "7".into())], ..refusal(429, "") };
    assert!(busy.to_string().contains("status 429 (Retry-After: 7); a rate limit"), "{busy}");
    let text = refusal(500, &format!("\x1b[31m{}", "é".repeat(500))).to_string();
    assert!(!text.contains('\x1b') && text.contains("…") && text.len() < 700, "{text}");
}
