//! `cotillion plan`: the page for people, the document for programs, the picture.

use serde_json::Value;

use crate::cli::{check, suite, value_of};
use crate::support::Program;

const PLAIN: &[(&str, &str)] = &[];

#[test]
fn the_page_says_what_is_proved_and_what_will_happen() {
    let plan = ["plan", "suite.yaml"];
    let says = [
        "✓ The plan keeps every cooldown, with 400.4 ms to spare",
        "per_resource",
        "1.4 s",
        "kept",
        "1.556 s (auto",
        "actions/s",
        "74 open files",
        "user 0   lot-0",
    ];
    check(&suite("page", PLAIN), &plan, 0, &says);
    let dedicated = suite("page", &[("pattern: rotate", "pattern: dedicated")]);
    check(&dedicated, &plan, 0, &["no contention"]);
    let burst = suite("page", &[("pattern: rotate", "pattern: burst")]);
    check(&burst, &plan, 0, &["≈ Users collide by design (per resource); every other cooldown is kept", "by design"]);
    let closed = suite("page", &[("pattern: rotate", "pattern: rotate\n    every: asap")]);
    check(&closed, &plan, 0, &["? Not provable: a closed loop"]);
    let free = suite("page", &[("cooldown: { per_resource: 1s, per_user: 200ms, margin: 400ms }\n", "")]);
    check(&free, &["plan", "suite.yaml", "--every", "2s"], 0, &["Nothing to prove", "2 s"]);
    let forced = ["plan", "suite.yaml", "--every", "1s", "--force"];
    check(&suite("page", PLAIN), &forced, 0, &["✗ The plan breaks the cooldown", "it is forced", "−500 ms"]);
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let program = Program::new().file("suite.yaml", &suite("long", PLAIN));
    let page = program.run(&["plan", "suite.yaml", "--duration", "59m59s999ms999us999ns", "--users", "3"]).stdout;
    assert_eq!((value_of(&page, "duration"), value_of(&page, "users")), ("1 h", "3"), "{page}");
}

#[test]
fn the_page_fits_and_is_coloured_only_where_that_is_wanted() {
    let look = |columns: &str, variables: &[(&str, &str)]| {
        let program = Program::new().file("suite.yaml", &suite("look", PLAIN)).env("COLUMNS", columns);
        let program = variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        program.run(&["plan", "suite.yaml"]).stdout
    };
    for columns in [60, 80, 120] {
        let page = look(&columns.to_string(), &[]);
        assert!(page.lines().all(|line| line.chars().count() <= columns), "{columns}: {page}");
        assert!(!page.contains('\u{1b}') && !page.contains("  …"), "{page}");
        assert_eq!(page.contains('┃'), columns > 80, "bars stand where there is room: {page}");
    }
    assert!(look("80", &[("CLICOLOR_FORCE", "1")]).contains("\u{1b}[32m"));
    assert!(!look("80", &[("NO_COLOR", "1")]).contains('\u{1b}'));
}

#[test]
fn the_document_holds_what_the_page_shows() {
    let program = Program::new().file("suite.yaml", &suite("document", PLAIN));
    let page = program.run(&["plan", "suite.yaml"]).stdout;
    let text = program.run(&["plan", "suite.yaml", "--format", "json"]).stdout;
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((document["format"].as_str(), document["version"].as_u64()), (Some("cotillion-plan"), Some(1)));
    let plan = &document["plan"];
    assert_eq!(plan["proof"]["verdict"], "kept");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&page).contains(plan["proof"]["sentence"].as_str().unwrap()), "{page}");
    for fact in plan["facts"].as_array().unwrap() {
        let (label, value) = (fact[0].as_str().unwrap(), fact[1].as_str().unwrap());
        assert!(words(&page).contains(&words(&format!("{label} {value}"))), "{label} {value}: {page}");
    }
    assert_eq!(value_of(&page, "users"), plan["totals"]["users"].to_string());
    let rule = &plan["proof"]["rules"][0];
    assert_eq!(
        (&rule["rule"], &rule["per_ms"], &rule["needed_ms"]),
        (&"per_resource".into(), &1e3.into(), &1.4e3.into())
    );
    assert_eq!(rule["difference_ms"].as_f64(), Some(0.4), "{rule}");
    assert_eq!(plan["steps"]["rows"][1][1][0], "lot-1");
}

#[test]
fn the_picture_shows_the_resources_and_a_file_takes_it() {
    let program = Program::new().file("suite.yaml", &suite("picture", PLAIN));
    let ended = program.run(&["plan", "suite.yaml", "--format", "svg", "--out", "pictures/plan.svg"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.printed());
    let svg = program.left("pictures/plan.svg");
    let mut reader = quick_xml::Reader::from_str(&svg);
    while !matches!(reader.read_event().expect("well-formed XML"), quick_xml::events::Event::Eof) {}
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    for part in ["picture: who acts on what", ">lot-0<", ">lot-9<", "user 9", "cooldown of 1 s", "prefers-color-scheme"]
    {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    // Twelve steps of ten users: a dot and a pale bar each.
    let of = |piece: &str| svg.matches(piece).count();
    let bars = svg.lines().flat_map(|line| line.split('<')).filter(|path| path.contains("stroke-opacity=\"0.24\""));
    let bars: usize = bars.map(|path| path.matches('M').count()).sum();
    assert_eq!((of("h0M") + of("h0\""), bars), (120, 120), "{svg}");
}

#[test]
fn several_suites_have_no_single_document() {
    let program = Program::new().file("a/1.yaml", &suite("one", PLAIN)).file("a/2.yaml", &suite("two", PLAIN));
    let ended = program.run(&["plan", "a", "--format", "json"]);
    assert!(ended.code == 2 && ended.stderr.contains("name one of them"), "{}", ended.printed());
    assert_eq!(program.run(&["plan", "a"]).code, 0);
}
