//! What users have to do with each other: groups, `share`, `await`, `barrier`.

use super::books::Told;
use super::server::{Arrival, Script, Seen, polite};
use super::simulation::{Simulation, suite};

/// A scenario with a turn a second, outside of any rotation.
fn simulation<'a>(scenario: &str, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Simulation<'a> {
    Simulation::new(&suite(&format!("pattern: none\nevery: 1s\n{scenario}"))).server(server)
}

/// Milliseconds, user and argument of each event `say`, at one moment by user.
fn said(told: &Told) -> Vec<String> {
    let plain = |text: &str| text.trim_start_matches("[\"say\"").replace([',', '"', ']'], "");
    let mut all: Vec<_> = told.sent("say").into_iter().zip(told.payloads("say").into_iter().map(plain)).collect();
    all.sort_by(|((at, user), _), ((other, another), _)| at.total_cmp(other).then(user.cmp(another)));
    all.into_iter().map(|((at, user), text)| format!("{at} {user} {text}").trim_end().to_owned()).collect()
}

fn check(scenario: &str, expected: &[&str]) -> Told {
    let told = simulation(scenario, polite).run();
    assert_eq!(said(&told), expected);
    told
}

/// User 1 is never let in.
fn without_the_second(seen: &Seen<'_>) -> Script {
    if seen.user == 1 && seen.connects() { vec![(10, Arrival::NotLinked("closed"))] } else { polite(seen) }
}

#[test]
fn a_group_begins_when_its_last_member_is_ready() {
    let told = check(
        r#"load: { users: 4, duration: 4s }
group: { size: 2 }
connect: { rate: 2/s }
act: [{ emit: say, args: ["{{ group.index }}.{{ member.index }} {{ step.number }}"] }]"#,
        &[
            "1000 0 0.0 1",
            "1000 1 0.1 1",
            "2000 0 0.0 2",
            "2000 1 0.1 2",
            "2000 2 1.0 2",
            "2000 3 1.1 2",
            "3000 0 0.0 3",
            "3000 1 0.1 3",
            "3000 2 1.0 3",
            "3000 3 1.1 3",
        ],
    );
    assert_eq!(told.actions(), "planned 10, sent 10, ok 10");
    assert_eq!(told.plan.summary().totals.actions_most, 10);
}

#[test]
fn a_group_ends_with_one_step_for_all_members() {
    // Users leave at 5.5, 5, 4.5 and 4 seconds, the highest first.
    let told = check(
        r#"load: { stages: [{ duration: 0s, target: 4 }, { duration: 3.5s, target: 4 }, { duration: 2s, target: 0 }] }
group: { size: 2 }
act: [{ emit: say, args: ["{{ step.number }}"] }]"#,
        &[
            "1000 0 1", "1000 1 1", "1000 2 1", "1000 3 1", "2000 0 2", "2000 1 2", "2000 2 2", "2000 3 2", "3000 0 3",
            "3000 1 3", "3000 2 3", "3000 3 3", "4000 0 4", "4000 1 4",
        ],
    );
    assert_eq!(told.actions(), "planned 14, sent 14, ok 14");
}

#[test]
fn members_that_act_one_after_another_in_a_step_have_the_same_steps() {
    // In a rotation over four lots user 0 acts at 0.5 s of each step, user 1 at its beginning.
    let text = suite(
        r#"every: 1s
load: { users: 2, duration: 3.2s }
group: { size: 2 }
connect: { rate: 5/s }
act: [{ emit: say, args: ["{{ step.number }} {{ resource.id }}"] }]"#,
    );
    let told = Simulation::new(&text).run();
    let expected = ["1000 1 1 lot-2", "1500 0 1 lot-1", "2000 1 2 lot-3", "2500 0 2 lot-2"];
    assert_eq!(said(&told), expected);
}

#[test]
fn a_group_waits_for_a_member_until_the_latest_moment_of_the_plan() {
    let scenario = r#"load: { users: 2, duration: 4s }
group: { size: 2 }
connect: { within: 1.5s }
act: [{ emit: say, args: ["{{ step.number }}"] }]"#;
    let told = simulation(scenario, without_the_second).run();
    assert_eq!(said(&told), ["2000 0 2", "3000 0 3"]);
    assert_eq!(told.actions(), "planned 4, sent 2, ok 2, offline 2");
    // Who stays away for good is not waited for.
    let told = simulation(&format!("reconnect: off\n{scenario}"), without_the_second).run();
    assert_eq!(said(&told), ["1000 0 1", "2000 0 2", "3000 0 3"]);
}

