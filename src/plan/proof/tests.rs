//! The proof against brute force: every visit of enough periods, looked at one by one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Check, Proof, checks, shortest_step};
use crate::plan::cooldown::{Cooldown, Rule};
use crate::plan::pattern::{Choice, Order, PATTERNS, Takes};
use crate::plan::visits::{Party, Visits};
use crate::suite::schema;
use crate::units::{Duration, RateLimit};

/// One rule alone.
fn cooldown(rule: Rule, limit: RateLimit, margin: Duration) -> Cooldown {
    let only = |this: Rule| (this == rule).then_some(limit);
    Cooldown::of(&schema::Cooldown {
        per_resource: only(Rule::PerResource),
        per_user: only(Rule::PerUser),
        per_user_resource: only(Rule::PerUserResource),
        per_address: only(Rule::PerAddress),
        margin: Some(margin),
    })
}

fn visits(choice: Choice, users: &[(u64, u64)], resources: u64, rows: Option<u64>) -> Visits {
    let mut first_user = 3;
    let mut parties = Vec::new();
    for (users, stride) in users.iter().copied() {
        parties.push(Party { users, first_user, stride });
        first_user += users;
    }
    let setting = choice.setting(users.iter().map(|(users, _)| users).sum(), resources, 7);
    Visits { pattern: choice.pattern, setting, parties, rows }
}

/// The moments of every key, sorted, over so many steps.
fn every_visit(visits: &Visits, rule: Rule, steps: u64) -> BTreeMap<(u64, u64), Vec<u64>> {
    let mut keys: BTreeMap<(u64, u64), Vec<u64>> = BTreeMap::new();
    let mut user = 0;
    for party in &visits.parties {
        for index in 0..party.users {
            let row = visits.rows.map_or(party.first_user + index, |rows| (party.first_user + index) % rows);
            for number in 0..steps.div_ceil(party.stride) {
                let step = number * party.stride;
                let resource = visits.pattern.resource(user, step, &visits.setting).unwrap();
                let key = match rule {
                    Rule::PerResource => (resource, 0),
                    Rule::PerUser => (row, 0),
                    Rule::PerUserResource => (row, resource),
                    Rule::PerAddress => (0, 0),
                };
                keys.entry(key).or_default().push(visits.moment(user, step));
            }
            user += 1;
        }
    }
    keys.values_mut().for_each(|times| times.sort_unstable());
    keys
}

/// The smallest span in any key; what is at one `moment` counts as one visit, if `merged`.
fn smallest(
    keys: &BTreeMap<(u64, u64), Vec<u64>>,
    count: u64,
    merged: bool,
    moment: impl Fn(&u64) -> u64,
) -> Option<u64> {
    let of_key = |times: &Vec<u64>| {
        let mut times: Vec<u64> = times.iter().map(&moment).collect();
        if merged {
            times.dedup();
        }
        times.windows(count as usize + 1).map(|window| window[count as usize] - window[0]).min()
    };
    keys.values().filter_map(of_key).min()
}

