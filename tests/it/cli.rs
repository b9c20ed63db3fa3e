//! The command line: what it says, where, and with which exit code. No test here needs a server.

use crate::support::{Program, number};

/// A suite of the auction in which a test replaces what it is about.
pub fn suite(name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = AUCTION.replace("NAME", name);
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the suite");
        text = text.replace(from, to);
    }
    text
}

const AUCTION: &str = r#"name: NAME
target: { url: "${TARGET_URL:-demo}", namespace: /auction }
credentials:
  generate: { user: "bidder-{{ user.index }}", password: "${AUCTION_PASSWORD:-correct horse}" }
resources: { count: 10, id: "lot-{{ index }}" }
cooldown: { per_resource: 1s, per_user: 200ms, margin: 400ms }
scenarios:
  bidders:
    load: { users: 10, duration: 6s }
    pattern: rotate
    login:
      - post: /login
        json: { user: "{{ user.user }}", password: "{{ user.password }}" }
        save: { token: response.json.token }
    connect: { auth: { token: "{{ token }}" }, rate: 100/s }
    setup:
      - { each: resources, emit: join, args: ["{{ resource.id }}"], ack: { ok: ack.ok } }
    act:
      - emit: bid
        args: [{ lot: "{{ resource.id }}", amount: "{{ step.number + 1 }}", ref: "{{ action.id }}" }]
        ack: { within: 1s, ok: ack.ok, rejected: "ack.error == 'cooldown'" }
thresholds:
  success_rate: ">= 99%"
  disconnects: "== 0"
"#;

/// What the page of a plan says beside a label.
pub fn value_of<'a>(page: &'a str, label: &str) -> &'a str {
    page.lines().find_map(|line| line.trim_start().strip_prefix(label)?.strip_prefix("  ")).unwrap_or_default().trim()
}

/// Calls the program in a folder with this suite and compares the exit code and parts of what it says.
pub fn check(text: &str, arguments: &[&str], code: i32, says: &[&str]) {
    let program = Program::new().file("suite.yaml", text);
    let ended = program.run(arguments);
    let printed = ended.printed();
    assert_eq!(ended.code, code, "{arguments:?}: {printed}");
    for part in says {
        assert!(printed.contains(part), "{part:?} is missing in: {printed}");
    }
}

#[test]
fn six_mistakes_are_six_located_problems() {
    let wrong = suite(
        "wrong",
        &[
            ("load: { users: 10, duration: 6s }", "load: { users: 10, duration: 6 }"),
            ("pattern: rotate", "patern: rotate"),
            ("{{ user.password }}", "{{ user.pasword }}"),
            ("ack: { ok: ack.ok }", "ack: { ok: akc.ok }"),
            ("namespace: /auction", "namespace: /auction, url2: x"),
            ("success_rate: \">= 99%\"", "succes_rate: \">= 99%\""),
        ],
    );
    let places =
        ["suite.yaml:2:", "suite.yaml:9:", "suite.yaml:10:", "suite.yaml:13:", "suite.yaml:17:", "suite.yaml:23:"];
    let hints = ["write `6ms` or `6s`", "`pattern`", "`password`", "`ack`", "`success_rate`", "6 problems"];
    let says: Vec<&str> = places.into_iter().chain(hints).collect();
    check(&wrong, &["check", "suite.yaml"], 104, &says);
    check(&wrong, &["run", "suite.yaml"], 104, &says);
}

#[test]
fn an_unset_secret_is_named_with_its_place() {
    let text = suite("unset", &[("${AUCTION_PASSWORD:-correct horse}", "${AUCTION_PASSWORD}")]);
    check(&text, &["run", "suite.yaml"], 104, &["AUCTION_PASSWORD", "suite.yaml:4:", "is not set"]);
    let program = Program::new().file("suite.yaml", &text).env("AUCTION_PASSWORD", "");
    assert_eq!(program.run(&["run", "suite.yaml"]).code, 104, "an empty secret is none");
}

#[test]
fn a_local_env_file_fills_in_and_never_overrides() {
    let text = suite("dotenv", &[("users: 10", "users: \"${USERS}\"")]);
    let program = Program::new().file("suite.yaml", &text).file(".env", "USERS=7\nAUCTION_PASSWORD=from-file\n");
    let plan = program.run(&["plan", "suite.yaml"]);
    assert!(plan.code == 0 && value_of(&plan.stdout, "users") == "7", "{}", plan.printed());
    let plan = program.env("USERS", "9").run(&["plan", "suite.yaml"]);
    assert!(value_of(&plan.stdout, "users") == "9", "{}", plan.printed());
}

#[test]
fn hosts_that_are_not_allowed_are_refused() {
    let text = suite("host", &[("${TARGET_URL:-demo}", "https://example.com")]);
    check(
        &text,
        &["check", "suite.yaml"],
        104,
        &["`example.com` is neither loopback nor allowed", "--allow example.com"],
    );
    check(&text, &["check", "suite.yaml", "--allow", "example.com"], 0, &["ok"]);
}

#[test]
fn too_few_credentials_and_impossible_steps_are_refused() {
    let text = suite(
        "rows",
        &[(
            "  generate: { user: \"bidder-{{ user.index }}\", password: \"${AUCTION_PASSWORD:-correct horse}\" }",
            "  env: ROWS",
        )],
    );
    let program = Program::new().file("suite.yaml", &text).env("ROWS", "user,password\nann,secret-1\nbob,secret-2\n");
    let ended = program.run(&["check", "suite.yaml"]);
    assert!(
        ended.code == 104 && ended.stderr.contains("2 rows of credentials are too few for 10 users"),
        "{}",
        ended.printed()
    );
    check(
        &suite("step", &[]),
        &["check", "suite.yaml", "--every", "1s"],
        104,
        &["smallest gap", "`every: 1s556ms` would do, or 2 users"],
    );
}

