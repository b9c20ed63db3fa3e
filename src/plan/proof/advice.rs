//! Where a step breaks a rule: what would make the plan possible, found by the proof itself.

use super::{Check, Proof, checks, shortest_step};
use crate::plan::cooldown::{Cooldown, Rule};
use crate::plan::overrides::proportional;
use crate::plan::pattern::Choice;
use crate::plan::visits::Visits;
use crate::units::{Duration, RateLimit};

/// A rotation whose step breaks a rule.
pub struct Question<'a> {
    pub choice: Choice,
    pub visits: &'a Visits,
    pub cooldown: &'a Cooldown,
    /// The base step.
    pub step: Duration,
}

/// More resources than this are not proposed.
const MOST_RESOURCES: u64 = 2_000_000;
/// So much is looked at number by number; beyond, a number between one that will do and one that will not is searched.
const ALL_NUMBERS: u64 = 4_000_000;

impl Question<'_> {
    /// What is wrong, and what would do.
    #[must_use]
    pub fn refusal(&self, proof: &Proof) -> (String, String) {
        let step = self.step;
        let broken = proof.checks.iter().filter(|check| !check.kept(step));
        // One that no step keeps is the worst.
        let worst = broken.max_by_key(|check| check.shortest_step().unwrap_or(Duration::from_secs(u64::MAX)));
        let what = worst.map_or_else(String::new, |worst| broken_rule(worst, step));
        (what, self.advice())
    }

    fn advice(&self) -> String {
        let long_enough = shortest_step(&checks(self.visits, self.cooldown));
        let (resources, users) = (self.fewest_resources(), self.most_users());
        let others = if self.visits.is_in_step() { "" } else { " as the shortest step, the others in proportion," };
        let would_do = [
            long_enough.map(|step| format!("`every: {step}`{others}")),
            resources.map(|count| format!("{count} resources")),
            users.map(|count| format!("{count} users")),
        ];
        let would_do: Vec<String> = would_do.into_iter().flatten().collect();
        let would_not = match (resources, users) {
            (None, None) if self.visits.setting.users > 2 => Some("of resources, nor of two or more users,"),
            (None, _) => Some("of resources"),
            (Some(_), None) if self.visits.setting.users > 2 => Some("of two or more users"),
            _ => None,
        };
        let sentences = [
            would_do.split_first().map(|(first, others)| {
                let others: String = others.iter().map(|other| format!(", or {other}")).collect();
                format!("{first} would do{others}")
            }),
            long_enough.is_none().then(|| "no step would do".to_owned()),
            would_not.map(|numbers| format!("at `every: {}` no number {numbers} would do", self.step)),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Would the plan keep its rules at this step with so many users and resources?
    fn would_do(&self, users: u64, resources: u64) -> bool {
        let mut visits = self.visits.clone();
        let shares = proportional(&visits.parties.iter().map(|party| party.users).collect::<Vec<_>>(), users);
        let mut first_user = visits.parties.first().map_or(0, |party| party.first_user);
        for (party, share) in visits.parties.iter_mut().zip(shares) {
            (party.users, party.first_user) = (share, first_user);
            first_user += share;
        }
        visits.setting = self.choice.setting(users, resources, visits.setting.seed);
        checks(&visits, self.cooldown).iter().all(|check| check.kept(self.step))
    }

    /// With fewer resources than users a resource is visited several times a step; from a few more than users on only what a
    /// user does on one resource goes on to change, and what all of them do there where a rule counts more actions than there
    /// are users: both grow with the number of resources.
    fn fewest_resources(&self) -> Option<u64> {
        let setting = &self.visits.setting;
        let grows = |(rule, limit): &(Rule, RateLimit)| match rule {
            Rule::PerUserResource => true,
            Rule::PerResource => limit.count >= setting.users,
            Rule::PerUser | Rule::PerAddress => false,
        };
        let rounds = self.cooldown.rules().filter(grows).map(|(_, limit)| {
            let needed = (limit.per + self.cooldown.margin).as_nanos();
            needed.div_ceil(self.step.as_nanos().max(1)) + 2
        });
        let most =
            (2 * setting.users + 2).max(rounds.max().unwrap_or(0)).max(setting.resources + 1).min(MOST_RESOURCES);
        first(setting.resources + 1, most, setting.users, |resources| self.would_do(setting.users, resources))
    }

    fn most_users(&self) -> Option<u64> {
        let setting = &self.visits.setting;
        // Counted down from one user fewer than there are.
        let fewer = first(1, setting.users.saturating_sub(2), setting.resources, |fewer| {
            self.would_do(setting.users - fewer, setting.resources)
        });
        fewer.map(|fewer| setting.users - fewer)
    }
}

fn broken_rule(check: &Check, step: Duration) -> String {
    let gap = check.gap(step).unwrap_or_default();
    let (words, needed) = (check.rule.words(), check.needed);
    if check.limit.count == 1 {
        format!(
            "with `every: {step}` the smallest gap {words} is {gap}, and the cooldown asks for {needed} (with its margin)"
        )
    } else {
        let actions = check.limit.count.saturating_add(1);
        format!(
            "with `every: {step}` {actions} actions {words} come within {gap}, and `{}` asks for {needed} (with the margin)",
            check.limit
        )
    }
}

/// The first number that will do. Where it would take too long to look at all, it is taken that from it on all do.
fn first(from: u64, to: u64, other: u64, would_do: impl Fn(u64) -> bool) -> Option<u64> {
    if to < from {
        return None;
    }
    let cost = (to - from + 1).saturating_mul(to.saturating_add(other));
    if cost <= ALL_NUMBERS {
        return (from..=to).find(|number| would_do(*number));
    }
    // Numbers that are odd and even may differ.
    let mut good = [to, to - 1].into_iter().find(|number| would_do(*number))?;
    let mut bad = from - 1;
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        if would_do(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}