fn choices() -> impl Strategy<Value = Choice> {
    let order = prop_oneof![Just(Order::Sequential), Just(Order::Balanced)];
    let spread = prop_oneof![Just(None), Just(Some(true)), Just(Some(false))];
    (0_usize..5, order, 1_u64..4, spread).prop_map(|(pattern, order, contenders, spread)| {
        let pattern = &PATTERNS[pattern];
        if pattern.name == "rotate" {
            Choice { pattern, order, contenders, spread, ..Choice::default() }
        } else {
            Choice { pattern, ..Choice::default() }
        }
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    (0_usize..4).prop_map(|rule| Rule::ALL[rule])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn the_smallest_gaps_are_what_brute_force_finds(
        choice in choices(),
        users in prop::collection::vec((1_u64..9, prop_oneof![4 => Just(1_u64), 1 => 2_u64..5]), 1..4),
        resources in 1_u64..8,
        rows in prop::option::weighted(0.3, 1_u64..6),
        rule in rules(),
        count in prop_oneof![2 => Just(1_u64), 1 => 2_u64..12],
        shift in any::<bool>(),
    ) {
        let mut visits = visits(choice, &users, resources, rows);
        visits.setting.shift =
            shift && choice.order == Order::Balanced && visits.is_in_step() && visits.setting.cohorts() > 1;
        let limit = RateLimit { count, per: Duration::SECOND };
        let step = Duration::from_millis(400);
        let is_drawn = matches!(choice.pattern.takes, Takes::Drawn(_));
        // Every key that there is comes at least once a period, and users at least once in twelve steps.
        let steps = visits.period().unwrap_or(12) * (count + 2);
        let proof = Proof::new(&visits, &cooldown(rule, limit, Duration::ZERO), step, step * steps);
        let check: Check = proof.checks[0];
        let keys = every_visit(&visits, rule, steps);
        let parts = visits.parts();
        let found = if check.by_design && is_drawn {
            smallest(&keys, count, true, |time| time / parts).map(|steps| steps as f64)
        } else {
            smallest(&keys, count, check.by_design, |time| *time).map(|time| time as f64 / parts as f64)
        };
        prop_assert!(check.exact, "{visits:?}");
        // What is drawn is looked at for the run only; what begins anew goes on for ever.
        prop_assert_eq!(check.span.map(|span| span.steps()), found, "{:?}", visits);
        prop_assert_eq!(check.by_design, rule == Rule::PerResource && (choice.pattern.collides)(&visits.setting));
        if let (true, Some(inside)) = (check.by_design, check.inside) {
            // Those of the last period have all that came before them.
            let from = visits.period().map_or(0, |period| (steps - period) * parts);
            let (mut sooner, mut actions) = (0, 0);
            for times in keys.values() {
                for (index, time) in times.iter().enumerate().filter(|(_, time)| **time >= from) {
                    let before = index.checked_sub(count as usize).map(|before| times[before]);
                    let is_sooner = before.is_some_and(|before| (time - before) as f64 / (parts as f64) * 0.4 < 1.0 - 1e-9);
                    (sooner, actions) = (sooner + u64::from(is_sooner), actions + 1);
                }
            }
            prop_assert!((inside - sooner as f64 / actions as f64).abs() < 1e-9, "{inside}, {sooner} of {actions}: {visits:?}");
        }
    }

    #[test]
    fn the_step_that_is_found_is_the_shortest(
        choice in choices(),
        users in prop::collection::vec((1_u64..30, Just(1_u64)), 1..3),
        resources in 1_u64..20,
        rule in rules(),
        count in 1_u64..5,
        per in 1_u64..5_000,
        margin in 0_u64..100,
    ) {
        let visits = visits(choice, &users, resources, None);
        let limit = RateLimit { count, per: Duration::from_millis(per) };
        let cooldown = cooldown(rule, limit, Duration::from_millis(margin));
        let checks = checks(&visits, &cooldown);
        let Some(step) = shortest_step(&checks) else {
            // Users that act at the same moment do so at any step.
            prop_assert_eq!(checks[0].span.map(|span| span.parts), Some(0));
            return Ok(());
        };
        let is_long_enough = |step: Duration| checks[0].span.is_none_or(|span| span.reaches(checks[0].needed, step));
        prop_assert!(is_long_enough(step) && checks[0].kept(step));
        prop_assert!(!is_long_enough(step.saturating_sub(Duration::from_millis(1))));
    }
}

/// More visits than are looked at one by one: a bound that is reached is exact, another says that it is one.
#[test]
fn large_rotations_are_bound() {
    let balanced = Choice { order: Order::Balanced, ..Choice::default() };
    let check = |choice: Choice, users: &[(u64, u64)], resources, count, expected: f64, exact| {
        let visits = visits(choice, users, resources, None);
        let limit = RateLimit { count, per: Duration::SECOND };
        let found = checks(&visits, &cooldown(Rule::PerResource, limit, Duration::ZERO))[0];
        let steps = found.span.unwrap().steps();
        assert!((steps - expected).abs() < 1e-9 && found.exact == exact, "{users:?} {resources}: {steps}");
    };
    check(Choice::default(), &[(100_000, 1)], 1_000, 1, 0.01 - 1e-5, true);
    check(balanced, &[(100_000, 1)], 1_000, 1, 0.01, true);
    check(balanced, &[(50_000, 1)], 20_001, 3, 1.0, true);
    check(balanced, &[(10_000, 1)], 10_000, 1, 1.0, true);
    check(Choice { spread: Some(true), ..balanced }, &[(10_000, 1)], 10_000, 1, 1e-4, true);
    check(Choice::default(), &[(10_000, 1), (1, 9_973)], 9_000, 1, 0.5 - 1.0 / 18_000.0, true);
    // Of windows over all users, too: as if all of them acted at every step.
    let visits = visits(Choice::default(), &[(20_000, 1), (20, 900)], 500, None);
    let limit = RateLimit { count: 20_020, per: Duration::SECOND };
    let found = checks(&visits, &cooldown(Rule::PerAddress, limit, Duration::ZERO))[0];
    assert_eq!((found.span.map(|span| span.steps()), found.exact), (Some(1.0), false));
}
