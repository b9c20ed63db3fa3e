//! A program being run: where it stands and what it waits for.

use super::actor::{Actor, Scene};
use crate::plan::Scenario;
use crate::plan::language::functions::{Draw, mix};
use crate::plan::scenario::Turn;
use crate::plan::step::{Items, Operation, Program};
use crate::units::{Duration, Moment};

/// Which of a scenario's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Login,
    Setup,
    Act,
    Teardown,
}

impl Place {
    /// The word in the suite.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Setup => "setup",
            Self::Act => "act",
            Self::Teardown => "teardown",
        }
    }

    pub const fn program(self, scenario: &Scenario) -> &Program {
        match self {
            Self::Login => &scenario.login,
            Self::Setup => &scenario.setup,
            Self::Act => &scenario.act,
            Self::Teardown => &scenario.teardown,
        }
    }
}

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: the next operation can run.
    Ready,
    /// Nothing more: a step has failed, and the program ends.
    Failed,
    Pause {
        until: Moment,
    },
    /// The ack of the emit at `operation`. `planned` is when it should have been sent.
    Ack {
        id: u64,
        operation: usize,
        planned: Moment,
        sent: Moment,
        deadline: Moment,
    },
    /// The response to the request at `operation`.
    Response {
        operation: usize,
        sent: Moment,
        deadline: Moment,
    },
}

impl Wait {
    const fn is_over(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }

    pub const fn deadline(&self) -> Moment {
        match self {
            Self::Ready | Self::Failed => Moment::NEVER,
            Self::Pause { until } => *until,
            Self::Ack { deadline, .. } | Self::Response { deadline, .. } => *deadline,
        }
    }
}

/// How a thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Completed,
    /// A step failed or timed out.
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct Loop {
    /// Position of its `Each`.
    start: usize,
    index: usize,
}

/// A running program.
#[derive(Debug)]
pub struct Thread {
    pub place: Place,
    next: usize,
    loops: Vec<Loop>,
    pub wait: Wait,
    /// The turn, under `act`.
    pub turn: Option<Turn>,
    /// When the next operation would run if nothing were ever late: a turn begins when it is due, a pause moves this on,
    /// and after an answer it is the moment of the answer.
    pub planned: Moment,
    pub started: Moment,
}

impl Thread {
    pub fn new(place: Place, turn: Option<Turn>, started: Moment) -> Self {
        let planned = turn.map_or(started, |turn| turn.due);
        Self { place, next: 0, loops: Vec::new(), wait: Wait::Ready, turn, planned, started }
    }

    /// What the loops go through and where they are, the innermost first.
    pub fn loops<'a>(&self, scenario: &'a Scenario) -> impl Iterator<Item = (&'a Items, usize)> {
        let program = self.place.program(scenario);
        self.loops.iter().rev().filter_map(|running| match program.operations.get(running.start) {
            Some(Operation::Each { over, .. }) => Some((over, running.index)),
            _ => None,
        })
    }

    /// Position of the operation that ran last.
    pub const fn last(&self) -> usize {
        self.next.saturating_sub(1)
    }

    /// Names where the program stands, loops included, for drawing at random.
    fn spot(&self) -> u64 {
        let position = (self.place as u64) << 32 | self.last() as u64;
        self.loops.iter().fold(position, |spot, running| mix(spot ^ mix(running.index as u64)))
    }

    fn enter(&mut self, length: u64, end: usize) {
        if length == 0 {
            self.next = end;
        } else {
            self.loops.push(Loop { start: self.last(), index: 0 });
        }
    }

    fn again(&mut self, start: usize, length: u64) {
        let Some(running) = self.loops.last_mut() else { return };
        running.index += 1;
        if (running.index as u64) < length {
            self.next = start + 1;
        } else {
            self.loops.pop();
        }
    }
}

impl Actor {
    /// Starts a program. It runs when the input that led here has been taken in wholly: never from inside a session.
    pub(super) fn start(&mut self, now: Moment, place: Place, turn: Option<Turn>) {
        self.thread = Some(Thread::new(place, turn, now));
    }

    /// Goes on after a wait that has ended well.
    pub(super) fn resume(&mut self) {
        if let Some(thread) = &mut self.thread {
            thread.wait = Wait::Ready;
        }
    }

    /// What the thread waited for has come or has been given up: from here on its plan counts anew.
    pub(super) fn plan_from(&mut self, moment: Moment) {
        if let Some(thread) = &mut self.thread {
            thread.planned = moment;
        }
    }

    /// Runs the program as far as it can without waiting.
    pub(super) fn run_thread(&mut self, scene: &mut Scene<'_>) {
        let scenario = scene.scenario;
        while let Some(thread) = self.thread.as_mut().filter(|thread| thread.wait.is_over()) {
            if self.drain_until.is_some() {
                return self.give_up(scene);
            }
            if thread.wait == Wait::Failed {
                return self.thread_ended(scene, End::Failed);
            }
            let operations = &thread.place.program(scenario).operations;
            let Some(operation) = operations.get(thread.next) else {
                self.thread_ended(scene, End::Completed);
                continue;
            };
            thread.next += 1;
            match operation {
                Operation::Each { over, end } => thread.enter(over.len(scenario.resources), *end),
                Operation::Next { start } => {
                    if let Some(Operation::Each { over, .. }) = operations.get(*start) {
                        thread.again(*start, over.len(scenario.resources));
                    }
                }
                Operation::Pause { from, to } => {
                    let number = thread.turn.map_or(0, |turn| turn.number);
                    let draw = Draw::new(scene.plan.seed, scenario.first_user + self.user, number, thread.spot());
                    let spread = to.saturating_sub(*from).as_nanos();
                    let pause = *from + Duration::from_nanos(draw.below(spread.saturating_add(1)));
                    thread.planned = thread.planned + pause;
                    thread.wait = Wait::Pause { until: scene.now + pause };
                }
                Operation::Emit(emit) => self.emit(scene, emit),
                Operation::Http(step) => self.request(scene, step),
            }
        }
    }

    /// A step failed or timed out: that ends its thread, unless the scenario goes on regardless.
    pub(super) fn step_failed(&mut self, scenario: &Scenario) {
        if let Some(thread) = &mut self.thread {
            let goes_on = scenario.continue_on_failure && thread.place != Place::Login;
            thread.wait = if goes_on { Wait::Ready } else { Wait::Failed };
        }
    }
}
