//! Coming, connecting, being ready, losing the connection, coming back, leaving.

use std::borrow::Cow;

use super::actor::{Actor, Scene};
use super::cookies::{self, Cookies};
use super::ending;
use super::message::{Command, ConnectRequest, Opened};
use super::thread::{End, Place, Wait};
use crate::ledger::{ActionOutcome, NotSent};
use crate::metrics::{Counter, Distribution};
use crate::plan::Scenario;
use crate::plan::language::functions::Draw;
use crate::plan::scenario::Joining;
use crate::plan::transports::Way;
use crate::protocol::config::{Config, Namespace};
use crate::protocol::{self, Closed, Intent, Session, Transport};
use crate::record::Class;
use crate::units::{Duration, Moment};

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// For its slot.
    Waiting {
        until: Moment,
    },
    LoggingIn,
    /// The link is being opened.
    Dialing {
        since: Moment,
        deadline: Moment,
    },
    /// The link is open, the namespace has not answered.
    Handshaking {
        since: Moment,
        opened: Moment,
        deadline: Moment,
    },
    SettingUp,
    Active,
    TearingDown,
    /// Left on purpose, by a step of the turn that goes on.
    Apart,
    /// About to leave; what was sent last gets time to be heard.
    Lingering {
        until: Moment,
    },
    BackingOff {
        until: Moment,
    },
    /// Dropped, and `reconnect` is off.
    Away,
    Done,
}

/// How long a user stays after an emit without an ack. socket.io drops an event whose connection ends while the event still
/// waits for its turn in the server's loop, and then the server's count would not be ours.
const LINGER: Duration = Duration::from_millis(100);

impl Life {
    pub const fn deadline(&self) -> Moment {
        match self {
            Self::Waiting { until } | Self::BackingOff { until } | Self::Lingering { until } => *until,
            Self::Dialing { deadline, .. } | Self::Handshaking { deadline, .. } => *deadline,
            _ => Moment::NEVER,
        }
    }
}

impl Actor {
    /// Waits for the stay that is next, or is done.
    pub(super) fn await_stay(&mut self, scenario: &Scenario) {
        self.life = match scenario.stays(self.user).get(self.stay) {
            Some(stay) => Life::Waiting { until: stay.slot },
            None => Life::Done,
        };
        if self.life == Life::Done {
            self.commands.push_back(Command::Done);
        }
    }

    pub(super) fn life_timed_out(&mut self, scene: &mut Scene<'_>) {
        match self.life {
            Life::Waiting { .. } => {
                if let Some(stay) = scene.scenario.stays(self.user).get(self.stay) {
                    let hears_until = scene.plan.hears_until(scene.scenario, stay.until);
                    let (latest, end) = (
                        scene.scenario.latest_start(self.user, self.stay),
                        scene.scenario.end_turn(self.user, stay.until),
                    );
                    self.turns.begin(latest, stay.until, end, hears_until);
                    self.attempts = 0;
                }
                // The turn that was open when the last stay ended may have outlasted this one, too.
                if !self.turns.are_over(scene.now) {
                    self.come(scene);
                }
            }
            Life::BackingOff { .. } => self.come(scene),
            Life::Lingering { .. } => self.depart(scene),
            Life::Dialing { .. } => {
                // Where the driver watches over the attempt, it has told before how far that came.
                let detail = format!("waited {} for a connection; look at the server", scene.scenario.connect.within);
                self.connect_failed(scene, "connect timed out".into(), detail);
            }
            Life::Handshaking { .. } if self.is_kept(scene) => self.wrongly_let_in(scene),
            Life::Handshaking { .. } => {
                let awaited = self.session.as_ref().and_then(|session| session.awaits());
                let late = ending::late(awaited.as_deref(), scene.scenario.connect.within);
                self.connect_failed(scene, late.kind, late.detail);
            }
            _ => {}
        }
    }

    /// Logs in if that is due, and connects.
    pub(super) fn come(&mut self, scene: &mut Scene<'_>) {
        if self.logged_in || scene.scenario.login.is_empty() {
            self.dial(scene);
        } else {
            self.life = Life::LoggingIn;
            self.start(scene.now, Place::Login, None);
        }
    }

    fn dial(&mut self, scene: &mut Scene<'_>) {
        if !scene.scenario.connect.socket {
            return self.set_up_without_socket(scene);
        }
        self.gathering = None;
        self.life = Life::Dialing { since: scene.now, deadline: scene.now + scene.scenario.connect.within };
        match self.open_session(scene) {
            Ok((session, request)) => {
                self.session = Some(session);
                self.commands.push_back(Command::Connect(request));
            }
            Err(detail) => self.connect_failed(scene, "connect request cannot be made".into(), detail),
        }
    }

