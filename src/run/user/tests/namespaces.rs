//! Several namespaces on one connection.

use super::super::message::Command;
use super::books::Told;
use super::server::{Arrival, Script, Seen, polite};
use super::simulation::{Simulation, suite};

/// Both namespaces are joined 10 ms after they are asked for, `/admin` another 30 ms later; acks of `/admin` come after 20 ms.
fn server(seen: &Seen<'_>) -> Script {
    let Some(text) = seen.text() else { return polite(seen) };
    if let Some(rest) = text.strip_prefix("40/admin,") {
        let of = rest.contains("nobody");
        let reply = if of { r#"44/admin,{"message":"no"}"# } else { r#"40/admin,{"sid":"of-admin"}"# };
        return vec![(40, Arrival::Text(reply.into()))];
    }
    match text.strip_prefix("42/admin,").and_then(|packet| packet.split_once('[')) {
        Some((number, _)) if !number.is_empty() => {
            vec![(20, Arrival::Text(format!("43/admin,{number}[{{\"ok\":true}}]")))]
        }
        Some(_) => Vec::new(),
        None => polite(seen),
    }
}

const CONNECT: &str =
    "connect: { namespaces: { /: { auth: { a: 1 } }, /admin: { auth: { who: \"user-{{ user.index }}\" } } } }";

fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Told {
    let every = if scenario.contains("act:") { "every: 1s\n" } else { "" };
    let text = format!("{every}load: {{ users: 1, duration: 4s }}\nreconnect: {{ wait: 1s, jitter: 0% }}\n{scenario}");
    Simulation::new(&suite(&text)).server(server).run()
}

#[test]
fn a_user_is_connected_when_all_its_namespaces_are() {
    let scenario = format!("{CONNECT}\nsetup: [{{ emit: hi, args: [\"{{{{ connection.id }}}}\"] }}]");
    let told = simulate(&scenario, server);
    assert_eq!(
        told.log(|text| text.starts_with("> "))[..3],
        [r#"10 > 40{"a":1}"#, r#"10 > 40/admin,{"who":"user-0"}"#, r#"50 > 42["hi","socket-1"]"#,]
    );
    assert_eq!(told.life(), "connections 1");
}

#[test]
fn emits_acks_and_their_events_are_of_the_namespace_that_is_named() {
    let scenario = format!(
        "{CONNECT}
act:
  - {{ emit: ban, namespace: /admin, args: [\"{{{{ action.id }}}}\"], ack: {{ ok: ack.ok }} }}
  - {{ emit: look, ack: {{ ok: ack.ok }} }}
  - {{ emit: rule, namespace: /admin, reply: {{ event: ruled, within: 100ms }} }}
  - {{ expect: seen, namespace: /admin, within: 50ms }}"
    );
    let answering = |of: &'static str| {
        move |seen: &Seen<'_>| match seen.text() {
            Some(text) if text.contains("\"rule\"") => {
                let event = |name: &str| Arrival::Text(format!("42{of}[\"{name}\"]"));
                vec![(10, event("ruled")), (11, event("seen"))]
            }
            _ => server(seen),
        }
    };
    let told = simulate(&scenario, answering("/admin,"));
    assert_eq!((told.actions().as_str(), told.findings()), ("planned 9, sent 9, acks 9, ok 9", Vec::new()));
    // The same events of another namespace answer nothing, and nobody has named them there.
    let told = simulate(&scenario, answering(""));
    assert_eq!(told.actions(), "planned 9, sent 9, acks 6, ok 6, timeout 3");
    let findings = told.findings();
    for part in ["event: ruled ×3", "event: seen ×3"] {
        assert!(findings.iter().any(|finding| finding == part), "{findings:?}");
    }
}

#[test]
fn an_ack_that_never_comes_is_given_up_in_its_namespace() {
    let silent = |seen: &Seen<'_>| match seen.text() {
        // It comes late, when the user has asked for another.
        Some(text) if text.contains("\"ban\"") => {
            let number = text.trim_start_matches("42/admin,").split('[').next().unwrap_or_default().to_owned();
            vec![(300, Arrival::Text(format!("43/admin,{number}[]")))]
        }
        _ => server(seen),
    };
    let told =
        simulate(&format!("{CONNECT}\nact: [{{ emit: ban, namespace: /admin, ack: {{ within: 200ms }} }}]"), silent);
    assert_eq!(told.actions(), "planned 3, sent 3, timeout 3, late 3");
}

#[test]
fn reactions_are_to_events_of_the_namespace_in_the_key_and_answer_there() {
    let asks = |seen: &Seen<'_>| match seen.text() {
        Some(text) if text.contains("\"hi\"") => {
            let ask = |of: &str, id: u8| Arrival::Text(format!("42{of}{id}[\"ask\"]"));
            vec![(5, ask("/admin,", 7)), (10, ask("", 8))]
        }
        _ => server(seen),
    };
    let scenario = format!(
        "{CONNECT}\nsetup: [{{ emit: hi }}]\non:\n  /admin,ask: [{{ answer: [yes] }}]\n  ask: [{{ answer: [no] }}]"
    );
    let told = simulate(&scenario, asks);
    assert_eq!(told.log(|text| text.starts_with("> 43")), [r#"55 > 43/admin,7["yes"]"#, r#"60 > 438["no"]"#]);
}

#[test]
fn what_comes_before_all_are_connected_is_not_lost() {
    let greets = |seen: &Seen<'_>| match seen.joins() && seen.text() != Some(r#"40/admin,{"who":"user-0"}"#) {
        true => {
            let welcome = Arrival::Text(r#"42["welcome"]"#.into());
            server(seen).into_iter().chain([(11, welcome)]).collect()
        }
        false => server(seen),
    };
    let scenario = format!(
        "{CONNECT}\nsetup: [{{ expect: welcome, within: 1ms }}, {{ emit: ready }}]\non: {{ welcome: [{{ emit: thanks }}] }}"
    );
    let told = simulate(&scenario, greets);
    assert_eq!((told.findings(), told.sent("ready").len(), told.sent("thanks").len()), (Vec::new(), 1, 1));
}

#[test]
fn one_refused_namespace_is_a_failed_connect_with_its_name() {
    let scenario = CONNECT.replace("user-", "nobody-");
    let told = simulate(&scenario, server);
    let failures = "connect of /admin refused by the server";
    assert_eq!(
        (told.findings()[0].as_str(), told.example(failures)),
        (
            "connect: connect of /admin refused by the server ×3",
            "the server answered CONNECT with {\"message\":\"no\"}; check `connect.auth` and `login`; the answer is that of the \
             server's middleware"
        )
    );
    let wanted = |condition: &str| {
        let connect = scenario.strip_suffix('}').unwrap_or_default();
        let scenario = format!("{connect}, refused: \"{condition}\" }}");
        simulate(&scenario, server).life()
    };
    assert_eq!(wanted("namespace == '/admin' and error.message == 'no'"), "refusals 1");
    assert_eq!(wanted("namespace == '/'"), "connect failures 3");
}

#[test]
fn a_server_that_ends_one_namespace_ends_the_connection() {
    let mut done = false;
    let kicks = |seen: &Seen<'_>| match seen.text() {
        Some(text) if text.contains("\"hi\"") && !std::mem::replace(&mut done, true) => {
            vec![(100, Arrival::Text("41/admin,".into()))]
        }
        _ => server(seen),
    };
    let told = simulate(&format!("{CONNECT}\nsetup: [{{ emit: hi }}]\nact: [{{ emit: look, ack: {{}} }}]"), kicks);
    assert_eq!(told.life(), "connections 2, disconnects 1, reconnects 1");
    assert_eq!(told.example("namespace disconnect by the server"), "of `/admin`, while waiting");
    // It says goodbye to the other one, and comes back.
    assert_eq!(told.moments("> 41")[..1], [150.0]);
    assert_eq!(told.moments("connect"), [0.0, 1150.0]);
    assert_eq!(told.actions(), "planned 3, sent 2, acks 2, ok 2, offline 1");
}

#[test]
fn a_namespace_that_ends_before_the_others_have_answered_is_a_failed_connect() {
    let mut done = false;
    let kicks = |seen: &Seen<'_>| match seen.text() {
        Some(text) if text.starts_with("40/admin") && !std::mem::replace(&mut done, true) => {
            vec![(20, Arrival::Text("41".into()))]
        }
        Some(_) | None => server(seen),
    };
    let told = simulate(CONNECT, kicks);
    assert_eq!(told.life(), "connections 1, connect failures 1");
}

/// By scenario, in which namespaces that event is listened for as a delivery, and looked at by an invariant.
fn listens(text: &str, event: &str) -> Vec<(Vec<usize>, Vec<usize>)> {
    let plan = Simulation::new(text).plan;
    let heard = |scenario: &crate::plan::Scenario| {
        let of = |is: fn(&crate::plan::scenario::Heard) -> bool| {
            let events = scenario.events.iter().filter(|heard| &*heard.name == event && is(heard));
            events.map(|heard| heard.namespace).collect()
        };
        (of(|heard| !heard.listeners.is_empty()), of(|heard| !heard.watchers.is_empty()))
    };
    plan.scenarios.iter().map(heard).collect()
}

#[test]
fn deliveries_are_listened_for_where_their_emit_goes_by_those_who_join_that() {
    let text = "name: t
target: { url: \"http://127.0.0.1:9\" }
invariants: { seen: { monotonic: data.n, event: banned }, other: { monotonic: data.n, event: other } }
scenarios:
  a:
    load: { users: 1, duration: 3s }
    every: 1s
    connect: { namespaces: { /: {}, /admin: {} } }
    act: [{ emit: ban, NAMESPACE ack: {}, delivery: { event: banned, match: data.ref } }]
  b: { load: { users: 1, duration: 3s }, connect: { namespaces: { /admin: {}, /: {} } } }
  c: { load: { users: 1, duration: 3s } }
  d:
    load: { users: 1, duration: 3s }
    every: 1s
    connect: { namespaces: { /logs: {} } }
    act: [{ pause: 1s }]
";
    let both = |number: usize| (vec![number], vec![number]);
    let none = (Vec::new(), Vec::new());
    let of_admin = text.replace("NAMESPACE", "namespace: /admin,");
    assert_eq!(listens(&of_admin, "banned"), [both(1), both(0), none.clone(), none.clone()]);
    let of_main = text.replace("NAMESPACE", "");
    assert_eq!(listens(&of_main, "banned"), [both(0), both(1), both(0), none]);
    // Of a request nobody knows where its event comes: who does not join `/` listens in its main one.
    let of_request = of_main.replace("emit: ban,  ack: {}", "post: /ban");
    assert_eq!(listens(&of_request, "banned"), [both(0), both(1), both(0), both(0)]);
    assert_eq!(listens(&of_main, "other"), vec![(Vec::new(), vec![0]); 4]);
}

/// A server of socket.io 2.0.0 with a middleware at `/`, which agrees or not after 30 ms.
fn welcoming(agrees: bool) -> impl FnMut(&Seen<'_>) -> Script {
    move |seen| {
        let after = if agrees { "40" } else { "44\"not authorized\"" };
        match seen.command {
            Command::Connect(_) => {
                let mut script = polite(seen);
                script.extend([(20, Arrival::Text("40".into())), (50, Arrival::Text(after.into()))]);
                script
            }
            _ => Vec::new(),
        }
    }
}

#[test]
fn a_server_of_socket_io_2_may_refuse_whom_it_has_let_in() {
    let check = |agrees: bool, connect: &str, expected: &str, findings: &[&str]| {
        let text = format!("load: {{ users: 1, duration: 1500ms }}\nreconnect: {{ wait: 1s, jitter: 0% }}\n{connect}");
        let text = suite(&text).replace("127.0.0.1:9\"", "127.0.0.1:9\", protocol: socket.io-v2");
        let told = Simulation::new(&text).server(welcoming(agrees)).run();
        assert_eq!(
            (told.life().as_str(), told.findings()),
            (expected, findings.iter().map(ToString::to_string).collect())
        );
    };
    let refused = "disconnect: connect refused by the server ×2";
    check(true, "", "connections 1", &[]);
    check(false, "", "connections 2, disconnects 2, reconnects 1", &[refused]);
    let wanted = "connect: { refused: error.message == 'not authorized', within: 200ms }";
    check(false, wanted, "refusals 1", &[]);
    check(true, wanted, "connect failures 1", &["connect: connected, not refused ×1"]);
}
