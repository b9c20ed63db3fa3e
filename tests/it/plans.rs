//! Plans of whole suites: the values of the mathematics, what is refused and with which advice, and that no user ever gets a
//! turn that breaks what was proved.

use std::path::Path;

use cotillion::plan::compile::{Context, compile};
use cotillion::plan::cooldown::Rule;
use cotillion::plan::scenario::{Late, Rhythm};
use cotillion::plan::{Overrides, Plan};
use cotillion::suite::env::Environment;
use cotillion::suite::problem::{Problem, Severity};
use cotillion::suite::read::read;
use cotillion::units::{Duration, Moment};

mod advice;
mod turns;

/// The plan, if there is one, and everything that is said of it.
fn compiled(text: &str, overrides: &Overrides) -> (Option<Plan>, Vec<Problem>) {
    let (loaded, mut problems) = read(Path::new("plans.yaml"), text, &Environment::default());
    let files = |name: &str| match name {
        "one.csv" => Ok(b"name\nada\n".to_vec()),
        "two.csv" => Ok(b"name\nada\nbob\n".to_vec()),
        "four.csv" => Ok(b"name\nada\nbob\neve\nkim\n".to_vec()),
        _ => Err("no file".to_owned()),
    };
    let plan = loaded.and_then(|loaded| {
        let (plan, more) = compile(&loaded, &Context { overrides, files: &files, built_in: None, seed: 0 });
        problems.add_later(more);
        plan
    });
    (plan, problems.0)
}

fn plan(text: &str) -> Plan {
    let (plan, problems) = compiled(text, &Overrides::default());
    plan.unwrap_or_else(|| panic!("{problems:#?}\n{text}"))
}

/// A suite with these scenarios, each `NAME: { … }`.
fn suite_of(resources: u64, cooldown: &str, scenarios: &[&str]) -> String {
    let scenarios: String = scenarios.iter().map(|scenario| format!("  {scenario}\n")).collect();
    format!(
        "name: plans\ntarget: {{ url: demo }}\nresources: {{ count: {resources} }}\n{cooldown}\nscenarios:\n{scenarios}"
    )
}

/// One scenario that bids, with these keys before its `act`.
fn bidders(keys: &str) -> String {
    format!("bidders: {{ {keys}, act: [{{ emit: bid, ack: {{}} }}] }}")
}

fn suite(users: u64, resources: u64, cooldown: &str, keys: &str) -> String {
    let load = format!("load: {{ users: {users}, duration: 1h }}");
    suite_of(resources, cooldown, &[&bidders(&format!("{load}, {keys}"))])
}

fn gap(plan: &Plan, rule: Rule) -> Option<f64> {
    let check = plan.proof.as_ref()?.checks.iter().find(|check| check.rule == rule)?;
    assert!(check.exact);
    check.span.map(|span| span.steps())
}

const ALL: &str = "cooldown: { per_resource: 1ms, per_user: 1ms, per_user_resource: 1ms, margin: 0ms }";

#[test]
fn the_values_of_the_mathematics() {
    let check = |users, resources, pattern: &str, gaps: [f64; 3], pairs: (u64, u64)| {
        let plan = plan(&suite(users, resources, ALL, &format!("every: 1s, pattern: {pattern}")));
        let place = format!("{users} users, {resources} resources, {pattern}");
        for (rule, expected) in [Rule::PerResource, Rule::PerUser, Rule::PerUserResource].into_iter().zip(gaps) {
            let found = gap(&plan, rule).unwrap();
            assert!((found - expected).abs() < 5e-5, "{place}: {found} {rule:?}");
        }
        let contention = plan.contention().unwrap();
        assert_eq!((contention.pairs, contention.possible_pairs), pairs, "{place}");
        assert!(contention.is_any() && !contention.sampled && contention.caution().is_none());
    };
    let (off, on, balanced) =
        ("{ rotate: { spread: false } }", "{ rotate: { spread: true } }", "{ rotate: { order: balanced } }");
    check(3, 3, off, [1.0, 1.0, 3.0], (3, 6));
    check(12, 12, off, [1.0, 1.0, 12.0], (12, 132));
    check(12, 12, on, [0.9167, 1.0, 12.0], (12, 132));
    check(2, 20, on, [1.5, 1.0, 20.0], (2, 2));
    check(19, 20, on, [1.0526, 1.0, 20.0], (19, 342));
    check(12, 12, balanced, [1.0, 1.0, 12.0], (132, 132));
    check(12, 20, balanced, [1.0, 1.0, 20.0], (132, 132));
    // A zigzag and its mirror image in turn.
    check(11, 11, balanced, [1.0, 1.0, 10.0], (110, 110));
    check(16, 8, off, [0.5, 1.0, 8.0], (16, 240));
    check(50, 20, off, [0.3333, 1.0, 20.0], (50, 2450));
    check(50, 20, on, [0.3167, 1.0, 20.0], (50, 2450));
    check(100, 10, on, [0.09, 1.0, 10.0], (100, 9900));
    // Nobody says whether to spread: from ten users on, or where there are resources to spare.
    check(3, 3, "rotate", [1.0, 1.0, 3.0], (3, 6));
    check(12, 12, "rotate", [0.9167, 1.0, 12.0], (12, 132));
    check(2, 20, "rotate", [1.5, 1.0, 20.0], (2, 2));
}

