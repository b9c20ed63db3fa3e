//! Puts what is found about rejections and gaps into the books: counted, with examples, and drawn.

use std::sync::Arc;

use super::invariants::Invariants;
use crate::ledger::{Act, Acts, Attribution, Cause, Found, Gap, Reason, Terms};
use crate::metrics::{Counter, Recorder};
use crate::plan::Plan;
use crate::plan::cooldown::Rule;
use crate::record::{Class, Course, Example, Findings, Results, Visit};

/// The causes of a run.
#[derive(Debug)]
pub struct Causes {
    plan: Arc<Plan>,
    attribution: Attribution,
    /// Is there a cooldown whose gaps can be kept or broken?
    gaps: bool,
}

/// Where it is written.
#[derive(Debug)]
pub struct Books<'a> {
    pub recorder: &'a mut Recorder,
    pub findings: &'a mut Findings,
    pub course: &'a mut Course,
    pub invariants: &'a mut Invariants,
}

impl Causes {
    #[must_use]
    pub fn new(plan: &Arc<Plan>, workers: usize) -> Self {
        let terms = Terms::of(plan);
        let gaps = !terms.rules.is_empty();
        Self { plan: Arc::clone(plan), attribution: Attribution::new(terms, workers), gaps }
    }

    /// Takes what a worker handed over.
    pub fn take(&mut self, worker: usize, acts: Acts, books: &mut Books<'_>) {
        let Self { plan, attribution, gaps } = self;
        attribution.take(worker, acts, &mut |found| {
            books.invariants.acted(&found.act);
            if *gaps {
                let counter = match found.gap {
                    Gap::Kept => Counter::GapsKept,
                    Gap::BrokenByUs => Counter::GapsBrokenByUs,
                    Gap::Broken => Counter::GapsBroken,
                };
                books.recorder.count(found.act.cell, counter);
            }
            if let Some(reason) = found.reason {
                books.recorder.count(found.act.cell, reason.cause.counter());
                if reason.ours {
                    books.recorder.count(found.act.cell, Counter::RejectedByUs);
                }
                note(plan, &found, &reason, books.findings);
            }
            let Found { act, reason, .. } = &found;
            let cause = reason.map(|reason| reason.cause);
            let Act { sent: at, user, resource, outcome, .. } = *act;
            books.course.show(Visit { at, user, resource, outcome, cause });
        });
    }

    /// Writes down how small the gaps were.
    pub fn conclude(&self, results: &mut Results) {
        results.smallest_gaps = self.attribution.smallest_gaps().collect();
    }
}

fn note(plan: &Plan, found: &Found, reason: &Reason, findings: &mut Findings) {
    let act = &found.act;
    let Some(action) = plan.scenarios.get(act.scenario).and_then(|scenario| scenario.actions.get(act.action)) else {
        return;
    };
    findings.note(Class::Action, act.scenario, &reason.cause.of_rejected(&action.name), || Example {
        at: act.sent,
        user: act.user,
        resource: plan.resources.get(act.resource).map(|resource| resource.id.to_string()),
        detail: detail(plan, found, reason),
    });
}

/// As `step 3, 812 ms after the last one there, the cooldown is 1s: {"ok":false}`.
fn detail(plan: &Plan, found: &Found, reason: &Reason) -> String {
    let act = &found.act;
    let gap = reason.nearest.map(|(rule, limit, gap)| {
        let there = match rule {
            Rule::PerResource => "there",
            Rule::PerUser => "of this user",
            Rule::PerUserResource => "of this user there",
            Rule::PerAddress => "of this address",
        };
        let (last, limit) = match limit.count {
            1 => ("the last one".to_owned(), format!("the cooldown is {limit}")),
            count => (format!("the last but {}", count - 1), format!("the limit is {limit}")),
        };
        let margin = plan.cooldown.map_or_else(String::new, |cooldown| format!(" and the margin {}", cooldown.margin));
        let margin = if reason.cause == Cause::Jitter { margin.as_str() } else { "" };
        format!("{:.0} ms after {last} {there}, {limit}{margin}", gap.as_millis_f64())
    });
    let why = match (reason.winner, gap) {
        (Some(winner), _) => format!(", user {winner} got it in the same step"),
        (None, Some(gap)) => format!(", {gap}"),
        (None, None) => String::new(),
    };
    let ours = if reason.ours { ", because this generator was late" } else { "" };
    let answer = act.answer.as_deref().map_or_else(String::new, |answer| format!(": {answer}"));
    format!("step {}{why}{ours}{answer}", act.step)
}
