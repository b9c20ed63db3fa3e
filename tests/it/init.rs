//! A new user's way: `cotillion init` in an empty repository, then the command that it prints.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::Program;

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().expect("git");
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn the_printed_command_passes() {
    let program = Program::new();
    git(program.folder(), &["init", "--quiet"]);
    git(program.folder(), &["remote", "add", "origin", "git@github.com:somebody/something.git"]);
    let ended = program.run(&["init"]);
    assert_eq!(ended.code, 0, "{}", ended.printed());
    assert!(program.left(".github/workflows/load-test.yml").contains("cotillion run loadtests"));
    let next: Vec<&str> = ended.stdout.lines().filter_map(|line| line.trim().strip_prefix("cotillion ")).collect();
    let [command] = next.as_slice() else { panic!("one command comes next: {}", ended.stdout) };
    let ended = program.run(&command.split_whitespace().collect::<Vec<_>>());
    assert_eq!(ended.code, 0, "{}", ended.printed());
    assert_eq!(program.results("smoke")["verdict"]["status"], "pass");
    // What the pipeline calls is all suites of the folder, and the pipeline is none of them.
    assert_eq!(program.run(&["check", "loadtests"]).code, 0);
}

#[test]
fn the_ci_server_that_is_there_gets_its_pipeline() {
    let check = |signs: &[&str], arguments: &[&str], expected: &[&str]| {
        let program = signs.iter().fold(Program::new(), |program, sign| program.file(sign, "kept as it is\n"));
        let ended = program.run(&[&["init"], arguments].concat());
        assert_eq!(ended.code, 0, "{}", ended.printed());
        let files = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let wrote = ended.stdout.lines().filter_map(|line| line.strip_prefix("wrote ")).map(str::to_owned);
        let all = [&["loadtests/smoke.yaml"], expected].concat();
        assert_eq!(wrote.collect::<BTreeSet<_>>(), files(&all), "{signs:?}");
        expected.iter().for_each(|file| assert!(program.left(file).contains("cotillion run loadtests"), "{file}"));
        // Once more: nothing is overwritten, and nothing that was there before was.
        let again = program.file("loadtests/smoke.yaml", "mine\n");
        assert!(!again.run(&[&["init"], arguments].concat()).stdout.contains("wrote "));
        assert_eq!(again.left("loadtests/smoke.yaml"), "mine\n");
        signs.iter().for_each(|sign| assert_eq!(again.left(sign), "kept as it is\n"));
    };
    let (github, gitlab, circle) =
        (".github/workflows/load-test.yml", ".gitlab/load-test.yml", ".circleci/load-test.yml");
    check(&[], &[], &[]);
    check(&[".github/dependabot.yml"], &[], &[github]);
    check(&[".gitlab-ci.yml"], &[], &[gitlab]);
    check(&["Jenkinsfile"], &[], &["Jenkinsfile.load-test"]);
    check(&["azure-pipelines.yml"], &[], &["azure-pipelines.load-test.yml"]);
    check(&[".circleci/config.yml"], &[], &[circle]);
    check(&[".circleci/config.yml", ".gitlab-ci.yml"], &[], &[circle, gitlab]);
    check(&[".circleci/config.yml"], &["--ci", "github"], &[github]);
    check(&[".git/config"], &["--ci", "gitlab"], &[gitlab]);
    let remote = |url: &str| {
        let program = Program::new().file(".git/config", &format!("[remote \"origin\"]\n\turl = {url}\n"));
        program.run(&["init"]).stdout
    };
    assert!(remote("https://gitlab.example.com/a/b.git").contains(&format!("wrote {gitlab}")));
    assert!(remote("https://dev.azure.com/a/b").contains("wrote azure-pipelines.load-test.yml"));
    assert!(remote("https://git.example.com/a/b").contains("no CI server found"));
}