const PAIR: &str = "load: { users: 2, duration: 4s }\ngroup: { size: 2 }\n";

#[test]
fn a_value_is_for_the_same_turn_of_the_same_group() {
    let told = check(
        r#"load: { users: 4, duration: 3s }
group: { size: 2 }
act:
  - { when: member.index == 0, pause: 100ms }
  - { when: member.index == 0, share: { room: "{{ group.index }}-{{ step.number }}" } }
  - { await: room, within: 1s }
  - { emit: say, args: ["{{ room }}"] }"#,
        &[
            "1100 0 0-1",
            "1100 1 0-1",
            "1100 2 1-1",
            "1100 3 1-1",
            "2100 0 0-2",
            "2100 1 0-2",
            "2100 2 1-2",
            "2100 3 1-2",
        ],
    );
    assert_eq!(told.life(), "connections 4");
}

#[test]
fn nobody_takes_the_value_of_an_earlier_turn() {
    let told = check(
        &format!(
            r#"{PAIR}act:
  - {{ when: member.index == 0 and step.number != 2, share: {{ room: {{ n: "{{{{ step.number }}}}" }} }} }}
  - when: member.index == 1
    steps:
      - {{ await: room, within: 300ms }}
      - {{ emit: say, args: ["{{{{ room.n }}}}"] }}"#
        ),
        &["1000 1 1", "3000 1 3"],
    );
    assert_eq!(told.life(), "connections 2, step errors 1");
    assert_eq!(told.example("await room timed out"), "nobody of the group shared `room` within 300ms, in step 2");
    assert_eq!(told.actions(), "planned 3, sent 2, ok 2, abandoned 1");
}

#[test]
fn what_is_shared_in_setup_stays() {
    let told = check(
        r#"load: { users: 2, duration: 3s }
group: { size: 2 }
setup:
  - { when: member.index == 0, share: { room: 7, door: "{{ user.index }}" } }
  - { await: room, within: 1s }
  - { await: door, within: 1s }
act:
  - { when: step.number == 1, steps: [{ disconnect: clean }, { reconnect: true }] }
  - { emit: say, args: ["{{ room }} {{ door }}"] }"#,
        &["1020 0 7 0", "1020 1 7 0", "2000 0 7 0", "2000 1 7 0"],
    );
    assert_eq!(told.life(), "connections 4");
}

#[test]
fn the_next_stay_of_a_group_takes_nothing_of_the_last() {
    // Users 0 and 1 leave after a second and come again; the first of them does not share again.
    let told = check(
        r#"load: { stages: [{ duration: 0s, target: 2 }, { duration: 1.5s, target: 2 }, { duration: 0s, target: 0 }, { duration: 1s, target: 0 }, { duration: 0s, target: 2 }, { duration: 3s, target: 2 }] }
group: { size: 2 }
setup:
  - { when: member.index == 0 and stage == 'stage-2', share: { room: 7 } }
  - { await: room, within: 700ms }
act:
  - { emit: say, args: ["{{ room }}"] }"#,
        &["1000 0 7", "1000 1 7"],
    );
    assert!(told.example("await room timed out").starts_with("nobody of the group shared `room` within 700ms"));
}

#[test]
fn without_groups_values_are_the_suites() {
    let told = check(
        r#"load: { users: 3, duration: 2s }
connect: { rate: 5/s }
setup:
  - { when: user.index == 2, share: { key: "k" } }
  - { await: key }
act:
  - { when: user.index == 1, share: { word: "w{{ step.number }}" } }
  - { await: word, within: 100ms }
  - { emit: say, args: ["{{ key }} {{ word }}"] }"#,
        &["1000 0 k w1", "1000 1 k w1", "1000 2 k w1"],
    );
    assert_eq!(told.life(), "connections 3");
}

#[test]
fn a_partner_that_never_comes_ends_the_turn_by_the_deadline() {
    let scenario = format!(
        r#"{PAIR}connect: {{ within: 500ms }}
act:
  - {{ emit: first, ack: {{}} }}
  - {{ await: room, within: 250ms }}
  - {{ emit: say }}
  - {{ when: false, share: {{ room: 1 }} }}"#
    );
    let told = simulation(&scenario, without_the_second).run();
    assert_eq!(told.actions(), "planned 12, sent 3, acks 3, ok 3, offline 6, abandoned 3");
    assert!(told.findings().contains(&"step: await room timed out ×3".to_owned()), "{:?}", told.findings());
    let goes_on = simulation(&format!("on_failure: continue\n{scenario}"), without_the_second).run();
    assert_eq!(goes_on.sent("say"), [(1270.0, 0), (2270.0, 0), (3270.0, 0)]);
}

