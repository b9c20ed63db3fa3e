//! Carries out what a user wants: one task a user, one loop, all of its waiting in one place.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration as StdDuration;

use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};

use super::clock::Clock;
use super::commons::Commons;
use super::network::Network;
use super::post::Outgoing;
use super::sink::Sink;
use super::stop::StopSignal;
use super::trace::Trace;
use super::user::{Actor, Command, Facts, Failure, Input, Opened, Scene};
use crate::plan::Plan;
use crate::plan::language::Response;
use crate::transport::link::{Arrival, Link};
use crate::transport::stage;
use crate::units::{Duration, Moment};

/// What the users of one worker share.
#[derive(Debug)]
pub struct Surroundings<N> {
    pub plan: Arc<Plan>,
    pub network: N,
    pub clock: Clock,
    pub facts: Facts,
    pub sink: RefCell<Sink>,
    pub stop: StopSignal,
    /// How users are told that something has changed that they wait for, by `user.index`.
    pub bells: RefCell<HashMap<u64, Rc<Notify>>>,
    /// To the other workers.
    pub outgoing: Outgoing,
    /// Writes down what a user does, where somebody wants to see it.
    pub trace: Option<Trace>,
}

/// How long open actions may still take when the run is stopped.
pub const DRAIN: Duration = Duration::from_secs(3);
/// How long the server may take to close a connection that we leave.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// How much earlier than the user itself its driver calls time on an attempt to connect: the driver knows what was waited for.
/// More than the millisecond to which timers are rounded.
const HEAD_START: StdDuration = StdDuration::from_millis(2);
/// Normal closure (RFC 6455 §7.4.1).
const CLOSE_NORMAL: u16 = 1000;

type Pending<T> = Option<Pin<Box<dyn Future<Output = T>>>>;
type Request = Pin<Box<dyn Future<Output = Result<Response, Failure>>>>;

/// A user's connections to the world.
struct Wires<N: Network> {
    link: Option<N::Link>,
    connecting: Pending<Result<(N::Link, Opened), Failure>>,
    /// Requests by number: few at a time, so that a list is the fastest.
    requesting: Vec<(u64, Request)>,
    closing: Option<JoinHandle<()>>,
}

/// Lives a user's life to its end.
pub async fn drive<N: Network>(mut actor: Actor, scenario: usize, here: Rc<Surroundings<N>>) {
    let plan = Arc::clone(&here.plan);
    let scenario = &plan.scenarios[scenario];
    let mut wires = Wires::<N> { link: None, connecting: None, requesting: Vec::new(), closing: None };
    let is_called = scenario.meets || plan.is_heard();
    let bell = is_called.then(|| here.bell(actor.index(scenario)));
    let mut timer = pin!(here.clock.sleep_until(Moment::NEVER));
    let mut armed = Moment::NEVER;
    let mut stopped = pin!(here.stop.clone().stopped());
    let mut stopping = false;
    loop {
        let mut broken = None;
        while let Some(command) = actor.poll() {
            if let Some(trace) = &here.trace {
                trace.command(here.clock.now(), &command);
            }
            if command == Command::Done {
                if let Some(closing) = wires.closing.take() {
                    // A task that was cancelled or failed has closed its socket all the same.
                    let _ = closing.await;
                }
                return;
            }
            broken = broken.or(wires.carry_out(command, &here));
        }
        let deadline = actor.deadline(scenario);
        if deadline != armed {
            timer.as_mut().reset(here.clock.instant(deadline));
            armed = deadline;
        }
        let input = match broken {
            Some(failure) => Input::LinkEnded(failure),
            None => tokio::select! {
                biased;
                () = &mut stopped, if !stopping => {
                    stopping = true;
                    Input::Stop { drain_until: here.clock.now() + DRAIN }
                }
                input = wires.input() => input,
                () = rung(bell.as_deref().filter(|_| scenario.meets || actor.rests())) => Input::Called,
                () = &mut timer => {
                    armed = Moment::NEVER;
                    Input::Timeout
                }
            },
        };
        let now = here.clock.now();
        if let Some(trace) = &here.trace {
            trace.input(now, &input);
        }
        let mut sink = here.sink.borrow_mut();
        actor.handle(&mut Scene { plan: &plan, scenario, facts: here.facts, now, sink: &mut sink }, input);
        here.pass_on(&mut sink.commons);
    }
}

