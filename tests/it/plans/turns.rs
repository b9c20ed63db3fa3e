//! The turns that the users of random suites really get, against what their plans say.

use std::collections::{BTreeMap, BTreeSet};

use cotillion::plan::cooldown::Rule;
use cotillion::plan::{Overrides, Plan};
use cotillion::units::{Duration, Moment};
use proptest::prelude::*;

use super::{bidders, compiled, plan, suite_of};

/// Every visit that the users of a plan really get, by key, with ramps, late comings and goings.
fn real_visits(plan: &Plan, rule: Rule, late: u64) -> BTreeMap<(u64, usize), Vec<u64>> {
    let mut keys: BTreeMap<(u64, usize), Vec<u64>> = BTreeMap::new();
    for scenario in plan.scenarios.iter().filter(|scenario| scenario.rotation.is_some()) {
        for stay in &scenario.presences {
            // Ready some time after its slot; it takes the current step of the one clock.
            let ready = stay.slot + Duration::from_millis(late * (stay.user % 3) * 71);
            let first = scenario.first_turn(stay.user, ready);
            assert!(first == 0 || scenario.turn(stay.user, first - 1, ready).due < ready);
            for number in first.. {
                let turn = scenario.turn(stay.user, number, ready);
                assert!(turn.due >= ready);
                if turn.due >= stay.until {
                    break;
                }
                let (user, resource) = (scenario.first_user + stay.user, turn.resource.unwrap());
                let key = match rule {
                    Rule::PerResource => (0, resource),
                    Rule::PerUser => (user, 0),
                    Rule::PerUserResource => (user, resource),
                    Rule::PerAddress => (0, 0),
                };
                keys.entry(key).or_default().push(turn.due.as_nanos());
            }
        }
    }
    keys.values_mut().for_each(|times| times.sort_unstable());
    keys
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_turn_ever_breaks_what_was_proved(
        peaks in prop::collection::vec((1_u64..25, 1_u64..4), 1..3),
        resources in 1_u64..15,
        pattern in 0_usize..7,
        count in 1_u64..4,
        late in 0_u64..20,
    ) {
        let patterns = [
            "rotate", "{ rotate: { order: balanced } }", "{ rotate: { spread: true } }", "{ rotate: { spread: false } }",
            "dedicated", "{ rotate: { contenders: 2 } }", "random",
        ];
        let scenarios: Vec<String> = peaks.iter().enumerate().map(|(number, (peak, stride))| {
            let half = peak.div_ceil(2);
            let load = format!("load: {{ stages: [{{ duration: 4s, target: {peak} }}, {{ duration: 6s, target: {half} }}, {{ duration: 3s, target: {peak} }}, {{ duration: 9s, target: {peak} }}] }}");
            // One of them goes at the base step.
            let every = if number == 0 { 300 } else { 300 * stride };
            format!("s{number}: {{ {load}, every: {every}ms, pattern: {}, connect: {{ rate: 100/s }}, act: [{{ emit: bid, ack: {{}} }}] }}", patterns[pattern])
        }).collect();
        let cooldown = format!("cooldown: {{ per_resource: {count} per 1ms, per_user: {count} per 1ms, per_user_resource: {count} per 1ms, per_address: {count} per 1ms, margin: 0ms }}");
        let text = suite_of(resources, &cooldown, &scenarios.iter().map(String::as_str).collect::<Vec<_>>());
        let (plan, problems) = compiled(&text, &Overrides { force: true, ..Overrides::default() });
        let plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
        let proof = plan.proof.as_ref().unwrap();
        for check in proof.checks.iter().filter(|check| !check.by_design) {
            let gap = check.gap(proof.step).unwrap_or_default().as_nanos();
            for (key, times) in real_visits(&plan, check.rule, late) {
                for window in times.windows(count as usize + 1) {
                    let span = window[count as usize] - window[0];
                    prop_assert!(span >= gap, "{:?} {key:?}: {span} below {gap}\n{text}", check.rule);
                }
            }
        }
    }

    #[test]
    fn contention_is_what_the_turns_say(
        users in 1_u64..14,
        resources in 1_u64..12,
        pattern in 0_usize..6,
        seconds in 1_u64..90,
    ) {
        let patterns =
            ["rotate", "{ rotate: { order: balanced } }", "dedicated", "{ rotate: { contenders: 2 } }", "random", "burst"];
        let load = format!("load: {{ users: {users}, duration: {seconds}s }}");
        let plan = plan(&suite_of(resources, "", &[&bidders(&format!("{load}, every: 1s, pattern: {}", patterns[pattern]))]));
        let scenario = &plan.scenarios[0];
        let mut visits: Vec<(usize, u64, u64)> = Vec::new();
        for user in 0..users {
            let turns = (0..seconds).map(|number| scenario.turn(user, number, Moment::START));
            visits.extend(turns.map(|turn| (turn.resource.unwrap(), turn.due.as_nanos(), user)));
        }
        visits.sort_unstable();
        let (mut pairs, mut seen) = (BTreeSet::new(), vec![BTreeSet::new(); resources as usize]);
        for (resource, _, user) in &visits {
            seen[*resource].insert(*user);
        }
        for pair in visits.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].2 != pair[1].2) {
            pairs.insert((pair[0].2, pair[1].2));
        }
        let found = plan.contention().unwrap();
        let distinct = seen.iter().map(|users| users.len() as u64);
        prop_assert_eq!(found.pairs, pairs.len() as u64);
        prop_assert_eq!(found.users_per_resource, (distinct.clone().min().unwrap(), distinct.max().unwrap()));
        prop_assert_eq!(found.between.is_some(), !pairs.is_empty());
    }
}
