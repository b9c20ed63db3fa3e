//! A whole run, from the first connection to the last hand-over.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use super::causes::Causes;
use super::clock::Clock;
use super::collector::{Collected, collect};
use super::health::{Health, WORKER};
use super::invariants::Invariants;
use super::network::{TargetNetwork, preflight};
use super::once::{Memory, Once};
use super::post::{Outgoing, Post};
use super::quiet::Quiet;
use super::receipts::Receipts;
use super::stop::Stopper;
use super::trace::Trace;
use super::user::{Facts, Failure};
use super::worker::{Task, work};
use crate::plan::Plan;
use crate::record::{Header, Results};
use crate::transport::tls::TlsContext;
use crate::units::Moment;

/// How to run a plan.
#[derive(Debug)]
pub struct Settings {
    /// Threads with users, at least 1.
    pub workers: usize,
    /// Cores of the machine, for the generator's own CPU share.
    pub cores: usize,
    pub tls: TlsContext,
    pub facts: Facts,
    pub trace: Option<Trace>,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nobody answers at the target, or what is to be done before the run failed.
    #[error("{}", .0.detail)]
    Unreachable(Failure),
    #[error("this machine does not give the threads to run with: {0}; try fewer `--workers`")]
    Threads(#[from] std::io::Error),
    #[error("a worker failed; this is a bug, please report it: {0}")]
    Worker(String),
}

/// Runs a plan to its end, or until it is stopped. `on_second` sees the results after each second.
pub fn execute(
    plan: &Arc<Plan>,
    settings: Settings,
    stopper: &Stopper,
    on_second: &mut dyn FnMut(&Results),
) -> Result<Collected, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let network = TargetNetwork::new(plan, settings.tls.clone(), Clock::start());
    let stopped = stopper.signal().stopped();
    let facts = settings.facts;
    let prepared = runtime.block_on(async {
        let prepare = async {
            preflight(plan, &network).await?;
            let before = Once::new(plan, &network, facts, Moment::START, Memory::default()).before().await;
            before.map_err(|detail| Failure::new("`before` failed", detail))
        };
        tokio::select! {
            prepared = prepare => prepared.map(Some).map_err(RunError::Unreachable),
            () = stopped => Ok(None),
        }
    })?;
    let workers = settings.workers.max(1);
    let (sender, receiver) = channel();
    let clock = Clock::start();
    let mut threads = Vec::new();
    let (offices, to_workers) = Post::offices(workers);
    for (worker, post) in offices.into_iter().enumerate() {
        let task = Task {
            worker,
            users: users_of(plan, worker, workers),
            plan: Arc::clone(plan),
            network: TargetNetwork::new(plan, settings.tls.clone(), clock),
            clock,
            facts: settings.facts,
            stop: stopper.signal(),
            post,
            trace: settings.trace.clone(),
        };
        let sender = sender.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let name = format!("{WORKER}{worker}");
        threads.push(thread::Builder::new().name(name).spawn(move || runtime.block_on(work(task, sender)))?);
    }
    drop(sender);
    let header = Header { axes: plan.axes.clone() };
    let books = books(plan, facts, to_workers, workers);
    let mut collected = collect(&receiver, workers, header, books, Health::new(settings.cores), on_second);
    for thread in threads {
        thread.join().map_err(|panic| RunError::Worker(words(&*panic)))?;
    }
    // Where `before` was cut off, nothing can be compared.
    if let Some((memory, secrets)) = prepared {
        let once = Once::new(plan, &network, facts, clock.now(), memory);
        let (checks, learned) = runtime.block_on(once.after(&collected.results));
        collected.results.checks = checks;
        collected.secrets.merge(secrets);
        collected.secrets.merge(learned);
    }
    Ok(collected)
}

/// What the collector tells of everything that is handed over.
fn books(plan: &Arc<Plan>, facts: Facts, users: Outgoing, workers: usize) -> (Causes, Receipts, Invariants, Quiet) {
    (
        Causes::new(plan, workers),
        Receipts::new(plan, facts, workers),
        Invariants::new(plan, workers),
        Quiet::new(plan, users, workers),
    )
}

/// Every worker gets every so-manieth group, or user without one, so that each has its share of every scenario and of every ramp.
fn users_of(plan: &Plan, worker: usize, workers: usize) -> Vec<(usize, u64)> {
    let scenarios = plan.scenarios.iter().enumerate();
    let groups = scenarios.flat_map(|(number, scenario)| {
        let size = scenario.group.unwrap_or(1);
        (0..scenario.users.div_ceil(size)).map(move |group| (number, group * size, size))
    });
    let here = groups.enumerate().filter(|(index, _)| index % workers == worker).map(|(_, group)| group);
    here.flat_map(|(number, first, size)| (first..first + size).map(move |user| (number, user))).collect()
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it did not say why").to_owned()
}
