//! The harness: users, a scripted server, and a clock that jumps to whatever comes next. What no user may ever do is
//! checked in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::super::actor::{Actor, Facts, Scene};
use super::super::life::Life;
use super::super::message::{Command, Failure, Input, Opened};
use super::books::Told;
use super::server::{Arrival, Script, Seen, polite};
use crate::plan::compile::{Context, compile};
use crate::plan::language::Response;
use crate::plan::{Overrides, Plan};
use crate::protocol::Frame;
use crate::record::Course;
use crate::run::causes::{Books, Causes};
use crate::run::invariants::Invariants;
use crate::run::receipts::Receipts;
use crate::run::sink::Sink;
use crate::suite::env::Environment;
use crate::suite::problem::Problems;
use crate::suite::read::read;
use crate::units::{Duration, Moment};

/// How often a user may be woken at one moment before it counts as a loop that never ends.
const WAKES: u32 = 20;
/// How long a stopped user may drain.
pub const DRAIN: u64 = 3_000;

const FACTS: Facts = Facts { run: 1, started_ms: 0 };

pub struct Simulation<'a> {
    pub plan: Plan,
    server: Box<dyn FnMut(&Seen<'_>) -> Script + 'a>,
    stop_at: Option<u64>,
    /// From then on nothing must be heard any more.
    all_heard_at: Option<u64>,
    /// How late every timer fires.
    lag: Duration,
}

/// One user and its wires.
struct User {
    actor: Actor,
    scenario: usize,
    index: u64,
    linked: bool,
    connecting: bool,
    /// Numbers of the requests that wait for their responses.
    requesting: BTreeSet<u64>,
    done: bool,
    wire: u64,
    /// What was sent to an older wire is lost.
    epoch: u64,
    last_wake: (Moment, u32),
}

/// Something on its way to a user: over which of its wires, and for which of its requests.
struct Coming {
    user: usize,
    epoch: u64,
    request: Option<u64>,
    arrival: Arrival,
}

/// A run under way.
struct Running<'s, 'a> {
    simulation: &'s mut Simulation<'a>,
    users: Vec<User>,
    sink: Sink,
    now: Moment,
    /// By moment, then in the order in which they were sent.
    coming: BTreeMap<(Moment, u64), Coming>,
    sent: u64,
    log: Vec<(Moment, u64, String)>,
}

/// A scenario `s` over four lots; `scenario` is the YAML under its name, at no indentation.
pub fn suite(scenario: &str) -> String {
    suite_with("resources: { count: 4, id: \"lot-{{ index }}\" }", scenario)
}