/// Rings; never, where there is no bell.
async fn rung(bell: Option<&Notify>) {
    match bell {
        Some(bell) => bell.notified().await,
        None => std::future::pending().await,
    }
}

impl<N> Surroundings<N> {
    /// The bell of that user.
    fn bell(&self, user: u64) -> Rc<Notify> {
        Rc::clone(self.bells.borrow_mut().entry(user).or_default())
    }

    /// Rings for everybody who has a bell.
    pub fn ring(&self) {
        self.bells.borrow().values().for_each(|bell| bell.notify_one());
    }

    /// Rings for the users that are called, and posts what the other workers have to know.
    pub fn pass_on(&self, commons: &mut Commons) {
        for user in commons.calls.drain(..) {
            if let Some(bell) = self.bells.borrow().get(&user) {
                bell.notify_one();
            }
        }
        self.outgoing.send(&mut commons.letters);
    }
}

impl<N: Network> Wires<N> {
    /// `Some` when the link turns out to be of no use any more.
    fn carry_out(&mut self, command: Command, here: &Rc<Surroundings<N>>) -> Option<Failure> {
        match command {
            Command::Send(frame) => {
                let queued = self.link.as_mut().map(|link| link.queue(frame));
                if let Some(Err(error)) = queued {
                    self.hang_up();
                    return Some(Failure { kind: "send queue full".into(), detail: error.to_string() });
                }
            }
            Command::Connect(request) => {
                let here = Rc::clone(here);
                self.connecting = Some(Box::pin(async move {
                    let (deadline, within) = (here.clock.instant(request.deadline) - HEAD_START, request.within);
                    let connected = stage::watch(here.network.connect(request), deadline, within).await;
                    connected.unwrap_or_else(|late| Err(Failure { kind: late.kind().into(), detail: late.to_string() }))
                }));
            }
            Command::Http { id, request } => {
                let here = Rc::clone(here);
                self.requesting.push((id, Box::pin(async move { here.network.request(request).await })));
            }
            Command::Forget { id } => self.requesting.retain(|(known, _)| *known != id),
            Command::Close => {
                self.connecting = None;
                self.hang_up();
            }
            Command::Abort => (self.connecting, self.link) = (None, None),
            Command::Done => {}
        }
        None
    }

    /// Closes the link beside everything else: a slow goodbye must not keep the user.
    fn hang_up(&mut self) {
        if let Some(mut link) = self.link.take() {
            self.closing = Some(spawn_local(async move { link.close(CLOSE_NORMAL, CLOSE_PATIENCE).await }));
        }
    }

    /// The next thing that comes over any wire; never, if none is open.
    async fn input(&mut self) -> Input {
        let Self { link, connecting, requesting, .. } = self;
        tokio::select! {
            biased;
            received = async { match link { Some(link) => link.recv().await, None => std::future::pending().await } } => match received {
                Ok(Arrival::Frame(frame)) => Input::Frame(frame),
                Ok(Arrival::Upgraded) => Input::Moved(Ok(())),
                Ok(Arrival::NotUpgraded { kind, detail }) => Input::Moved(Err(Failure { kind: kind.into(), detail })),
                Err(end) => {
                    self.link = None;
                    Input::LinkEnded(Failure { kind: end.kind().into(), detail: end.to_string() })
                }
            },
            connected = wait(connecting) => {
                self.connecting = None;
                match connected {
                    Ok((link, opened)) => {
                        self.link = Some(link);
                        Input::Linked(opened)
                    }
                    Err(failure) => Input::NotLinked(failure),
                }
            }
            (id, response) = first(requesting) => Input::Response { id, response },
        }
    }
}

/// The first of the requests that has its response; never, if there are none.
async fn first(requests: &mut Vec<(u64, Request)>) -> (u64, Result<Response, Failure>) {
    poll_fn(|context| {
        let answered =
            requests.iter_mut().enumerate().find_map(|(index, (_, request))| match request.as_mut().poll(context) {
                Poll::Ready(response) => Some((index, response)),
                Poll::Pending => None,
            });
        answered.map_or(Poll::Pending, |(index, response)| Poll::Ready((requests.swap_remove(index).0, response)))
    })
    .await
}

async fn wait<T>(pending: &mut Pending<T>) -> T {
    match pending {
        Some(pending) => pending.await,
        None => std::future::pending().await,
    }
}