    fn open_session(&self, scene: &Scene<'_>) -> Result<(Box<dyn Session>, ConnectRequest), String> {
        let connect = &scene.scenario.connect;
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let text = |text: &crate::plan::language::Text| text.render(&bindings).map_err(|error| error.to_string());
        let pairs = |pairs: &[(String, crate::plan::language::Text)]| {
            pairs.iter().map(|(name, value)| Ok((name.clone(), text(value)?))).collect::<Result<Vec<_>, String>>()
        };
        let namespace = |(number, joining): (usize, &Joining)| {
            let auth = match &joining.auth {
                None => None,
                Some(auth) => {
                    let mut json = Vec::new();
                    auth.render(&bindings, &mut json).map_err(|error| format!("connect.auth: {error}"))?;
                    Some(String::from_utf8(json).map_err(|error| error.to_string())?)
                }
            };
            Ok::<_, String>(Namespace { name: text(&joining.name)?, auth, recovery: self.left_over(number) })
        };
        let config = Config {
            path: text(&connect.path)?,
            query: pairs(&connect.query)?,
            namespaces: connect.namespaces.iter().enumerate().map(namespace).collect::<Result<_, _>>()?,
            parser: scene.plan.target.parser,
            recovery: scene.plan.target.recovery,
            split: scene.plan.target.split,
            ..Config::default()
        };
        let protocol = protocol::find(&scene.plan.target.protocol).ok_or("the protocol is unknown")?;
        let session = (protocol.open)(config).map_err(|misuse| misuse.to_string())?;
        let mut headers = pairs(&connect.headers)?;
        let user = self.index(scene.scenario);
        let way = scene.plan.target.transports.way(user);
        let target = session.request_target(Transport::WebSocket);
        let polling = if way == Way::WebSocket { String::new() } else { session.request_target(Transport::Polling) };
        let mut jar = Cookies::default();
        if way == Way::WebSocket {
            cookies::add_to(&self.cookies, &scene.plan.target, &target, &mut headers);
        } else {
            jar = self.cookies.clone();
        }
        let source = scene.plan.target.source(user);
        let within = scene.scenario.connect.within;
        let deadline = scene.now + within;
        let request = ConnectRequest { way, target, polling, headers, cookies: jar, source, deadline, within };
        Ok((session, request))
    }

    pub(super) fn linked(&mut self, scene: &mut Scene<'_>, opened: &Opened) {
        let Life::Dialing { since, deadline } = self.life else { return };
        let (cell, phases) = (self.cell(scene), &opened.phases);
        self.linked_by_way(scene, &opened.set_cookies);
        for (distribution, phase) in [
            (Distribution::ConnectDns, phases.dns),
            (Distribution::ConnectTcp, phases.tcp),
            (Distribution::ConnectTls, phases.tls),
            (Distribution::ConnectUpgrade, phases.upgrade),
        ] {
            if let Some(phase) = phase {
                scene.sink.recorder.record(cell, distribution, phase);
            }
        }
        self.life = Life::Handshaking { since, opened: scene.now, deadline };
        self.tell_session(scene, protocol::Input::Opened);
    }

