//! What the users of a worker have in common: their groups, which live on it wholly, and a copy of what the users of scenarios
//! and of the suite share. The copies agree because each worker tells the others what its own users do.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::circle::{CircleState, Shared, When};
use super::progress::Progress;
use crate::plan::meeting::Circle;
use crate::plan::{Plan, Rhythm, Scenario};
use crate::units::{Duration, Moment};

/// What one worker tells the others.
#[derive(Debug, Clone)]
pub enum Letter {
    Shared { when: When, name: Arc<str>, shared: Shared },
    Came { circle: Circle, when: When, name: Arc<str>, user: u64, at: Moment },
    Stands { scenario: usize, user: u64, standing: Standing, at: Moment },
}

/// What others have to know of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// It will not come again, or not in this stay.
    pub gone: bool,
    /// The turns of its stay, from the first up to the one that comes no more, once that is known.
    pub turns: Option<(u64, u64)>,
}

/// A group: when its turns begin, and how far they are.
#[derive(Debug, Default)]
struct Group {
    state: CircleState,
    /// Members that are ready in the stay with that number.
    ready: (usize, HashSet<u64>),
    /// The stay whose turns have begun, and the number of their first.
    started: Option<(usize, u64)>,
    /// The first turn that no member has begun.
    next: u64,
    /// The turn that each member has come to.
    at: HashMap<u64, u64>,
}

/// Everything in common. Users go by `user.index`.
#[derive(Debug, Default)]
pub struct Commons {
    groups: HashMap<(usize, u64), Group>,
    scenarios: HashMap<usize, CircleState>,
    suite: CircleState,
    standings: HashMap<u64, Standing>,
    /// How far the users of this worker are, by scenario.
    progress: HashMap<usize, Progress>,
    /// Users of this worker for whom something has changed that they wait for.
    pub calls: Vec<u64>,
    /// For the other workers.
    pub letters: Vec<Letter>,
}

/// So much later than its moment a user may begin its first turn, on a machine that is busy beyond measure.
const LATEST: Duration = Duration::from_secs(5);

/// A user of a scenario, for its group.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    pub scenario: &'a Scenario,
    /// Number of the scenario.
    pub number: usize,
    /// `user.index_in_scenario`.
    pub user: u64,
}

impl Member<'_> {
    fn group(self) -> (usize, u64) {
        (self.number, self.user / self.scenario.group.unwrap_or(1))
    }

    /// The circle of its group; `None` without groups.
    #[must_use]
    pub fn circle(self) -> Option<Circle> {
        let (scenario, group) = self.group();
        self.scenario.group.map(|_| Circle::Group(scenario, group))
    }

    fn index(self) -> u64 {
        self.scenario.first_user + self.user
    }

    fn fellows(self) -> impl Iterator<Item = u64> {
        let first = self.scenario.first_user;
        self.scenario.fellows(self.user).map(move |user| first + user)
    }
}

impl Commons {
    fn state(&mut self, circle: Circle) -> &mut CircleState {
        match circle {
            Circle::Group(scenario, group) => &mut self.groups.entry((scenario, group)).or_default().state,
            Circle::Scenario(scenario) => self.scenarios.entry(scenario).or_default(),
            Circle::Suite => &mut self.suite,
        }
    }

    /// Hands a value to the others.
    pub fn share(&mut self, circle: Circle, when: When, name: &Arc<str>, shared: Shared) {
        if circle == Circle::Suite {
            self.letters.push(Letter::Shared { when, name: Arc::clone(name), shared: shared.clone() });
        }
        let mut calls = std::mem::take(&mut self.calls);
        self.state(circle).share(when, name, shared, &mut calls);
        self.calls = calls;
    }

    /// The value, or the user will be called once it is there.
    pub fn seek(&mut self, circle: Circle, when: When, name: &Arc<str>, user: u64) -> Option<Shared> {
        self.state(circle).seek(when, name, user)
    }

    /// A user comes to a barrier.
    pub fn come(&mut self, plan: &Plan, circle: Circle, when: When, name: &Arc<str>, user: u64, now: Moment) {
        if !matches!(circle, Circle::Group(..)) {
            self.letters.push(Letter::Came { circle, when, name: Arc::clone(name), user, at: now });
        }
        self.arrive(plan, circle, when, name, user, now);
    }

