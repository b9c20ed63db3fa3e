//! Several namespaces, binary data and sessions that are taken up, against npm's socket.io.

use crate::support::{Program, ServerProcess, number};

/// Each guest drops its connection once, while the others go on talking.
const LOUNGE: &str = r#"name: lounge
target: { url: "${TARGET_URL}", recovery: true }
scenarios:
  guests:
    load: { users: 4, duration: 8s }
    every: 1s
    connect: { namespaces: { /: {}, /admin: { auth: { role: "{{ ['admin'][0] }}" } } }, rate: 100/s }
    setup:
      - { emit: enter, ack: { ok: ack.ok }, joins: all }
    act:
      - { emit: say, args: [{ ref: "{{ action.id }}" }], ack: { ok: ack.ok }, delivery: { event: said, match: data.ref, of: all, within: 500ms } }
      - emit: rule
        namespace: /admin
        args: [{ ref: "{{ action.id }}" }]
        ack: { ok: ack.ok }
        delivery: { event: ruled, match: data.ref, to: everyone, within: 500ms }
      - set: { blob: { $random: 1KiB } }
      - emit: echo
        args: ["{{ blob }}", { deep: [{ $hex: 00ff }] }]
        ack: { ok: "ack[0] == blob and ack[1].deep[0] | hex == '00ff' and ack[2].length == 1024 and ack[0] is bytes" }
      - when: step.number == user.index + 3
        steps: [{ pause: 150ms }, { disconnect: abort }, { pause: 500ms }, { reconnect: true }]
      - { when: step.number != user.index + 3, steps: [{ pause: 400ms }] }
      - emit: say
        name: say again
        args: [{ ref: "{{ action.id }}" }]
        ack: { ok: ack.ok }
        delivery: { event: said, match: data.ref, of: all, within: 500ms }
thresholds:
  success_rate: "== 100%"
  recovered_rate: "== 100%"
  delivery_rate: "== 100%"
  delivery_missing: "== 0"
  delivery_duplicate: "== 0"
  delivery_ambiguous: "== 0"
  errors: "== 0"
"#;

#[test]
fn what_was_missed_is_replayed_and_every_count_agrees() {
    let Some(server) = ServerProcess::node_script("auction", "lounge.mjs") else { return };
    let program = Program::new().file("lounge.yaml", LOUNGE).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "lounge.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let (results, stats) = (program.results("lounge"), server.stats());
    // Four guests, two namespaces each; nobody enters twice.
    assert_eq!((stats["recovered"], stats["enters"], stats["refused"]), (8, 4, 0), "{stats:?}");
    let sent = stats["says"] + stats["rules"] + stats["echoes"];
    assert_eq!(sent, number(&results, "/totals/sent"), "{stats:?}");
    let told = stats["said"] + stats["ruled"];
    assert!(told > 150, "{stats:?}");
    assert_eq!(told, number(&results, "/totals/received_events"), "{stats:?}");
    for count in ["expected", "in_time"] {
        let actions = results["deliveries"].as_array().unwrap().iter();
        let sum: u64 = actions.map(|action| number(action, &format!("/{count}"))).sum();
        assert_eq!(told, sum, "{count}: {stats:?}");
    }
}

#[test]
fn one_refused_namespace_fails_the_connect_and_is_named() {
    let Some(server) = ServerProcess::node_script("auction", "lounge.mjs") else { return };
    let text = LOUNGE.replace("['admin'][0]", "['guest'][0]").replace("duration: 8s", "duration: 2s");
    let program = Program::new().file("lounge.yaml", &text).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "lounge.yaml"]);
    assert_eq!(ended.code, 112, "{}", ended.printed());
    assert!(ended.printed().contains("connect of /admin refused by the server"), "{}", ended.printed());
    assert!(ended.printed().contains("not an admin"), "{}", ended.printed());
}
