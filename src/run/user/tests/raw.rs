//! Users on a raw WebSocket: named messages, replies, keepalives, and close codes.

use super::books::Told;
use super::server::{Arrival, LINK, Script, Seen};
use super::simulation::Simulation;
use crate::metrics::Counter;

/// One user, four seconds; `target` has the keys beside URL and protocol.
fn simulate<'a>(target: &str, scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Told {
    let mut text =
        format!("name: t\ntarget: {{ url: \"ws://127.0.0.1:9\", protocol: websocket{target} }}\nscenarios:\n  s:\n");
    for line in format!("load: {{ users: 1, duration: 4s }}\n{scenario}").lines() {
        text.push_str(&format!("    {line}\n"));
    }
    Simulation::new(&text).server(server).run()
}

/// Links, and answers what is sent as `answer` says.
fn open(mut answer: impl FnMut(&str) -> Script) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| match seen.text() {
        _ if seen.connects() => vec![(LINK, Arrival::Linked)],
        Some(text) => answer(text),
        None => Vec::new(),
    }
}

fn text(text: impl Into<String>) -> Arrival {
    Arrival::Text(text.into())
}

/// What the user said, with milliseconds.
fn said(told: &Told) -> Vec<String> {
    told.log(|line| line.starts_with('>')).iter().map(|line| line.trim_end().to_owned()).collect()
}