    /// When the barrier has opened, or the user will be called once it does.
    pub fn opened(&mut self, circle: Circle, when: When, name: &Arc<str>, user: u64, now: Moment) -> Option<Moment> {
        self.state(circle).opened(when, name, user, now)
    }

    fn arrive(&mut self, plan: &Plan, circle: Circle, when: When, name: &Arc<str>, user: u64, now: Moment) {
        let (mut calls, standings) = (std::mem::take(&mut self.calls), std::mem::take(&mut self.standings));
        let expected = || expected(plan, &standings, circle, when, name, now);
        self.state(circle).come(when, name, user, now, expected, &mut calls);
        (self.calls, self.standings) = (calls, standings);
    }

    /// Tells how a user stands, if that has changed.
    pub fn stand(&mut self, plan: &Plan, scenario: usize, user: u64, standing: Standing, now: Moment) {
        if self.standings.get(&user).copied().unwrap_or_default() != standing {
            self.letters.push(Letter::Stands { scenario, user, standing, at: now });
            self.know(plan, scenario, user, standing, now);
        }
    }

    fn know(&mut self, plan: &Plan, number: usize, user: u64, standing: Standing, now: Moment) {
        let before = self.standings.insert(user, standing).unwrap_or_default();
        let scenario = &plan.scenarios[number];
        if standing.gone || standing.turns.is_none() {
            self.progress.entry(number).or_default().leave(user);
        }
        if standing.gone && !before.gone {
            let member = Member { scenario, number, user: user - scenario.first_user };
            if scenario.group.is_some()
                && let Some(group) = self.groups.get_mut(&member.group())
            {
                group.state.leave(user, now, &mut self.calls);
                // The others may have waited for nobody else to begin.
                self.calls.extend(member.fellows().filter(|fellow| *fellow != user));
            }
            if let Some(state) = self.scenarios.get_mut(&number) {
                state.leave(user, now, &mut self.calls);
            }
            self.suite.leave(user, now, &mut self.calls);
        }
        if let Some(turns) = standing.turns.filter(|turns| before.turns != Some(*turns) && !standing.gone) {
            if let Some(state) = self.scenarios.get_mut(&number) {
                state.take_part(user, turns, now, |_| true, &mut self.calls);
            }
            let has = |name: &str| scenario.act.has_barrier_of_suite(name);
            self.suite.take_part(user, turns, now, has, &mut self.calls);
        }
    }

    /// Takes in what another worker tells.
    pub fn take(&mut self, plan: &Plan, letter: Letter) {
        match letter {
            Letter::Shared { when, name, shared } => self.suite.share(when, &name, shared, &mut self.calls),
            Letter::Came { circle, when, name, user, at } => self.arrive(plan, circle, when, &name, user, at),
            Letter::Stands { scenario, user, standing, at } => self.know(plan, scenario, user, standing, at),
        }
    }

    /// A member is ready for the turns of its stay.
    pub fn ready(&mut self, member: Member<'_>, stay: usize) {
        let group = self.groups.entry(member.group()).or_default();
        if group.ready.0 != stay {
            group.ready = (stay, HashSet::new());
        }
        group.ready.1.insert(member.index());
    }

    /// The number of the first turn of a group's stay. It begins when all members that can be are ready, or when the caller cannot
    /// wait `longer`; `first` then says where. The others are called.
    pub fn start(&mut self, member: Member<'_>, stay: usize, longer: bool, first: impl FnOnce() -> u64) -> Option<u64> {
        let group = self.groups.entry(member.group()).or_default();
        if let Some((_, first)) = group.started.filter(|(started, _)| *started == stay) {
            return Some(first);
        }
        let is_gone = |user: &u64| self.standings.get(user).is_some_and(|standing| standing.gone);
        let is_ready = |user: u64| group.ready.0 == stay && group.ready.1.contains(&user) || is_gone(&user);
        if longer && !member.fellows().all(is_ready) {
            return None;
        }
        let first = first().max(group.next);
        group.started = Some((stay, first));
        self.calls.extend(member.fellows().filter(|fellow| *fellow != member.index()));
        Some(first)
    }

