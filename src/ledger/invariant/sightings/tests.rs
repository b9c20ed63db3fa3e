//! Converged by example, and both compared with their definitions over everything at once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::super::{Tally, Value};
use super::*;
use crate::metrics::Cell;

use Step::{Changes, Hears, Joins, Leaves, Loses, Sends};

const LOT: Audience = Audience(7);
const WINDOW: Duration = Duration::from_millis(10);

/// What users tell.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// User, and the key of its action on the lot.
    Sends(u32, u16),
    /// User, key, value.
    Hears(u32, u16, u32),
    Changes(u32),
    Joins(u32),
    Leaves(u32),
    /// So many milliseconds ago the last byte came.
    Loses(u32, u64),
}

fn at(ms: u64) -> Moment {
    Moment::START + Duration::from_millis(ms)
}

fn key(number: u16) -> Key {
    Key::of(0, &number.to_string())
}

fn note(ms: u64, step: Step) -> Result<Note, Sight> {
    let audience = LOT;
    let what = match step {
        Sends(sender, number) => What::Sent(Sent {
            key: key(number),
            sender,
            number: number.into(),
            audience,
            subject: audience,
            rule: 0,
            cell: Cell(0),
        }),
        Hears(user, number, value) => {
            let about = About::Action { keys: vec![key(number)], of: None };
            return Err(Sight { at: at(ms), invariant: 0, user, about, value: Value::of(Some(&json!(value))) });
        }
        Changes(user) => What::Changing { user, audience },
        Joins(user) => What::Joined { user, audience },
        Leaves(user) => What::Left { user, audience },
        Loses(user, ago) => What::Lost { user, since: at(ms.saturating_sub(ago)) },
    };
    Ok(Note { at: at(ms), what })
}

fn tell(sightings: &mut Sightings, steps: &[(u64, Step)]) {
    let (mut notes, mut sights) = (Vec::new(), Vec::new());
    for (ms, step) in steps {
        match note(*ms, *step) {
            Ok(note) => notes.push(note),
            Err(sight) => sights.push(sight),
        }
    }
    sightings.tell(&notes, sights);
}

fn sightings(kind: Kind, others: bool) -> Sightings {
    let terms = Terms { patience: Duration::from_millis(50), memberships: true, others: vec![others] };
    Sightings::new(&[kind], terms)
}

fn tally(sightings: &Sightings) -> Tally {
    match &sightings.judges()[0] {
        Judge::Blind => Tally::default(),
        Judge::Monotonic(monotonic) => monotonic.tally(),
        Judge::Converged(converged) => converged.tally(),
    }
}

/// Members 0, 1 and 2 from the start; action 9 of user 0 at 100 ms; what comes then, and an end at 200 ms.
fn check(others: bool, steps: &[(u64, Step)], (held, broken, undecided): (u64, u64, u64)) {
    let mut sightings = sightings(Kind::Converged { window: WINDOW }, others);
    let before = [(0, Joins(0)), (0, Joins(1)), (0, Joins(2)), (100, Sends(0, 9))];
    tell(&mut sightings, &[&before[..], steps].concat());
    sightings.finish(at(200));
    assert_eq!(tally(&sightings), Tally { held, broken, undecided }, "{steps:?}");
}

#[test]
fn members_agree_or_they_do_not() {
    let all = [(101, Hears(0, 9, 5)), (102, Hears(1, 9, 5)), (103, Hears(2, 9, 5))];
    check(false, &all, (1, 0, 0));
    check(false, &[(101, Hears(0, 9, 5)), (102, Hears(1, 9, 5)), (103, Hears(2, 9, 6))], (0, 1, 0));
    // Who has seen nothing has missed it, unless it is the actor where the others are meant.
    check(false, &all[..2], (0, 1, 0));
    check(true, &all[1..], (1, 0, 0));
    check(false, &all[1..], (0, 1, 0));
    check(false, &[], (0, 0, 0));
}

#[test]
fn who_came_or_went_around_the_last_event_is_not_held_against_anybody() {
    let rest = |more: &[(u64, Step)]| [&[(101, Hears(0, 9, 5)), (102, Hears(1, 9, 5))], more].concat();
    for gone in [
        &[(90, Leaves(2))][..],
        &[(111, Leaves(2))],
        &[(104, Changes(2)), (120, Joins(2))],
        &[(95, Leaves(2)), (99, Joins(2))],
        &[(150, Loses(2, 60))],
    ] {
        check(false, &rest(gone), (1, 0, 0));
    }
    check(false, &rest(&[(112, Leaves(2))]), (0, 1, 0));
    check(false, &rest(&[(150, Loses(2, 30))]), (0, 1, 0));
    // Whoever agrees agrees, wherever it went.
    check(false, &rest(&[(103, Hears(2, 9, 5)), (103, Leaves(2))]), (1, 0, 0));
    // The run ended before everybody could have heard.
    let late = [(180, Sends(1, 3)), (195, Hears(0, 3, 5)), (196, Hears(1, 3, 5))];
    check(false, &late, (1, 0, 0));
}

