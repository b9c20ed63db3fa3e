//! The user itself: its state, and the three verbs `handle`, `poll` and `deadline`.

use std::collections::VecDeque;

use serde_json::Value;

use super::cookies::Cookies;
use super::deliveries::Promised;
use super::ending;
use super::inbox::Inbox;
use super::label::Labels;
use super::life::Life;
use super::message::{Command, Failure, Input};
use super::messages::Beat;
use super::namespaces::Gathering;
use super::recovery::Resumption;
use super::reply::GivenUp;
use super::thread::Wait;
use super::threads::Threads;
use super::turns::Turns;
use crate::ledger::Ticket;
use crate::ledger::delivery::Audience;
use crate::metrics::{Cell, Counter};
use crate::plan::language::Resource;
use crate::plan::{Plan, Scenario};
use crate::protocol::{self, Event, Output, Session};
use crate::record::{Class, Example};
use crate::run::sink::Sink;
use crate::units::Moment;

/// What is the same for every user of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Part of every action id, different from run to run.
    pub run: u32,
    /// Milliseconds since 1970 at moment 0.
    pub started_ms: u64,
}

/// Where and when a user is asked to do something.
#[derive(Debug)]
pub struct Scene<'a> {
    pub plan: &'a Plan,
    pub scenario: &'a Scenario,
    pub facts: Facts,
    pub now: Moment,
    pub sink: &'a mut Sink,
}

/// One virtual user.
#[derive(Debug)]
pub struct Actor {
    /// Number of its scenario.
    pub(super) scenario: usize,
    /// First cell of its scenario.
    pub(super) base: u32,
    /// `user.index_in_scenario`.
    pub(super) user: u64,
    pub(super) life: Life,
    /// Which of its stays it is in, or waits for.
    pub(super) stay: usize,
    pub(super) session: Option<Box<dyn Session>>,
    /// Are its namespaces connected?
    pub(super) online: bool,
    /// While some of several are, and others are not.
    pub(super) gathering: Option<Box<Gathering>>,
    /// Its socket's id in the main namespace.
    pub(super) socket_id: Option<String>,
    pub(super) threads: Threads,
    pub(super) turns: Turns,
    pub(super) last_turn_end: Option<Moment>,
    /// Is it counted among those who have nothing to do but to hear?
    pub(super) rests: bool,
    /// Values that its steps saved, by number of the name.
    pub(super) saved: Vec<Option<Value>>,
    /// What its actions are counted by.
    pub(super) labels: Labels,
    pub(super) cookies: Cookies,
    pub(super) logged_in: bool,
    pub(super) ever_ready: bool,
    /// Failed attempts to connect since it was last ready.
    pub(super) attempts: u32,
    /// When a loss was noticed that it has not come back from.
    pub(super) lost_at: Option<Moment>,
    /// When its link was opened, where it is to move from polling to WebSocket and has not yet.
    pub(super) moving_since: Option<Moment>,
    /// Of a session that was cut off, and that the next one is to take up.
    pub(super) resumption: Option<Resumption>,
    /// How the link ended, for the session's own word that it has.
    pub(super) link_end: Option<Failure>,
    /// Number of the action that was begun last: that of `action.id` until the next one begins.
    pub(super) action: u64,
    /// Of its open action, where causes are looked for.
    pub(super) ticket: Option<Ticket>,
    /// The same, where it owes deliveries.
    pub(super) promised: Option<Promised>,
    /// Memberships that settle at that moment.
    pub(super) settling: Vec<(Moment, Audience)>,
    /// When the last byte came.
    pub(super) heard_at: Moment,
    /// Number of the next ack asked for.
    pub(super) next_ack: u64,
    /// Number of the next request made.
    pub(super) next_request: u64,
    /// Emits that were given up, the oldest first.
    pub(super) given_up: VecDeque<GivenUp>,
    /// Events that its steps may still expect.
    pub(super) inbox: Inbox,
    /// Counts the handlers that it has run.
    pub(super) reactions: u64,
    pub(super) commands: VecDeque<Command>,
    /// Set when the run is stopped.
    pub(super) drain_until: Option<Moment>,
    /// When the last emit was sent, if it asked for no ack.
    pub(super) unanswered: Option<Moment>,
    /// The keepalive that is next, while it is connected and has any.
    pub(super) beat: Option<Box<Beat>>,
}

