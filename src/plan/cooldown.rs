//! The server's rules: how close two actions may come, as its documentation states it.

use crate::suite::schema;
use crate::units::{Duration, RateLimit};

/// What a rule is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// On one resource, whoever acts.
    PerResource,
    /// Of one user (a row of the credentials), whatever it acts on.
    PerUser,
    /// Of one user on one resource.
    PerUserResource,
    /// Of all users of one source address.
    PerAddress,
}

impl Rule {
    pub const ALL: [Self; 4] = [Self::PerResource, Self::PerUser, Self::PerUserResource, Self::PerAddress];

    /// The key in the suite.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PerResource => "per_resource",
            Self::PerUser => "per_user",
            Self::PerUserResource => "per_user_resource",
            Self::PerAddress => "per_address",
        }
    }

    /// As in "the smallest gap per resource".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PerResource => "per resource",
            Self::PerUser => "per user",
            Self::PerUserResource => "per user and resource",
            Self::PerAddress => "per address",
        }
    }
}

/// The server's rules, resolved. Each is a [`RateLimit`]: a plain cooldown of `1s` is one action in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooldown {
    /// By [`Rule`], in the order of [`Rule::ALL`].
    limits: [Option<RateLimit>; 4],
    /// Room for network jitter, on top of each.
    pub margin: Duration,
}

const DEFAULT_MARGIN: Duration = Duration::from_millis(50);

impl Cooldown {
    #[must_use]
    pub fn of(cooldown: &schema::Cooldown) -> Self {
        Self {
            limits: [cooldown.per_resource, cooldown.per_user, cooldown.per_user_resource, cooldown.per_address],
            margin: cooldown.margin.unwrap_or(DEFAULT_MARGIN),
        }
    }

    /// What the rule allows, if it is declared.
    #[must_use]
    pub const fn limit(&self, rule: Rule) -> Option<RateLimit> {
        self.limits[rule as usize]
    }

    /// Every rule that is declared.
    pub fn rules(&self) -> impl Iterator<Item = (Rule, RateLimit)> {
        Rule::ALL.into_iter().filter_map(|rule| Some((rule, self.limit(rule)?)))
    }
}