    /// The first turn that no member of the group has begun.
    #[must_use]
    pub fn next_turn(&self, member: Member<'_>) -> u64 {
        self.groups.get(&member.group()).map_or(0, |group| group.next)
    }

    /// A user has come to that turn; `begun` if it begins it. What nobody of this worker will ask for any more is forgotten.
    pub fn come_to_turn(&mut self, plan: &Plan, member: Member<'_>, turn: u64, begun: bool) {
        if member.scenario.group.is_some() {
            self.come_to_turn_in_group(member, turn, begun);
        }
        let Some(every) = shared_step(member.scenario) else { return };
        let progress = self.progress.entry(member.number).or_default();
        progress.come(member.index(), turn);
        let behind = LATEST.as_nanos().div_ceil(every.as_nanos().max(1)) + 1;
        let floor = |oldest: Option<u64>| oldest.unwrap_or(0).saturating_sub(behind);
        if let Some(state) = self.scenarios.get_mut(&member.number) {
            state.forget_before(floor(progress.oldest()));
        }
        let mut parties = plan.scenarios.iter().filter(|scenario| scenario.act.meets());
        if parties.all(|scenario| shared_step(scenario) == Some(every)) {
            self.suite.forget_before(floor(self.progress.values().filter_map(Progress::oldest).min()));
        }
    }

    fn come_to_turn_in_group(&mut self, member: Member<'_>, turn: u64, begun: bool) {
        let group = self.groups.entry(member.group()).or_default();
        if begun {
            group.next = group.next.max(turn + 1);
        }
        group.at.insert(member.index(), turn);
        let is_gone = |user: &u64| self.standings.get(user).is_some_and(|standing| standing.gone);
        let turns =
            member.fellows().filter(|user| !is_gone(user)).map(|user| group.at.get(&user).copied().unwrap_or(0));
        let oldest = turns.min().unwrap_or(turn);
        group.state.forget_before(oldest);
    }
}

/// The step of turns that have something in common, if turn N is at the same time for all. Users of closed loops begin with
/// turn 0 whenever they come.
fn shared_step(scenario: &Scenario) -> Option<Duration> {
    match scenario.rhythm {
        Rhythm::Step { every, .. } if scenario.act.meets() => Some(every),
        _ => None,
    }
}

/// Who has to come to a barrier to which nobody has come before.
fn expected(
    plan: &Plan,
    standings: &HashMap<u64, Standing>,
    circle: Circle,
    when: When,
    name: &str,
    now: Moment,
) -> HashSet<u64> {
    let standing = |user: u64| standings.get(&user).copied().unwrap_or_default();
    let stays = |user: &u64| !standing(*user).gone;
    if let Circle::Group(number, group) = circle {
        let scenario = &plan.scenarios[number];
        let first = group * scenario.group.unwrap_or(1);
        return scenario.fellows(first).map(|user| scenario.first_user + user).filter(stays).collect();
    }
    let is_party = |number: usize, scenario: &Scenario| match (circle, when) {
        (Circle::Scenario(only), _) => number == only,
        (_, When::Turn(_)) => scenario.act.has_barrier_of_suite(name),
        (_, When::Stay(_)) => [&scenario.login, &scenario.setup].iter().any(|steps| steps.has_barrier_of_suite(name)),
    };
    let parties = plan.scenarios.iter().enumerate().filter(|(number, scenario)| is_party(*number, scenario));
    let users = parties.flat_map(|(_, scenario)| {
        let comes = move |user: &u64| match when {
            When::Stay(_) => !scenario.stays(*user).is_empty(),
            When::Turn(turn) => has_turn(scenario, *user, standing(scenario.first_user + user).turns, turn, now),
        };
        (0..scenario.users).filter(comes).map(|user| scenario.first_user + user)
    });
    users.filter(stays).collect()
}

