//! What the names of the language stand for, for one user at one moment.

use super::actor::{Actor, Facts};
use super::thread::Thread;
use crate::plan::language::{ActionId, Bindings, Resource};
use crate::plan::{Plan, Scenario};
use crate::units::Moment;

impl Actor {
    pub(super) fn bindings<'a>(
        &'a self,
        plan: &'a Plan,
        scenario: &'a Scenario,
        facts: Facts,
        now: Moment,
    ) -> Bindings<'a> {
        self.bindings_of(self.threads.current(), self.action, plan, scenario, facts, now)
    }

    /// The same for a program that need not be the current one, with the number of its action.
    pub(super) fn bindings_of<'a>(
        &'a self,
        thread: Option<&'a Thread>,
        action: u64,
        plan: &'a Plan,
        scenario: &'a Scenario,
        facts: Facts,
        now: Moment,
    ) -> Bindings<'a> {
        let user = self.index(scenario);
        Bindings {
            user,
            user_in_scenario: self.user,
            group: scenario.group.unwrap_or(0),
            row: plan.credentials.row(user),
            resource: self.resource_of(thread, plan, scenario),
            item: thread.and_then(|thread| thread.cursor.item(thread.place.program(scenario))),
            step: thread.and_then(|thread| thread.turn).map_or(0, |turn| turn.number),
            action: ActionId { run: facts.run, user, number: action },
            connection: self.socket_id.as_deref(),
            stage: scenario.stages.get(scenario.stage(now)).map_or("", |stage| &stage.name),
            scenario: &scenario.name,
            saved: &self.saved,
            event: thread.and_then(|thread| thread.cause.as_ref()).map(|cause| cause.args.json()),
            pass: thread.map_or(0, Thread::pass),
            taking: thread.map(|thread| thread.taking(&plan.feeds)),
            seed: plan.seed,
            now_ms: facts.started_ms + now.as_nanos() / 1_000_000,
        }
    }

    /// The resource of the innermost loop over resources, else of the turn, else the one that the user keeps.
    pub(super) fn bound_resource<'a>(&self, plan: &'a Plan, scenario: &'a Scenario) -> Option<&'a Resource> {
        self.resource_of(self.threads.current(), plan, scenario)
    }

    fn resource_of<'a>(&self, thread: Option<&Thread>, plan: &'a Plan, scenario: &'a Scenario) -> Option<&'a Resource> {
        let looped = thread.and_then(|thread| thread.cursor.resource(thread.place.program(scenario)));
        let turn = || thread.and_then(|thread| thread.turn).and_then(|turn| turn.resource);
        let index = looped.or_else(turn).or_else(|| scenario.fixed_resource(self.user))?;
        plan.resources.get(index)
    }
}
