//! Whatever suite, server and stop there is: the books are even, and everybody goes home. What is checked stands in
//! `books` and in `simulation`; here are the suites and the servers.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::server::{Arrival, Script, Seen, ack, open, polite};
use super::simulation::{DRAIN, Simulation, at, suite_with};
use crate::plan::language::functions::mix;

/// Steps for `setup`, `act` and `teardown`; every event is an action's name of its own.
const STEPS: &[&str] = &[
    "{ emit: NAME }",
    "{ emit: NAME, ack: {} }",
    "{ emit: NAME, ack: { within: 300ms, ok: ack.ok, rejected: ack.no } }",
    "{ emit: NAME, ack: { within: 2s, ok: ack.ok }, save: { seen: ack.value } }",
    "{ emit: NAME, args: [\"{{ seen }}\"], ack: { within: 400ms } }",
    "{ pause: 0s..700ms }",
    "{ each: resources, emit: NAME, ack: { within: 200ms, rejected: true, ok: ack.ok } }",
    "{ each: [1, 2], steps: [{ pause: 50ms }, { each: [a, b], emit: NAME, args: [\"{{ item }}\"] }] }",
    "{ each: [], emit: NAME }",
    "{ when: \"(step.number + user.index) % 2 == 0\", emit: NAME, ack: { within: 300ms, ok: ack.ok } }",
    "{ when: \"random_int(0, 2) > 0\", steps: [{ repeat: 2, emit: NAME }, { pause: 20ms }] }",
    "{ repeat: 2, mix: [{ weight: 2, steps: [{ emit: NAMEa, ack: { within: 250ms } }] }, { steps: [{ when: \"user.index > 0\", emit: NAMEb }, { pause: 30ms }] }] }",
    "{ repeat: 2, when: \"random_int(0, 1) == 0\", mix: [{ steps: [{ each: [1, 2], emit: NAMEa }] }, { weight: 3, steps: [{ get: /NAME, name: NAMEb, within: 300ms }] }] }",
    "{ post: /NAME, name: NAME, within: 250ms, rejected: response.status == 503 }",
    "{ set: { own: \"{{ user.index }}\" } }",
    "{ expect: news, within: 200ms }",
    "meets { when: true, steps: [{ when: \"user.index % 2 == step.number % 2\", share: { word: \"{{ step.number }}\" } }, { await: word, within: 300ms }, { emit: NAME, args: [\"{{ word }}\"] }] }",
    "meets { barrier: NAME, within: 400ms }",
    "meets { barrier: all, of: suite, within: 250ms }",
    "act-only { steps: [{ disconnect: abort }, { pause: 40ms }, { reconnect: true, within: 300ms }], when: \"step.number % 3 == 0\" }",
    "act-only { steps: [{ disconnect: clean }, { post: /NAME, name: NAME, within: 100ms }], when: \"step.number % 4 == 1\" }",
    "{ when: \"step.number % 2 == 1\", expect: news, where: data > 1, count: 2, within: 500ms, save: { own: data } }",
    "{ expect: news, where: data == 3, never: true, within: 50ms }",
    "{ emit: NAME, args: [\"{{ action.id }}\"], reply: { event: NAME, where: data == action.id, within: 300ms } }",
    "{ emit: NAME, args: [\"{{ action.id }}\"], ack: { within: 200ms, ok: ack.ok }, reply: { event: NAME, where: data == action.id, within: 350ms }, rejected: { event: no, where: data == action.id }, failed: { event: news } }",
];

const LOADS: &[&str] = &[
    "{ users: 3, duration: 4s }",
    "{ users: 1, duration: 2500ms }",
    "{ stages: [{ duration: 1s, target: 3 }, { duration: 2s, target: 3 }, { duration: 1s, target: 0 }] }",
    "{ stages: [{ duration: 0s, target: 2 }, { duration: 1s, target: 2 }, { duration: 300ms, target: 1 }, { duration: 1s, target: 3 }, { duration: 1s, target: 3 }] }",
];

