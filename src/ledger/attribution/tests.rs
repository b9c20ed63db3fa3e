//! Causes by example, and against looking back naively over all acts at once.

use proptest::prelude::*;

use super::*;
use crate::metrics::Cell;

/// An act at a millisecond, in step 0.
#[must_use]
pub fn act(ms: u64, user: u64, resource: usize, outcome: ActionOutcome) -> Act {
    Act {
        sent: Moment::START + Duration::from_millis(ms),
        lateness: Duration::ZERO,
        scenario: 0,
        action: 0,
        user,
        resource,
        step: 0,
        cell: Cell(0),
        outcome,
        answer: None,
    }
}

const OK: ActionOutcome = ActionOutcome::Ok;
const NO: ActionOutcome = ActionOutcome::Rejected;

fn terms(rules: &[(Rule, &str)], by_design: bool) -> Terms {
    Terms {
        rules: rules.iter().map(|(rule, limit)| (*rule, limit.parse().unwrap())).collect(),
        margin: Duration::from_millis(50),
        by_design,
        proved: true,
        accounts: 0,
    }
}

/// All acts handed over at once, in the order of their sends.
fn attribute(terms: &Terms, acts: Vec<Act>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut attribution = Attribution::new(terms.clone(), 1);
    attribution.take(0, Acts { acts, mark: Moment::NEVER }, &mut |one| found.push(one));
    found
}

/// Causes of the rejections among acts at (millisecond, user, resource, step).
fn check(terms: &Terms, acts: &[(u64, u64, usize, u64, ActionOutcome)], expected: &[Cause]) {
    let acts = acts.iter().map(|&(ms, user, resource, step, outcome)| Act { step, ..act(ms, user, resource, outcome) });
    let causes: Vec<Cause> =
        attribute(terms, acts.collect()).iter().filter_map(|found| Some(found.reason?.cause)).collect();
    assert_eq!(causes, expected);
}

#[test]
fn the_gap_to_the_last_one_that_was_not_rejected_decides() {
    use Cause::{Explained, Jitter, Unexplained};
    let terms = terms(&[(Rule::PerResource, "1s"), (Rule::PerUser, "200ms")], false);
    check(
        &terms,
        &[(0, 0, 0, 0, OK), (999, 1, 0, 1, NO), (1000, 2, 0, 1, NO), (1049, 3, 0, 1, NO)],
        &[Explained, Jitter, Jitter],
    );
    check(&terms, &[(0, 0, 0, 0, OK), (1050, 1, 0, 1, NO)], &[Unexplained]);
    check(&terms, &[(5000, 1, 0, 1, NO)], &[Unexplained]);
    // Another resource: the user's own rule. The worst of both wins.
    check(
        &terms,
        &[(0, 0, 0, 0, OK), (199, 0, 1, 1, NO), (249, 0, 1, 1, NO), (250, 0, 1, 1, NO)],
        &[Explained, Jitter, Unexplained],
    );
    check(&terms, &[(0, 0, 0, 0, OK), (1020, 1, 1, 1, OK), (1040, 1, 0, 2, NO)], &[Explained]);
    // An outcome that is not known counts as one that took the resource.
    check(&terms, &[(0, 0, 0, 0, ActionOutcome::Timeout), (900, 1, 0, 1, NO)], &[Explained]);
    check(&Terms::default(), &[(0, 0, 0, 0, OK), (1, 1, 0, 0, NO)], &[Unexplained]);
}

#[test]
fn windows_count_back_and_users_of_one_row_are_one() {
    use Cause::{Explained, Jitter, Unexplained};
    let window = terms(&[(Rule::PerAddress, "2 per 1s")], false);
    check(
        &window,
        &[(0, 0, 0, 0, OK), (100, 1, 1, 0, NO), (200, 2, 2, 0, OK), (900, 3, 3, 0, NO)],
        &[Unexplained, Explained],
    );
    let row = Terms { accounts: 2, ..terms(&[(Rule::PerUser, "1s")], false) };
    check(&row, &[(0, 0, 0, 0, OK), (500, 1, 1, 0, NO), (600, 2, 2, 0, NO)], &[Unexplained, Explained]);
    let both = terms(&[(Rule::PerUserResource, "1s")], false);
    check(
        &both,
        &[(0, 0, 0, 0, OK), (10, 0, 1, 0, NO), (20, 1, 0, 0, NO), (1010, 0, 0, 0, NO)],
        &[Unexplained, Unexplained, Jitter],
    );
}

