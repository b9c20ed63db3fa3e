//! Users that have to do with each other, against real servers: games for two with values passed between the players, and what
//! users of several workers share.

use crate::support::{Program, ServerProcess, check_sums, number};

/// Pairs play one game in each step, by a room that one makes and tells the other; the first mover wins with the fifth move.
const PAIRS: &str = r#"name: pairs
target: { url: "${TARGET_URL}" }
credentials: { generate: { user: "player-{{ user.index }}" } }
scenarios:
  friends:
    load: { users: 40, duration: 7s }
    group: { size: 2 }
    every: 3s
    connect: { auth: { user: "{{ user.user }}" }, rate: 200/s, within: 1s }
    act:
      - { when: member.index == 0, emit: create, args: [{}], ack: { ok: ack.ok }, save: { made: ack.room } }
      - { when: member.index == 0, share: { room: "{{ made }}" } }
      - { await: room, within: 700ms }
      - { when: member.index == 1, emit: join-room, name: join_room, args: [{ room: "{{ room }}" }], ack: { ok: ack.ok } }
      - { expect: matched, where: data.match == room and data.seat == member.index }
      - { barrier: seated, within: 700ms }
      - set: { turn: 0 }
      - repeat: 5
        steps:
          - emit: move
            when: turn % 2 == member.index
            args: [{ match: "{{ room }}", cell: "{{ [0, 3, 1, 4, 2][turn] }}", ref: "{{ action.id }}" }]
            ack: { ok: ack.ok, rejected: ack.error == 'not-your-turn' }
          - { expect: moved, where: data.match == room and data.number == turn + 1 }
          - set: { turn: "{{ turn + 1 }}" }
      - { expect: game-over, where: data.match == room and data.winner == 0 }
thresholds:
  success_rate: "== 100%"
  errors: "== 0"
"#;

#[test]
fn pairs_play_games_with_values_passed_between_them() {
    let Some(server) = ServerProcess::node("matchmaking", &[]) else { return };
    let program = Program::new().file("suite.yaml", PAIRS).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml", "--workers", "2"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let (results, stats) = (program.results("pairs"), server.stats());
    check_sums(&results);
    // Twenty pairs, in steps 1 and 2: each game takes five moves after one has made a room and the other has come in.
    for (name, count) in [("matches", 40), ("won", 40), ("move_accepted", 200), ("move_rejected", 0), ("abandoned", 0)]
    {
        assert_eq!(stats[name], count, "{name}: {stats:?}");
    }
    assert_eq!(number(&results, "/totals/ok"), 280);
}

#[test]
fn a_pair_whose_partner_never_comes_ends_by_its_deadline() {
    let Some(server) = ServerProcess::node("matchmaking", &[]) else { return };
    // The server lets nobody in without a name, and the fourth pair has a first player without one.
    let text = PAIRS.replace("player-{{ user.index }}", "{{ '' if user.index == 6 else 'player-' ~ user.index }}");
    let program = Program::new().file("suite.yaml", &text).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 99, "{}", ended.printed());
    let (results, stats) = (program.results("pairs"), server.stats());
    check_sums(&results);
    assert_eq!((stats["matches"], stats["won"]), (38, 38), "{stats:?}");
    // What the one owes is not sent for want of a connection, what the other does, for want of the one.
    assert_eq!(number(&results, "/totals/ok"), 38 * 7);
    let (offline, abandoned) =
        (number(&results, "/totals/not_sent_offline"), number(&results, "/totals/not_sent_abandoned"));
    assert!(offline > 0 && abandoned > 0, "{}", results["totals"]);
    let mut errors = results["errors"].as_array().expect("errors").iter();
    let found = errors.find(|error| error["kind"] == "await room timed out").expect("the deadline");
    assert_eq!((&found["count"], &found["examples"][1]["user"]), (&2.into(), &7.into()), "{found}");
    assert_eq!(found["examples"][1]["detail"], "nobody of the group shared `room` within 700ms, in step 2");
}

/// Users of three workers wait for each other, and one of them tells all others a key; in each step another one has the word.
const TOGETHER: &str = r#"name: together
target: { url: "${TARGET_URL}", namespace: /auction }
credentials: { generate: { user: "bidder-{{ user.index }}", password: correct horse } }
scenarios:
  all:
    load: { users: 9, duration: 4s }
    every: 1s
    login:
      - { post: /login, json: { user: "{{ user.user }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
      - { when: user.index == 8, share: { key: "k-{{ user.index }}" } }
    connect: { auth: { token: "{{ token }}" } }
    setup:
      - { barrier: all }
    act:
      - { when: user.index == step.number, share: { word: "w-{{ step.number }}" } }
      - { await: word, within: 500ms }
      - { barrier: heard, of: suite, within: 500ms }
      - get: "/health?word={{ word }}"
        name: health
  others:
    load: { users: 3, duration: 4s }
    every: 1s
    login:
      - { await: key, within: 5s }
      - { post: /login, json: { user: "{{ user.user }}-{{ key }}", password: "{{ user.password }}" }, save: { token: response.json.token } }
    connect: { auth: { token: "{{ token }}" } }
    act:
      - { barrier: heard, of: suite, within: 500ms }
      - { get: /health, name: health }
thresholds:
  success_rate: "== 100%"
  errors: "== 0"
"#;

#[test]
fn users_of_several_workers_wait_for_each_other() {
    let server = ServerProcess::built_in(&[]);
    let program = Program::new().file("suite.yaml", TOGETHER).env("TARGET_URL", &server.url);
    let ended = program.run(&["run", "suite.yaml", "--workers", "3"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    // Twelve users in steps 1, 2 and 3.
    assert_eq!(number(&program.results("together"), "/totals/ok"), 36, "{}", ended.printed());
}