/// For users in pairs.
const LOADS_OF_PAIRS: &[&str] = &[
    "{ users: 4, duration: 4s }",
    "{ users: 2, duration: 2500ms }",
    "{ stages: [{ duration: 1s, target: 4 }, { duration: 2s, target: 4 }, { duration: 1s, target: 0 }] }",
    "{ stages: [{ duration: 0s, target: 2 }, { duration: 1s, target: 2 }, { duration: 300ms, target: 0 }, { duration: 1s, target: 4 }, { duration: 1s, target: 4 }] }",
];

const RHYTHMS: &[&str] =
    &["every: 1s", "every: 333ms", "every: 250ms\nlate: skip", "every: asap\nact-waits", "every: 2s\nlate: queue"];

const RECONNECTS: &[&str] =
    &["", "reconnect: off", "reconnect: { wait: 100ms, max: 1s }", "reconnect: { wait: 0s, jitter: 0% }"];

#[derive(Debug, Clone)]
struct Case {
    text: String,
    seed: u64,
    /// Of a hundred things asked of the server, about so many go wrong.
    trouble: u64,
    stop: Option<u64>,
    lag: u64,
}

fn steps(key: &str, chosen: &[usize], text: &mut String) {
    if chosen.is_empty() {
        return;
    }
    writeln!(text, "{key}:").unwrap();
    for (index, step) in chosen.iter().enumerate() {
        let step = match STEPS[*step].split_once(" {") {
            Some(("act-only", _)) if key != "act" => "{ pause: 1ms }",
            Some(("meets", _)) if key == "teardown" => "{ pause: 1ms }",
            _ => STEPS[*step].trim_start_matches("act-only ").trim_start_matches("meets "),
        };
        writeln!(text, "  - {}", step.replace("NAME", &format!("{key}{index}"))).unwrap();
    }
}

fn scenario(load: usize, rhythm: usize, reconnect: usize, flags: u8, programs: &[Vec<usize>; 3]) -> String {
    let [setup, act, teardown] = programs;
    let (loads, group) = if flags & 8 > 0 { (LOADS_OF_PAIRS, "group: { size: 2 }\n") } else { (LOADS, "") };
    let mut text = format!("load: {}\n{group}{}\n", loads[load], RECONNECTS[reconnect]);
    let mut act = act.clone();
    if act.is_empty() {
        text.push_str("connect: { within: 700ms }\n");
    } else {
        let rhythm = RHYTHMS[rhythm];
        // A closed loop that never waits is refused by the plan.
        if rhythm.contains("act-waits") {
            act.push(1);
        }
        writeln!(text, "{}\nconnect: {{ within: 500ms, rate: 5/s }}", rhythm.replace("\nact-waits", "")).unwrap();
    }
    if flags & 1 > 0 {
        text.push_str("on_failure: continue\n");
    }
    if flags & 2 > 0 {
        text.push_str("login: [{ post: /login, within: 400ms, save: { token: response.json.token } }]\n");
    }
    if flags & 4 > 0 {
        text.push_str("on: { news: [{ pause: 30ms }, { emit: heard, ack: { within: 100ms } }], ask: [{ get: /it, within: 90ms }, { answer: [1] }] }\n");
    }
    steps("setup", setup, &mut text);
    steps("act", &act, &mut text);
    steps("teardown", teardown, &mut text);
    if !text.contains("save: { seen") {
        text = text.replace("{{ seen }}", "{{ user.index }}");
    }
    text
}

fn cases() -> impl Strategy<Value = Case> {
    let program = || prop::collection::vec(0..STEPS.len(), 0..4);
    let suite = (0..LOADS.len(), 0..RHYTHMS.len(), 0..RECONNECTS.len(), any::<u8>(), [program(), program(), program()]);
    let server = (any::<u64>(), prop_oneof![Just(0), 1..15_u64, 15..90_u64]);
    let around = (prop::option::of(0..6_000_u64), prop_oneof![Just(0), 1..20_u64], 1..5_u64, any::<bool>());
    (suite, server, around).prop_map(|(suite, (seed, trouble), (stop, lag, lots, cooldown))| {
        let (load, rhythm, reconnect, flags, programs) = suite;
        let text = scenario(load, rhythm, reconnect, flags, &programs);
        // A cooldown so short that every step keeps it, for the slack.
        let cooldown = if cooldown { "\ncooldown: { per_user: 1ms, margin: 1ms }" } else { "" };
        let text = suite_with(&format!("resources: {{ count: {lots} }}{cooldown}"), &text);
        Case { text, seed, trouble, stop, lag }
    })
}