impl Actor {
    /// The user with that index in the scenario with that number. It waits for its first stay.
    #[must_use]
    pub fn new(plan: &Plan, scenario: usize, user: u64) -> Self {
        let here = &plan.scenarios[scenario];
        let mut actor = Self {
            scenario,
            base: plan.axes.base(scenario),
            user,
            life: Life::Done,
            stay: 0,
            session: None,
            online: false,
            gathering: None,
            socket_id: None,
            threads: Threads::default(),
            turns: Turns::default(),
            last_turn_end: None,
            rests: false,
            saved: vec![None; here.saved_names],
            labels: Labels::new(plan.axes.labels.len()),
            cookies: Cookies::default(),
            logged_in: false,
            ever_ready: false,
            attempts: 0,
            lost_at: None,
            moving_since: None,
            resumption: None,
            link_end: None,
            action: 0,
            ticket: None,
            promised: None,
            settling: Vec::new(),
            heard_at: Moment::START,
            next_ack: 0,
            next_request: 0,
            given_up: VecDeque::new(),
            inbox: Inbox::default(),
            reactions: 0,
            commands: VecDeque::new(),
            drain_until: None,
            unanswered: None,
            beat: None,
        };
        actor.await_stay(here);
        actor
    }

    /// `user.index`: unique in the suite.
    #[must_use]
    pub fn index(&self, scenario: &Scenario) -> u64 {
        scenario.first_user + self.user
    }

    /// Takes one thing in.
    pub fn handle(&mut self, scene: &mut Scene<'_>, input: Input) {
        // A session's patience ends only when nothing is left to read: after a stall of this generator, the ping that is
        // missing may be the next frame, and a driver hands in all of those before it calls time.
        let patience_ends = matches!(input, Input::Timeout);
        match input {
            Input::Timeout => {}
            Input::Linked(opened) => self.linked(scene, &opened),
            Input::NotLinked(failure) => self.not_linked(scene, failure),
            Input::Response { id, response } => {
                if self.threads.select(|wait| matches!(wait, Wait::Response { id: awaited, .. } if *awaited == id)) {
                    self.answered(scene, response);
                }
                self.threads.at = None;
            }
            Input::Frame(frame) => {
                let bytes = frame.len() as u64;
                self.heard_at = scene.now;
                scene.sink.recorder.count_many(self.cell(scene), Counter::ReceivedBytes, bytes);
                self.tell_session(scene, protocol::Input::Frame(frame));
            }
            Input::Moved(outcome) => self.moved(scene, outcome),
            Input::LinkEnded(how) => {
                self.link_end = self.session.as_ref().map(|session| {
                    let awaited = session.awaits().filter(|_| !self.online);
                    ending::lost(how, awaited.as_deref())
                });
                self.tell_session(scene, protocol::Input::Closed);
            }
            Input::Called => self.called(scene),
            Input::Stop { drain_until } => self.stop(scene, drain_until),
        }
        if patience_ends && self.session.as_ref().is_some_and(|session| session.deadline() <= scene.now) {
            self.tell_session(scene, protocol::Input::Timeout);
        }
        self.timers(scene);
        self.run_threads(scene);
        self.advance(scene);
        self.tell_standing(scene);
        self.tell_rest(scene);
    }

    /// The next thing to carry out.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to hand in [`Input::Timeout`] if nothing happens before.
    #[must_use]
    pub fn deadline(&self, scenario: &Scenario) -> Moment {
        if self.life == Life::Done {
            return Moment::NEVER;
        }
        let session = self.session.as_ref().map_or(Moment::NEVER, |session| session.deadline());
        let thread = self.threads.all().map(|thread| thread.wait.deadline()).min().unwrap_or(Moment::NEVER);
        let life = self.life.deadline().min(self.turns_deadline(scenario));
        let life = life.min(self.beat.as_ref().map_or(Moment::NEVER, |beat| beat.due));
        session.min(thread).min(life).min(self.drain_until.unwrap_or(Moment::NEVER))
    }

