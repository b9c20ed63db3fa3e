//! Why was an action rejected, and were the gaps kept in fact? From the actual sends of all workers, in their order.
//!
//! Acts are looked at once nothing older can follow, so what is remembered is what is in flight and the last sends at each
//! key, however long a run is.

use std::collections::{HashMap, VecDeque};

use super::act::Act;
use super::action::ActionOutcome;
use super::cause::Cause;
use super::merge::Merge;
use super::recent::Seen;
use super::sheet::Acts;
use super::terms::{Terms, Watch};
use crate::plan::cooldown::Rule;
use crate::units::{Duration, Moment, RateLimit};

/// Finds causes.
#[derive(Debug)]
pub struct Attribution {
    terms: Terms,
    watches: Vec<Watch>,
    merge: Merge,
    /// In order, and not looked at yet.
    waiting: VecDeque<Act>,
    /// Of those that wait: who got each resource. Only where users collide by design.
    winners: HashMap<usize, VecDeque<Seen>>,
    /// The smallest gap in fact, by rule in the order of the terms.
    smallest: Vec<Option<Duration>>,
}

/// What is known of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub act: Act,
    /// Of a rejection.
    pub reason: Option<Reason>,
    pub gap: Gap,
}

/// Was the gap to what was sent before kept, under every rule that binds?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    Kept,
    /// The plan would have kept it, and this generator was late.
    BrokenByUs,
    /// By the plan itself, or by turns that waited for the server.
    Broken,
}

/// Why an act was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub cause: Cause,
    /// The rule that says so, and the time since the action that it counts from.
    pub nearest: Option<(Rule, RateLimit, Duration)>,
    /// The user that got the resource instead.
    pub winner: Option<u64>,
    /// It is explained by nothing but this generator's own lateness.
    pub ours: bool,
}

/// Where users collide by design, the winner of a collision may be sent a little later than a loser; it is waited for so
/// long at most.
const COLLISION: Duration = Duration::SECOND;

impl Attribution {
    #[must_use]
    pub fn new(mut terms: Terms, workers: usize) -> Self {
        // Where resources have no rule, nobody can collide on them.
        terms.by_design &= terms.rules.iter().any(|(rule, _)| *rule == Rule::PerResource);
        let watches = terms.watches();
        let smallest = vec![None; watches.len()];
        let merge = Merge::new(workers);
        Self { terms, watches, merge, waiting: VecDeque::new(), winners: HashMap::new(), smallest }
    }

    /// Takes what a worker handed over, and tells of every act that can be told of.
    pub fn take(&mut self, worker: usize, acts: Acts, tell: &mut dyn FnMut(Found)) {
        self.merge.take(worker, acts.acts, acts.mark);
        while let Some(act) = self.merge.next_act() {
            if self.terms.by_design && act.counts() {
                self.winners.entry(act.resource).or_default().push_back(seen(&act));
            }
            self.waiting.push_back(act);
        }
        let (mark, collision) = (self.merge.mark(), self.collision());
        while let Some(act) = self.waiting.pop_front_if(|act| act.sent + collision < mark || mark == Moment::NEVER) {
            self.forget_winner(&act);
            let gap = self.gap(&act);
            let reason = (act.outcome == ActionOutcome::Rejected).then(|| self.reason(&act));
            self.remember(&act);
            tell(Found { act, reason, gap });
        }
    }

    /// The smallest gap in fact of each declared rule.
    pub fn smallest_gaps(&self) -> impl Iterator<Item = (Rule, Duration)> {
        self.watches.iter().zip(&self.smallest).filter_map(|(watch, gap)| Some((watch.rule, (*gap)?)))
    }

    /// How much later than a loser the winner of its collision may have been sent.
    fn collision(&self) -> Duration {
        let limit = self.terms.rules.iter().find(|(rule, _)| *rule == Rule::PerResource);
        limit.filter(|_| self.terms.by_design).map_or(Duration::ZERO, |(_, limit)| limit.per.min(COLLISION))
    }

    fn gap(&mut self, act: &Act) -> Gap {
        let mut worst = Gap::Kept;
        for (watch, smallest) in self.watches.iter().zip(&mut self.smallest) {
            let Some(before) = watch.sent.before(self.terms.key(watch.rule, act)) else { continue };
            let gap = act.sent.since(before.at);
            *smallest = Some(smallest.map_or(gap, |known| known.min(gap)));
            if gap < watch.limit.per && self.terms.binds(watch.rule) {
                let ours = self.terms.is_ours(watch.limit, before, act);
                worst = worst.max(if ours { Gap::BrokenByUs } else { Gap::Broken });
            }
        }
        worst
    }

    fn reason(&self, act: &Act) -> Reason {
        let mut reason = Reason { cause: Cause::Unexplained, nearest: None, winner: None, ours: true };
        let mut only_resource = true;
        for watch in &self.watches {
            let Some(before) = watch.accepted.before(self.terms.key(watch.rule, act)) else { continue };
            let gap = act.sent.since(before.at);
            let cause = match gap {
                gap if gap < watch.limit.per => Cause::Explained,
                gap if gap < watch.limit.per + self.terms.margin => Cause::Jitter,
                _ => Cause::Unexplained,
            };
            only_resource &= cause == Cause::Unexplained || watch.rule == Rule::PerResource;
            reason.ours &= cause != Cause::Explained || self.terms.is_ours(watch.limit, before, act);
            let nearer = reason.nearest.is_none_or(|(_, _, known)| gap < known);
            if cause < reason.cause || cause == reason.cause && nearer {
                (reason.cause, reason.nearest) = (cause, Some((watch.rule, watch.limit, gap)));
            }
        }
        reason.ours &= reason.cause == Cause::Explained;
        if self.terms.by_design && only_resource {
            reason.winner = self.winner(act, reason.cause);
        }
        if reason.winner.is_some() {
            reason = Reason { cause: Cause::Contested, ours: false, ..reason };
        }
        reason
    }

    /// Who got the resource of a loser in its step: before it, or, where nothing before it explains the rejection, just
    /// after.
    fn winner(&self, act: &Act, cause: Cause) -> Option<u64> {
        let rival = |seen: &&Seen| seen.step == act.step && seen.user != act.user;
        if cause == Cause::Unexplained {
            let after = self.winners.get(&act.resource)?.iter();
            let soon = act.sent + self.collision();
            return after.take_while(|seen| seen.at <= soon).find(rival).map(|seen| seen.user);
        }
        let watch = self.watches.iter().find(|watch| watch.rule == Rule::PerResource)?;
        let last = watch.accepted.last(self.terms.key(watch.rule, act))?;
        rival(&&last).then_some(last.user)
    }

    fn forget_winner(&mut self, act: &Act) {
        if self.terms.by_design && act.counts() {
            let here = self.winners.entry(act.resource).or_default();
            here.pop_front();
            if here.is_empty() {
                self.winners.remove(&act.resource);
            }
        }
    }

    fn remember(&mut self, act: &Act) {
        for watch in &mut self.watches {
            let key = self.terms.key(watch.rule, act);
            watch.sent.note(key, seen(act));
            if act.counts() {
                watch.accepted.note(key, seen(act));
            }
        }
    }
}

fn seen(act: &Act) -> Seen {
    Seen { at: act.sent, lateness: act.lateness, user: act.user, step: act.step }
}

#[cfg(test)]
pub mod tests;
