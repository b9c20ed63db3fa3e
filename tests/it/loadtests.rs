//! Every suite in `loadtests/` can be run as it is, against the built-in target and against a server of one's own.

use std::fs;
use std::path::Path;

use cotillion::plan::compile::{Context, compile};
use cotillion::plan::{Overrides, Plan};
use cotillion::suite::diagnostic::render;
use cotillion::suite::env::Environment;
use cotillion::suite::read::read;

/// The plan of a suite, or everything that is wrong with it, warnings included.
pub fn plan(
    file: &str,
    text: &str,
    environment: &Environment,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Plan, String> {
    let (loaded, mut problems) = read(Path::new(file), text, environment);
    let overrides = Overrides::default();
    let plan = loaded.and_then(|loaded| {
        let context = Context { overrides: &overrides, files, built_in: None, seed: 0 };
        let (plan, more) = compile(&loaded, &context);
        problems.add_later(more);
        plan
    });
    match plan {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(render(&problems, false)),
    }
}

fn check(environment: &Environment) -> Vec<Plan> {
    let mut plans = Vec::new();
    for entry in fs::read_dir("loadtests").unwrap() {
        let path = entry.unwrap().path();
        let beside = |name: &str| fs::read_to_string(Path::new("loadtests").join(name)).map_err(|e| e.to_string());
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let plan = plan(path.to_str().unwrap(), &text, environment, &beside);
            plans.push(plan.unwrap_or_else(|problems| panic!("{problems}")));
        }
    }
    assert!(plans.len() >= 2, "only {} suites", plans.len());
    plans
}

#[test]
fn every_suite_runs_against_the_built_in_target() {
    for plan in check(&Environment::default()) {
        assert!(plan.target.built_in, "{} needs a server", plan.name);
        assert!(!plan.thresholds.is_empty(), "{} judges nothing", plan.name);
    }
}

#[test]
fn suites_take_another_target_from_the_environment() {
    let plans = check(&[("TARGET_URL", "http://127.0.0.1:3000")].into_iter().collect());
    let elsewhere: Vec<&str> =
        plans.iter().filter(|plan| !plan.target.built_in).map(|plan| plan.name.as_str()).collect();
    assert!(elsewhere.contains(&"auction"), "{elsewhere:?}");
    // `cotillion demo` is the one that stays at home: it must pass without anything set up.
    let at_home: Vec<&str> = plans.iter().filter(|plan| plan.target.built_in).map(|plan| plan.name.as_str()).collect();
    assert_eq!(at_home, ["demo"]);
}

#[test]
fn a_suite_that_cannot_run_is_found() {
    let text = fs::read_to_string("loadtests/demo.yaml").unwrap().replace("per_resource: 1s", "per_resource: 1");
    let problems = plan("demo.yaml", &text, &Environment::default(), &|_| Err("no file".into())).unwrap_err();
    assert!(problems.contains("`1` has no unit"), "{problems}");
}
