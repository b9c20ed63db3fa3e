//! One thread with its own runtime, its own users and its own books. Workers share nothing that is written on the hot path.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::task::{JoinSet, LocalSet};

use super::clock::Clock;
use super::driver::{Surroundings, drive};
use super::network::Network;
use super::post::{Mail, Post};
use super::quiet::LOOK;
use super::sink::Sink;
use super::stop::StopSignal;
use super::trace::Trace;
use super::user::{Actor, Facts};
use crate::ledger::Acts;
use crate::ledger::delivery::Note;
use crate::ledger::invariant::Sight;
use crate::metrics::{Cell, Distribution, Recorder};
use crate::plan::Plan;
use crate::record::Findings;
use crate::secrets::Secrets;
use crate::units::{Duration, Moment};

/// What a worker has seen since it last told.
#[derive(Debug)]
pub struct HandOver {
    pub worker: usize,
    /// The second that this belongs to.
    pub second: u64,
    /// When that second ended, or when the worker did.
    pub end: Moment,
    pub recorder: Recorder,
    pub findings: Findings,
    /// What was sent on resources and has its outcome.
    pub acts: Acts,
    /// What was sent and received, up to `told`: whatever is told later is younger.
    pub notes: Vec<Note>,
    pub told: Moment,
    /// What was seen of what invariants look at, up to `told`.
    pub sights: Vec<Sight>,
    pub secrets: Secrets,
    /// Users with a connected namespace at its end.
    pub connected: u64,
    /// Users that have ever been ready.
    pub ready: u64,
    /// All users that are left stay only to hear.
    pub resting: bool,
    /// The second is over.
    pub complete: bool,
    /// Nothing more comes from this worker.
    pub last: bool,
}

/// What a worker is given.
#[derive(Debug)]
pub struct Task<N> {
    pub worker: usize,
    /// Number of the scenario and index in it, for each of its users.
    pub users: Vec<(usize, u64)>,
    pub plan: Arc<Plan>,
    pub network: N,
    pub clock: Clock,
    pub facts: Facts,
    pub stop: StopSignal,
    pub post: Post,
    pub trace: Option<Trace>,
}

/// Runs all users of a worker to their ends. A user that panics is a bug of ours: the panic goes on in this thread.
pub async fn work<N: Network>(task: Task<N>, hand_over: Sender<HandOver>) {
    let cells = task.plan.axes.len();
    let sink = RefCell::new(Sink::new(&task.plan));
    let here = Rc::new(Surroundings {
        plan: task.plan,
        network: task.network,
        clock: task.clock,
        facts: task.facts,
        sink,
        stop: task.stop,
        bells: RefCell::default(),
        outgoing: task.post.outgoing,
        trace: task.trace,
    });
    let mut incoming = task.post.incoming;
    let local = LocalSet::new();
    let books = Books { worker: task.worker, cells, here: Rc::clone(&here), hand_over };
    local
        .run_until(async move {
            let mut users = JoinSet::new();
            for (scenario, user) in task.users {
                let actor = Actor::new(&here.plan, scenario, user);
                users.spawn_local(drive(actor, scenario, Rc::clone(&here)));
            }
            let mut second = 0;
            // When the acting is over, everybody may soon go home: that is looked at more often.
            let mut look = if here.plan.is_heard() { Moment::START + here.plan.duration } else { Moment::NEVER };
            loop {
                let end = Moment::START + Duration::SECOND * (second + 1);
                tokio::select! {
                    () = here.clock.sleep_until(end) => {
                        books.close(second, end, users.len(), Close::Second);
                        // After a stall the clock may be seconds ahead: numbers belong to the second that is now.
                        second = (second + 1).max(here.clock.now().second());
                    }
                    () = here.clock.sleep_until(look), if look < end => {
                        books.close(second, look, users.len(), Close::Look);
                        look = here.clock.now() + LOOK;
                    }
                    Some(mail) = incoming.recv() => read(mail, &here),
                    ended = users.join_next() => match ended {
                        None => break,
                        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                        Some(_) => {}
                    },
                }
            }
            books.close(second, here.clock.now(), 0, Close::Last);
        })
        .await;
}

fn read<N>(mail: Mail, here: &Surroundings<N>) {
    let mut sink = here.sink.borrow_mut();
    match mail {
        Mail::Letter(letter) => sink.commons.take(&here.plan, letter),
        Mail::AllHeard => {
            sink.all_heard = true;
            here.ring();
        }
    }
    here.pass_on(&mut sink.commons);
}

/// Why books are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    /// The second is over.
    Second,
    /// Within a second, to be looked at.
    Look,
    /// All users have left.
    Last,
}

struct Books<N> {
    worker: usize,
    cells: usize,
    here: Rc<Surroundings<N>>,
    hand_over: Sender<HandOver>,
}

impl<N> Books<N> {
    /// Hands over what was seen up to a moment that was `planned`, when so many users are left.
    fn close(&self, second: u64, planned: Moment, users: usize, close: Close) {
        let last = close == Close::Last;
        let mut sink = self.here.sink.borrow_mut();
        if self.cells > 0 && close != Close::Look {
            // The timers of this very thread, measured by one of them. Cell 0 always exists.
            sink.recorder.record(Cell(0), Distribution::TimerLag, self.here.clock.now().since(planned));
        }
        let recorder = std::mem::replace(&mut sink.recorder, Recorder::of(&self.here.plan.axes));
        // Read now and not as planned: whatever is sent after this is younger.
        let told = self.here.clock.now();
        let acts = sink.sheet.hand_over(told, last);
        let Sink { findings, unmatched, .. } = &mut *sink;
        unmatched.move_to(findings);
        // The collector outlives its workers, unless it has panicked; then this worker's numbers have nowhere to go.
        let _ = self.hand_over.send(HandOver {
            worker: self.worker,
            second,
            end: planned,
            recorder,
            findings: std::mem::take(&mut sink.findings),
            acts,
            notes: std::mem::take(&mut sink.notes),
            told,
            sights: std::mem::take(&mut sink.sights),
            secrets: std::mem::take(&mut sink.secrets),
            connected: sink.connected,
            ready: sink.ready,
            resting: users as u64 == sink.resting,
            complete: close != Close::Look,
            last,
        });
    }
}