    /// Has it nothing to do but to hear of what others did?
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.rests
    }

    /// The cell of what belongs to no action, now.
    pub(super) fn cell(&self, scene: &Scene<'_>) -> Cell {
        Cell::within(self.base, scene.scenario.actions.len(), scene.scenario.stage(scene.now), None)
    }

    /// Hands an input to the session and carries out what it gives.
    pub(super) fn tell_session(&mut self, scene: &mut Scene<'_>, input: protocol::Input<'_>) {
        let Some(session) = &mut self.session else { return };
        if let Err(misuse) = session.handle(scene.now, input) {
            self.step_error(scene, "misuse of the protocol", misuse.to_string());
        }
        self.drain_session(scene);
    }

    pub(super) fn drain_session(&mut self, scene: &mut Scene<'_>) {
        while let Some(output) = self.session.as_mut().and_then(|session| session.poll()) {
            match output {
                Output::Send(frame) => {
                    let bytes = frame.len() as u64;
                    scene.sink.recorder.count_many(self.cell(scene), Counter::SentBytes, bytes);
                    self.commands.push_back(Command::Send(frame));
                }
                Output::Event(event) => self.event(scene, event),
                Output::Close => {
                    self.session = None;
                    self.close_link();
                }
            }
        }
    }

    /// Once is enough, although session and user both see to it.
    pub(super) fn close_link(&mut self) {
        if !matches!(self.commands.back(), Some(Command::Close)) {
            self.commands.push_back(Command::Close);
        }
    }

    fn event(&mut self, scene: &mut Scene<'_>, event: Event) {
        match event {
            Event::Connected { namespace, id, recovered } => self.joined(scene, namespace, id, recovered),
            Event::Refused { namespace, error } => self.refused(scene, namespace, &error),
            Event::Ack { id, args, .. } => {
                if self.threads.select(|wait| matches!(wait, Wait::Answer { id: Some(awaited), .. } if *awaited == id))
                {
                    self.acknowledged(scene, id, args.json());
                }
                self.threads.at = None;
            }
            Event::Message { namespace, name, args, ack } => self.received(scene, namespace, name, args, ack),
            Event::Data { args } => self.came(scene, &args),
            Event::LateAck { id, .. } => self.late_ack(scene, id),
            // It was answered before, or given up so long ago that nobody knows for which action.
            Event::StrayAck { asked: true, wire, .. } => {
                scene.sink.recorder.count(self.cell(scene), Counter::LateAnswers);
                let detail = format!(
                    "the server acknowledged number {wire} again, or a long time after it was given up; see that it \
                     calls the callback of an event once"
                );
                self.protocol_error(scene, "ack that came again", detail);
            }
            Event::StrayAck { wire, asked: false, .. } => {
                let detail = format!(
                    "the server acknowledged number {wire}, which nobody asked for; look for an ack that belongs to \
                     another connection"
                );
                self.protocol_error(scene, "ack that nobody asked for", detail);
            }
            Event::Ignored(violation) => {
                let broken = ending::broken(&violation);
                self.protocol_error(scene, &broken.kind, broken.detail);
            }
            Event::Disconnected { namespace: Some(namespace), .. } => self.put_out(scene, namespace),
            Event::Disconnected { namespace: None, reason } => self.disconnected(scene, reason),
        }
    }

    /// Deadlines that have come, other than those of turns and of the session.
    fn timers(&mut self, scene: &mut Scene<'_>) {
        self.for_each_thread(|actor| match actor.threads.current().map(|thread| &thread.wait) {
            Some(Wait::Pause { until }) if *until <= scene.now => actor.resume(),
            Some(wait) if wait.deadline() <= scene.now => actor.wait_timed_out(scene),
            _ => {}
        });
        self.keep_alive(scene);
        self.return_timed_out(scene);
        if self.life.deadline() <= scene.now {
            self.life_timed_out(scene);
        }
        if self.drain_until.is_some_and(|until| until <= scene.now) {
            self.give_up(scene);
        }
    }

    pub(super) fn step_error(&self, scene: &mut Scene<'_>, name: &str, detail: String) {
        scene.sink.recorder.count(self.cell(scene), Counter::StepErrors);
        self.note(scene, Class::Step, name, detail);
    }

    fn protocol_error(&mut self, scene: &mut Scene<'_>, name: &str, detail: String) {
        scene.sink.recorder.count(self.cell(scene), Counter::ProtocolErrors);
        self.note(scene, Class::Protocol, name, detail);
    }

    pub(super) fn note(&self, scene: &mut Scene<'_>, class: Class, name: &str, detail: String) {
        let resource = self.bound_resource(scene.plan, scene.scenario);
        self.note_at(scene, class, name, resource, detail);
    }

    /// A finding about that resource, whatever is bound now.
    pub(super) fn note_at(
        &self,
        scene: &mut Scene<'_>,
        class: Class,
        name: &str,
        resource: Option<&Resource>,
        detail: String,
    ) {
        let (at, user) = (scene.now, self.index(scene.scenario));
        let resource = || resource.map(|resource| resource.id.to_string());
        scene.sink.findings.note(class, self.scenario, name, || Example { at, user, resource: resource(), detail });
    }
}
