//! What a user has to do with others: values handed over, places where all wait for all, and the turns that a group begins and
//! ends together.

use super::actor::{Actor, Scene};
use super::life::Life;
use super::thread::{Place, Thread, Wait};
use crate::plan::meeting::Circle;
use crate::plan::step::{AwaitRule, BarrierRule, Operation, ShareRule};
use crate::plan::{Rhythm, Scenario};
use crate::run::circle::{Shared, When};
use crate::run::commons::{Member, Standing};
use crate::units::Moment;

/// What a user waits for that others have to do.
enum Awaited<'a> {
    Value(&'a AwaitRule),
    Barrier(&'a BarrierRule),
}

impl Actor {
    /// This user, for its group.
    pub(super) const fn member<'a>(&self, scenario: &'a Scenario) -> Member<'a> {
        Member { scenario, number: self.scenario, user: self.user }
    }

    /// With whom values are shared.
    fn sharers(&self, scenario: &Scenario) -> Circle {
        self.member(scenario).circle().unwrap_or(Circle::Suite)
    }

    /// Who has to come to a barrier.
    fn party(&self, scenario: &Scenario, rule: &BarrierRule) -> Circle {
        match self.member(scenario).circle() {
            _ if rule.of_suite => Circle::Suite,
            Some(group) => group,
            None => Circle::Scenario(self.scenario),
        }
    }

    /// What the current program's meetings in a circle belong to.
    fn belongs_to(&self, circle: Circle) -> When {
        let of_turn = |thread: &Thread| thread.turn.filter(|_| thread.place == Place::Act);
        match self.threads.current().and_then(of_turn) {
            Some(turn) => When::Turn(turn.number),
            None => When::Stay(if matches!(circle, Circle::Group(..)) { self.stay } else { 0 }),
        }
    }

    /// Hands values to the others, and remembers them.
    pub(super) fn share(&mut self, scene: &mut Scene<'_>, rules: &[ShareRule]) {
        for rule in rules {
            let value = rule.value.value(&self.bindings(scene.plan, scene.scenario, scene.facts, scene.now));
            let value = match value {
                Ok(value) => value,
                Err(error) => {
                    self.step_error(scene, "a value to share cannot be computed", error.to_string());
                    return self.step_failed(scene.scenario);
                }
            };
            self.saved[rule.saved] = Some(value.clone());
            let (circle, shared) = (self.sharers(scene.scenario), Shared { value, at: scene.now });
            scene.sink.commons.share(circle, self.belongs_to(circle), &rule.name, shared);
        }
    }

    /// Comes to the step that stood last in the current program: a value to wait for, or a barrier.
    pub(super) fn meet(&mut self, scene: &mut Scene<'_>, operation: &Operation) {
        let within = match operation {
            Operation::Await(rule) => rule.within,
            Operation::Barrier(rule) => {
                let circle = self.party(scene.scenario, rule);
                let (when, user) = (self.belongs_to(circle), self.index(scene.scenario));
                scene.sink.commons.come(scene.plan, circle, when, &rule.name, user, scene.now);
                rule.within
            }
            _ => return,
        };
        let Some(thread) = self.threads.current_mut() else { return };
        let operation = thread.last();
        thread.wait = Wait::Meeting { operation, sought: scene.now, deadline: scene.now + within };
        self.look(scene);
    }

    /// Something has changed that this user may wait for.
    pub(super) fn called(&mut self, scene: &mut Scene<'_>) {
        self.for_each_thread(|actor| actor.look(scene));
    }

    /// Goes on if what the current program waits for has happened in time.
    fn look(&mut self, scene: &mut Scene<'_>) {
        let Some(thread) = self.threads.current() else { return };
        let Wait::Meeting { operation, deadline, .. } = thread.wait else { return };
        let user = self.index(scene.scenario);
        let happened = match awaited(scene.scenario, thread, operation) {
            Some(Awaited::Value(rule)) => {
                let circle = self.sharers(scene.scenario);
                let shared = scene.sink.commons.seek(circle, self.belongs_to(circle), &rule.name, user);
                shared.filter(|shared| shared.at <= deadline).map(|shared| {
                    self.saved[rule.saved] = Some(shared.value);
                    shared.at
                })
            }
            Some(Awaited::Barrier(rule)) => {
                let circle = self.party(scene.scenario, rule);
                let opened = scene.sink.commons.opened(circle, self.belongs_to(circle), &rule.name, user, scene.now);
                opened.filter(|at| *at <= deadline)
            }
            None => return,
        };
        if let Some(at) = happened {
            self.goes_on_from(at);
            self.resume();
        } else if scene.now >= deadline {
            self.not_met(scene);
        }
    }

    /// The plan counts from when the others had come, or from when this user had.
    fn goes_on_from(&mut self, at: Moment) {
        let Some(thread) = self.threads.current_mut() else { return };
        let Wait::Meeting { sought, .. } = thread.wait else { return };
        if at > sought {
            thread.planned = at;
        }
    }

    /// The others have not come; or they have, and only this user was slow to see it.
    pub(super) fn meeting_timed_out(&mut self, scene: &mut Scene<'_>) {
        self.look(scene);
    }

    fn not_met(&mut self, scene: &mut Scene<'_>) {
        let Some(thread) = self.threads.current() else { return };
        let Wait::Meeting { operation, sought, deadline } = thread.wait else { return };
        let within = deadline.since(sought);
        let step = thread.turn.map_or(String::new(), |turn| format!(", in step {}", turn.number));
        let (name, detail) = match awaited(scene.scenario, thread, operation) {
            Some(Awaited::Value(rule)) => (
                format!("await {} timed out", rule.name),
                format!(
                    "nobody of the {} shared `{}` within {within}{step}",
                    self.sharers(scene.scenario).name(),
                    rule.name
                ),
            ),
            Some(Awaited::Barrier(rule)) => (
                format!("barrier {} timed out", rule.name),
                format!(
                    "not everybody of the {} came to `{}` within {within}{step}",
                    self.party(scene.scenario, rule).name(),
                    rule.name
                ),
            ),
            None => return,
        };
        self.step_error(scene, &name, detail);
        self.plan_from(deadline);
        self.step_failed(scene.scenario);
    }

    /// Tells the others what they have to know of this user.
    pub(super) fn tell_standing(&self, scene: &mut Scene<'_>) {
        if !scene.scenario.meets {
            return;
        }
        let turns = self.turns.span.filter(|_| !matches!(self.life, Life::Waiting { .. }));
        let standing = Standing { gone: matches!(self.life, Life::Done | Life::Away), turns };
        let user = self.index(scene.scenario);
        scene.sink.commons.stand(scene.plan, self.scenario, user, standing, scene.now);
    }

    /// This user could act now: its group may begin its turns. In a closed loop a user that was away takes part in the turn that
    /// the others are in.
    pub(super) fn ready_with_group(&mut self, scene: &mut Scene<'_>) {
        if scene.scenario.group.is_none() {
            return;
        }
        let member = self.member(scene.scenario);
        scene.sink.commons.ready(member, self.stay);
        if scene.scenario.rhythm == Rhythm::ClosedLoop {
            self.turns.own = self.turns.own.max(scene.sink.commons.next_turn(member).saturating_sub(1));
        }
    }

    /// Number of the first turn of this stay, once its clock can start. It cannot wait longer than until `latest`.
    pub(super) fn first_turn(&self, scene: &mut Scene<'_>, latest: Moment) -> Option<u64> {
        let (scenario, user, now) = (scene.scenario, self.user, scene.now.min(latest));
        if scenario.group.is_none() {
            return Some(scenario.first_turn(user, now));
        }
        let first = || scenario.first_turn_together(user, now);
        scene.sink.commons.start(self.member(scenario), self.stay, scene.now < latest, first)
    }

    /// This user has come to that turn, for those that it has something in common with.
    pub(super) fn come_to_turn(&self, scene: &mut Scene<'_>, turn: u64, begun: bool) {
        if scene.scenario.meets {
            scene.sink.commons.come_to_turn(scene.plan, self.member(scene.scenario), turn, begun);
        }
    }

    /// Has the stay ended, and others of the group are in a turn of a closed loop that this user has not begun?
    pub(super) fn owes_turn(&self, scene: &Scene<'_>) -> bool {
        scene.scenario.group.is_some()
            && scene.scenario.rhythm == Rhythm::ClosedLoop
            && self.life == Life::Active
            && self.turns.span.is_some()
            && self.turns.are_over(scene.now)
            && self.turns.own < scene.sink.commons.next_turn(self.member(scene.scenario))
    }
}

fn awaited<'a>(scenario: &'a Scenario, thread: &Thread, operation: usize) -> Option<Awaited<'a>> {
    match thread.place.program(scenario).operations.get(operation)? {
        Operation::Await(rule) => Some(Awaited::Value(rule)),
        Operation::Barrier(rule) => Some(Awaited::Barrier(rule)),
        _ => None,
    }
}