#[test]
fn in_setup_a_partner_that_never_comes_means_to_connect_again() {
    let scenario = format!(
        r#"{PAIR}reconnect: {{ wait: 1s, jitter: 0% }}
connect: {{ within: 500ms }}
setup: [{{ barrier: all, within: 250ms }}]
act: [{{ emit: say }}]"#
    );
    let told = simulation(&scenario, without_the_second).run();
    assert_eq!(told.moments("connect").len(), told.log(|text| text == "connect").len());
    assert_eq!(told.example("barrier all timed out"), "not everybody of the group came to `all` within 250ms");
    assert_eq!((told.actions().as_str(), said(&told).len()), ("planned 6, offline 6", 0));
}

#[test]
fn a_barrier_belongs_to_the_turn_and_opens_for_the_last() {
    let told = check(
        r#"load: { users: 6, duration: 3s }
group: { size: 3 }
act:
  - { pause: 10ms }
  - { when: member.index == step.number, pause: 100ms }
  - { barrier: ready, within: 1s }
  - { emit: say, args: ["{{ step.number }}"], ack: {} }"#,
        &[
            "1110 0 1", "1110 1 1", "1110 2 1", "1110 3 1", "1110 4 1", "1110 5 1", "2110 0 2", "2110 1 2", "2110 2 2",
            "2110 3 2", "2110 4 2", "2110 5 2",
        ],
    );
    assert_eq!(told.actions(), "planned 12, sent 12, acks 12, ok 12");
    // Nobody was late: all of them waited for the last one.
    let (_, least, most) = told.spread(crate::metrics::Distribution::GeneratorLateness);
    assert_eq!((least, most), (0.0, 0.0));
}

#[test]
fn a_barrier_in_setup_waits_for_the_whole_scenario_and_stays_open() {
    let told = check(
        r#"load: { users: 3, duration: 4s }
connect: { rate: 1/s, within: 100ms }
setup: [{ barrier: all }]
act:
  - { when: step.number == 3 and user.index == 1, steps: [{ disconnect: abort }, { reconnect: true }] }
  - { emit: say }"#,
        &["3000 0", "3000 2", "3020 1"],
    );
    assert_eq!(told.life(), "connections 4");
}

#[test]
fn a_barrier_of_the_suite_waits_for_the_scenarios_that_have_it() {
    let text = r#"name: t
target: { url: "http://127.0.0.1:9" }
scenarios:
  a: &a
    load: { users: 2, duration: 3s }
    every: 1s
    setup: [{ barrier: open, of: suite }]
    act: [{ pause: 10ms }, { barrier: go, of: suite }, { emit: say }]
  b:
    <<: *a
    connect: { rate: 1/s }
    setup: [{ pause: 200ms }, { barrier: open, of: suite }]
    act: [{ pause: 50ms }, { barrier: go, of: suite }, { emit: say }]
  c:
    load: { users: 1, duration: 3s }
    every: 1s
    act: [{ barrier: go, within: 1s }]
"#;
    let told = Simulation::new(text).run();
    // The last of `b` comes at 1 s and is there at 1.22 s.
    assert_eq!(said(&told), ["2050 0", "2050 1", "2050 2", "2050 3"]);
    assert_eq!(told.life(), "connections 5");
}

#[test]
fn who_has_left_for_good_is_not_waited_for() {
    let scenario = r#"load: { users: 3, duration: 4s }
reconnect: off
setup: [{ barrier: all, within: 2s }]
act: [{ barrier: turn, within: 500ms }, { emit: say }]"#;
    let told = simulation(scenario, without_the_second).run();
    let expected: Vec<String> =
        [1, 2, 3].into_iter().flat_map(|second| [0, 2].map(|user| format!("{second}000 {user}"))).collect();
    assert_eq!(said(&told), expected);
    assert_eq!(told.life(), "connections 2, connect failures 1");
    // Who will come again is waited for, as long as the deadline lets.
    let scenario = scenario.replace("off", "{ wait: 3s, max: 3s, jitter: 0% }");
    let told = simulation(&scenario, without_the_second).run();
    assert!(told.example("barrier all timed out").starts_with("not everybody of the scenario came to `all` within 2s"));
}