    pub(super) fn connected(&mut self, scene: &mut Scene<'_>, id: Option<String>, recovered: bool) {
        let Life::Handshaking { since, opened, .. } = self.life else { return };
        if scene.scenario.connect.refused.is_some() {
            return self.let_in(scene);
        }
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::ConnectAttempts);
        scene.sink.recorder.count(cell, Counter::Connections);
        scene.sink.recorder.record(cell, Distribution::ConnectLatency, scene.now.since(since));
        if !scene.plan.target.is_raw() {
            scene.sink.recorder.record(cell, Distribution::ConnectNamespace, scene.now.since(opened));
        }
        scene.sink.connected += 1;
        self.online = true;
        self.socket_id = id;
        self.begin_beats(scene);
        if self.takes_up(scene, recovered) {
            self.life = Life::Active;
            return self.ready_again(scene);
        }
        self.life = Life::SettingUp;
        self.arriving(scene);
        self.start(scene.now, Place::Setup, None);
    }

    pub(super) fn connect_failed(&mut self, scene: &mut Scene<'_>, kind: Cow<'static, str>, detail: String) {
        if !matches!(self.life, Life::Dialing { .. } | Life::Handshaking { .. }) {
            return;
        }
        let cell = self.cell(scene);
        scene.sink.recorder.count(cell, Counter::ConnectAttempts);
        scene.sink.recorder.count(cell, Counter::ConnectFailures);
        self.note(scene, Class::Connect, &kind, detail);
        self.session = None;
        self.close_link();
        self.back_off(scene);
    }

    fn back_off(&mut self, scene: &mut Scene<'_>) {
        let Some(backoff) = scene.scenario.reconnect else {
            self.let_go(scene);
            self.life = Life::Away;
            if scene.scenario.most_turns.is_some() {
                // It came for its turns, and cannot come any more.
                self.turns.leave(scene.now);
            }
            return;
        };
        let draw = Draw::new(scene.plan.seed, self.index(scene.scenario), u64::from(self.attempts), self.stay as u64);
        let random = draw.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        self.life = Life::BackingOff { until: scene.now + backoff.wait(self.attempts, random) };
        self.attempts += 1;
    }

    /// The session has ended; its last output will drop it.
    pub(super) fn disconnected(&mut self, scene: &mut Scene<'_>, reason: Closed) {
        let since = if reason == Closed::ByUs { scene.now } else { self.heard_at };
        self.not_moved(scene, &reason);
        if Self::is_abrupt(&reason) && scene.scenario.reconnect.is_some() && self.drain_until.is_none() {
            self.keep_session(scene);
        }
        let was_online = self.offline(scene, since);
        let mut link_end = self.link_end.take();
        if matches!(reason, Closed::Link)
            && self.is_refused_as_wanted(scene, link_end.as_ref().and_then(|end| end.said.as_deref()))
        {
            return;
        }
        if matches!(reason, Closed::Violation(_)) {
            scene.sink.recorder.count(self.cell(scene), Counter::ProtocolErrors);
        }
        if let Some(end) = &mut link_end {
            end.kind = scene.sink.close_codes.kind(end);
        }
        let Some(failure) = ending::ended(reason, link_end, self.doing()) else { return };
        self.lost(scene, was_online, failure.kind, failure.detail);
    }

    /// The connection has ended without our asking for it.
    pub(super) fn lost(&mut self, scene: &mut Scene<'_>, was_online: bool, kind: Cow<'static, str>, detail: String) {
        if !was_online {
            return self.connect_failed(scene, kind, detail);
        }
        scene.sink.recorder.count(self.cell(scene), Counter::Disconnects);
        self.note(scene, Class::Disconnect, &kind, detail);
        self.lost_at.get_or_insert(scene.now);
        self.drop_handlers();
        self.drop_thread(scene, ActionOutcome::Disconnected, NotSent::Offline);
        if matches!(self.life, Life::TearingDown | Life::Lingering { .. }) || self.drain_until.is_some() {
            self.depart(scene);
        } else {
            self.back_off(scene);
        }
    }

    /// The namespace is connected no more, and whatever was sent after `since` may not have come. Was it connected?
    pub(super) fn offline(&mut self, scene: &mut Scene<'_>, since: Moment) -> bool {
        let was_online = std::mem::take(&mut self.online);
        if was_online {
            self.gone(scene, since);
        }
        scene.sink.connected -= u64::from(was_online);
        self.socket_id = None;
        self.given_up.clear();
        self.beat = None;
        was_online
    }

    pub(super) fn doing(&self) -> &'static str {
        self.threads.main.as_ref().map_or("waiting", |thread| thread.place.name())
    }

    /// Ends the running program. The action that waits for its answer gets one outcome, what was not sent yet the other.
    fn drop_thread(&mut self, scene: &mut Scene<'_>, open: ActionOutcome, rest: NotSent) {
        let Some(thread) = self.threads.main.take() else { return };
        if let Wait::Response { id, .. } = thread.wait {
            self.commands.push_back(Command::Forget { id });
        }
        let Some(turn) = thread.turn else { return };
        if let Some((action, sent)) = thread.open_action(scene.scenario) {
            self.outcome(scene, &turn, action, open, "");
            if open == ActionOutcome::Disconnected {
                let name = format!("{} {}", scene.scenario.actions[action].name, open.words());
                let detail = format!("{} after it was sent, in step {}", scene.now.since(sent), turn.number);
                let resource = turn.resource.and_then(|index| scene.plan.resources.get(index));
                self.note_at(scene, Class::Action, &name, resource, detail);
            }
        }
        let rest =
            if open == ActionOutcome::Unfinished { ActionOutcome::Unfinished } else { ActionOutcome::NotSent(rest) };
        self.settle(scene, &turn, rest);
        self.last_turn_end = Some(scene.now);
    }

    /// A program has run to its end, or has failed.
    pub(super) fn thread_ended(&mut self, scene: &mut Scene<'_>, end: End) {
        if let Some(handler) = self.threads.at.and_then(|at| self.threads.handlers.get_mut(at)) {
            handler.wait = Wait::Over;
            return;
        }
        let Some(thread) = self.threads.main.take() else { return };
        match (thread.place, end) {
            (Place::Login, End::Completed) => {
                scene.sink.recorder.count(self.cell(scene), Counter::Logins);
                scene.sink.recorder.record(
                    self.cell(scene),
                    Distribution::LoginLatency,
                    scene.now.since(thread.started),
                );
                self.logged_in = true;
                self.dial(scene);
            }
            (Place::Login, End::Failed) => {
                scene.sink.recorder.count(self.cell(scene), Counter::LoginFailures);
                self.back_off(scene);
            }
            (Place::Setup, End::Completed) => self.ready(scene),
            (Place::Setup, End::Failed) => {
                self.hang_up(scene);
                self.back_off(scene);
            }
            (Place::Act, _) => {
                self.last_turn_end = Some(scene.now);
                if let Some(turn) = thread.turn {
                    self.settle(scene, &turn, ActionOutcome::NotSent(NotSent::Abandoned));
                }
                if self.life == Life::Apart {
                    self.back_off(scene);
                }
            }
            (Place::Teardown, _) => self.depart(scene),
            (Place::On(_), _) => {}
        }
    }

    fn ready(&mut self, scene: &mut Scene<'_>) {
        self.life = Life::Active;
        self.arrived(scene);
        self.count_ready(scene);
        self.ready_again(scene);
    }

    /// Nothing is left to set up: the turns go on.
    fn ready_again(&mut self, scene: &mut Scene<'_>) {
        self.attempts = 0;
        self.go_on_with_turn(scene);
        if let Some(lost) = self.lost_at.take() {
            let cell = self.cell(scene);
            scene.sink.recorder.count(cell, Counter::Reconnects);
            scene.sink.recorder.record(cell, Distribution::ReconnectLatency, scene.now.since(lost));
        }
        self.ready_with_group(scene);
        self.start_clock(scene);
    }

    pub(super) fn count_ready(&mut self, scene: &mut Scene<'_>) {
        if !std::mem::replace(&mut self.ever_ready, true) {
            scene.sink.ready += 1;
        }
    }

    /// The stay is over: an open turn comes to its end, then teardown, then the user leaves.
    pub(super) fn stay_over(&mut self, scene: &mut Scene<'_>) {
        match self.life {
            Life::Waiting { .. } if !self.turns.have_begun() => {}
            Life::Done => {}
            Life::Active | Life::Apart if self.threads.main.is_some() => {}
            Life::Active if self.still_hears(scene) => {}
            Life::Active if scene.scenario.teardown.is_empty() => self.depart(scene),
            Life::Active => {
                self.life = Life::TearingDown;
                self.start(scene.now, Place::Teardown, None);
            }
            Life::TearingDown | Life::Lingering { .. } => {}
            _ => self.depart(scene),
        }
    }

    /// Leaves, and waits for the next stay.
    fn depart(&mut self, scene: &mut Scene<'_>) {
        self.drop_thread(scene, ActionOutcome::Unfinished, NotSent::Abandoned);
        self.drop_suspended(scene, ActionOutcome::NotSent(NotSent::Offline));
        self.turns.end();
        let heard = self.unanswered.take().map_or(Moment::START, |sent| sent + LINGER);
        if self.online && scene.now < heard && self.drain_until.is_none() {
            self.life = Life::Lingering { until: heard };
            return;
        }
        self.lost_at = None;
        self.let_go(scene);
        self.hang_up(scene);
        self.stay += 1;
        if self.drain_until.is_some() {
            self.life = Life::Done;
            self.commands.push_back(Command::Done);
        } else {
            self.await_stay(scene.scenario);
        }
    }

    /// Says goodbye where there is somebody to say it to, and closes whatever is open or being opened.
    pub(super) fn hang_up(&mut self, scene: &mut Scene<'_>) {
        self.drop_handlers();
        if self.online {
            self.tell_session(scene, protocol::Input::Do(Intent::Disconnect));
        }
        self.session = None;
        self.close_link();
    }

    /// The run is being stopped: act no more; an open action may still come to its end.
    pub(super) fn stop(&mut self, scene: &mut Scene<'_>, drain_until: Moment) {
        if self.life == Life::Done {
            return;
        }
        self.drain_until = Some(drain_until);
        self.abandon_waiting(scene, NotSent::Busy);
        self.turns.end();
        self.drop_handlers();
        if !self.drains(scene.scenario) {
            self.give_up(scene);
        }
    }

    /// Is an action open that may still come to its end?
    pub(super) fn drains(&self, scenario: &Scenario) -> bool {
        let main = self.threads.main.as_ref();
        self.life == Life::Active && main.is_some_and(|thread| thread.open_action(scenario).is_some())
    }

    /// Ends at once: what is open is unfinished. No teardown: the run was stopped.
    pub(super) fn give_up(&mut self, scene: &mut Scene<'_>) {
        if self.life != Life::Done {
            self.drop_thread(scene, ActionOutcome::Unfinished, NotSent::Abandoned);
            self.drop_suspended(scene, ActionOutcome::Unfinished);
            self.depart(scene);
        }
    }
}
