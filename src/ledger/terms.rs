//! The server's rules as the causes look at them, and which of them the plan has proved.

use super::act::Act;
use super::recent::{Key, Recent, Seen};
use crate::plan::Plan;
use crate::plan::cooldown::Rule;
use crate::units::{Duration, RateLimit};

/// What is declared and what was proved.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    pub rules: Vec<(Rule, RateLimit)>,
    pub margin: Duration,
    /// Users meet on a resource on purpose.
    pub by_design: bool,
    /// The plan keeps every rule, but for what collides by design.
    pub proved: bool,
    /// Rows of credentials: users that share one are one to the server. 0 where there are none.
    pub accounts: u64,
}

/// One rule, and what was sent under it lately.
#[derive(Debug)]
pub struct Watch {
    pub rule: Rule,
    pub limit: RateLimit,
    /// Every send.
    pub sent: Recent,
    /// Those that were not rejected.
    pub accepted: Recent,
}

/// So many times as far back as a rule reaches, gaps are known, to be told in examples.
const HINDSIGHT: u64 = 4;

impl Terms {
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let proof = plan.proof.as_ref();
        Self {
            rules: plan.cooldown.iter().flat_map(|cooldown| cooldown.rules()).collect(),
            margin: plan.cooldown.map_or(Duration::ZERO, |cooldown| cooldown.margin),
            by_design: proof.is_some_and(|proof| proof.checks.iter().any(|check| check.by_design)),
            proved: proof.is_some_and(|proof| proof.holds()),
            accounts: plan.credentials.len() as u64,
        }
    }

    /// The key of an act under a rule.
    #[must_use]
    pub fn key(&self, rule: Rule, act: &Act) -> Key {
        let account = Some(act.user.checked_rem(self.accounts).unwrap_or(act.user));
        let resource = Some(act.resource);
        match rule {
            Rule::PerResource => Key { resource, account: None },
            Rule::PerUser => Key { resource: None, account },
            Rule::PerUserResource => Key { resource, account },
            Rule::PerAddress => Key::default(),
        }
    }

    /// Is a gap of this rule held against the run?
    #[must_use]
    pub fn binds(&self, rule: Rule) -> bool {
        !(self.by_design && rule == Rule::PerResource)
    }

    /// Every rule with an empty memory.
    #[must_use]
    pub fn watches(&self) -> Vec<Watch> {
        let recent = |limit: RateLimit| Recent::new(limit.count, (limit.per + self.margin) * HINDSIGHT);
        let watch = |&(rule, limit)| Watch { rule, limit, sent: recent(limit), accepted: recent(limit) };
        self.rules.iter().map(watch).collect()
    }

    /// Would the gap have been kept if this generator had sent both on time? Then it is ours that it was not.
    #[must_use]
    pub fn is_ours(&self, limit: RateLimit, before: Seen, act: &Act) -> bool {
        let gap = act.sent.since(before.at);
        self.proved && gap < limit.per && gap + before.lateness >= limit.per + act.lateness
    }
}