#[test]
fn in_a_closed_loop_a_group_counts_its_turns_together() {
    let text = |act: &str| {
        suite(&format!(
            "pattern: none\nevery: asap\nload: {{ users: 2, duration: 500ms }}\ngroup: {{ size: 2 }}\n{act}"
        ))
    };
    // Without a partner no turn would come to its end: the pair begins together, and ends with the same turn.
    let act = r#"act:
  - { pause: "20ms..70ms" }
  - { share: { a: "{{ step.number }}" }, when: member.index == 0 }
  - { await: a, within: 1s }
  - { barrier: b, within: 1s }
  - { emit: say, args: ["{{ a }}"], ack: {} }"#;
    let told = Simulation::new(&text(act)).run();
    let texts = said(&told);
    let turns = |user: &str| {
        let own = texts.iter().filter(|text| text.split(' ').nth(1) == Some(user));
        own.filter_map(|text| text.split(' ').nth(2)).collect::<Vec<_>>()
    };
    assert!(turns("0").len() > 3 && turns("0") == turns("1"), "{texts:?}");
    assert_eq!(turns("0"), (0..turns("0").len()).map(|turn| turn.to_string()).collect::<Vec<_>>());
    assert_eq!(told.life(), "connections 2");
}

#[test]
fn a_member_that_was_away_comes_back_to_the_turn_of_the_others() {
    let text = suite(
        r#"pattern: none
every: asap
load: { users: 2, duration: 3s }
group: { size: 2 }
reconnect: { wait: 1s, jitter: 0% }
act:
  - { pause: 100ms }
  - { share: { a: "{{ step.number }}" } }
  - { barrier: b, within: 200ms }
  - { emit: say, args: ["{{ a }}"], ack: {} }"#,
    );
    let server = |seen: &Seen<'_>| {
        if seen.user == 1 && seen.wire == 1 && seen.emits("say") && seen.ms() > 500 {
            return vec![(5, Arrival::Ended("lost"))];
        }
        polite(seen)
    };
    let told = Simulation::new(&text).server(server).run();
    let texts = said(&told);
    let last = |user: &str| texts.iter().rev().find(|text| text.split(' ').nth(1) == Some(user)).cloned().unwrap();
    let turn = |text: String| text.split(' ').nth(2).unwrap().to_owned();
    assert_eq!(turn(last("0")), turn(last("1")), "{texts:?}");
    let errors = told.count(crate::metrics::Counter::StepErrors);
    assert!((3..=6).contains(&errors), "{errors} {:?}", told.findings());
}

#[test]
fn who_is_away_owes_the_group_no_turn() {
    let text = suite(
        r#"pattern: none
every: asap
load: { users: 2, duration: 1s }
group: { size: 2 }
reconnect: off
act: [{ pause: 100ms }, { emit: say, ack: {} }]"#,
    );
    let server = |seen: &Seen<'_>| {
        if seen.user == 1 && seen.emits("say") { vec![(5, Arrival::Ended("lost"))] } else { polite(seen) }
    };
    let told = Simulation::new(&text).server(server).run();
    assert_eq!(told.actions(), "planned 9, sent 9, acks 8, ok 8, disconnected 1");
    assert!(told.end < super::simulation::at(1_200), "{}", told.end);
}

#[test]
fn late_timers_make_no_difference_to_what_came_in_time() {
    // Timers fire 20 ms late: the value comes before the timer has told that it is awaited no more, in both cases.
    for (pause, actions) in [(290, "planned 6, sent 6, ok 6"), (310, "planned 6, sent 3, ok 3, abandoned 3")] {
        let scenario = format!(
            r#"{PAIR}act:
  - {{ when: member.index == 0, pause: {pause}ms }}
  - {{ when: member.index == 0, share: {{ room: 1 }} }}
  - {{ await: room, within: 300ms }}
  - {{ emit: say }}"#
        );
        let told = simulation(&scenario, polite).lag(20).run();
        assert_eq!(told.actions(), actions, "{pause} ms: {:#?}", told.log);
    }
}

#[test]
fn who_waits_for_others_when_the_run_is_stopped_is_unfinished() {
    let scenario = format!("{PAIR}act: [{{ await: room }}, {{ emit: say }}, {{ when: false, share: {{ room: 1 }} }}]");
    let told = simulation(&scenario, polite).stop_at(1_500).run();
    assert_eq!(told.actions(), "planned 2, unfinished 2");
}