/// The same with other top-level keys.
pub fn suite_with(top: &str, scenario: &str) -> String {
    let mut text = format!("name: t\ntarget: {{ url: \"http://127.0.0.1:9\" }}\n{top}\nscenarios:\n  s:\n");
    for line in scenario.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

/// At a number of milliseconds.
pub fn at(ms: u64) -> Moment {
    Moment::START + Duration::from_millis(ms)
}

impl<'a> Simulation<'a> {
    pub fn new(text: &str) -> Self {
        Self::with_words(text, "")
    }

    /// The same where the suite can read `words.csv`.
    pub fn with_words(text: &str, words: &str) -> Self {
        let (plan, problems) = Self::plan(text, words);
        let plan = plan.unwrap_or_else(|| panic!("{problems:?}\n{text}"));
        Self { plan, server: Box::new(polite), stop_at: None, all_heard_at: None, lag: Duration::ZERO }
    }

    /// The plan of a suite, or what is wrong with it.
    pub fn plan(text: &str, words: &str) -> (Option<Plan>, Problems) {
        let (loaded, problems) = read(Path::new("suite.yaml"), text, &Environment::default());
        assert!(!problems.has_errors(), "{problems:?}\n{text}");
        let files = |name: &str| match name {
            "words.csv" if !words.is_empty() => Ok(words.as_bytes().to_vec()),
            "blob.bin" => Ok(vec![0, 255, 1]),
            _ => Err(format!("{name}: there is no such file")),
        };
        let context = Context { overrides: &Overrides::default(), files: &files, built_in: None, seed: 7 };
        compile(&loaded.unwrap(), &context)
    }

    pub fn server(mut self, server: impl FnMut(&Seen<'_>) -> Script + 'a) -> Self {
        self.server = Box::new(server);
        self
    }

    pub fn stop_at(mut self, ms: u64) -> Self {
        self.stop_at = Some(ms);
        self
    }

    /// At that millisecond the users are told that nothing must be heard any more.
    pub fn all_heard_at(mut self, ms: u64) -> Self {
        self.all_heard_at = Some(ms);
        self
    }

    /// Timers fire so many milliseconds late.
    pub fn lag(mut self, ms: u64) -> Self {
        self.lag = Duration::from_millis(ms);
        self
    }

    pub fn run(mut self) -> Told {
        let mut users = Vec::new();
        for (scenario, plan) in self.plan.scenarios.iter().enumerate() {
            for user in 0..plan.users {
                let actor = Actor::new(&self.plan, scenario, user);
                let index = actor.index(plan);
                users.push(User::new(actor, scenario, index));
            }
        }
        let sink = Sink::new(&self.plan);
        let mut running = Running {
            simulation: &mut self,
            users,
            sink,
            now: Moment::START,
            coming: BTreeMap::new(),
            sent: 0,
            log: Vec::new(),
        };
        running.go();
        let (mut sink, now, log) = (running.sink, running.now, running.log);
        let (plan, mut course) = (Arc::new(self.plan), Course::default());
        let acts = sink.sheet.hand_over(now, true);
        let notes = sink.notes.clone();
        let (recorder, findings) = (&mut sink.recorder, &mut sink.findings);
        let mut invariants = Invariants::new(&plan, 1);
        let mut books = Books { recorder, findings, course: &mut course, invariants: &mut invariants };
        Causes::new(&plan, 1).take(0, acts, &mut books);
        sink.unmatched.move_to(findings);
        Receipts::new(&plan, FACTS, 1).take(0, notes, (now, true), recorder, findings);
        let told = Told { plan, sink, course, end: now, log };
        told.check_books();
        told
    }
}

impl User {
    fn new(actor: Actor, scenario: usize, index: u64) -> Self {
        Self {
            actor,
            scenario,
            index,
            linked: false,
            connecting: false,
            requesting: BTreeSet::new(),
            done: false,
            wire: 0,
            epoch: 0,
            last_wake: (Moment::NEVER, 0),
        }
    }

    /// Nothing more comes over the wires there are.
    fn cut(&mut self) {
        self.epoch += 1;
        (self.linked, self.connecting) = (false, false);
    }

    /// Nobody may be woken again and again at one moment.
    fn wake(&mut self, now: Moment) {
        let woken = if self.last_wake.0 == now { self.last_wake.1 + 1 } else { 1 };
        self.last_wake = (now, woken);
        assert!(woken <= WAKES, "user {} never rests at {now}: {:?}", self.index, self.actor.life);
    }
}

impl Running<'_, '_> {
    fn go(&mut self) {
        let mut stop = self.simulation.stop_at.map(at);
        let mut all_heard = self.simulation.all_heard_at.map(at);
        loop {
            self.call();
            for user in 0..self.users.len() {
                self.carry_out(user);
            }
            let live = self.users.iter().filter(|user| !user.done).count() as u64;
            assert!(self.sink.resting <= live, "{} of {live} rest", self.sink.resting);
            if live == 0 {
                return;
            }
            let first = self.coming.first_key_value().map(|((at, _), _)| *at);
            let lag = self.simulation.lag;
            let timer = self.waiting().min().map(|(at, user)| (at + lag, user));
            if let Some(moment) = stop.filter(|stop| first.is_none_or(|at| *stop <= at))
                && timer.is_none_or(|(at, _)| moment <= at)
            {
                stop = None;
                self.now = self.now.max(moment);
                self.stop();
            } else if let Some(moment) = all_heard.filter(|moment| first.is_none_or(|at| *moment <= at))
                && timer.is_none_or(|(at, _)| moment <= at)
            {
                all_heard = None;
                self.now = self.now.max(moment);
                self.all_heard();
            } else if let Some(arrives) = first.filter(|first| timer.is_none_or(|(at, _)| *first <= at)) {
                self.now = self.now.max(arrives);
                self.deliver();
            } else if let Some((at, user)) = timer {
                self.now = self.now.max(at);
                self.users[user].wake(self.now);
                self.tell(user, Input::Timeout);
            } else {
                let lives: Vec<Life> = self.users.iter().map(|user| user.actor.life).collect();
                panic!("nothing will ever happen again: {lives:?}");
            }
            assert!(self.now < at(100_000_000), "the run never ends");
        }
    }

    /// The deadlines of all users.
    fn waiting(&self) -> impl Iterator<Item = (Moment, usize)> {
        let live = self.users.iter().enumerate().filter(|(_, user)| !user.done);
        live.map(|(index, user)| {
            (user.actor.deadline(&self.simulation.plan.scenarios[user.scenario]).max(self.now), index)
        })
        .filter(|(at, _)| *at < Moment::NEVER)
    }

    fn stop(&mut self) {
        for user in 0..self.users.len() {
            if !self.users[user].done {
                self.note(user, "stop".into());
                self.tell(user, Input::Stop { drain_until: self.now + Duration::from_millis(DRAIN) });
                self.carry_out(user);
            }
        }
    }

    fn all_heard(&mut self) {
        self.sink.all_heard = true;
        for user in 0..self.users.len() {
            if !self.users[user].done {
                self.tell(user, Input::Called);
                self.carry_out(user);
            }
        }
    }

    fn deliver(&mut self) {
        let Some((_, Coming { user, epoch, request, arrival })) = self.coming.pop_first() else { return };
        let here = &mut self.users[user];
        // A response knows no wire of the socket, and what was given up is heard of no more.
        if here.done || request.map_or(here.epoch != epoch, |request| !here.requesting.remove(&request)) {
            return;
        }
        let id = request.unwrap_or_default();
        let failure = |kind: &'static str| Failure { kind: kind.into(), detail: "scripted".into() };
        let (text, input) = match arrival {
            Arrival::Linked => {
                (here.linked, here.connecting) = (true, false);
                ("linked".to_owned(), Input::Linked(Opened::default()))
            }
            Arrival::NotLinked(kind) => {
                here.cut();
                (format!("not linked: {kind}"), Input::NotLinked(failure(kind)))
            }
            Arrival::Text(text) if here.linked => (format!("< {text}"), Input::Frame(Frame::Text(text.into()))),
            Arrival::Text(_) => return,
            Arrival::Ended(kind) => {
                here.cut();
                (format!("lost: {kind}"), Input::LinkEnded(failure(kind)))
            }
            Arrival::Response(status, text) => {
                let response = Ok(Response { status, headers: Vec::new(), text });
                (format!("response {status}"), Input::Response { id, response })
            }
            Arrival::Cookie(cookie) => {
                let headers = vec![("Set-Cookie".to_owned(), cookie.to_owned())];
                let response = Ok(Response { status: 200, headers, text: "{}".into() });
                (format!("response with {cookie}"), Input::Response { id, response })
            }
            Arrival::NoResponse(kind) => {
                (format!("no response: {kind}"), Input::Response { id, response: Err(failure(kind)) })
            }
        };
        self.note(user, text);
        self.tell(user, input);
    }

    fn tell(&mut self, user: usize, input: Input) {
        let plan = &self.simulation.plan;
        let here = &mut self.users[user];
        let scenario = &plan.scenarios[here.scenario];
        let facts = FACTS;
        let mut scene = Scene { plan, scenario, facts, now: self.now, sink: &mut self.sink };
        here.actor.handle(&mut scene, input);
        self.sink.commons.letters.clear();
    }

    /// Those for whom something has changed that they wait for.
    fn call(&mut self) {
        while let Some(called) = self.sink.commons.calls.pop() {
            let user = self.users.iter().position(|user| user.index == called && !user.done);
            user.into_iter().for_each(|user| self.tell(user, Input::Called));
        }
    }

    fn carry_out(&mut self, user: usize) {
        while let Some(command) = self.users[user].actor.poll() {
            let here = &mut self.users[user];
            assert!(!here.done, "{command:?} comes after the end of user {}", here.index);
            match &command {
                Command::Connect(_) => {
                    assert!(!here.linked && !here.connecting, "a second link at {}", self.now);
                    here.cut();
                    here.connecting = true;
                    here.wire += 1;
                }
                Command::Http { id, .. } => assert!(here.requesting.insert(*id), "request {id} is made twice"),
                Command::Forget { id } => assert!(here.requesting.remove(id), "request {id} is given up, and not open"),
                Command::Send(frame) => assert!(here.linked, "{frame:?} is sent without a link at {}", self.now),
                Command::Close | Command::Abort => here.cut(),
                Command::Done => {
                    assert!(
                        !here.linked && !here.connecting && here.requesting.is_empty(),
                        "done with a link still open"
                    );
                    here.done = true;
                }
            }
            let (epoch, index, wire) = (here.epoch, here.index, here.wire);
            let text = match &command {
                Command::Connect(request) => format!("connect{}", shown(&request.headers)),
                Command::Http { request, .. } => {
                    let body = String::from_utf8_lossy(&request.body);
                    format!("{} {}{} {body}", request.method, request.url, shown(&request.headers))
                }
                Command::Send(Frame::Text(text)) => format!("> {}", text.as_str()),
                Command::Send(Frame::Binary(_)) => "> (binary)".to_owned(),
                Command::Forget { id } => format!("forget {id}"),
                Command::Close => "close".to_owned(),
                Command::Abort => "abort".to_owned(),
                Command::Done => "done".to_owned(),
            };
            self.note(user, text);
            let seen = Seen { at: self.now, user: index, wire, command: &command };
            for (after, arrival) in (self.simulation.server)(&seen) {
                self.sent += 1;
                let request = match &command {
                    Command::Http { id, .. } => Some(*id),
                    _ => None,
                };
                let coming = Coming { user, epoch, request, arrival };
                self.coming.insert((self.now + Duration::from_millis(after), self.sent), coming);
            }
        }
    }

    fn note(&mut self, user: usize, text: String) {
        self.log.push((self.now, self.users[user].index, text));
    }
}

fn shown(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!(" {name}={value}")).collect()
}
