//! A program being run: where it stands and what it waits for.

use super::actor::{Actor, Scene};
use crate::plan::Scenario;
use crate::plan::feed::{Feeds, Taking};
use crate::plan::language::functions::{Draw, mix};
use crate::plan::language::{Answer, Expression};
use crate::plan::scenario::Turn;
use crate::plan::step::{Operation, Program, SetRule, branch, spot};
use crate::protocol::Args;
use crate::run::cursor::Cursor;
use crate::units::{Duration, Moment};

static EMPTY: Program = Program { operations: Vec::new() };

/// Which of a scenario's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Login,
    Setup,
    Act,
    Teardown,
    /// The handler of the event with that number.
    On(usize),
}

impl Place {
    /// The word in the suite.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Setup => "setup",
            Self::Act => "act",
            Self::Teardown => "teardown",
            Self::On(_) => "on",
        }
    }

    /// Names a position of the program, for drawing at random.
    pub const fn position(self, operation: usize) -> u64 {
        let program = match self {
            Self::Login => 0,
            Self::Setup => 1,
            Self::Act => 2,
            Self::Teardown => 3,
            Self::On(event) => 4 + event as u64,
        };
        program << 32 | operation as u64
    }

    pub fn program(self, scenario: &Scenario) -> &Program {
        match self {
            Self::Login => &scenario.login,
            Self::Setup => &scenario.setup,
            Self::Act => &scenario.act,
            Self::Teardown => &scenario.teardown,
            Self::On(event) => scenario.events[event].handler.as_ref().unwrap_or(&EMPTY),
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
    /// Nothing: the handler has ended.
    Over,
    Pause {
        until: Moment,
    },
    /// The answer to the emit at `operation`: the ack with that number, if it asked for one, and events. `planned` is
    /// when it should have been sent.
    Answer {
        id: Option<u64>,
        operation: usize,
        planned: Moment,
        sent: Moment,
        deadline: Moment,
    },
    /// The response to the request with that number, made by the step at `operation`.
    Response {
        id: u64,
        operation: usize,
        planned: Moment,
        sent: Moment,
        deadline: Moment,
    },
    /// The user to be back.
    Return {
        deadline: Moment,
    },
    /// Others: the value or the barrier of the step at `operation`.
    Meeting {
        operation: usize,
        sought: Moment,
        deadline: Moment,
    },
    /// The event of the `expect` at `operation`, of which so many have come since it began to wait.
    Expect {
        operation: usize,
        sought: Moment,
        seen: u64,
        deadline: Moment,
    },
}

impl Wait {
    const fn goes_on(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }

    pub const fn deadline(&self) -> Moment {
        match self {
            Self::Ready | Self::Failed | Self::Over => Moment::NEVER,
            Self::Pause { until } => *until,
            Self::Answer { deadline, .. }
            | Self::Expect { deadline, .. }
            | Self::Meeting { deadline, .. }
            | Self::Return { deadline }
            | Self::Response { deadline, .. } => *deadline,
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

/// The event that a handler is run for.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Number of the namespace that it came in.
    pub namespace: usize,
    pub args: Args,
    /// Number of the ack that the server asked for.
    pub ack: Option<u64>,
    /// Counts the handlers of the user.
    pub number: u64,
}

/// A running program.
#[derive(Debug, Clone)]
pub struct Thread {
    pub place: Place,
    pub(super) cursor: Cursor,
    pub wait: Wait,
    /// The last step was not rejected.
    pub succeeded: bool,
    /// The turn, under `act`.
    pub turn: Option<Turn>,
    /// When the next operation would run if nothing were ever late: a turn begins when it is due, a pause moves this on,
    /// and after an answer it is the moment of the answer.
    pub planned: Moment,
    pub started: Moment,
    /// Number of the first event that it may expect.
    pub since: u64,
    /// Numbers of the events that it has expected and got.
    pub taken: Vec<u64>,
    /// Texts of events, joined.
    pub collected: String,
    /// What it is run for, if it is a handler.
    pub cause: Option<Box<Cause>>,
}

impl Thread {
    pub fn new(place: Place, turn: Option<Turn>, started: Moment, since: u64) -> Self {
        Self {
            place,
            cursor: Cursor::default(),
            wait: Wait::Ready,
            succeeded: true,
            turn,
            planned: turn.map_or(started, |turn| turn.due),
            started,
            since,
            taken: Vec::new(),
            collected: String::new(),
            cause: None,
        }
    }

    /// The steps for an event that has just come.
    pub fn handler(event: usize, cause: Cause, started: Moment, since: u64) -> Self {
        Self { cause: Some(Box::new(cause)), ..Self::new(Place::On(event), None, started, since) }
    }

    /// The action that waits for its answer, and when it was sent.
    pub fn open_action(&self, scenario: &Scenario) -> Option<(usize, Moment)> {
        let (Wait::Answer { operation, sent, .. } | Wait::Response { operation, sent, .. }) = self.wait else {
            return None;
        };
        let action = self.place.program(scenario).operations.get(operation)?.action()?;
        Some((action, sent))
    }

    /// Position of the operation that ran last.
    pub const fn last(&self) -> usize {
        self.cursor.last()
    }

    /// The passes of its loops, the outermost first.
    pub fn passes(&self) -> &[u64] {
        self.cursor.passes()
    }

    /// Where it stands, for the rows that its steps take.
    pub fn taking<'a>(&'a self, feeds: &'a Feeds) -> Taking<'a> {
        let handler = self.cause.as_ref().map_or(0, |cause| cause.number.saturating_sub(1));
        Taking { feeds, number: self.turn.map_or(handler, |turn| turn.number), passes: self.passes() }
    }

    /// Names the passes of its loops, and which of the handlers it is, for drawing at random; 0 outside of both.
    pub fn pass(&self) -> u64 {
        spot(self.cause.as_ref().map_or(0, |cause| cause.number), self.passes())
    }

    /// Names where the program stands, loops included, for drawing at random.
    fn spot(&self) -> u64 {
        let handler = self.cause.as_ref().map_or(0, |cause| mix(cause.number));
        spot(self.place.position(self.last()) ^ handler, self.passes())
    }
}

impl Actor {
    /// Starts a program. It runs when the input that led here has been taken in wholly: never from inside a session.
    pub(super) fn start(&mut self, now: Moment, place: Place, turn: Option<Turn>) {
        let since = self.inbox.next();
        self.threads.main = Some(Thread::new(place, turn, now, since));
    }

    /// Goes on after a wait that has ended well.
    pub(super) fn resume(&mut self) {
        if let Some(thread) = self.threads.current_mut() {
            thread.wait = Wait::Ready;
        }
    }

    /// What the thread waited for has come or has been given up: from here on its plan counts anew.
    pub(super) fn plan_from(&mut self, moment: Moment) {
        if let Some(thread) = self.threads.current_mut() {
            thread.planned = moment;
        }
    }

    /// Runs the current program as far as it can without waiting.
    pub(super) fn run_thread(&mut self, scene: &mut Scene<'_>) {
        let scenario = scene.scenario;
        while let Some(thread) = self.threads.current_mut().filter(|thread| thread.wait.goes_on()) {
            if self.drain_until.is_some() {
                return self.give_up(scene);
            }
            if thread.wait == Wait::Failed {
                return self.thread_ended(scene, End::Failed);
            }
            let program = thread.place.program(scenario);
            let Some(operation) = thread.cursor.step(program, scenario.resources) else {
                self.thread_ended(scene, End::Completed);
                continue;
            };
            thread.succeeded |= !matches!(operation, Operation::Changed(_));
            match operation {
                // The cursor is past them.
                Operation::Each { .. } | Operation::Next { .. } | Operation::Jump { .. } => {}
                Operation::Changing(membership) => self.changing(scene, membership),
                Operation::Changed(membership) => self.changed(scene, membership),
                Operation::Mix { branches, end } => {
                    let next = branch(branches, |bound| self.draw(scene, bound)).unwrap_or(*end);
                    self.jump(next);
                }
                Operation::When { condition, end } => self.when(scene, condition, *end),
                Operation::Pause { from, to } => self.pause(scene, *from, *to),
                Operation::Set(rules) => self.set(scene, rules),
                Operation::Check(check) => self.check(scene, check),
                Operation::Tally(tally) => self.tally(scene, tally),
                Operation::Label(rules) => self.label(scene, rules),
                Operation::Share(rules) => self.share(scene, rules),
                meeting @ (Operation::Await(_) | Operation::Barrier(_)) => self.meet(scene, meeting),
                Operation::Emit(emit) => self.emit(scene, emit),
                Operation::Http(step) => self.request(scene, step),
                Operation::Expect(expect) => self.expect(scene, expect),
                Operation::Answer(payload) => self.answer(scene, payload),
                Operation::Disconnect { politely } => self.leave_for_now(scene, *politely),
                Operation::Reconnect { within } => self.return_now(scene, *within),
            }
        }
    }

    fn jump(&mut self, to: usize) {
        if let Some(thread) = self.threads.current_mut() {
            thread.cursor.jump(to);
        }
    }

    /// A number below `bound`: a hash of the run's seed, the user, the step, where its program stands, and in which pass.
    fn draw(&self, scene: &Scene<'_>, bound: u64) -> u64 {
        let Some(thread) = self.threads.current() else { return 0 };
        let number = thread.turn.map_or(0, |turn| turn.number);
        Draw::new(scene.plan.seed, self.index(scene.scenario), number, thread.spot()).below(bound)
    }

    fn pause(&mut self, scene: &Scene<'_>, from: Duration, to: Duration) {
        let spread = to.saturating_sub(from).as_nanos();
        let pause = from + Duration::from_nanos(self.draw(scene, spread.saturating_add(1)));
        if let Some(thread) = self.threads.current_mut() {
            thread.planned = thread.planned + pause;
            thread.wait = Wait::Pause { until: scene.now + pause };
        }
    }

    /// Goes on at `end` unless the condition holds; then the actions between are not due.
    fn when(&mut self, scene: &mut Scene<'_>, condition: &Expression, end: usize) {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let holds = condition.truth(&bindings, Answer::None).unwrap_or_else(|error| {
            self.step_error(scene, "`when` has no value", error.to_string());
            false
        });
        if !holds {
            self.not_due(scene, end);
            self.jump(end);
        }
    }

    fn set(&mut self, scene: &mut Scene<'_>, rules: &[SetRule]) {
        for rule in rules {
            let value = rule.value.value(&self.bindings(scene.plan, scene.scenario, scene.facts, scene.now));
            match value {
                Ok(value) => self.saved[rule.name] = Some(value),
                Err(error) => {
                    self.step_error(scene, "a value to set cannot be computed", error.to_string());
                    return self.step_failed(scene.scenario);
                }
            }
        }
    }

    /// A step failed or timed out: that ends its thread, unless the scenario goes on regardless.
    pub(super) fn step_failed(&mut self, scenario: &Scenario) {
        if let Some(thread) = self.threads.current_mut() {
            let goes_on = scenario.continue_on_failure && thread.place != Place::Login;
            thread.wait = if goes_on { Wait::Ready } else { Wait::Failed };
            thread.succeeded = false;
        }
    }

    /// A step was rejected.
    pub(super) fn not_succeeded(&mut self) {
        if let Some(thread) = self.threads.current_mut() {
            thread.succeeded = false;
        }
    }
}