#[test]
fn losers_of_a_collision_by_design_are_contested() {
    use Cause::{Contested, Explained, Unexplained};
    let rules = &[(Rule::PerResource, "1s"), (Rule::PerUser, "200ms")];
    let burst = terms(rules, true);
    check(&burst, &[(0, 0, 0, 0, OK), (1, 1, 0, 0, NO), (2, 2, 0, 0, NO)], &[Contested, Contested]);
    // The winner may be sent a moment later than a loser.
    check(&burst, &[(0, 1, 0, 0, NO), (1, 0, 0, 0, OK), (900, 2, 0, 1, NO)], &[Contested, Explained]);
    // Nobody got it, or only somebody of another step: the collision explains nothing.
    check(&burst, &[(0, 1, 0, 0, NO), (1, 2, 0, 0, NO), (2, 3, 1, 0, OK)], &[Unexplained, Unexplained]);
    check(&burst, &[(0, 0, 0, 0, NO), (500, 1, 0, 1, OK)], &[Unexplained]);
    // The user's own rule was broken, too.
    check(&burst, &[(0, 1, 1, 0, OK), (100, 0, 0, 1, OK), (101, 1, 0, 1, NO)], &[Explained]);
    check(&terms(rules, false), &[(0, 0, 0, 0, OK), (1, 1, 0, 0, NO)], &[Explained]);
}

#[test]
fn a_gap_that_only_our_lateness_broke_is_ours() {
    let late =
        |ms: u64, late: u64, user, outcome| Act { lateness: Duration::from_millis(late), ..act(ms, user, 0, outcome) };
    let check = |terms: &Terms, acts: Vec<Act>, gap: Gap, ours: bool| {
        let found = attribute(terms, acts);
        let last = found.last().unwrap();
        assert_eq!((last.gap, last.reason.is_some_and(|reason| reason.ours)), (gap, ours), "{last:?}");
    };
    let proved = terms(&[(Rule::PerResource, "1s")], false);
    check(&proved, vec![late(0, 0, 0, OK), late(1000, 0, 1, OK)], Gap::Kept, false);
    // Planned 50 ms before, so the gap would have been 1,050 ms.
    check(&proved, vec![late(100, 100, 0, OK), late(1050, 0, 1, NO)], Gap::BrokenByUs, true);
    // Both late: what the second one is late by has widened the gap.
    check(&proved, vec![late(100, 100, 0, OK), late(1050, 60, 1, NO)], Gap::Broken, false);
    check(&proved, vec![late(100, 0, 0, OK), late(1050, 0, 1, NO)], Gap::Broken, false);
    let forced = Terms { proved: false, ..proved };
    check(&forced, vec![late(100, 100, 0, OK), late(1050, 0, 1, NO)], Gap::Broken, false);
    // Collisions by design are never held against a run.
    let burst = terms(&[(Rule::PerResource, "1s")], true);
    check(&burst, vec![late(0, 0, 0, OK), late(0, 0, 1, NO)], Gap::Kept, false);
}

/// The rules again, as one would write them with all acts at hand.
fn naive(terms: &Terms, acts: &[Act], index: usize) -> Option<Cause> {
    let act = &acts[index];
    let accepted = |same: &dyn Fn(&Act) -> bool| -> Vec<Moment> {
        acts[..index].iter().filter(|other| other.outcome != NO && same(other)).map(|other| other.sent).collect()
    };
    let mut causes = Vec::new();
    for (rule, limit) in &terms.rules {
        let same_account = |other: &Act| match terms.accounts {
            0 => other.user == act.user,
            rows => other.user % rows == act.user % rows,
        };
        let sends = match rule {
            Rule::PerResource => accepted(&|other| other.resource == act.resource),
            Rule::PerUser => accepted(&same_account),
            Rule::PerUserResource => accepted(&|other| other.resource == act.resource && same_account(other)),
            Rule::PerAddress => accepted(&|_| true),
        };
        let back = sends.len().checked_sub(usize::try_from(limit.count).unwrap());
        let Some(gap) = back.map(|back| act.sent.since(sends[back])) else { continue };
        if gap < limit.per {
            causes.push((Cause::Explained, *rule));
        } else if gap < limit.per + terms.margin {
            causes.push((Cause::Jitter, *rule));
        }
    }
    let others = causes.iter().any(|(_, rule)| *rule != Rule::PerResource);
    let per_resource = terms.rules.iter().find(|(rule, _)| *rule == Rule::PerResource);
    if let Some((_, limit)) = per_resource.filter(|_| terms.by_design && !others) {
        let rival = |other: &Act| other.step == act.step && other.user != act.user;
        let there = |other: &&Act| other.resource == act.resource && other.outcome != NO;
        let contested = if causes.is_empty() {
            let soon = act.sent + limit.per.min(COLLISION);
            acts[index + 1..].iter().filter(there).any(|other| other.sent <= soon && rival(other))
        } else {
            acts[..index].iter().rev().find(there).is_some_and(rival)
        };
        if contested {
            return Some(Cause::Contested);
        }
    }
    (act.outcome == NO).then(|| causes.iter().map(|(cause, _)| *cause).min().unwrap_or(Cause::Unexplained))
}

