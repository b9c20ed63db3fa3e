//! The clock of a user's turns, and the books of its actions: every action that is due gets exactly one outcome.

use std::collections::VecDeque;

use super::actor::{Actor, Scene};
use super::life::Life;
use super::thread::Place;
use crate::ledger::{ActionOutcome, Cause, NotSent};
use crate::metrics::{Cell, Counter, Recorder};
use crate::plan::language::functions::Draw;
use crate::plan::scenario::{Late, Turn};
use crate::plan::step::spot;
use crate::plan::{Plan, Rhythm, Scenario};
use crate::record::Class;
use crate::units::{Duration, Moment};

/// Which turns are due.
#[derive(Debug, Default)]
pub struct Turns {
    /// The next turn on the clock; `None` until the clock runs, and in closed loops.
    next: Option<Turn>,
    /// When the clock starts even if the user is not ready.
    latest: Option<Moment>,
    /// When the stay ends: what is due then or later is not.
    until: Option<Moment>,
    /// The number of the first turn that is not the stay's any more.
    end: u64,
    /// The turns of the stay, from the first up to `end`, since its clock runs.
    pub span: Option<(u64, u64)>,
    /// Has that been noticed? Then nobody need be woken for it again.
    over: bool,
    /// Due, and waiting for the last turn to end.
    waiting: VecDeque<Turn>,
    /// Turns begun in a closed loop.
    pub own: u64,
    /// In a closed loop, no turn begins before this moment.
    rest: Option<Moment>,
    /// Until then the user stays to hear of what others do, when its own turns are over.
    hears_until: Option<Moment>,
    /// Actions of the running turn that have no outcome yet, by action.
    owed: Vec<u64>,
}

/// What a closed loop rests after a turn that took no time: as long as the finest timer. Without it a turn that fails
/// before it waits for anything would be begun again and again, and its worker would do nothing else.
const REST: Duration = Duration::from_millis(1);

impl Turns {
    /// A stay begins in its slot: the clock starts when the user is ready, at `latest` in any case.
    pub fn begin(&mut self, latest: Moment, until: Moment, end: u64, hears_until: Option<Moment>) {
        *self = Self { latest: Some(latest), until: Some(until), end, own: self.own, hears_until, ..Self::default() };
    }

    /// No further turn becomes due.
    pub fn end(&mut self) {
        (self.next, self.latest, self.until, self.rest) = (None, None, None, None);
    }

    /// The stay ends here.
    pub fn leave(&mut self, now: Moment) {
        self.until = Some(now);
    }

    /// Has a stay begun that the user has not left yet?
    pub const fn have_begun(&self) -> bool {
        self.until.is_some()
    }