#[test]
fn what_says_nothing_is_undecided() {
    // Of no open action, to no member, alone.
    check(false, &[(101, Hears(0, 8, 5)), (101, Hears(1, 8, 5))], (0, 0, 2));
    check(false, &[(151, Hears(0, 9, 5)), (151, Hears(1, 9, 5))], (0, 0, 2));
    check(false, &[(101, Hears(5, 9, 5))], (0, 0, 1));
    let gone = [(105, Leaves(1)), (105, Leaves(2))];
    check(false, &[&[(101, Hears(0, 9, 5))], &gone[..]].concat(), (0, 0, 1));
}

#[test]
fn a_resource_is_decided_and_forgotten_when_its_last_member_has_left() {
    let mut sightings = sightings(Kind::Converged { window: WINDOW }, false);
    for round in 0..100_u16 {
        let ms = u64::from(round) * 100;
        let value = u32::from(round == 50);
        tell(
            &mut sightings,
            &[
                (ms, Joins(0)),
                (ms, Joins(1)),
                (ms + 20, Sends(0, round)),
                (ms + 21, Hears(0, round, 0)),
                (ms + 21, Hears(1, round, value)),
                (ms + 40, Leaves(0)),
                (ms + 41, Leaves(1)),
            ],
        );
        sightings.advance(at(ms + 90));
    }
    assert!(sightings.membership.roll(LOT).is_some_and(|roll| roll.stands.len() == 2));
    assert!(sightings.actions.len() <= 2, "{}", sightings.actions.len());
    sightings.finish(at(20_000));
    assert_eq!(tally(&sightings), Tally { held: 99, broken: 1, undecided: 0 });
    let Judge::Converged(converged) = &sightings.judges()[0] else { panic!("converged") };
    let found = &converged.disagreements()[0];
    assert_eq!((found.user, found.users, found.last.0, found.last.1), (0, 1, 1, at(5_021)));
}

#[test]
fn without_any_delivery_all_values_are_one_sequence_and_who_heard_nothing_is_not_asked() {
    let kinds = [Kind::Monotonic, Kind::Converged { window: WINDOW }, Kind::Blind];
    let mut sightings = Sightings::new(&kinds, Terms::default());
    let joined = [0, 1, 2].map(|user| Note { at: at(0), what: What::Joined { user, audience: Audience::EVERYONE } });
    let sight = |ms, invariant, user, value| Sight {
        at: at(ms),
        invariant,
        user,
        about: if ms == 99 { About::Named(LOT) } else { About::Everything },
        value: Value::of(Some(&json!(value))),
    };
    let seen = [(50, 0, 3), (51, 0, 2), (60, 1, 2), (61, 1, 2), (99, 0, 1)];
    let sights = seen.iter().flat_map(|(ms, user, value)| [0, 1].map(|which| sight(*ms, which, *user, *value)));
    sightings.tell(&joined, sights.collect());
    sightings.finish(at(200));
    let [Judge::Monotonic(monotonic), Judge::Converged(converged), Judge::Blind] = sightings.judges() else {
        panic!("{:?}", sightings.judges())
    };
    assert_eq!(monotonic.tally(), Tally { held: 1, broken: 1, undecided: 0 });
    // The last value of both is the same; of the lot only one has heard.
    assert_eq!(converged.tally(), Tally { held: 1, broken: 0, undecided: 1 });
}

#[test]
fn what_has_time_to_come_is_awaited() {
    let check = |others, steps: &[(u64, Step)], marks: &[(u64, bool)]| {
        let steps = [&[(0, Joins(0)), (0, Joins(1)), (0, Joins(2)), (100, Sends(0, 9))], steps].concat();
        for (mark, awaited) in marks {
            let mut sightings = sightings(Kind::Converged { window: WINDOW }, others);
            tell(&mut sightings, &steps.iter().copied().filter(|(ms, _)| ms < mark).collect::<Vec<_>>());
            sightings.advance(at(*mark));
            assert_eq!(sightings.awaits(at(*mark)), *awaited, "{steps:?} at {mark}");
        }
    };
    let all = [(101, Hears(0, 9, 5)), (102, Hears(1, 9, 5)), (103, Hears(2, 9, 5))];
    check(false, &all, &[(100, false), (102, true), (103, true), (104, false)]);
    check(false, &all[..2], &[(103, true), (112, true), (113, false)]);
    check(true, &all[1..], &[(103, true), (104, false)]);
    // One alone may yet be joined by another.
    check(false, &[(101, Hears(0, 9, 5)), (102, Leaves(1)), (102, Leaves(2))], &[(103, true), (112, false)]);
    let mut sightings = sightings(Kind::Monotonic, false);
    tell(&mut sightings, &all);
    assert!(sightings.awaits(at(100)), "it was told, and not looked at");
    sightings.advance(at(110));
    assert!(!sightings.awaits(at(110)));
}

