//! What a refused suite is told would do, does.

use cotillion::plan::Overrides;
use proptest::prelude::*;

use super::{bidders, compiled, suite_of};

/// The number before a word, as in "or 50 resources".
fn number(help: &str, word: &str) -> Option<u64> {
    let (before, _) = help.split_once(&format!(" {word}"))?;
    before.rsplit(' ').next()?.parse().ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_would_do_does_and_less_does_not(
        users in 1_u64..30,
        resources in 1_u64..20,
        pattern in 0_usize..4,
        rule in 0_usize..4,
        count in 1_u64..4,
        needed in 300_u64..5_000,
    ) {
        let pattern = [
            "rotate", "{ rotate: { spread: false } }", "{ rotate: { order: balanced } }", "dedicated",
        ][pattern];
        let rule = ["per_resource", "per_user", "per_user_resource", "per_address"][rule];
        let suite = |users: u64, resources: u64, every: &str| {
            let keys = format!("load: {{ users: {users}, duration: 1m }}, every: {every}, pattern: {pattern}");
            let cooldown = format!("cooldown: {{ {rule}: {count} per {needed}ms, margin: 0ms }}");
            let (plan, problems) = compiled(&suite_of(resources, &cooldown, &[&bidders(&keys)]), &Overrides::default());
            (plan.is_some(), problems.first().and_then(|problem| problem.help.clone()).unwrap_or_default())
        };
        let (possible, help) = suite(users, resources, "500ms");
        prop_assert_eq!(possible, help.is_empty(), "{}", help);
        if possible {
            return Ok(());
        }
        match help.strip_prefix("`every: ").and_then(|rest| rest.split_once('`')) {
            Some((every, _)) => prop_assert!(suite(users, resources, every).0, "{help}"),
            None => prop_assert!(help.contains("no step would do") && !suite(users, resources, "1h").0, "{help}"),
        }
        match number(&help, "resources") {
            Some(more) => {
                prop_assert!(suite(users, more, "500ms").0, "{help}");
                prop_assert!((resources..more).all(|fewer| !suite(users, fewer, "500ms").0), "{help}");
            }
            None => prop_assert!((resources..3 * users + 40).all(|more| !suite(users, more, "500ms").0), "{help}"),
        }
        match number(&help, "users") {
            Some(fewer) => {
                prop_assert!(suite(fewer, resources, "500ms").0, "{help}");
                prop_assert!((fewer + 1..users).all(|more| !suite(more, resources, "500ms").0), "{help}");
            }
            None => prop_assert!((2..users).all(|fewer| !suite(fewer, resources, "500ms").0), "{help}"),
        }
    }
}