#[test]
fn cohorts_move_on_where_it_costs_nothing() {
    let balanced = "pattern: { rotate: { order: balanced } }";
    let free = plan(&suite(16, 8, ALL, &format!("every: 1s, {balanced}")));
    let meeting = free.contention().unwrap().pairs;
    assert!(free.scenarios[0].rotation.unwrap().setting.shift && meeting > 100, "{meeting}");
    assert_eq!(gap(&free, Rule::PerResource), Some(0.5));
    // The gap of one user on one resource is smaller than with cohorts that stay together.
    let strict = "cooldown: { per_user_resource: 8s, margin: 0ms }";
    let bound = plan(&suite(16, 8, strict, &format!("every: 1s, {balanced}")));
    assert!(!bound.scenarios[0].rotation.unwrap().setting.shift);
    assert_eq!(gap(&bound, Rule::PerUserResource), Some(8.0));
    assert!(bound.proof.unwrap().holds());
    let auto = plan(&suite(16, 8, strict, balanced));
    assert_eq!(auto.scenarios[0].rhythm, Rhythm::Step { every: Duration::SECOND, auto: true });
}

#[test]
fn auto_is_the_shortest_step_that_keeps_every_rule() {
    let check = |users, resources, cooldown: &str, pattern: &str, millis| {
        let plan = plan(&suite(users, resources, &format!("cooldown: {cooldown}"), &format!("pattern: {pattern}")));
        let every = Duration::from_millis(millis);
        assert_eq!(plan.scenarios[0].rhythm, Rhythm::Step { every, auto: true }, "{users} {resources} {pattern}");
        let proof = plan.proof.unwrap();
        assert!(proof.holds() && proof.step == every && !plan.forced);
    };
    check(12, 12, "{ per_resource: 1s }", "rotate", 1146); // 1050 / (1 − 1/12)
    check(2, 20, "{ per_resource: 1s }", "rotate", 700);
    check(3, 3, "{ per_resource: 1s }", "rotate", 1050);
    check(50, 20, "{ per_resource: 1s, margin: 0ms }", "rotate", 3158); // 1000 / 0.31667
    check(50, 20, "{ per_resource: 1s }", "{ rotate: { spread: false } }", 3150);
    check(20, 40, "{ per_resource: 100ms, per_user: 500ms }", "rotate", 550);
    check(20, 20, "{ per_resource: 1s, per_user: 200ms }", "dedicated", 1050);
    // Where users collide by design, the collision of one step counts as one visit.
    check(20, 20, "{ per_resource: 1s, per_user: 200ms }", "burst", 250);
    check(20, 5, "{ per_resource: 10s }", "burst", 2010);
    check(20, 20, "{ per_resource: 1s }", "random", 1050);
    check(20, 20, "{ per_resource: 1s }", "hotspot", 1050);
    check(20, 20, "{ per_resource: 1s }", "{ rotate: { contenders: 4 } }", 1050);
    check(20, 2, "{ per_resource: 1s }", "{ rotate: { contenders: 4 } }", 3150);
    // Windows: of three in a second, the first and the fourth are a second apart.
    check(12, 12, "{ per_resource: 3 per 1s }", "{ rotate: { spread: false } }", 350);
    check(20, 20, "{ per_user: 4 per 1s }", "rotate", 263);
    check(100, 20, "{ per_address: 100 per 1s }", "rotate", 1050);
}