/// Which worker each user is on, when hand-overs happen, and how long each act is open.
#[derive(Debug, Clone)]
struct Case {
    terms: Terms,
    /// In the order of their sends, with the milliseconds that each stays open.
    acts: Vec<(Act, u64)>,
    workers: usize,
    /// Milliseconds and worker of hand-overs.
    hand_overs: Vec<(u64, usize)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let limit = prop_oneof![Just("100ms"), Just("40ms"), Just("2 per 100ms"), Just("3 per 60ms"), Just("1200ms")];
    let rules = prop::collection::btree_map(0..4_usize, limit, 0..4);
    let outcome = prop_oneof![3 => Just(OK), 3 => Just(NO), 1 => Just(ActionOutcome::Timeout)];
    let act = (0..60_u64, 0..5_u64, 0..3_usize, outcome, 0..400_u64, 0..60_u64);
    let acts = prop::collection::vec(act, 1..60);
    let hand_overs = prop::collection::vec((0..2_000_u64, 0..3_usize), 0..20);
    (rules, acts, hand_overs, 1..4_usize, any::<bool>(), any::<bool>(), 0..4_u64).prop_map(
        |(rules, gaps, mut hand_overs, workers, by_design, proved, accounts)| {
            let rules = rules.into_iter().map(|(rule, limit)| (Rule::ALL[rule], limit.parse().unwrap())).collect();
            let mut ms = 0;
            let acts = gaps.into_iter().map(|(gap, user, resource, outcome, open, late)| {
                ms += gap;
                let lateness = Duration::from_millis(late);
                (Act { step: ms / 50, lateness, ..act_of(ms, user, resource, outcome) }, open)
            });
            let mut acts: Vec<(Act, u64)> = acts.collect();
            // Two of one user are never sent at once, and workers break ties by user.
            acts.sort_by_key(|(act, _)| (act.sent, act.user));
            hand_overs.sort_unstable();
            let terms = Terms { rules, margin: Duration::from_millis(20), by_design, proved, accounts };
            Case { terms, acts, workers, hand_overs }
        },
    )
}

fn act_of(ms: u64, user: u64, resource: usize, outcome: ActionOutcome) -> Act {
    act(ms, user, resource, outcome)
}

/// Plays the case as workers would: what is open at a hand-over waits, and the mark is the oldest of those.
fn play(case: &Case) -> Vec<Found> {
    let mut found = Vec::new();
    let mut attribution = Attribution::new(case.terms.clone(), case.workers);
    let worker_of = |act: &Act| usize::try_from(act.user).unwrap() % case.workers;
    let mut streams: Vec<VecDeque<(Act, u64)>> = vec![VecDeque::new(); case.workers];
    for (act, open) in &case.acts {
        streams[worker_of(act)].push_back((act.clone(), *open));
    }
    for (ms, worker) in case.hand_overs.iter().filter(|(_, worker)| *worker < case.workers) {
        let now = Moment::START + Duration::from_millis(*ms);
        let stream = &mut streams[*worker];
        let closed = |(act, open): &(Act, u64)| act.sent + Duration::from_millis(*open) < now;
        let ready = stream.iter().position(|one| !closed(one)).unwrap_or(stream.len());
        let acts = stream.drain(..ready).map(|(act, _)| act).collect();
        let mark = stream.front().map_or(now, |(act, _)| act.sent.min(now));
        attribution.take(*worker, Acts { acts, mark }, &mut |one| found.push(one));
    }
    for (worker, stream) in streams.into_iter().enumerate() {
        let acts = stream.into_iter().map(|(act, _)| act).collect();
        attribution.take(worker, Acts { acts, mark: Moment::NEVER }, &mut |one| found.push(one));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn causes_are_those_of_brute_force_whatever_the_hand_overs(case in cases()) {
        let acts: Vec<Act> = case.acts.iter().map(|(act, _)| act.clone()).collect();
        let found = play(&case);
        let told: Vec<&Act> = found.iter().map(|found| &found.act).collect();
        prop_assert_eq!(told, acts.iter().collect::<Vec<_>>());
        for (index, one) in found.iter().enumerate() {
            let expected = naive(&case.terms, &acts, index).filter(|_| one.act.outcome == NO);
            prop_assert_eq!(one.reason.map(|reason| reason.cause), expected, "act {} of {:?}", index, case);
            prop_assert!(case.terms.proved || one.gap != Gap::BrokenByUs);
        }
    }
}