fn step() -> impl Strategy<Value = Step> {
    let user = || 0_u32..4;
    prop_oneof![
        1 => (user(), 0_u16..4).prop_map(|(user, key)| Sends(user, key)),
        6 => (user(), 0_u16..4, 0_u32..3).prop_map(|(user, key, value)| Hears(user, key, value)),
        1 => user().prop_map(Changes),
        3 => user().prop_map(Joins),
        1 => user().prop_map(Leaves),
        1 => (user(), 0_u64..20).prop_map(|(user, ago)| Loses(user, ago)),
    ]
}

/// By definition, over everything at once: one resource that is never empty, since user 9 is always there.
fn naive(steps: &[(u64, Step)], others: bool, end: u64) -> Tally {
    let mut tally = Tally::default();
    let mut seen: Vec<(u64, u32, u32, u32)> = Vec::new();
    for (now, &(ms, step)) in steps.iter().enumerate() {
        let Hears(user, number, value) = step else { continue };
        let before = || steps[..now].iter().rev();
        let action = before().find_map(|(sent, step)| match step {
            Sends(sender, key) if *key == number => Some((*sent, *sender)),
            _ => None,
        });
        let knows_it = before().any(|(_, step)| matches!(step, Changes(who) | Joins(who) if *who == user));
        match action {
            Some((_, sender)) if knows_it => seen.push((ms, user, value, sender)),
            _ => tally.undecided += 1,
        }
    }
    let Some(&(last, last_user, value, sender)) = seen.last() else { return tally };
    let users: BTreeSet<u32> = steps
        .iter()
        .filter_map(|(_, step)| match step {
            Changes(user) | Joins(user) => Some(*user),
            _ => None,
        })
        .collect();
    let final_of: BTreeMap<u32, u32> = seen.iter().map(|(_, user, value, _)| (*user, *value)).collect();
    // For sure a member in every millisecond around it: joined before, and nothing since.
    let is_sure = |user: u32| {
        let mut since = None;
        let mut until = None;
        for &(ms, step) in steps {
            match step {
                Joins(who) if who == user => (since, until) = (Some(ms), None),
                Changes(who) if who == user && since.is_some() => until = until.or(Some(ms)),
                Leaves(who) if who == user && since.is_some() => until = until.or(Some(ms)),
                Loses(who, ago) if who == user && since.is_some() => {
                    let at = ms.saturating_sub(ago);
                    until = Some(until.map_or(at, |known: u64| known.min(at)));
                }
                _ => {}
            }
        }
        let window = WINDOW.as_millis_f64() as u64;
        since.is_some_and(|since| since + window <= last)
            && until.is_none_or(|until| until >= last + window)
            && last + window <= end
            && !(others && user == sender)
    };
    let disagree = users.iter().any(|user| final_of.get(user) != Some(&value) && is_sure(*user));
    let agree = final_of.values().filter(|known| **known == value).count();
    assert_eq!(final_of[&last_user], value);
    match (disagree, agree) {
        (true, _) => tally.broken += 1,
        (false, 2..) => tally.held += 1,
        (false, _) => tally.undecided += 1,
    }
    tally
}

proptest! {
    #[test]
    fn the_same_as_over_everything_at_once(
        steps in prop::collection::vec((1_u64..8, step()), 0..60),
        (others, watched) in any::<(bool, bool)>(),
        marks in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let mut now = 0;
        let mut steps: Vec<(u64, Step)> = steps.into_iter().map(|(after, step)| { now += after; (now, step) }).collect();
        steps.insert(0, (0, Joins(9)));
        if watched {
            // User 9 sees whatever anybody sees; otherwise it sees nothing at all.
            let copy = |(ms, step): &(u64, Step)| match step {
                Hears(_, key, value) => vec![(*ms, *step), (*ms, Hears(9, *key, *value))],
                _ => vec![(*ms, *step)],
            };
            steps = steps.iter().flat_map(copy).collect();
        }
        // A left audience is left once: what follows a leave or a loss is nothing until the user comes again.
        let mut inside: BTreeSet<u32> = BTreeSet::new();
        steps.retain(|(_, step)| match step {
            Joins(user) | Changes(user) => { inside.insert(*user); true }
            Leaves(user) | Loses(user, _) => inside.remove(user),
            _ => true,
        });
        let end = now + 5;
        let terms = Terms { patience: Duration::from_secs(60), memberships: true, others: vec![others] };
        let mut sightings = Sightings::new(&[Kind::Converged { window: WINDOW }], terms);
        let mut told = 0;
        let mut marks = marks;
        marks.sort_unstable();
        for mark in marks.into_iter().filter(|mark| *mark < steps.len()) {
            tell(&mut sightings, &steps[told.min(mark)..mark]);
            told = told.max(mark);
            sightings.advance(at(steps[mark].0));
        }
        tell(&mut sightings, &steps[told..]);
        sightings.finish(at(end));
        prop_assert_eq!(tally(&sightings), naive(&steps, others, end));
    }
}