#[test]
fn a_step_that_breaks_a_rule_is_refused_with_what_would_do() {
    let check = |users, resources, cooldown: &str, keys: &str, what: &str, help: &str| {
        let text = suite(users, resources, &format!("cooldown: {cooldown}"), keys);
        let (plan, problems) = compiled(&text, &Overrides::default());
        let errors: Vec<&Problem> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert!(plan.is_none() && errors.len() == 1, "{problems:#?}");
        assert_eq!((errors[0].what.as_str(), errors[0].help.as_deref()), (what, Some(help)));
        assert_eq!(errors[0].location.as_ref().map(|place| place.line), Some(6));
    };
    let third = "with `every: 1s` the smallest gap per resource is 333ms333µs333ns, and the cooldown asks for";
    let off = "every: 1s, pattern: { rotate: { spread: false } }";
    check(
        50,
        20,
        "{ per_resource: 1s, margin: 0ms }",
        off,
        &format!("{third} 1s (with its margin)"),
        "`every: 3s` would do, or 50 resources, or 20 users",
    );
    check(
        50,
        20,
        "{ per_resource: 1s }",
        off,
        &format!("{third} 1s50ms (with its margin)"),
        "`every: 3s150ms` would do; at `every: 1s` no number of resources, nor of two or more users, would do",
    );
    // With fewer users than resources spread is free, and leaves more than a step between two on a resource.
    check(
        50,
        20,
        "{ per_resource: 1s }",
        "every: 1s",
        "with `every: 1s` the smallest gap per resource is 316ms666µs666ns, and the cooldown asks for 1s50ms (with its margin)",
        "`every: 3s316ms` would do, or 19 users; at `every: 1s` no number of resources would do",
    );
    check(
        12,
        12,
        "{ per_user_resource: 1m, margin: 0ms }",
        "every: 1s",
        "with `every: 1s` the smallest gap per user and resource is 12s, and the cooldown asks for 1m (with its margin)",
        "`every: 5s` would do, or 60 resources; at `every: 1s` no number of two or more users would do",
    );
    check(
        200,
        200,
        "{ per_address: 100 per 1s, margin: 0ms }",
        "every: 1s",
        "with `every: 1s` 101 actions per address come within 500ms, and `100 per 1s` asks for 1s (with the margin)",
        "`every: 2s` would do, or 100 users; at `every: 1s` no number of resources would do",
    );
}

/// A search by number would take too long: the answer is found all the same, and is one that does.
#[test]
fn large_plans_are_refused_with_what_would_do() {
    let keys = "every: 1s, pattern: { rotate: { spread: false } }";
    let (plan, problems) =
        compiled(&suite(20_000, 500, "cooldown: { per_resource: 1s, margin: 0ms }", keys), &Overrides::default());
    assert!(plan.is_none());
    assert_eq!(problems[0].help.as_deref(), Some("`every: 40s` would do, or 20000 resources, or 500 users"));
}

#[test]
fn a_forced_plan_says_what_it_breaks() {
    let text = suite(50, 20, "cooldown: { per_resource: 1s }", "every: 1s");
    let (plan, problems) = compiled(&text, &Overrides { force: true, ..Overrides::default() });
    let plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
    let proof = plan.proof.unwrap();
    assert!(plan.forced && !proof.holds() && !proof.checks[0].kept(proof.step));
    assert_eq!(plan.scenarios[0].late, Late::Skip { slack: Duration::ZERO });
    assert!(plan.overrides.contains(&"--force".to_owned()));
    let (kept, _) = compiled(
        &suite(50, 20, "cooldown: { per_resource: 1s }", "every: 4s"),
        &Overrides { force: true, ..Overrides::default() },
    );
    assert!(!kept.unwrap().forced);
}

#[test]
fn what_collides_by_design_is_never_refused_for_it() {
    let check = |users, resources, pattern: &str, inside: f64| {
        let plan = plan(&suite(
            users,
            resources,
            "cooldown: { per_resource: 1s }",
            &format!("every: 400ms, pattern: {pattern}"),
        ));
        let proof = plan.proof.unwrap();
        let check = proof.checks[0];
        assert!(check.by_design && proof.holds() && !plan.forced, "{pattern}");
        assert!((check.inside.unwrap() - inside).abs() < 0.02, "{pattern}: {:?}", check.inside);
        assert!(plan.scenarios[0].rotation.unwrap().collides_by_design());
    };
    check(20, 20, "burst", 0.95);
    check(20, 2, "burst", 1.0);
    check(20, 20, "{ rotate: { contenders: 4 } }", 0.95);
    check(4, 20, "{ rotate: { contenders: 4 } }", 0.75);
    // Nobody before in this and the two steps before, by any of the others.
    check(20, 20, "random", 1.0 - 0.95_f64.powf(49.5));
    // One user collides with nobody.
    let alone = plan(&suite(1, 3, "cooldown: { per_resource: 1s }", "pattern: burst"));
    assert!(!alone.proof.unwrap().checks[0].by_design);
}