/// Has a user that turn, as far as is known? Of one that the load asks for and that is not ready yet it is not, and then it may.
fn has_turn(scenario: &Scenario, user: u64, turns: Option<(u64, u64)>, turn: u64, now: Moment) -> bool {
    match turns {
        Some((first, _)) if turn < first => false,
        Some((_, end)) if turn < end => true,
        _ => scenario.stays(user).iter().any(|stay| {
            let asked = stay.asked <= now && now < stay.until;
            asked && scenario.first_turn(user, stay.slot) <= turn && turn < scenario.end_turn(user, stay.until)
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::plan::Overrides;
    use crate::plan::compile::{Context, compile};
    use crate::suite::env::Environment;
    use crate::suite::read::read;

    const SUITE: &str = r#"name: t
target: { url: "http://127.0.0.1:9" }
scenarios:
  a:
    load: { users: 4, duration: 9s }
    every: 1s
    setup: [{ barrier: open, of: suite }, { barrier: own }]
    act: [{ barrier: go, of: suite }, { barrier: own }]
  b:
    load: { users: 3, duration: 9s }
    every: 1s
    setup: [{ barrier: open, of: suite }]
    act: [{ barrier: go, of: suite }]
  c: { load: { users: 2, duration: 9s }, every: 1s, act: [{ pause: 1s }] }
"#;

    fn plan() -> Plan {
        let (loaded, _) = read(Path::new("suite.yaml"), SUITE, &Environment::default());
        let files = |_: &str| Err("there are no files".to_owned());
        let context = Context { overrides: &Overrides::default(), files: &files, built_in: None, seed: 7 };
        compile(&loaded.unwrap(), &context).0.unwrap()
    }

    /// Workers, each with its copy, and the mail from each to each that has not come yet.
    struct Workers {
        plan: Plan,
        copies: Vec<Commons>,
        mail: Vec<Vec<VecDeque<Letter>>>,
        called: Vec<u64>,
    }

    impl Workers {
        fn new(count: usize) -> Self {
            let mail = vec![vec![VecDeque::new(); count]; count];
            let copies = (0..count).map(|_| Commons::default()).collect();
            Self { plan: plan(), copies, mail, called: Vec::new() }
        }

        /// Does something on the worker of a user.
        fn act(&mut self, user: u64, act: impl FnOnce(&Plan, &mut Commons)) {
            let worker = usize::try_from(user).unwrap() % self.copies.len();
            act(&self.plan, &mut self.copies[worker]);
            for letter in self.copies[worker].letters.drain(..) {
                for (_, queue) in self.mail[worker].iter_mut().enumerate().filter(|(other, _)| *other != worker) {
                    queue.push_back(letter.clone());
                }
            }
            self.called.append(&mut self.copies[worker].calls);
        }

        fn deliver(&mut self, from: usize, to: usize) {
            let Some(letter) = self.mail[from][to].pop_front() else { return };
            self.copies[to].take(&self.plan, letter);
            assert!(self.copies[to].letters.is_empty(), "a letter is answered by a letter");
            self.called.append(&mut self.copies[to].calls);
        }

        fn deliver_all(&mut self) {
            let count = self.copies.len();
            for (from, to) in (0..count).flat_map(|from| (0..count).map(move |to| (from, to))) {
                while !self.mail[from][to].is_empty() {
                    self.deliver(from, to);
                }
            }
        }
    }

    fn at(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    fn scenario_of(user: u64) -> usize {
        usize::from(user >= 4) + usize::from(user >= 7)
    }

    #[test]
    fn what_nobody_can_come_to_any_more_is_forgotten() {
        let (plan, mut commons, name): (_, Commons, Arc<str>) = (plan(), Commons::default(), "room".into());
        let share = |commons: &mut Commons, turn| {
            commons.share(Circle::Suite, When::Turn(turn), &name, Shared { value: turn.into(), at: at(0) });
        };
        let come = |commons: &mut Commons, user: u64, turn| {
            let (number, user) = if user < 4 { (0, user) } else { (1, user - 4) };
            let member = Member { scenario: &plan.scenarios[number], number, user };
            commons.come_to_turn(&plan, member, turn, true);
        };
        let kept = |commons: &mut Commons| {
            (0..90).filter(|turn| commons.seek(Circle::Suite, When::Turn(*turn), &name, 1).is_some()).count()
        };
        for turn in 0..80 {
            share(&mut commons, turn);
            come(&mut commons, 0, turn);
            come(&mut commons, 5, turn.min(50));
        }
        // User 5 is in turn 50, and may have come five seconds late; then it leaves.
        assert_eq!(kept(&mut commons), 80 - (50 - 6));
        commons.stand(&plan, 1, 5, Standing { gone: true, turns: Some((0, 90)) }, at(0));
        come(&mut commons, 0, 80);
        assert_eq!(kept(&mut commons), 6);
        // One that comes back is never behind those that stayed.
        come(&mut commons, 5, 78);
        share(&mut commons, 81);
        assert_eq!(kept(&mut commons), 7);
    }

    #[test]
    fn a_value_comes_to_all_workers() {
        let (mut workers, name): (_, Arc<str>) = (Workers::new(3), "room".into());
        let when = When::Turn(4);
        for user in 1..3 {
            workers.act(user, |_, commons| assert_eq!(commons.seek(Circle::Suite, when, &name, user), None));
        }
        let shared = Shared { value: 5.into(), at: at(3) };
        workers.act(0, |_, commons| commons.share(Circle::Suite, when, &name, shared.clone()));
        workers.deliver_all();
        assert_eq!(workers.called, [1, 2]);
        workers.act(2, |_, commons| assert_eq!(commons.seek(Circle::Suite, when, &name, 2), Some(shared)));
    }

    proptest! {
        /// However the mail is delayed: in the end all workers agree which barriers are open, and these are those to which
        /// everybody has come who takes part and has not left.
        #[test]
        fn workers_agree(
            count in 1usize..4,
            steps in prop::collection::vec((0u64..9, 0u8..4, 0usize..4, 0usize..4), 0..120),
        ) {
            let mut workers = Workers::new(count);
            let barriers: [(Circle, When, &str); 4] = [
                (Circle::Suite, When::Stay(0), "open"),
                (Circle::Scenario(0), When::Stay(0), "own"),
                (Circle::Suite, When::Turn(3), "go"),
                (Circle::Scenario(0), When::Turn(3), "own"),
            ];
            let parties = |barrier: usize| if barrier.is_multiple_of(2) { 0..7 } else { 0..4 };
            let (mut come, mut gone) = (vec![HashSet::new(); 4], HashSet::new());
            // Whose first turn comes after the third.
            let late = |user: u64| user == 2 || user == 5;
            for (moment, (user, what, from, to)) in (0..).zip(steps) {
                let barrier = usize::from(what);
                if from < count && to < count {
                    workers.deliver(from, to);
                }
                if gone.contains(&user) {
                    continue;
                }
                let turns = Some((if late(user) { 4 } else { 1 }, 9));
                if from == 3 && to == 3 {
                    gone.insert(user);
                    let standing = Standing { gone: true, turns };
                    workers.act(user, |plan, commons| commons.stand(plan, scenario_of(user), user, standing, at(moment)));
                } else if parties(barrier).contains(&user) && !(late(user) && barrier >= 2) {
                    come[barrier].insert(user);
                    let (circle, when, name) = barriers[barrier];
                    workers.act(user, |plan, commons| {
                        if barrier >= 2 {
                            let standing = Standing { gone: false, turns };
                            commons.stand(plan, scenario_of(user), user, standing, at(moment));
                        }
                        commons.come(plan, circle, when, &name.into(), user, at(moment));
                    });
                }
            }
            // In the end all that are still there know which turns they have.
            for user in (0..9).filter(|user| !gone.contains(user)) {
                let standing = Standing { gone: false, turns: Some((if late(user) { 4 } else { 1 }, 9)) };
                workers.act(user, |plan, commons| commons.stand(plan, scenario_of(user), user, standing, at(900)));
            }
            workers.deliver_all();
            for (barrier, (circle, when, name)) in barriers.into_iter().enumerate() {
                let takes_part = |user: &u64| !(barrier >= 2 && late(*user));
                let missing = |user: &u64| !come[barrier].contains(user) && !gone.contains(user);
                let everybody = !parties(barrier).filter(takes_part).any(|user| missing(&user));
                for copy in &mut workers.copies {
                    let opened = copy.opened(circle, when, &name.into(), 99, at(1_000)).is_some();
                    prop_assert_eq!(opened, everybody && !come[barrier].is_empty(), "{} {:?}", name, when);
                }
            }
        }
    }
}
