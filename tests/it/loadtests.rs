//! Every suite in `loadtests/` can be run as it is, against the built-in target and against a server of one's own.

use std::fs;
use std::path::Path;

use cotillion::plan::compile::{Context, compile};
use cotillion::plan::step::Operation;
use cotillion::plan::{Overrides, Plan};
use cotillion::suite::diagnostic::render;
use cotillion::suite::env::Environment;
use cotillion::suite::read::read;

/// The plan of a suite, or everything that is wrong with it, warnings included.
pub fn plan(
    file: &str,
    text: &str,
    environment: &Environment,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
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
        let beside = |name: &str| fs::read(Path::new("loadtests").join(name)).map_err(|e| e.to_string());
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let plan = plan(path.to_str().unwrap(), &text, environment, &beside);
            plans.push(plan.unwrap_or_else(|problems| panic!("{problems}")));
        }
    }
    assert!(plans.len() >= 8, "only {} suites", plans.len());
    plans
}

/// Those that need nothing but this program; the others are for the applications of `tests/interop`.
const AT_HOME: &[&str] = &["auction", "demo", "smoke"];

fn names(plans: &[Plan], wanted: impl Fn(&Plan) -> bool) -> Vec<&str> {
    let mut names: Vec<&str> = plans.iter().filter(|plan| wanted(plan)).map(|plan| plan.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_suite_runs_as_it_is_and_judges_something() {
    let plans = check(&Environment::default());
    assert_eq!(names(&plans, |plan| plan.target.built_in), AT_HOME);
    for plan in &plans {
        assert!(!plan.thresholds.is_empty(), "{} judges nothing", plan.name);
        assert!(!plan.deliveries.is_empty(), "{} does not ask who heard", plan.name);
        let checks = plan.once.after.operations.iter().filter(|step| matches!(step, Operation::Check(_)));
        assert!(checks.count() > 0, "{} does not set the server's own count beside ours", plan.name);
    }
}

#[test]
fn suites_take_another_target_from_the_environment() {
    let plans = check(&[("TARGET_URL", "http://127.0.0.1:3000")].into_iter().collect());
    // `cotillion demo` is the one that stays at home: it must pass without anything set up.
    assert_eq!(names(&plans, |plan| plan.target.built_in), ["demo"]);
}

#[test]
fn a_suite_that_cannot_run_is_found() {
    let text = fs::read_to_string("loadtests/demo.yaml").unwrap().replace("per_resource: 1s", "per_resource: 1");
    let problems = plan("demo.yaml", &text, &Environment::default(), &|_| Err("no file".into())).unwrap_err();
    assert!(problems.contains("`1` has no unit"), "{problems}");
}