    /// Is the stay over?
    pub fn are_over(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

impl Actor {
    /// When the turns want to be looked at again.
    pub(super) fn turns_deadline(&self, scenario: &Scenario) -> Moment {
        let next = self.turns.next.map(|turn| turn.due).or(self
            .turns
            .latest
            .filter(|_| matches!(scenario.rhythm, Rhythm::Step { .. }) || scenario.group.is_some()));
        let until = self.turns.until.filter(|_| !self.turns.over);
        let hears_until = self.turns.hears_until.filter(|_| self.turns.over);
        let soonest = [next, until, hears_until, self.turns.rest].into_iter().flatten().min();
        soonest.unwrap_or(Moment::NEVER)
    }

    /// The clock starts now, if it does not run yet. Seen late, it still starts at its latest moment.
    pub(super) fn start_clock(&mut self, scene: &mut Scene<'_>) {
        let Some(latest) = self.turns.latest else { return };
        let Some(first) = self.first_turn(scene, latest) else { return };
        self.turns.latest = None;
        if matches!(scene.scenario.rhythm, Rhythm::Step { .. }) {
            self.turns.next = Some(scene.scenario.turn(self.user, first, scene.now));
            self.turns.span = Some((first, self.turns.end));
        } else {
            self.turns.own = self.turns.own.max(first);
            self.turns.span = Some((self.turns.own, self.turns.end));
        }
    }

    /// Brings the turns up to now: what has become due is counted and started, or counted as not sent; and when the stay
    /// is over, the user leaves.
    pub(super) fn advance(&mut self, scene: &mut Scene<'_>) {
        if self.turns.latest.is_some_and(|latest| latest <= scene.now || scene.scenario.group.is_some()) {
            self.start_clock(scene);
        }
        self.turns.rest = self.turns.rest.filter(|rest| *rest > scene.now);
        self.collect_due(scene);
        loop {
            if !matches!(self.life, Life::Active) {
                self.abandon_waiting(scene, NotSent::Offline);
                break;
            }
            if self.threads.main.is_some() {
                break;
            }
            // A turn that was due before the end and that nothing held up is only seen late, as timers fire late.
            let held_up = self.turns.waiting.front().is_none_or(|turn| self.turns_blocked(turn));
            if self.turns.are_over(scene.now) && held_up && !self.owes_turn(scene) {
                self.abandon_waiting(scene, NotSent::Busy);
                break;
            }
            let Some(turn) = self.next_to_run(scene) else { break };
            self.begin_turn(scene, turn);
            self.run_thread(scene);
            if scene.scenario.rhythm == Rhythm::ClosedLoop {
                self.turns.rest = self.threads.main.is_none().then_some(scene.now + REST);
                break;
            }
        }
        if self.turns.are_over(scene.now) {
            self.turns.over = true;
            // Nobody need be woken for it again.
            self.turns.hears_until = self.turns.hears_until.filter(|until| scene.now < *until);
            if !self.owes_turn(scene) {
                self.stay_over(scene);
                self.run_thread(scene);
            }
        }
    }

    fn collect_due(&mut self, scene: &mut Scene<'_>) {
        let (until, end) = (self.turns.until.unwrap_or(Moment::START), self.turns.end);
        let belongs = |turn: &Turn| turn.due < until && turn.number < end;
        while let Some(turn) = self.turns.next.filter(|turn| turn.due <= scene.now && belongs(turn)) {
            self.plan_turn(scene, &turn);
            self.turns.waiting.push_back(turn);
            self.turns.next = Some(scene.scenario.turn(self.user, turn.number + 1, scene.now));
        }
        if self.turns.next.is_some_and(|turn| !belongs(&turn)) {
            self.turns.next = None;
        }
    }

    /// The turn to start now; those that have waited too long are counted as busy on the way.
    fn next_to_run(&mut self, scene: &mut Scene<'_>) -> Option<Turn> {
        if scene.scenario.most_turns.is_some_and(|most| self.turns.own >= most) {
            self.turns.leave(scene.now);
            return None;
        }
        let awaits_group = scene.scenario.group.is_some() && self.turns.latest.is_some();
        if awaits_group || self.turns.rest.is_some() && !self.owes_turn(scene) {
            return None;
        }
        if scene.scenario.rhythm == Rhythm::ClosedLoop {
            let turn = scene.scenario.turn(self.user, self.turns.own, scene.now);
            self.turns.own += 1;
            self.plan_turn(scene, &turn);
            return Some(turn);
        }
        loop {
            let turn = self.turns.waiting.pop_front()?;
            match scene.scenario.late {
                Late::Skip { slack } if self.turns_blocked(&turn) && scene.now > turn.due + slack => {
                    self.not_sent(scene, &turn, NotSent::Busy);
                }
                _ => return Some(turn),
            }
        }
    }

    /// Its own turns are over, but what others have done may still come, or what has come is still being answered.
    pub(super) fn still_hears(&self, scene: &Scene<'_>) -> bool {
        let has_time = self.turns.hears_until.is_some_and(|until| scene.now < until);
        let may_go = scene.sink.all_heard && self.threads.handlers.is_empty();
        self.online && self.drain_until.is_none() && has_time && !may_go
    }

    /// Counts the user among those who stay only to hear, when it has become one of them, until it is one no more.
    pub(super) fn tell_rest(&mut self, scene: &mut Scene<'_>) {
        let rests = self.turns.over
            && self.turns.hears_until.is_some()
            && self.life == Life::Active
            && self.threads.main.is_none()
            && self.threads.handlers.is_empty()
            && !self.owes_turn(scene);
        match (std::mem::replace(&mut self.rests, rests), rests) {
            (false, true) => scene.sink.resting += 1,
            (true, false) => scene.sink.resting -= 1,
            _ => {}
        }
    }

    /// Was the turn held up by the one before, and not merely by a late timer?
    fn turns_blocked(&self, turn: &Turn) -> bool {
        self.last_turn_end.is_some_and(|end| end > turn.due)
    }

    fn begin_turn(&mut self, scene: &mut Scene<'_>, turn: Turn) {
        self.come_to_turn(scene, turn.number, true);
        let mut owed = std::mem::take(&mut self.turns.owed);
        owed.clear();
        owed.resize(scene.scenario.actions.len(), 0);
        self.due_in(scene.plan, scene.scenario, &turn, |action, times| owed[action] += times);
        self.turns.owed = owed;
        self.start(scene.now, Place::Act, Some(turn));
    }

    /// How often each action comes in a turn, if every `when` of it holds.
    fn due_in(&self, plan: &Plan, scenario: &Scenario, turn: &Turn, mut look: impl FnMut(usize, u64)) {
        if !scenario.act.mixes() {
            return scenario.actions.iter().enumerate().for_each(|(action, row)| look(action, row.per_turn));
        }
        let all = 0..scenario.act.operations.len();
        let draw = self.draws(plan, scenario, turn.number);
        scenario.act.walk(all, &[], scenario.resources, draw, |action| look(action, 1));
    }

    /// What a `mix` of the turn with that number draws, at a position and in the passes of its loops, below a bound.
    fn draws(&self, plan: &Plan, scenario: &Scenario, number: u64) -> impl Fn(usize, &[u64], u64) -> u64 + use<> {
        let (seed, user) = (plan.seed, self.index(scenario));
        move |position, passes, bound| {
            Draw::new(seed, user, number, spot(Place::Act.position(position), passes)).below(bound)
        }
    }

    /// Of the running turn, the actions from where it stands up to `end` are not due: their `when` does not hold.
    pub(super) fn not_due(&mut self, scene: &Scene<'_>, end: usize) {
        let Some(thread) = self.threads.current() else { return };
        let Some(turn) = thread.turn else { return };
        let draw = self.draws(scene.plan, scene.scenario, turn.number);
        let (from, passes, owed) = (thread.last() + 1, thread.passes(), &mut self.turns.owed);
        let act = &scene.scenario.act;
        act.walk(from..end, passes, scene.scenario.resources, draw, |action| {
            owed[action] = owed[action].saturating_sub(1)
        });
    }

    /// Counts what is due whatever becomes of the turn. What stands under a `when` is counted with its outcome.
    fn plan_turn(&self, scene: &mut Scene<'_>, turn: &Turn) {
        self.due_in(scene.plan, scene.scenario, turn, |action, times| {
            if !scene.scenario.actions[action].conditional {
                let cell = self.action_cell(scene.scenario, turn, action);
                scene.sink.recorder.count_many(cell, Counter::Planned, times);
            }
        });
    }

    pub(super) fn abandon_waiting(&mut self, scene: &mut Scene<'_>, why: NotSent) {
        let stopped = self.drain_until.is_some();
        while let Some(turn) = self.turns.waiting.pop_front() {
            if stopped {
                self.outcome_of_all(scene, &turn, ActionOutcome::Unfinished);
            } else {
                self.not_sent(scene, &turn, why);
            }
        }
    }

    fn not_sent(&self, scene: &mut Scene<'_>, turn: &Turn, why: NotSent) {
        self.come_to_turn(scene, turn.number, false);
        let outcome = ActionOutcome::NotSent(why);
        self.outcome_of_all(scene, turn, outcome);
        let resource = turn.resource.and_then(|index| scene.plan.resources.get(index));
        for action in &scene.scenario.actions {
            let (name, detail) = (format!("{} {}", action.name, outcome.words()), format!("step {}", turn.number));
            self.note_at(scene, Class::Action, &name, resource, detail);
        }
    }

    fn outcome_of_all(&self, scene: &mut Scene<'_>, turn: &Turn, outcome: ActionOutcome) {
        self.due_in(scene.plan, scene.scenario, turn, |action, times| {
            self.count_outcome(scene.scenario, &mut scene.sink.recorder, turn, action, outcome, times);
        });
    }

    /// Writes down what became of an action of the running turn. `answer` is what the server said, if it did.
    pub(super) fn outcome(
        &mut self,
        scene: &mut Scene<'_>,
        turn: &Turn,
        action: usize,
        outcome: ActionOutcome,
        answer: &str,
    ) {
        self.label_unanswered(scene);
        self.count_outcome(scene.scenario, &mut scene.sink.recorder, turn, action, outcome, 1);
        self.promise_ended(scene, outcome);
        self.labels.forget_action();
        match self.ticket.take() {
            Some(ticket) => scene.sink.sheet.close(ticket, outcome, answer),
            // Nobody will look for a cause: there is no cooldown that could explain it.
            None if outcome == ActionOutcome::Rejected => {
                let cell = self.action_cell(scene.scenario, turn, action);
                scene.sink.recorder.count(cell, Cause::Unexplained.counter());
            }
            None => {}
        }
        if let Some(owed) = self.turns.owed.get_mut(action) {
            *owed = owed.saturating_sub(1);
        }
    }

    /// What the running turn still owes gets this outcome: the turn has ended before it.
    pub(super) fn settle(&mut self, scene: &mut Scene<'_>, turn: &Turn, outcome: ActionOutcome) {
        for action in 0..self.turns.owed.len() {
            let owed = std::mem::take(&mut self.turns.owed[action]);
            self.count_outcome(scene.scenario, &mut scene.sink.recorder, turn, action, outcome, owed);
        }
    }

    fn count_outcome(
        &self,
        scenario: &Scenario,
        recorder: &mut Recorder,
        turn: &Turn,
        action: usize,
        outcome: ActionOutcome,
        times: u64,
    ) {
        let cell = self.action_cell(scenario, turn, action);
        recorder.count_many(cell, outcome.counter(), times);
        if times > 0 {
            self.labels.record(recorder, cell, |numbers| {
                numbers.count(outcome.counter(), times);
                numbers.count(Counter::Planned, times);
            });
        }
        if scenario.actions[action].conditional {
            recorder.count_many(cell, Counter::Planned, times);
        }
    }

    /// Numbers of an action belong to the stage in which its turn was due.
    pub(super) fn action_cell(&self, scenario: &Scenario, turn: &Turn, action: usize) -> Cell {
        Cell::within(self.base, scenario.actions.len(), scenario.stage(turn.due), Some(action))
    }
}