const ASK: &str = "every: 1s
act:
  - send: { json: { id: \"{{ action.id }}\", type: subscribe } }
    name: ask
    reply: { event: next, where: data.id == action.id, ok: data.payload.ok, within: 300ms }
    failed: { event: error, where: data.id == action.id }";

/// Asks three times and gets these answers, `ID` being that of the action, in turn.
fn check_replies(answers: &[&[(u64, &str)]], actions: &str) {
    let mut round = 0;
    let server = open(|asked| {
        let id = asked.split('"').nth(3).unwrap();
        round += 1;
        let answers = answers[(round - 1) % answers.len()];
        answers.iter().map(|(after, answer)| (*after, text(answer.replace("ID", id)))).collect()
    });
    let told = simulate(", event_name: data.type", ASK, server);
    assert_eq!(told.actions(), actions, "{:#?}", told.log);
}

#[test]
fn a_reply_is_known_by_its_name_and_by_what_is_in_it() {
    let ok = (20, r#"{"type":"next","id":"ID","payload":{"ok":true}}"#);
    let no = (20, r#"{"type":"next","id":"ID","payload":{"ok":false}}"#);
    let error = (20, r#"{"type":"error","id":"ID","payload":[]}"#);
    let other = (10, r#"{"type":"next","id":"other","payload":{"ok":true}}"#);
    let late = (310, r#"{"type":"next","id":"ID","payload":{"ok":true}}"#);
    check_replies(&[&[ok]], "planned 3, sent 3, acks 3, ok 3");
    check_replies(&[&[other, ok]], "planned 3, sent 3, acks 3, ok 3");
    check_replies(&[&[no]], "planned 3, sent 3, acks 3, failed 3");
    check_replies(&[&[error, ok]], "planned 3, sent 3, acks 3, failed 3");
    check_replies(&[&[other]], "planned 3, sent 3, timeout 3");
    check_replies(&[&[late]], "planned 3, sent 3, timeout 3, late 3");
    check_replies(&[&[], &[ok], &[error]], "planned 3, sent 3, acks 2, ok 1, failed 1, timeout 1");
}

/// A message is heard under this name, `None` where the suite's expression gives it none.
fn check_name(event_name: &str, message: &str, expected: &str) {
    let scenario =
        format!("on: {{ \"{expected}\": [{{ send: {{ text: heard }} }}] }}\nsetup: [{{ send: {{ text: hello }} }}]");
    let server = open(|said| if said.trim_end() == "hello" { vec![(5, text(message))] } else { Vec::new() });
    let told = simulate(event_name, &scenario, server);
    assert_eq!(said(&told), ["10 > hello", "15 > heard"], "{event_name} {message} {:#?}", told.findings());
}

#[test]
fn messages_are_named() {
    check_name("", r#"{"type":"a"}"#, "message");
    check_name("", "no json", "message");
    let by_type = ", event_name: data.type";
    check_name(by_type, r#"{"type":"a"}"#, "a");
    check_name(by_type, r#"{"type":"\u0061 b"}"#, "a b");
    check_name(by_type, r#"{"type":12}"#, "12");
    for unnamed in ["{}", r#"{"type":null}"#, r#"{"type":""}"#, r#"{"type":{}}"#, "[1]", "no json"] {
        check_name(by_type, unnamed, "message");
    }
    check_name(", event_name: \"data[3]\"", r#"[null,"1","room","phx_reply",{}]"#, "phx_reply");
    let computed = ", event_name: \"(data | from_json).op if data is string else data.op\"";
    check_name(computed, r#"{"op":7}"#, "7");
    check_name(computed, r#""{\"op\":\"x\"}""#, "x");
    check_name(computed, r#"{"ops":7}"#, "message");
    check_name(", split: newline, event_name: data.id", "{\"x\":1}\n{\"id\":3}\n", "3");
}

#[test]
fn what_names_and_what_is_sent_is_checked_when_it_is_used() {
    let server = |seen: &Seen<'_>| match seen.connects() {
        true => vec![(LINK, Arrival::Linked), (20, text("[1]"))],
        false => Vec::new(),
    };
    let told = simulate(
        ", event_name: \"(data | from_json).a\"",
        "on: { message: [{ send: { text: \"{{ data[0] }}\" } }] }",
        server,
    );
    assert_eq!(
        (told.findings(), said(&told)),
        (vec!["step: `event_name` has no value ×1".to_owned()], vec!["20 > 1".into()])
    );
    let told = simulate("", "act: [{ send: { text: \"{{ x }}\" }, name: x }, { set: { x: 1 } }]\nevery: 2s", server);
    assert_eq!(told.actions(), "planned 1, generator 1", "{:?}", told.findings());
    assert_eq!(told.example("x cannot be sent"), "`x` is undefined");
}

#[test]
fn messages_of_every_form_go_out() {
    let scenario = "setup:
  - { send: { json: [null, \"{{ user.index }}\", 7] } }
  - { send: { json: null } }
  - { send: { text: \"a {{ user.number }}\" } }
  - { send: { base64: AP8= } }
  - { send: { hex: \"00 ff\" } }";
    let mut binary = Vec::new();
    let told = simulate("", scenario, |seen| {
        if let crate::run::user::Command::Send(crate::protocol::Frame::Binary(bytes)) = seen.command {
            binary.push(bytes.to_vec());
        }
        if seen.connects() { vec![(LINK, Arrival::Linked)] } else { Vec::new() }
    });
    assert_eq!(said(&told), ["10 > [null,0,7]", "10 > null", "10 > a 1", "10 > (binary)", "10 > (binary)"]);
    assert_eq!(binary, [[0, 255], [0, 255]]);
}

#[test]
fn a_keepalive_goes_on_through_everything_and_begins_anew_with_the_connection() {
    let scenario = "keepalive: { every: 700ms, json: { type: ping, of: \"{{ name }}\" } }
setup: [{ set: { name: \"u{{ user.index }}\" } }, { pause: 1s }]
every: 1s
act: [{ pause: 800ms }]
reconnect: { wait: 300ms, jitter: 0% }";
    let mut lost = false;
    let told = simulate("", scenario, open(|_| Vec::new()));
    let beats = ["710", "1410", "2110", "2810", "3510"].map(|at| format!("{at} > {{\"type\":\"ping\",\"of\":\"u0\"}}"));
    assert_eq!(said(&told), beats);
    let told = simulate("", scenario, |seen| match seen.connects() {
        true if !std::mem::replace(&mut lost, true) => vec![(LINK, Arrival::Linked), (1_000, Arrival::Ended("reset"))],
        true => vec![(LINK, Arrival::Linked)],
        false => Vec::new(),
    });
    let moments = told.moments("> ");
    assert_eq!(moments, [710.0, 2010.0, 2710.0, 3410.0], "{:#?}", told.log);
    let told = simulate(
        "",
        "keepalive: { every: 1s, text: \"{{ x }}\" }\nsetup: [{ when: \"false\", set: { x: 1 } }]",
        open(|_| Vec::new()),
    );
    assert_eq!((said(&told), told.count(Counter::StepErrors)), (Vec::new(), 3));
    let draws = simulate("", "keepalive: { every: 1s, text: \"{{ random_text(8) }}\" }", open(|_| Vec::new()));
    let mut drawn: Vec<String> =
        said(&draws).iter().map(|line| line.split(' ').next_back().unwrap().to_owned()).collect();
    drawn.dedup();
    assert_eq!(drawn.len(), 3, "each is rendered anew");
}

#[test]
fn a_normal_closure_in_the_middle_is_a_disconnect_and_codes_are_told_apart() {
    for (code, kind) in
        [(1000, "close 1000 (normal)"), (4401, "close 4401 (application)"), (4403, "close 4403 (application)")]
    {
        let mut lost = false;
        let server = |seen: &Seen<'_>| match seen.text() {
            Some(_) if !std::mem::replace(&mut lost, true) => vec![(50, Arrival::Closed(code, "bye"))],
            _ if seen.connects() => vec![(LINK, Arrival::Linked)],
            Some(_) => vec![(20, text(r#"{"ok":1}"#))],
            None => Vec::new(),
        };
        let act = "every: 1s\nact: [{ send: { text: hi }, reply: { event: message } }]\nreconnect: { wait: 100ms, jitter: 0% }";
        let told = simulate("", act, server);
        assert_eq!(told.actions(), "planned 3, sent 3, acks 2, ok 2, disconnected 1", "{:#?}", told.log);
        assert_eq!(told.life(), "connections 2, disconnects 1, reconnects 1");
        assert_eq!(told.findings()[0], format!("disconnect: {kind} ×1"));
    }
}

/// A user that is to be refused, and how that goes: counts, and what was found.
fn check_refused(wanted: &str, first: &Arrival, life: &str, findings: &[&str]) {
    let scenario = format!("connect: {{ within: 2s, refused: \"{wanted}\" }}\nreconnect: {{ wait: 3s, jitter: 0% }}");
    let server = |seen: &Seen<'_>| match first {
        _ if !seen.connects() => Vec::new(),
        Arrival::Refused(..) => vec![(LINK, first.clone())],
        _ => vec![(LINK, Arrival::Linked), (100, first.clone())],
    };
    let told = simulate("", &scenario, server);
    assert_eq!(
        (told.life().as_str(), told.findings()),
        (life, findings.iter().map(ToString::to_string).collect()),
        "{wanted} {first:?}"
    );
}

#[test]
fn a_refusal_by_status_or_by_close_code_can_be_what_is_wanted() {
    let denied = Arrival::Refused(401, r#"{"why":"token"}"#);
    check_refused("error.status == 401", &denied, "refusals 1", &[]);
    check_refused("error.json.why == 'token'", &denied, "refusals 1", &[]);
    check_refused("'token' in error.body", &denied, "refusals 1", &[]);
    check_refused("error.status == 403", &denied, "connect failures 2", &["connect: refused ×2"]);
    check_refused("true", &Arrival::Refused(502, ""), "connect failures 2", &["connect: refused ×2"]);
    let closed = Arrival::Closed(4401, "unauthorized");
    check_refused("error.code == 4401", &closed, "refusals 1", &[]);
    check_refused("error.reason == 'unauthorized'", &closed, "refusals 1", &[]);
    check_refused("error.code == 4403", &closed, "connect failures 2", &["connect: close 4401 (application) ×2"]);
    check_refused("true", &Arrival::Ended("reset"), "connect failures 2", &["connect: reset ×2"]);
    check_refused(
        "true",
        &text("welcome"),
        "connect failures 1",
        &["connect: connected, not refused ×1", "event: message ×1"],
    );
}

#[test]
fn a_message_that_nothing_matches_is_told_of_as_it_came() {
    let server = |seen: &Seen<'_>| match seen.text() {
        _ if seen.connects() => vec![(LINK, Arrival::Linked), (20, text(r#" {"type":"news"} "#)), (30, text("plain"))],
        _ => Vec::new(),
    };
    let told = simulate(", event_name: data.type", "setup: [{ pause: 1s }]", server);
    assert_eq!(told.example("news"), r#"{"type":"news"}"#);
    assert_eq!(told.example("message"), r#""plain""#);
}