#[test]
fn scenarios_on_the_same_resources_are_one_rotation() {
    let two = |first: &str, second: &str| {
        let load = "load: { users: 4, duration: 1m }";
        let scenario =
            |name: &str, keys: &str| format!("{name}: {{ {load}{keys}, act: [{{ emit: bid, ack: {{}} }}] }}");
        suite_of(8, "cooldown: { per_resource: 1s }", &[&scenario("one", first), &scenario("two", second)])
    };
    let check = |first: &str, second: &str, expected: Result<(), (&str, &str)>| {
        let (plan, problems) = compiled(&two(first, second), &Overrides::default());
        let error = problems.iter().find(|problem| problem.severity == Severity::Error);
        let said = error.map(|error| (error.what.as_str(), error.help.as_deref().unwrap_or_default()));
        assert_eq!(said, expected.err(), "{first} {second}");
        assert_eq!(plan.is_some(), expected.is_ok());
    };
    let step = "this scenario acts on the same resources in another step, so the cooldowns cannot be proved";
    let pattern = "this scenario acts on the same resources in another pattern, so the cooldowns cannot be proved";
    check("", "", Ok(()));
    check(", every: 2s", ", every: 6s", Ok(()));
    check(", every: 2s", ", every: 5s", Err((step, "write a whole multiple of the shortest step, as `every: 6s`")));
    check(
        "",
        ", every: 5s",
        Err((step, "write the step of all scenarios on the resources, as `every: 5s`, or of none")),
    );
    check(
        "",
        ", pattern: burst",
        Err((pattern, "give all scenarios on the resources the same `pattern`, or one of them `none`")),
    );
    check(
        "",
        ", pattern: { rotate: { order: balanced } }",
        Err((pattern, "give all scenarios on the resources the same `pattern`, or one of them `none`")),
    );
    check(", every: 2s", ", pattern: none, every: 10ms", Ok(()));
    check(
        ", every: 2s",
        ", pattern: none",
        Err((
            "`every` is missing, and there is no cooldown that would give it",
            "write the step, as `every: 2s`, or declare `cooldown` and `resources`",
        )),
    );
    let strides = plan(&two(", every: 2s", ", every: 6s"));
    let rotation = strides.scenarios[1].rotation.unwrap();
    assert_eq!((rotation.stride, rotation.offset, strides.proof.unwrap().step), (3, 4, Duration::from_secs(2)));
}

#[test]
fn a_scenario_outside_has_no_resource_and_no_cooldown() {
    let text = suite(5, 5, "cooldown: { per_user: 1s }", "every: 100ms, pattern: none");
    let plan = plan(&text);
    let scenario = &plan.scenarios[0];
    assert!(scenario.rotation.is_none() && plan.proof.is_none() && plan.contention().is_none());
    assert_eq!((scenario.late, scenario.turn(0, 3, Moment::START).resource), (Late::Queue, None));
    let (none, problems) = compiled(
        &text
            .replace("emit: bid", "emit: \"bid {{ resource.id }}\"")
            .replace("ack: {}", "args: [\"{{ resource.id }}\"]"),
        &Overrides::default(),
    );
    assert!(none.is_none() && problems.iter().any(|problem| problem.what.contains("`resource`")), "{problems:#?}");
}

#[test]
fn a_turn_of_several_actions_is_warned_where_nothing_keeps_them_apart() {
    let check = |act: &str, expected: Option<&str>| {
        let text = suite(5, 5, "cooldown: { per_resource: 1s }", "every: 2s").replace("[{ emit: bid, ack: {} }]", act);
        let (plan, problems) = compiled(&text, &Overrides::default());
        assert!(plan.is_some());
        assert_eq!(problems.first().map(|problem| problem.what.as_str()), expected, "{act}");
    };
    check("[{ emit: bid }]", None);
    check("[{ emit: bid }, { pause: 1s }, { emit: ask }]", None);
    let several = "a turn has 2 actions, and the cooldowns are held against the first of them only";
    check("[{ emit: bid }, { emit: ask }]", Some(several));
    check("[{ each: [1, 2], emit: bid }]", Some(several));
}

