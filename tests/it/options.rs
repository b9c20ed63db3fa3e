//! Options and their variables: which value wins, and that the document has all of them.

use std::fs;

use cotillion::cli::options;

use crate::cli::suite;
use crate::support::Program;

#[test]
fn the_document_has_every_option() {
    let row = |cells: [&str; 4]| format!("| {} |\n", cells.join(" | "));
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let rows = options::table().into_iter().map(|[option, variable, default, about]| {
        row([&code(&option), &code(&variable), &code(&default), &about.replace('|', "\\|")])
    });
    let table = row(["option", "variable", "default", "does"]) + "|---|---|---|---|\n" + &rows.collect::<String>();
    let path = "docs/options.md";
    assert!(fs::read_to_string(path).unwrap().contains(&table), "{path} lacks, word for word:\n\n{table}");
}

/// The value of an option and where it comes from, as `--print-config` says.
fn printed(environment: &[(&str, &str)], arguments: &[&str], option: &str) -> (String, String) {
    let program = environment.iter().fold(Program::new(), |program, (name, value)| program.env(name, value));
    let ended = program.run(&[&["run", "--print-config"], arguments].concat());
    assert_eq!(ended.code, 0, "{}", ended.printed());
    let line = ended.stdout.lines().find(|line| line.split_whitespace().next() == Some(option));
    let cells: Vec<&str> =
        line.unwrap_or_else(|| panic!("{}", ended.stdout)).split("  ").filter(|cell| !cell.is_empty()).collect();
    (cells[1].trim().to_owned(), cells[2].trim().to_owned())
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_what_is_built_in() {
    let check = |environment: &[(&str, &str)], arguments: &[&str], option: &str, value: &str, from: &str| {
        let expected = (value.to_owned(), from.to_owned());
        assert_eq!(printed(environment, arguments, option), expected, "{environment:?} {arguments:?}");
    };
    let out = ("COTILLION_OUT", "from-env");
    check(&[], &[], "--out", "cotillion-report", "default");
    check(&[out], &[], "--out", "from-env", "COTILLION_OUT");
    check(&[out], &["--out", "given"], "--out", "given", "command line");
    check(&[("COTILLION_OUT", "")], &[], "--out", "cotillion-report", "default");
    check(&[], &[], "--strict", "false", "default");
    check(&[("COTILLION_STRICT", "yes")], &[], "--strict", "yes", "COTILLION_STRICT");
    check(&[("COTILLION_STRICT", "")], &[], "--strict", "false", "default");
    check(&[("COTILLION_SKIP_TAGS", "a,b")], &["--tags", "c"], "--skip-tags", "a,b", "COTILLION_SKIP_TAGS");
    check(&[("COTILLION_USERS", "7")], &[], "--users", "7", "COTILLION_USERS");
    check(&[("COTILLION_ENABLED", "")], &[], "--enabled", "-", "COTILLION_ENABLED");
    // What may be secret is not printed.
    check(&[("COTILLION_VAR", "a=b")], &["--var", "token=hunter22"], "--var", "token=…", "command line");
}

#[test]
fn variables_that_make_no_sense_are_named() {
    for (name, value) in [("COTILLION_STRICT", "maybe"), ("COTILLION_WORKERS", "0"), ("COTILLION_FORMAT", "pdf")] {
        let ended = Program::new().env(name, value).run(&["run", "suite.yaml"]);
        assert!(ended.code == 2 && ended.stderr.contains(name), "{}", ended.printed());
    }
    // Other commands do not mind what is for `run`.
    let program = Program::new().env("COTILLION_FORMAT", "html").file("suite.yaml", &suite("plain", &[]));
    assert_eq!(program.run(&["plan", "suite.yaml"]).code, 0);
    let ended = program.env("COTILLION_USERS", "4").run(&["plan", "suite.yaml"]);
    assert_eq!(crate::cli::value_of(&ended.stdout, "users"), "4", "{}", ended.printed());
}

#[test]
fn servers_and_formats_are_shown_as_they_come_out() {
    let says = |environment: &[(&str, &str)], arguments: &[&str], lines: [&str; 2]| {
        let program = environment.iter().fold(Program::new(), |program, (name, value)| program.env(name, value));
        let ended = program.run(&[&["run", "--print-config"], arguments].concat());
        for line in lines {
            assert!(ended.stdout.lines().any(|printed| printed.starts_with(line)), "{line:?}: {}", ended.stdout);
        }
    };
    let github = [("GITHUB_ACTIONS", "true")];
    says(&[], &[], ["CI server: none", "reports: report.html, junit.xml, results.json"]);
    says(&github, &["--format", "junit"], ["CI server: github", "reports: junit.xml, results.json"]);
    says(&github, &["--ci", "none"], ["CI server: none", "reports: report.html"]);
    says(&[], &["--ci", "gitlab", "--format", "html"], ["CI server: gitlab", "reports: report.html, results.json"]);
}

#[test]
fn completions_and_pages_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = Program::new().run(&["completions", shell]);
        assert!(ended.code == 0 && ended.stdout.contains("print-config") && ended.stdout.contains("init"), "{shell}");
    }
    let page = Program::new().run(&["man"]).stdout;
    for command in ["run", "plan", "check", "init", "completions"] {
        assert!(page.contains(&format!("cotillion\\-{command}(1)")), "{command}: {page}");
    }
    let page = Program::new().run(&["man", "run"]).stdout;
    assert!(
        page.starts_with(".ie") && page.contains(".TH cotillion-run 1") && page.contains("\\-\\-max\\-duration"),
        "{page}"
    );
    assert_eq!(Program::new().run(&["man", "nothing"]).code, 2);
}

#[test]
fn templates_come_from_a_folder() {
    let program = Program::new().file("suite.yaml", &suite("looks", &[])).file("empty/inner/x.html", "");
    for folder in ["nowhere", "empty"] {
        let ended = program.run(&["run", "suite.yaml", "--template", folder]);
        assert!(ended.code == 104 && ended.stderr.contains(folder), "{}", ended.printed());
    }
}