/// Name and first argument of an event whose first argument is a text.
fn named(packet: &str) -> Option<(&str, &str)> {
    let mut texts = packet.strip_prefix("42")?.split('"');
    Some((texts.nth(1)?, texts.nth(1)?))
}

/// A server that is polite, or does one of the things that servers do.
fn troubled(seed: u64, trouble: u64) -> impl FnMut(&Seen<'_>) -> Script {
    let mut asked = 0;
    move |seen| {
        asked += 1;
        let random = mix(seed ^ mix(asked));
        let (roll, kind, delay) = (random % 100, random >> 8 & 15, random >> 16 & 1023);
        let mut script: Script = polite(seen).into_iter().map(|(after, what)| (after + delay % 60, what)).collect();
        // An event that names an action is answered by one, or is refused by another; some come late.
        if let Some((name, id)) = seen.text().and_then(named) {
            let answer = if random >> 32 & 3 == 0 { "no" } else { name };
            script.push((delay % 500, Arrival::Text(format!(r#"42["{answer}","{id}"]"#))));
        }
        if roll >= trouble {
            return script;
        }
        let number = seen.text().and_then(|text| text.strip_prefix("42")?.split('[').next()?.parse().ok());
        let http = seen.requests();
        match kind {
            0 | 1 => script.clear(),
            2 | 3 => script.iter_mut().for_each(|(after, _)| *after += 3 * delay),
            4 if http => script = vec![(delay, Arrival::NoResponse("reset"))],
            5 if http => script = vec![(delay, Arrival::Response(503, "busy".into()))],
            4 | 5 if seen.connects() => script = vec![(delay, Arrival::NotLinked("refused"))],
            6 if seen.connects() => script = vec![(10, Arrival::Linked), (10, open(200, 100))],
            _ if http => {}
            6 if seen.joins() => script = vec![(delay, Arrival::Text(r#"44{"message":"no"}"#.into()))],
            7 => script.push((delay, Arrival::Ended("reset"))),
            8 => script.push((delay, Arrival::Text("41".into()))),
            9 => script.push((delay, Arrival::Text("1".into()))),
            10 if seen.joins() => script.push((delay, Arrival::Text(r#"425["ask"]"#.into()))),
            10 => script.push((delay, Arrival::Text("what?".into()))),
            11 => script.extend((0..5).map(|n| (delay * n, Arrival::Text(format!(r#"42["news",{n}]"#))))),
            12 => script.extend(number.map(|number| (delay, ack(number, r#"[{"no":true}]"#)))),
            13 => script.extend(number.map(|number| (delay, ack(number + 1, "[1,2]")))),
            14 => script = number.map(|number| (delay, ack(number, r#"[{"no":1}]"#))).into_iter().collect(),
            _ => script = number.map(|number| (delay, ack(number, r#"[{"ok":1,"value":[2]}]"#))).into_iter().collect(),
        }
        script
    }
}

fn simulate(case: &Case) -> super::books::Told {
    let simulation = Simulation::new(&case.text).server(troubled(case.seed, case.trouble)).lag(case.lag);
    match case.stop {
        Some(stop) => simulation.stop_at(stop),
        None => simulation,
    }
    .run()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_books_are_even_and_everybody_goes_home(case in cases()) {
        let told = simulate(&case);
        if let Some(stop) = case.stop {
            prop_assert!(told.end <= at(stop + DRAIN + 2 * case.lag).max(at(0)) || told.end < at(stop), "{}", told.end);
        }
        if case.trouble == 0 {
            prop_assert_eq!(told.count(crate::metrics::Counter::Disconnects), 0);
        }
    }

    #[test]
    fn the_same_run_is_the_same_again(case in cases()) {
        let (once, again) = (simulate(&case), simulate(&case));
        prop_assert_eq!(once.log, again.log);
        prop_assert_eq!(once.sink.recorder, again.sink.recorder);
    }
}