#[test]
fn a_closed_loop_proves_nothing_and_says_so() {
    let (plan, problems) =
        compiled(&suite(5, 5, "cooldown: { per_resource: 1s }", "every: asap"), &Overrides::default());
    assert!(plan.unwrap().proof.is_none());
    assert!(problems.iter().any(|problem| problem.what.starts_with("not provable")), "{problems:#?}");
}

#[test]
fn users_that_share_a_row_are_one_user() {
    let check = |rows: &str, expected: u64| {
        let keys = "pattern: { rotate: { spread: true } }";
        let text = suite(4, 8, "cooldown: { per_user: 1s, margin: 0ms }", keys);
        let plan = plan(&format!("{text}credentials: {{ file: {rows}, reuse: true }}\n"));
        let every = Duration::from_secs(expected);
        assert_eq!(plan.scenarios[0].rhythm, Rhythm::Step { every, auto: true }, "{rows}");
    };
    check("four.csv", 1);
    // Users 0 and 2 act half a step apart, and so do 1 and 3.
    check("two.csv", 2);
    check("one.csv", 4);
}

#[test]
fn who_never_meets_is_warned() {
    let check = |users, resources, keys: &str, expected: Option<&str>| {
        let plan = plan(&suite(users, resources, "", &format!("every: 1s, {keys}")));
        let said = plan.contention().unwrap().caution();
        assert_eq!(said, expected, "{users} {resources} {keys}");
    };
    check(1, 5, "pattern: rotate", Some("one user meets nobody: no contention"));
    check(5, 5, "pattern: dedicated", Some("no two users ever act on the same resource in this run: no contention"));
    check(10, 5, "pattern: dedicated", None);
    check(5, 5, "pattern: rotate", None);
    let short = plan(&suite_of(100, "", &[&bidders("load: { users: 2, duration: 2s }, every: 2s")]));
    assert!(!short.contention().unwrap().is_any(), "they would meet, but the run is too short");
}

#[test]
fn a_hundred_thousand_users_for_an_hour() {
    for (resources, pattern) in
        [(1_000, "rotate"), (100_000, "rotate"), (20, "rotate"), (5_000, "{ rotate: { order: balanced } }")]
    {
        let load = "load: { stages: [{ duration: 0s, target: 100000 }, { duration: 1h, target: 100000 }] }, connect: { rate: 100000/s }";
        let cooldown = "cooldown: { per_resource: 10ms, per_user_resource: 20s, per_address: 1000000 per 1s }";
        let plan = plan(&suite_of(resources, cooldown, &[&bidders(&format!("{load}, pattern: {pattern}"))]));
        let proof = plan.proof.as_ref().unwrap();
        assert!(proof.holds(), "{proof:?}");
        let contention = plan.contention().unwrap();
        assert!(contention.is_any() && contention.sampled, "{contention:?}");
        if pattern == "rotate" {
            assert_eq!(contention.pairs, 100_000, "{resources}");
        }
    }
}

#[test]
fn arrivals_stay_and_leave_their_slots_to_others() {
    let load = "load: { arrivals: 5/s, duration: 2m, stay: 30s, spacing: even }, connect: { rate: 1000/s }, every: 1s";
    let text = suite_of(20, "", &[&bidders(load)]);
    let even = plan(&text);
    let scenario = &even.scenarios[0];
    assert_eq!((scenario.users, scenario.presences.len()), (150, 600));
    assert_eq!((even.duration, scenario.stages[0].name.as_str()), (Duration::from_secs(120), "arrivals"));
    let stays = scenario.stays(7);
    assert_eq!(
        (stays.len(), stays[0].until, stays[1].slot),
        (4, stays[0].slot + Duration::from_secs(30), stays[0].until)
    );
    let poisson = text.replace(", spacing: even", "");
    let of = |seed| compiled(&poisson, &Overrides { seed: Some(seed), ..Overrides::default() }).0.unwrap();
    let slots = |plan: &Plan| plan.scenarios[0].presences.iter().map(|stay| stay.slot).collect::<Vec<_>>();
    assert_eq!(slots(&of(1)), slots(&of(1)));
    assert_ne!(slots(&of(1)), slots(&of(2)));
    assert!((400..800).contains(&of(1).scenarios[0].presences.len()));
    // So many users at once, about.
    let fewer = compiled(
        &text,
        &Overrides { users: Some(30), duration: Some(Duration::from_secs(60)), ..Overrides::default() },
    )
    .0
    .unwrap();
    assert_eq!(
        (fewer.scenarios[0].users, fewer.scenarios[0].presences.len(), fewer.duration),
        (30, 60, Duration::from_secs(60))
    );
}