#[test]
fn nobody_listening_is_its_own_exit_code_with_reports() {
    let text = suite("nobody", &[("${TARGET_URL:-demo}", "http://127.0.0.1:1")]);
    let program = Program::new().file("suite.yaml", &text);
    let ended = program.run(&["run", "suite.yaml"]);
    assert_eq!(ended.code, 112, "{}", ended.printed());
    assert!(ended.printed().contains("UNREACHABLE") && ended.printed().contains("127.0.0.1:1"), "{}", ended.printed());
    let results = program.results("nobody");
    assert_eq!((results["verdict"]["status"].as_str(), number(&results, "/totals/planned")), (Some("unreachable"), 0));
    let junit = program.left("cotillion-report/nobody/junit.xml");
    assert!(junit.contains("<error") && !junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
    assert!(program.left("cotillion-report/nobody/report.html").contains("UNREACHABLE"));
}

#[test]
fn a_target_that_never_gets_ready_is_unreachable() {
    let text = suite(
        "ready",
        &[
            ("namespace: /auction }", "namespace: /auction, ready: { get: /health, within: 700ms } }"),
            ("${TARGET_URL:-demo}", "http://127.0.0.1:1"),
        ],
    );
    check(&text, &["run", "suite.yaml"], 112, &["`/health` was not ready within 700ms"]);
}

#[test]
fn more_users_than_open_files_are_refused_before_the_run() {
    let program =
        Program::new().file("suite.yaml", &suite("files", &[("users: 10", "users: 300"), ("count: 10", "count: 300")]));
    let binary = env!("CARGO_BIN_EXE_cotillion");
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -n 100 && exec {binary} run suite.yaml")])
        .current_dir(program.folder())
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(104) && said.contains("ulimit -n 364"), "{said}");
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    for arguments in
        [&["run"][..], &["dance"], &["run", "x.yaml", "--duration", "5"], &["run", "x.yaml", "--var", "no-value"]]
    {
        let ended = Program::new().run(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.printed());
    }
    check("", &["run", "missing.yaml"], 104, &["`missing.yaml` cannot be read"]);
}

#[test]
fn the_schema_is_the_committed_one_and_the_list_is_complete() {
    let schema = Program::new().run(&["schema"]).stdout;
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/suite.schema.json")).expect("the schema");
    assert_eq!(schema, committed, "regenerate it: cargo run -- schema > suite.schema.json");
    let list = Program::new().run(&["list"]).stdout;
    for metric in cotillion::metrics::METRICS {
        assert!(list.contains(metric.name), "{}", metric.name);
    }
    for (_, number, about) in cotillion::cli::exit::EXITS {
        assert!(list.contains(&format!("{number}")) && list.contains(about), "{about}");
    }
}

#[test]
fn trying_shows_every_frame_and_no_secret() {
    let program = Program::new().file("suite.yaml", &suite("try", &[])).env("AUCTION_PASSWORD", "hunter2-hunter2");
    let ended = program.run(&["try", "suite.yaml"]);
    let printed = ended.printed();
    assert_eq!(ended.code, 0, "{printed}");
    for part in ["POST /login", "→ 40/auction,", "← 0{", "[\"bid\",{\"lot\":\"lot-0\"", "1 of 1 actions ok, 0 errors"]
    {
        assert!(printed.contains(part), "{part:?} is missing in: {printed}");
    }
    assert!(!printed.contains("hunter2") && printed.contains("•••"), "{printed}");
    check(
        &suite("try", &[("emit: bid", "emit: bidd")]).replace("within: 1s", "within: 300ms"),
        &["try", "suite.yaml"],
        99,
        &["0 of 1 actions ok", "no ack came within 300ms"],
    );
}

#[test]
fn trying_ends_when_the_server_refuses() {
    let text = suite("refused", &[("auth: { token: \"{{ token }}\" }", "auth: { token: wrong-token }")]);
    check(&text, &["try", "suite.yaml"], 112, &["unauthorized", "the user never became ready"]);
}

#[test]
fn resources_come_from_lists_and_files_of_several_shapes() {
    let from = |resources: &str| suite("lots", &[("{ count: 10, id: \"lot-{{ index }}\" }", resources)]);
    for (file, text) in
        [("lots.json", r#"["red", { "id": "blue", "price": 3 }, 7]"#), ("lots.csv", "id,price\nred,1\nblue,2\n7,3\n")]
    {
        let program = Program::new().file(file, text).file("suite.yaml", &from(&format!("{{ file: {file} }}")));
        let plan = program.run(&["plan", "suite.yaml"]).printed();
        assert!(
            plan.contains("user 0   red") && plan.contains("blue") && value_of(&plan, "resources") == "3",
            "{plan}"
        );
    }
    check(&from("{ list: [red, { id: blue }] }"), &["plan", "suite.yaml"], 0, &["user 0   red", "blue"]);
    // One mistake is one problem, whatever would follow from it.
    check(
        &from("{ file: missing.json }"),
        &["check", "suite.yaml"],
        104,
        &["`missing.json` cannot be read", "1 problem,"],
    );
}

#[test]
fn suites_of_one_name_are_refused() {
    let program = Program::new().file("a/1.yaml", &suite("same", &[])).file("a/2.yaml", &suite("same", &[]));
    let ended = program.run(&["run", "a"]);
    assert!(ended.code == 104 && ended.stderr.contains("`a/1.yaml` has the name `same` too"), "{}", ended.printed());
    assert!(ended.stderr.contains("a/2.yaml:1:"), "{}", ended.printed());
}
