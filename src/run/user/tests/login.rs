//! Logging in before connecting.

use super::server::{Arrival, RESPOND, Script, Seen, polite};
use super::simulation::{Simulation, suite_with};
use crate::metrics::Distribution;

const TOP: &str = "resources: { count: 4 }
credentials: { generate: { name: \"bidder-{{ user.index }}\", password: \"pass-{{ user.number }}\" } }";

const SCENARIO: &str = "load: { users: 1, duration: 8s }
login: [{ post: /login, json: { user: \"{{ user.name }}\", password: \"{{ user.password }}\" }, within: 1s, save: { token: response.json.token } }]
connect: { auth: { token: \"{{ token }}\" } }
reconnect: { wait: 1s, max: 3s, factor: 2, jitter: 0% }";

fn simulate<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Simulation<'a> {
    Simulation::new(&suite_with(TOP, scenario)).server(server)
}

#[test]
fn a_token_goes_from_the_login_to_the_auth_and_is_a_secret() {
    let told = simulate(SCENARIO, polite).run();
    let outgoing = told.log(|text| text.starts_with("POST") || text.starts_with("> 40"));
    assert_eq!(
        outgoing,
        [
            r#"0 POST /login content-type=application/json {"user":"bidder-0","password":"pass-1"}"#,
            r#"15 > 40{"token":"token-of-0"}"#
        ]
    );
    assert_eq!(told.life(), "connections 1, logins 1");
    assert!(told.sink.secrets.iter().any(|secret| secret.expose() == "token-of-0"));
    assert_eq!(told.spread(Distribution::LoginLatency), (1, RESPOND as f64, RESPOND as f64));
    assert_eq!(told.spread(Distribution::HttpLatency), (1, RESPOND as f64, RESPOND as f64));
}

#[test]
fn forms_headers_statuses_and_several_steps() {
    let login = "login:
  - { get: /csrf, status: 204, save: { csrf: { value: response.status, secret: false } } }
  - pause: 100ms
  - { post: /login, form: { user: \"{{ user.name }}\", note: a b&c }, headers: { X-Csrf: \"{{ csrf }}\", Content-Type: text/x }, save: { token: response.text } }";
    let scenario =
        format!("load: {{ users: 1, duration: 1s }}\n{login}\nconnect: {{ auth: {{ token: \"{{{{ token }}}}\" }} }}");
    let mut asked = 0;
    let server = |seen: &Seen<'_>| {
        asked += u64::from(seen.requests());
        match asked {
            1 if seen.requests() => vec![(5, Arrival::Response(204, String::new()))],
            2 if seen.requests() => vec![(5, Arrival::Response(200, "plain token".into()))],
            _ => polite(seen),
        }
    };
    let told = simulate(&scenario, server).run();
    let outgoing = told.log(|text| text.starts_with("GET") || text.starts_with("POST") || text.starts_with("> 40"));
    assert_eq!(
        outgoing,
        [
            "0 GET /csrf ",
            "105 POST /login X-Csrf=204 Content-Type=text/x user=bidder-0&note=a+b%26c",
            r#"120 > 40{"token":"plain token"}"#
        ]
    );
    let secrets: Vec<&str> = told.sink.secrets.iter().map(|secret| secret.expose()).collect();
    assert_eq!(secrets, ["plain token"]);
}

/// When requests and connects are made, what of life is counted, and one example.
fn check(
    server: impl FnMut(&Seen<'_>) -> Script,
    requests: &[f64],
    connects: &[f64],
    life: &str,
    example: (&str, &str),
) {
    let told = simulate(SCENARIO, server).run();
    assert_eq!(told.moments("POST"), requests, "{:#?}", told.log);
    assert_eq!(told.moments("connect"), connects);
    assert_eq!(told.life(), life);
    assert_eq!(told.example(example.0), example.1);
}

/// The first so many requests get this answer.
fn first(count: u64, after: u64, arrival: Option<Arrival>) -> impl FnMut(&Seen<'_>) -> Script {
    let mut asked = 0;
    move |seen| {
        asked += u64::from(seen.requests());
        if seen.requests() && asked <= count {
            return arrival.iter().map(|arrival| (after, arrival.clone())).collect();
        }
        polite(seen)
    }
}

#[test]
fn a_login_that_fails_is_tried_again_after_growing_waits() {
    let life = "connections 1, logins 1, login failures 2, http failures 2";
    let refused = Arrival::Response(401, "who are you?".into());
    check(
        first(2, 50, Some(refused)),
        &[0.0, 1050.0, 3100.0],
        &[3105.0],
        life,
        ("POST answered with status 401", "who are you?"),
    );
    let failed = Arrival::NoResponse("connection refused");
    check(first(2, 50, Some(failed)), &[0.0, 1050.0, 3100.0], &[3105.0], life, ("connection refused", "scripted"));
    let detail = "no complete answer came to POST within 1s; the server hangs or is overloaded: look at its log";
    check(first(2, 0, None), &[0.0, 2000.0, 5000.0], &[5005.0], life, ("HTTP request timed out", detail));
}

#[test]
fn a_response_after_its_deadline_is_none() {
    let life = "connections 1, logins 1, login failures 1, http failures 1";
    let late = Arrival::Response(200, r#"{"token":"late"}"#.into());
    let told = simulate(SCENARIO, first(1, 1001, Some(late))).lag(5).run();
    assert_eq!(told.life(), life);
    assert_eq!(told.log(|text| text.starts_with("> 40")).len(), 1);
}

#[test]
fn a_login_step_that_cannot_be_made_is_a_login_failure() {
    let scenario = SCENARIO.replace("{{ user.password }}", "{{ token }}");
    let told = simulate(&scenario, polite).run();
    assert_eq!(told.life(), "login failures 4, step errors 4");
    assert!(told.moments("POST").is_empty());
}

#[test]
fn only_a_refused_connect_logs_in_again() {
    let mut joins = 0;
    let server = |seen: &Seen<'_>| {
        joins += u64::from(seen.joins());
        match joins {
            1 if seen.joins() => vec![(10, Arrival::Text(r#"44{"message":"expired"}"#.into()))],
            2 if seen.joins() => {
                let mut script = polite(seen);
                script.push((500, Arrival::Ended("reset")));
                script
            }
            _ => polite(seen),
        }
    };
    let told = simulate(SCENARIO, server).run();
    assert_eq!(told.moments("POST"), [0.0, 1025.0]);
    assert_eq!(told.life(), "connections 2, connect failures 1, logins 2, disconnects 1, reconnects 1");
}

#[test]
fn a_value_that_the_answer_does_not_have_is_a_step_error_and_connecting_fails() {
    let empty =
        |seen: &Seen<'_>| if seen.requests() { vec![(5, Arrival::Response(200, "{}".into()))] } else { polite(seen) };
    let told = simulate(SCENARIO, empty).run();
    assert!(told.moments("> 40").is_empty());
    assert_eq!(told.example("a value to save is undefined"), "the answer has no such field");
    assert!(told.life().starts_with("connect failures 4, logins 1"), "{}", told.life());
}

#[test]
fn a_stay_that_ends_in_the_login_gives_the_request_up() {
    let scenario = SCENARIO.replace("8s", "500ms");
    let told = simulate(&scenario, first(1, 0, None)).run();
    assert_eq!((told.life(), told.moments("done")), (String::new(), vec![500.0]));
}
